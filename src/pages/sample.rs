//! Sample data for every page: what previews show, what a replaced template is tried with, what tests render.

use super::engine::{PageError, Pages};
use super::{
    CredentialPage, CriteriaPage, ErrorPage, HomePage, Mistake, RecipientLine, ResultPage, VerificationLinks,
    VerificationPage, VerifyForm,
};
use crate::award::RevocationCategory;
use crate::catalog::{AwardKind, EffectiveSession, Issuer, Modality};
use crate::credential::{CompetencyView, CredentialView, IssuerView};
use crate::criteria::{CountedBy, EffectiveDuration};
use crate::ids::PublicUrl;
use crate::text::Lang;
use crate::time::{Duration, Timestamp, Zone};
use crate::verify::{Check, CheckCode, Outcome, Reason, Report, Revocation, Trust, Verdict};

/// Every page in both languages: a file name and the HTML.
pub(super) fn render_all(pages: &Pages) -> Result<Vec<(String, String)>, PageError> {
    let zone = Zone::default();
    let public_url: PublicUrl = "https://sceau.example".parse().expect("a literal that is well-formed");
    let (session, issuer) = session();
    let mut out = Vec::new();
    for lang in [Lang::Fr, Lang::En] {
        let mut add = |name: &str, html: String| out.push((format!("{name}.{}.html", lang.tag()), html));
        for verdict in [
            Verdict::Valid,
            Verdict::Revoked,
            Verdict::Suspended,
            Verdict::Expired,
            Verdict::NotYetValid,
            Verdict::Invalid,
            Verdict::Unverifiable,
        ] {
            let report = report(verdict);
            let recipient = Some(recipient(Some(true)));
            let page = VerificationPage { report: &report, recipient, links: links(verdict), lang, zone: &zone };
            let name = serde_json::to_value(verdict).ok().and_then(|name| name.as_str().map(str::to_owned));
            add(&name.unwrap_or_default(), pages.verification(&page)?);
        }
        let valid = report(Verdict::Valid);
        for (name, matches_commitment) in [("name-unsigned", None), ("name-contradicted", Some(false))] {
            let recipient = Some(recipient(matches_commitment));
            let links = links(Verdict::Valid);
            let page = VerificationPage { report: &valid, recipient, links, lang, zone: &zone };
            add(name, pages.verification(&page)?);
        }
        let bare = bare_report();
        let page =
            VerificationPage { report: &bare, recipient: None, links: VerificationLinks::default(), lang, zone: &zone };
        add("bare", pages.verification(&page)?);
        let page = CredentialPage { report: &valid, links: links(Verdict::Valid), lang, zone: &zone };
        add("credential", pages.credential(&page)?);
        for (name, report) in handed_in() {
            let page = ResultPage { report: &report, lang, zone: &zone };
            add(&format!("result-{name}"), pages.result(&page)?);
        }
        let max_bytes = 5 * 1024 * 1024;
        add("verify", pages.verify_form(&VerifyForm { mistake: None, max_bytes, lang })?);
        for mistake in Mistake::ALL {
            let name = format!("verify-{}", format!("{mistake:?}").to_lowercase());
            add(&name, pages.verify_form(&VerifyForm { mistake: Some(mistake), max_bytes, lang })?);
        }
        let narratives = narratives();
        let json_url = "/sessions/laicite-2026-03/criteria.json";
        let page = CriteriaPage { session: &session, issuer: &issuer, narratives: &narratives, json_url, lang };
        add("criteria", pages.criteria(&page)?);
        for (name, html) in super::progress_sample::render_all(pages, lang)? {
            add(&name, html);
        }
        add("home", pages.home(&HomePage { public_url: &public_url, lang })?);
        add("unknown-link", pages.unknown_link(lang)?);
        let title = lang.pick("Service momentanément indisponible", "Service briefly unavailable");
        let detail = lang.pick("Réessayez dans quelques minutes.", "Try again in a few minutes.");
        add("error", pages.error(&ErrorPage { status: 503, title, detail: Some(detail), lang })?);
        add("error-bare", pages.error(&ErrorPage { status: 404, title, detail: None, lang })?);
    }
    Ok(out)
}

