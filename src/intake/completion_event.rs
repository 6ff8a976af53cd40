//! Our own body form, `completion-event` version 1: evidence for one learner, or a batch. Its JSON Schema is published at
//! `schemas/completion-event.schema.json`, generated from these types.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{NotUnderstood, Record, Reported, Understood};
use crate::evidence::{Fact, Interval, Score, State};
use crate::ids::{Code, ExternalId};
use crate::learner::Identifiers;
use crate::text::{Email, PersonName};
use crate::time::{Duration, Timestamp};

/// What a body in this form may call itself.
pub(super) const FORM: &str = "completion-event";

/// The name of this form.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
enum OurForm {
    /// Ours.
    #[serde(rename = "completion-event")]
    CompletionEvent,
}

/// Completion evidence, version 1: exactly one of `record` (one learner) and `records` (a batch).
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CompletionEvent {
    /// `completion-event`, where a source whose own form is another sends this one.
    #[serde(default)]
    form: Option<OurForm>,
    /// Always 1.
    #[schemars(range(min = 1, max = 1))]
    version: u32,
    /// Evidence for one learner.
    #[serde(default)]
    record: Option<EventRecord>,
    /// Evidence for several.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1000))]
    records: Option<Vec<EventRecord>>,
}

/// Evidence for one learner in one session.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventRecord {
    /// The session's code.
    session: Code,
    /// Who.
    learner: EventLearner,
    /// What happened, in any order.
    #[schemars(length(min = 1, max = 1000))]
    evidence: Vec<EventEvidence>,
}

/// A learner as the source knows them.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventLearner {
    /// The source's own id, stable for ever; `username:` or `email:` and the value where it knows no id.
    id: ExternalId,
    /// The name to print.
    #[serde(default)]
    #[schemars(length(max = 200))]
    name: Option<String>,
    /// The e-mail address.
    #[serde(default)]
    #[schemars(length(max = 254))]
    email: Option<String>,
}

/// One fact: exactly one of `activity`, `unit`, `course`, `time` and `attendance`.
#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventEvidence {
    /// When it happened, with a time zone.
    at: Timestamp,
    /// An activity changed state.
    #[serde(default)]
    activity: Option<EventActivity>,
    /// A unit changed state.
    #[serde(default)]
    unit: Option<EventUnit>,
    /// The course changed state.
    #[serde(default)]
    course: Option<EventCourse>,
    /// Time was spent.
    #[serde(default)]
    time: Option<EventTime>,
    /// Presence at a meeting was stated; `at` is the meeting's end.
    #[serde(default)]
    attendance: Option<EventAttendance>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventActivity {
    code: Code,
    state: State,
    /// The result, from -1 to 1. Kept in the ledger, never published.
    #[serde(default)]
    #[schemars(range(min = -1.0, max = 1.0))]
    score: Option<f64>,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventUnit {
    code: Code,
    state: State,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventCourse {
    state: State,
}

#[derive(Debug, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct EventTime {
    /// How the source counted.
    basis: EventTimeBasis,
    /// How much: the stretch that ended at `at` where measured, the total so far where declared.
    duration: Duration,
    /// On which activity, where measured on one.
    #[serde(default)]
    activity: Option<Code>,
}

/// Presence at one meeting; of two statements about it the later holds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventAttendance {
    /// The meeting's code in the session.
    pub(super) meeting: Code,
    /// When this was stated.
    pub(super) stated: Timestamp,
    /// The times of presence; none means absent.
    #[schemars(length(max = 200))]
    pub(super) intervals: Vec<Interval>,
}

/// The most times of presence in one statement.
pub(super) const MAX_INTERVALS: usize = 200;

#[derive(Debug, Clone, Copy, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum EventTimeBasis {
    Measured,
    Declared,
}

/// Reads a body of this form.
pub(super) fn read(value: Value) -> Result<Understood, NotUnderstood> {
    let refuse = |problem: &str| NotUnderstood(problem.to_owned());
    let event: CompletionEvent = serde_path_to_error::deserialize(value)
        .map_err(|error| NotUnderstood(format!("at {}: {}", error.path(), error.inner())))?;
    if event.version != 1 {
        return Err(NotUnderstood(format!(
            "completion-event version {} is not known; this service reads version 1",
            event.version
        )));
    }
    let CompletionEvent { form: Some(OurForm::CompletionEvent) | None, .. } = event;
    let records = match (event.record, event.records) {
        (Some(record), None) => vec![record],
        (None, Some(records)) if !records.is_empty() => records,
        _ => return Err(refuse("exactly one of record and records is needed, and records may not be empty")),
    };
    let records = records.into_iter().enumerate().map(|(i, record)| {
        let facts = record.evidence.into_iter().enumerate().map(|(j, evidence)| {
            let at = |problem| NotUnderstood(format!("record {i}, evidence {j}: {problem}"));
            reported(evidence).map_err(at)
        });
        // Evidence is never refused for a name: an award without a usable one waits.
        let mut learner = Identifiers::called(&record.learner.id);
        let email = record.learner.email.and_then(|email| Email::new(&email).ok());
        learner.email = email.or(learner.email);
        let email = learner.email.clone();
        Ok(Record {
            session: record.session,
            learner,
            name: record.learner.name.and_then(|name| PersonName::new(&name).ok()),
            email,
            facts: facts.collect::<Result<_, _>>()?,
        })
    });
    Ok(Understood { records: records.collect::<Result<_, _>>()?, unmapped: Vec::new() })
}

