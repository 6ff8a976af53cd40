//! What an award may say of its learner's own results: how long the training took them, and that what had to be passed was.
//!
//! Both are of one learner, unlike the criteria. Neither is a score: an amount of time with the way it was counted, and a yes
//! without a mark, a date or a list of what was passed.

use super::{CountedBy, TimeRecord};
use crate::text::Lang;
use crate::time::Duration;

/// How long a training took a learner, in whole minutes, and how that was counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffectiveDuration {
    /// How long.
    pub duration: Duration,
    /// How it was counted.
    pub basis: CountedBy,
}

impl TimeRecord {
    /// The one amount of time that an award states: what its criteria rest on, else the measured time, else the credited, else
    /// the total that the LMS declared; none where nothing is known, or less than a minute.
    ///
    /// Of several conditions on time, the one that was observed comes before those that were set before or taken on trust; of
    /// the same way of counting, the largest. Minutes are rounded down: no one is told more than there was.
    pub fn effective(&self) -> Option<EffectiveDuration> {
        let counted = |basis| self.counted.iter().filter(move |it| it.basis == basis).map(|it| it.seconds).max();
        let rested_on = CountedBy::BY_TRUST.map(|basis| (basis, counted(basis)));
        let known = [
            (CountedBy::Measured, self.measured_seconds),
            (CountedBy::Credited, self.credited_seconds),
            (CountedBy::Declared, self.declared_seconds),
        ];
        rested_on.into_iter().chain(known).find_map(|(basis, seconds)| {
            let duration = Duration::from_seconds(seconds? / 60 * 60)?;
            Some(EffectiveDuration { duration, basis })
        })
    }
}

impl CountedBy {
    /// All of them: what was observed, then what was set before, then what is taken on the platform's word.
    pub const BY_TRUST: [Self; 4] = [Self::Measured, Self::Attendance, Self::Credited, Self::Declared];

    /// For people, behind an amount of time.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Measured, Lang::Fr) => "temps mesuré",
            (Self::Measured, Lang::En) => "measured time",
            (Self::Attendance, Lang::Fr) => "temps de présence",
            (Self::Attendance, Lang::En) => "time attended",
            (Self::Credited, Lang::Fr) => "temps crédité pour les activités terminées",
            (Self::Credited, Lang::En) => "time credited for completed activities",
            (Self::Declared, Lang::Fr) => "temps déclaré par la plateforme",
            (Self::Declared, Lang::En) => "time declared by the platform",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::samples::{activity, ledger, training};
    use super::super::{TimeCounted, decide};
    use super::*;
    use crate::catalog::{AwardKind, EffectiveSession};
    use crate::evidence::{Evidence, State};

    fn record(counted: &[(CountedBy, u64)], others: [Option<u64>; 3]) -> TimeRecord {
        let [measured_seconds, credited_seconds, declared_seconds] = others;
        let counted = counted.iter().map(|&(basis, seconds)| TimeCounted { basis, seconds, asked_seconds: 60 });
        TimeRecord { counted: counted.collect(), credited_seconds, measured_seconds, declared_seconds }
    }

