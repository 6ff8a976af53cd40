//! What the Verifiable Credentials Data Model 1.1 demands where version 2.0 says otherwise, for documents whose first context is its
//! own. We issue none.

use super::shape::{demand, every, is_date_time, is_typed, is_url, moment};
use super::{Group, Rule, Scope, Standard};

/// The first context of a document of this version.
pub(super) const CONTEXT: &str = "https://www.w3.org/2018/credentials/v1";

const CREDENTIAL: Group = Group { document: Standard::Vcdm1, scope: Scope::Credential1 };

pub(super) const RULES: &[Rule] = &[
    CREDENTIAL.must("vcdm1.issuance-date", "4.6", "There is an issuanceDate, a date and time.", |document| {
        let problem = "there must be an issuanceDate, a date and time";
        demand(document.get("issuanceDate").is_some_and(is_date_time), "/issuanceDate", problem)
    }),
    CREDENTIAL.must("vcdm1.expiration-date", "4.8", "expirationDate is a date and time.", |document| {
        every(document, "/expirationDate", "not a date and time", is_date_time)
    }),
    CREDENTIAL.must("vcdm1.dates-order", "4.8", "What expires does so after it was issued.", |document| {
        let dates = moment(document.get("issuanceDate")).zip(moment(document.get("expirationDate")));
        demand(dates.is_none_or(|(from, until)| from <= until), "/expirationDate", "it lies before issuanceDate")
    }),
    CREDENTIAL.must("vcdm1.status-id", "4.9", "Each credentialStatus has a URL as its id, and a type.", |document| {
        every(document, "/credentialStatus/*", "a status must have a URL as its id", |status| {
            status.get("id").is_some_and(is_url)
        })
    }),
    CREDENTIAL.must("vcdm1.refresh-id", "5.4", "Each refreshService has a URL as its id, and a type.", |document| {
        every(document, "/refreshService/*", "a refresh service must have a URL as its id", |service| {
            !is_typed(service) || service.get("id").is_some_and(is_url)
        })
    }),
];
