//! Attendance: what stands of a learner's presence at the session's meetings, and the live activities that it completes.
//!
//! Of each meeting the latest statement holds, whenever it arrived, so that a corrected sheet replaces the one before; in a tie the
//! one with the least time. A meeting lies inside a window where its end, as the session schedules it now, does; so a correction
//! is never cut off from what it corrects. Times are those of the schedule: presence outside a meeting counts for nothing.
//!
//! A live activity with meetings is completed by attendance at the share of their time that the session sets
//! ([`EffectiveSession::attended_from`]), as well as by the source's word (docs/adr/0014-attendance.md).

use std::collections::HashMap;

use super::ask::Window;
use crate::catalog::{EffectiveSession, Meeting, union_seconds};
use crate::evidence::{Evidence, Fact};
use crate::ids::Code;

/// The statement that stands for one meeting.
pub(super) struct Attended<'a> {
    pub(super) meeting: &'a Meeting,
    pub(super) evidence: &'a Evidence,
    /// The times of presence inside the meeting, in seconds since the epoch.
    pub(super) spans: Vec<(i64, i64)>,
}

/// So much attended out of so much scheduled, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) attended: u64,
    pub(super) scheduled: u64,
}

/// What stands for each meeting that ends inside a window, in the order of the schedule.
pub(super) fn standing<'a>(
    session: &'a EffectiveSession,
    evidence: &[&'a Evidence],
    window: Window,
) -> Vec<Attended<'a>> {
    let mut latest: HashMap<&Code, Attended<'a>> = HashMap::new();
    let meetings: HashMap<&Code, &'a Meeting> =
        session.session.meetings.iter().map(|meeting| (&meeting.code, meeting)).collect();
    for &evidence in evidence {
        let Fact::Attendance { meeting, intervals, .. } = &evidence.fact else { continue };
        let Some(meeting) = meetings.get(meeting).filter(|meeting| window.contains(meeting.ends)) else { continue };
        let (starts, ends) = meeting.span();
        let inside = intervals
            .iter()
            .map(|interval| (interval.from.as_unix_seconds().max(starts), interval.until.as_unix_seconds().min(ends)));
        let mut spans: Vec<_> = inside.filter(|(from, until)| from < until).collect();
        spans.sort_unstable();
        spans.dedup();
        let said = Attended { meeting, evidence, spans };
        let replaces = |held: &Attended<'_>| said.rank() > held.rank();
        if latest.get(&meeting.code).is_none_or(replaces) {
            latest.insert(&meeting.code, said);
        }
    }
    let mut standing: Vec<_> = latest.into_values().collect();
    standing.sort_by_key(|attended| (attended.meeting.span(), &attended.meeting.code));
    standing
}

impl Attended<'_> {
    fn seconds(&self) -> u64 {
        union_seconds(self.spans.iter().copied())
    }

    /// By which one statement replaces another: stated later; in a tie with less time, then by any rule that is always the same.
    fn rank(&self) -> impl Ord + '_ {
        let (stated, said) = match &self.evidence.fact {
            Fact::Attendance { stated, intervals, .. } => (Some(*stated), intervals.as_slice()),
            _ => (None, [].as_slice()),
        };
        (stated, std::cmp::Reverse(self.seconds()), said, self.evidence.at)
    }
}

/// The statements with some presence at meetings that are wanted.
pub(super) fn present<'s, 'a>(
    standing: &'s [Attended<'a>],
    wanted: impl Fn(&Meeting) -> bool + 's,
) -> impl Iterator<Item = &'s Attended<'a>> {
    standing.iter().filter(move |attended| !attended.spans.is_empty() && wanted(attended.meeting))
}

/// How much of some meetings was attended.
pub(super) fn share<'m>(standing: &[Attended<'_>], meetings: impl Iterator<Item = &'m Meeting> + Clone) -> Share {
    let wanted = |meeting: &Meeting| meetings.clone().any(|wanted| wanted.code == meeting.code);
    let attended = present(standing, wanted).flat_map(|attended| attended.spans.iter().copied());
    Share { attended: union_seconds(attended), scheduled: union_seconds(meetings.clone().map(Meeting::span)) }
}

