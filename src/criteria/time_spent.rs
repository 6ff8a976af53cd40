//! Time spent, counted in three ways that are never mixed: credited from declared durations, measured, or declared by the LMS.
//!
//! Credited time follows the French universities' practice (the Attestoodle plugin): the minutes that the designer set for each
//! activity done, once each, whatever the clocks of the LMS say. A unit with a longer duration of its own gives that duration
//! once it is complete, by its expected activities or by the source's word; since the larger of both counts, doing one thing
//! more never takes time away. The source's word on a unit without a duration of its own credits nothing: it names no activity.
//!
//! Measured time is all that a source measured and all attendance together, each moment once, whatever it was spent on.

use super::state::Standings;
use crate::catalog::{TimeBasis, Training, union_seconds};
use crate::evidence::Evidence;

/// An amount of time, and the evidence it was counted from.
#[derive(Default)]
pub(super) struct Amount<'a> {
    pub(super) seconds: u64,
    pub(super) evidence: Vec<&'a Evidence>,
}

impl Amount<'_> {
    /// The amount, where there is evidence of any.
    pub(super) fn known_seconds(&self) -> Option<u64> {
        (!self.evidence.is_empty()).then_some(self.seconds)
    }
}

/// The time spent, by one way of counting.
pub(super) fn spent<'a>(training: &Training, standings: &Standings<'a>, basis: TimeBasis) -> Amount<'a> {
    match basis {
        TimeBasis::Credited => credited(training, standings),
        TimeBasis::Measured => measured(standings),
        TimeBasis::Declared => standings
            .declared
            .map(|(evidence, seconds)| Amount { seconds, evidence: vec![evidence] })
            .unwrap_or_default(),
    }
}

fn credited<'a>(training: &Training, standings: &Standings<'a>) -> Amount<'a> {
    let mut amount = Amount::default();
    for unit in &training.units {
        let mut by_activities = 0;
        for activity in &unit.activities {
            if let Some(evidence) = standings.done(training, activity) {
                by_activities += activity.duration.as_seconds();
                amount.evidence.extend(evidence);
            }
        }
        let own = unit.duration.map_or(0, |duration| duration.as_seconds());
        let mut seconds = by_activities;
        if own > by_activities {
            let word = standings.unit_done_by_word(unit);
            if standings.unit_done_by_activities(training, unit) {
                seconds = own;
            } else if let Some(evidence) = word {
                seconds = own;
                amount.evidence.push(evidence);
            }
        }
        amount.seconds += seconds;
    }
    amount
}

/// No stretch counts for more: the longest duration that a rule can ask for is below it.
const LONGEST_STRETCH_SECONDS: u64 = 36_000_000;

