//! The bounded values that catalog entries are made of.
//!
//! Texts are kept as written (NFC, trimmed): HTML or Markdown in them is text like any other, shown escaped. Refused are only
//! the characters that hide or reorder what is read, and lengths that no page could hold.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;

/// Why a value was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Empty, or longer than its field allows.
    #[error("the text must have 1 to {max} characters, and has {found}")]
    Length {
        /// The most that the field takes.
        max: usize,
        /// What was given.
        found: usize,
    },
    /// A control character or one that hides or reorders text.
    #[error("the text holds U+{0:04X}, which is invisible or reorders text")]
    Character(u32),
    /// Not an http(s) URL that can be signed safely.
    #[error("not an absolute http or https URL in plain ASCII: {0:?}")]
    Url(String),
    /// Not an absolute IRI within bounds.
    #[error("not an absolute IRI of at most 2 000 bytes: {0:?}")]
    Iri(String),
    /// Not `#rrggbb`.
    #[error("a colour is written #rrggbb")]
    Colour,
    /// Not a PNG or SVG data URI within bounds.
    #[error("a badge image is a data URI, data:image/png;base64,… or data:image/svg+xml;base64,…, of at most 256 KiB")]
    Image,
}

/// A text of at most `MAX` characters, in NFC, trimmed; with line breaks only where `LINES`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bounded<const MAX: usize, const LINES: bool>(String);

/// A title or a label: one line, at most 400 characters.
pub type ShortText = Bounded<400, false>;
/// An organisation's name: one line, at most 200 characters.
pub type Name = Bounded<200, false>;
/// A description, in Markdown where the standard says so: at most 8 000 characters.
pub type LongText = Bounded<8000, true>;

impl<const MAX: usize, const LINES: bool> Bounded<MAX, LINES> {
    /// Normalises and checks a text. Soft hyphens, which come along with text pasted from documents, are left out.
    pub fn new(text: &str) -> Result<Self, ValueError> {
        let text: String = text.trim().replace("\r\n", "\n").replace('\u{ad}', "").nfc().collect();
        let found = text.chars().count();
        if found == 0 || found > MAX {
            return Err(ValueError::Length { max: MAX, found });
        }
        match text.chars().find(|c| is_refused(*c) && !(LINES && matches!(c, '\n' | '\t'))) {
            Some(c) => Err(ValueError::Character(u32::from(c))),
            None => Ok(Self(text)),
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control characters, bidirectional overrides and isolates, invisible separators and noncharacters.
fn is_refused(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{ffff}')
        || u32::from(c) & 0xfffe == 0xfffe
}

impl<const MAX: usize, const LINES: bool> TryFrom<String> for Bounded<MAX, LINES> {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        Self::new(&text)
    }
}

impl<const MAX: usize, const LINES: bool> From<Bounded<MAX, LINES>> for String {
    fn from(text: Bounded<MAX, LINES>) -> Self {
        text.0
    }
}

impl<const MAX: usize, const LINES: bool> fmt::Display for Bounded<MAX, LINES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const MAX: usize, const LINES: bool> schemars::JsonSchema for Bounded<MAX, LINES> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Text{MAX}").into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "minLength": 1, "maxLength": MAX })
    }
}

/// An absolute http or https URL of at most 2 000 ASCII characters, without the ones that RDF syntaxes disagree about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "uri", "pattern" = "^https?://", "maxLength" = 2000))]
pub struct WebUrl(String);

impl WebUrl {
    /// The URL as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its origin as browsers write it (RFC 6454 § 6.2): scheme, host, and the port where it is not the scheme's own. None where
    /// its authority is more than host and port.
    pub fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.0.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or("").to_ascii_lowercase();
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'[' | b']');
        let own_port = if scheme == "https" { ":443" } else { ":80" };
        let host = authority.strip_suffix(own_port).unwrap_or(&authority);
        authority.bytes().all(plain).then(|| format!("{scheme}://{host}"))
    }
}

