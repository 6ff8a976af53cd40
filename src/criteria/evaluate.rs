//! A resolved rule read against what stands: met or not at each node, with the evidence and the reason.

use std::collections::BTreeSet;

use super::ask::{Ask, What};
use super::attendance::{self, Share};
use super::state::{Standing, Standings, is_complete, is_handed_in, reaches, relevant};
use super::time_spent::{Amount, spent};
use super::wording::{self, Markup, Noun, Outcome, both};
use super::{CountedBy, Decision, Finding, Needs, TimeCounted, TimeRecord};
use crate::catalog::{
    Activity, ActivityKind, Assessment, AwardKind, EffectiveSession, Meeting, Percent, Reached, TimeBasis, Training,
    Unit,
};
use crate::evidence::{Evidence, Ledger, State};
use crate::text::{Bilingual, Lang};
use crate::time::{Duration, Timestamp};

/// Decides what a resolved rule asks.
pub(super) fn decide<'a>(
    ask: &Ask<'_>,
    session: &'a EffectiveSession,
    kind: AwardKind,
    ledger: &'a Ledger,
) -> Decision {
    let training = &session.training;
    let evidence = relevant(session, ledger);
    let whole = Standings::of(session, &evidence, super::ask::Window::default());
    let seconds = |basis| spent(training, &whole, basis).known_seconds();
    let (credited_seconds, measured_seconds, declared_seconds) =
        (seconds(TimeBasis::Credited), seconds(TimeBasis::Measured), seconds(TimeBasis::Declared));
    let evaluation = Evaluation { session, training, evidence: &evidence, whole: &whole };
    let Evaluated { finding, basis } = evaluation.node(ask, &whole);
    Decision {
        kind,
        met: finding.met,
        explanation: finding,
        credited: basis.span,
        passed: basis.passed && kind == AwardKind::Certificate,
        time: TimeRecord {
            counted: basis.time.into_iter().collect(),
            credited_seconds,
            measured_seconds,
            declared_seconds,
        },
    }
}

struct Evaluation<'e, 'a> {
    session: &'a EffectiveSession,
    training: &'a Training,
    /// All that concerns the session.
    evidence: &'e [&'a Evidence],
    /// What stands without regard to windows.
    whole: &'e Standings<'a>,
}

struct Evaluated {
    finding: Finding,
    basis: Basis,
}

/// What a met node rests on; nothing for an unmet one.
#[derive(Default)]
struct Basis {
    span: Option<(Timestamp, Timestamp)>,
    time: BTreeSet<TimeCounted>,
    /// Whether an activity had to be passed, and was.
    passed: bool,
}

impl Basis {
    fn join(mut self, other: Self) -> Self {
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
        self.time.extend(other.time);
        self.passed |= other.passed;
        self
    }
}

/// A leaf as found.
struct Leaf<'a> {
    met: bool,
    detail: Bilingual,
    evidence: Vec<&'a Evidence>,
}