/// A report of one verdict, with everything that a credential of ours says.
pub(super) fn report(verdict: Verdict) -> Report {
    let checked_at = moment("2026-11-22T09:41:00Z");
    let pass = |code, reason| (code, Outcome::Pass, reason);
    let mut checks = vec![
        pass(CheckCode::Form, Reason::Readable),
        pass(CheckCode::Schema, Reason::WellFormed),
        pass(CheckCode::Proof, Reason::SignatureValid),
        pass(CheckCode::IssuerKey, Reason::KeyOfIssuer),
        pass(CheckCode::Validity, Reason::InForce),
        pass(CheckCode::Status, Reason::NotRevoked),
    ];
    match verdict {
        Verdict::Valid => {}
        Verdict::Revoked => checks[5] = (CheckCode::Status, Outcome::Fail, Reason::Revoked),
        Verdict::Suspended => checks[5] = (CheckCode::Status, Outcome::Fail, Reason::Suspended),
        Verdict::Expired => checks[4] = (CheckCode::Validity, Outcome::Fail, Reason::Expired),
        Verdict::NotYetValid => checks[4] = (CheckCode::Validity, Outcome::Fail, Reason::NotYetValid),
        Verdict::Unverifiable => {
            checks[5] = (CheckCode::Status, Outcome::NotChecked, Reason::StatusListUnavailable);
        }
        Verdict::Invalid => {
            checks[2] = (CheckCode::Proof, Outcome::Fail, Reason::SignatureMismatch);
            for check in &mut checks[3..] {
                *check = (check.0, Outcome::NotChecked, Reason::Pointless);
            }
        }
    }
    let revocation = Revocation {
        category: RevocationCategory::DetailsCorrected,
        at: moment("2026-06-01T08:00:00Z"),
        replaced_by: Some("https://sceau.example/credentials/5d9b8f0e-1f0a-4a53-9f0b-0f9a3f6f1c77".into()),
    };
    Report {
        verdict,
        checked_at,
        checks: checks.into_iter().map(|(code, outcome, reason)| Check::new(code, outcome, reason)).collect(),
        revocation: (verdict == Verdict::Revoked).then_some(revocation),
        content: (verdict != Verdict::Invalid).then(|| view(verdict)),
        trust: (verdict != Verdict::Invalid).then_some(Trust::KnownHere),
        credentials: Vec::new(),
    }
}

/// A report whose content is signed, with one check otherwise than in a valid one.
pub(super) fn report_but(verdict: Verdict, code: CheckCode, outcome: Outcome, reason: Reason) -> Report {
    let mut report = report(Verdict::Valid);
    report.verdict = verdict;
    let check = Check::new(code, outcome, reason);
    match report.checks.iter_mut().find(|check| check.code == code) {
        Some(place) => *place = check,
        None => report.checks.push(check),
    }
    report
}

/// The same where nothing after the check could be made, so that nothing signed is shown.
pub(super) fn report_until(verdict: Verdict, code: CheckCode, outcome: Outcome, reason: Reason) -> Report {
    let mut report = report_but(verdict, code, outcome, reason);
    for check in report.checks.iter_mut().filter(|check| check.code > code) {
        *check = Check::new(check.code, Outcome::NotChecked, Reason::Pointless);
    }
    (report.content, report.trust) = (None, None);
    report
}

