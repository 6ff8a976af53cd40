//! What a credential says, labelled: the facts and the words that an attestation and its verification page share, so that
//! whoever holds one beside the other reads the same.
//!
//! Not here: what only one of them says (the verdict, how to verify), and how either looks.

use serde::Serialize;

use crate::catalog::{AwardKind, Modality};
use crate::credential::CredentialView;
use crate::criteria::EffectiveDuration;
use crate::text::{Lang, capitalised};
use crate::time::{Days, Duration, Timestamp, Zone};

/// A labelled value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// What it is called.
    pub label: &'static str,
    /// What it is.
    pub value: String,
}

impl Mention {
    /// From both; the value gets a capital, since it stands alone.
    pub fn new(label: &'static str, value: impl AsRef<str>) -> Self {
        Self { label, value: capitalised(value.as_ref()) }
    }

    /// The estimated duration.
    pub fn duration(duration: Duration, lang: Lang) -> Self {
        Self::new(lang.pick("Durée estimée", "Estimated duration"), duration.spoken())
    }

    /// How long it took the learner, with how that was counted.
    pub fn effective(effective: EffectiveDuration, lang: Lang) -> Self {
        let EffectiveDuration { duration, basis } = effective;
        let value = format!("{} ({})", duration.spoken(), basis.label(lang));
        Self::new(lang.pick("Durée effective", "Effective duration"), value)
    }

    /// What came of the assessments that the criteria ask for: that they were passed, and no more.
    pub fn passed(lang: Lang) -> Self {
        Self::new(
            lang.pick("Résultat", "Result"),
            lang.pick("réussite aux évaluations demandées", "required assessments passed"),
        )
    }

    /// How a training is taught.
    pub fn modality(modality: Modality, lang: Lang) -> Self {
        Self::new(lang.pick("Modalité", "Mode of delivery"), modality.label(lang))
    }

    /// The days of a training, as much of them as is known.
    pub fn dates(start: Option<Timestamp>, end: Option<Timestamp>, zone: &Zone, lang: Lang) -> Option<Self> {
        let value = match (start, end) {
            (Some(start), Some(end)) => match Days::between(start, end, zone, lang) {
                Days::One(day) => day,
                Days::Several(first, last) => match lang {
                    Lang::Fr => format!("du {first} au\u{a0}{last}"),
                    Lang::En => format!("{first} to\u{a0}{last}"),
                },
            },
            (Some(start), None) => format!("{} {}", lang.pick("à partir du", "from"), start.day(zone, lang)),
            (None, Some(end)) => format!("{} {}", lang.pick("jusqu’au", "until"), end.day(zone, lang)),
            (None, None) => return None,
        };
        Some(Self::new(lang.pick("Dates de formation", "Training dates"), value))
    }
}

/// The facts of a credential, in the order in which they are read.
pub fn facts(content: &CredentialView, zone: &Zone, lang: Lang) -> Vec<Mention> {
    let day = |moment: Timestamp| moment.day(zone, lang);
    [
        content.duration.map(|duration| Mention::duration(duration, lang)),
        content.effective.map(|effective| Mention::effective(effective, lang)),
        Mention::dates(content.activity_start, content.activity_end, zone, lang),
        content.modality.map(|modality| Mention::modality(modality, lang)),
        content.passed.then(|| Mention::passed(lang)),
        content.awarded.map(|moment| Mention::new(lang.pick("Date d’attribution", "Awarded on"), day(moment))),
        content.valid_until.map(|moment| Mention::new(lang.pick("Valable jusqu’au", "Valid until"), day(moment))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What a document is called; one of another service is a badge.
pub fn kind(kind: Option<AwardKind>, lang: Lang) -> &'static str {
    kind.map_or(lang.pick("Badge numérique", "Digital badge"), |kind| kind.label(lang))
}

/// Before the learner's name. French agrees with the kind.
pub fn awarded_to(kind: Option<AwardKind>, lang: Lang) -> &'static str {
    lang.pick(if is_feminine(kind) { "délivrée à" } else { "délivré à" }, "awarded to")
}

/// Before the issuer's name. French agrees with the kind.
pub fn issued_by(kind: Option<AwardKind>, lang: Lang) -> &'static str {
    lang.pick(if is_feminine(kind) { "délivrée par" } else { "délivré par" }, "issued by")
}

/// The issuer, where it stands alone under its label.
pub fn issuer(kind: Option<AwardKind>, name: String, lang: Lang) -> Mention {
    let label = lang.pick(if is_feminine(kind) { "Délivrée par" } else { "Délivré par" }, "Issued by");
    Mention { label, value: name }
}

/// Whether French says *une*: an attestation is, a certificate or a badge isn't.
pub fn is_feminine(kind: Option<AwardKind>) -> bool {
    kind == Some(AwardKind::Participation)
}

/// Where a competency stands: its framework and its code in it, as far as they are known.
pub fn place(framework: Option<&str>, code: Option<&str>) -> Option<String> {
    let parts: Vec<&str> = [framework, code].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(" · "))
}

/// The words over and before the parts of a credential.
#[derive(Debug, Serialize)]
pub struct Headings {
    /// Over the objectives.
    pub objectives: &'static str,
    /// Over the competencies.
    pub competencies: &'static str,
    /// Over the criteria.
    pub criteria: &'static str,
    /// What leads to the criteria as the session published them.
    pub published_criteria: &'static str,
    /// Before the credential's id.
    pub identifier: &'static str,
}

/// The words of a language.
pub const fn headings(lang: Lang) -> &'static Headings {
    match lang {
        Lang::Fr => &Headings {
            objectives: "Objectifs",
            competencies: "Compétences travaillées",
            criteria: "Critères d’attribution",
            published_criteria: "Critères publiés pour la session",
            identifier: "Identifiant du badge",
        },
        Lang::En => &Headings {
            objectives: "Objectives",
            competencies: "Competencies worked on",
            criteria: "Award criteria",
            published_criteria: "Criteria published for the session",
            identifier: "Badge identifier",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_read_as_people_say_them() {
        let moment = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let (start, end) = (moment("2026-03-02T08:00:00Z"), moment("2026-03-20T16:00:00Z"));
        let said = |start, end, lang| {
            Mention::dates(start, end, &Zone::default(), lang).map(|dates| dates.value.replace('\u{a0}', " "))
        };
        assert_eq!(said(start, end, Lang::Fr).as_deref(), Some("Du 2 au 20 mars 2026"));
        assert_eq!(said(start, end, Lang::En).as_deref(), Some("2 to 20 March 2026"));
        assert_eq!(said(start, start, Lang::Fr).as_deref(), Some("2 mars 2026"));
        assert_eq!(said(start, None, Lang::Fr).as_deref(), Some("À partir du 2 mars 2026"));
        assert_eq!(said(None, end, Lang::En).as_deref(), Some("Until 20 March 2026"));
        assert_eq!(said(None, None, Lang::Fr), None);
    }

    #[test]
    fn words_agree_with_what_they_name() {
        assert_eq!(awarded_to(Some(AwardKind::Participation), Lang::Fr), "délivrée à");
        assert_eq!(issued_by(Some(AwardKind::Certificate), Lang::Fr), "délivré par");
        assert_eq!((kind(None, Lang::Fr), issued_by(None, Lang::Fr)), ("Badge numérique", "délivré par"));
    }
}
