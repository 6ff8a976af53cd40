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
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{
        activity, course, declared, fact, ledger, measured, noon, session, training, unchecked, unit,
    };
    use super::super::{CountedBy, Decision, TimeCounted, TimeRecord, decide};
    use crate::catalog::{AwardKind, EffectiveSession, Rule};
    use crate::evidence::{Evidence, Fact, Score, State};
    use crate::text::Lang;

    fn decided(session: &EffectiveSession, evidence: impl IntoIterator<Item = Evidence>) -> Decision {
        decide(session, AwardKind::Participation, &ledger(evidence)).unwrap()
    }

    fn met(rule: Value, evidence: impl IntoIterator<Item = Evidence>) -> bool {
        decided(&session("self_assessment", rule), evidence).met
    }

    fn completed(code: &str) -> Value {
        json!({ "activity": { "code": code } })
    }

    #[test]
    fn a_kind_that_the_session_does_not_grant_has_no_decision() {
        let session = session("certifying", completed("video"));
        assert_eq!(decide(&session, AwardKind::Certificate, &ledger([])), None);
    }

    #[test]
    fn the_latest_event_wins_and_a_tie_goes_to_the_least_favourable() {
        let done = activity("2026-03-03", "video", State::Completed);
        let withdrawn = activity("2026-03-05", "video", State::Withdrawn);
        let again = activity("2026-03-06", "video", State::Completed);
        assert!(met(completed("video"), [done.clone()]));
        assert!(!met(completed("video"), [withdrawn.clone(), done.clone()]));
        assert!(met(completed("video"), [again, withdrawn, done.clone()]));
        let tie = activity("2026-03-03", "video", State::Withdrawn);
        assert!(!met(completed("video"), [tie.clone(), done.clone()]));
        assert!(!met(completed("video"), [done, tie]));
    }

    #[test]
    fn completed_with_fail_is_not_completed() {
        let rule = || completed("atelier");
        assert!(!met(rule(), [activity("2026-03-03", "atelier", State::Failed)]));
        assert!(met(rule(), [activity("2026-03-03", "atelier", State::Passed)]));
    }

    #[test]
    fn doing_a_self_assessment_counts_whatever_came_out_of_it_and_that_is_not_told() {
        for code in ["auto", "quiz"] {
            let session = session("self_assessment", completed(code));
            let decide = |state| decided(&session, [activity("2026-03-03", code, state)]);
            let [failed, passed, completed] = [State::Failed, State::Passed, State::Completed].map(|state| {
                let mut decision = decide(state);
                decision.explanation.evidence.clear();
                decision
            });
            assert!(failed.met, "{code}");
            assert_eq!(failed, passed);
            assert_eq!(passed, completed);
            assert!(!decide(State::Withdrawn).met);
        }
    }

    #[test]
    fn a_pass_counts_only_where_the_training_certifies() {
        let rule = json!({ "activity": { "code": "quiz", "reached": "passed" } });
        let session = session("certifying", rule.clone());
        assert!(!decided(&session, [activity("2026-03-03", "quiz", State::Completed)]).met);
        assert!(decided(&session, [activity("2026-03-03", "quiz", State::Passed)]).met);
        let failed = decided(&session, [activity("2026-03-03", "quiz", State::Failed)]);
        assert_eq!(failed.explanation.detail.unwrap().en, "failed on 3\u{a0}March\u{a0}2026");
        for rule in [rule, json!({ "expected_activities": { "reached": "passed" } })] {
            let refused =
                training("self_assessment", json!({ "participation": { "rule": rule } })).check().unwrap_err();
            assert!(refused.pointer.ends_with("/reached"), "{refused}");
        }
    }

    #[test]
    fn a_failed_assessment_of_a_certifying_training_is_not_completed() {
        let session = session("certifying", completed("quiz"));
        assert!(!decided(&session, [activity("2026-03-03", "quiz", State::Failed)]).met);
    }

    #[test]
    fn a_questionnaire_is_handed_in_whatever_its_result() {
        let rule = || json!({ "questionnaire": { "code": "avis" } });
        for state in [State::Completed, State::Passed, State::Failed] {
            assert!(met(rule(), [activity("2026-03-03", "avis", state)]));
        }
        assert!(!met(rule(), [activity("2026-03-03", "avis", State::Withdrawn)]));
        assert!(!met(rule(), []));
    }

    #[test]
    fn a_unit_is_complete_by_its_expected_activities_or_by_the_source() {
        let rule = || json!({ "unit": { "code": "u1" } });
        let video = || activity("2026-03-03", "video", State::Completed);
        let workshop = || activity("2026-03-04", "atelier", State::Completed);
        assert!(met(rule(), [video(), workshop()]));
        assert!(!met(rule(), [video()]));
        assert!(met(rule(), [unit("2026-03-05", "u1", State::Completed)]));
        let withdrawn = || unit("2026-03-06", "u1", State::Withdrawn);
        assert!(!met(rule(), [unit("2026-03-05", "u1", State::Completed), withdrawn()]));
        assert!(met(rule(), [video(), workshop(), withdrawn()]), "only the source's word is withdrawn");
        let bare = || json!({ "unit": { "code": "u3" } });
        assert!(!met(bare(), []), "a unit without expected activities needs the source's word");
        assert!(met(bare(), [unit("2026-03-05", "u3", State::Passed)]));
    }

    #[test]
    fn the_course_is_complete_by_the_source() {
        let rule = || json!({ "course": {} });
        assert!(met(rule(), [course("2026-03-05", State::Completed)]));
        assert!(!met(rule(), [course("2026-03-05", State::Completed), course("2026-03-06", State::Withdrawn)]));
    }

    #[test]
    fn a_window_looks_only_at_evidence_inside_it() {
        let rule = json!({ "within": {
            "from": "2026-03-02T00:00:00+01:00", "until": "2026-04-01T00:00:00+02:00", "rule": completed("video")
        } });
        let session = session("self_assessment", rule);
        let at = |moment: &str| {
            let fact_of = Fact::Activity { code: "video".parse().unwrap(), state: State::Completed };
            decided(&session, [fact(moment.parse().unwrap(), fact_of)])
        };
        assert!(at("2026-03-02T00:00:00+01:00").met, "the first moment counts");
        assert!(!at("2026-04-01T00:00:00+02:00").met, "the last one no longer does");
        let late = at("2026-04-02T09:00:00+02:00");
        assert_eq!(
            late.explanation.detail.unwrap().fr,
            "terminée le 2\u{a0}avril\u{a0}2026, hors de la période prévue"
        );
        let then_withdrawn =
            [activity("2026-03-03", "video", State::Completed), activity("2026-05-03", "video", State::Withdrawn)];
        assert!(
            decided(&session, then_withdrawn).met,
            "what happens after the window does not undo what was done in it"
        );
    }

    #[test]
    fn credited_dates_are_those_of_what_the_award_rests_on() {
        let rule = json!({ "any": [{ "all": [completed("video"), completed("atelier")] }, completed("avis")] });
        let session = session("self_assessment", rule);
        let video = activity("2026-03-03", "video", State::Completed);
        let survey = activity("2026-03-20", "avis", State::Completed);
        let decision = decided(&session, [video.clone(), survey.clone()]);
        assert_eq!(decision.credited, Some((noon("2026-03-20"), noon("2026-03-20"))), "the video met nothing");
        let workshop = activity("2026-03-10", "atelier", State::Completed);
        let decision = decided(&session, [video.clone(), survey, workshop]);
        assert_eq!(decision.credited, Some((noon("2026-03-03"), noon("2026-03-20"))));
        assert_eq!(decided(&session, [video]).credited, None);
    }

    #[test]
    fn the_decision_records_how_time_was_counted() {
        let time = |basis: &str| json!({ "time_spent": { "at_least": "PT1H", "basis": basis } });
        let session =
            session("self_assessment", json!({ "any": [time("measured"), time("declared"), time("credited")] }));
        let decision = decided(&session, [measured("2026-03-03T12:00:00+01:00", 60), declared("2026-03-03", 7200)]);
        let declared = TimeCounted { basis: CountedBy::Declared, seconds: 7200, asked_seconds: 3600 };
        let time = TimeRecord {
            counted: vec![declared],
            credited_seconds: None,
            measured_seconds: Some(60),
            declared_seconds: Some(7200),
        };
        assert_eq!(decision.time, time);
    }

    #[test]
    fn evidence_about_anything_else_is_ignored() {
        let session = session("self_assessment", completed("video"));
        let mut elsewhere = activity("2026-03-03", "video", State::Completed);
        elsewhere.session = "autre".parse().unwrap();
        let unknown = activity("2026-03-03", "inconnue", State::Completed);
        assert_eq!(decided(&session, [elsewhere, unknown]), decided(&session, []));
    }

    #[test]
    fn no_score_reaches_a_decision() {
        let mut scored = activity("2026-03-03", "auto", State::Passed);
        scored.score = Some(Score(0.777));
        let session = session("self_assessment", completed("auto"));
        let decision = serde_json::to_string(&decided(&session, [scored])).unwrap();
        assert!(!decision.contains("0.777") && !decision.contains("score") && !decision.contains("pass"));
    }

    #[test]
    fn a_decision_survives_storage() {
        let rule = json!({ "at_least": { "n": 2, "of": [completed("video"), completed("auto"), { "course": {} }] } });
        let decision = decided(&session("self_assessment", rule), [course("2026-03-03", State::Completed)]);
        let json = serde_json::to_string(&decision).unwrap();
        assert_eq!(serde_json::from_str::<Decision>(&json).unwrap(), decision);
    }

    #[test]
    fn what_the_training_does_not_have_is_never_met() {
        let rule = Rule::Any(vec![
            Rule::All(Vec::new()),
            Rule::Unit { code: "nulle-part".parse().unwrap() },
            Rule::AtLeast { n: 0, of: Vec::new() },
        ]);
        let decision = decided(&unchecked("self_assessment", rule), []);
        assert!(!decision.met && decision.missing(Lang::Fr).len() == 1);
    }

    /// The whole explanation of a learner who is nearly there: it must read well.
    #[test]
    fn explanation_of_a_learner_who_misses_something() {
        let rule = json!({ "all": [
            { "expected_activities": {} },
            { "any": [
                { "time_spent": { "at_least": "PT3H", "basis": "credited" } },
                { "time_spent": { "at_least": "PT3H", "basis": "measured" } }
            ] },
            { "within": { "until": "2026-07-01T00:00:00+02:00", "rule": { "questionnaire": { "code": "avis" } } } }
        ] });
        let decision = decided(
            &session("certifying", rule),
            [
                activity("2026-03-02", "video", State::Completed),
                activity("2026-03-03", "atelier", State::Completed),
                activity("2026-03-04", "atelier", State::Withdrawn),
                activity("2026-03-05", "auto", State::Failed),
                activity("2026-03-06", "quiz", State::Failed),
                activity("2026-07-02", "avis", State::Completed),
                measured("2026-03-02T12:00:00+01:00", 4800),
            ],
        );
        let explanation = [Lang::Fr, Lang::En].map(|lang| shown(&decision, lang)).join("\n\n");
        insta::assert_snapshot!(explanation);
    }

    #[test]
    fn explanation_of_a_learner_who_has_it_all() {
        let rule = json!({ "all": [
            { "unit": { "code": "u1" } },
            { "unit": { "code": "u3" } },
            { "activity": { "code": "quiz", "reached": "passed" } },
            { "time_spent": { "at_least": "PT3H", "basis": "credited" } }
        ] });
        let decision = decided(
            &session("certifying", rule),
            [
                activity("2026-03-02", "video", State::Completed),
                activity("2026-03-03", "atelier", State::Completed),
                activity("2026-03-10", "quiz", State::Passed),
                unit("2026-03-12", "u3", State::Completed),
            ],
        );
        assert!(decision.met);
        let explanation = [Lang::Fr, Lang::En].map(|lang| shown(&decision, lang)).join("\n\n");
        insta::assert_snapshot!(explanation);
    }

    /// An explanation as lines: whether met, what is asked, what became of it; then the sentence that sums it up.
    fn shown(decision: &Decision, lang: Lang) -> String {
        fn lines(finding: &super::Finding, level: usize, lang: Lang, into: &mut String) {
            let mark = if finding.met { "x" } else { " " };
            let detail = finding.detail.as_ref().map_or("", |detail| detail.get(lang));
            into.push_str(&format!("{}[{mark}] {} -- {detail}\n", "  ".repeat(level), finding.label.get(lang)));
            finding.children.iter().for_each(|child| lines(child, level + 1, lang, into));
        }
        let mut text = String::new();
        lines(&decision.explanation, 0, lang, &mut text);
        text + decision.summary().get(lang)
    }
}
