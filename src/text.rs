//! Texts about people and for people: languages and their typography, names, e-mail addresses.
//!
//! French is set as the Imprimerie nationale does: a no-break space (U+00A0) before `:`, a narrow one (U+202F) before `; ! ?`
//! and inside guillemets.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use crate::ids::hex;

/// The two languages of everything that learners and managers see.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// French, the default.
    #[default]
    Fr,
    /// English.
    En,
}

impl Lang {
    /// The BCP 47 tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Fr => "fr",
            Self::En => "en",
        }
    }

    /// The better of the two for an `Accept-Language` header (RFC 9110 §12.5.4); French where nothing decides.
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best = (Self::Fr, 0.0_f32);
        for range in accept_language.split(',').take(16) {
            let mut parts = range.trim().split(';');
            let tag = parts.next().unwrap_or("").trim().to_ascii_lowercase();
            let lang = match tag.split('-').next() {
                Some("fr") => Self::Fr,
                Some("en") => Self::En,
                _ => continue,
            };
            let quality = parts.find_map(|part| part.trim().strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
            if quality > best.1 {
                best = (lang, quality);
            }
        }
        best.0
    }

    /// The text of this language out of a pair.
    pub fn pick<'a>(self, fr: &'a str, en: &'a str) -> &'a str {
        match self {
            Self::Fr => fr,
            Self::En => en,
        }
    }

    /// A colon, with the space that French puts before it.
    pub const fn colon(self) -> &'static str {
        match self {
            Self::Fr => "\u{a0}:",
            Self::En => ":",
        }
    }

    /// A semicolon, with the space that French puts before it.
    pub const fn semicolon(self) -> &'static str {
        match self {
            Self::Fr => "\u{202f};",
            Self::En => ";",
        }
    }

    /// A text between quotation marks.
    pub fn quote(self, text: &str) -> String {
        match self {
            Self::Fr => format!("«\u{202f}{text}\u{202f}»"),
            Self::En => format!("“{text}”"),
        }
    }
}

/// Puts the no-break spaces of French where plain spaces stand before `; : ! ? »` and after `«`. For our own texts only: a
/// signed text is shown as it was signed.
pub fn typeset_french(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        out.push(match (c, chars.peek()) {
            (' ', Some(':')) => '\u{a0}',
            (' ', Some(';' | '!' | '?' | '»')) => '\u{202f}',
            (' ', _) if out.ends_with('«') => '\u{202f}',
            _ => c,
        });
    }
    out
}

/// A text with a capital for its first letter, as where it stands alone.
pub fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect()
}

/// A sentence in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bilingual {
    /// In French.
    pub fr: String,
    /// In English.
    pub en: String,
}

impl Bilingual {
    /// From both texts.
    pub fn new(fr: impl Into<String>, en: impl Into<String>) -> Self {
        Self { fr: fr.into(), en: en.into() }
    }

    /// The text of one language.
    pub fn get(&self, lang: Lang) -> &str {
        lang.pick(&self.fr, &self.en)
    }
}

/// Why a text about a person was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Empty, too long, or holding control characters.
    #[error("a name is 1 to 200 characters without control characters")]
    Name,
    /// Not of the form local@domain.
    #[error("an e-mail address has one @ between a local part and a domain, and is at most 254 characters long")]
    Email,
}

/// A person's name, in Unicode NFC with single spaces (so that one name has one digest), at most 200 characters.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

impl PersonName {
    /// Normalises and checks a name.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let name: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
        let fits = !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(is_hidden);
        if fits { Ok(Self(name)) } else { Err(TextError::Name) }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The commitment that a credential carries: `SHA-256(secret ‖ name)` in lower-case hex, `secret` being 128 random bits.
    pub fn digest(&self, secret: &[u8; 16]) -> String {
        hex(&Sha256::new().chain_update(secret).chain_update(self.0.as_bytes()).finalize())
    }
}

/// Control characters, and the invisible ones that reorder or hide text (a name shown must be the name committed to).
/// ZWJ and ZWNJ stay allowed: several scripts need them.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}')
}

impl TryFrom<String> for PersonName {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<PersonName> for String {
    fn from(name: PersonName) -> Self {
        name.0
    }
}

/// Personal data never reaches a log by `{:?}`.
impl fmt::Debug for PersonName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonName(…)")
    }
}

