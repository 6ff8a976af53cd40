//! A billion laughs without entities: in SVG, elements that refer to each other multiply what is drawn. Ten groups that each use
//! the next one ten times are ten thousand million drawings in 2 KB; masks, patterns and markers do the same.
//!
//! Each element is weighed with all that it refers to, once for each reference, before anything is drawn. What can't be told is
//! weighed as if it were drawn: a style sheet is read by the names in its selectors, and no further.

use std::collections::HashMap;

use roxmltree::{Document, Node, NodeId};

use super::xml::SVG_NS;

/// The most elements that are drawn, those counted again that are drawn again.
const MAX_DRAWN: u64 = 50_000;
/// The longest chain of references.
const MAX_CHAIN: usize = 32;

/// Why such an SVG is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Multiplies {
    /// Its parts refer to each other too often.
    #[error("the image draws its parts over and over: at most {MAX_DRAWN} elements may be drawn, repetitions counted")]
    Drawn,
    /// One part leads to the next, without an end in sight.
    #[error("parts of the image refer to each other in a circle, or in a chain of more than {MAX_CHAIN}")]
    Chain,
}

/// Accepts an SVG whose references multiply within bounds.
pub(super) fn check(doc: &Document<'_>) -> Result<(), Multiplies> {
    let elements = || doc.descendants().filter(Node::is_element);
    let sheets = elements().filter(|node| node.has_tag_name((SVG_NS, "style")));
    let css: String = sheets.flat_map(|sheet| sheet.children()).filter_map(|child| child.text()).collect();
    let css = without_comments(&css);
    let mut weighing = Weighing {
        by_id: elements().filter_map(|node| Some((node.attribute("id")?, node))).collect(),
        rules: rules(&css),
        weights: HashMap::new(),
    };
    match weighing.weigh(doc.root_element(), 0)? {
        Weight { drawn, .. } if drawn > MAX_DRAWN => Err(Multiplies::Drawn),
        _ => Ok(()),
    }
}

/// What an element comes to.
#[derive(Debug, Clone, Copy)]
struct Weight {
    /// Elements drawn for it.
    drawn: u64,
    /// Its longest chain of references.
    chain: usize,
}

/// A rule of a style sheet that refers to parts of the image.
struct StyleRule<'a> {
    /// The names in its selectors; none where any element may be meant.
    names: Option<Vec<&'a str>>,
    targets: Vec<&'a str>,
}

struct Weighing<'a, 'input> {
    by_id: HashMap<&'a str, Node<'a, 'input>>,
    rules: Vec<StyleRule<'a>>,
    weights: HashMap<NodeId, Weight>,
}

impl<'a, 'input> Weighing<'a, 'input> {
    fn weigh(&mut self, node: Node<'a, 'input>, depth: usize) -> Result<Weight, Multiplies> {
        if depth > MAX_CHAIN {
            return Err(Multiplies::Chain);
        }
        if let Some(known) = self.weights.get(&node.id()) {
            return Ok(*known);
        }
        let mut weight = Weight { drawn: 1, chain: 0 };
        for child in node.children().filter(Node::is_element) {
            let Weight { drawn, chain } = self.weigh(child, depth)?;
            weight = Weight { drawn: weight.drawn.saturating_add(drawn), chain: weight.chain.max(chain) };
        }
        for target in self.targets_of(node) {
            let Weight { drawn, chain } = self.weigh(target, depth + 1)?;
            // A gradient is a colour, however many share it.
            let colour = matches!(target.tag_name().name(), "linearGradient" | "radialGradient");
            let drawn = if colour { 0 } else { drawn };
            weight = Weight { drawn: weight.drawn.saturating_add(drawn), chain: weight.chain.max(chain + 1) };
        }
        if weight.chain > MAX_CHAIN {
            return Err(Multiplies::Chain);
        }
        self.weights.insert(node.id(), weight);
        Ok(weight)
    }

    fn targets_of(&self, node: Node<'a, 'input>) -> Vec<Node<'a, 'input>> {
        let attributes = node.attributes().flat_map(|attribute| {
            let href = (attribute.name() == "href").then(|| attribute.value().trim().strip_prefix('#')).flatten();
            href.into_iter().chain(urls(attribute.value()))
        });
        let attributes: Vec<&str> = attributes.collect();
        let names = || {
            let classes = node.attribute("class").unwrap_or_default().split_ascii_whitespace();
            classes.chain(node.attribute("id")).chain([node.tag_name().name()])
        };
        let styled = self
            .rules
            .iter()
            .filter(|rule| rule.names.as_ref().is_none_or(|meant| names().any(|name| meant.contains(&name))));
        let styled = styled.flat_map(|rule| rule.targets.iter().copied());
        attributes.into_iter().chain(styled).filter_map(|target| self.by_id.get(target).copied()).collect()
    }
}

/// What `url(#…)` names in CSS, in whatever quotes and case.
fn urls(css: &str) -> impl Iterator<Item = &str> {
    let starts = css.match_indices('(').filter(|(at, _)| {
        at.checked_sub(3).and_then(|start| css.get(start..*at)).is_some_and(|word| word.eq_ignore_ascii_case("url"))
    });
    starts.filter_map(|(at, _)| {
        let inside = css[at + 1..].split(')').next()?;
        inside.trim().trim_matches(['"', '\'']).trim().strip_prefix('#')
    })
}

