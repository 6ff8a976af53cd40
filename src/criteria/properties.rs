//! What must hold of every rule and every ledger, tried on random ones.
//!
//! Moments lie close together so that ties and window edges are frequent; codes include some that the training does not have;
//! rules are not limited to those that `Rule::check` accepts.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use super::samples::{code, fact, ledger, training, unchecked};
use super::{Decision, Finding, Progress, StepState, decide, narrative, progress};
use crate::catalog::{AwardKind, EffectiveSession, Percent, Reached, Rule, TimeBasis};
use crate::evidence::{Evidence, Fact, Interval, Part, Score, State};
use crate::ids::Code;
use crate::text::Lang;
use crate::time::{Duration, Timestamp};

/// Some more often than others, so that rules and evidence meet.
const ACTIVITIES: [&str; 12] =
    ["quiz", "quiz", "quiz", "quiz", "video", "video", "auto", "auto", "atelier", "lecture", "avis", "inconnue"];
const MEETINGS: [&str; 4] = ["m1", "m1", "m2", "m9"];
const UNITS: [&str; 4] = ["u1", "u2", "u3", "u9"];
/// Evidence of a random ledger lies in the first of these seconds, windows and what comes later in all of them.
const LEDGER_SECONDS: i64 = 12;
const ALL_SECONDS: i64 = 24;

fn moment(range: std::ops::Range<i64>) -> impl Strategy<Value = Timestamp> {
    range.prop_map(|seconds| Timestamp::from_micros((1_772_000_000 + seconds) * 1_000_000))
}

fn activity_code() -> impl Strategy<Value = Code> {
    select(&ACTIVITIES[..]).prop_map(code)
}

fn unit_code() -> impl Strategy<Value = Code> {
    select(&UNITS[..]).prop_map(code)
}

fn state() -> impl Strategy<Value = State> {
    select(vec![State::Completed, State::Passed, State::Failed, State::Withdrawn])
}

fn part() -> impl Strategy<Value = Part> {
    select(vec![Part::Completed, Part::Failed, Part::Passed])
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        6 => (activity_code(), state()).prop_map(|(code, state)| Fact::Activity { code, state }),
        4 => (activity_code(), part()).prop_map(|(code, part)| Fact::ActivityPart { code, part }),
        2 => (unit_code(), state()).prop_map(|(code, state)| Fact::Unit { code, state }),
        1 => state().prop_map(|state| Fact::Course { state }),
        2 => (option::of(activity_code()), 0..9000_u64)
            .prop_map(|(activity, seconds)| Fact::TimeMeasured { activity, seconds }),
        1 => any::<u64>().prop_map(|seconds| Fact::TimeMeasured { activity: None, seconds }),
        2 => (0..9000_u64).prop_map(|seconds| Fact::TimeDeclared { seconds }),
        4 => (select(&MEETINGS[..]), moment(0..3), vec(interval(), 0..3))
            .prop_map(|(meeting, stated, intervals)| Fact::Attendance { meeting: code(meeting), stated, intervals }),
    ]
}

/// A time around the first meeting of the samples, or around the second.
fn interval() -> impl Strategy<Value = Interval> {
    let start = prop_oneof![Just("2026-03-10T07:00:00Z"), Just("2026-03-17T12:30:00Z")];
    (start, 0..300_i64, -10..300_i64).prop_map(|(start, from, minutes)| {
        let start: Timestamp = start.parse().unwrap();
        let from = start.plus_seconds(from * 60);
        Interval { from, until: from.plus_seconds(minutes * 60) }
    })
}

fn evidence() -> impl Strategy<Value = Vec<Evidence>> {
    vec((moment(0..LEDGER_SECONDS), any_fact()).prop_map(|(at, found)| fact(at, found)), 0..16)
}

fn reached() -> impl Strategy<Value = Reached> + Clone {
    select(vec![Reached::Completed, Reached::Passed])
}

