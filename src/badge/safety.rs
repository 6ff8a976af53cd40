//! Whether an SVG that somebody else drew is harmless to show: a still image that loads nothing and runs nothing.
//!
//! What: an allow-list of elements, and refusals for attributes and CSS. An image is accepted as it is or refused with the
//! reason; never rewritten, so that its author knows what is shown.
//! Not here: the HTTP headers that also forbid scripts in images (`http`), bounds on size (they are in [`super::xml`]).

use roxmltree::Node;

use super::references::{self, Multiplies};
use super::xml::{self, SVG_NS, XmlError};

/// Elements of SVG that draw or describe. Not among them: `script`, `foreignObject`, `a`, media, and animation, which can set
/// an `href` or a handler later.
const ALLOWED: [&str; 58] = [
    "svg",
    "g",
    "defs",
    "symbol",
    "use",
    "title",
    "desc",
    "metadata",
    "style",
    "switch",
    "view",
    "path",
    "rect",
    "circle",
    "ellipse",
    "line",
    "polyline",
    "polygon",
    "text",
    "tspan",
    "textPath",
    "image",
    "linearGradient",
    "radialGradient",
    "stop",
    "clipPath",
    "mask",
    "pattern",
    "marker",
    "filter",
    "feBlend",
    "feColorMatrix",
    "feComponentTransfer",
    "feComposite",
    "feConvolveMatrix",
    "feDiffuseLighting",
    "feDisplacementMap",
    "feDistantLight",
    "feDropShadow",
    "feFlood",
    "feFuncA",
    "feFuncB",
    "feFuncG",
    "feFuncR",
    "feGaussianBlur",
    "feImage",
    "feMerge",
    "feMergeNode",
    "feMorphology",
    "feOffset",
    "fePointLight",
    "feSpecularLighting",
    "feSpotLight",
    "feTile",
    "feTurbulence",
    "solidColor",
    "hatch",
    "hatchpath",
];
const XHTML_NS: &str = "http://www.w3.org/1999/xhtml";

/// Why an SVG is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnsafeSvg {
    /// The SVG cannot be read, or has a DOCTYPE.
    #[error(transparent)]
    Xml(#[from] XmlError),
    /// It is small, and draws more than anybody would wait for.
    #[error(transparent)]
    Multiplies(#[from] Multiplies),
    /// An element that runs, embeds, animates or links.
    #[error("the element <{0}> is not allowed in a badge image")]
    Element(String),
    /// `onload`, `onclick` and so on.
    #[error("the event handler {0} is not allowed in a badge image")]
    EventHandler(String),
    /// A link, image or style that is not inside of the file.
    #[error("the attribute {attribute} refers to {target:?}: only #fragments and data:image/png or jpeg are allowed")]
    ExternalReference {
        /// Name of the attribute.
        attribute: String,
        /// Where it leads (its beginning).
        target: String,
    },
    /// CSS that imports, escapes or loads.
    #[error("the style in {place} is not allowed in a badge image: {why}")]
    Style {
        /// An attribute's name, or `<style>`.
        place: String,
        /// What is wrong.
        why: &'static str,
    },
    /// `<?xml-stylesheet …?>` and its like.
    #[error("the processing instruction {0} is not allowed in a badge image")]
    ProcessingInstruction(String),
}

/// Accepts an SVG that loads nothing, runs nothing and does not move; else says the first reason found.
pub fn is_safe_svg(svg: &str) -> Result<(), UnsafeSvg> {
    let doc = xml::open(svg)?;
    for node in doc.descendants() {
        if let Some(instruction) = node.pi() {
            return Err(UnsafeSvg::ProcessingInstruction(instruction.target.to_owned()));
        }
        if node.is_element() {
            check_element(node)?;
        }
    }
    Ok(references::check(&doc)?)
}

/// Accepts an SVG that runs nothing, whatever it draws: less than [`is_safe_svg`], for a stranger's badge that is read and not shown.
pub fn is_passive_svg(svg: &str) -> Result<(), UnsafeSvg> {
    let doc = xml::open(svg)?;
    for node in doc.descendants().filter(Node::is_element) {
        let name = node.tag_name();
        if matches!(name.name(), "script" | "foreignObject" | "handler") || name.namespace() == Some(XHTML_NS) {
            return Err(UnsafeSvg::Element(name.name().to_owned()));
        }
        for attribute in node.attributes() {
            if attribute.name().to_ascii_lowercase().starts_with("on") {
                return Err(UnsafeSvg::EventHandler(attribute.name().to_owned()));
            }
            let target: String =
                attribute.value().chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(80).collect();
            if attribute.name() == "href" && target.to_ascii_lowercase().starts_with("javascript:") {
                return Err(UnsafeSvg::ExternalReference { attribute: attribute.name().to_owned(), target });
            }
        }
    }
    Ok(())
}

fn check_element(node: Node) -> Result<(), UnsafeSvg> {
    let name = node.tag_name();
    // Elements of other vocabularies (editors' data, the credential itself) draw nothing, save those of XHTML, which run.
    match name.namespace().unwrap_or_default() {
        SVG_NS if !ALLOWED.contains(&name.name()) => return Err(UnsafeSvg::Element(name.name().to_owned())),
        XHTML_NS | "" => return Err(UnsafeSvg::Element(name.name().to_owned())),
        _ => {}
    }
    for attribute in node.attributes() {
        let (name, value) = (attribute.name(), attribute.value());
        let lower = name.to_ascii_lowercase();
        if lower.starts_with("on") {
            return Err(UnsafeSvg::EventHandler(name.to_owned()));
        }
        if (matches!(lower.as_str(), "href" | "src") && !is_internal(value)) || lower == "base" {
            let target = value.chars().take(80).collect();
            return Err(UnsafeSvg::ExternalReference { attribute: name.to_owned(), target });
        }
        // Presentation attributes are CSS too: fill="url(…)". Those with a prefix belong to other vocabularies.
        if attribute.namespace().is_none() {
            check_css(value).map_err(|why| UnsafeSvg::Style { place: name.to_owned(), why })?;
        }
    }
    if name.name() == "style" {
        let css: String = node.children().filter_map(|child| child.text()).collect();
        check_css(&css).map_err(|why| UnsafeSvg::Style { place: "<style>".to_owned(), why })?;
    }
    Ok(())
}

/// CSS without a parser: anything that could load is refused, whatever surrounds it, comments and strings included.
fn check_css(css: &str) -> Result<(), &'static str> {
    let css = css.to_ascii_lowercase();
    if css.contains('\\') {
        return Err("a backslash could hide a forbidden word");
    }
    for (word, why) in [
        ("@import", "@import loads another style sheet"),
        ("image-set(", "image-set() loads images"),
        ("src(", "src() loads a file"),
        ("expression(", "expression() runs a script"),
        ("javascript:", "javascript: runs a script"),
    ] {
        if css.contains(word) {
            return Err(why);
        }
    }
    let mut targets = css.split("url(").skip(1).map(|target| target.trim_start().trim_start_matches(['"', '\'']));
    if targets.all(is_internal) {
        Ok(())
    } else {
        Err("url() may only point to a #fragment or a data:image/png or jpeg")
    }
}