/// The rules that refer to something. What stands outside of any block may be hiding there: it is held to mean everything.
fn rules(css: &str) -> Vec<StyleRule<'_>> {
    let mut rules = Vec::new();
    let mut selector = None;
    for piece in css.split_inclusive(['{', '}']) {
        let (text, end) = piece.split_at(piece.trim_end_matches(['{', '}']).len());
        let targets: Vec<&str> = urls(text).collect();
        if !targets.is_empty() {
            let inside = selector.filter(|_| end == "}");
            rules.push(StyleRule { names: inside.and_then(names_in), targets });
        }
        selector = (end == "{").then_some(text);
    }
    rules
}

/// The names in selectors; none where these mean elements by anything else.
fn names_in(selectors: &str) -> Option<Vec<&str>> {
    let of_name = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_') || !c.is_ascii();
    (!selectors.contains(['*', '[', ':', '@', '"', '\'']))
        .then(|| selectors.split(|c| !of_name(c)).filter(|name| !name.is_empty()).collect())
}

fn without_comments(css: &str) -> String {
    let mut rest = css;
    let mut kept = String::with_capacity(css.len());
    while let Some((before, after)) = rest.split_once("/*") {
        kept.push_str(before);
        kept.push(' ');
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    kept + rest
}

#[cfg(test)]
mod tests {
    use super::super::{UnsafeSvg, is_safe_svg};
    use super::*;

    fn check(inner: &str) -> Result<(), UnsafeSvg> {
        is_safe_svg(&format!("<svg xmlns='{SVG_NS}'>{inner}</svg>"))
    }

    /// Each of ten groups refers to the next one ten times.
    fn laughs(part: impl Fn(usize, &str) -> String) -> String {
        (0..10).map(|level| part(level, &format!("#l{}", level + 1))).collect::<String>()
            + "<g id='l10'><path d='M0 0h1'/></g>"
    }

    #[test]
    fn honest_references_are_accepted() {
        let gradient = "<linearGradient id='a'><stop/></linearGradient><linearGradient id='b' href='#a'/>";
        let many = format!("{gradient}{}", "<path fill='url(#b)' d='M0 0h1'/>".repeat(5_000));
        let clipped = "<style>/* } */ .c1, .c2 > path { clip-path: url( \"#clip\" ) } @media print { .c3 { fill: url(#a) } }</style>\
                       <clipPath id='clip'><rect/></clipPath>";
        let clipped = format!("{gradient}{clipped}{}", "<g class='x c1'><path class='c3'/></g>".repeat(1_000));
        for honest in [many, clipped, "<symbol id='s'><path/></symbol><use href='#s'/><use href='#s'/>".to_owned()] {
            assert_eq!(check(&honest), Ok(()));
        }
    }

    #[test]
    fn what_multiplies_is_refused_whatever_refers() {
        let uses = laughs(|level, next| format!("<g id='l{level}'>{}</g>", format!("<use href='{next}'/>").repeat(10)));
        let masks = laughs(|level, next| {
            format!("<mask id='l{level}'>{}</mask>", format!("<path mask='URL({next})'/>").repeat(10))
        });
        let fills = laughs(|level, next| {
            format!("<pattern id='l{level}'>{}</pattern>", format!("<path style='fill:url( \"{next}\" )'/>").repeat(10))
        });
        let sheet = |selector: fn(usize) -> String, hidden: &str| {
            let parts = laughs(|level, _| {
                format!("<mask id='l{level}'>{}</mask>", format!("<path class='c{level}'/>").repeat(10))
            });
            let rules: String =
                (0..10).map(|level| format!("{}{{{hidden}mask:url(#l{})}}", selector(level), level + 1)).collect();
            format!("<style>{rules}</style>{parts}")
        };
        let by_class = sheet(|level| format!(".c{level}"), "");
        for (what, svg) in [("uses", uses), ("masks", masks), ("fills", fills), ("classes", by_class)] {
            assert_eq!(check(&svg), Err(UnsafeSvg::Multiplies(Multiplies::Drawn)), "{what}");
        }
        // What this reading of style sheets can't tell is held to mean every element, and so its own parts.
        let hidden = sheet(|level| format!(".c{level}"), "x:\"}\";");
        let by_place = sheet(|level| format!("[class=c{level}]"), "");
        for svg in [hidden, by_place] {
            assert!(matches!(check(&svg), Err(UnsafeSvg::Multiplies(_))));
        }
    }

    #[test]
    fn chains_and_circles_are_refused() {
        let link = |n: usize| format!("<mask id='m{}'><path mask='url(#m{n})'/></mask>", n + 1);
        let chain = |length: usize| (0..length).map(link).collect::<String>();
        assert_eq!(check(&chain(MAX_CHAIN)), Ok(()));
        for svg in [
            chain(20_000),
            (0..20_000).rev().map(link).collect(),
            "<g id='a'><use href='#a'/></g>".to_owned(),
            "<mask id='a' mask='url(#b)'/><mask id='b' mask='url(#a)'/>".to_owned(),
        ] {
            assert_eq!(check(&svg), Err(UnsafeSvg::Multiplies(Multiplies::Chain)));
        }
    }
}