impl FromStr for WebUrl {
    type Err = ValueError;
    fn from_str(text: &str) -> Result<Self, ValueError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).unwrap_or("");
        let safe =
            |b: u8| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`');
        let host_first = rest.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'[');
        // A `%` must start an escape, or IRI parsers refuse the whole document.
        let bytes = text.as_bytes();
        let escapes = (0..bytes.len())
            .filter(|at| bytes[*at] == b'%')
            .all(|at| bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)));
        if host_first && escapes && text.len() <= 2000 && text.bytes().all(safe) && text.matches('#').count() <= 1 {
            Ok(Self(text.to_owned()))
        } else {
            Err(ValueError::Url(text.chars().take(120).collect()))
        }
    }
}

impl TryFrom<String> for WebUrl {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        text.parse()
    }
}

impl From<WebUrl> for String {
    fn from(url: WebUrl) -> Self {
        url.0
    }
}

/// An absolute IRI (RFC 3987) of at most 2 000 bytes, such as an xAPI activity's id. Compared character by character.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("format" = "iri", "maxLength" = 2000))]
pub struct Iri(String);

impl Iri {
    /// The longest, in bytes.
    pub const MAX_BYTES: usize = 2000;

    /// The IRI as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Iri {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        if text.len() <= Self::MAX_BYTES && iref::Iri::new(&text).is_ok() {
            Ok(Self(text))
        } else {
            Err(ValueError::Iri(text.chars().take(120).collect()))
        }
    }
}

impl From<Iri> for String {
    fn from(iri: Iri) -> Self {
        iri.0
    }
}

// So that maps by IRI are looked up by text.
impl std::borrow::Borrow<str> for Iri {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// An opaque sRGB colour, `#rrggbb`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = "^#[0-9a-fA-F]{6}$"))]
pub struct Colour(pub [u8; 3]);

impl TryFrom<String> for Colour {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        let digits = text.strip_prefix('#').filter(|d| d.len() == 6 && d.bytes().all(|b| b.is_ascii_hexdigit()));
        let number = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or(ValueError::Colour)?;
        let [_, red, green, blue] = number.to_be_bytes();
        Ok(Self([red, green, blue]))
    }
}

impl From<Colour> for String {
    fn from(Colour([red, green, blue]): Colour) -> Self {
        format!("#{red:02x}{green:02x}{blue:02x}")
    }
}

/// Artwork supplied for a training's badge: PNG or SVG bytes, carried as a data URI of at most 256 KiB.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^data:image/(png|svg\+xml);base64,", "maxLength" = 350_000))]
pub enum BadgeImage {
    /// A PNG file.
    Png(Vec<u8>),
    /// An SVG document; the badge module says whether it is safe to publish.
    Svg(String),
}

impl TryFrom<String> for BadgeImage {
    type Error = ValueError;
    fn try_from(text: String) -> Result<Self, ValueError> {
        let decode = |data: &str| STANDARD.decode(data).ok().filter(|bytes| bytes.len() <= 256 * 1024);
        let refused = ValueError::Image;
        if let Some(data) = text.strip_prefix("data:image/png;base64,") {
            decode(data).filter(|bytes| bytes.starts_with(b"\x89PNG\r\n\x1a\n")).map(Self::Png).ok_or(refused)
        } else if let Some(data) = text.strip_prefix("data:image/svg+xml;base64,") {
            decode(data).and_then(|bytes| String::from_utf8(bytes).ok()).map(Self::Svg).ok_or(refused)
        } else {
            Err(refused)
        }
    }
}

impl From<BadgeImage> for String {
    fn from(image: BadgeImage) -> Self {
        match image {
            BadgeImage::Png(bytes) => format!("data:image/png;base64,{}", STANDARD.encode(bytes)),
            BadgeImage::Svg(text) => format!("data:image/svg+xml;base64,{}", STANDARD.encode(text)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_is_text_and_hidden_characters_are_refused() {
        assert_eq!(ShortText::new(" <b>Laïcité</b> & *co* ").unwrap().as_str(), "<b>Laïcité</b> & *co*");
        assert_eq!(ShortText::new("a\u{202e}b"), Err(ValueError::Character(0x202e)));
        assert!(ShortText::new("a\nb").is_err() && LongText::new("a\nb").is_ok());
        assert!(ShortText::new("").is_err() && ShortText::new(&"x".repeat(401)).is_err());
        assert!(ShortText::new("قانون").is_ok());
    }

    #[test]
    fn an_origin_is_what_browsers_write() {
        let origin = |url: &str| url.parse::<WebUrl>().unwrap().origin();
        assert_eq!(origin("https://LMS.example/moodle"), Some("https://lms.example".into()));
        assert_eq!(origin("https://lms.example:443"), Some("https://lms.example".into()));
        assert_eq!(origin("http://localhost:8080/a"), Some("http://localhost:8080".into()));
        for odd in ["https://lms.example;script-src/", "https://me@lms.example/", "https://a,b/"] {
            assert_eq!(origin(odd), None, "{odd}");
        }
    }

    #[test]
    fn urls_are_absolute_and_plain() {
        for good in ["https://example.gouv.fr/a?b=c#d", "http://x/%C3%A9"] {
            assert!(good.parse::<WebUrl>().is_ok(), "{good}");
        }
        for bad in [
            "example.fr",
            "https://",
            "javascript:alert(1)",
            "https://x/<a>",
            "https://x/é",
            "https://x/%zz",
            "https://x y",
        ] {
            assert!(bad.parse::<WebUrl>().is_err(), "{bad}");
        }
    }
}