/// Whether a reference stays inside of the file: a fragment, or a raster image held in the reference itself.
fn is_internal(reference: &str) -> bool {
    let reference = reference.trim().to_ascii_lowercase();
    let raster = ["png", "jpeg", "jpg"].iter().any(|kind| {
        reference
            .strip_prefix("data:image/")
            .and_then(|r| r.strip_prefix(kind))
            .is_some_and(|r| r.starts_with([';', ',']))
    });
    reference.is_empty() || reference.starts_with('#') || raster
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inner: &str) -> Result<(), UnsafeSvg> {
        is_safe_svg(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\">{inner}</svg>"
        ))
    }

    #[test]
    fn honest_drawings_pass() {
        for inner in [
            "<defs><linearGradient id='a'/></defs><rect fill='url(#a)' style='stroke: url( \"#a\" )'/><use xlink:href='#a'/>",
            "<style>.a { fill: red } @media print { .a { fill: #000 } }</style><text>on load</text>",
            "<image href='data:image/png;base64,AAAA'/><image xlink:href='data:image/jpeg;base64,AAAA'/>",
            "<metadata><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#' r:about=''/></metadata>",
            "<i:view xmlns:i='urn:editor' i:file='C:\\a.svg'/>",
        ] {
            assert_eq!(check(inner), Ok(()), "{inner}");
        }
    }

    #[test]
    fn what_runs_or_moves_is_refused() {
        for inner in [
            "<script/>",
            "<SCRIPT/>",
            "<h:script xmlns:h='http://www.w3.org/1999/xhtml'>alert(1)</h:script>",
            "<script xmlns=''/>",
            "<foreignObject/>",
            "<a href='#x'/>",
            "<animate attributeName='href' to='javascript:alert(1)'/>",
            "<set attributeName='onload' to='alert(1)'/>",
            "<iframe/>",
        ] {
            assert!(matches!(check(inner), Err(UnsafeSvg::Element(_))), "{inner}");
        }
        for inner in ["<g onload='alert(1)'/>", "<g OnClick=''/>", "<g xlink:onx=''/>"] {
            assert!(matches!(check(inner), Err(UnsafeSvg::EventHandler(_))), "{inner}");
        }
    }

    #[test]
    fn what_loads_is_refused() {
        for inner in [
            "<use href='https://a.example/x.svg#a'/>",
            "<image xlink:href='//a.example/x.png'/>",
            "<image href='/etc/passwd'/>",
            "<image href='data:image/svg+xml;base64,AAAA'/>",
            "<image href=' java&#10;script:alert(1)'/>",
            "<image href='data:image/pngx,a'/>",
            "<g xml:base='https://a.example/'/>",
        ] {
            assert!(matches!(check(inner), Err(UnsafeSvg::ExternalReference { .. })), "{inner}");
        }
        for inner in [
            "<rect fill='url(https://a.example/#a)'/>",
            "<rect style='fill:URL( \"http://a\")'/>",
            "<rect fill='u\\72l(https://a)'/>",
            "<style>@IMPORT 'x.css';</style>",
            "<style>a{}<![CDATA[ @import url(#a) ]]></style>",
            "<style>@font-face{src:url(x.woff)}</style>",
            "<style>a{background:image-set('https://a' 1x)}</style>",
        ] {
            assert!(matches!(check(inner), Err(UnsafeSvg::Style { .. })), "{inner}");
        }
        let sheet = "<?xml-stylesheet href='https://a'?><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(is_safe_svg(sheet), Err(UnsafeSvg::ProcessingInstruction("xml-stylesheet".to_owned())));
        let dtd = "<!DOCTYPE svg [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><svg xmlns=\"http://www.w3.org/2000/svg\"/>";
        assert_eq!(is_safe_svg(dtd), Err(UnsafeSvg::Xml(XmlError::Doctype)));
    }
}
