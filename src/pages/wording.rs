//! The words of the pages: verdicts, outcomes and labels in plain French and English.
//!
//! The words that belong to one template stand there; here are those that follow from a value.

use crate::award::RevocationCategory;
use crate::catalog::AwardKind;
use crate::mentions;
use crate::text::{Lang, typeset_french};
use crate::verify::{CheckCode, Outcome, Verdict};

/// A text of ours in one language, typeset.
pub(super) fn say(lang: Lang, fr: &str, en: &str) -> String {
    match lang {
        Lang::Fr => typeset_french(fr),
        Lang::En => en.to_owned(),
    }
}

/// The heading over the criteria of one kind of award.
pub(super) fn how_to_earn(kind: AwardKind, lang: Lang) -> String {
    format!("{} {}", lang.pick("Pour obtenir", "To obtain"), kind.with_article(lang))
}

/// What a page concludes about the document that someone holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Conclusion {
    /// What the report says.
    Verdict(Verdict),
    /// The credential is in force, but commits to another name than the one on record.
    OtherName,
}

/// The colour and the icon of a conclusion, as a word that the style sheet and the icons know.
pub(super) fn tone(conclusion: Conclusion) -> &'static str {
    match conclusion {
        Conclusion::Verdict(Verdict::Valid) => "valid",
        Conclusion::Verdict(Verdict::Revoked) => "revoked",
        Conclusion::Verdict(Verdict::Suspended) => "revoked",
        Conclusion::Verdict(Verdict::Expired) => "expired",
        Conclusion::Verdict(Verdict::NotYetValid) => "early",
        Conclusion::Verdict(Verdict::Invalid) => "invalid",
        Conclusion::Verdict(Verdict::Unverifiable) => "unverifiable",
        Conclusion::OtherName => "doubt",
    }
}

/// What the document is called in a headline, where its kind is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noun {
    /// An award whose signed content could be read.
    Award(Option<AwardKind>),
    /// Anything else.
    Document,
}

impl Noun {
    fn word(self, lang: Lang) -> &'static str {
        match self {
            Self::Award(Some(AwardKind::Participation)) => "Attestation",
            Self::Award(Some(AwardKind::Certificate)) => lang.pick("Certificat", "Certificate"),
            Self::Award(None) => "Badge",
            Self::Document => "Document",
        }
    }

    /// The ending of an adjective that agrees with it in French.
    fn agreement(self) -> &'static str {
        match self {
            Self::Award(kind) if mentions::is_feminine(kind) => "e",
            Self::Award(_) | Self::Document => "",
        }
    }
}

/// The conclusion in a few words.
pub(super) fn headline(conclusion: Conclusion, noun: Noun, lang: Lang) -> String {
    let (word, e) = (noun.word(lang), noun.agreement());
    let (fr, en) = match conclusion {
        Conclusion::Verdict(Verdict::Valid) => (format!("{word} authentique"), format!("Authentic {word}")),
        Conclusion::Verdict(Verdict::Revoked) => (format!("{word} révoqué{e}"), format!("{word} revoked")),
        Conclusion::Verdict(Verdict::Suspended) => (format!("{word} suspendu{e}"), format!("{word} suspended")),
        Conclusion::Verdict(Verdict::Expired) => (format!("{word} expiré{e}"), format!("{word} expired")),
        Conclusion::Verdict(Verdict::NotYetValid) => {
            (format!("{word} pas encore valable"), format!("{word} not yet in force"))
        }
        Conclusion::Verdict(Verdict::Invalid) => (format!("{word} non authentique"), format!("{word} not authentic")),
        Conclusion::Verdict(Verdict::Unverifiable) => {
            ("Vérification incomplète".to_owned(), "Verification incomplete".to_owned())
        }
        Conclusion::OtherName => ("Nom non confirmé".to_owned(), "Name not confirmed".to_owned()),
    };
    match lang {
        Lang::Fr => fr,
        // A noun inside an English headline takes no capital.
        Lang::En => match en.strip_prefix("Authentic ") {
            Some(word) => format!("Authentic {}", word.to_lowercase()),
            None => en,
        },
    }
}

