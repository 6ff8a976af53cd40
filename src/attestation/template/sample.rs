//! Awards that templates are tried with and previews show: an ordinary one, one that lacks all it may lack, one at its longest.

use crate::attestation::{AttestationError, AttestationInput, render};
use crate::catalog::{AwardKind, Modality};
use crate::credential::{CompetencyView, CredentialView, IssuerView};
use crate::criteria::{CountedBy, EffectiveDuration};
use crate::text::{Lang, PersonName};
use crate::time::{Timestamp, Zone};

use super::Template;

/// The secret of every sample's name.
pub(in crate::attestation) const SECRET: [u8; 16] = [0x5c; 16];
/// Where every sample's code leads.
pub(in crate::attestation) const URL: &str = "https://sceau.example.gouv.fr/v/Yq3vJ0zq1mYh0m8D4o2bXw";

/// A sample award.
pub(in crate::attestation) struct Sample {
    content: CredentialView,
    recipient: PersonName,
    zone: Zone,
}

impl Sample {
    /// A sample of a kind and language.
    pub(in crate::attestation) fn of(sample: SampleOf, kind: AwardKind, lang: Lang) -> Self {
        let content = match (sample, lang) {
            (SampleOf::Ordinary, Lang::Fr) => french(),
            (SampleOf::Ordinary, Lang::En) => english(),
            (SampleOf::Bare, _) => bare(),
            (SampleOf::Long, _) => longest(),
        };
        let passed = kind == AwardKind::Certificate && sample != SampleOf::Bare;
        Self::new(CredentialView { kind: Some(kind), language: lang, passed, ..content })
    }

    fn new(content: CredentialView) -> Self {
        Self::with(content, PersonName::new("Maëlys Nguyễn-Lefèvre").expect("a name"))
    }

    /// A sample of somebody.
    pub(in crate::attestation) fn with(content: CredentialView, recipient: PersonName) -> Self {
        let content = CredentialView { recipient_name_digest: Some(recipient.digest(&SECRET)), ..content };
        Self { content, recipient, zone: Zone::default() }
    }

    /// What an attestation of it is made of.
    pub(in crate::attestation) fn input<'a>(&'a self, template: &'a Template) -> AttestationInput<'a> {
        AttestationInput {
            content: &self.content,
            credential_json: r#"{"type":["VerifiableCredential","OpenBadgeCredential"]}"#,
            credential_jwt: None,
            recipient: &self.recipient,
            name_secret: &SECRET,
            verification_url: URL,
            zone: &self.zone,
            accent: [0x00, 0x00, 0x91],
            template,
        }
    }
}

/// How much there is to say in a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleOf {
    /// What there mostly is.
    Ordinary,
    /// All that may be missing is.
    Bare,
    /// Everything at its longest.
    Long,
}

impl SampleOf {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ordinary, Self::Bare, Self::Long];

    /// The word used on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Bare => "bare",
            Self::Long => "long",
        }
    }
}

/// An attestation with sample data, of somebody if a name is given.
///
/// # Errors
/// As [`render`].
pub fn preview(
    template: &Template,
    (kind, lang): (AwardKind, Lang),
    sample: SampleOf,
    recipient: Option<&PersonName>,
    accent: [u8; 3],
) -> Result<Vec<u8>, AttestationError> {
    let sample = Sample::of(sample, kind, lang);
    let sample = match recipient {
        Some(recipient) => Sample::with(sample.content, recipient.clone()),
        None => sample,
    };
    render(&AttestationInput { accent, ..sample.input(template) })
}

fn effective(duration: &str, basis: CountedBy) -> Option<EffectiveDuration> {
    Some(EffectiveDuration { duration: duration.parse().ok()?, basis })
}

fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// In French, with everything.
pub(in crate::attestation) fn french() -> CredentialView {
    let competency = |name: &str, framework: Option<&str>, code: Option<&str>, number: u32| CompetencyView {
        name: name.to_owned(),
        framework: framework.map(str::to_owned),
        code: code.map(str::to_owned),
        url: format!("https://example.gouv.fr/dic/{number:03}"),
    };
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
        duration: "PT3H30M".parse().ok(),
        effective: effective("PT3H10M", CountedBy::Measured),
        passed: false,
        objectives: vec![
            "Connaître le cadre juridique de la laïcité et de la neutralité".to_owned(),
            "Réagir avec justesse aux situations rencontrées à l’accueil du public".to_owned(),
            "Savoir vers qui se tourner en cas de difficulté".to_owned(),
        ],
        competencies: vec![
            competency(
                "Appliquer les principes du service public",
                Some("Dictionnaire interministériel des compétences"),
                Some("DIC-042"),
                42,
            ),
            competency("Accueillir et orienter les publics", None, None, 43),
        ],
        modality: Some(Modality::TutoredOnline),
        valid_from: moment("2026-03-21T09:30:00Z").expect("a moment"),
        valid_until: None,
        awarded: moment("2026-03-20T16:00:00Z"),
        activity_start: moment("2026-03-02T08:00:00Z"),
        activity_end: moment("2026-03-20T16:00:00Z"),
        recipient_name_digest: None,
        recipient_name: None,
    }
}

/// In English, without a parent organisation or competencies.
pub(in crate::attestation) fn english() -> CredentialView {
    CredentialView {
        kind: Some(AwardKind::Certificate),
        title: "Open data in practice".to_owned(),
        issuer: IssuerView { name: "Interministerial Digital Directorate".to_owned(), parent: None, ..french().issuer },
        criteria: "Pass the final assessment with at least 80 %.".to_owned(),
        language: Lang::En,
        objectives: vec!["Publish a data set that others can use".to_owned()],
        competencies: Vec::new(),
        modality: Some(Modality::Hybrid),
        effective: effective("PT3H45M", CountedBy::Credited),
        passed: true,
        valid_until: moment("2029-03-20T16:00:00Z"),
        ..french()
    }
}

/// What a credential may lack, lacking.
pub(in crate::attestation) fn bare() -> CredentialView {
    CredentialView {
        kind: None,
        criteria: String::new(),
        criteria_url: None,
        duration: None,
        effective: None,
        passed: false,
        objectives: Vec::new(),
        competencies: Vec::new(),
        modality: None,
        awarded: None,
        valid_until: None,
        activity_start: None,
        activity_end: None,
        ..english()
    }
}

/// Everything at its longest: 400 characters of title, 60 objectives, 8 000 characters of criteria.
pub(in crate::attestation) fn longest() -> CredentialView {
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
