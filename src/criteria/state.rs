//! What stands: a ledger reduced to the latest state of each activity, unit and course, and to its facts about time and presence.
//!
//! The latest event by the source's clock wins; in a tie the order of [`State`] does. A reduction looks at one window only: a
//! withdrawal after the window's end does not undo what was done inside it.
//!
//! A source's latest event says all it knows, as Moodle's one completion state does: a completion after a pass replaces it.
//! A source that reports completion and success apart (cmi5) tells of parts: [`Reports`] puts them together.

use std::collections::{HashMap, HashSet};

use super::ask::Window;
use super::attendance::{self, Attended};
use crate::catalog::{Activity, EffectiveSession, Reached, Training, Unit};
use crate::evidence::{Evidence, Fact, Ledger, Part, State};
use crate::ids::Code;
use crate::time::Timestamp;

/// The evidence of a ledger that concerns a session, as its training describes it.
pub(super) fn relevant<'a>(session: &EffectiveSession, ledger: &'a Ledger) -> Vec<&'a Evidence> {
    let activities: HashSet<&Code> = session.training.activities().map(|activity| &activity.code).collect();
    let meetings: HashSet<&Code> = session.session.meetings.iter().map(|meeting| &meeting.code).collect();
    let units: HashSet<&Code> = session.training.units.iter().map(|unit| &unit.code).collect();
    let taken_back: HashSet<&str> = ledger.evidence.iter().filter_map(|evidence| retracts(&evidence.fact)).collect();
    let stands = |evidence: &Evidence| taken_back.is_empty() || !taken_back.contains(evidence.fact_key().as_str());
    let known = |fact: &Fact| match fact {
        Fact::Activity { code, .. } | Fact::ActivityPart { code, .. } => activities.contains(code),
        Fact::Unit { code, .. } => units.contains(code),
        Fact::TimeMeasured { activity, .. } => activity.as_ref().is_none_or(|code| activities.contains(code)),
        Fact::Attendance { meeting, .. } => meetings.contains(meeting),
        Fact::Course { .. } | Fact::TimeDeclared { .. } => true,
        Fact::Retracted { .. } => false,
    };
    let ours =
        |evidence: &&Evidence| evidence.session == session.session.code && known(&evidence.fact) && stands(evidence);
    ledger.evidence.iter().filter(ours).collect()
}

fn retracts(fact: &Fact) -> Option<&str> {
    match fact {
        Fact::Retracted { key } => Some(key),
        _ => None,
    }
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
    /// The statement of attendance that holds for each meeting.
    pub(super) attended: Vec<Attended<'a>>,
    /// The live activities that attendance completes, with the evidence.
    by_attendance: HashMap<&'a Code, Vec<&'a Evidence>>,
}

