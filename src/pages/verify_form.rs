//! The form of `GET /verify`: what anybody may hand in, and what was wrong with what was sent.

use serde::Serialize;

use super::engine::{PageError, Pages};
use super::wording::say;
use crate::text::Lang;

/// The form, empty: what was sent is never shown again.
#[derive(Debug, Clone)]
pub struct VerifyForm {
    /// What was wrong with the form that was sent, if one was.
    pub mistake: Option<Mistake>,
    /// The largest file to hand in, in bytes.
    pub max_bytes: usize,
    /// The language of the page.
    pub lang: Lang,
}

/// What can be wrong with a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistake {
    /// Neither a file nor a text.
    Nothing,
    /// A file and a text.
    Both,
    /// The same field twice: two files, say.
    Twice,
    /// A field that the form has not.
    UnknownField,
    /// No form, or one that was cut short.
    Unreadable,
    /// More than is read.
    TooLarge,
    /// An address that is not https.
    NotHttps,
    /// No e-mail address.
    Email,
}

impl Mistake {
    /// Every one.
    pub const ALL: [Self; 8] = [
        Self::Nothing,
        Self::Both,
        Self::Twice,
        Self::UnknownField,
        Self::Unreadable,
        Self::TooLarge,
        Self::NotHttps,
        Self::Email,
    ];

    /// What to do about it.
    pub fn sentence(self, lang: Lang) -> String {
        let (fr, en) = match self {
            Self::Nothing => (
                "Choisissez un fichier, ou collez une adresse ou le texte d’un badge.",
                "Choose a file, or paste an address or the text of a badge.",
            ),
            Self::Both => (
                "Donnez un fichier ou un texte, pas les deux : un seul document est vérifié à la fois.",
                "Give a file or a text, not both: one document is verified at a time.",
            ),
            Self::Twice => (
                "Donnez un seul fichier : un seul document est vérifié à la fois.",
                "Give a single file: one document is verified at a time.",
            ),
            Self::UnknownField => (
                "Le formulaire envoyé contient un champ inconnu. Envoyez-le depuis cette page.",
                "The form that was sent has an unknown field. Send it from this page.",
            ),
            Self::Unreadable => (
                "Le formulaire n’est pas arrivé entier. Envoyez-le de nouveau.",
                "The form did not arrive whole. Send it again.",
            ),
            Self::TooLarge => (
                "Ce fichier est trop volumineux pour un badge. Demandez le fichier d’origine.",
                "This file is too large for a badge. Ask for the original file.",
            ),
            Self::NotHttps => (
                "L’adresse doit commencer par https:// : rien ne garantit ce qui passe par une autre.",
                "The address must start with https://: nothing vouches for what comes through any other.",
            ),
            Self::Email => (
                "L’adresse électronique n’est pas complète. Corrigez-la, ou laissez ce champ vide.",
                "The e-mail address is not complete. Correct it, or leave this field empty.",
            ),
        };
        say(lang, fr, en)
    }

    /// The field to look at.
    fn field(self) -> &'static str {
        match self {
            Self::Both | Self::NotHttps => "text",
            Self::Email => "email",
            _ => "file",
        }
    }
}

#[derive(Serialize)]
struct Context {
    mistake: Option<String>,
    /// The field at fault.
    field: Option<&'static str>,
    max_size: String,
}

impl Pages {
    /// `GET /verify`, and `POST /verify` where the form can't be taken.
    pub fn verify_form(&self, form: &VerifyForm) -> Result<String, PageError> {
        let context = Context {
            mistake: form.mistake.map(|mistake| mistake.sentence(form.lang)),
            field: form.mistake.map(Mistake::field),
            max_size: format!("{}\u{a0}{}", form.max_bytes / (1024 * 1024), form.lang.pick("Mo", "MB")),
        };
        self.render("verify.html", form.lang, context)
    }
}
