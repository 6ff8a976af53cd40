//! The only door through which this module reads SVG: size, depth and attribute counts are bounded before any tree is
//! built, and a DOCTYPE (so every custom entity, so "billion laughs") is refused.
//!
//! Why a scan before the parser: the parser has a limit on nodes only, while duplicate attributes are searched by pairs and
//! namespaces in scope are copied into each element that declares one; both grow with the square of the input.
//! Not here: what an SVG may contain ([`super::safety`]), where the credential stands ([`super::svg`]).

use roxmltree::{Document, ParsingOptions};

/// Largest SVG read, in bytes of UTF-8. Room for a credential of [`super::MAX_CREDENTIAL_BYTES`] and rich artwork.
pub const MAX_SVG_BYTES: usize = 4 << 20;

const MAX_NODES: u32 = 100_000;
const MAX_DEPTH: usize = 64;
const MAX_ATTRIBUTES_PER_ELEMENT: usize = 128;
const MAX_NAMESPACE_DECLARATIONS: usize = 64;

/// The namespace of SVG elements.
pub(super) const SVG_NS: &str = "http://www.w3.org/2000/svg";

/// Why a text is not an SVG that we read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum XmlError {
    /// Longer than [`MAX_SVG_BYTES`].
    #[error("the SVG has {bytes} bytes, the limit is {MAX_SVG_BYTES}")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// It has a DOCTYPE, or another declaration that only a DTD has.
    #[error("the SVG has a DOCTYPE, which is refused: it could define entities")]
    Doctype,
    /// More nesting, attributes, namespaces or nodes than any honest badge.
    #[error("the SVG is refused as abnormal: too many {0}")]
    TooComplex(&'static str),
    /// Its root is not an `svg` element of the SVG namespace.
    #[error("the document is XML, but its root is not an SVG element")]
    NotSvg,
    /// It is not well-formed XML.
    #[error("the SVG is not well-formed XML: {0}")]
    Malformed(String),
}

/// Parses an SVG within bounds.
pub(super) fn open(svg: &str) -> Result<Document<'_>, XmlError> {
    if svg.len() > MAX_SVG_BYTES {
        return Err(XmlError::TooLarge { bytes: svg.len() });
    }
    refuse_abnormal(svg)?;
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, entity_resolver: None };
    let doc = Document::parse_with_options(svg, options).map_err(|error| match error {
        roxmltree::Error::DtdDetected => XmlError::Doctype,
        roxmltree::Error::NodesLimitReached => XmlError::TooComplex("nodes"),
        other => XmlError::Malformed(other.to_string()),
    })?;
    if !doc.root_element().has_tag_name((SVG_NS, "svg")) {
        return Err(XmlError::NotSvg);
    }
    Ok(doc)
}

/// The byte offset just after the `>` of the tag whose `<` stands at `start`; `None` if the tag never ends.
pub(super) fn tag_end(svg: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (offset, byte) in svg.as_bytes()[start..].iter().enumerate() {
        match (quote, byte) {
            (None, b'"' | b'\'') => quote = Some(*byte),
            (None, b'>') => return Some(start + offset + 1),
            (Some(open), byte) if open == *byte => quote = None,
            _ => {}
        }
    }
    None
}