/// The union of all stretches, each `[at - seconds, at)`, and of all times of presence: two reports of the same minutes count once.
fn measured<'a>(standings: &Standings<'a>) -> Amount<'a> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    let mut evidence = Vec::new();
    for &(stretch, seconds) in standings.measured.iter().filter(|(_, seconds)| *seconds > 0) {
        let end = stretch.at.as_unix_seconds();
        let seconds = i64::try_from(seconds.min(LONGEST_STRETCH_SECONDS)).unwrap_or(i64::MAX);
        stretches.push((end.saturating_sub(seconds), end));
        evidence.push(stretch);
    }
    for attended in standings.attended.iter().filter(|attended| !attended.spans.is_empty()) {
        stretches.extend(&attended.spans);
        evidence.push(attended.evidence);
    }
    Amount { seconds: union_seconds(stretches), evidence }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ask::Window;
    use super::super::samples::{activity, attendance, declared, fact, measured, noon, session, unit};
    use super::*;
    use crate::evidence::{Fact, State};

    fn seconds(basis: TimeBasis, evidence: &[Evidence]) -> u64 {
        let session = session("self_assessment", json!({ "course": {} }));
        let evidence: Vec<&Evidence> = evidence.iter().collect();
        spent(&session.training, &Standings::of(&session, &evidence, Window::default()), basis).seconds
    }

    fn minutes_credited(evidence: &[Evidence]) -> u64 {
        seconds(TimeBasis::Credited, evidence) / 60
    }

    #[test]
    fn each_activity_done_credits_its_declared_duration_once() {
        let video = activity("2026-03-02", "video", State::Completed);
        let again = activity("2026-03-03", "video", State::Passed);
        let unexpected = activity("2026-03-03", "lecture", State::Completed);
        assert_eq!(minutes_credited(&[video.clone(), again.clone(), video.clone()]), 30);
        assert_eq!(minutes_credited(&[video.clone(), unexpected]), 50);
        assert_eq!(minutes_credited(&[video, again, activity("2026-03-04", "video", State::Withdrawn)]), 0);
        assert_eq!(minutes_credited(&[activity("2026-03-02", "auto", State::Failed)]), 15, "doing it is what counts");
    }

    #[test]
    fn a_complete_unit_credits_its_own_longer_duration() {
        let done =
            [activity("2026-03-02", "video", State::Completed), activity("2026-03-03", "atelier", State::Completed)];
        assert_eq!(minutes_credited(&done[..1]), 30);
        assert_eq!(minutes_credited(&done), 130);
        let more = activity("2026-03-04", "lecture", State::Completed);
        assert_eq!(minutes_credited(&[done[0].clone(), done[1].clone(), more]), 140, "the larger of both counts");
        assert_eq!(minutes_credited(&[unit("2026-03-03", "u1", State::Completed)]), 130);
        assert_eq!(minutes_credited(&[unit("2026-03-03", "u2", State::Completed)]), 0, "it has no duration of its own");
    }

    #[test]
    fn minutes_measured_twice_count_once() {
        let morning = measured("2026-03-02T12:00:00+01:00", 3600);
        let half_of_it = measured("2026-03-02T12:00:00+01:00", 1800);
        let next_hour_and_a_half = measured("2026-03-02T13:00:00+01:00", 5400);
        assert_eq!(seconds(TimeBasis::Measured, &[morning.clone(), morning.clone()]), 3600);
        assert_eq!(seconds(TimeBasis::Measured, &[half_of_it, morning, next_hour_and_a_half]), 7200);
    }

    #[test]
    fn presence_and_measured_stretches_count_once_together() {
        let morning = attendance("m1", "2026-03-10T18:00:00+01:00", &[("09:00", "11:00")]);
        let on_another_activity = measured("2026-03-10T11:30:00+01:00", 3600);
        assert_eq!(seconds(TimeBasis::Measured, std::slice::from_ref(&morning)), 7200);
        assert_eq!(seconds(TimeBasis::Measured, &[on_another_activity, morning]), 9000);
    }

    #[test]
    fn a_workshop_that_was_attended_credits_its_declared_duration() {
        let half = attendance("m1", "2026-03-10T18:00:00+01:00", &[("09:00", "10:30")]);
        let less = attendance("m1", "2026-03-10T18:00:00+01:00", &[("09:00", "10:29")]);
        assert_eq!(minutes_credited(&[half]), 90);
        assert_eq!(minutes_credited(&[less]), 0);
    }

    #[test]
    fn an_absurd_stretch_is_bounded() {
        for at in [i64::MIN, 0, i64::MAX] {
            let absurd =
                fact(crate::time::Timestamp::from_micros(at), Fact::TimeMeasured { activity: None, seconds: u64::MAX });
            assert_eq!(seconds(TimeBasis::Measured, &[absurd.clone(), absurd]), LONGEST_STRETCH_SECONDS);
        }
    }

    #[test]
    fn the_latest_declared_total_holds_and_in_a_tie_the_larger() {
        let (early, late, tie) =
            (declared("2026-03-02", 900), declared("2026-03-03", 600), declared("2026-03-03", 700));
        assert_eq!(noon("2026-03-03"), late.at);
        assert_eq!(seconds(TimeBasis::Declared, &[late.clone(), early.clone()]), 600);
        assert_eq!(seconds(TimeBasis::Declared, &[tie, late, early]), 700);
    }
}