/// How much of a live activity's meetings was attended; none where it has none.
pub(super) fn share_of_activity(
    session: &EffectiveSession,
    standing: &[Attended<'_>],
    activity: &Code,
) -> Option<Share> {
    let meetings = session.session.meetings.iter().filter(|meeting| meeting.activity.as_ref() == Some(activity));
    Some(share(standing, meetings)).filter(|share| share.scheduled > 0)
}

/// The live activities that attendance completes, each with the evidence.
pub(super) fn completed<'a>(
    session: &'a EffectiveSession,
    standing: &[Attended<'a>],
) -> HashMap<&'a Code, Vec<&'a Evidence>> {
    let mut completed = HashMap::new();
    for activity in session.session.meetings.iter().filter_map(|meeting| meeting.activity.as_ref()) {
        let Some(share) = share_of_activity(session, standing, activity) else { continue };
        if share.attended >= session.attended_from().of_seconds(share.scheduled) {
            let evidence = present(standing, |meeting| meeting.activity.as_ref() == Some(activity));
            completed.insert(activity, evidence.map(|attended| attended.evidence).collect());
        }
    }
    completed
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::samples::{activity, attendance, ledger, measured, session};
    use super::super::{CountedBy, Decision, decide, narrative};
    use super::*;
    use crate::catalog::AwardKind;
    use crate::evidence::State;
    use crate::text::Lang;

    const STATED: &str = "2026-03-10T18:00:00+01:00";
    const CORRECTED: &str = "2026-03-12T09:00:00+01:00";

    fn decided(rule: Value, evidence: Vec<Evidence>) -> Decision {
        decide(&session("self_assessment", rule), AwardKind::Participation, &ledger(evidence)).unwrap()
    }

    fn detail(decision: &Decision, lang: Lang) -> &str {
        decision.explanation.detail.as_ref().unwrap().get(lang)
    }

    fn rate(percent: u8) -> Value {
        json!({ "attendance": { "at_least": percent } })
    }

    #[test]
    fn the_share_is_of_the_scheduled_time_of_the_meetings() {
        // m1 lasts three hours, m2 one.
        let there = vec![attendance("m1", STATED, &[("09:00", "11:30")])];
        let decision = decided(rate(62), there.clone());
        assert!(decision.met);
        let counted = decision.time.counted[0];
        assert_eq!((counted.basis, counted.seconds, counted.asked_seconds), (CountedBy::Attendance, 9000, 8928));
        let decision = decided(rate(63), there.clone());
        assert!(!decision.met && decision.time.counted.is_empty());
        assert_eq!(detail(&decision, Lang::Fr), "2\u{a0}h\u{a0}30\u{a0}min de présence sur 4\u{a0}h, soit 62\u{a0}%");
        assert_eq!(detail(&decision, Lang::En), "attended 2\u{a0}h\u{a0}30\u{a0}min out of 4\u{a0}h, 62%");
        let of = |meetings: Value| json!({ "attendance": { "at_least": 80, "of": meetings } });
        assert!(decided(of(json!(["m1"])), there.clone()).met, "two and a half hours of three");
        assert!(!decided(of(json!(["m2"])), there).met);
    }

    #[test]
    fn what_remains_says_how_much_there_is() {
        let nothing = decided(rate(80), vec![]);
        assert_eq!(detail(&nothing, Lang::En), "attendance not recorded yet");
        assert_eq!(nothing.missing(Lang::En), ["attend at least 80% of the scheduled time of the live sessions"]);
        let absent = decided(rate(80), vec![attendance("m1", STATED, &[])]);
        assert_eq!(
            absent.missing(Lang::Fr),
            ["assister à au moins 80\u{a0}% de la durée prévue des séances (aucune présence relevée sur 4\u{a0}h)"]
        );
    }

    #[test]
    fn the_latest_statement_replaces_the_others_whenever_it_arrives() {
        let present = attendance("m1", STATED, &[("09:00", "12:00")]);
        let corrected = attendance("m1", CORRECTED, &[]);
        for evidence in [vec![present.clone(), corrected.clone()], vec![corrected.clone(), present.clone()]] {
            assert!(!decided(rate(50), evidence).met);
        }
        let again = attendance("m1", "2026-03-13T09:00:00+01:00", &[("09:00", "12:00")]);
        assert!(decided(rate(50), vec![again, corrected, present.clone()]).met);
        let tie = attendance("m1", STATED, &[("09:00", "10:00")]);
        for evidence in [vec![present.clone(), tie.clone()], vec![tie, present]] {
            assert!(!decided(rate(50), evidence).met, "in a tie the least time holds");
        }
    }

    #[test]
    fn overlaps_count_once_and_time_outside_the_meeting_not_at_all() {
        let often =
            attendance("m1", STATED, &[("08:00", "10:00"), ("09:30", "10:30"), ("09:30", "10:00"), ("11:30", "13:00")]);
        let counted = decided(rate(1), vec![often]).time.counted[0];
        assert_eq!(counted.seconds, 2 * 3600, "nine to half past ten, half past eleven to noon");
    }

    #[test]
    fn a_correction_after_the_window_still_corrects() {
        let rule = json!({ "within": { "until": "2026-03-11T00:00:00+01:00", "rule": rate(50) } });
        let present = attendance("m1", STATED, &[("09:00", "12:00")]);
        assert!(decided(rule.clone(), vec![present.clone()]).met, "the meeting after the window does not count");
        assert!(!decided(rule, vec![present, attendance("m1", CORRECTED, &[])]).met);
    }

    #[test]
    fn attending_half_of_a_live_activity_completes_it() {
        let rule = || json!({ "activity": { "code": "atelier" } });
        let present = |until| vec![attendance("m1", STATED, &[("09:00", until)])];
        let met = decided(rule(), present("10:30"));
        assert!(met.met);
        assert_eq!(detail(&met, Lang::Fr), "suivie le 10\u{a0}mars\u{a0}2026");
        let less = decided(rule(), present("10:00"));
        assert!(!less.met);
        assert_eq!(detail(&less, Lang::En), "attended 1\u{a0}h out of 3\u{a0}h, 33%");
        let mut strict = session("self_assessment", rule());
        strict.session.attended_from = Some(90.try_into().unwrap());
        assert!(!decide(&strict, AwardKind::Participation, &ledger(present("10:30"))).unwrap().met);
    }

    #[test]
    fn the_sources_word_and_attendance_complete_a_live_activity_each_by_itself() {
        let rule = || json!({ "unit": { "code": "u1" } });
        let video = || activity("2026-03-03", "video", State::Completed);
        let present = || attendance("m1", STATED, &[("09:00", "12:00")]);
        let absent = || attendance("m1", CORRECTED, &[]);
        assert!(decided(rule(), vec![video(), present()]).met);
        let withdrawn = activity("2026-03-20", "atelier", State::Withdrawn);
        assert!(
            decided(rule(), vec![video(), present(), withdrawn.clone()]).met,
            "only the source's word is withdrawn"
        );
        let done = activity("2026-03-11", "atelier", State::Completed);
        assert!(decided(rule(), vec![video(), absent(), done]).met, "and a sheet does not withdraw it");
        assert!(!decided(rule(), vec![video(), absent(), withdrawn]).met);
        let passed = json!({ "activity": { "code": "atelier", "reached": "passed" } });
        assert!(!decided(passed, vec![present()]).met, "being there is not passing");
    }

    #[test]
    fn attendance_is_measured_time() {
        let rule = json!({ "time_spent": { "at_least": "PT3H30M", "basis": "measured" } });
        let online = measured("2026-03-12T12:00:00+01:00", 1800);
        let decision = decided(rule, vec![online, attendance("m1", STATED, &[("09:00", "12:00")])]);
        assert!(decision.met);
        assert_eq!(decision.time.measured_seconds, Some(12_600));
    }

    #[test]
    fn the_published_criteria_say_what_is_asked() {
        let rule = json!({ "all": [rate(80), { "attendance": { "at_least": 100, "of": ["m1", "m2"] } }] });
        let session = session("self_assessment", rule);
        let text = narrative(&session, AwardKind::Participation, Lang::Fr).unwrap();
        assert!(text.contains("- assister à au moins 80\u{a0}% de la durée prévue des séances\u{202f};"), "{text}");
        let named = "la totalité de la durée prévue des séances «\u{202f}Atelier « Mise en situation »\u{202f}» et «\u{202f}Retour d’expérience\u{202f}».";
        assert!(text.contains(named), "{text}");
    }

    #[test]
    fn criteria_ask_only_for_meetings_that_there_are() {
        let good = session("self_assessment", rate(80));
        let put = |meetings: Value, criteria: Option<Value>| {
            let mut session = serde_json::to_value(&good.session).unwrap();
            session["meetings"] = meetings;
            if let Some(rule) = criteria {
                session["criteria"] = json!({ "participation": { "rule": rule } });
            }
            let session = serde_json::from_value(session).unwrap();
            EffectiveSession::new(session, good.training.clone()).err().map(|error| error.pointer)
        };
        let meetings = || serde_json::to_value(&good.session.meetings).unwrap();
        let own = |rule| put(meetings(), Some(rule));
        assert_eq!(put(json!([]), None).unwrap(), "/meetings", "the training asks for attendance");
        assert_eq!(put(json!([]), Some(json!({ "course": {} }))), None, "the session does not");
        assert_eq!(own(json!({ "attendance": { "at_least": 80, "of": ["m1", "m2"] } })), None);
        let unknown = own(json!({ "attendance": { "at_least": 80, "of": ["m1", "m3"] } }));
        assert_eq!(unknown.unwrap(), "/criteria/participation/rule/attendance/of/1");
        let within = |until: &str, of: Value| json!({ "within": { "until": until, "rule": of } });
        let early = own(within("2026-03-11T00:00:00Z", json!({ "attendance": { "at_least": 80, "of": ["m2"] } })));
        assert_eq!(early.unwrap(), "/criteria/participation/rule/within/rule/attendance/of/0");
        let none = own(within("2026-03-01T00:00:00Z", rate(80)));
        assert_eq!(none.unwrap(), "/criteria/participation/rule/within/rule/attendance");
    }
}