fn rule(reached: impl Strategy<Value = Reached> + Clone + 'static) -> impl Strategy<Value = Rule> {
    let leaf = prop_oneof![
        4 => (activity_code(), reached.clone()).prop_map(|(code, reached)| Rule::Activity { code, reached }),
        1 => reached.prop_map(|reached| Rule::ExpectedActivities { reached }),
        2 => unit_code().prop_map(|code| Rule::Unit { code }),
        1 => Just(Rule::Course {}),
        1 => activity_code().prop_map(|code| Rule::Questionnaire { code }),
        3 => (1..9000_u64, select(vec![TimeBasis::Credited, TimeBasis::Measured, TimeBasis::Declared]))
            .prop_map(|(seconds, basis)| Rule::TimeSpent { at_least: Duration::from_seconds(seconds).unwrap(), basis }),
        3 => (1..=100_u8, option::of(vec(select(&MEETINGS[..3]).prop_map(code), 1..3))).prop_map(|(percent, of)| {
            Rule::Attendance { at_least: Percent::try_from(percent).unwrap(), of }
        }),
    ];
    let leaf = leaf.boxed();
    let tree = leaf.clone().prop_recursive(4, 12, 3, |inner| {
        let bound = || option::of(moment(0..ALL_SECONDS));
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Rule::All),
            vec(inner.clone(), 0..4).prop_map(Rule::Any),
            (0..5_u32, vec(inner.clone(), 0..4)).prop_map(|(n, of)| Rule::AtLeast { n, of }),
            (bound(), bound(), inner).prop_map(|(from, until, rule)| Rule::Within {
                from,
                until,
                rule: Box::new(rule)
            }),
        ]
    });
    prop_oneof![leaf, tree]
}

fn any_session() -> impl Strategy<Value = EffectiveSession> {
    (select(vec!["self_assessment", "certifying"]), rule(reached())).prop_map(|(kind, rule)| unchecked(kind, rule))
}

fn decided(session: &EffectiveSession, evidence: &[Evidence]) -> Decision {
    decide(session, AwardKind::Participation, &ledger(evidence.iter().cloned())).unwrap()
}

fn progressed(session: &EffectiveSession, evidence: &[Evidence]) -> Progress {
    let now = Timestamp::from_micros(1_772_000_000_000_000);
    progress(session, AwardKind::Participation, &ledger(evidence.iter().cloned()), now).unwrap()
}

/// Evidence in favour of the learner, given what is there: later than all of it, or the first about its item. A completion
/// after a pass is not in favour: the source then says less than before.
fn in_favour(evidence: &[Evidence], (later, earlier): (Timestamp, Timestamp), wanted: Fact) -> Evidence {
    let about = |other: &Fact| match (&wanted, other) {
        (
            Fact::Activity { code: a, .. } | Fact::ActivityPart { code: a, .. },
            Fact::Activity { code: b, .. } | Fact::ActivityPart { code: b, .. },
        ) => a == b,
        (Fact::Unit { code: a, .. }, Fact::Unit { code: b, .. }) => a == b,
        (Fact::Course { .. }, Fact::Course { .. }) => true,
        (Fact::TimeDeclared { .. }, Fact::TimeDeclared { .. }) => true,
        (Fact::Attendance { meeting: a, .. }, Fact::Attendance { meeting: b, .. }) => a == b,
        _ => false,
    };
    let same: Vec<&Evidence> = evidence.iter().filter(|evidence| about(&evidence.fact)).collect();
    let passed = same.iter().any(|found| {
        matches!(
            found.fact,
            Fact::Activity { state: State::Passed, .. } | Fact::ActivityPart { part: Part::Passed, .. }
        )
    });
    let better = |state: State| match state {
        State::Completed if !passed => State::Completed,
        _ => State::Passed,
    };
    let most = same.iter().filter_map(|found| match found.fact {
        Fact::TimeDeclared { seconds } => Some(seconds),
        _ => None,
    });
    let most = most.max().unwrap_or(0);
    let at = if same.is_empty() { earlier } else { later };
    let wanted = match wanted {
        Fact::Activity { code, state } => Fact::Activity { code, state: better(state) },
        Fact::Unit { code, state } => Fact::Unit { code, state: better(state) },
        Fact::Course { state } => Fact::Course { state: better(state) },
        Fact::TimeDeclared { seconds } => Fact::TimeDeclared { seconds: seconds.max(most) },
        Fact::ActivityPart { code, part: Part::Failed } => Fact::ActivityPart { code, part: Part::Passed },
        part @ Fact::ActivityPart { .. } => part,
        measured @ (Fact::TimeMeasured { .. } | Fact::Retracted { .. }) => measured,
        // Stated after all that was stated, with all the presence that any of it says.
        Fact::Attendance { meeting, stated, mut intervals } => {
            let mut last = stated;
            for found in &same {
                if let Fact::Attendance { stated, intervals: said, .. } = &found.fact {
                    last = last.max(stated.plus_seconds(1));
                    intervals.extend(said);
                }
            }
            Fact::Attendance { meeting, stated: last, intervals }
        }
    };
    fact(at, wanted)
}

