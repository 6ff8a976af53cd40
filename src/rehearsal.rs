//! How a delivery would be read, without keeping anything: for whoever connects an LMS.
//!
//! It is read as a worker would read it now, by the same functions. Learners' identifiers are masked unless asked for, names are
//! never repeated, and results that belong to the learner alone are not told.

use serde_json::{Map, Value, json};

use crate::catalog::{EffectiveSession, Source};
use crate::evidence::{Fact, State};
use crate::intake::{self, Record, Reported};
use crate::learner::{IdentifierKind, Identifiers};
use crate::store::{Meant, Store, StoreError};
use crate::take_up::{LEARNER_UNKNOWN, Place, agree_on_learners, place_of, unmapped_reason};
use crate::time::Timestamp;

/// Whether learners' identifiers are shown as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Identity {
    /// As they are.
    Shown,
    /// So that whoever knows them recognises them.
    Masked,
}

/// The most records that are shown.
const MAX_SHOWN: usize = 100;

/// How a delivery of a source would be read if it arrived now: a document for people and programs.
pub async fn rehearse(
    store: &Store,
    source: &Source,
    body: &[u8],
    identity: Identity,
    now: Timestamp,
) -> Result<Value, StoreError> {
    let mut understood = match intake::understand_now(source, body, now) {
        Ok(understood) => understood,
        Err(why) => return Ok(json!({ "outcome": "dead", "reason": why.to_string(), "records": [], "unmapped": [] })),
    };
    agree_on_learners(&mut understood.records);
    let unmapped: Vec<Value> = understood
        .unmapped
        .iter()
        .map(|unmapped| {
            json!({
                "missing": unmapped.missing(source),
                "course": unmapped.id.course(),
                "module": unmapped.id.module(),
                "activity": unmapped.id.iri(),
                "course_names": unmapped.course_names,
                "activity_names": unmapped.activity_names,
            })
        })
        .collect();
    let mut waits = unmapped_reason(source, &understood.unmapped);
    let mut refused = None;
    let mut records = Vec::new();
    let count = understood.records.len();
    for record in &understood.records {
        let (session, reason) = match place_of(store, source, record).await? {
            Place::Session(session) => (Some(session), None),
            Place::Waits(_, reason) => {
                waits.get_or_insert_with(|| reason.clone());
                (None, Some(reason))
            }
            Place::Refused(reason) => {
                refused = Some(reason.clone());
                (None, Some(reason))
            }
        };
        let known = store.meant(&source.code, &record.learner).await? != Meant::Nobody;
        let describes = record.name.is_some() || record.email.is_some();
        if session.is_some() && !known && !describes {
            waits.get_or_insert_with(|| LEARNER_UNKNOWN.to_owned());
        }
        if records.len() < MAX_SHOWN {
            records.push(shown(record, session.as_deref(), reason, known, identity));
        }
    }
    let (outcome, reason) = match (refused, waits) {
        (Some(reason), _) => ("dead", Some(reason)),
        (None, Some(reason)) => ("parked", Some(reason)),
        (None, None) if count == 0 => ("left_aside", Some("it reports nothing that counts".to_owned())),
        (None, None) => ("processed", None),
    };
    let mut document = json!({ "outcome": outcome, "records": records, "unmapped": unmapped });
    if let Some(reason) = reason {
        document["reason"] = json!(reason);
    }
    if count > MAX_SHOWN {
        document["records_left_out"] = json!(count - MAX_SHOWN);
    }
    Ok(document)
}

fn shown(
    record: &Record,
    session: Option<&EffectiveSession>,
    reason: Option<String>,
    known: bool,
    identity: Identity,
) -> Value {
    let learner = match (known, record.name.is_some() || record.email.is_some()) {
        (true, _) => "known",
        (false, true) => "new",
        (false, false) => "unknown",
    };
    let mut document = json!({
        "session": record.session,
        "session_known": session.is_some(),
        "learner": { "is": learner, "identifiers": identifiers(&record.learner, identity), "named": record.name.is_some() },
        "facts": record.facts.iter().map(|reported| fact(reported, session)).collect::<Vec<_>>(),
    });
    if let Some(reason) = reason {
        document["reason"] = json!(reason);
    }
    document
}

fn identifiers(identifiers: &Identifiers, identity: Identity) -> Map<String, Value> {
    let shown = |kind: IdentifierKind, value: String| match identity {
        Identity::Shown => value,
        Identity::Masked => masked(kind, &value),
    };
    identifiers.iter().map(|(kind, value)| (kind.as_str().to_owned(), json!(shown(kind, value)))).collect()
}

/// The first character, and the host of an address.
fn masked(kind: IdentifierKind, value: &str) -> String {
    let first: String = value.chars().take(1).collect();
    match value.rsplit_once('@') {
        Some((_, host)) if kind == IdentifierKind::Email => format!("{first}…@{host}"),
        _ => format!("{first}…"),
    }
}

fn fact(reported: &Reported, session: Option<&EffectiveSession>) -> Value {
    let mut document = json!(reported.fact);
    let activity = match &reported.fact {
        Fact::Activity { code, .. } => Some(code),
        Fact::TimeMeasured { activity, .. } => activity.as_ref(),
        _ => None,
    };
    let known = activity.zip(session).map(|(code, session)| session.training.activity(code));
    if let Fact::Activity { state: State::Passed | State::Failed, .. } = &reported.fact {
        // How it went is told of activities alone that are known to be graded for a certificate.
        let told = known.flatten().zip(session);
        if told.is_none_or(|(activity, session)| session.training.result_belongs_to_learner(activity)) {
            document["activity"]["state"] = json!("done");
        }
    }
    document["at"] = json!(reported.at);
    if known.is_some_and(|activity| activity.is_none()) {
        document["ignored"] = json!("the training has no activity of this code");
    }
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_leave_enough_to_recognise_and_too_little_to_learn() {
        assert_eq!(masked(IdentifierKind::Email, "zoe.lefevre@agents.example"), "z…@agents.example");
        assert_eq!(masked(IdentifierKind::Id, "892"), "8…");
        assert_eq!(masked(IdentifierKind::Username, "zoe@agents.example"), "z…");
    }
}