/// An e-mail address, trimmed and lower-cased (so that one address has one hash).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// Normalises and checks an address.
    pub fn new(text: &str) -> Result<Self, TextError> {
        let address = text.trim().to_lowercase();
        let shaped = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
        let fits = shaped && address.len() <= 254 && !address.chars().any(|c| c.is_control() || c.is_whitespace());
        if fits { Ok(Self(address)) } else { Err(TextError::Email) }
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `sha256$` + lower-case hex of SHA-256(address ‖ salt) (OB 3.0, IdentityObject, `identityHash`).
    pub fn identity_hash(&self, salt: &str) -> String {
        format!(
            "sha256${}",
            hex(&Sha256::new().chain_update(self.0.as_bytes()).chain_update(salt.as_bytes()).finalize())
        )
    }
}

impl TryFrom<String> for Email {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::new(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

/// Personal data never reaches a log by `{:?}`.
impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

/// The most characters of a reason.
const MAX_REASON: usize = 2000;

/// Why somebody's words are no reason.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReasonError {
    /// There are none.
    #[error("say why")]
    Missing,
    /// They go on too long.
    #[error("at most {MAX_REASON} characters")]
    TooLong,
    /// They hold what no keyboard writes.
    #[error("no control characters")]
    Control,
}

/// Why somebody did something, in their own words, trimmed: 1 to 2000 characters. Never published.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reason(String);

impl Reason {
    /// Trims and checks a reason.
    pub fn new(text: &str) -> Result<Self, ReasonError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(ReasonError::Missing),
            count if count > MAX_REASON => Err(ReasonError::TooLong),
            _ if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) => Err(ReasonError::Control),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The words.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Reason {
    type Err = ReasonError;
    fn from_str(text: &str) -> Result<Self, ReasonError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Reason {
    type Error = ReasonError;
    fn try_from(text: String) -> Result<Self, ReasonError> {
        Self::new(&text)
    }
}

impl From<Reason> for String {
    fn from(reason: Reason) -> Self {
        reason.0
    }
}

/// Free text about people never reaches a log by `{:?}`.
impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reason(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something() {
        assert_eq!(Reason::new(" Deux comptes.\n").unwrap().as_str(), "Deux comptes.");
        assert_eq!(Reason::new(" \n"), Err(ReasonError::Missing));
        assert_eq!(Reason::new(&"x".repeat(2001)), Err(ReasonError::TooLong));
        assert_eq!(Reason::new("a\u{7}b"), Err(ReasonError::Control));
    }

    #[test]
    fn one_name_has_one_digest_however_it_is_typed() {
        let composed = PersonName::new("Zoé  Lefèvre ").unwrap();
        let decomposed = PersonName::new("Zoe\u{301} Lefe\u{300}vre").unwrap();
        assert_eq!(composed, decomposed);
        assert_eq!(composed.digest(&[1; 16]), decomposed.digest(&[1; 16]));
        assert_ne!(composed.digest(&[1; 16]), composed.digest(&[2; 16]));
    }

    #[test]
    fn names_that_hide_or_reorder_text_are_refused() {
        for bad in ["", "   ", "a\u{202e}b", "a\u{200b}b", "a\u{7}b", &"x".repeat(201)] {
            assert!(PersonName::new(bad).is_err(), "{bad:?}");
        }
        assert!(PersonName::new("Ngọc Nguyễn-O'Brien").is_ok());
    }

    #[test]
    fn an_address_is_hashed_trimmed_and_lower_cased() {
        let hash = Email::new("  Zoe.Lefevre@Example.GOUV.fr ").unwrap().identity_hash("s");
        assert_eq!(hash, Email::new("zoe.lefevre@example.gouv.fr").unwrap().identity_hash("s"));
        assert!(hash.starts_with("sha256$") && hash.len() == 7 + 64);
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c.fr"] {
            assert!(Email::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn french_signs_keep_their_space() {
        assert_eq!(
            typeset_french("Motif : « oui » ; non ?"),
            "Motif\u{a0}: «\u{202f}oui\u{202f}»\u{202f}; non\u{202f}?"
        );
        assert_eq!(typeset_french("https://a.fr, 12:30"), "https://a.fr, 12:30");
        let said = format!("a{} {}{}", Lang::Fr.colon(), Lang::Fr.quote("b"), Lang::Fr.semicolon());
        assert_eq!(said, typeset_french("a : « b » ;"));
        assert_eq!(capitalised("élargie"), "Élargie");
    }

    #[test]
    fn french_unless_english_is_preferred() {
        assert_eq!(Lang::negotiate(""), Lang::Fr);
        assert_eq!(Lang::negotiate("de, es"), Lang::Fr);
        assert_eq!(Lang::negotiate("en-GB,en;q=0.9,fr;q=0.8"), Lang::En);
        assert_eq!(Lang::negotiate("fr;q=0.3, en;q=0.2"), Lang::Fr);
    }
}
