//! From an expanded JSON-LD document to RDF quads (JSON-LD 1.1 API §8, Deserialize JSON-LD to RDF), refusing whatever has no quad.
//!
//! json-ld has this algorithm too, but follows the recommendation in skipping what cannot become RDF. Here the walk that makes the
//! quads is the walk that finds what would be skipped, so the two can't drift apart.

use std::collections::HashMap;

use json_ld::object::value::Literal;
use json_ld::rdf_types::Id as ValidId;
use json_ld::{ExpandedDocument, Id, Indexed, Node, Object, Value as LdValue};
use serde_json::Value;

use super::JsonLdError;
use super::nquads::{Dataset, Quad, RDF_LANG_STRING, Term, XSD_STRING};
use crate::json::{MAX_EXACT_INTEGER, canonical_string};

const RDF: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#";
const SAYS_NOTHING: &str = "an object that says nothing";
const XSD: &str = "http://www.w3.org/2001/XMLSchema#";

/// The quads of an expanded document.
///
/// # Errors
/// [`JsonLdError`] for anything that has no quad, or whose quad differs between implementations.
pub(super) fn quads(expanded: &ExpandedDocument) -> Result<Dataset, JsonLdError> {
    let mut walk = Walk::default();
    for object in expanded {
        walk.member(object, None)?;
    }
    if walk.dataset.is_empty() { Err(JsonLdError::Empty) } else { Ok(walk.dataset) }
}

#[derive(Default)]
struct Walk {
    dataset: Dataset,
    /// New labels of the document's own blank nodes, so that they can't collide with the labels given here.
    renamed: HashMap<String, String>,
    labels_given: usize,
}

impl Walk {
    fn new_label(&mut self) -> String {
        self.labels_given += 1;
        format!("b{}", self.labels_given)
    }

    fn emit(&mut self, subject: &Term, predicate: &str, object: Term, graph: Option<&Term>) {
        let predicate = predicate.to_owned();
        self.dataset.insert(Quad { subject: subject.clone(), predicate, object, graph: graph.cloned() });
    }

    /// Emits what an object says that belongs to a graph and not to a property: it must be a node, and say something by itself.
    fn member(&mut self, object: &Indexed<Object>, graph: Option<&Term>) -> Result<(), JsonLdError> {
        match object.inner() {
            Object::Node(node) if !node.is_empty() => self.object(object, graph).map(|_| ()),
            Object::Node(node) => Err(JsonLdError::dropped(SAYS_NOTHING, node.as_str().unwrap_or_default())),
            Object::Value(value) => {
                Err(JsonLdError::dropped("a value without a property", value.as_str().unwrap_or_default()))
            }
            Object::List(_) => Err(JsonLdError::dropped("a list without a property", "@list")),
        }
    }

    /// Emits what the object says, and answers the term that stands for it.
    fn object(&mut self, object: &Indexed<Object>, graph: Option<&Term>) -> Result<Term, JsonLdError> {
        if let Some(index) = object.index() {
            return Err(JsonLdError::dropped("an index", index));
        }
        match object.inner() {
            Object::Value(value) => literal(value),
            Object::Node(node) => self.node(node, graph),
            Object::List(list) => self.list(list.as_slice(), graph),
        }
    }

    fn node(&mut self, node: &Node, graph: Option<&Term>) -> Result<Term, JsonLdError> {
        let subject = match &node.id {
            Some(id) => self.id(id)?,
            None if node.is_empty() => return Err(JsonLdError::dropped(SAYS_NOTHING, "{}")),
            None => Term::Blank(self.new_label()),
        };
        if node.included().is_some() || node.reverse_properties().is_some() {
            return Err(JsonLdError::dropped("@included or @reverse", &describe(&subject)));
        }
        for class in node.types() {
            let class = self.id(class)?;
            self.emit(&subject, &format!("{RDF}type"), class, graph);
        }
        for (property, objects) in node.properties() {
            let Term::Iri(predicate) = self.id(property)? else {
                return Err(JsonLdError::dropped("a blank node as property", &property.to_string()));
            };
            for object in objects {
                let value = self.object(object, graph)?;
                self.emit(&subject, &predicate, value, graph);
            }
        }
        // RDF datasets are flat: a graph inside a graph stands beside it.
        for object in node.graph().into_iter().flatten() {
            self.member(object, Some(&subject))?;
        }
        Ok(subject)
    }

