//! Sample data for the pages of a learner's progress: what previews show and what a replaced template is tried with.

use serde_json::{Value, json};

use super::engine::{PageError, Pages};
use super::{AwardShown, KindShown, ProgressPage, ShownIn};
use crate::catalog::{AwardKind, EffectiveSession, Issuer};
use crate::criteria::{Progress, progress};
use crate::evidence::{Evidence, Fact, Interval, Ledger, State};
use crate::text::Lang;
use crate::time::Timestamp;

const READ: &str = "a literal that follows our own types";

/// Each page in one language: a name and the HTML.
pub(super) fn render_all(pages: &Pages, lang: Lang) -> Result<Vec<(String, String)>, PageError> {
    let (_, issuer) = super::sample::session();
    let session = session(json!("Laïcité et neutralité dans les services publics"));
    let (started, nothing) = (ledger(), Ledger::default());
    let mut out = Vec::new();
    let mut add = |name: &str, at: &str, ledger: &Ledger, awards: [AwardShown<'_>; 2]| {
        let at = moment(at);
        let found: Vec<Progress> =
            AwardKind::ALL.into_iter().filter_map(|kind| progress(&session, kind, ledger, at)).collect();
        let shown = found.iter().zip(awards).map(|(progress, award)| KindShown { progress, award });
        let kinds: Vec<_> = shown.collect();
        for (prefix, shown_in) in [("progress", ShownIn::Page), ("progress-embed", ShownIn::Frame)] {
            let html = pages.progress(&page(&session, &issuer, &kinds, at, shown_in, lang))?;
            out.push((format!("{prefix}-{name}"), html));
        }
        Ok::<(), PageError>(())
    };
    let (early, late) = ("2026-03-12T09:00:00Z", "2026-07-12T09:00:00Z");
    add("start", early, &nothing, [AwardShown::None, AwardShown::None])?;
    add("under-way", early, &started, [AwardShown::None, AwardShown::None])?;
    add("over", late, &started, [AwardShown::Preparing, AwardShown::None])?;
    add("refused", late, &started, [AwardShown::AfterClosing, AwardShown::Refused])?;
    add("awarded", late, &started, [issued(), AwardShown::Revoked { at: moment(early) }])?;
    Ok(out)
}

/// The same with texts that attack the page.
#[cfg(test)]
pub(super) fn hostile(pages: &Pages, text: &str, lang: Lang) -> Vec<(&'static str, String)> {
    let (_, issuer) = super::sample::session();
    let (session, at) = (session(json!(text)), moment("2026-03-12T09:00:00Z"));
    let found = progress(&session, AwardKind::Participation, &ledger(), at).expect(READ);
    let kinds = [KindShown { progress: &found, award: AwardShown::None }];
    let html = pages.progress(&page(&session, &issuer, &kinds, at, ShownIn::Page, lang)).expect(READ);
    vec![("progress", html)]
}

fn page<'a>(
    session: &'a EffectiveSession,
    issuer: &'a Issuer,
    kinds: &'a [KindShown<'a>],
    at: Timestamp,
    shown_in: ShownIn,
    lang: Lang,
) -> ProgressPage<'a> {
    ProgressPage {
        session,
        issuer,
        kinds,
        at,
        closed: None,
        page_url: "https://sceau.example/p/AAAAAAAAAAAAAAAAAAAAAA",
        criteria_url: "https://sceau.example/sessions/laicite-2026-03/criteria",
        shown_in,
        lang,
    }
}

fn issued() -> AwardShown<'static> {
    AwardShown::Issued {
        at: moment("2026-06-30T09:00:00Z"),
        attestation: "https://sceau.example/a/AAAAAAAAAAAAAAAAAAAAAA/attestation.pdf",
        badge: "https://sceau.example/a/AAAAAAAAAAAAAAAAAAAAAA/badge.png",
        credential: "https://sceau.example/a/AAAAAAAAAAAAAAAAAAAAAA/credential.json",
        verification: "https://sceau.example/v/AAAAAAAAAAAAAAAAAAAAAA",
    }
}

fn session(title: Value) -> EffectiveSession {
    let activity = |code: &str, title: &Value, kind: &str, duration: &str| json!({ "code": code, "title": title, "kind": kind, "duration": duration });
    let participation = json!({ "all": [
        { "unit": { "code": "u1" } },
        { "any": [{ "activity": { "code": "forum" } }, { "activity": { "code": "journal" } }] },
        { "attendance": { "at_least": 80 } },
        { "within": { "until": "2026-07-01T00:00:00+02:00", "rule": { "questionnaire": { "code": "avis" } } } },
    ] });
    let training = serde_json::from_value(json!({
        "code": "laicite", "issuer": "ecole", "title": title, "description": "D", "objectives": ["O"],
        "modality": "hybrid", "duration": "PT3H", "assessment": "certifying",
        "units": [
            { "code": "u1", "title": "Comprendre", "activities": [
                activity("cadre", &json!("Le cadre juridique"), "resource", "PT1H"),
                activity("reperes", &json!("Testez vos repères"), "self_assessment", "PT15M"),
            ] },
            { "code": "u2", "title": "Agir", "activities": [
                activity("atelier", &title, "live", "PT3H"),
                activity("forum", &title, "resource", "PT20M"),
                activity("journal", &json!("Le carnet de bord"), "resource", "PT20M"),
                activity("cas", &json!("Cas pratiques"), "assessment", "PT45M"),
                activity("avis", &json!("Votre avis sur la formation"), "questionnaire", "PT5M"),
            ] },
        ],
        "criteria": {
            "participation": { "rule": participation },
            "certificate": { "rule": { "within": {
                "until": "2026-07-01T00:00:00+02:00", "rule": { "activity": { "code": "cas", "reached": "passed" } }
            } } },
        },
    }));
    let session = serde_json::from_value(json!({
        "code": "laicite-2026-03", "training": "laicite", "starts": "2026-03-02T09:00:00+01:00", "ends": "2026-06-30T18:00:00+02:00",
        "meetings": [
            { "code": "m1", "activity": "atelier", "starts": "2026-03-10T09:00:00+01:00", "ends": "2026-03-10T12:00:00+01:00" },
            { "code": "m2", "activity": "atelier", "starts": "2026-03-24T09:00:00+01:00", "ends": "2026-03-24T12:00:00+01:00" },
        ],
    }));
    EffectiveSession::new(session.expect(READ), training.expect(READ)).expect(READ)
}

fn ledger() -> Ledger {
    let fact = |at: &str, fact| Evidence {
        session: "laicite-2026-03".parse().expect(READ),
        learner: "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".parse().expect(READ),
        source: "mentor".parse().expect(READ),
        at: moment(at),
        fact,
        score: None,
    };
    let done =
        |at: &str, code: &str| fact(at, Fact::Activity { code: code.parse().expect(READ), state: State::Completed });
    let there = Interval { from: moment("2026-03-10T08:10:00Z"), until: moment("2026-03-10T11:00:00Z") };
    let (meeting, stated) = ("m1".parse().expect(READ), moment("2026-03-10T17:00:00Z"));
    Ledger {
        evidence: vec![
            done("2026-03-03T09:00:00Z", "cadre"),
            done("2026-03-04T09:00:00Z", "journal"),
            fact("2026-03-10T11:00:00Z", Fact::Attendance { meeting, stated, intervals: vec![there] }),
        ],
    }
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a literal that is well-formed")
}