    #[test]
    fn what_the_criteria_rest_on_comes_first_then_what_is_known() {
        use CountedBy::{Attendance, Credited, Declared, Measured};
        let said = |counted: &[_], others| {
            record(counted, others).effective().map(|time| (time.basis, time.duration.to_string()))
        };
        let all = [Some(3600), Some(7200), Some(10_800)];
        for (counted, others, expected) in [
            (&[][..], [None; 3], None),
            (&[], all, Some((Measured, "PT1H"))),
            (&[], [None, Some(7200), Some(10_800)], Some((Credited, "PT2H"))),
            (&[], [None, None, Some(10_800)], Some((Declared, "PT3H"))),
            (&[(Declared, 60)], all, Some((Declared, "PT1M"))),
            (&[(Attendance, 11_430)], all, Some((Attendance, "PT3H10M"))),
            (&[(Credited, 600), (Declared, 900), (Attendance, 300)], all, Some((Attendance, "PT5M"))),
            (&[(Attendance, 300), (Measured, 240)], all, Some((Measured, "PT4M"))),
            (&[(Credited, 600), (Credited, 900)], all, Some((Credited, "PT15M"))),
            // Less than a minute says nothing, and what no duration can hold isn't believed.
            (&[], [Some(59), None, None], None),
            (&[], [Some(0), Some(60), None], Some((Credited, "PT1M"))),
            (&[], [None, None, Some(u64::MAX)], None),
            (&[(Declared, 36_000_000)], [None, Some(7200), None], Some((Credited, "PT2H"))),
        ] {
            let expected = expected.map(|(basis, duration)| (basis, duration.to_owned()));
            assert_eq!(said(counted, others), expected, "{counted:?} {others:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_never_more_than_what_was_counted_that_way(
            counted in prop::collection::vec((0_usize..4, 0_u64..40_000_000), 0..4),
            others in prop::array::uniform3(prop::option::of(0_u64..40_000_000)),
        ) {
            let counted: Vec<_> = counted.into_iter().map(|(basis, seconds)| (CountedBy::BY_TRUST[basis], seconds)).collect();
            let time = record(&counted, others);
            if let Some(EffectiveDuration { duration, basis }) = time.effective() {
                let of_basis = match basis {
                    CountedBy::Measured => time.measured_seconds,
                    CountedBy::Credited => time.credited_seconds,
                    CountedBy::Declared => time.declared_seconds,
                    CountedBy::Attendance => None,
                };
                let found: Vec<u64> = counted.iter().filter(|(by, _)| *by == basis).map(|(_, s)| *s).chain(of_basis).collect();
                prop_assert!(found.iter().any(|seconds| duration.as_seconds() <= *seconds && *seconds < duration.as_seconds() + 60));
                prop_assert_eq!(duration.as_seconds() % 60, 0);
                let text = duration.to_string();
                prop_assert_eq!(text.parse::<Duration>().unwrap(), duration);
            }
        }
    }

    fn certifying(rule: &Value) -> EffectiveSession {
        let criteria = json!({ "certificate": { "rule": rule }, "participation": { "rule": rule } });
        let training = training("certifying", criteria);
        training.check().unwrap();
        let session = json!({ "code": super::super::samples::SESSION, "training": "accueil-usagers" });
        EffectiveSession::new(serde_json::from_value(session).unwrap(), training).unwrap()
    }

    fn passed(rule: &Value, kind: AwardKind, evidence: &[Evidence]) -> bool {
        decide(&certifying(rule), kind, &ledger(evidence.to_vec())).unwrap().passed
    }

    #[test]
    fn a_certificate_says_that_what_had_to_be_passed_was_and_nothing_else_does() {
        let pass = |code: &str| json!({ "activity": { "code": code, "reached": "passed" } });
        let done = |code: &str| json!({ "activity": { "code": code } });
        let (quiz, video) =
            (activity("2026-03-05", "quiz", State::Passed), activity("2026-03-03", "video", State::Completed));
        let failed = activity("2026-03-05", "quiz", State::Failed);
        let own = activity("2026-03-05", "auto", State::Passed);
        let everything = [quiz.clone(), video.clone(), own.clone()];
        for (rule, evidence, expected) in [
            (pass("quiz"), &everything[..], true),
            (pass("quiz"), std::slice::from_ref(&failed), false),
            (pass("quiz"), &[], false),
            // A pass that nobody asked for isn't told.
            (done("quiz"), &everything, false),
            (json!({ "all": [pass("quiz"), done("video")] }), &everything, true),
            (json!({ "all": [pass("quiz"), done("avis")] }), &everything, false),
            (json!({ "within": { "until": "2026-04-01T00:00:00Z", "rule": pass("quiz") } }), &everything, true),
            (json!({ "within": { "until": "2026-03-04T00:00:00Z", "rule": pass("quiz") } }), &everything, false),
            // Met in another way.
            (json!({ "any": [pass("quiz"), done("video")] }), &[failed.clone(), video.clone()], false),
            (json!({ "any": [pass("quiz"), done("video")] }), &[quiz, video], true),
            // A self-assessment belongs to the learner, whatever a rule asks of it.
            (pass("auto"), &everything, false),
            (json!({ "all": [pass("auto"), done("video")] }), &everything, false),
        ] {
            assert_eq!(passed(&rule, AwardKind::Certificate, evidence), expected, "{rule} {evidence:?}");
            assert!(!passed(&rule, AwardKind::Participation, evidence), "{rule}");
        }
    }

    #[test]
    fn of_all_expected_activities_self_assessments_stay_out() {
        let rule = json!({ "expected_activities": { "reached": "passed" } });
        let all = ["video", "atelier", "auto", "quiz", "avis"];
        let evidence: Vec<_> = all.iter().map(|code| activity("2026-03-05", code, State::Passed)).collect();
        assert!(passed(&rule, AwardKind::Certificate, &evidence));
    }
}
