//! Award criteria at work: a rule tree read against a learner's ledger, with the reasons, and the same tree put into words.
//!
//! Everything here is a pure function of a session and a ledger. The ledger is first reduced to what stands (`state`): per
//! activity, unit, course and meeting the latest event of the source's own clock, in a tie the variant of [`State`](crate::evidence::State)
//! that comes last. So neither the order of arrival nor a repeated delivery can change a decision. The rule is resolved against
//! the training (`ask`), evaluated with an explanation at each node (`evaluate`), and published in words (`narrative`).
//!
//! Results that belong to the learner alone ([`Training::result_belongs_to_learner`](crate::catalog::Training)) never decide:
//! a self-assessment counts as done whatever came out of it, and no explanation says how it went.
//!
//! Architecture invariant: no type of this module can carry a score, and nothing here knows credentials, sources or storage.

mod ask;
mod attendance;
mod evaluate;
mod missing;
mod narrative;
mod progress;
#[cfg(test)]
mod properties;
mod results;
#[cfg(test)]
mod samples;
mod state;
mod time_spent;
mod wording;

pub use narrative::narrative;
pub use progress::{Progress, Step, StepState, progress};
pub use results::EffectiveDuration;

use serde::{Deserialize, Serialize};

use crate::catalog::{AwardKind, EffectiveSession, TimeBasis};
use crate::evidence::Ledger;
use crate::text::Bilingual;
use crate::time::Timestamp;

/// Whether a learner's ledger meets the criteria of one kind of award, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The award that it is about.
    pub kind: AwardKind,
    /// Whether the criteria are met.
    pub met: bool,
    /// The criteria as a tree, each node met or not, with its reasons.
    pub explanation: Finding,
    /// The moments of the first and the last evidence that a met decision rests on; none where it is not met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited: Option<(Timestamp, Timestamp)>,
    /// How much time there is, and which of it counted.
    #[serde(default, skip_serializing_if = "TimeRecord::is_empty")]
    pub time: TimeRecord,
    /// Whether a met decision on a certificate rests on an activity that had to be passed and was. Never by a self-assessment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub passed: bool,
}

/// How much time was spent, by each way of counting, and what of it a decision rests on. The award keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeRecord {
    /// What a met decision rests on: each condition on time or attendance that counted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<TimeCounted>,
    /// The declared durations of all that was done, in seconds, whenever that was; none where nothing was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credited_seconds: Option<u64>,
    /// All time measured by the source or by attendance, overlaps counted once, in seconds; none where none was measured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub measured_seconds: Option<u64>,
    /// The latest total that the LMS declared, in seconds; none where it declared none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub declared_seconds: Option<u64>,
}

impl TimeRecord {
    /// Whether nothing is known of any time.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A condition on time that counted: how it was counted, how much there was, and how much was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeCounted {
    /// How.
    pub basis: CountedBy,
    /// How much there was, in seconds, inside the condition's window.
    pub seconds: u64,
    /// How much was asked, in seconds.
    pub asked_seconds: u64,
}

/// How time that counted was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CountedBy {
    /// The declared duration of each validated activity.
    Credited,
    /// Measured by the source, or by attendance.
    Measured,
    /// A total that the LMS declared.
    Declared,
    /// Attendance at meetings, as a share of their scheduled time.
    Attendance,
}

impl CountedBy {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => TimeBasis::Credited.as_str(),
            Self::Measured => TimeBasis::Measured.as_str(),
            Self::Declared => TimeBasis::Declared.as_str(),
            Self::Attendance => "attendance",
        }
    }
}

impl From<TimeBasis> for CountedBy {
    fn from(basis: TimeBasis) -> Self {
        match basis {
            TimeBasis::Credited => Self::Credited,
            TimeBasis::Measured => Self::Measured,
            TimeBasis::Declared => Self::Declared,
        }
    }
}

/// One node of an explanation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Whether it is met.
    pub met: bool,
    /// What is asked, as an infinitive without capital or full stop: "complete “Welcome”". Plain text, not Markdown.
    pub label: Bilingual,
    /// How it is met, or what is missing and why: "failed on 3 March 2026". Plain text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Bilingual>,
    /// The window that starts here, if one does: already part of `label`, and true of all children.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Bilingual>,
    /// When a leaf that is met was done: the moment of its latest evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How much time a leaf on time found, out of how much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeCounted>,
    /// The evidence that decided this node by itself, as [`Evidence::key`](crate::evidence::Evidence::key), oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
    /// How `met` follows from the children.
    pub needs: Needs,
    /// The parts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Finding>,
}

/// How a node of an explanation follows from its children.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Needs {
    /// A leaf: from evidence alone.
    Evidence,
    /// From every child, and there is one.
    All,
    /// From one child at least.
    Any,
    /// From that many children at least.
    AtLeast(u32),
}

impl Needs {
    /// Whether so many met children out of all are enough.
    fn satisfied_by(self, met: usize, all: usize) -> bool {
        match self {
            // An empty list is refused by `Rule::check`; here it awards nothing.
            Self::Evidence => false,
            Self::All => met == all && all > 0,
            Self::Any => met > 0,
            Self::AtLeast(n) => met >= n as usize,
        }
    }
}

/// Decides one kind of award for the learner whose ledger it is. None where the session does not grant that kind.
///
/// Evidence of another session, or about activities and units that the training does not have, is ignored.
pub fn decide(session: &EffectiveSession, kind: AwardKind, ledger: &Ledger) -> Option<Decision> {
    let criteria = session.criteria().get(kind)?;
    let ask = ask::Ask::of(&criteria.rule, session);
    Some(evaluate::decide(&ask, session, kind, ledger))
}
