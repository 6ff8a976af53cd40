//! Progress: the criteria as steps done and steps that remain, by when, and how far along that is.
//!
//! The percentage is 100 exactly where the criteria are met, and never falls by evidence in the learner's favour. Each thing to do
//! weighs the same; time counts in proportion to what is asked. Where all of several is asked, it is their mean, by weight. Where
//! one of several will do, it is that of the one furthest along, and the choice weighs as much as the lightest of them; where
//! several of more will do, the same with as many. It is rounded down.
//!
//! What a self-assessment came to is never told, not even where a certifying training asks for a pass.

use serde::Serialize;

use super::ask::{Ask, What, Window};
use super::wording::{self, Markup, both};
use super::{Finding, Needs, TimeCounted, TimeRecord, evaluate};
use crate::catalog::{Activity, ActivityKind, AwardKind, EffectiveSession, Meeting};
use crate::evidence::Ledger;
use crate::text::Bilingual;
use crate::time::Timestamp;

/// How far a learner is with one kind of award.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The award.
    pub kind: AwardKind,
    /// Where it stands.
    pub state: StepState,
    /// How far along that is: 100 exactly where the criteria are met.
    pub percent: u8,
    /// What is asked, in the order of the criteria.
    pub steps: Vec<Step>,
    /// How much time there is, and which of it counted.
    pub time: TimeRecord,
}

/// One thing to do, or a choice of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// What is asked, as an infinitive without capital or full stop.
    pub label: Bilingual,
    /// What is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<Bilingual>,
    /// Where it stands.
    pub state: StepState,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_at: Option<Timestamp>,
    /// When it counts, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Bilingual>,
    /// The first moment that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The first moment that no longer counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How much time there is, out of how much.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeCounted>,
    /// When the next meeting starts at which it can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_meeting: Option<Timestamp>,
    /// How many of its parts are needed, where it has parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs: Option<u32>,
    /// Its parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StepState {
    /// Done.
    Done,
    /// To be done.
    Open,
    /// To be done, but not yet: its time comes.
    Later,
    /// Not done, and its time is over.
    Over,
}

/// How far a learner is with one kind of award, as of a moment. None where the session does not grant that kind.
pub fn progress(session: &EffectiveSession, kind: AwardKind, ledger: &Ledger, now: Timestamp) -> Option<Progress> {
    let criteria = session.criteria().get(kind)?;
    let ask = Ask::of(&criteria.rule, session);
    let decision = evaluate::decide(&ask, session, kind, ledger);
    let walk = Walk { session, now };
    let mut steps = Vec::new();
    walk.flat(&ask, &decision.explanation, &mut steps);
    Some(Progress {
        kind,
        state: walk.state(&ask, &decision.explanation),
        percent: u8::try_from(fraction(&ask, &decision.explanation) * 100 / WHOLE).unwrap_or(100),
        steps,
        time: decision.time,
    })
}

/// A whole, in parts of which fractions are counted.
const WHOLE: u64 = 1_000_000;

/// How much a node weighs among its siblings: the same whatever was done.
fn weight(ask: &Ask<'_>) -> u64 {
    match &ask.what {
        What::Group { needs, of } => {
            let mut weights: Vec<u64> = of.iter().map(weight).collect();
            weights.sort_unstable();
            weights.iter().take(needed(*needs, of.len())).sum::<u64>().max(1)
        }
        What::Expected { of, .. } | What::Unit { of, .. } => (of.len() as u64).max(1),
        _ => 1,
    }
}

/// How many children a group needs.
fn needed(needs: Needs, all: usize) -> usize {
    match needs {
        Needs::All | Needs::Evidence => all,
        Needs::Any => 1,
        Needs::AtLeast(n) => n as usize,
    }
}

/// How much of a node is done, in parts of [`WHOLE`]; all of it exactly where it is met.
fn fraction(ask: &Ask<'_>, finding: &Finding) -> u64 {
    if finding.met {
        return WHOLE;
    }
    let parts = || parts_of(ask, finding).map(|(ask, finding)| (weight(ask), fraction(ask, finding)));
    let found = match (&ask.what, &finding.time) {
        (What::Group { needs: needs @ (Needs::Any | Needs::AtLeast(_)), of }, _) => {
            let mut fractions: Vec<u64> = parts().map(|(_, fraction)| fraction).collect();
            fractions.sort_unstable_by_key(|fraction| std::cmp::Reverse(*fraction));
            let needed = needed(*needs, of.len()).max(1);
            fractions.iter().take(needed).sum::<u64>() / needed as u64
        }
        (What::Group { .. } | What::Expected { .. } | What::Unit { .. }, _) => {
            let (sum, weights) = parts().fold((0, 0), |(sum, all), (weight, part)| (sum + weight * part, all + weight));
            sum / weights.max(1)
        }
        (_, Some(time)) => time.seconds.saturating_mul(WHOLE) / time.asked_seconds.max(1),
        _ => 0,
    };
    found.min(WHOLE - 1)
}