/// Reports on what strangers hand in: one for each sort of page.
fn handed_in() -> Vec<(&'static str, Report)> {
    let by_domain = || {
        let mut report = bare_report();
        report.trust = Some(Trust::Domain);
        if let Some(view) = &mut report.content {
            view.issuer.id = "did:web:badges.ministere.example:ecole".into();
        }
        report
    };
    let mut self_asserted =
        report_but(Verdict::Unverifiable, CheckCode::IssuerKey, Outcome::Warn, Reason::SelfAsserted);
    self_asserted.trust = Some(Trust::SelfAsserted);
    let mut another_kind = report_but(Verdict::Valid, CheckCode::Schema, Outcome::Warn, Reason::NotAnOpenBadge);
    (another_kind.content, another_kind.trust) = (None, Some(Trust::Domain));
    let mut out_of_reach =
        report_until(Verdict::Unverifiable, CheckCode::IssuerKey, Outcome::NotChecked, Reason::KeyUnavailable);
    if let Some(check) = out_of_reach.checks.iter_mut().find(|check| check.code == CheckCode::IssuerKey) {
        check.detail = Some("did:web:badges.ministere.example: off".into());
    }
    out_of_reach.checks[2] = Check::new(CheckCode::Proof, Outcome::NotChecked, Reason::Pointless);
    let mut presentation =
        report_but(Verdict::Invalid, CheckCode::Credentials, Outcome::Fail, Reason::CredentialsNotVerified);
    presentation.checks.retain(|check| !matches!(check.code, CheckCode::Validity | CheckCode::Status));
    (presentation.content, presentation.trust) = (None, Some(Trust::SelfAsserted));
    presentation.credentials = vec![by_domain(), report(Verdict::Revoked), report(Verdict::Invalid)];
    vec![
        ("valid", report(Verdict::Valid)),
        ("by-domain", by_domain()),
        ("self-asserted", self_asserted),
        ("another-kind", another_kind),
        ("out-of-reach", out_of_reach),
        ("revoked", report(Verdict::Revoked)),
        ("altered", report(Verdict::Invalid)),
        ("recipient", report_but(Verdict::Valid, CheckCode::Recipient, Outcome::Pass, Reason::RecipientMatches)),
        (
            "other-recipient",
            report_but(Verdict::Invalid, CheckCode::Recipient, Outcome::Fail, Reason::RecipientDiffers),
        ),
        (
            "no-recipient",
            report_but(Verdict::Unverifiable, CheckCode::Recipient, Outcome::NotChecked, Reason::RecipientUnnamed),
        ),
        ("logged", report_but(Verdict::Valid, CheckCode::IssuerKey, Outcome::Warn, Reason::KeyRevokedButLogged)),
        ("key-revoked", report_until(Verdict::Invalid, CheckCode::IssuerKey, Outcome::Fail, Reason::KeyRevoked)),
        ("pdf", report_but(Verdict::Unverifiable, CheckCode::Form, Outcome::NotChecked, Reason::PdfNotCompared)),
        ("pdf-altered", report_but(Verdict::Invalid, CheckCode::Form, Outcome::Fail, Reason::PdfOtherDuration)),
        (
            "pdf-not-verifiable",
            report_but(Verdict::Unverifiable, CheckCode::Form, Outcome::NotChecked, Reason::PdfNotVerifiable),
        ),
        ("no-badge", report_until(Verdict::Invalid, CheckCode::Form, Outcome::Fail, Reason::NoCredential)),
        ("presentation", presentation),
    ]
}

/// A report on a foreign credential that says as little as a credential may.
fn bare_report() -> Report {
    let mut report = report(Verdict::Valid);
    report.content = report.content.map(|view| CredentialView {
        issuer: IssuerView { url: None, email: None, parent: None, ..view.issuer },
        kind: None,
        criteria: String::new(),
        criteria_url: None,
        language: Lang::En,
        duration: None,
        effective: None,
        passed: false,
        objectives: Vec::new(),
        competencies: Vec::new(),
        modality: None,
        awarded: None,
        activity_start: None,
        activity_end: None,
        recipient_name_digest: None,
        ..view
    });
    report
}

/// The signed content of the samples.
pub(super) fn view(verdict: Verdict) -> CredentialView {
    let competency = |name: &str, code: &str| CompetencyView {
        name: name.into(),
        framework: Some("Référentiel des compétences de la fonction publique".into()),
        code: Some(code.into()),
        url: format!("https://competences.example/{code}"),
    };
    CredentialView {
        id: "https://sceau.example/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".into(),
        issuer: IssuerView {
            id: "did:web:sceau.example:issuers:ecole".into(),
            name: "École de la transformation publique".into(),
            url: Some("https://ecole.example".into()),
            email: Some("formation@ecole.example".into()),
            parent: Some("Ministère de l’action publique".into()),
        },
        kind: Some(AwardKind::Participation),
        achievement_id: format!("https://sceau.example/achievements/{}", "0".repeat(64)),
        title: "Laïcité et neutralité dans les services publics".into(),
        description: "Comprendre le principe de laïcité et l’appliquer dans les situations courantes d’un service."
            .into(),
        criteria: criteria_text().into(),
        criteria_url: Some("https://sceau.example/sessions/laicite-2026-03/criteria".into()),
        language: Lang::Fr,
        duration: Duration::from_seconds(12_600),
        effective: Duration::from_seconds(12_900)
            .map(|duration| EffectiveDuration { duration, basis: CountedBy::Attendance }),
        passed: false,
        objectives: vec![
            "Situer le cadre juridique de la laïcité".into(),
            "Distinguer les obligations des agents et les droits des usagers".into(),
            "Réagir à propos dans une situation concrète".into(),
        ],
        competencies: vec![
            competency("Appliquer les règles de déontologie", "RMFP-12"),
            competency("Accueillir un public varié", "RMFP-27"),
        ],
        modality: Some(Modality::Hybrid),
        valid_from: moment(if verdict == Verdict::NotYetValid {
            "2027-01-04T08:00:00Z"
        } else {
            "2026-03-27T15:02:11Z"
        }),
        valid_until: (verdict == Verdict::Expired).then(|| moment("2026-09-30T22:00:00Z")),
        awarded: Some(moment("2026-03-27T15:02:11Z")),
        activity_start: Some(moment("2026-03-02T08:00:00Z")),
        activity_end: Some(moment("2026-03-27T15:00:00Z")),
        recipient_name_digest: Some("9".repeat(64)),
        recipient_name: None,
    }
}

