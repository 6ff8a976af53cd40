//! A credential in an SVG and out of it: Open Badges 3.0 § 5.3.2.
//!
//! What: `xmlns:openbadges` on the root, and as its first child one `openbadges:credential`, which holds the JSON as CDATA
//! or a compact JWS as its `verify` attribute. The text extracted is, byte for byte, the text baked: an XML parser rewrites
//! carriage returns and ends CDATA at `]]>`, so both are written in a form that survives.
//! Not here: whether the credential is genuine (`verify`), whether the image is harmless (`safety`).

use roxmltree::{Document, Node};

use super::form::{CredentialForm, FormError};
use super::xml::{self, XmlError};

/// Namespace of the `credential` element.
pub const OPEN_BADGES_NS: &str = "https://purl.imsglobal.org/ob/v3p0";
const PREFIX: &str = "openbadges";
const ELEMENT: &str = "credential";
/// Namespace and element of Open Badges 1 and 2, only to say that we do not read them.
const OPEN_BADGES_2: (&str, &str) = ("http://openbadges.org", "assertion");

/// Why a credential cannot be put into, or read from, an SVG.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SvgError {
    /// The SVG itself is refused.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// The text to bake is no credential.
    #[error(transparent)]
    Form(#[from] FormError),
    /// XML 1.0 § 2.2 has no way to write this character, not even escaped.
    #[error("the credential holds U+{:04X}, which no XML document can carry", u32::from(*.0))]
    NotAnXmlCharacter(char),
    /// The root gives the prefix `openbadges` another meaning.
    #[error("the SVG already uses the prefix \"openbadges\" for the namespace {0:?}")]
    PrefixTaken(String),
    /// Which one counts would be a guess.
    #[error("the SVG carries {count} credentials, there must be exactly one")]
    SeveralCredentials {
        /// How many.
        count: usize,
    },
    /// Both forms in one element, or elements inside.
    #[error("the SVG's credential element is ambiguous: it must hold either a text or a verify attribute")]
    AmbiguousCredential,
    /// An element without content.
    #[error("the SVG's credential element is empty")]
    EmptyCredential,
    /// An assertion of an older version, and no credential.
    #[error("the SVG carries an Open Badges 2 assertion, not an Open Badges 3.0 credential")]
    OpenBadges2,
}