/// The parts of a node with what was found of each; none where it was decided as a whole.
fn parts_of<'x, 'a>(ask: &'x Ask<'a>, finding: &'x Finding) -> impl Iterator<Item = (&'x Ask<'a>, &'x Finding)> {
    let of = match &ask.what {
        What::Group { of, .. } | What::Expected { of, .. } | What::Unit { of, .. } => of.as_slice(),
        _ => &[],
    };
    of.iter().zip(&finding.children)
}

struct Walk<'s> {
    session: &'s EffectiveSession,
    now: Timestamp,
}

impl Walk<'_> {
    /// Adds a node's steps to a list in which all are needed.
    fn flat(&self, ask: &Ask<'_>, finding: &Finding, into: &mut Vec<Step>) {
        if finding.needs == Needs::All {
            parts_of(ask, finding).for_each(|(ask, finding)| self.flat(ask, finding, into));
            return;
        }
        let step = self.step(ask, finding);
        // The same may be asked twice, as of an activity and of its unit.
        if !into.contains(&step) {
            into.push(step);
        }
    }

    fn step(&self, ask: &Ask<'_>, finding: &Finding) -> Step {
        let state = self.state(ask, finding);
        let mut steps = Vec::new();
        match finding.needs {
            Needs::All => parts_of(ask, finding).for_each(|(ask, finding)| self.flat(ask, finding, &mut steps)),
            _ => steps.extend(parts_of(ask, finding).map(|(ask, finding)| self.step(ask, finding))),
        }
        let is_private = matches!(&ask.what, What::Activity { activity, .. } if is_self_assessment(activity));
        // What is not done says more only where something is known of it.
        let known = !finding.evidence.is_empty() && (finding.met || !is_private);
        let starts_here = |window: Window| window != Window::default();
        Step {
            label: both(|lang| wording::asked(ask, &self.session.training, lang, Markup::Plain)),
            detail: finding.detail.clone().filter(|_| known && steps.is_empty()),
            state,
            done_at: finding.at.filter(|_| finding.met),
            period: starts_here(ask.window).then(|| both(|lang| wording::window(ask.window, lang))),
            from: ask.window.from,
            until: ask.window.until,
            time: finding.time,
            next_meeting: self.next_meeting(ask).filter(|_| state != StepState::Done),
            needs: (!steps.is_empty()).then(|| needed(finding.needs, steps.len()) as u32),
            steps,
        }
    }

    /// Where a node stands: over where nothing that is left can meet it any more.
    fn state(&self, ask: &Ask<'_>, finding: &Finding) -> StepState {
        if finding.met {
            return StepState::Done;
        }
        let parts: Vec<StepState> = parts_of(ask, finding).map(|(ask, finding)| self.state(ask, finding)).collect();
        if !parts.is_empty() || matches!(ask.what, What::Group { .. }) {
            let possible = parts.iter().filter(|state| **state != StepState::Over).count();
            return match needed(finding.needs, parts.len()) {
                needed if needed > possible || needed == 0 => StepState::Over,
                _ if parts.contains(&StepState::Open) => StepState::Open,
                _ if parts.contains(&StepState::Later) => StepState::Later,
                _ => StepState::Open,
            };
        }
        match &ask.what {
            What::Unknown(_) => StepState::Over,
            _ if ask.window.until.is_some_and(|until| until <= self.now) => StepState::Over,
            _ if ask.window.from.is_some_and(|from| self.now < from) => StepState::Later,
            _ => StepState::Open,
        }
    }

    fn next_meeting(&self, ask: &Ask<'_>) -> Option<Timestamp> {
        let next = |starts: &dyn Fn(&Meeting) -> bool| {
            let meetings = self.session.session.meetings.iter();
            let coming = meetings.filter(|meeting| meeting.starts > self.now && starts(meeting));
            coming.map(|meeting| meeting.starts).min()
        };
        match &ask.what {
            What::Activity { activity, .. } => next(&|meeting| meeting.activity.as_ref() == Some(&activity.code)),
            What::Attendance { of, .. } => next(&|meeting| of.iter().any(|wanted| wanted.code == meeting.code)),
            _ => None,
        }
    }
}

