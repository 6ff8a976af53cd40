//! Evidence: one fact about one learner in one session; and the ledger, all that is known of that learner there.
//!
//! Evidence is append-only and is never changed: a withdrawn completion is a fact too. Which fact holds is decided by the
//! source's own event time, never by the order of arrival. Scores stay here: no later module has a type that can carry one.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::ids::{Code, LearnerId, hex};
use crate::time::Timestamp;

/// One fact, by whom it was reported and when it happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// The session it is about.
    pub session: Code,
    /// The learner it is about.
    pub learner: LearnerId,
    /// The source that reported it.
    pub source: Code,
    /// When it happened, by the source's clock.
    pub at: Timestamp,
    /// What happened.
    pub fact: Fact,
    /// The result that came with it; for the ledger's owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<Score>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fact {
    /// An activity changed state.
    Activity {
        /// Which one.
        code: Code,
        /// To which state.
        state: State,
    },
    /// One thing became known of an activity whose source tells of completion and success apart, as cmi5 does. Parts add up,
    /// whatever comes first: a completion after a pass takes nothing back.
    ActivityPart {
        /// Which one.
        code: Code,
        /// What.
        part: Part,
    },
    /// A unit changed state.
    Unit {
        /// Which one.
        code: Code,
        /// To which state.
        state: State,
    },
    /// The whole course changed state.
    Course {
        /// To which state.
        state: State,
    },
    /// Time was measured on an activity, or on the training as a whole.
    TimeMeasured {
        /// On which activity, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        activity: Option<Code>,
        /// How much, in seconds, in the stretch that ended at the evidence's moment.
        seconds: u64,
    },
    /// The LMS declares a total of time spent so far.
    TimeDeclared {
        /// The total, in seconds.
        seconds: u64,
    },
    /// Attendance at a meeting, as it was stated at some moment: of two statements the later holds, so that a corrected sheet
    /// replaces the one before. The evidence's own moment is the meeting's end.
    Attendance {
        /// The meeting's code in the session.
        meeting: Code,
        /// When it was stated.
        stated: Timestamp,
        /// The times of presence; none means absent.
        intervals: Vec<Interval>,
    },
    /// A fact counts no more: its source took it back. So it is whoever else reported it, and whichever of both came first.
    Retracted {
        /// The fact's [`Evidence::fact_key`].
        key: String,
    },
}

/// What may become known of an activity by itself, from the least to the most: of several, the last holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// It was done.
    Completed,
    /// It was not passed.
    Failed,
    /// It was passed.
    Passed,
}

/// A time of presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// From when.
    pub from: Timestamp,
    /// Until when; nothing where that is not after `from`.
    pub until: Timestamp,
}

/// The state of an activity, a unit or a course, in the order that settles a tie at the same moment: the later variant wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Done (Moodle state 1).
    Completed,
    /// Done, with success (Moodle state 2).
    Passed,
    /// Done, without success (Moodle state 3).
    Failed,
    /// No longer done (Moodle state 0).
    Withdrawn,
}

/// A result, as the source scaled it: from -1 to 1 (as xAPI does).
#[derive(Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Score(pub f64);

/// A score never reaches a log by `{:?}`.
impl std::fmt::Debug for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Score(…)")
    }
}

impl Evidence {
    /// What makes two reports the same fact: a hash of learner, session, moment and fact. The source and the score are left
    /// out, so that one fact reported twice, or by two paths, counts once.
    pub fn key(&self) -> String {
        hashed(&(&self.session, self.learner, self.at.as_micros(), &self.fact))
    }

    /// The same within one learner's ledger, whichever of the learner's records it was reported for.
    pub fn fact_key(&self) -> String {
        hashed(&(&self.session, self.at.as_micros(), &self.fact))
    }

    /// The fact that takes this one back.
    #[must_use]
    pub fn retraction(&self) -> Self {
        Self { fact: Fact::Retracted { key: self.fact_key() }, score: None, ..self.clone() }
    }
}

fn hashed(identity: &impl Serialize) -> String {
    let text = serde_json::to_vec(identity).expect("plain values serialise");
    hex(&Sha256::digest(text))
}

/// All evidence of one learner in one session, in no particular order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// The facts.
    pub evidence: Vec<Evidence>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_fact_has_one_key_whoever_reports_it() {
        let evidence = |source: &str, score| Evidence {
            session: "s".parse().unwrap(),
            learner: "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".parse().unwrap(),
            source: source.parse().unwrap(),
            at: Timestamp::from_micros(5),
            fact: Fact::Activity { code: "a".parse().unwrap(), state: State::Completed },
            score,
        };
        assert_eq!(evidence("x", None).key(), evidence("y", Some(Score(0.5))).key());
        let mut later = evidence("x", None);
        later.at = Timestamp::from_micros(6);
        assert_ne!(evidence("x", None).key(), later.key());
    }

    #[test]
    fn a_tie_goes_to_withdrawn_then_failed_then_passed() {
        assert!(State::Withdrawn > State::Failed && State::Failed > State::Passed && State::Passed > State::Completed);
    }
}