/// The learner of the samples.
pub(super) fn recipient(matches_commitment: Option<bool>) -> RecipientLine {
    RecipientLine { name: "Amélie Nguyễn-Lefèvre".into(), matches_commitment }
}

/// The addresses of the samples.
pub(super) fn links(verdict: Verdict) -> VerificationLinks {
    VerificationLinks {
        credential_json: "https://sceau.example/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".into(),
        criteria: None,
        replaced_by: (verdict == Verdict::Revoked)
            .then(|| "https://sceau.example/credentials/5d9b8f0e-1f0a-4a53-9f0b-0f9a3f6f1c77".into()),
    }
}

/// The session of the samples, and its issuer.
pub(super) fn session() -> (EffectiveSession, Issuer) {
    let read = "a literal that follows our own types";
    let issuer = serde_json::from_value(serde_json::json!({
        "code": "ecole", "name": "École de la transformation publique", "url": "https://ecole.example",
        "parent": { "name": "Ministère de l’action publique", "url": "https://ministere.example" },
    }));
    let training = serde_json::from_value(serde_json::json!({
        "code": "laicite", "issuer": "ecole", "title": "Laïcité et neutralité dans les services publics",
        "description": "Comprendre le principe de laïcité et l’appliquer dans les situations courantes d’un service.\n\nLa formation alterne des modules en ligne et un atelier en petit groupe.",
        "objectives": [
            "Situer le cadre juridique de la laïcité",
            "Distinguer les obligations des agents et les droits des usagers",
            "Réagir à propos dans une situation concrète",
        ],
        "competencies": [{
            "name": "Appliquer les règles de déontologie", "code": "RMFP-12", "url": "https://competences.example/RMFP-12",
            "framework": "Référentiel des compétences de la fonction publique",
        }],
        "modality": "self_paced_online", "duration": "PT3H", "assessment": "self_assessment",
        "criteria": { "participation": { "rule": { "course": {} } } },
    }));
    let session = serde_json::from_value(serde_json::json!({
        "code": "laicite-2026-03", "training": "laicite", "duration": "PT3H30M", "modality": "hybrid",
        "starts": "2026-03-02T09:00:00+01:00", "ends": "2026-03-27T16:00:00+01:00",
        "context": "Session ouverte aux agents d’accueil de la région Bretagne, à Rennes.",
    }));
    (EffectiveSession::new(session.expect(read), training.expect(read)).expect(read), issuer.expect(read))
}

/// The criteria of the samples.
pub(super) fn narratives() -> Vec<(AwardKind, String)> {
    let certificate = "L’évaluation certifiante «\u{202f}Cas pratiques\u{202f}» doit être réussie.";
    vec![(AwardKind::Participation, criteria_text().into()), (AwardKind::Certificate, certificate.into())]
}

fn criteria_text() -> &'static str {
    "L’attestation est délivrée lorsque toutes ces conditions sont remplies\u{a0}:\n\n\
     - terminer les activités attendues\u{a0}:\n  - Module 1\u{a0}: le cadre juridique\n  - Module 2\u{a0}: cas pratiques\n\
     - passer au moins 3 h sur la formation, selon la durée prévue de chaque activité validée\n\
     - remettre le questionnaire d’évaluation de la formation"
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a literal that is well-formed")
}
