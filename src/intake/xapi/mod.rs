//! xAPI 1.0.3 statements, as the Moodle plugin logstore_xapi, cmi5 content and other clients send them to a record store.
//!
//! Pure: `statement` and the files beside it say whether a statement may be taken at all, `same` when two are one, `reading` what one
//! means in our terms. What a statement must be is asked of all of it, though little of it is understood: a sender learns at once what
//! its other record stores would refuse. Not here: who sends, and what is kept ([`crate::http`], [`crate::store`]).

mod activity;
mod actor;
mod check;
mod formats;
mod reading;
mod same;
mod statement;

pub use check::Refusal;

use std::collections::HashSet;

use serde_json::{Map, Value, json};

use self::check::Place;
use super::{NotUnderstood, Record, Understood};
use crate::catalog::Source;
use crate::entropy::Entropy;
use crate::ids::{PublicUrl, StatementId};
use crate::time::Timestamp;

/// The version of the standard that is spoken, for `X-Experience-API-Version`.
pub const VERSION: &str = "1.0.3";
/// The most statements in one request; logstore_xapi sends 30 unless told otherwise.
pub const MAX_STATEMENTS: usize = 500;

const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";

/// Why a batch is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// A statement of it is not one.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There are too many.
    #[error("at most {MAX_STATEMENTS} statements are taken at once, and these are {0}")]
    TooMany(usize),
}

/// A statement that may be taken, and what the service adds to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Its id: its own, else one derived from what it says.
    pub id: StatementId,
    /// The hash of what may not differ between two statements of one id.
    pub digest: String,
    /// The moment that it states itself, if it does.
    pub at: Option<Timestamp>,
    /// The statement that it voids.
    pub voids: Option<StatementId>,
    /// All of it, with what a record store sets.
    document: Map<String, Value>,
}

impl Statement {
    /// All of it, as JSON.
    pub fn to_document(&self) -> String {
        Value::Object(self.document.clone()).to_string()
    }
}

/// A statement of a delivery, as it is given back to whoever asks for it. How it went is not: results belong to the learner.
pub fn served(body: &[u8], id: StatementId) -> Option<String> {
    let Value::Object(mut served) = find(body, id)? else { return None };
    same::with_lists(&mut served);
    without_results(&mut served);
    if let Some(sub) = served.get_mut("object").and_then(Value::as_object_mut) {
        without_results(sub);
    }
    Some(Value::Object(served).to_string())
}

fn find(body: &[u8], id: StatementId) -> Option<Value> {
    let values: Vec<Value> = serde_json::from_slice(body).ok()?;
    values.into_iter().find(|value| id_of(value) == Some(id))
}

fn id_of(statement: &Value) -> Option<StatementId> {
    statement["id"].as_str()?.to_ascii_lowercase().parse().ok()
}

fn without_results(statement: &mut Map<String, Value>) {
    if let Some(result) = statement.get_mut("result").and_then(Value::as_object_mut) {
        result.retain(|key, _| matches!(key.as_str(), "completion" | "duration"));
        if result.is_empty() {
            statement.remove("result");
        }
    }
    // cmi5 has the mastery score there.
    if let Some(context) = statement.get_mut("context").and_then(Value::as_object_mut) {
        context.remove("extensions");
    }
}

/// Checks one statement, with refusals that point from its root.
pub fn check(value: &Value) -> Result<(), Refusal> {
    statement::statement(value, &Place::Root(""))
}

