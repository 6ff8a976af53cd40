//! What a ledger comes to under each kind of rule.

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
        let refused = training("self_assessment", json!({ "participation": { "rule": rule } })).check().unwrap_err();
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
    assert_eq!(late.explanation.detail.unwrap().fr, "terminée le 2\u{a0}avril\u{a0}2026, hors de la période prévue");
    let then_withdrawn =
        [activity("2026-03-03", "video", State::Completed), activity("2026-05-03", "video", State::Withdrawn)];
    assert!(decided(&session, then_withdrawn).met, "what happens after the window does not undo what was done in it");
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
    let session = session("self_assessment", json!({ "any": [time("measured"), time("declared"), time("credited")] }));
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
