//! Award criteria as data: a typed rule tree. Its evaluation, explanation and narrative are in `criteria`.

use serde::{Deserialize, Serialize};

use super::{Activity, Assessment, AwardKind, CatalogError, LongText, Meeting, Percent, Training, Unit, refuse_twins};
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
    /// One activity reached. Completed "with fail" (Moodle state 3) is not completed, except where the result belongs to the
    /// learner alone: there, doing it is what counts.
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
    /// Attendance at the session's meetings, as a share of their scheduled time. What lies in two meetings at once counts once.
    Attendance {
        /// The least share, in percent.
        at_least: Percent,
        /// The codes of the meetings that count; all of the session's where absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 200))]
        of: Option<Vec<Code>>,
    },
    /// A questionnaire handed in, whatever its result.
    Questionnaire {
        /// The questionnaire's code among the training's activities.
        code: Code,
    },
    /// A rule that looks only at evidence inside a window, by the moment of the source's event.
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
    /// Passed. Refused for a self-assessment, and for any assessment of a training that does not certify: their results
    /// belong to the learner alone.
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

impl TimeBasis {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credited => "credited",
            Self::Measured => "measured",
            Self::Declared => "declared",
        }
    }
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
    /// Refuses a rule that names what the training does not have, that can never or always hold by its form, that rests on
    /// results which belong to the learner alone, or that is too large. `pointer` is the JSON Pointer of the rule in its
    /// document. What is asked of attendance is held against a session's meetings where these are known.
    pub fn check(&self, training: &Training, meetings: Option<&[Meeting]>, pointer: &str) -> Result<(), CatalogError> {
        Check { training, meetings, rules_left: MAX_RULES }.rule(self, pointer, 0, (None, None))
    }

    /// Whether any part of it asks for attendance.
    pub fn asks_attendance(&self) -> bool {
        self.any_leaf(&|rule| matches!(rule, Self::Attendance { .. }))
    }

    /// Whether any part of it asks that something be passed.
    pub fn asks_pass(&self) -> bool {
        let passed = |reached: &Reached| *reached == Reached::Passed;
        self.any_leaf(&|rule| match rule {
            Self::Activity { reached, .. } | Self::ExpectedActivities { reached } => passed(reached),
            _ => false,
        })
    }

    fn any_leaf(&self, holds: &impl Fn(&Self) -> bool) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) | Self::AtLeast { of: rules, .. } => {
                rules.iter().any(|rule| rule.any_leaf(holds))
            }
            Self::Within { rule, .. } => rule.any_leaf(holds),
            leaf => holds(leaf),
        }
    }
}

/// The bounds within which evidence counts at some place of the tree.
type Bounds = (Option<Timestamp>, Option<Timestamp>);

/// A walk through one tree.
struct Check<'a> {
    training: &'a Training,
    meetings: Option<&'a [Meeting]>,
    rules_left: usize,
}

