//! What stands: a ledger reduced to the latest state of each activity, unit and course, and to its facts about time.
//!
//! The latest event by the source's clock wins; in a tie the order of [`State`] does. A reduction looks at one window only: a
//! withdrawal after the window's end does not undo what was done inside it.
//!
//! A source's latest event says all it knows, as Moodle's one completion state does: a completion after a pass replaces it.
//! A source that reports completion and success apart (cmi5) is brought to that form by its intake.

use std::collections::{HashMap, HashSet};

use super::ask::Window;
use crate::catalog::{Activity, EffectiveSession, Reached, Training, Unit};
use crate::evidence::{Evidence, Fact, Ledger, State};
use crate::ids::Code;

/// The evidence of a ledger that concerns a session, as its training describes it.
pub(super) fn relevant<'a>(session: &EffectiveSession, ledger: &'a Ledger) -> Vec<&'a Evidence> {
    let activities: HashSet<&Code> = session.training.activities().map(|activity| &activity.code).collect();
    let units: HashSet<&Code> = session.training.units.iter().map(|unit| &unit.code).collect();
    let known = |fact: &Fact| match fact {
        Fact::Activity { code, .. } => activities.contains(code),
        Fact::Unit { code, .. } => units.contains(code),
        Fact::TimeMeasured { activity, .. } => activity.as_ref().is_none_or(|code| activities.contains(code)),
        Fact::Course { .. } | Fact::TimeDeclared { .. } => true,
    };
    let ours = |evidence: &&Evidence| evidence.session == session.session.code && known(&evidence.fact);
    ledger.evidence.iter().filter(ours).collect()
}

/// The state that stands, and the evidence for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing<'a> {
    pub(super) state: State,
    pub(super) evidence: &'a Evidence,
}

/// What stands inside one window.
#[derive(Default)]
pub(super) struct Standings<'a> {
    pub(super) window: Window,
    activities: HashMap<&'a Code, Standing<'a>>,
    units: HashMap<&'a Code, Standing<'a>>,
    pub(super) course: Option<Standing<'a>>,
    /// Every stretch of measured time, with its seconds.
    pub(super) measured: Vec<(&'a Evidence, u64)>,
    /// The latest declared total; in a tie the larger.
    pub(super) declared: Option<(&'a Evidence, u64)>,
}

impl<'a> Standings<'a> {
    /// Reduces evidence, in any order and with any repetition.
    pub(super) fn of(evidence: &[&'a Evidence], window: Window) -> Self {
        let mut standings = Self { window, ..Self::default() };
        for &evidence in evidence.iter().filter(|evidence| window.contains(evidence.at)) {
            let report = |state: &State| Standing { state: *state, evidence };
            match &evidence.fact {
                Fact::Activity { code, state } => later_wins(&mut standings.activities, code, report(state)),
                Fact::Unit { code, state } => later_wins(&mut standings.units, code, report(state)),
                Fact::Course { state } => standings.course = Some(later(standings.course, report(state))),
                Fact::TimeMeasured { seconds, .. } => standings.measured.push((evidence, *seconds)),
                Fact::TimeDeclared { seconds } => {
                    let held = standings.declared.map(|(held, total)| (held.at, total));
                    if held.is_none_or(|held| held < (evidence.at, *seconds)) {
                        standings.declared = Some((evidence, *seconds));
                    }
                }
            }
        }
        standings
    }

    /// The latest state of an activity.
    pub(super) fn activity(&self, activity: &Activity) -> Option<Standing<'a>> {
        self.activities.get(&activity.code).copied()
    }

    /// The source's latest word on a unit.
    pub(super) fn unit(&self, unit: &Unit) -> Option<Standing<'a>> {
        self.units.get(&unit.code).copied()
    }

    /// The evidence that an activity was done, if it was.
    pub(super) fn done(&self, training: &Training, activity: &Activity) -> Option<&'a Evidence> {
        let standing = self.activity(activity)?;
        reaches(training, activity, Reached::Completed, standing.state).then_some(standing.evidence)
    }

    /// Whether every expected activity of a unit was done, and there is one.
    pub(super) fn unit_done_by_activities(&self, training: &Training, unit: &Unit) -> bool {
        let mut expected = unit.activities.iter().filter(|activity| activity.expected).peekable();
        expected.peek().is_some() && expected.all(|activity| self.done(training, activity).is_some())
    }

    /// The evidence for the source's word that a unit is complete, if that word stands.
    pub(super) fn unit_done_by_word(&self, unit: &Unit) -> Option<&'a Evidence> {
        self.unit(unit).filter(|standing| is_complete(standing.state)).map(|standing| standing.evidence)
    }
}

/// Whether a state of an activity is as far as is asked.
///
/// Completed "with fail" (Moodle state 3) is not completed. But where the result belongs to the learner alone it is: counting
/// it otherwise would let that result decide.
pub(super) fn reaches(training: &Training, activity: &Activity, reached: Reached, state: State) -> bool {
    match (reached, state) {
        (_, State::Passed) | (Reached::Completed, State::Completed) => true,
        (Reached::Completed, State::Failed) => training.result_belongs_to_learner(activity),
        (_, State::Withdrawn) | (Reached::Passed, State::Completed | State::Failed) => false,
    }
}

/// Whether a state of a unit or a course is complete.
pub(super) fn is_complete(state: State) -> bool {
    matches!(state, State::Completed | State::Passed)
}

/// Whether a state of a questionnaire means that it was handed in.
pub(super) fn is_handed_in(state: State) -> bool {
    state != State::Withdrawn
}

fn later_wins<'a>(standings: &mut HashMap<&'a Code, Standing<'a>>, code: &'a Code, report: Standing<'a>) {
    let held = standings.get(code).copied();
    standings.insert(code, later(held, report));
}

fn later<'a>(held: Option<Standing<'a>>, report: Standing<'a>) -> Standing<'a> {
    match held {
        Some(held) if (held.evidence.at, held.state) >= (report.evidence.at, report.state) => held,
        _ => report,
    }
}
