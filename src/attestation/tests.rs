//! What holds for every attestation, asked of whole PDFs. Conformance has its own judge: `tests/judges/validate_pdf.py`.

use super::*;
use crate::catalog::{AwardKind, Modality};
use crate::credential::{CompetencyView, IssuerView};
use crate::text::Lang;

const SECRET: [u8; 16] = [0x5c; 16];
const URL: &str = "https://sceau.example.gouv.fr/v/Yq3vJ0zq1mYh0m8D4o2bXw";
const NAME: &str = "Maëlys Nguyễn-Lefèvre";

fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn french() -> CredentialView {
    CredentialView {
        id: "https://sceau.example.gouv.fr/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e".to_owned(),
        issuer: IssuerView {
            id: "did:web:sceau.example.gouv.fr:issuers:igpde".to_owned(),
            name: "Institut de la gestion publique et du développement économique".to_owned(),
            url: Some("https://www.economie.gouv.fr/igpde".to_owned()),
            email: None,
            parent: Some("Ministère de l’Économie et des Finances".to_owned()),
        },
        kind: Some(AwardKind::Participation),
        achievement_id: "https://sceau.example.gouv.fr/achievements/00".to_owned(),
        title: "Laïcité et neutralité du service public : les fondamentaux pour les agents d’accueil".to_owned(),
        description: "Une formation.".to_owned(),
        criteria: "Pour obtenir cette attestation, il faut remplir toutes ces conditions :\n- terminer l’activité « Le cadre \
                   juridique »\n- au moins 2 des 3 activités suivantes :\n  - étude de cas « À l’accueil »\n  - étude de cas \
                   « En équipe »\n  - étude de cas « Sur les réseaux sociaux »\n- répondre au questionnaire d’évaluation \
                   finale"
            .to_owned(),
        criteria_url: Some("https://sceau.example.gouv.fr/sessions/laicite-2026-03/criteria".to_owned()),
        language: Lang::Fr,
        duration: Some("PT3H30M".parse().unwrap()),
        objectives: vec![
            "Connaître le cadre juridique de la laïcité et de la neutralité".to_owned(),
            "Réagir avec justesse aux situations rencontrées à l’accueil du public".to_owned(),
            "Savoir vers qui se tourner en cas de difficulté".to_owned(),
        ],
        competencies: vec![
            CompetencyView {
                name: "Appliquer les principes du service public".to_owned(),
                framework: Some("Dictionnaire interministériel des compétences".to_owned()),
                code: Some("DIC-042".to_owned()),
                url: "https://example.gouv.fr/dic/042".to_owned(),
            },
            CompetencyView {
                name: "Accueillir et orienter les publics".to_owned(),
                framework: None,
                code: None,
                url: "https://example.gouv.fr/dic/043".to_owned(),
            },
        ],
        modality: Some(Modality::TutoredOnline),
        valid_from: moment("2026-03-21T09:30:00Z"),
        valid_until: None,
        awarded: Some(moment("2026-03-20T16:00:00Z")),
        activity_start: Some(moment("2026-03-02T08:00:00Z")),
        activity_end: Some(moment("2026-03-20T16:00:00Z")),
        recipient_name_digest: None,
        recipient_name: None,
    }
}

fn english() -> CredentialView {
    CredentialView {
        kind: Some(AwardKind::Certificate),
        title: "Open data in practice".to_owned(),
        issuer: IssuerView { name: "Interministerial Digital Directorate".to_owned(), parent: None, ..french().issuer },
        criteria: "Pass the final assessment with at least 80 %.".to_owned(),
        language: Lang::En,
        objectives: vec!["Publish a data set that others can use".to_owned()],
        competencies: Vec::new(),
        modality: Some(Modality::Hybrid),
        valid_until: Some(moment("2029-03-20T16:00:00Z")),
        ..french()
    }
}

/// Everything at its longest: 400 characters of title, 60 objectives, 8 000 characters of criteria.
fn longest() -> CredentialView {
    let sentence = "Identifier les acteurs, les procédures et les délais qui s’appliquent à chaque étape du projet, ";
    let mut content = french();
    content.title = "Piloter un projet de transformation publique ".repeat(9).chars().take(400).collect();
    content.objectives = (1..=60).map(|n| format!("{n}. {}", sentence.repeat(1 + n % 4))).collect();
    content.competencies = (1..=20)
        .map(|n| CompetencyView { name: format!("Compétence {n} {sentence}"), ..french().competencies[0].clone() })
        .collect();
    content.criteria =
        format!("{}\n- {}\n  - {}\n", sentence.repeat(20), sentence.repeat(12), "x".repeat(900)).repeat(2);
    content.issuer.name = "Direction générale ".repeat(10).trim().to_owned();
    content
}

fn name() -> PersonName {
    PersonName::new(NAME).unwrap()
}

fn draw(content: &CredentialView, recipient: &PersonName) -> Result<Vec<u8>, AttestationError> {
    let content = CredentialView { recipient_name_digest: Some(recipient.digest(&SECRET)), ..content.clone() };
    render(&AttestationInput {
        content: &content,
        credential_json: r#"{"type":["VerifiableCredential","OpenBadgeCredential"]}"#,
        recipient,
        name_secret: &SECRET,
        verification_url: URL,
        zone: &Zone::default(),
        accent: [0x00, 0x00, 0x91],
    })
}

/// The number of pages, as the metadata say it in clear.
fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let (_, after) = text.split_once("<xmpTPg:NPages>").expect("the metadata count the pages");
    after.split('<').next().unwrap().parse().unwrap()
}

#[test]
fn the_same_award_gives_the_same_bytes_on_any_thread() {
    let here = draw(&french(), &name()).unwrap();
    let there = std::thread::spawn(|| draw(&french(), &name()).unwrap()).join().unwrap();
    assert!(here == there && here == draw(&french(), &name()).unwrap());
    assert!(here != draw(&CredentialView { title: "Autre".to_owned(), ..french() }, &name()).unwrap());
}

#[test]
fn an_ordinary_attestation_is_one_page_in_both_languages() {
    for content in [french(), english()] {
        assert_eq!(pages(&draw(&content, &name()).unwrap()), 1, "{}", content.language.tag());
    }
}

#[test]
fn samples() {
    let Ok(folder) = std::env::var("SCEAU_ATTESTATION_SAMPLES") else { return };
    for (file, content) in [("fr", french()), ("en", english()), ("long", longest())] {
        std::fs::write(format!("{folder}/{file}.pdf"), draw(&content, &name()).unwrap()).unwrap();
    }
}
