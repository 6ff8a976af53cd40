//! RDF datasets, and their N-Quads form: the canonical writer of RDFC-1.0 and a reader.
//!
//! The types are ours, and small: expansion produces them, canonicalisation relabels them, nothing else sees them. The writer gives
//! canonical N-Quads (RDFC-1.0 appendix A), the very bytes that a proof hashes. The reader exists so that W3C test data and stored
//! canonical documents can be read back.
//!
//! Not here: blank node labels (see `rdfc10`), and checks of IRIs and language tags (see `expand`).

use std::collections::BTreeSet;

/// Datatype of a literal written without one.
pub const XSD_STRING: &str = "http://www.w3.org/2001/XMLSchema#string";
/// Datatype of a literal with a language tag.
pub const RDF_LANG_STRING: &str = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString";

/// A subject, object or graph name. Predicates are always IRIs here (no generalised RDF).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Term {
    /// An absolute IRI, without angle brackets.
    Iri(String),
    /// A blank node label, without `_:`.
    Blank(String),
    /// A literal; only ever an object.
    Literal {
        /// The lexical form, unescaped.
        lexical: String,
        /// Datatype IRI; [`RDF_LANG_STRING`] exactly when `language` is present.
        datatype: String,
        /// Language tag, in the case it was given.
        language: Option<String>,
    },
}

/// One statement, in the default graph when `graph` is `None`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quad {
    /// An IRI or a blank node.
    pub subject: Term,
    /// An IRI.
    pub predicate: String,
    /// Any term.
    pub object: Term,
    /// An IRI or a blank node; `None` is the default graph.
    pub graph: Option<Term>,
}

/// A set of quads. A set by type: RDFC-1.0 hashes each blank node over its quads, and a duplicate would change the hash.
pub type Dataset = BTreeSet<Quad>;

/// Why N-Quads could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("N-Quads line {line}: {expected} expected")]
pub struct NQuadsError {
    /// Line, from 1.
    pub line: usize,
    /// What the grammar demanded there.
    pub expected: &'static str,
}

impl Quad {
    /// The blank nodes of the quad with the letter that RDFC-1.0 §4.7.3 gives their position, in the order subject, object, graph.
    pub fn blanks(&self) -> impl Iterator<Item = (char, &str)> {
        [('s', Some(&self.subject)), ('o', Some(&self.object)), ('g', self.graph.as_ref())].into_iter().filter_map(
            |(position, term)| match term {
                Some(Term::Blank(label)) => Some((position, label.as_str())),
                _ => None,
            },
        )
    }
}

/// Appends one canonical N-Quads line (RDFC-1.0 appendix A), line feed included, with each blank node label replaced by `label`'s answer.
pub fn write_quad<'l>(quad: &'l Quad, label: impl Fn(&'l str) -> &'l str, out: &mut String) {
    write_term(&quad.subject, &label, out);
    out.push_str(" <");
    out.push_str(&quad.predicate);
    out.push_str("> ");
    write_term(&quad.object, &label, out);
    if let Some(graph) = &quad.graph {
        out.push(' ');
        write_term(graph, &label, out);
    }
    out.push_str(" .\n");
}

fn write_term<'l>(term: &'l Term, label: &impl Fn(&'l str) -> &'l str, out: &mut String) {
    match term {
        Term::Iri(iri) => {
            out.push('<');
            out.push_str(iri);
            out.push('>');
        }
        Term::Blank(blank) => {
            out.push_str("_:");
            out.push_str(label(blank));
        }
        Term::Literal { lexical, datatype, language } => {
            out.push('"');
            write_escaped(lexical, out);
            out.push('"');
            if let Some(language) = language {
                out.push('@');
                out.push_str(language);
            } else if datatype != XSD_STRING {
                out.push_str("^^<");
                out.push_str(datatype);
                out.push('>');
            }
        }
    }
}

