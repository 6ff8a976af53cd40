//! Our own attestations, read back. Edited ones: `tests/pdf_edits.rs`.

use super::text::Passage;
use super::*;
use crate::attestation::template::sample::{SECRET, URL, english, french};
use crate::attestation::tests::name;
use crate::attestation::{AttestationInput, Template, render};
use crate::catalog::AwardKind;
use crate::criteria::{CountedBy, EffectiveDuration};
use crate::text::PersonName;
use crate::time::Zone;

fn committed(content: CredentialView, recipient: &PersonName) -> CredentialView {
    CredentialView { recipient_name_digest: Some(recipient.digest(&SECRET)), ..content }
}

fn drawn(content: &CredentialView, recipient: &PersonName, zone: &Zone, accent: [u8; 3]) -> Vec<u8> {
    let input = AttestationInput {
        content,
        credential_json: "{}",
        credential_jwt: None,
        recipient,
        name_secret: &SECRET,
        verification_url: URL,
        zone,
        accent,
        template: &Template::builtin(content.kind.unwrap_or(AwardKind::Participation), content.language),
    };
    render(&input).unwrap()
}

fn judged(pdf: &[u8], content: &CredentialView) -> Appearance {
    open(pdf).unwrap().unwrap().appearance(content, pdf)
}

#[test]
fn ours_is_read_whole_and_nothing_in_it_is_foreign() {
    let recipient = PersonName::new("Zoé Lefèvre-Nguyễn, dite Ẅ́ Ǆordje").unwrap();
    let certificate = CredentialView { kind: Some(AwardKind::Certificate), ..french() };
    for content in [french(), english(), certificate] {
        let content = committed(content, &recipient);
        let pdf = drawn(&content, &recipient, &Zone::default(), [0x1b, 0x4f, 0x8f]);
        let opened = open(&pdf).unwrap().unwrap();
        let said = text::read(&opened.document);
        assert!(said.readable);
        assert_eq!(said.foreign, []);
        assert_eq!(objects::walk(&opened.document).foreign, []);
        let passage = |text: &str| said.passages.iter().any(|passage| passage.text.trim() == text);
        assert!(passage(recipient.as_str()), "{:#?}", said.passages);
        assert!(passage(&content.title) && passage(&content.objectives[0]));
        assert!(said.passages.iter().any(|Passage { role, .. }| role == "H1"));
        assert!(matches!(compare::name(&said.passages, &content), Named::As(found, SECRET) if found == recipient));
    }
}

#[test]
fn what_we_would_render_passes_whatever_the_accent() {
    for accent in [[0, 0, 0x91], [255, 255, 0], [255; 3], [0x8a, 0x3a, 0x1e]] {
        let content = committed(french(), &name());
        assert_eq!(judged(&drawn(&content, &name(), &Zone::default(), accent), &content), Appearance::AsRendered);
    }
    // In clear, there is no code to print.
    let content = CredentialView { recipient_name: Some(name().as_str().to_owned()), ..english() };
    assert_eq!(judged(&drawn(&content, &name(), &Zone::default(), [0, 0, 0x91]), &content), Appearance::AsRendered);
}

#[test]
fn a_name_that_nobody_signed_never_passes() {
    let pdf = drawn(&french(), &name(), &Zone::default(), [0, 0, 0x91]);
    assert_eq!(judged(&pdf, &french()), Appearance::Foreign(Foreign("no name to compare".to_owned())));
    let other = committed(french(), &PersonName::new("Autre Personne").unwrap());
    // Our own renderer refuses; a forger has another.
    let Appearance::Contradicts(differences) = judged(&pdf_with_code(), &other) else { panic!() };
    assert_eq!(differences[0].field, Field::Name);
}

fn pdf_with_code() -> Vec<u8> {
    drawn(&committed(french(), &name()), &name(), &Zone::default(), [0, 0, 0x91])
}

