//! The words of the pages: outcomes, levels of trust and labels in plain French and English.
//!
//! The words that belong to one template stand there, those of a conclusion in `conclusion`; here are those that follow from another value.

use serde::Serialize;

use super::conclusion::{Standing, ValidityDays};
use crate::award::RevocationCategory;
use crate::catalog::AwardKind;
use crate::proof::did;
use crate::text::{Lang, typeset_french};
use crate::verify::{CheckCode, Outcome, Report, Trust};

/// A text of ours in one language, typeset.
pub(in crate::pages) fn say(lang: Lang, fr: &str, en: &str) -> String {
    match lang {
        Lang::Fr => typeset_french(fr),
        Lang::En => en.to_owned(),
    }
}

/// The heading over the criteria of one kind of award.
pub(super) fn how_to_earn(kind: AwardKind, lang: Lang) -> String {
    format!("{} {}", lang.pick("Pour obtenir", "To obtain"), kind.with_article(lang))
}

/// The state of the credential, for the list of facts.
pub(super) fn status(report: &Report, days: &ValidityDays, lang: Lang) -> String {
    if report.trust == Some(Trust::SelfAsserted) {
        return say(lang, "Non confirmé", "Not confirmed");
    }
    match (Standing::of(report), &days.from, &days.until) {
        (Standing::InForce, _, Some(_)) => say(lang, "En vigueur", "In force"),
        (Standing::InForce, _, None) => say(lang, "En vigueur, sans limite de durée", "In force, with no end date"),
        (Standing::Revoked, _, _) => say(lang, "Retiré par l’organisme", "Withdrawn by its issuer"),
        (Standing::Suspended, _, _) => say(lang, "Suspendu par l’organisme", "Suspended by its issuer"),
        (Standing::Expired, _, Some(day)) => say(lang, &format!("Expiré le {day}"), &format!("Expired on {day}")),
        (Standing::Expired, _, None) => say(lang, "Expiré", "Expired"),
        (Standing::NotYetValid, Some(day), _) => {
            say(lang, &format!("Valable à partir du {day}"), &format!("In force from {day}"))
        }
        (Standing::NotYetValid, None, _) => say(lang, "Pas encore valable", "Not yet in force"),
        (Standing::Unknown, _, _) => say(lang, "Non confirmé", "Not confirmed"),
    }
}

/// How far the issuer is known, and the icon for it. A name is what the signed document says; what stands behind it is a key.
#[derive(Debug, Serialize)]
pub(super) struct TrustLine {
    /// The level, as a word that the style sheet and the icons know.
    pub level: &'static str,
    /// In a sentence.
    pub sentence: String,
}

/// How far the signer is known: an issuer, or the holder of a presentation. Its identifier, where the report tells it, gives the domain.
pub fn trust(trust: Trust, issuer_id: Option<&str>, lang: Lang) -> String {
    match (trust, issuer_id.and_then(domain)) {
        (Trust::KnownHere, _) => say(
            lang,
            "Émetteur connu de ce service : ses clés sont tenues ici.",
            "Issuer known to this service: its keys are kept here.",
        ),
        (Trust::Domain, Some(domain)) => say(
            lang,
            &format!(
                "Authentifié par son domaine, {domain} : vérifiez que c’est bien celui de l’organisme. Le nom est celui que l’émetteur se donne."
            ),
            &format!(
                "Authenticated by its domain, {domain}: check that it is the issuer’s. The name is the one that the issuer gives itself."
            ),
        ),
        (Trust::Domain, None) => say(
            lang,
            "Authentifié par le domaine de son identifiant.",
            "Authenticated by the domain of its identifier.",
        ),
        (Trust::Supplied, _) => say(
            lang,
            "Contrôlé avec les clés que vous avez fournies : ni plus sûr, ni moins, que ce d’où elles viennent.",
            "Checked with the keys that you supplied: no more certain than where you had them from.",
        ),
        (Trust::SelfAsserted, _) => say(
            lang,
            "Connu par sa seule clé : rien n’atteste le nom qu’il se donne.",
            "Known by its key alone: nothing confirms the name that it gives itself.",
        ),
    }
}

/// The same with its icon.
pub(super) fn trust_line(level: Trust, issuer_id: Option<&str>, lang: Lang) -> TrustLine {
    let word = match level {
        Trust::KnownHere => "known",
        Trust::Domain => "domain",
        Trust::Supplied => "supplied",
        Trust::SelfAsserted => "doubt",
    };
    TrustLine { level: word, sentence: trust(level, issuer_id, lang) }
}

/// The host, with its port if there is one, under which an identifier's keys are published.
fn domain(id: &str) -> Option<String> {
    let address = did::address(id).ok()?;
    let host = address.strip_prefix("https://")?.split(['/', '?', '#']).next()?;
    (!host.is_empty()).then(|| host.to_owned())
}

/// Why and when a credential was revoked.
pub(super) fn revocation(category: RevocationCategory, day: &str, lang: Lang) -> String {
    let label = category.label(lang);
    say(lang, &format!("Révocation le {day}. Motif : {label}."), &format!("Revoked on {day}. Reason: {label}."))
}

/// What a check looks at.
pub(super) fn check_label(code: CheckCode, of_presentation: bool, lang: Lang) -> &'static str {
    match code {
        CheckCode::IssuerKey if of_presentation => lang.pick("Clé du porteur", "Holder’s key"),
        CheckCode::Form => lang.pick("Format du document", "Form of the document"),
        CheckCode::Schema => lang.pick("Conformité aux standards", "Conformance to the standards"),
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
    fn an_issuer_elsewhere_is_named_by_its_domain() {
        assert_eq!(domain("did:web:ecole.example%3A8443:issuers:a").as_deref(), Some("ecole.example:8443"));
        assert_eq!(domain("https://ecole.example/issuers/a").as_deref(), Some("ecole.example"));
        assert_eq!(domain("did:key:z6Mk"), None);
        assert!(trust(Trust::Domain, Some("did:web:ecole.example"), Lang::Fr).contains("ecole.example\u{a0}:"));
    }
}
