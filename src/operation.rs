//! Long work on the learners of a session, as data: what an officer asked for, how far it came, and what came of each learner.
//!
//! An operation is done in parts by whichever worker is free (`operations`), so it survives its workers, can be paused, resumed and
//! cancelled, and holds no more in memory than one part. Here is what it is made of; nothing here acts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::award::{RevocationCategory, Verdict};
use crate::catalog::{AwardKind, CriteriaByKind};
use crate::ids::{AwardId, Code, LearnerId, OperationId};
use crate::time::Timestamp;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Request {
    /// Tell who would get what under criteria; change nothing.
    DryRun {
        /// The criteria; none for the session's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        criteria: Option<CriteriaByKind>,
    },
    /// Look at every learner under new criteria, then put them in force.
    ChangeCriteria {
        /// The criteria.
        criteria: CriteriaByKind,
        /// The hash of the session as it was when they were written: in between, nobody else may change it.
        session_sha256: String,
        /// Why.
        reason: String,
        /// Whether awards may stand though their criteria are met no more.
        #[serde(default)]
        orphans: Orphans,
    },
    /// Decide by hand about each learner of a list.
    Decide {
        /// Which award.
        award: AwardKind,
        /// What; none gives the criteria their say back.
        verdict: Option<Verdict>,
        /// Why.
        reason: String,
        /// About whom.
        learners: Vec<LearnerId>,
    },
    /// Revoke the credential of each learner of a list.
    Revoke {
        /// Which award.
        award: AwardKind,
        /// Published with it.
        category: RevocationCategory,
        /// Why; never published.
        reason: String,
        /// Whose.
        learners: Vec<LearnerId>,
    },
}

/// What is to become of awards whose criteria would be met no more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Orphans {
    /// An officer is asked before anything changes.
    #[default]
    Ask,
    /// They stand, each with an alert.
    Keep,
}

impl Request {
    /// The word for its kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::DryRun { .. } => "dry_run",
            Self::ChangeCriteria { .. } => "change_criteria",
            Self::Decide { .. } => "decide",
            Self::Revoke { .. } => "revoke",
        }
    }

    /// The learners that it names one by one; none where it is about all learners of the session.
    pub fn learners(&self) -> Option<&[LearnerId]> {
        match self {
            Self::DryRun { .. } | Self::ChangeCriteria { .. } => None,
            Self::Decide { learners, .. } | Self::Revoke { learners, .. } => Some(learners),
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// A worker does its next part.
    Running,
    /// Somebody stopped it; it can go on.
    Paused,
    /// It asks before it goes on: awards would no longer be covered by the criteria.
    NeedsConfirmation,
    /// All of it is done.
    Done,
    /// It could not go on; what was done stands.
    Failed,
    /// Somebody ended it; what was done stands.
    Cancelled,
}

impl OperationState {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused => "paused",
            Self::NeedsConfirmation => "needs_confirmation",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing will happen any more.
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }
}

/// How far an operation came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// Nothing is done.
    Start,
    /// Everybody up to this learner is done, in the order of their ids.
    After(LearnerId),
    /// So many of the learners that were named are done.
    Named(u32),
    /// Every learner was looked at; what follows from all of them is to be done.
    Conclusion,
}

/// An operation.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// The issuer whose officers may see it.
    pub issuer: Code,
    /// The session it is about.
    pub session: Code,
    /// What was asked for.
    pub request: Request,
    /// Where it stands.
    pub state: OperationState,
    /// How far it came.
    pub place: Place,
    /// How many learners there are to look at, as counted at the start.
    pub total: u32,
    /// How many are done.
    pub done: u32,
    /// How many rows there are of each outcome.
    pub counts: BTreeMap<RowOutcome, u32>,
    /// Why it failed.
    pub problem: Option<String>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it last went on.
    pub changed: Timestamp,
}

/// What came of one learner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowOutcome {
    /// Has the award, and meets the criteria.
    Keeps,
    /// Has the award, and does not meet the criteria (any more): it stands.
    KeepsThoughUnmet,
    /// Meets the criteria and would get the award.
    Gains,
    /// Misses something.
    Misses,
    /// Meets the criteria; an officer refused the award.
    Refused,
    /// What the officer decided holds from now on.
    Decided,
    /// The credential is revoked.
    Revoked,
    /// It was revoked before.
    AlreadyRevoked,
    /// There is no signed credential to revoke.
    NothingToRevoke,
    /// A new version of the credential is being made, which would take its place: to be revoked once it is signed.
    BeingReplaced,
}

impl RowOutcome {
    /// All outcomes.
    pub const ALL: [Self; 10] = [
        Self::Keeps,
        Self::KeepsThoughUnmet,
        Self::Gains,
        Self::Misses,
        Self::Refused,
        Self::Decided,
        Self::Revoked,
        Self::AlreadyRevoked,
        Self::NothingToRevoke,
        Self::BeingReplaced,
    ];

    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keeps => "keeps",
            Self::KeepsThoughUnmet => "keeps_though_unmet",
            Self::Gains => "gains",
            Self::Misses => "misses",
            Self::Refused => "refused",
            Self::Decided => "decided",
            Self::Revoked => "revoked",
            Self::AlreadyRevoked => "already_revoked",
            Self::NothingToRevoke => "nothing_to_revoke",
            Self::BeingReplaced => "being_replaced",
        }
    }

    /// For officers.
    pub const fn label(self) -> (&'static str, &'static str) {
        match self {
            Self::Keeps => ("a l’attribution et remplit les critères", "has the award and meets the criteria"),
            Self::KeepsThoughUnmet => (
                "a l’attribution sans remplir les critères : elle est maintenue",
                "has the award without meeting the criteria: it stands",
            ),
            Self::Gains => {
                ("remplit les critères et obtiendrait l’attribution", "meets the criteria and would get the award")
            }
            Self::Misses => ("ne remplit pas encore les critères", "does not meet the criteria yet"),
            Self::Refused => {
                ("remplit les critères, mais l’attribution a été refusée", "meets the criteria, but was refused")
            }
            Self::Decided => ("décision enregistrée", "decision recorded"),
            Self::Revoked => ("révoqué", "revoked"),
            Self::AlreadyRevoked => ("déjà révoqué", "revoked before"),
            Self::NothingToRevoke => ("aucun badge signé à révoquer", "no signed badge to revoke"),
            Self::BeingReplaced => (
                "une nouvelle version est en préparation : à révoquer une fois signée",
                "a new version is being made: to be revoked once signed",
            ),
        }
    }
}

/// One line of an operation's report. It names nobody but by our id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// Whom it is about.
    pub learner: LearnerId,
    /// What came of it.
    pub outcome: RowOutcome,
    /// More.
    #[serde(flatten)]
    pub detail: RowDetail,
}

/// What a report says beside the outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowDetail {
    /// Which award.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AwardKind>,
    /// The award, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub award: Option<AwardId>,
    /// What is missing, thing by thing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<Missing>,
}

/// What a learner misses, in both languages.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// In French.
    pub fr: Vec<String>,
    /// In English.
    pub en: Vec<String>,
}