/// What the conclusion means, and what to do.
pub(super) fn explanation(conclusion: Conclusion, bounds: ValidityDays, lang: Lang) -> String {
    let ValidityDays { from, until } = bounds;
    match conclusion {
        Conclusion::Verdict(Verdict::Valid) => say(
            lang,
            "Le contenu ci-dessous est exactement celui que l’organisme a signé, et il est en vigueur.",
            "The content below is exactly what its issuer signed, and it is in force.",
        ),
        Conclusion::Verdict(Verdict::Revoked) => say(
            lang,
            "L’organisme avait signé ce document, puis l’a retiré : il ne doit plus être accepté.",
            "Its issuer signed this document, then withdrew it: it must no longer be accepted.",
        ),
        Conclusion::Verdict(Verdict::Suspended) => say(
            lang,
            "L’organisme a signé ce document, puis l’a suspendu : il ne doit pas être accepté pour l’instant.",
            "Its issuer signed this document, then suspended it: it must not be accepted for now.",
        ),
        Conclusion::Verdict(Verdict::Expired) => match until {
            Some(day) => say(
                lang,
                &format!("Le document est authentique, mais il n’est plus valable depuis le {day}."),
                &format!("The document is authentic, but it ceased to be in force on {day}."),
            ),
            None => say(
                lang,
                "Le document est authentique, mais il n’est plus valable.",
                "The document is authentic, but it is no longer in force.",
            ),
        },
        Conclusion::Verdict(Verdict::NotYetValid) => match from {
            Some(day) => say(
                lang,
                &format!("Le document est authentique, mais il ne sera valable qu’à partir du {day}."),
                &format!("The document is authentic, but it will only be in force from {day}."),
            ),
            None => say(
                lang,
                "Le document est authentique, mais il n’est pas encore valable.",
                "The document is authentic, but it is not in force yet.",
            ),
        },
        Conclusion::Verdict(Verdict::Invalid) => say(
            lang,
            "Ce document n’est pas tel qu’un organisme l’a signé : il a été modifié, fabriqué ou abîmé. Ne vous y fiez pas.",
            "This document is not as an issuer signed it: it was altered, forged or damaged. Do not rely on it.",
        ),
        Conclusion::Verdict(Verdict::Unverifiable) => say(
            lang,
            "Un contrôle n’a pas pu être fait : l’authenticité n’est ni confirmée, ni démentie. Réessayez plus tard.",
            "A check could not be made: authenticity is neither confirmed nor refuted. Try again later.",
        ),
        Conclusion::OtherName => say(
            lang,
            "Le contenu est bien celui que l’organisme a signé, mais le nom enregistré n’est pas celui auquel sa signature l’engage. Ne vous fiez pas au nom imprimé et contactez l’organisme.",
            "The content is what its issuer signed, but the name on record is not the one that its signature commits to. Do not rely on the printed name, and contact the issuer.",
        ),
    }
}

/// The days between which a credential holds, in words.
#[derive(Debug, Clone, Default)]
pub(super) struct ValidityDays {
    /// Its first day.
    pub from: Option<String>,
    /// Its last day.
    pub until: Option<String>,
}

/// The state of the credential, for the list of facts.
pub(super) fn status(verdict: Verdict, bounds: ValidityDays, lang: Lang) -> String {
    match (verdict, bounds.from, bounds.until) {
        (Verdict::Valid, _, Some(_)) => say(lang, "En vigueur", "In force"),
        (Verdict::Valid, _, None) => say(lang, "En vigueur, sans limite de durée", "In force, with no end date"),
        (Verdict::Revoked, _, _) => say(lang, "Retiré par l’organisme", "Withdrawn by its issuer"),
        (Verdict::Suspended, _, _) => say(lang, "Suspendu par l’organisme", "Suspended by its issuer"),
        (Verdict::Expired, _, Some(day)) => say(lang, &format!("Expiré le {day}"), &format!("Expired on {day}")),
        (Verdict::Expired, _, None) => say(lang, "Expiré", "Expired"),
        (Verdict::NotYetValid, Some(day), _) => {
            say(lang, &format!("Valable à partir du {day}"), &format!("In force from {day}"))
        }
        (Verdict::NotYetValid, None, _) => say(lang, "Pas encore valable", "Not yet in force"),
        (Verdict::Invalid, _, _) => say(lang, "Non authentique", "Not authentic"),
        (Verdict::Unverifiable, _, _) => say(lang, "Non confirmé", "Not confirmed"),
    }
}

/// Why and when a credential was revoked.
pub(super) fn revocation(category: RevocationCategory, day: &str, lang: Lang) -> String {
    let label = category.label(lang);
    say(lang, &format!("Révocation le {day}. Motif : {label}."), &format!("Revoked on {day}. Reason: {label}."))
}

/// What a check looks at.
pub(super) fn check_label(code: CheckCode, lang: Lang) -> &'static str {
    match code {
        CheckCode::Form => lang.pick("Format du document", "Form of the document"),
        CheckCode::Schema => lang.pick("Conformité à Open Badges 3.0", "Conformance to Open Badges 3.0"),
        CheckCode::Proof => lang.pick("Signature électronique", "Electronic signature"),
        CheckCode::IssuerKey => lang.pick("Clé de l’organisme", "Issuer’s key"),
        CheckCode::Validity => lang.pick("Période de validité", "Validity period"),
        CheckCode::Status => lang.pick("Révocation", "Revocation"),
        CheckCode::Recipient => lang.pick("Bénéficiaire", "Recipient"),
        CheckCode::Credentials => lang.pick("Justificatifs présentés", "Credentials presented"),
    }
}

/// What a check came to, as a word that the style sheet knows and one for people.
pub(super) fn outcome(outcome: Outcome, lang: Lang) -> (&'static str, &'static str) {
    match outcome {
        Outcome::Pass => ("pass", lang.pick("Conforme", "Passed")),
        Outcome::Fail => ("fail", lang.pick("Non conforme", "Failed")),
        Outcome::Warn => ("warn", lang.pick("Conforme, avec réserve", "Passed, with a reservation")),
        Outcome::NotChecked => ("skip", lang.pick("Non contrôlé", "Not checked")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headlines_agree_with_what_they_name() {
        let of = |verdict, kind, lang| headline(Conclusion::Verdict(verdict), Noun::Award(kind), lang);
        assert_eq!(of(Verdict::Revoked, Some(AwardKind::Participation), Lang::Fr), "Attestation révoquée");
        assert_eq!(of(Verdict::Revoked, Some(AwardKind::Certificate), Lang::Fr), "Certificat révoqué");
        assert_eq!(of(Verdict::Valid, Some(AwardKind::Certificate), Lang::En), "Authentic certificate");
    }
}