    fn list(&mut self, items: &[Indexed<Object>], graph: Option<&Term>) -> Result<Term, JsonLdError> {
        let mut rest = Term::Iri(format!("{RDF}nil"));
        for item in items.iter().rev() {
            let first = self.object(item, graph)?;
            let cell = Term::Blank(self.new_label());
            self.emit(&cell, &format!("{RDF}first"), first, graph);
            self.emit(&cell, &format!("{RDF}rest"), rest, graph);
            rest = cell;
        }
        Ok(rest)
    }

    fn id(&mut self, id: &Id) -> Result<Term, JsonLdError> {
        match id {
            Id::Valid(ValidId::Iri(iri)) => absolute_iri(iri.as_str()).map(Term::Iri),
            Id::Valid(ValidId::Blank(blank)) => {
                let given = blank.suffix().to_owned();
                if let Some(label) = self.renamed.get(&given) {
                    return Ok(Term::Blank(label.clone()));
                }
                let label = self.new_label();
                self.renamed.insert(given, label.clone());
                Ok(Term::Blank(label))
            }
            Id::Invalid(text) => Err(JsonLdError::RelativeIri { text: text.clone() }),
        }
    }
}

fn describe(term: &Term) -> String {
    match term {
        Term::Iri(iri) => format!("<{iri}>"),
        Term::Blank(_) => "an unnamed object".to_owned(),
        Term::Literal { lexical, .. } => lexical.clone(),
    }
}

/// Refuses the characters that the grammar of N-Quads excludes from IRIs, which some implementations escape and others don't.
fn absolute_iri(iri: &str) -> Result<String, JsonLdError> {
    if iri.chars().any(|character| character <= ' ' || r#"<>"{}|^`\"#.contains(character)) {
        return Err(JsonLdError::RelativeIri { text: iri.to_owned() });
    }
    Ok(iri.to_owned())
}

fn literal(value: &LdValue) -> Result<Term, JsonLdError> {
    match value {
        LdValue::Literal(literal, datatype) => {
            let datatype = datatype.as_ref().map(|iri| absolute_iri(iri.as_str())).transpose()?;
            let (lexical, own_datatype) = match literal {
                Literal::Null => return Err(JsonLdError::dropped("a null", "@value")),
                Literal::Boolean(flag) => (flag.to_string(), format!("{XSD}boolean")),
                Literal::Number(number) => number_literal(number.as_str(), datatype.as_deref())?,
                Literal::String(text) => (checked_text(text)?, XSD_STRING.to_owned()),
            };
            Ok(Term::Literal { lexical, datatype: datatype.unwrap_or(own_datatype), language: None })
        }
        LdValue::LangString(text) => {
            let tag = text.language().map(|tag| tag.as_str().to_owned()).unwrap_or_default();
            let is_well_formed =
                text.language().map_or(text.direction().is_some(), |tag| tag.as_well_formed().is_some());
            // jsonld.js lower-cases tags and others keep them: only a lower-case one has a single reading.
            if !is_well_formed || tag.bytes().any(|byte| byte.is_ascii_uppercase()) {
                return Err(JsonLdError::LanguageTag { tag });
            }
            let lexical = checked_text(text.as_str())?;
            // VCDM 2.0 texts may have a base direction; the suites of Data Integrity keep it in the datatype (JSON-LD 1.1 API, option
            // rdfDirection, i18n-datatype).
            if let Some(direction) = text.direction() {
                let datatype = format!("https://www.w3.org/ns/i18n#{tag}_{direction}");
                return Ok(Term::Literal { lexical, datatype, language: None });
            }
            Ok(Term::Literal { lexical, datatype: RDF_LANG_STRING.to_owned(), language: Some(tag) })
        }
        LdValue::Json(json) => {
            let json: Value = serde_json::from_str(&json.to_string())
                .map_err(|error| JsonLdError::Expansion { reason: format!("a JSON literal is malformed: {error}") })?;
            let lexical = checked_text(&canonical_string(&json)?)?;
            Ok(Term::Literal { lexical, datatype: format!("{RDF}JSON"), language: None })
        }
    }
}