fn reported(evidence: EventEvidence) -> Result<Reported, &'static str> {
    let mut score = None;
    let fact = match (evidence.activity, evidence.unit, evidence.course, evidence.time, evidence.attendance) {
        (Some(activity), None, None, None, None) => {
            if activity.score.is_some_and(|score| !(-1.0..=1.0).contains(&score)) {
                return Err("a score lies between -1 and 1");
            }
            score = activity.score.map(Score);
            Fact::Activity { code: activity.code, state: activity.state }
        }
        (None, Some(unit), None, None, None) => Fact::Unit { code: unit.code, state: unit.state },
        (None, None, Some(course), None, None) => Fact::Course { state: course.state },
        (None, None, None, Some(time), None) => match time.basis {
            EventTimeBasis::Measured => {
                Fact::TimeMeasured { activity: time.activity, seconds: time.duration.as_seconds() }
            }
            EventTimeBasis::Declared if time.activity.is_some() => {
                return Err("a declared total is of the whole training");
            }
            EventTimeBasis::Declared => Fact::TimeDeclared { seconds: time.duration.as_seconds() },
        },
        (None, None, None, None, Some(attendance)) => {
            if attendance.intervals.len() > MAX_INTERVALS {
                return Err("a statement of attendance has at most 200 intervals");
            }
            if attendance.intervals.iter().any(|interval| interval.until <= interval.from) {
                return Err("an interval ends after it starts");
            }
            let EventAttendance { meeting, stated, intervals } = attendance;
            Fact::Attendance { meeting, stated, intervals }
        }
        _ => return Err("exactly one of activity, unit, course, time and attendance is needed"),
    };
    Ok(Reported { at: evidence.at, fact, score })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn one(evidence: Value) -> Result<Understood, NotUnderstood> {
        read(json!({ "version": 1, "record": { "session": "s", "learner": { "id": "892" }, "evidence": [evidence] } }))
    }

    #[test]
    fn each_kind_of_fact_is_read() {
        let at = "2026-03-02T09:00:00+01:00";
        let fact = |evidence| one(evidence).unwrap().records[0].facts[0].fact.clone();
        let code: Code = "m1".parse().unwrap();
        assert_eq!(
            fact(json!({ "at": at, "activity": { "code": "m1", "state": "passed", "score": 0.8 } })),
            Fact::Activity { code: code.clone(), state: State::Passed }
        );
        assert_eq!(
            fact(json!({ "at": at, "course": { "state": "withdrawn" } })),
            Fact::Course { state: State::Withdrawn }
        );
        assert_eq!(
            fact(json!({ "at": at, "time": { "basis": "measured", "duration": "PT20M", "activity": "m1" } })),
            Fact::TimeMeasured { activity: Some(code), seconds: 1200 }
        );
        assert_eq!(
            fact(json!({ "at": at, "time": { "basis": "declared", "duration": "PT2H" } })),
            Fact::TimeDeclared { seconds: 7200 }
        );
    }

    #[test]
    fn attendance_is_read() {
        let (from, until) = ("2026-03-10T08:00:00Z", "2026-03-10T11:00:00Z");
        let said = |from: &str, until: &str| {
            let intervals = json!([{ "from": from, "until": until }]);
            one(json!({ "at": until, "attendance": { "meeting": "m1", "stated": until, "intervals": intervals } }))
        };
        let at = |moment: &str| moment.parse().unwrap();
        let intervals = vec![Interval { from: at(from), until: at(until) }];
        let fact = Fact::Attendance { meeting: "m1".parse().unwrap(), stated: at(until), intervals };
        assert_eq!(said(from, until).unwrap().records[0].facts[0].fact, fact);
        assert!(said(until, from).unwrap_err().0.contains("an interval ends after it starts"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_place() {
        let why = |evidence| one(evidence).unwrap_err().0;
        assert!(
            why(json!({ "at": "2026-03-02T09:00:00", "course": { "state": "completed" } }))
                .contains("record.evidence[0].at")
        );
        assert!(why(json!({ "at": "2026-03-02T09:00:00Z", "cours": {} })).contains("unknown field `cours`"));
        assert!(why(json!({ "at": "2026-03-02T09:00:00Z" })).contains("exactly one"));
        assert!(
            why(json!({ "at": "2026-03-02T09:00:00Z", "time": { "basis": "measured", "duration": "PT0S" } }))
                .contains("duration")
        );
        assert!(
            why(json!({ "at": "2026-03-02T09:00:00Z", "activity": { "code": "a", "state": "passed", "score": 50 } }))
                .contains("score")
        );
        assert!(read(json!({ "version": 2, "records": [] })).unwrap_err().0.contains("version 2"));
        assert!(read(json!({ "version": 1 })).is_err());
    }

    #[test]
    fn an_unusable_name_never_costs_the_evidence() {
        let body = json!({ "version": 1, "record": {
            "session": "s", "learner": { "id": "1", "name": "a\u{202e}b", "email": "nonsense" },
            "evidence": [{ "at": "2026-03-02T09:00:00Z", "course": { "state": "completed" } }] } });
        let record = &read(body).unwrap().records[0];
        assert_eq!((&record.name, &record.email, record.facts.len()), (&None, &None, 1));
    }
}