/// One linear pass over the tags. It need not judge well-formedness: what it reads differently from the parser is not XML,
/// and the parser says so.
fn refuse_abnormal(svg: &str) -> Result<(), XmlError> {
    let unfinished = || XmlError::Malformed("a tag, comment or CDATA section never ends".to_owned());
    let (mut depth, mut namespaces, mut at) = (0_usize, 0_usize, 0_usize);
    while let Some(found) = svg[at..].find('<') {
        let start = at + found;
        let rest = &svg[start..];
        let closing = [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")]
            .into_iter()
            .find_map(|(open, close)| rest.strip_prefix(open).map(|inner| (open.len(), inner, close)));
        if let Some((opening_len, inner, close)) = closing {
            let inner_len = inner.find(close).ok_or_else(unfinished)?;
            at = start + opening_len + inner_len + close.len();
            continue;
        }
        if rest.starts_with("<!") {
            return Err(XmlError::Doctype);
        }
        at = tag_end(svg, start).ok_or_else(unfinished)?;
        let tag = &svg[start..at];
        if tag.starts_with("</") {
            depth = depth.saturating_sub(1);
            continue;
        }
        // Each attribute has one `=`; those inside of values only make the bound stricter than it says.
        if tag.len() > MAX_ATTRIBUTES_PER_ELEMENT && attribute_count(tag) > MAX_ATTRIBUTES_PER_ELEMENT {
            return Err(XmlError::TooComplex("attributes on one element"));
        }
        namespaces += tag.matches("xmlns").count();
        if namespaces > MAX_NAMESPACE_DECLARATIONS {
            return Err(XmlError::TooComplex("namespace declarations"));
        }
        if !tag.ends_with("/>") {
            depth += 1;
            if depth > MAX_DEPTH {
                return Err(XmlError::TooComplex("nested elements"));
            }
        }
    }
    Ok(())
}

/// Quoted values in a tag: as many as attributes.
fn attribute_count(tag: &str) -> usize {
    let (mut quote, mut count) = (None, 0);
    for byte in tag.bytes() {
        match (quote, byte) {
            (None, b'"' | b'\'') => {
                quote = Some(byte);
                count += 1;
            }
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inner: &str) -> String {
        format!("<svg xmlns=\"{SVG_NS}\">{inner}</svg>")
    }

    #[test]
    fn entities_and_doctypes_are_refused() {
        let laughs = format!(
            "<!DOCTYPE svg [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;\">]>{}",
            svg("&c;")
        );
        assert_eq!(open(&laughs).err(), Some(XmlError::Doctype));
        let plain = format!("<?xml version=\"1.0\"?><!DOCTYPE svg>{}", svg(""));
        assert_eq!(open(&plain).err(), Some(XmlError::Doctype));
        assert!(matches!(open(&svg("&c;")), Err(XmlError::Malformed(_))), "an undeclared entity is no XML");
    }

    #[test]
    fn what_would_cost_more_than_linear_time_is_refused() {
        let deep = svg(&format!("{}{}", "<g>".repeat(100_000), "</g>".repeat(100_000)));
        assert_eq!(open(&deep).err(), Some(XmlError::TooComplex("nested elements")));
        let attributes: String = (0..100_000).map(|n| format!(" a{n}=''")).collect();
        let wide = svg(&format!("<g{attributes}/>"));
        assert_eq!(open(&wide).err(), Some(XmlError::TooComplex("attributes on one element")));
        let namespaces = svg(&(0..65).map(|n| format!("<g xmlns:n{n}='u{n}'/>")).collect::<String>());
        assert_eq!(open(&namespaces).err(), Some(XmlError::TooComplex("namespace declarations")));
        let many = svg(&"<g/>".repeat(MAX_NODES as usize));
        assert_eq!(open(&many).err(), Some(XmlError::TooComplex("nodes")));
        let bytes = svg(&" ".repeat(MAX_SVG_BYTES));
        assert_eq!(open(&bytes).err(), Some(XmlError::TooLarge { bytes: bytes.len() }));
    }

    #[test]
    fn text_that_looks_like_tags_is_not_counted() {
        let inner = "<".repeat(1000) + &"<g>".repeat(1000);
        open(&svg(&format!("<desc><![CDATA[{inner}]]></desc><!-- {inner} -->"))).expect("honest");
        open(&svg("<g id='a>b' class=\"<\"/>")).expect_err("a raw < in a value is no XML");
        open(&svg("<g id='a>b'/>")).expect("a raw > in a value is XML");
    }

    #[test]
    fn other_documents_are_not_svg() {
        assert_eq!(open("<html/>").err(), Some(XmlError::NotSvg));
        assert_eq!(open("<svg/>").err(), Some(XmlError::NotSvg), "no namespace, no SVG");
        for broken in ["", "{}", "<svg", "<svg><!-- ", "<svg></g>"] {
            assert!(matches!(open(broken), Err(XmlError::Malformed(_))), "{broken}");
        }
    }
}