/// Reads what a request holds: one statement or a list. All of them may be taken, or none is.
pub fn prepare(
    body: Value,
    source: &Source,
    url: &PublicUrl,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Vec<Statement>, BatchError> {
    let (values, alone) = match body {
        Value::Array(values) => (values, false),
        one => (vec![one], true),
    };
    if values.len() > MAX_STATEMENTS {
        return Err(BatchError::TooMany(values.len()));
    }
    let authority = json!({ "objectType": "Agent", "account": { "homePage": url.as_str(), "name": source.code } });
    let mut stated = HashSet::new();
    let mut statements = Vec::with_capacity(values.len());
    let root = Place::Root("");
    for (index, value) in values.into_iter().enumerate() {
        let place = if alone { root } else { Place::Index(&root, index) };
        statement::statement(&value, &place)?;
        statement::attachments_elsewhere(&value, &place)?;
        let own_id = value.get("id").and_then(Value::as_str).map(str::to_ascii_lowercase);
        if let Some(id) = &own_id
            && !stated.insert(id.clone())
        {
            return Ok(Place::Key(&place, "id").refuse("two statements of this request have this id (part 3, 2.1.2)")?);
        }
        statements.push(prepared(value, own_id.as_deref(), &authority, now, entropy));
    }
    Ok(statements)
}

fn prepared(value: Value, own_id: Option<&str>, authority: &Value, now: Timestamp, entropy: &dyn Entropy) -> Statement {
    let digest = same::digest(&value);
    let at = value["timestamp"].as_str().and_then(formats::moment);
    let own_id = own_id.and_then(|id| id.parse().ok());
    let id = own_id.or_else(|| same::derived_id(&digest, at)).unwrap_or_else(|| StatementId::random(entropy));
    let voids = voided_by(&value);
    let Value::Object(mut document) = value else { unreachable!("what was checked is an object") };
    document.insert("id".into(), json!(id));
    document.insert("stored".into(), json!(now));
    document.insert("authority".into(), authority.clone());
    document.entry("timestamp").or_insert_with(|| json!(now));
    document.entry("version").or_insert_with(|| json!("1.0.0"));
    Statement { id, digest, at, voids, document }
}

/// The statement that this one voids (part 2, 2.3.2).
fn voided_by(statement: &Value) -> Option<StatementId> {
    let object = &statement["object"];
    let voids = statement["verb"]["id"] == VOIDED && object["objectType"] == "StatementRef";
    object["id"].as_str().filter(|_| voids)?.to_ascii_lowercase().parse().ok()
}

/// The statements of a delivery: what [`prepare`] made of a request, or a request as it was captured.
pub(super) fn read(source: &Source, value: Value) -> Result<Understood, NotUnderstood> {
    let values = if let Value::Array(values) = value { values } else { vec![value] };
    let mut understood = Understood::default();
    let root = Place::Root("");
    for (index, value) in values.iter().enumerate() {
        statement::statement(value, &Place::Index(&root, index))
            .map_err(|refusal| NotUnderstood(refusal.to_string()))?;
        reading::read(source, value, &mut understood);
    }
    Ok(understood)
}

/// The ids in a delivery: of its statements, and of those that they void.
pub fn ids(body: &[u8]) -> (Vec<StatementId>, Vec<StatementId>) {
    let values: Vec<Value> = serde_json::from_slice(body).unwrap_or_default();
    (values.iter().filter_map(id_of).collect(), values.iter().filter_map(voided_by).collect())
}

/// What one statement of a delivery reports, as far as it is mapped.
pub fn reported(source: &Source, body: &[u8], id: StatementId) -> Vec<Record> {
    let mut understood = Understood::default();
    if let Some(statement) = find(body, id) {
        reading::read(source, &statement, &mut understood);
    }
    understood.records
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    const KEYS: [&str; 24] = [
        "actor",
        "verb",
        "object",
        "result",
        "context",
        "attachments",
        "objectType",
        "id",
        "mbox",
        "account",
        "homePage",
        "name",
        "member",
        "display",
        "definition",
        "interactionType",
        "choices",
        "score",
        "scaled",
        "duration",
        "contextActivities",
        "parent",
        "extensions",
        "é~/",
    ];
    const TEXTS: [&str; 12] = [
        "",
        "Agent",
        "Group",
        "SubStatement",
        "StatementRef",
        "mailto:a@b.fr",
        "http://adlnet.gov/expapi/verbs/voided",
        "PT1é",
        "fd41c918-b88b-4b20-a0a5-a4c32391aaa0",
        "2026-06-10T13:31:41Z",
        "choice",
        "fr",
    ];

    fn json_of_any_form() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            select(&TEXTS[..]).prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        leaf.prop_recursive(5, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::vec((select(&KEYS[..]), inner), 0..8)
                    .prop_map(|entries| entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()),
            ]
        })
    }

    proptest! {
        /// Whatever is refused is refused where there is something, or where something is missing.
        #[test]
        fn a_refusal_points_into_the_statement(value in json_of_any_form()) {
            if let Err(refusal) = check(&value) {
                prop_assert!(value.pointer(&refusal.pointer).is_some(), "{refusal}");
            }
        }
    }
}
