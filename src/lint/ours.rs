//! What we demand of ourselves: our JSON Schema of an issued credential, every term expands, and no two fields disagree.

use std::sync::OnceLock;

use serde_json::Value;

use super::{Finding, Rule};
use crate::jsonld;
use crate::time::Timestamp;

const SCHEMA: &str = include_str!("../../schemas/issued-credential.schema.json");

/// Our JSON Schema of an issued credential, signed or not.
pub fn schema_of_issued_credentials() -> &'static jsonschema::Validator {
    static VALIDATOR: OnceLock<jsonschema::Validator> = OnceLock::new();
    VALIDATOR.get_or_init(|| {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the bundled schema is JSON");
        let options = jsonschema::options().should_validate_formats(true);
        options.build(&schema).expect("the bundled schema is a JSON Schema")
    })
}

pub(super) fn check(document: &Value, findings: &mut Vec<Finding>) {
    for error in schema_of_issued_credentials().iter_errors(document).take(20) {
        let (pointer, problem) = (error.instance_path().to_string(), error.to_string());
        findings.push(Finding { code: "ours.schema", pointer, problem });
    }
    check_terms(document, findings);

    let mut rule = Rule { document, findings };

    let list = rule.text("/credentialStatus/statusListCredential").unwrap_or_default();
    let index = rule.text("/credentialStatus/statusListIndex").unwrap_or_default();
    let holds = rule.text("/credentialStatus/id") == Some(&format!("{list}#{index}"));
    rule.demand("ours.status-id", "/credentialStatus/id", holds, "it must be the list's address, # and the index");

    let moment =
        |at: &str| document.pointer(at).and_then(Value::as_str).and_then(|text| text.parse::<Timestamp>().ok());
    let holds = moment("/awardedDate") <= moment("/validFrom");
    rule.demand("ours.awarded-before-valid", "/awardedDate", holds, "nothing is valid before it was awarded");
    let (start, end) = (moment("/credentialSubject/activityStartDate"), moment("/credentialSubject/activityEndDate"));
    let holds = start.zip(end).is_none_or(|(start, end)| start <= end);
    rule.demand(
        "ours.activity-dates",
        "/credentialSubject/activityEndDate",
        holds,
        "the activity ends before it starts",
    );

    // The same origin throughout, so that one instance never vouches for another's addresses.
    let origin = |text: &str| text.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    let home = rule.text("/id").map(origin).unwrap_or_default();
    let did = format!("did:web:{}:", home.rsplit('/').next().unwrap_or_default().replace(':', "%3A"));
    let holds = rule.text("/issuer/id").is_some_and(|id| id.starts_with(&did));
    rule.demand("ours.issuer-at-home", "/issuer/id", holds, "the issuer's DID must be of the credential's own host");
    for at in ["/credentialSubject/achievement/id", "/credentialStatus/statusListCredential"] {
        let holds = rule.text(at).map(origin).as_deref() == Some(home.as_str());
        rule.demand("ours.one-origin", at, holds, "the address must be of the credential's own origin");
    }
}

/// No term may be dropped: what JSON-LD drops, no signature covers.
pub(super) fn check_terms(document: &Value, findings: &mut Vec<Finding>) {
    if let Err(error) = jsonld::canonize(document) {
        findings.push(Finding { code: "ours.every-term-expands", pointer: String::new(), problem: error.to_string() });
    }
}