impl<'a> Standings<'a> {
    /// Reduces evidence, in any order and with any repetition.
    pub(super) fn of(session: &'a EffectiveSession, evidence: &[&'a Evidence], window: Window) -> Self {
        let attended = attendance::standing(session, evidence, window);
        let by_attendance = attendance::completed(session, &attended);
        let mut activities: HashMap<&Code, Reports<'_>> = HashMap::new();
        let mut standings = Self { window, attended, by_attendance, ..Self::default() };
        for &evidence in evidence.iter().filter(|evidence| window.contains(evidence.at)) {
            let report = |state: &State| Standing { state: *state, evidence };
            match &evidence.fact {
                Fact::Activity { code, state } => activities.entry(code).or_default().whole(report(state)),
                Fact::ActivityPart { code, part } => {
                    activities.entry(code).or_default().parts.push(report(&as_state(*part)));
                }
                Fact::Unit { code, state } => later_wins(&mut standings.units, code, report(state)),
                Fact::Course { state } => standings.course = Some(later(standings.course, report(state))),
                Fact::TimeMeasured { seconds, .. } => standings.measured.push((evidence, *seconds)),
                Fact::TimeDeclared { seconds } => {
                    let held = standings.declared.map(|(held, total)| (held.at, total));
                    if held.is_none_or(|held| held < (evidence.at, *seconds)) {
                        standings.declared = Some((evidence, *seconds));
                    }
                }
                Fact::Attendance { .. } => {}
                // Those that hold have left out what they are about (`relevant`).
                Fact::Retracted { .. } => {}
            }
        }
        let standing = |(code, reports): (_, Reports<'a>)| reports.standing().map(|standing| (code, standing));
        standings.activities = activities.into_iter().filter_map(standing).collect();
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

    /// The evidence of attendance that completes a live activity, if it does.
    pub(super) fn done_by_attendance(&self, activity: &Activity) -> Option<&[&'a Evidence]> {
        self.by_attendance.get(&activity.code).map(Vec::as_slice)
    }

    /// The evidence that an activity was done, if it was: by the source's word, else by attendance.
    pub(super) fn done(&self, training: &Training, activity: &Activity) -> Option<Vec<&'a Evidence>> {
        let word = self.activity(activity);
        let word = word.filter(|word| reaches(training, activity, Reached::Completed, word.state));
        word.map(|word| vec![word.evidence]).or_else(|| self.done_by_attendance(activity).map(<[_]>::to_vec))
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

/// What was reported of one activity.
#[derive(Default)]
struct Reports<'a> {
    /// The latest of the states that say all.
    whole: Option<Standing<'a>>,
    /// The latest withdrawal: nothing from before it counts.
    withdrawn: Option<Timestamp>,
    /// What became known by itself.
    parts: Vec<Standing<'a>>,
}

impl<'a> Reports<'a> {
    fn whole(&mut self, report: Standing<'a>) {
        if report.state == State::Withdrawn {
            self.withdrawn = self.withdrawn.max(Some(report.evidence.at));
        }
        self.whole = Some(later(self.whole, report));
    }

    /// The state that all of it comes to, in any order: of the latest state that says all, of every pass, and of what became known
    /// later than that state, the best holds, but for a failure, which a mere completion does not undo. It is dated by the latest
    /// report, so that the date says nothing of the result.
    fn standing(&self) -> Option<Standing<'a>> {
        let since =
            |moment: Option<Timestamp>, part: &Standing<'_>| moment.is_none_or(|moment| part.evidence.at > moment);
        let said = self.whole.map(|whole| whole.evidence.at);
        let counts =
            |part: &&Standing<'_>| since(self.withdrawn, part) && (part.state == State::Passed || since(said, part));
        let whole = self.whole.filter(|whole| whole.state != State::Withdrawn);
        let all = || whole.iter().chain(self.parts.iter().filter(counts)).copied();
        let best = all().max_by_key(|standing| rank(standing.state));
        let latest = all().fold(None, |held, standing| Some(later(held, standing)));
        let standing = best.zip(latest).map(|(best, latest)| Standing { state: best.state, evidence: latest.evidence });
        standing.or(self.whole)
    }
}

const fn as_state(part: Part) -> State {
    match part {
        Part::Completed => State::Completed,
        Part::Failed => State::Failed,
        Part::Passed => State::Passed,
    }
}