/// The escapes of canonical N-Quads: two-character ones where they exist, `\uXXXX` for the other controls and for the two
/// characters that XML 1.1 excludes, everything else as it is.
fn write_escaped(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\0'..='\u{1f}' | '\u{7f}' | '\u{fffe}' | '\u{ffff}' => {
                out.push_str(&format!("\\u{:04X}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
}

/// Reads an N-Quads document (RDF 1.1 N-Quads).
///
/// # Errors
/// [`NQuadsError`] at the first line that does not follow the grammar.
pub fn parse(text: &str) -> Result<Dataset, NQuadsError> {
    let mut dataset = Dataset::new();
    for (index, line) in text.split(['\n', '\r']).enumerate() {
        let mut reader = Reader { rest: line, line: index + 1 };
        reader.skip_space();
        if !reader.at_end() {
            dataset.insert(reader.quad()?);
        }
    }
    Ok(dataset)
}

struct Reader<'t> {
    rest: &'t str,
    line: usize,
}

impl Reader<'_> {
    fn fail<T>(&self, expected: &'static str) -> Result<T, NQuadsError> {
        Err(NQuadsError { line: self.line, expected })
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn at_end(&self) -> bool {
        self.rest.is_empty() || self.rest.starts_with('#')
    }

    fn take(&mut self, token: &str) -> bool {
        let found = self.rest.strip_prefix(token);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn next_char(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next();
        self.rest = characters.as_str();
        character
    }

    fn quad(&mut self) -> Result<Quad, NQuadsError> {
        let subject = self.resource()?;
        self.skip_space();
        let Term::Iri(predicate) = self.resource()? else { return self.fail("an IRI as predicate") };
        self.skip_space();
        let object = if self.rest.starts_with('"') { self.literal()? } else { self.resource()? };
        self.skip_space();
        let graph = if self.rest.starts_with(['<', '_']) { Some(self.resource()?) } else { None };
        self.skip_space();
        if !self.take(".") {
            return self.fail("a full stop");
        }
        self.skip_space();
        if self.at_end() { Ok(Quad { subject, predicate, object, graph }) } else { self.fail("the end of the line") }
    }

    fn resource(&mut self) -> Result<Term, NQuadsError> {
        if self.take("<") {
            return Ok(Term::Iri(self.quoted('>')?));
        }
        if !self.take("_:") {
            return self.fail("an IRI or a blank node");
        }
        let end =
            self.rest.find(|c: char| !(c.is_alphanumeric() || "_-.:\u{b7}".contains(c))).unwrap_or(self.rest.len());
        // A label does not end in a full stop: that one ends the statement.
        let label = self.rest.get(..end).unwrap_or_default().trim_end_matches('.');
        if label.is_empty() {
            return self.fail("a blank node label");
        }
        let label = label.to_owned();
        self.rest = self.rest.get(label.len()..).unwrap_or_default();
        Ok(Term::Blank(label))
    }

    fn literal(&mut self) -> Result<Term, NQuadsError> {
        self.take("\"");
        let lexical = self.quoted('"')?;
        if self.take("^^<") {
            return Ok(Term::Literal { lexical, datatype: self.quoted('>')?, language: None });
        }
        if !self.take("@") {
            return Ok(Term::Literal { lexical, datatype: XSD_STRING.to_owned(), language: None });
        }
        let end = self.rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(self.rest.len());
        let (tag, rest) = self.rest.split_at(end);
        if tag.is_empty() {
            return self.fail("a language tag");
        }
        self.rest = rest;
        Ok(Term::Literal { lexical, datatype: RDF_LANG_STRING.to_owned(), language: Some(tag.to_owned()) })
    }

    /// The text up to `end`, unescaped. IRIs allow only `\u` and `\U`, which this does not distinguish.
    fn quoted(&mut self, end: char) -> Result<String, NQuadsError> {
        let mut out = String::new();
        loop {
            match self.next_char() {
                None => return self.fail("a closing quote or bracket"),
                Some(character) if character == end => return Ok(out),
                Some('\\') => out.push(self.escape()?),
                Some(character) => out.push(character),
            }
        }
    }

    fn escape(&mut self) -> Result<char, NQuadsError> {
        let digits = match self.next_char() {
            Some('t') => return Ok('\t'),
            Some('b') => return Ok('\u{8}'),
            Some('n') => return Ok('\n'),
            Some('r') => return Ok('\r'),
            Some('f') => return Ok('\u{c}'),
            Some(character @ ('"' | '\'' | '\\')) => return Ok(character),
            Some('u') => 4,
            Some('U') => 8,
            _ => return self.fail("an escape"),
        };
        let code = self.rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32);
        let Some(character) = code else { return self.fail("hexadecimal digits of a character") };
        self.rest = self.rest.get(digits..).unwrap_or_default();
        Ok(character)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrite(text: &str) -> String {
        let dataset = parse(text).expect("valid N-Quads");
        dataset.iter().fold(String::new(), |mut out, quad| {
            write_quad(quad, |label| label, &mut out);
            out
        })
    }

    #[test]
    fn the_canonical_form_escapes_what_must_be_and_nothing_else() {
        let text = "<a:s> <a:p> \"\\u0041\\t\\u0008\\n\\r\\f\\\"\\\\\\u0001\\u007F\\uFFFE\\u00e9\\U0001F600'\" .\n";
        assert_eq!(rewrite(text), "<a:s> <a:p> \"A\\t\\b\\n\\r\\f\\\"\\\\\\u0001\\u007F\\uFFFEé😀'\" .\n");
    }

    #[test]
    fn terms_graphs_comments_and_spacing_are_read() {
        let text = "# comment\n\n  _:a.b\t<a:p><a:o><a:g>.# end\r\n_:x <a:p> \"t\"@fr-FR _:g .\n_:x <a:p> \"1\"^^<a:int>.\n\
            _:x <a:p> \"s\"^^<http://www.w3.org/2001/XMLSchema#string> .";
        let mut lines: Vec<_> = rewrite(text).lines().map(str::to_owned).collect();
        lines.sort();
        let expected = [
            "_:a.b <a:p> <a:o> <a:g> .",
            "_:x <a:p> \"1\"^^<a:int> .",
            "_:x <a:p> \"s\" .",
            "_:x <a:p> \"t\"@fr-FR _:g .",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn duplicates_are_one_quad() {
        assert_eq!(parse("_:a <a:p> <a:o> .\n_:a <a:p> <a:o> .").map(|dataset| dataset.len()), Ok(1));
    }

    #[test]
    fn a_malformed_line_is_named() {
        for (text, expected) in [
            ("<a:s> _:p <a:o> .", "an IRI as predicate"),
            ("<a:s> <a:p> <a:o>", "a full stop"),
            ("<a:s> <a:p> \"x .", "a closing quote or bracket"),
            ("<a:s> <a:p> \"\\x\" .", "an escape"),
            ("<a:s> <a:p> \"\\uD800\" .", "hexadecimal digits of a character"),
            ("<a:s> <a:p> <a:o> . <a:s>", "the end of the line"),
            ("\"s\" <a:p> <a:o> .", "an IRI or a blank node"),
        ] {
            assert_eq!(parse(&format!("\n{text}")), Err(NQuadsError { line: 2, expected }), "{text}");
        }
    }
}