#[test]
fn a_date_in_another_zone_is_no_contradiction_and_no_pass() {
    let content = CredentialView {
        activity_start: Some("2026-03-02T23:30:00Z".parse().unwrap()),
        ..committed(french(), &name())
    };
    let zone: Zone = "Europe/Athens".parse().unwrap();
    assert_eq!(judged(&drawn(&content, &name(), &zone, [0, 0, 0x91]), &content), Appearance::AsRendered);
    let zone: Zone = "America/Cayenne".parse().unwrap();
    assert_eq!(judged(&drawn(&content, &name(), &zone, [0, 0, 0x91]), &content), Appearance::OtherText);
}

fn effective(duration: &str, basis: CountedBy) -> Option<EffectiveDuration> {
    Some(EffectiveDuration { duration: duration.parse().ok()?, basis })
}

#[test]
fn each_signed_content_is_contradicted_by_name() {
    let signed = committed(french(), &name());
    let cases = [
        (CredentialView { title: "Autre formation".to_owned(), ..signed.clone() }, Field::Title),
        (CredentialView { duration: Some("PT99H".parse().unwrap()), ..signed.clone() }, Field::Duration),
        (CredentialView { effective: effective("PT9H10M", CountedBy::Measured), ..signed.clone() }, Field::Duration),
        (CredentialView { effective: effective("PT3H10M", CountedBy::Attendance), ..signed.clone() }, Field::Duration),
        (CredentialView { passed: true, ..signed.clone() }, Field::Text),
        (CredentialView { awarded: Some("2027-03-20T16:00:00Z".parse().unwrap()), ..signed.clone() }, Field::Dates),
        (CredentialView { valid_until: Some("2027-03-20T16:00:00Z".parse().unwrap()), ..signed.clone() }, Field::Dates),
        (CredentialView { kind: Some(AwardKind::Certificate), ..signed.clone() }, Field::Kind),
        (CredentialView { modality: Some(crate::catalog::Modality::Webinar), ..signed.clone() }, Field::Text),
        (
            CredentialView {
                issuer: crate::credential::IssuerView { name: "Autre".to_owned(), ..signed.issuer.clone() },
                ..signed.clone()
            },
            Field::Issuer,
        ),
    ];
    for (shown, field) in cases {
        let pdf = drawn(&shown, &name(), &Zone::default(), [0, 0, 0x91]);
        let judged = judged(&pdf, &signed);
        let Appearance::Contradicts(differences) = &judged else { panic!("{field:?}: {judged:?}") };
        assert_eq!(differences[0].field, field, "{differences:?}");
        assert!(!format!("{differences:?}").contains(name().as_str()));
    }
    // What is not there contradicts nothing, and agrees with nothing.
    let silent = CredentialView { duration: None, ..signed.clone() };
    let pdf = drawn(&silent, &name(), &Zone::default(), [0, 0, 0x91]);
    assert_eq!(judged(&pdf, &signed), Appearance::Foreign(Foreign("no duration to compare".to_owned())));
    let silent_too = CredentialView { effective: None, ..signed.clone() };
    let pdf = drawn(&silent_too, &name(), &Zone::default(), [0, 0, 0x91]);
    assert_eq!(judged(&pdf, &signed), Appearance::Foreign(Foreign("no duration to compare".to_owned())));
    // A mention of what nobody signed.
    let pdf = drawn(&signed, &name(), &Zone::default(), [0, 0, 0x91]);
    let Appearance::Contradicts(differences) = judged(&pdf, &silent_too) else { panic!() };
    assert_eq!((differences[0].field, &differences[0].signed), (Field::Duration, &None));
    let pdf = drawn(&signed, &name(), &Zone::default(), [0, 0, 0x91]);
    let Appearance::Contradicts(differences) = judged(&pdf, &silent) else { panic!() };
    assert_eq!((differences[0].field, &differences[0].signed), (Field::Duration, &None));
}
