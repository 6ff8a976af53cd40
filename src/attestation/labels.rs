//! Every fixed text of an attestation, in both languages. French puts a narrow no-break space (U+202F) before `:` and `?`.

use crate::catalog::AwardKind;
use crate::text::Lang;
use crate::time::{Timestamp, Zone};

/// The texts of one language.
#[derive(Debug)]
pub(super) struct Labels {
    /// Before the training's title.
    pub(super) for_training: &'static str,
    /// Key facts.
    pub(super) issued_by: &'static str,
    pub(super) duration: &'static str,
    pub(super) period: &'static str,
    pub(super) modality: &'static str,
    pub(super) awarded: &'static str,
    pub(super) valid_until: &'static str,
    /// Sections.
    pub(super) objectives: &'static str,
    pub(super) competencies: &'static str,
    pub(super) criteria: &'static str,
    pub(super) verification: &'static str,
    /// Before the address where the criteria are published.
    pub(super) criteria_at: &'static str,
    /// What a screen reader says of that address.
    pub(super) criteria_link: &'static str,
    /// What the code and the link do.
    pub(super) how_to_verify: &'static str,
    /// What a screen reader says of the verification link.
    pub(super) verify_link: &'static str,
    /// What a screen reader says of the QR code, before its address.
    pub(super) qr_code: &'static str,
    /// Before the credential's id.
    pub(super) identifier: &'static str,
    /// Before the name's secret.
    pub(super) name_secret: &'static str,
    /// What is attached to the file.
    pub(super) attached: &'static str,
    /// The attachment in one line.
    pub(super) attachment: &'static str,
    /// Before the number of a page.
    pub(super) page: &'static str,
}

/// The texts of a language.
pub(super) const fn labels(lang: Lang) -> &'static Labels {
    match lang {
        Lang::Fr => &FRENCH,
        Lang::En => &ENGLISH,
    }
}

const FRENCH: Labels = Labels {
    for_training: "pour la formation",
    issued_by: "Organisme délivrant",
    duration: "Durée estimée",
    period: "Période de formation",
    modality: "Modalité",
    awarded: "Date d’attribution",
    valid_until: "Valable jusqu’au",
    objectives: "Objectifs",
    competencies: "Compétences travaillées",
    criteria: "Critères d’attribution",
    verification: "Vérifier ce document",
    criteria_at: "Règle publiée\u{202f}: ",
    criteria_link: "Critères d’attribution publiés",
    how_to_verify: "Scannez le code ou ouvrez le lien\u{202f}: la page affiche ce que l’organisme a signé et dit si ce document est \
                    authentique et toujours valable.",
    verify_link: "Page de vérification de ce document",
    qr_code: "Code QR qui ouvre la page de vérification\u{202f}: ",
    identifier: "Identifiant\u{202f}: ",
    name_secret: "Secret du nom (permet de vérifier le nom hors ligne)\u{202f}: ",
    attached: "Le justificatif signé (Open Badges 3.0) est joint à ce fichier\u{202f}: credential.json.",
    attachment: "Justificatif signé (Open Badges 3.0)",
    page: "Page",
};

const ENGLISH: Labels = Labels {
    for_training: "for the training",
    issued_by: "Issued by",
    duration: "Estimated duration",
    period: "Training period",
    modality: "Mode of delivery",
    awarded: "Awarded on",
    valid_until: "Valid until",
    objectives: "Objectives",
    competencies: "Competencies",
    criteria: "Award criteria",
    verification: "Verify this document",
    criteria_at: "Published rule: ",
    criteria_link: "Published award criteria",
    how_to_verify: "Scan the code or open the link: the page shows what the organisation signed and says whether this document \
                    is authentic and still valid.",
    verify_link: "Verification page of this document",
    qr_code: "QR code that opens the verification page: ",
    identifier: "Identifier: ",
    name_secret: "Name secret (lets the name be verified offline): ",
    attached: "The signed credential (Open Badges 3.0) is attached to this file: credential.json.",
    attachment: "Signed credential (Open Badges 3.0)",
    page: "Page",
};

/// What the document is.
pub(super) fn kind(kind: Option<AwardKind>, lang: Lang) -> &'static str {
    match kind {
        Some(AwardKind::Participation) => lang.pick("Attestation de participation", "Attestation of participation"),
        Some(AwardKind::Certificate) => lang.pick("Certificat", "Certificate"),
        None => "Attestation",
    }
}

/// Before the learner's name; French agrees with the kind.
pub(super) fn awarded_to(kind: Option<AwardKind>, lang: Lang) -> &'static str {
    match kind {
        Some(AwardKind::Certificate) => lang.pick("délivré à", "awarded to"),
        Some(AwardKind::Participation) | None => lang.pick("délivrée à", "awarded to"),
    }
}

/// A day whose words stay on one line.
pub(super) fn day(moment: Timestamp, zone: &Zone, lang: Lang) -> String {
    moment.day(zone, lang).replace(' ', "\u{a0}")
}

/// From one day to another, as much of it as is known.
pub(super) fn period(start: Option<Timestamp>, end: Option<Timestamp>, zone: &Zone, lang: Lang) -> Option<String> {
    let start = start.map(|moment| day(moment, zone, lang));
    let end = end.map(|moment| day(moment, zone, lang));
    Some(match (start, end) {
        (Some(start), Some(end)) if start == end => start,
        (Some(start), Some(end)) => match lang {
            Lang::Fr => format!("du {start} au {end}"),
            Lang::En => format!("{start} to {end}"),
        },
        (Some(start), None) => format!("{} {start}", lang.pick("à partir du", "from")),
        (None, Some(end)) => format!("{} {end}", lang.pick("jusqu’au", "until")),
        (None, None) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods_read_as_people_say_them() {
        let moment = |text: &str| Some(text.parse::<Timestamp>().unwrap());
        let (start, end) = (moment("2026-03-02T08:00:00Z"), moment("2026-03-20T16:00:00Z"));
        let said =
            |start, end, lang| period(start, end, &Zone::default(), lang).map(|text| text.replace('\u{a0}', " "));
        assert_eq!(said(start, end, Lang::Fr).as_deref(), Some("du 2 mars 2026 au 20 mars 2026"));
        assert_eq!(said(start, end, Lang::En).as_deref(), Some("2 March 2026 to 20 March 2026"));
        assert_eq!(said(start, start, Lang::Fr).as_deref(), Some("2 mars 2026"));
        assert_eq!(said(None, end, Lang::En).as_deref(), Some("until 20 March 2026"));
        assert_eq!(said(None, None, Lang::Fr), None);
    }
}