/// Puts a credential into an SVG, instead of the one it holds if any. Everything else stays byte for byte.
pub fn bake(svg: &str, credential: &str) -> Result<String, SvgError> {
    let content = match CredentialForm::of(credential)? {
        CredentialForm::CompactJws => format!("<{PREFIX}:{ELEMENT} verify=\"{credential}\"/>"),
        CredentialForm::Json => format!("<{PREFIX}:{ELEMENT}>{}</{PREFIX}:{ELEMENT}>", as_cdata(credential)?),
    };
    let doc = xml::open(svg)?;
    let root = doc.root_element();
    let declaration = match root.lookup_namespace_uri(Some(PREFIX)) {
        Some(OPEN_BADGES_NS) => String::new(),
        Some(other) => return Err(SvgError::PrefixTaken(other.to_owned())),
        None => format!(" xmlns:{PREFIX}=\"{OPEN_BADGES_NS}\""),
    };

    let start = root.range().start;
    let end = xml::tag_end(svg, start).expect("a parsed document has a complete root tag");
    let name_len =
        svg[start + 1..end].find(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>').unwrap_or_default();
    let (name, attributes) = svg[start + 1..end].split_at(name_len);
    let mut out = String::with_capacity(svg.len() + content.len() + 128);
    out.push_str(&svg[..start]);
    out.push('<');
    out.push_str(name);
    out.push_str(&declaration);
    if let Some(attributes) = attributes.strip_suffix("/>") {
        out.push_str(&format!("{attributes}>{content}</{name}>{}", &svg[end..]));
    } else {
        out.push_str(attributes);
        out.push_str(&content);
        // An empty range where there is nothing to replace.
        let old = the_credential(&doc)?.map_or(end..end, |old| old.range());
        out.push_str(&svg[end..old.start]);
        out.push_str(&svg[old.end..]);
    }
    // Never make a file that we would refuse to read.
    if out.len() > xml::MAX_SVG_BYTES {
        return Err(XmlError::TooLarge { bytes: out.len() }.into());
    }
    Ok(out)
}

/// The credential that an SVG carries: JSON, or a compact JWS. `None` where the SVG carries none.
///
/// The element may stand anywhere, since other tools bake it at the end.
pub fn extract(svg: &str) -> Result<Option<String>, SvgError> {
    let doc = xml::open(svg)?;
    let Some(element) = the_credential(&doc)? else {
        let older = doc.descendants().any(|node| node.has_tag_name(OPEN_BADGES_2));
        return if older { Err(SvgError::OpenBadges2) } else { Ok(None) };
    };
    if element.children().any(|child| child.is_element()) {
        return Err(SvgError::AmbiguousCredential);
    }
    let text: String = element.children().filter(Node::is_text).filter_map(|child| child.text()).collect();
    match (element.attribute("verify"), text.trim().is_empty()) {
        (Some(_), false) => Err(SvgError::AmbiguousCredential),
        (Some(jws), true) if !jws.trim().is_empty() => Ok(Some(jws.trim().to_owned())),
        (None, false) => Ok(Some(text)),
        _ => Err(SvgError::EmptyCredential),
    }
}

/// The one credential element.
fn the_credential<'a, 'input>(doc: &'a Document<'input>) -> Result<Option<Node<'a, 'input>>, SvgError> {
    let mut elements = doc.descendants().filter(|node| node.has_tag_name((OPEN_BADGES_NS, ELEMENT)));
    let first = elements.next();
    match elements.count() {
        0 => Ok(first),
        more => Err(SvgError::SeveralCredentials { count: more + 1 }),
    }
}

/// A text as CDATA sections that an XML parser turns back into exactly the same text.
fn as_cdata(text: &str) -> Result<String, SvgError> {
    // XML 1.0 § 2.2, production [2]; surrogates cannot occur in a &str.
    if let Some(bad) = text
        .chars()
        .find(|c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}'..='\u{ffff}'))
    {
        return Err(SvgError::NotAnXmlCharacter(bad));
    }
    // A section cannot hold its own end, and § 2.11 turns a raw carriage return into a line feed: cut at both.
    let body = text.replace("]]>", "]]]]><![CDATA[>").replace('\r', "]]>&#13;<![CDATA[");
    Ok(format!("<![CDATA[{body}]]>"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLAIN: &str =
        "<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" id='a>b'\n width=\"9\"><g/></svg>\n";
    const JWS: &str = "eyJhbGciOiJFUzI1NiJ9.eyJpZCI6InVybjp1dWlkOjEifQ.c2ln_-A";

    fn with(inner: &str) -> String {
        format!("<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:ob=\"{OPEN_BADGES_NS}\">{inner}</svg>")
    }

    #[test]
    fn json_stands_as_cdata_in_the_first_child_of_the_root() {
        let baked = bake(PLAIN, r#"{"id":"urn:uuid:1"}"#).expect("bakes");
        assert_eq!(
            baked,
            "<?xml version=\"1.0\"?>\n<svg xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\" \
             xmlns=\"http://www.w3.org/2000/svg\" id='a>b'\n width=\"9\"><openbadges:credential>\
             <![CDATA[{\"id\":\"urn:uuid:1\"}]]></openbadges:credential><g/></svg>\n"
        );
    }

    #[test]
    fn a_jws_stands_in_the_verify_attribute() {
        let baked = bake("<svg xmlns=\"http://www.w3.org/2000/svg\"/>", JWS).expect("bakes");
        assert!(baked.ends_with(&format!("><openbadges:credential verify=\"{JWS}\"/></svg>")), "{baked}");
        assert_eq!(extract(&baked), Ok(Some(JWS.to_owned())));
    }

    #[test]
    fn baking_again_replaces_the_credential_and_nothing_else() {
        let twice = bake(&bake(PLAIN, JWS).expect("bakes"), "{}").expect("bakes");
        assert_eq!(Ok(twice), bake(PLAIN, "{}"));
    }

    #[test]
    fn credentials_of_other_tools_are_read() {
        assert_eq!(extract(PLAIN), Ok(None));
        let pretty = with("<g/><ob:credential>{&quot;a&quot;: 1}</ob:credential>");
        assert_eq!(extract(&pretty), Ok(Some("{\"a\": 1}".to_owned())));
    }

    #[test]
    fn what_is_ambiguous_is_refused() {
        let two = with("<ob:credential verify='a.b.c'/><g><ob:credential>{}</ob:credential></g>");
        assert_eq!(extract(&two), Err(SvgError::SeveralCredentials { count: 2 }));
        assert_eq!(bake(&two, "{}"), Err(SvgError::SeveralCredentials { count: 2 }));
        let both = with("<ob:credential verify='a.b.c'>{}</ob:credential>");
        assert_eq!(extract(&both), Err(SvgError::AmbiguousCredential));
        assert_eq!(extract(&with("<ob:credential> </ob:credential>")), Err(SvgError::EmptyCredential));
        assert_eq!(extract(&with("<ob:credential>{<g/>}</ob:credential>")), Err(SvgError::AmbiguousCredential));
        let v2 = with("<o:assertion xmlns:o='http://openbadges.org' verify='a.b.c'/>");
        assert_eq!(extract(&v2), Err(SvgError::OpenBadges2));
        let taken = "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:openbadges=\"urn:x\"/>";
        assert_eq!(bake(taken, "{}"), Err(SvgError::PrefixTaken("urn:x".to_owned())));
    }

    #[test]
    fn what_cannot_be_carried_is_refused() {
        assert_eq!(bake(PLAIN, "{\"a\":\"\u{ffff}\"}"), Err(SvgError::NotAnXmlCharacter('\u{ffff}')));
        assert_eq!(bake(PLAIN, "hello"), Err(SvgError::Form(FormError::NotACredential)));
    }

    proptest! {
        #[test]
        fn the_text_survives_byte_for_byte(name in any::<String>(), ends in "[\\]>\r\n\t <&'\"]{0,12}") {
            let json = format!("{{{ends}{}: {}{ends}}}{}", serde_json::json!(ends), serde_json::json!(name), "\r\n ");
            match bake(PLAIN, &json) {
                Ok(baked) => prop_assert_eq!(extract(&baked), Ok(Some(json))),
                Err(error) => prop_assert!(matches!(error, SvgError::NotAnXmlCharacter(_)), "{}", error),
            }
        }

        #[test]
        fn no_input_makes_the_reader_panic(text in "(<|>|svg|/|!|\\[|\\]|'|\"| |xmlns=|http://www.w3.org/2000/svg|é|--|CDATA){0,40}") {
            let _ = extract(&text);
            let _ = bake(&text, "{}");
        }
    }
}
