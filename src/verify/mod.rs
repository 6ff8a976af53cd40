//! Verification: any credential in, a report of named checks out. The one code that our own output and an outsider's
//! credential both meet.
//!
//! It is pure, in two steps: [`prepare`] reads the document and says what is needed to judge it; the caller fetches that (from
//! storage, later from the network) and [`Prepared::conclude`] judges. Nothing here fetches.

mod checks;
mod messages;
mod report;

pub use report::{Check, CheckCode, Outcome, Report, Revocation, Verdict};

use serde_json::Value;

use crate::json;
use crate::time::Timestamp;

/// The largest credential that is read, in bytes.
pub const MAX_CREDENTIAL_BYTES: usize = 1024 * 1024;

/// A document that was read, and the checks made so far.
#[derive(Debug)]
pub struct Prepared {
    document: Option<Value>,
    checks: Vec<Check>,
}

/// What is needed to judge a document, as it names it itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needs {
    /// The credential's id.
    pub credential: Option<String>,
    /// The issuer whose DID document is needed.
    pub issuer: Option<String>,
    /// The status list credential that is needed.
    pub status_list: Option<String>,
}

/// What was found of the needs. What is absent is reported as not checked, never guessed.
#[derive(Debug, Clone, Default)]
pub struct Materials {
    /// The issuer's DID document.
    pub did_document: Option<Value>,
    /// The signed status list credential.
    pub status_list: Option<Value>,
    /// The revocation as our own records hold it, for the reason and the successor.
    pub revocation: Option<Revocation>,
}

/// Reads a credential's JSON text strictly and applies the rules of its form.
pub fn prepare(text: &[u8]) -> Prepared {
    let limits = json::Limits { max_bytes: MAX_CREDENTIAL_BYTES, ..json::Limits::default() };
    match json::parse_strict(text, &limits) {
        Ok(document) => {
            let mut checks = vec![messages::form_read()];
            checks.push(checks::schema(&document));
            Prepared { document: Some(document), checks }
        }
        Err(error) => Prepared::unreadable(&error.to_string()),
    }
}

impl Prepared {
    /// A document that could not be read at all; `why` is a technical reason in English.
    pub fn unreadable(why: &str) -> Self {
        Self { document: None, checks: vec![messages::form_unreadable(why)] }
    }

    /// A PDF: what it shows is not what is signed; the credential attached to it is.
    pub fn pdf() -> Self {
        Self { document: None, checks: vec![messages::form_is_pdf()] }
    }

    /// What it takes to judge it.
    pub fn needs(&self) -> Needs {
        let Some(document) = &self.document else { return Needs::default() };
        let text = |pointer: &str| document.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        Needs {
            credential: text("/id"),
            issuer: text("/issuer/id").or_else(|| text("/issuer")),
            status_list: text("/credentialStatus/statusListCredential"),
        }
    }

    /// Judges the document at a moment.
    pub fn conclude(self, materials: &Materials, now: Timestamp) -> Report {
        let Self { document, mut checks } = self;
        let Some(document) = document else {
            checks.extend(messages::pointless(&[
                CheckCode::Schema,
                CheckCode::Proof,
                CheckCode::IssuerKey,
                CheckCode::Validity,
                CheckCode::Status,
            ]));
            return Report::new(checks, now, None, None);
        };
        let authenticity = checks::authenticity(&document, materials.did_document.as_ref(), now);
        let authentic = authenticity.iter().all(|check| matches!(check.outcome, Outcome::Pass | Outcome::Warn));
        checks.extend(authenticity);
        if !authentic || checks.iter().any(|check| check.outcome == Outcome::Fail) {
            // Dates and status of a document that nobody vouches for would only mislead.
            checks.extend(messages::pointless(&[CheckCode::Validity, CheckCode::Status]));
            return Report::new(checks, now, None, None);
        }
        checks.push(checks::validity(&document, now));
        checks.push(checks::status(&document, materials, now));
        let content = crate::credential::CredentialView::read(&document).ok();
        Report::new(checks, now, materials.revocation.clone(), content)
    }
}