/// Refuses the two characters that canonical N-Quads escapes and older implementations don't.
fn checked_text(text: &str) -> Result<String, JsonLdError> {
    if text.contains(['\u{fffe}', '\u{ffff}']) {
        return Err(JsonLdError::Noncharacter);
    }
    Ok(text.to_owned())
}

/// Lexical form and datatype of a number (JSON-LD 1.1 API §8.2.2 steps 8 to 10), if every implementation agrees on them.
///
/// Accepted are integers up to ±(2^53 - 1), and other numbers of at most 15 significant digits from 10^-6 up to 10^20.
fn number_literal(written: &str, datatype: Option<&str>) -> Result<(String, String), JsonLdError> {
    let refuse = || JsonLdError::AmbiguousNumber { number: written.to_owned() };
    let number: f64 = written.parse().map_err(|_| refuse())?;
    let magnitude = number.abs();
    let is_integer = number.fract() == 0.0;
    if number == 0.0 && number.is_sign_negative() {
        return Err(refuse());
    }
    if is_integer && datatype != Some("http://www.w3.org/2001/XMLSchema#double") {
        #[expect(clippy::cast_precision_loss, reason = "2^53 - 1 is exact as a double")]
        let largest = MAX_EXACT_INTEGER as f64;
        if magnitude > largest {
            return Err(refuse());
        }
        return Ok((format!("{number:.0}"), format!("{XSD}integer")));
    }
    let (mantissa, exponent) = split_scientific(&format!("{number:.15e}"));
    let shortest_digits = split_scientific(&format!("{magnitude:e}")).0.bytes().filter(u8::is_ascii_digit).count();
    if shortest_digits > 15 || (magnitude != 0.0 && !(1e-6..1e20).contains(&magnitude)) {
        return Err(refuse());
    }
    // Canonical double: as many digits as needed, one at least after the point.
    let trimmed = mantissa.trim_end_matches('0');
    let padding = if trimmed.ends_with('.') { "0" } else { "" };
    Ok((format!("{trimmed}{padding}E{exponent}"), format!("{XSD}double")))
}

fn split_scientific(number: &str) -> (String, String) {
    let (mantissa, exponent) = number.split_once('e').unwrap_or((number, "0"));
    (mantissa.to_owned(), exponent.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_the_lexical_form_of_the_recommendation() {
        let integer = |written: &str| {
            number_literal(written, None).map(|(lexical, datatype)| (lexical, datatype.replace(XSD, "")))
        };
        assert_eq!(integer("42"), Ok(("42".into(), "integer".into())));
        assert_eq!(integer("-7"), Ok(("-7".into(), "integer".into())));
        assert_eq!(integer("10.0"), Ok(("10".into(), "integer".into())));
        assert_eq!(integer("1e3"), Ok(("1000".into(), "integer".into())));
        assert_eq!(integer("9007199254740991"), Ok(("9007199254740991".into(), "integer".into())));
        assert_eq!(integer("0.5"), Ok(("5.0E-1".into(), "double".into())));
        assert_eq!(integer("-12.75"), Ok(("-1.275E1".into(), "double".into())));
        assert_eq!(integer("0.000001"), Ok(("1.0E-6".into(), "double".into())));
        let double = number_literal("10", Some("http://www.w3.org/2001/XMLSchema#double"));
        assert_eq!(double, Ok(("1.0E1".into(), format!("{XSD}double"))));
    }

    #[test]
    fn numbers_that_implementations_write_differently_are_refused() {
        for written in [
            "9007199254740992",
            "-9007199254740992",
            "1e20",
            "1e21",
            "1e-7",
            "0.30000000000000004",
            "-0.0",
            "123456789012345678901234567890",
        ] {
            assert_eq!(number_literal(written, None), Err(JsonLdError::AmbiguousNumber { number: written.into() }));
        }
    }
}
