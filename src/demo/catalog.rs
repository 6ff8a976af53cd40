//! The demo's catalog: invented organisations, realistic trainings. `catalog.json` holds what is the same on any day; here are
//! the dates, all relative to the week before the demo's first run, so that the demo neither expires nor changes when it is run again.

use serde_json::json;

use crate::catalog::{AwardCriteria, CriteriaByKind, Rule};
use crate::import::{self, ImportError};
use crate::store::CatalogBatch;
use crate::time::Timestamp;

/// The session that opens only after its first delivery came.
pub(super) const LATE_SESSION: &str = "tensions-rennes";
/// The session that overrides its training; its criteria are the ones shown as a page.
pub(super) const OVERRIDING_SESSION: &str = "documents-guichets";

/// The issuer whose attestations are sealed; the other's are not.
pub(super) const SEALED_ISSUER: &str = "ecole-accueil";

/// The demo's days, counted from a Monday that is a week or more before its first run.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar(Timestamp);

impl Calendar {
    /// For a demo first run at this moment.
    pub(super) fn of(begun: Timestamp) -> Self {
        let day = begun.as_unix_seconds().div_euclid(86_400);
        // 1970-01-01 was a Thursday.
        let monday = day - (day + 3).rem_euclid(7) - 7;
        Self(Timestamp::from_micros(0).plus_seconds(monday * 86_400))
    }

    /// A moment (UTC) so many days after that Monday, or before.
    pub(super) fn at(self, day: i64, hour: i64, minute: i64) -> Timestamp {
        self.0.plus_seconds(((day * 24 + hour) * 60 + minute) * 60)
    }
}

/// All of the catalog but the late session, to be imported.
pub(super) fn catalog(calendar: Calendar) -> Result<CatalogBatch, ImportError> {
    let mut batch = import::read(include_bytes!("catalog.json"))?;
    for session in &mut batch.sessions {
        match session.code.as_str() {
            OVERRIDING_SESSION => {
                let (starts, ends) = (calendar.at(-7, 7, 0), calendar.at(4, 16, 0));
                (session.starts, session.ends) = (Some(starts), Some(ends));
                session.criteria = session.criteria.take().map(|criteria| within(criteria, starts, ends));
            }
            "tensions-lyon" => {
                (session.starts, session.ends) = (Some(calendar.at(-6, 7, 30)), Some(calendar.at(3, 15, 30)));
            }
            _ => {}
        }
    }
    Ok(batch)
}

/// The session that the issuer opens late, by the API: another modality and duration, and criteria on credited time.
pub(super) fn late_session(calendar: Calendar) -> serde_json::Value {
    json!({
        "code": LATE_SESSION,
        "training": "situations-tendues",
        "modality": "virtual_classroom",
        "duration": "PT6H30M",
        "starts": calendar.at(0, 7, 0),
        "ends": calendar.at(4, 15, 0),
        "context": "Session entièrement à distance, pour les maisons de services de l’Ouest.",
        "criteria": { "participation": { "rule": { "all": [
            { "time_spent": { "at_least": "PT5H", "basis": "credited" } },
            { "questionnaire": { "code": "evaluation" } },
        ] } } },
    })
}

/// The same criteria, on evidence from the session's own days only.
fn within(criteria: CriteriaByKind, from: Timestamp, until: Timestamp) -> CriteriaByKind {
    let wrap = |mut criteria: AwardCriteria| {
        criteria.rule = Rule::Within { from: Some(from), until: Some(until), rule: Box::new(criteria.rule) };
        criteria
    };
    CriteriaByKind { participation: criteria.participation.map(wrap), certificate: criteria.certificate.map(wrap) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{EffectiveSession, Session};

    #[test]
    fn the_catalog_holds_on_any_day() {
        for days in 20_000..20_014 {
            let begun = Timestamp::from_unix_seconds(days * 86_400 + 5).unwrap();
            let calendar = Calendar::of(begun);
            assert!(calendar.at(5, 0, 0) < begun, "the demo's events are in the past");
            let mut batch = catalog(calendar).unwrap();
            batch.sessions.push(serde_json::from_value(late_session(calendar)).unwrap());
            assert_eq!((batch.issuers.len(), batch.trainings.len(), batch.sessions.len()), (2, 2, 4));
            let training =
                |session: &Session| batch.trainings.iter().find(|training| training.code == session.training);
            for session in &batch.sessions {
                let training = training(session).unwrap();
                import::check_training(training).unwrap();
                EffectiveSession::new(session.clone(), training.clone()).unwrap();
            }
        }
    }
}
