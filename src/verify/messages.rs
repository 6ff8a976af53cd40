//! The sentences that checks are reported in.

use super::{Check, CheckCode, Outcome};
use crate::text::Bilingual;

/// A check and its sentence.
pub(super) fn say(code: CheckCode, outcome: Outcome, fr: &str, en: &str) -> Check {
    Check { code, outcome, message: Bilingual::new(fr, en) }
}

/// A check whose sentence ends in a technical detail, the same in both languages.
pub(super) fn with_detail(code: CheckCode, outcome: Outcome, fr: &str, en: &str, detail: &str) -> Check {
    // The detail may quote the document: bounded, so that no report grows with its input.
    let detail: String = detail.chars().take(300).collect();
    say(code, outcome, &format!("{fr}\u{a0}: {detail}."), &format!("{en}: {detail}."))
}

pub(super) fn form_read() -> Check {
    say(CheckCode::Form, Outcome::Pass, "Le document est lisible.", "The document can be read.")
}

pub(super) fn form_is_pdf() -> Check {
    say(
        CheckCode::Form,
        Outcome::Fail,
        "Ce fichier est un PDF : vérifiez-le par son QR code, ou donnez le fichier credential.json qui y est joint.",
        "This is a PDF: verify it by its QR code, or give the credential.json attached to it.",
    )
}

pub(super) fn form_unreadable(why: &str) -> Check {
    with_detail(CheckCode::Form, Outcome::Fail, "Le document n’est pas lisible", "The document cannot be read", why)
}

/// Checks that an earlier finding made pointless.
pub(super) fn pointless(codes: &[CheckCode]) -> impl Iterator<Item = Check> {
    codes.iter().map(|code| pointless_one(*code))
}

pub(super) fn pointless_one(code: CheckCode) -> Check {
    say(
        code,
        Outcome::NotChecked,
        "Non contrôlé : un contrôle précédent n’a pas abouti.",
        "Not checked: an earlier check did not succeed.",
    )
}
