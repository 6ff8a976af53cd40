//! Time spent, counted in three ways that are never mixed: credited from declared durations, measured, or declared by the LMS.
//!
//! Credited time follows the French universities' practice (the Attestoodle plugin): the minutes that the designer set for each
//! activity done, once each, whatever the clocks of the LMS say. A unit with a longer duration of its own gives that duration
//! once it is complete, by its expected activities or by the source's word; since the larger of both counts, doing one thing
//! more never takes time away. The source's word on a unit without a duration of its own credits nothing: it names no activity.

use super::state::Standings;
use crate::catalog::{TimeBasis, Training};
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
                amount.evidence.push(evidence);
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

/// The union of all stretches, each `[at - seconds, at)`: two reports of the same minutes count once.
fn measured<'a>(standings: &Standings<'a>) -> Amount<'a> {
    let mut stretches: Vec<(i64, i64)> = Vec::new();
    let mut evidence = Vec::new();
    for &(stretch, seconds) in standings.measured.iter().filter(|(_, seconds)| *seconds > 0) {
        let end = stretch.at.as_unix_seconds();
        let seconds = i64::try_from(seconds.min(LONGEST_STRETCH_SECONDS)).unwrap_or(i64::MAX);
        stretches.push((end.saturating_sub(seconds), end));
        evidence.push(stretch);
    }
    stretches.sort_unstable();
    let mut seconds = 0_u64;
    let mut counted_until = i64::MIN;
    for (start, end) in stretches {
        seconds = seconds.saturating_add(end.saturating_sub(start.max(counted_until)).max(0).unsigned_abs());
        counted_until = counted_until.max(end);
    }
    Amount { seconds, evidence }
}
