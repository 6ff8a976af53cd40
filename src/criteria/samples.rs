//! A realistic training and ledgers for it, for the tests of this module.

use serde_json::{Value, json};

use crate::catalog::{EffectiveSession, Rule, Session, Training};
use crate::evidence::{Evidence, Fact, Interval, Ledger, State};
use crate::ids::Code;
use crate::time::Timestamp;

/// The session of every sample.
pub(super) const SESSION: &str = "accueil-usagers-2026-03";

/// A training on welcoming the public: two units with activities of every kind, and one unit without any.
pub(super) fn training(assessment: &str, criteria: Value) -> Training {
    serde_json::from_value(json!({
        "code": "accueil-usagers",
        "issuer": "dgafp",
        "title": "Accueillir les usagers en situation difficile",
        "description": "Pour les agents qui reçoivent du public.",
        "objectives": ["Désamorcer un conflit"],
        "modality": "hybrid",
        "duration": "PT4H",
        "assessment": assessment,
        "criteria": criteria,
        "units": [
            {
                "code": "u1", "title": "Écouter", "duration": "PT2H10M",
                "activities": [
                    { "code": "video", "title": "L’écoute active", "duration": "PT30M" },
                    { "code": "atelier", "title": "Atelier « Mise en situation »", "kind": "live", "duration": "PT1H30M" },
                    { "code": "lecture", "title": "Pour aller plus loin", "duration": "PT20M", "expected": false }
                ]
            },
            {
                "code": "u2", "title": "Faire le point",
                "activities": [
                    { "code": "auto", "title": "Où en suis-je ?", "kind": "self_assessment", "duration": "PT15M" },
                    { "code": "quiz", "title": "Épreuve finale", "kind": "assessment", "duration": "PT45M" },
                    { "code": "avis", "title": "Votre avis sur la formation", "kind": "questionnaire", "duration": "PT5M" }
                ]
            },
            { "code": "u3", "title": "Immersion", "duration": "PT1H" }
        ]
    }))
    .unwrap()
}

/// A session of that training, whose rule for participation is `rule`.
pub(super) fn session(assessment: &str, rule: Value) -> EffectiveSession {
    let training = training(assessment, json!({ "participation": { "rule": rule } }));
    training.check().unwrap();
    EffectiveSession::new(run(), training).unwrap()
}

/// The same, with a rule that is not checked.
pub(super) fn unchecked(assessment: &str, rule: Rule) -> EffectiveSession {
    let training = training(assessment, json!({ "participation": { "rule": rule } }));
    EffectiveSession { session: run(), training }
}

fn run() -> Session {
    serde_json::from_value(json!({
        "code": SESSION,
        "training": "accueil-usagers",
        "meetings": [
            { "code": "m1", "activity": "atelier", "starts": "2026-03-10T09:00:00+01:00", "ends": "2026-03-10T12:00:00+01:00" },
            { "code": "m2", "title": "Retour d’expérience", "starts": "2026-03-17T14:00:00+01:00", "ends": "2026-03-17T15:00:00+01:00" }
        ]
    }))
    .unwrap()
}

/// A fact reported at a moment.
pub(super) fn fact(at: Timestamp, fact: Fact) -> Evidence {
    Evidence {
        session: code(SESSION),
        learner: "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".parse().unwrap(),
        source: code("mentor"),
        at,
        fact,
        score: None,
    }
}

/// An activity's state, at noon on a day such as `2026-03-05`.
pub(super) fn activity(day: &str, activity: &str, state: State) -> Evidence {
    fact(noon(day), Fact::Activity { code: code(activity), state })
}

pub(super) fn unit(day: &str, unit: &str, state: State) -> Evidence {
    fact(noon(day), Fact::Unit { code: code(unit), state })
}

pub(super) fn course(day: &str, state: State) -> Evidence {
    fact(noon(day), Fact::Course { state })
}

pub(super) fn measured(at: &str, seconds: u64) -> Evidence {
    fact(at.parse().unwrap(), Fact::TimeMeasured { activity: None, seconds })
}

/// Presence at a meeting of the samples at local times of its day, as stated at a moment.
pub(super) fn attendance(meeting: &str, stated: &str, present: &[(&str, &str)]) -> Evidence {
    let meetings = run().meetings;
    let scheduled = meetings.iter().find(|known| known.code.as_str() == meeting).unwrap();
    let day = &scheduled.ends.to_string()[..10];
    let at = |time: &str| format!("{day}T{time}:00+01:00").parse().unwrap();
    let intervals = present.iter().map(|(from, until)| Interval { from: at(from), until: at(until) }).collect();
    fact(scheduled.ends, Fact::Attendance { meeting: code(meeting), stated: stated.parse().unwrap(), intervals })
}

pub(super) fn declared(day: &str, seconds: u64) -> Evidence {
    fact(noon(day), Fact::TimeDeclared { seconds })
}

pub(super) fn ledger(evidence: impl IntoIterator<Item = Evidence>) -> Ledger {
    Ledger { evidence: evidence.into_iter().collect() }
}

pub(super) fn code(text: &str) -> Code {
    text.parse().unwrap()
}

pub(super) fn noon(day: &str) -> Timestamp {
    format!("{day}T12:00:00+01:00").parse().unwrap()
}
