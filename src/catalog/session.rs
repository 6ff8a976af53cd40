//! The session (*fiche session*): one run of a training, which it inherits from and may override.

use serde::{Deserialize, Serialize};

use super::{AwardKind, CatalogError, CriteriaByKind, LongText, Meeting, Modality, Percent, Training, meeting};
use crate::ids::Code;
use crate::time::{Duration, Timestamp};

/// A session as its trainers describe it. What is absent is inherited from the training.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Session {
    /// Its code.
    pub code: Code,
    /// The training it runs.
    pub training: Code,
    /// The issuer of its awards, where it is not the training's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<Code>,
    /// Its effective duration, where it is not the training's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<Duration>,
    /// When it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts: Option<Timestamp>,
    /// When it ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends: Option<Timestamp>,
    /// How it is taught, where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub modality: Option<Modality>,
    /// The setting: for whom, where, with whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<LongText>,
    /// Its own criteria, instead of all of the training's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub criteria: Option<CriteriaByKind>,
    /// The times at which its learners come together and attendance is taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200))]
    pub meetings: Vec<Meeting>,
    /// The share, in percent, of the time of a live activity's meetings from which having attended completes that activity;
    /// half where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attended_from: Option<Percent>,
}

/// What holds for the learners of a session: the session over its training.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveSession {
    /// The session as written.
    pub session: Session,
    /// Its training as written.
    pub training: Training,
}

impl EffectiveSession {
    /// Puts both together, and refuses a session that its training can't carry.
    pub fn new(session: Session, training: Training) -> Result<Self, CatalogError> {
        if session.training != training.code {
            return Err(CatalogError::new("/training", format!("{} is not {}", training.code, session.training)));
        }
        if session.starts.zip(session.ends).is_some_and(|(starts, ends)| ends < starts) {
            return Err(CatalogError::new("/ends", "the session ends before it starts"));
        }
        meeting::check(&session.meetings, &training)?;
        match &session.criteria {
            Some(criteria) => training.check_criteria(criteria, Some(&session.meetings), "/criteria")?,
            None => training.check_attendance(&session.meetings).map_err(|error| {
                let problem =
                    format!("the training’s criteria ask for attendance ({}): {}", error.pointer, error.problem);
                CatalogError::new("/meetings", problem)
            })?,
        }
        Ok(Self { session, training })
    }

    /// The same session under criteria of its own, or why it can't have them.
    pub fn under(&self, criteria: &CriteriaByKind) -> Result<Self, CatalogError> {
        let mut session = self.session.clone();
        session.criteria = Some(criteria.clone());
        Self::new(session, self.training.clone())
    }

    /// The issuer of its awards.
    pub fn issuer(&self) -> &Code {
        self.session.issuer.as_ref().unwrap_or(&self.training.issuer)
    }

    /// Its effective duration, else the training's.
    pub fn duration(&self) -> Duration {
        self.session.duration.unwrap_or(self.training.duration)
    }

    /// How it is taught.
    pub fn modality(&self) -> Modality {
        self.session.modality.unwrap_or(self.training.modality)
    }

    /// The criteria that apply.
    pub fn criteria(&self) -> &CriteriaByKind {
        self.session.criteria.as_ref().unwrap_or(&self.training.criteria)
    }

    /// The share of the time of a live activity's meetings from which having attended completes it.
    pub fn attended_from(&self) -> Percent {
        self.session.attended_from.unwrap_or(Percent::HALF)
    }

    /// The kinds of award it grants.
    pub fn kinds(&self) -> impl Iterator<Item = AwardKind> + '_ {
        self.criteria().iter().map(|(kind, _)| kind)
    }
}
