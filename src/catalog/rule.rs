//! Award criteria as data: a typed rule tree. Its evaluation, explanation and narrative are in `criteria`.

use serde::{Deserialize, Serialize};

use super::{AwardKind, CatalogError, LongText, Training};
use crate::ids::Code;
use crate::time::{Duration, Timestamp};

/// What must hold of a learner's ledger. In JSON each rule is an object with one member, such as
/// `{"all": [{"activity": {"code": "m1", "reached": "completed"}}, {"time_spent": {"at_least": "PT3H", "basis": "credited"}}]}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Every rule of the list.
    All(Vec<Rule>),
    /// One rule of the list at least.
    Any(Vec<Rule>),
    /// `n` rules of the list at least.
    #[serde(rename = "at_least")]
    AtLeast {
        /// How many.
        n: u32,
        /// Out of which.
        of: Vec<Rule>,
    },
    /// One activity reached.
    Activity {
        /// The activity's code in the training.
        code: Code,
        /// How far.
        #[serde(default)]
        reached: Reached,
    },
    /// Every activity that the training marks as expected.
    ExpectedActivities {
        /// How far.
        #[serde(default)]
        reached: Reached,
    },
    /// Every expected activity of one unit, or the source's word that the unit is complete.
    Unit {
        /// The unit's code in the training.
        code: Code,
    },
    /// The source's word that the whole course is complete.
    Course {},
    /// Time spent on the training.
    TimeSpent {
        /// The least that counts.
        at_least: Duration,
        /// How time is counted.
        basis: TimeBasis,
    },
    /// A questionnaire handed in, whatever its result.
    Questionnaire {
        /// The questionnaire's code among the training's activities.
        code: Code,
    },
    /// A rule that looks only at evidence inside a window.
    Within {
        /// The first moment that counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// The first moment that no longer counts.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// The rule.
        rule: Box<Rule>,
    },
}

/// How far an activity must have been taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reached {
    /// Completed, with or without a pass.
    #[default]
    Completed,
    /// Passed.
    Passed,
}

/// How time spent is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TimeBasis {
    /// The declared duration of each validated activity, as the universities' Attestoodle plugin does.
    Credited,
    /// Durations measured by the source (cmi5, attendance).
    Measured,
    /// A total that the LMS declares.
    Declared,
}

/// The rule for one kind of award, and its public wording where the training supplies one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AwardCriteria {
    /// What must hold.
    pub rule: Rule,
    /// Wording in Markdown, instead of the one generated from the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub narrative: Option<LongText>,
}

/// The criteria of each kind of award that a training grants: at least one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CriteriaByKind {
    /// For the attestation of participation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub participation: Option<AwardCriteria>,
    /// For the certificate; certifying trainings only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate: Option<AwardCriteria>,
}

impl CriteriaByKind {
    /// The criteria of one kind.
    pub fn get(&self, kind: AwardKind) -> Option<&AwardCriteria> {
        match kind {
            AwardKind::Participation => self.participation.as_ref(),
            AwardKind::Certificate => self.certificate.as_ref(),
        }
    }

    /// The kinds that have criteria, with them.
    pub fn iter(&self) -> impl Iterator<Item = (AwardKind, &AwardCriteria)> {
        AwardKind::ALL.into_iter().filter_map(|kind| Some((kind, self.get(kind)?)))
    }
}

/// The deepest tree that is accepted: far more than people can read.
const MAX_DEPTH: usize = 12;
/// The most rules in one tree.
const MAX_RULES: usize = 500;

impl Rule {
    /// Refuses a rule that names what the training does not have, that can never or always hold by its form, or that is too
    /// large. `pointer` is the JSON Pointer of the rule in its document.
    pub fn check(&self, training: &Training, pointer: &str) -> Result<(), CatalogError> {
        let mut budget = MAX_RULES;
        self.check_at(training, pointer, 0, &mut budget)
    }

    fn check_at(
        &self,
        training: &Training,
        pointer: &str,
        depth: usize,
        budget: &mut usize,
    ) -> Result<(), CatalogError> {
        let refuse = |at: &str, problem: String| Err(CatalogError::new(format!("{pointer}{at}"), problem));
        if depth > MAX_DEPTH || *budget == 0 {
            return refuse("", format!("a rule has at most {MAX_DEPTH} levels and {MAX_RULES} parts"));
        }
        *budget -= 1;
        let no_activity = |at: &str, code: &Code| refuse(at, format!("the training has no activity {code}"));
        let mut children = |name: &str, rules: &[Rule]| {
            if rules.is_empty() {
                return refuse(&format!("/{name}"), "the list is empty".into());
            }
            rules
                .iter()
                .enumerate()
                .try_for_each(|(i, rule)| rule.check_at(training, &format!("{pointer}/{name}/{i}"), depth + 1, budget))
        };
        match self {
            Self::All(rules) => children("all", rules),
            Self::Any(rules) => children("any", rules),
            Self::AtLeast { n, of } => {
                if *n == 0 || *n as usize > of.len() {
                    return refuse(
                        "/at_least/n",
                        format!("n must lie between 1 and the {} rules of the list", of.len()),
                    );
                }
                children("at_least/of", of)
            }
            Self::Activity { code, .. } if training.activity(code).is_none() => no_activity("/activity/code", code),
            Self::Questionnaire { code } if training.activity(code).is_none() => {
                no_activity("/questionnaire/code", code)
            }
            Self::ExpectedActivities { .. } if training.expected_activities().next().is_none() => {
                refuse("/expected_activities", "the training marks no activity as expected".into())
            }
            Self::Unit { code } => match training.unit(code) {
                None => refuse("/unit/code", format!("the training has no unit {code}")),
                Some(_) => Ok(()),
            },
            Self::Within { from, until, rule } => {
                if from.is_none() && until.is_none() || from.zip(*until).is_some_and(|(from, until)| from >= until) {
                    return refuse("/within", "the window needs a bound, and must end after it starts".into());
                }
                rule.check_at(training, &format!("{pointer}/within/rule"), depth + 1, budget)
            }
            Self::Activity { .. }
            | Self::ExpectedActivities { .. }
            | Self::Course {}
            | Self::TimeSpent { .. }
            | Self::Questionnaire { .. } => Ok(()),
        }
    }
}
