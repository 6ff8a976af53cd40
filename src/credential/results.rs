//! Results of a learner (Open Badges 3.0 § B.1, Result and ResultDescription): the estimated duration of the training, how long it
//! took this learner, and that what had to be passed was (ADR 21).
//!
//! A result points to a description of the same achievement. An achievement is the same for all its learners, so each way of
//! counting time has a description of its own, by one id: what differs from learner to learner is which of them are used. A
//! credential carries the descriptions that its results point to; the achievement's public address shows them all.
//!
//! No result is a score: those end in the ledger.

use serde_json::{Value, json};

use super::view::items;
use crate::award::{AchievementSnapshot, Snapshot};
use crate::catalog::AwardKind;
use crate::criteria::{CountedBy, EffectiveDuration};
use crate::text::Lang;
use crate::time::Duration;

/// The `resultType` of the result that states the duration of a training, as ISO 8601.
const DURATION: &str = "ext:Duration";
/// The `resultType` of a result that is no more than how far the learner got (OB 3.0 § B.4, ResultType).
const STATUS: &str = "Status";
/// Of that: "the learner has successfully completed" it (OB 3.0 § B.4, ResultStatusType).
const COMPLETED: &str = "Completed";

/// A result that a learner may have of an achievement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The estimated duration: the same for everybody.
    Estimated,
    /// How long it took the learner, counted one way.
    Effective(CountedBy),
    /// What had to be passed was.
    Passed,
}

impl Kind {
    /// All of them, in the order in which they stand: verifiers that know nothing of format 3 read the first.
    fn all() -> impl Iterator<Item = Self> {
        [Self::Estimated].into_iter().chain(CountedBy::BY_TRUST.map(Self::Effective)).chain([Self::Passed])
    }

    /// Its description's `id` in an achievement.
    fn id(self, achievement: &str) -> String {
        match self {
            Self::Estimated => format!("{achievement}#duration"),
            Self::Effective(basis) => format!("{achievement}#effective-duration-{}", basis.as_str()),
            Self::Passed => format!("{achievement}#passed"),
        }
    }

    /// What it is to machines.
    const fn result_type(self) -> &'static str {
        match self {
            Self::Estimated => DURATION,
            Self::Effective(CountedBy::Measured) => "ext:MeasuredDuration",
            Self::Effective(CountedBy::Attendance) => "ext:AttendedDuration",
            Self::Effective(CountedBy::Credited) => "ext:CreditedDuration",
            Self::Effective(CountedBy::Declared) => "ext:DeclaredDuration",
            Self::Passed => STATUS,
        }
    }

    /// What wallets show before the value.
    fn name(self, lang: Lang) -> String {
        match self {
            Self::Estimated => lang.pick("Durée estimée", "Estimated duration").to_owned(),
            Self::Effective(basis) => {
                format!("{} ({})", lang.pick("Durée effective", "Effective duration"), basis.label(lang))
            }
            Self::Passed => lang.pick("Réussite aux évaluations demandées", "Required assessments passed").to_owned(),
        }
    }

    fn description(self, what: &AchievementSnapshot, achievement: &str) -> Value {
        json!({
            "id": self.id(achievement),
            "type": ["ResultDescription"],
            "name": self.name(what.language),
            "resultType": self.result_type(),
        })
    }

    /// Whether a learner may have it of this achievement.
    fn may_be_of(self, what: &AchievementSnapshot) -> bool {
        self != Self::Passed || what.kind == AwardKind::Certificate && what.rule.asks_pass()
    }

    /// The result, where the learner has it.
    fn result(self, snapshot: &Snapshot, achievement: &str) -> Option<Value> {
        let (name, value) = match self {
            Self::Estimated => ("value", snapshot.achievement.duration.to_string()),
            Self::Effective(basis) => {
                let effective = snapshot.time.effective().filter(|effective| effective.basis == basis);
                ("value", effective?.duration.to_string())
            }
            Self::Passed => ("status", snapshot.passed.then(|| COMPLETED.to_owned())?),
        };
        Some(json!({ "type": ["Result"], "resultDescription": self.id(achievement), name: value }))
    }
}

/// The descriptions of all results that a learner may have of an achievement.
pub(super) fn described(what: &AchievementSnapshot, achievement: &str) -> Value {
    Kind::all().filter(|kind| kind.may_be_of(what)).map(|kind| kind.description(what, achievement)).collect()
}

/// The descriptions of the results that a learner has, and these.
pub(super) fn results(snapshot: &Snapshot, achievement: &str) -> (Value, Value) {
    let what = &snapshot.achievement;
    let of_learner = Kind::all()
        .filter(|kind| kind.may_be_of(what))
        .filter_map(|kind| Some((kind.description(what, achievement), kind.result(snapshot, achievement)?)));
    let (descriptions, results): (Vec<_>, Vec<_>) = of_learner.unzip();
    (Value::Array(descriptions), Value::Array(results))
}

/// What a credential states as results, as far as we know what they mean.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Stated {
    pub(super) duration: Option<Duration>,
    pub(super) effective: Option<EffectiveDuration>,
    pub(super) passed: bool,
}

impl Stated {
    /// Reads each result by what its description says it is; of format 1, the duration where that had it.
    pub(super) fn read(document: &Value) -> Self {
        let Some(achievement) = document.pointer("/credentialSubject/achievement") else { return Self::default() };
        let descriptions = items(achievement.get("resultDescription"));
        let results = items(document.pointer("/credentialSubject/result"));
        let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        let id = text(achievement, "id").unwrap_or_default();
        let result = |kind: Kind| {
            let described =
                descriptions.iter().filter(|it| text(it, "resultType").as_deref() == Some(kind.result_type()));
            // A status may be of anything; ours is known by its place.
            let described =
                described.filter_map(|it| text(it, "id")).find(|it| kind != Kind::Passed || *it == kind.id(&id))?;
            results.iter().find(|it| text(it, "resultDescription").as_ref() == Some(&described))
        };
        let value = |kind| text(result(kind)?, "value")?.parse().ok();
        Self {
            duration: value(Kind::Estimated).or_else(|| text(achievement, "timeRequired")?.parse().ok()),
            effective: CountedBy::BY_TRUST
                .into_iter()
                .find_map(|basis| Some(EffectiveDuration { duration: value(Kind::Effective(basis))?, basis })),
            passed: result(Kind::Passed).is_some_and(|it| text(it, "status").as_deref() == Some(COMPLETED)),
        }
    }
}