impl<'a> Evaluation<'_, 'a> {
    /// Evaluates a node; `standings` are those of the node above.
    fn node(&self, ask: &Ask<'_>, standings: &Standings<'a>) -> Evaluated {
        let narrower;
        let standings = if ask.window == standings.window {
            standings
        } else {
            narrower = Standings::of(self.session, self.evidence, ask.window);
            &narrower
        };
        match &ask.what {
            What::Group { needs, of } => self.group(ask, *needs, of, standings),
            What::Expected { of, .. } => self.group(ask, Needs::All, of, standings),
            What::Unit { unit, of } => self.unit(ask, unit, of, standings),
            What::Activity { activity, reached } => {
                let mut found = self.leaf(ask, self.activity(activity, *reached, standings), None);
                // How a self-assessment went belongs to the learner, also where a rule of a certifying training asks for a pass.
                let told = *reached == Reached::Passed && activity.kind != ActivityKind::SelfAssessment;
                found.basis.passed = found.finding.met && told;
                found
            }
            What::Questionnaire(activity) => {
                let tell = |_, at| Outcome::Done(at);
                let leaf = self.standing(Noun::FilledIn, |s| s.activity(activity), is_handed_in, tell, standings);
                self.leaf(ask, leaf, None)
            }
            What::Course => {
                let leaf = self.source_word(Noun::Course, |s| s.course, standings);
                self.leaf(ask, leaf, None)
            }
            What::TimeSpent { at_least, basis } => {
                let amount = spent(self.training, standings, *basis);
                let (seconds, asked_seconds) = (amount.seconds, at_least.as_seconds());
                let counted = TimeCounted { basis: (*basis).into(), seconds, asked_seconds };
                self.leaf(ask, time(amount, *at_least), Some(counted))
            }
            What::Attendance { at_least, of, .. } => self.attendance(ask, *at_least, of, standings),
            What::Unknown(_) => {
                let detail = Bilingual::new("ne peut pas être rempli", "cannot be met");
                self.leaf(ask, Leaf { met: false, detail, evidence: Vec::new() }, None)
            }
        }
    }

    fn group(&self, ask: &Ask<'_>, needs: Needs, of: &[Ask<'_>], standings: &Standings<'a>) -> Evaluated {
        let parts: Vec<Evaluated> = of.iter().map(|part| self.node(part, standings)).collect();
        let met_parts = parts.iter().filter(|part| part.finding.met).count();
        let met = needs.satisfied_by(met_parts, parts.len());
        let mut basis = Basis::default();
        let mut children = Vec::with_capacity(parts.len());
        for part in parts {
            basis = basis.join(part.basis);
            children.push(part.finding);
        }
        let detail = Some(wording::count_out_of(met_parts, children.len()));
        let finding = Finding { met, detail, needs, children, ..self.blank(ask) };
        Evaluated { finding, basis: if met { basis } else { Basis::default() } }
    }

    /// Its expected activities where they are all done, or where no word of the source says that the unit is complete; else
    /// that word.
    fn unit(&self, ask: &Ask<'_>, unit: &Unit, of: &[Ask<'_>], standings: &Standings<'a>) -> Evaluated {
        let by_word = standings.unit_done_by_word(unit).is_some();
        if of.is_empty() || by_word && !standings.unit_done_by_activities(self.training, unit) {
            let leaf = self.source_word(Noun::Unit, |s| s.unit(unit), standings);
            return self.leaf(ask, leaf, None);
        }
        self.group(ask, Needs::All, of, standings)
    }

    fn activity(&self, activity: &Activity, reached: Reached, standings: &Standings<'a>) -> Leaf<'a> {
        let enough = |state| reaches(self.training, activity, reached, state);
        // A result is told only where it may decide: never where it belongs to the learner, unless a training that certifies
        // asks for a pass.
        let private = self.training.result_belongs_to_learner(activity);
        let may_tell = !private || self.certifies() && reached == Reached::Passed;
        let tell = |state, at| match (reached, state) {
            (Reached::Passed, State::Passed) if may_tell => Outcome::Passed(at),
            (_, state) if enough(state) => Outcome::Done(at),
            (_, State::Failed) if may_tell => Outcome::Failed(at),
            (_, State::Completed) if may_tell => Outcome::DoneWithoutPass(at),
            _ => Outcome::NotYet,
        };
        let leaf = self.standing(Noun::of(activity), |s| s.activity(activity), enough, tell, standings);
        match reached {
            Reached::Completed if !leaf.met => self.by_attendance(activity, standings, leaf),
            _ => leaf,
        }
    }

    /// A live activity that the source's word does not complete: completed by attendance, or told how far that goes.
    fn by_attendance(&self, activity: &Activity, standings: &Standings<'a>, word: Leaf<'a>) -> Leaf<'a> {
        let told = |outcome| wording::outcome(Noun::of(activity), outcome);
        let last = |evidence: &[&Evidence]| evidence.iter().map(|evidence| evidence.at).max();
        if let Some(evidence) = standings.done_by_attendance(activity) {
            let detail = last(evidence).map_or_else(|| word.detail.clone(), |at| told(Outcome::Done(at)));
            return Leaf { met: true, detail, evidence: evidence.to_vec() };
        }
        if !word.evidence.is_empty() {
            return word;
        }
        if let Some(evidence) = self.whole.done_by_attendance(activity)
            && let Some(at) = last(evidence)
        {
            return Leaf { met: false, detail: told(Outcome::Outside(at)), evidence: evidence.to_vec() };
        }
        let of_activity = |meeting: &Meeting| meeting.activity.as_ref() == Some(&activity.code);
        let stated = standings.attended.iter().filter(|attended| of_activity(attended.meeting));
        let evidence: Vec<_> = stated.map(|attended| attended.evidence).collect();
        match attendance::share_of_activity(self.session, &standings.attended, &activity.code) {
            Some(share) if !evidence.is_empty() => {
                Leaf { met: false, detail: wording::attended_out_of(share), evidence }
            }
            _ => word,
        }
    }

    fn attendance(&self, ask: &Ask<'_>, at_least: Percent, of: &[&Meeting], standings: &Standings<'a>) -> Evaluated {
        let share = attendance::share(&standings.attended, of.iter().copied());
        let Share { attended: seconds, scheduled } = share;
        let asked_seconds = at_least.of_seconds(scheduled);
        let stated =
            standings.attended.iter().filter(|said| of.iter().any(|meeting| meeting.code == said.meeting.code));
        let (present, absent): (Vec<_>, Vec<_>) = stated.partition(|said| !said.spans.is_empty());
        let met = scheduled > 0 && seconds >= asked_seconds;
        let detail = match (present.is_empty(), absent.is_empty()) {
            (true, true) => wording::attendance_unknown(),
            _ => wording::attended_out_of(share),
        };
        // What is met rests on presence; of what is not met, absence tells as well.
        let told = present.into_iter().chain(absent.into_iter().filter(|_| !met));
        let leaf = Leaf { met, detail, evidence: told.map(|said| said.evidence).collect() };
        let counted = TimeCounted { basis: CountedBy::Attendance, seconds, asked_seconds };
        self.leaf(ask, leaf, Some(counted))
    }

    /// The source's word on a unit or on the course. Where the training does not certify, a failure stays untold: it can only
    /// come from results that belong to the learner.
    fn source_word(
        &self,
        noun: Noun,
        read: impl Fn(&Standings<'a>) -> Option<Standing<'a>>,
        standings: &Standings<'a>,
    ) -> Leaf<'a> {
        let tell = |state, at| match state {
            state if is_complete(state) => Outcome::Done(at),
            State::Failed if self.certifies() => Outcome::Failed(at),
            _ => Outcome::NotYet,
        };
        self.standing(noun, read, is_complete, tell, standings)
    }

    /// A leaf that follows from one state. `tell` says what became of any state but a withdrawn one.
    fn standing(
        &self,
        noun: Noun,
        read: impl Fn(&Standings<'a>) -> Option<Standing<'a>>,
        enough: impl Fn(State) -> bool,
        tell: impl Fn(State, Timestamp) -> Outcome,
        standings: &Standings<'a>,
    ) -> Leaf<'a> {
        let elsewhere = || read(self.whole).filter(|standing| enough(standing.state));
        let (met, outcome, evidence) = match read(standings) {
            Some(Standing { state: State::Withdrawn, evidence }) => {
                (false, Outcome::Withdrawn(evidence.at), Some(evidence))
            }
            Some(Standing { state, evidence }) => (enough(state), tell(state, evidence.at), Some(evidence)),
            None => match elsewhere() {
                Some(Standing { evidence, .. }) => (false, Outcome::Outside(evidence.at), Some(evidence)),
                None => (false, Outcome::NotYet, None),
            },
        };
        Leaf { met, detail: wording::outcome(noun, outcome), evidence: evidence.into_iter().collect() }
    }

    fn leaf(&self, ask: &Ask<'_>, leaf: Leaf<'a>, time: Option<TimeCounted>) -> Evaluated {
        let Leaf { met, detail, evidence } = leaf;
        let moments = || evidence.iter().map(|evidence| evidence.at);
        let span = moments().min().zip(moments().max());
        let mut keys: Vec<(Timestamp, String)> = evidence.iter().map(|found| (found.at, found.key())).collect();
        keys.sort();
        keys.dedup();
        let evidence = keys.into_iter().map(|(_, key)| key).collect();
        let at = span.filter(|_| met).map(|(_, last)| last);
        let finding = Finding { met, detail: Some(detail), at, time, evidence, ..self.blank(ask) };
        let time = time.into_iter().collect();
        Evaluated { finding, basis: if met { Basis { span, time, passed: false } } else { Basis::default() } }
    }

    /// A finding that says what is asked, and nothing else yet.
    fn blank(&self, ask: &Ask<'_>) -> Finding {
        Finding {
            met: false,
            label: both(|lang| wording::label(ask, self.training, lang, Markup::Plain)),
            detail: None,
            period: wording::period(ask, Lang::Fr)
                .zip(wording::period(ask, Lang::En))
                .map(|(fr, en)| Bilingual { fr, en }),
            at: None,
            time: None,
            evidence: Vec::new(),
            needs: Needs::Evidence,
            children: Vec::new(),
        }
    }

    fn certifies(&self) -> bool {
        self.training.assessment == Assessment::Certifying
    }
}

fn time(amount: Amount<'_>, at_least: Duration) -> Leaf<'_> {
    let met = amount.seconds >= at_least.as_seconds();
    Leaf { met, detail: wording::time_out_of(amount.seconds, at_least), evidence: amount.evidence }
}

#[cfg(test)]
mod tests;