/// The order of [`Part`], for states.
const fn rank(state: State) -> u8 {
    match state {
        State::Withdrawn => 0,
        State::Completed => 1,
        State::Failed => 2,
        State::Passed => 3,
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

#[cfg(test)]
mod tests {
    use super::super::samples::{code, fact, noon, session};
    use super::*;

    #[test]
    fn parts_of_one_moment_come_to_the_same_in_any_order() {
        let session = session("certifying", serde_json::json!({ "course": {} }));
        let moment = noon("2026-03-03");
        let part = |part| fact(moment, Fact::ActivityPart { code: code("quiz"), part });
        let facts = [part(Part::Completed), part(Part::Failed), part(Part::Passed)];
        let quiz = session.training.activity(&code("quiz")).unwrap();
        let told = |order: [usize; 3]| {
            let evidence = order.map(|place| &facts[place]);
            let standings = Standings::of(&session, &evidence, Window::default());
            let standing = standings.activity(quiz).unwrap();
            (standing.state, standing.evidence.key())
        };
        let first = told([0, 1, 2]);
        assert_eq!(first.0, State::Passed);
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            assert_eq!(told(order), first, "{order:?}");
        }
    }

    fn stands(reports: &[(&str, Fact)]) -> Option<State> {
        let evidence: Vec<Evidence> = reports.iter().map(|(day, report)| fact(noon(day), report.clone())).collect();
        let session = session("certifying", serde_json::json!({ "expected_activities": {} }));
        let state = |evidence: &[&Evidence]| {
            let standings = Standings::of(&session, evidence, Window::default());
            standings.activity(session.training.activity(&code("quiz")).unwrap()).map(|standing| standing.state)
        };
        let forwards: Vec<&Evidence> = evidence.iter().collect();
        let backwards: Vec<&Evidence> = evidence.iter().rev().collect();
        assert_eq!(state(&forwards), state(&backwards));
        state(&forwards)
    }

    fn whole(state: State) -> Fact {
        Fact::Activity { code: code("quiz"), state }
    }

    fn part(part: Part) -> Fact {
        Fact::ActivityPart { code: code("quiz"), part }
    }

    #[test]
    fn completion_and_success_add_up_whatever_comes_first() {
        let (completed, failed, passed) = (part(Part::Completed), part(Part::Failed), part(Part::Passed));
        for (reports, expected) in [
            (vec![("2026-03-02", completed.clone())], State::Completed),
            (vec![("2026-03-02", passed.clone()), ("2026-03-03", completed.clone())], State::Passed),
            (vec![("2026-03-02", failed.clone()), ("2026-03-03", completed.clone())], State::Failed),
            (vec![("2026-03-02", failed.clone()), ("2026-03-03", passed.clone())], State::Passed),
            (vec![("2026-03-02", passed.clone()), ("2026-03-03", failed.clone())], State::Passed),
        ] {
            assert_eq!(stands(&reports), Some(expected), "{reports:?}");
        }
    }

    #[test]
    fn a_state_that_says_all_replaces_what_was_known_but_for_a_pass() {
        for (reports, expected) in [
            (vec![("2026-03-02", part(Part::Failed)), ("2026-03-03", whole(State::Completed))], State::Completed),
            (vec![("2026-03-02", part(Part::Passed)), ("2026-03-03", whole(State::Completed))], State::Passed),
            (vec![("2026-03-02", whole(State::Completed)), ("2026-03-03", part(Part::Passed))], State::Passed),
            (vec![("2026-03-02", whole(State::Passed)), ("2026-03-03", part(Part::Completed))], State::Passed),
        ] {
            assert_eq!(stands(&reports), Some(expected), "{reports:?}");
        }
    }

    #[test]
    fn a_withdrawal_ends_what_was_known_before() {
        let (passed, completed) = (part(Part::Passed), part(Part::Completed));
        let withdrawn = whole(State::Withdrawn);
        let before = [("2026-03-02", passed), ("2026-03-03", withdrawn)];
        assert_eq!(stands(&before), Some(State::Withdrawn));
        let after = [before.as_slice(), &[("2026-03-04", completed)]].concat();
        assert_eq!(stands(&after), Some(State::Completed));
    }

    #[test]
    fn of_two_parts_of_one_moment_the_same_one_dates_in_any_order() {
        let reports = [("2026-03-02", Part::Passed), ("2026-03-03", Part::Completed), ("2026-03-03", Part::Passed)];
        let reports = reports.map(|(day, report)| fact(noon(day), part(report)));
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            let mut all = Reports::default();
            for index in order {
                let Fact::ActivityPart { part, .. } = &reports[index].fact else { unreachable!() };
                all.parts.push(Standing { state: as_state(*part), evidence: &reports[index] });
            }
            let standing = all.standing().unwrap();
            assert_eq!((standing.state, standing.evidence), (State::Passed, &reports[2]), "{order:?}");
        }
    }
}