/// Whether every node follows from its children, and whether every leaf says why.
fn is_sound(finding: &Finding) -> bool {
    let met = finding.children.iter().filter(|child| child.met).count();
    let follows = match finding.needs {
        super::Needs::Evidence => finding.children.is_empty() && finding.detail.is_some(),
        needs => finding.met == needs.satisfied_by(met, finding.children.len()),
    };
    follows && finding.children.iter().all(is_sound)
}

fn without_evidence(mut finding: Finding) -> Finding {
    finding.evidence.clear();
    finding.children = finding.children.into_iter().map(without_evidence).collect();
    finding
}

/// Every activity that a rule names by itself.
fn named(rule: &Rule) -> Vec<&Code> {
    match rule {
        Rule::All(rules) | Rule::Any(rules) | Rule::AtLeast { of: rules, .. } => rules.iter().flat_map(named).collect(),
        Rule::Within { rule, .. } => named(rule),
        Rule::Activity { code, .. } | Rule::Questionnaire { code } => vec![code],
        Rule::ExpectedActivities { .. }
        | Rule::Unit { .. }
        | Rule::Course {}
        | Rule::TimeSpent { .. }
        | Rule::Attendance { .. } => Vec::new(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn order_of_arrival_never_changes_a_decision(
        session in any_session(),
        (evidence, shuffled) in evidence().prop_flat_map(|evidence| (Just(evidence.clone()), Just(evidence).prop_shuffle())),
    ) {
        prop_assert_eq!(decided(&session, &evidence), decided(&session, &shuffled));
        prop_assert_eq!(progressed(&session, &evidence), progressed(&session, &shuffled));
    }

    #[test]
    fn a_repeated_delivery_never_changes_a_decision(
        session in any_session(),
        evidence in evidence(),
        repeated in vec((any::<prop::sample::Index>(), option::of(-1.0..1.0_f64)), 0..8),
    ) {
        let mut twice = evidence.clone();
        for (index, score) in repeated.iter().filter(|_| !evidence.is_empty()) {
            // By another path, with another score: the same fact all the same.
            twice.push(Evidence { source: code("lrs"), score: score.map(Score), ..index.get(&evidence).clone() });
        }
        prop_assert_eq!(decided(&session, &evidence), decided(&session, &twice));
    }

    #[test]
    fn evidence_in_favour_never_undoes_a_decision(
        session in any_session(),
        mut evidence in evidence(),
        more in vec((moment(0..ALL_SECONDS), any_fact()), 1..16),
    ) {
        let mut before = decided(&session, &evidence);
        let mut percent = progressed(&session, &evidence).percent;
        for (step, (earlier, wanted)) in more.into_iter().enumerate() {
            let later = Timestamp::from_micros((1_772_000_000 + ALL_SECONDS) * 1_000_000 + i64::try_from(step).unwrap());
            let later_in_windows = evidence.iter().map(|evidence| evidence.at).max().unwrap_or(later).plus_seconds(1);
            let later = if step % 2 == 0 { later_in_windows } else { later.max(later_in_windows) };
            evidence.push(in_favour(&evidence, (later, earlier), wanted));
            let after = decided(&session, &evidence);
            prop_assert!(after.met || !before.met, "{:?} undid {before:?}, now {after:?}", evidence.last());
            before = after;
            let now = progressed(&session, &evidence);
            prop_assert!(now.percent >= percent, "{percent} % fell to {now:?} by {:?}", evidence.last());
            percent = now.percent;
        }
    }

    #[test]
    fn a_tie_goes_to_the_least_favourable_state(
        kind in select(vec!["self_assessment", "certifying"]),
        named in activity_code(),
        asked in reached(),
        states in vec(state(), 1..5),
    ) {
        let session = unchecked(kind, Rule::Activity { code: named.clone(), reached: asked });
        let at = Timestamp::from_micros(1_772_000_000_000_000);
        let report = |state| fact(at, Fact::Activity { code: named.clone(), state });
        let all: Vec<Evidence> = states.iter().copied().map(report).collect();
        prop_assert_eq!(decided(&session, &all), decided(&session, &[report(*states.iter().max().unwrap())]));
    }

    #[test]
    fn what_was_taken_back_is_as_if_never_said(
        session in any_session(),
        evidence in evidence(),
        which in vec(any::<bool>(), 16),
        back_first in any::<bool>(),
    ) {
        let (back, kept): (Vec<_>, Vec<_>) = evidence.iter().zip(&which).partition(|(_, back)| **back);
        let without = |fact: &Evidence| !back.iter().any(|(taken, _)| taken.fact_key() == fact.fact_key());
        let kept: Vec<Evidence> = kept.into_iter().map(|(fact, _)| fact.clone()).filter(without).collect();
        let retractions = back.iter().map(|(fact, _)| fact.retraction());
        let all: Vec<Evidence> = if back_first {
            retractions.chain(evidence.iter().cloned()).collect()
        } else {
            evidence.iter().cloned().chain(retractions).collect()
        };
        prop_assert_eq!(decided(&session, &all), decided(&session, &kept));
    }

    #[test]
    fn an_explanation_follows_from_its_parts(session in any_session(), evidence in evidence()) {
        let decision = decided(&session, &evidence);
        prop_assert_eq!(decision.met, decision.explanation.met);
        let progress = progressed(&session, &evidence);
        prop_assert_eq!(progress.percent == 100, decision.met, "{:?}", progress);
        prop_assert_eq!(progress.state == StepState::Done, decision.met);
        prop_assert!(is_sound(&decision.explanation), "{decision:#?}");
        for lang in [Lang::Fr, Lang::En] {
            prop_assert_eq!(decision.missing(lang).is_empty(), decision.met);
            prop_assert!(!decision.summary().get(lang).is_empty());
        }
        prop_assert!(decision.met || decision.credited.is_none() && decision.time.counted.is_empty());
        let moments = || evidence.iter().map(|evidence| evidence.at);
        if let Some((first, last)) = decision.credited {
            prop_assert!(first <= last && moments().any(|at| at == first) && moments().any(|at| at == last));
        } else {
            prop_assert!(!decision.met, "a met decision rests on evidence");
        }
    }

    #[test]
    fn a_result_that_belongs_to_the_learner_changes_nothing_that_anyone_reads(
        rule in rule(Just(Reached::Completed)),
        evidence in evidence(),
        results in vec(select(vec![State::Completed, State::Passed, State::Failed]), 16),
    ) {
        let session = unchecked("self_assessment", rule);
        let mut other_results = evidence.clone();
        for (evidence, result) in other_results.iter_mut().zip(results) {
            match &mut evidence.fact {
                Fact::Activity { code, state }
                    if matches!(code.as_str(), "auto" | "quiz") && *state != State::Withdrawn =>
                {
                    *state = result;
                }
                Fact::ActivityPart { code, part } if matches!(code.as_str(), "auto" | "quiz") => {
                    *part = match result {
                        State::Passed => Part::Passed,
                        State::Failed => Part::Failed,
                        _ => Part::Completed,
                    };
                }
                _ => {}
            }
        }
        let read = |evidence: &[Evidence]| {
            let decision = decided(&session, evidence);
            Decision { explanation: without_evidence(decision.explanation.clone()), ..decision }
        };
        prop_assert_eq!(read(&evidence), read(&other_results));
        prop_assert_eq!(progressed(&session, &evidence), progressed(&session, &other_results));
    }

    #[test]
    fn a_narrative_names_every_activity_of_its_rule(session in any_session()) {
        let rule = &session.criteria().participation.as_ref().unwrap().rule;
        for lang in [Lang::Fr, Lang::En] {
            let text = narrative(&session, AwardKind::Participation, lang).unwrap();
            for code in named(rule) {
                let title = session.training.activity(code).map_or(code.as_str(), |activity| activity.title.as_str());
                prop_assert!(text.contains(title), "{title} in {text}");
            }
            prop_assert!(text.ends_with('.') || text.ends_with("\n\n"), "{text:?}");
        }
    }
}

#[test]
fn the_sample_training_is_one_that_the_catalog_accepts() {
    let criteria = serde_json::json!({ "participation": { "rule": { "expected_activities": {} } } });
    training("self_assessment", criteria).check().unwrap();
}