fn is_self_assessment(activity: &Activity) -> bool {
    activity.kind == ActivityKind::SelfAssessment
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{activity, attendance, ledger, measured, session};
    use super::*;
    use crate::evidence::{Evidence, State};

    fn of(assessment: &str, rule: Value, evidence: Vec<Evidence>, now: &str) -> Progress {
        let session = session(assessment, rule);
        progress(&session, AwardKind::Participation, &ledger(evidence), now.parse().unwrap()).unwrap()
    }

    fn percent(rule: Value, evidence: Vec<Evidence>) -> u8 {
        of("self_assessment", rule, evidence, "2026-03-05T12:00:00Z").percent
    }

    fn done(code: &str) -> Evidence {
        activity("2026-03-03", code, State::Completed)
    }

    fn asked(code: &str) -> Value {
        json!({ "activity": { "code": code } })
    }

    #[test]
    fn each_thing_to_do_weighs_the_same_and_time_counts_in_proportion() {
        let rule = || json!({ "all": [{ "unit": { "code": "u1" } }, asked("auto"), asked("avis")] });
        assert_eq!(percent(rule(), vec![]), 0);
        assert_eq!(percent(rule(), vec![done("video")]), 25, "one of four, two of which are in the unit");
        assert_eq!(percent(rule(), vec![done("video"), done("atelier"), done("auto")]), 75);
        assert_eq!(percent(rule(), vec![done("video"), done("atelier"), done("auto"), done("avis")]), 100);
        let time = json!({ "time_spent": { "at_least": "PT3H", "basis": "measured" } });
        assert_eq!(percent(time.clone(), vec![measured("2026-03-03T12:00:00+01:00", 3600)]), 33);
        assert_eq!(percent(time, vec![measured("2026-03-03T12:00:00+01:00", 3 * 3600 - 1)]), 99, "rounded down");
        let rate = json!({ "attendance": { "at_least": 100 } });
        assert_eq!(percent(rate, vec![attendance("m1", "2026-03-10T18:00:00Z", &[("09:00", "10:00")])]), 25);
    }

    #[test]
    fn of_a_choice_the_nearest_way_counts() {
        let choice = || json!({ "any": [{ "all": [asked("video"), asked("lecture")] }, asked("avis")] });
        assert_eq!(percent(choice(), vec![done("video")]), 50);
        assert_eq!(percent(json!({ "all": [choice(), asked("auto")] }), vec![done("video")]), 25);
        let two = json!({ "at_least": { "n": 2, "of": [asked("video"), asked("lecture"), asked("avis")] } });
        assert_eq!(percent(two.clone(), vec![done("avis")]), 50);
        assert_eq!(percent(two, vec![done("avis"), done("video")]), 100);
    }

    #[test]
    fn steps_say_what_is_done_and_what_remains_by_when() {
        let until = "2026-07-01T00:00:00+02:00";
        let rule = json!({ "all": [
            asked("video"), { "unit": { "code": "u1" } },
            { "within": { "until": until, "rule": { "questionnaire": { "code": "avis" } } } }
        ] });
        let found = of("self_assessment", rule.clone(), vec![done("video")], "2026-03-05T12:00:00Z");
        assert_eq!((found.state, found.steps.len()), (StepState::Open, 3), "the video is asked for once");
        let [video, workshop, survey] = found.steps.as_slice() else { panic!() };
        assert_eq!((video.state, video.done_at), (StepState::Done, Some(done("video").at)));
        assert_eq!(video.detail.as_ref().unwrap().fr, "terminée le 3\u{a0}mars\u{a0}2026");
        assert_eq!(workshop.label.en, "attend the live session “Atelier « Mise en situation »”");
        assert_eq!((&workshop.detail, workshop.next_meeting), (&None, Some("2026-03-10T08:00:00Z".parse().unwrap())));
        assert_eq!((survey.state, survey.until), (StepState::Open, Some(until.parse().unwrap())));
        assert_eq!(survey.label.fr, "remplir le questionnaire «\u{202f}Votre avis sur la formation\u{202f}»");
        assert_eq!(survey.period.as_ref().unwrap().fr, "jusqu’au 30\u{a0}juin\u{a0}2026 inclus");

        let over = of("self_assessment", rule, vec![done("video")], "2026-07-05T12:00:00Z");
        assert_eq!((over.state, over.steps[2].state), (StepState::Over, StepState::Over));
        let early = json!({ "within": { "from": until, "rule": asked("video") } });
        assert_eq!(of("self_assessment", early, vec![], "2026-03-05T12:00:00Z").state, StepState::Later);
    }

    #[test]
    fn a_choice_is_over_only_where_too_little_is_left_of_it() {
        let within = |until: &str, code: &str| json!({ "within": { "until": until, "rule": asked(code) } });
        let rule = |n: u32| {
            let of =
                [within("2026-03-04T00:00:00Z", "video"), within("2026-03-04T00:00:00Z", "lecture"), asked("avis")];
            json!({ "at_least": { "n": n, "of": of } })
        };
        let state = |n| of("self_assessment", rule(n), vec![], "2026-03-05T12:00:00Z");
        assert_eq!((state(1).state, state(2).state), (StepState::Open, StepState::Over));
        let choice = &state(2).steps[0];
        assert_eq!((choice.needs, choice.steps.len(), choice.steps[2].state), (Some(2), 3, StepState::Open));
    }

    #[test]
    fn how_a_self_assessment_went_is_never_told() {
        let certifying = json!({ "activity": { "code": "auto", "reached": "passed" } });
        for (assessment, rule) in [("certifying", certifying), ("self_assessment", asked("auto"))] {
            let seen = [State::Failed, State::Completed].map(|state| {
                let found =
                    of(assessment, rule.clone(), vec![activity("2026-03-03", "auto", state)], "2026-03-05T12:00:00Z");
                serde_json::to_string(&found).unwrap()
            });
            assert_eq!(seen[0], seen[1], "{assessment}");
        }
    }
}
