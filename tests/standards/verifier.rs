//! The whole verifier, asked about a document whose keys are all `did:key`, so that nothing has to be fetched.

use sceau::verify::{CheckCode, Materials, Outcome, Question, Reason, Report, prepare};
use serde_json::Value;

/// The moment at which documents are judged: after they were signed, before they end.
pub const NOW: &str = "2026-06-01T00:00:00Z";

/// The report on a document.
pub fn report(document: &Value, materials: &Materials) -> Report {
    asked(document, materials, Question::from(NOW.parse::<sceau::time::Timestamp>().unwrap()))
}

/// The report on a document that answers a question.
pub fn asked(document: &Value, materials: &Materials, question: Question) -> Report {
    prepare(document.to_string().as_bytes()).conclude(materials, question)
}

/// Whether a document is accepted: nothing is wrong with it, and its proof was verified. It may not be refused for a signature that the
/// case could not make.
pub fn accepts(report: &Report) -> bool {
    let unmade = report.reason(CheckCode::Proof) == Some(Reason::SignatureMismatch);
    assert!(!unmade || report.outcome(CheckCode::Schema) == Some(Outcome::Fail), "{:?}", report.checks);
    report.is_verified() && report.reason(CheckCode::Proof) != Some(Reason::PresentationUnsigned)
}
