//! Intake: what a source sends, authenticated and read into records. One file per form of body; all end in the same records.
//!
//! Reading is pure and never refuses for want of a session or a learner: that is the worker's business, which parks what it
//! can't place yet. What can't be read at all is dead, with a reason that the sender's operator can act on.

pub mod attendance_sheet;
mod completion_event;
mod moodle;
mod moodle_webhookengine;
pub mod secrets;
pub mod standard_webhooks;
mod tool_trigger;
pub mod xapi;

pub use completion_event::CompletionEvent;

use crate::catalog::{Source, SourceForm, Unmapped};
use crate::evidence::{Fact, Score};
use crate::ids::Code;
use crate::json;
use crate::learner::Identifiers;
use crate::text::{Email, PersonName};
use crate::time::Timestamp;

/// What a body says as its `form` that is in our own, whatever the source's is.
pub(crate) const OWN_FORM: &str = completion_event::FORM;
/// The largest delivery that is accepted, in bytes.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;
/// The most facts in one delivery.
pub const MAX_FACTS: usize = 10_000;

/// What a delivery says, in our terms.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Understood {
    /// What it reports.
    pub records: Vec<Record>,
    /// The LMS ids for which the source's configuration has no mapping; such a delivery waits for one.
    pub unmapped: Vec<Unmapped>,
}

/// Facts about one learner in one session.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The session.
    pub session: Code,
    /// The learner, as the source names it.
    pub learner: Identifiers,
    /// The learner's name, where the delivery carries a usable one.
    pub name: Option<PersonName>,
    /// The learner's address, where the delivery carries a usable one.
    pub email: Option<Email>,
    /// What happened.
    pub facts: Vec<Reported>,
}

/// One fact as reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Reported {
    /// When, by the source's clock.
    pub at: Timestamp,
    /// What.
    pub fact: Fact,
    /// The result that came with it.
    pub score: Option<Score>,
}

/// Why a delivery can't be understood: for the sender's operator, without personal data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotUnderstood(pub String);

/// Reads a delivery by the form that its source sends.
pub fn understand(source: &Source, body: &[u8]) -> Result<Understood, NotUnderstood> {
    let limits = json::Limits { max_bytes: MAX_BODY_BYTES, ..json::Limits::default() };
    let value = json::parse_strict(body, &limits).map_err(|error| NotUnderstood(error.to_string()))?;
    let understood = match source.form {
        // What says of itself that it is in our own form is read so from every source: attendance sheets do, on behalf of the
        // source that knows the learners.
        _ if value.get("form").and_then(|form| form.as_str()) == Some(completion_event::FORM) => {
            completion_event::read(value)?
        }
        SourceForm::CompletionEvent => completion_event::read(value)?,
        SourceForm::MoodleWebhookengine => moodle_webhookengine::read(source, value)?,
        SourceForm::Bearer => tool_trigger::read(source, value)?,
        SourceForm::Xapi => xapi::read(source, value)?,
    };
    let facts: usize = understood.records.iter().map(|record| record.facts.len()).sum();
    if facts > MAX_FACTS {
        return Err(NotUnderstood(format!("a delivery holds at most {MAX_FACTS} facts, and this one {facts}")));
    }
    Ok(understood)
}

/// How far ahead of our clock a fact may be dated, in seconds.
const MAX_AHEAD: i64 = 24 * 3600;

/// The same, of a delivery that is taken up now.
pub fn understand_now(source: &Source, body: &[u8], now: Timestamp) -> Result<Understood, NotUnderstood> {
    let understood = understand(source, body)?;
    check_clock(&understood.records, now)?;
    Ok(understood)
}

/// Refuses facts from the future: an award would rest on a clock that is off, and a later correction lose against them.
fn check_clock(records: &[Record], now: Timestamp) -> Result<(), NotUnderstood> {
    let latest = records.iter().flat_map(|record| record.facts.iter().map(|fact| fact.at)).max();
    match latest.filter(|at| at.as_unix_seconds() - now.as_unix_seconds() > MAX_AHEAD) {
        None => Ok(()),
        Some(at) => Err(NotUnderstood(format!(
            "a fact is dated {at}, more than 24 h after it arrived: the clock of the source is ahead; set it right and have the \
             fact sent again, or replay this delivery once that time has come"
        ))),
    }
}