impl Check<'_> {
    fn rule(&mut self, rule: &Rule, pointer: &str, depth: usize, bounds: Bounds) -> Result<(), CatalogError> {
        let refuse = |at: &str, problem: String| Err(CatalogError::new(format!("{pointer}{at}"), problem));
        if depth > MAX_DEPTH || self.rules_left == 0 {
            return refuse("", format!("a rule has at most {MAX_DEPTH} levels and {MAX_RULES} parts"));
        }
        self.rules_left -= 1;
        match rule {
            Rule::All(rules) => self.list(rules, &format!("{pointer}/all"), depth, bounds),
            Rule::Any(rules) => self.list(rules, &format!("{pointer}/any"), depth, bounds),
            Rule::AtLeast { n, of } if *n == 0 || *n as usize > of.len() => {
                refuse("/at_least/n", format!("n must lie between 1 and the {} rules of the list", of.len()))
            }
            Rule::AtLeast { of, .. } => self.list(of, &format!("{pointer}/at_least/of"), depth, bounds),
            Rule::Activity { code, reached } => match self.training.activity(code) {
                None => refuse("/activity/code", format!("the training has no activity {code}")),
                Some(activity) => self.reached(activity, *reached, &format!("{pointer}/activity/reached")),
            },
            Rule::Questionnaire { code } if self.training.activity(code).is_none() => {
                refuse("/questionnaire/code", format!("the training has no activity {code}"))
            }
            Rule::ExpectedActivities { .. } if self.training.expected_activities().next().is_none() => {
                refuse("/expected_activities", "the training marks no activity as expected".into())
            }
            Rule::ExpectedActivities { reached } => {
                let pointer = format!("{pointer}/expected_activities/reached");
                self.training.expected_activities().try_for_each(|activity| self.reached(activity, *reached, &pointer))
            }
            Rule::Unit { code } if self.training.unit(code).is_none() => {
                refuse("/unit/code", format!("the training has no unit {code}"))
            }
            Rule::TimeSpent { at_least, basis: TimeBasis::Credited } => {
                let most: u64 = self.training.units.iter().map(Unit::full_credit_seconds).sum();
                if at_least.as_seconds() > most {
                    let problem = format!("more than all activities together credit, which is {} min", most / 60);
                    return refuse("/time_spent/at_least", problem);
                }
                Ok(())
            }
            Rule::Within { from, until, .. } if from.is_none() && until.is_none() => {
                refuse("/within", "the window needs a bound".into())
            }
            Rule::Within { from, until, rule } => {
                let from = bounds.0.max(*from);
                let until = [bounds.1, *until].into_iter().flatten().min();
                if from.zip(until).is_some_and(|(from, until)| from >= until) {
                    return refuse("/within", "the window, inside those around it, must end after it starts".into());
                }
                self.rule(rule, &format!("{pointer}/within/rule"), depth + 1, (from, until))
            }
            Rule::Attendance { of, .. } => self.attendance(of.as_deref(), &format!("{pointer}/attendance"), bounds),
            Rule::Unit { .. } | Rule::Course {} | Rule::TimeSpent { .. } | Rule::Questionnaire { .. } => Ok(()),
        }
    }

    fn list(&mut self, rules: &[Rule], pointer: &str, depth: usize, bounds: Bounds) -> Result<(), CatalogError> {
        if rules.is_empty() {
            return Err(CatalogError::new(pointer, "the list is empty"));
        }
        rules.iter().enumerate().try_for_each(|(i, rule)| self.rule(rule, &format!("{pointer}/{i}"), depth + 1, bounds))
    }

    /// A meeting counts inside a window where it ends inside it.
    fn attendance(&self, of: Option<&[Code]>, pointer: &str, (from, until): Bounds) -> Result<(), CatalogError> {
        let named = of.unwrap_or_default();
        refuse_twins(named.iter().enumerate().map(|(i, code)| (code, format!("{pointer}/of/{i}"))))?;
        if of.is_some() && named.is_empty() {
            return Err(CatalogError::new(
                format!("{pointer}/of"),
                "the list is empty; leave it out to mean all meetings",
            ));
        }
        let Some(meetings) = self.meetings else { return Ok(()) };
        let inside = |meeting: &Meeting| {
            from.is_none_or(|from| from <= meeting.ends) && until.is_none_or(|until| meeting.ends < until)
        };
        for (i, code) in named.iter().enumerate() {
            let problem = match meetings.iter().find(|meeting| meeting.code == *code) {
                Some(meeting) if inside(meeting) => continue,
                Some(_) => format!("the meeting {code} does not end inside the window around this rule"),
                None => format!("the session has no meeting {code}"),
            };
            return Err(CatalogError::new(format!("{pointer}/of/{i}"), problem));
        }
        if !meetings.iter().any(inside) {
            return Err(CatalogError::new(pointer, "the session has no meeting to attend here"));
        }
        Ok(())
    }

    fn reached(&self, activity: &Activity, reached: Reached, pointer: &str) -> Result<(), CatalogError> {
        let certifying = self.training.assessment == Assessment::Certifying;
        if reached == Reached::Passed && !certifying && self.training.result_belongs_to_learner(activity) {
            let problem = format!(
                "the result of {} belongs to the learner alone: ask for \"completed\", or declare the training certifying",
                activity.code
            );
            return Err(CatalogError::new(pointer, problem));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn problem(rule: Value) -> Option<String> {
        let training: Training = serde_json::from_value(json!({
            "code": "t", "issuer": "i", "title": "T", "description": "D", "objectives": ["O"],
            "modality": "webinar", "duration": "PT1H", "criteria": { "participation": { "rule": rule } },
            "units": [{ "code": "u", "title": "U", "activities": [
                { "code": "a", "title": "A", "duration": "PT1H" },
                { "code": "s", "title": "S", "kind": "self_assessment", "duration": "PT1H" }
            ] }]
        }))
        .unwrap();
        training
            .check()
            .err()
            .map(|refused| refused.pointer.trim_start_matches("/criteria/participation/rule").to_owned())
    }

    #[test]
    fn a_rule_that_cannot_work_is_refused_where_it_is_wrong() {
        let a = || json!({ "activity": { "code": "a" } });
        let time = |time: &str| json!({ "time_spent": { "at_least": time, "basis": "credited" } });
        let within =
            |from: &str, until: &str, rule: Value| json!({ "within": { "from": from, "until": until, "rule": rule } });
        let (march, june) = ("2026-03-01T00:00:00Z", "2026-06-01T00:00:00Z");
        assert_eq!(problem(json!({ "all": [a(), time("PT2H"), within(march, june, a())] })), None);
        for (rule, pointer) in [
            (json!({ "all": [] }), "/all"),
            (json!({ "any": [a(), { "activity": { "code": "b" } }] }), "/any/1/activity/code"),
            (json!({ "at_least": { "n": 2, "of": [a()] } }), "/at_least/n"),
            (json!({ "at_least": { "n": 1, "of": [{ "unit": { "code": "v" } }] } }), "/at_least/of/0/unit/code"),
            (json!({ "questionnaire": { "code": "b" } }), "/questionnaire/code"),
            (json!({ "activity": { "code": "s", "reached": "passed" } }), "/activity/reached"),
            (json!({ "expected_activities": { "reached": "passed" } }), "/expected_activities/reached"),
            (json!({ "attendance": { "at_least": 80, "of": [] } }), "/attendance/of"),
            (json!({ "attendance": { "at_least": 80, "of": ["m1", "m1"] } }), "/attendance/of/1"),
            (time("PT2H1S"), "/time_spent/at_least"),
            (json!({ "within": { "rule": a() } }), "/within"),
            (within(june, march, a()), "/within"),
            (within(march, june, within(june, "2026-07-01T00:00:00Z", a())), "/within/rule/within"),
            ((0..13).fold(a(), |rule, _| json!({ "all": [rule] })), &"/all/0".repeat(13)),
            (json!({ "all": vec![a(); 500] }), "/all/499"),
        ] {
            assert_eq!(problem(rule.clone()).as_deref(), Some(pointer), "{rule}");
        }
    }
}
