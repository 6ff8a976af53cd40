//! Values into a template: MiniJinja, whose every value comes out as text that Markdown cannot read as markup.
//!
//! A value is written as its bytes in hexadecimal between two private characters, and only taken back (`taken`) from the texts of
//! the Markdown that was read. So a name can't become a heading, whatever it is; nor what a filter made of it.

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value};

use super::TemplateError;
use crate::text::{Lang, typeset_french};

/// Before a value.
const OPEN: char = '\u{f0000}';
/// Before a value that is a narrative: paragraphs and bullets of its own.
const OPEN_NARRATIVE: char = '\u{f0001}';
/// After both.
const CLOSE: char = '\u{f0002}';
/// How much a template may do: some hundred times what ours does with the longest credential.
const FUEL: u64 = 400_000;
/// The most bytes that a template may write.
const MAX_WRITTEN: usize = 4 << 20;

/// A part of a text of the filled template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Written in the template.
    Literal(String),
    /// A value.
    Value(String),
    /// A value that is a narrative.
    Narrative(String),
}

/// The environment of one template, which is tried when it is filled.
pub(super) fn environment(source: &str, name: &str, lang: Lang) -> Result<Environment<'static>, TemplateError> {
    if let Some(place) = source.find(|c: char| (OPEN..=CLOSE).contains(&c) || (c.is_control() && !"\n\r\t".contains(c)))
    {
        let line = super::style::line_at(source, place);
        let problem = "a template can't hold control or private characters".to_owned();
        return Err(TemplateError { file: name.to_owned(), line, problem });
    }
    if let Some(place) = source.find("autoescape") {
        let line = super::style::line_at(source, place);
        let problem = "values are never markup: autoescape can't be changed".to_owned();
        return Err(TemplateError { file: name.to_owned(), line, problem });
    }
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax.map_err(|error| problem(name, source, &error))?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // So that whatever filters escape goes through `write`, too.
    environment.set_auto_escape_callback(|_| AutoEscape::Custom("markdown".into()));
    environment.set_formatter(write);
    environment.set_fuel(Some(FUEL));
    // What would mark a value as markup, or change one that is hidden.
    for filter in ["safe", "escape", "e", "replace", "format"] {
        environment.remove_filter(filter);
    }
    environment.add_filter("narrative", |text: &str| Value::from_safe_string(hidden(OPEN_NARRATIVE, text)));
    environment.add_function("t", move |fr: &str, en: &str| match lang {
        Lang::Fr => typeset_french(fr),
        Lang::En => en.to_owned(),
    });
    let text = source.replace("\r\n", "\n");
    environment.add_template_owned(name.to_owned(), text).map_err(|error| problem(name, source, &error))?;
    Ok(environment)
}

/// The filled template.
pub(super) fn fill(environment: &Environment<'_>, name: &str, values: Value) -> Result<String, TemplateError> {
    let template = environment.get_template(name).map_err(|error| problem(name, "", &error))?;
    let text = template.render(values).map_err(|error| problem(name, template.source(), &error))?;
    if text.len() > MAX_WRITTEN {
        return Err(TemplateError { file: name.to_owned(), line: 1, problem: "it writes more than 4 MiB".to_owned() });
    }
    Ok(text)
}

/// What MiniJinja says, with the line.
fn problem(name: &str, source: &str, error: &Error) -> TemplateError {
    let line = error.line().unwrap_or(1);
    let problem = match error.kind() {
        ErrorKind::OutOfFuel => "it does too much: is there a loop without end?".to_owned(),
        ErrorKind::UndefinedError => {
            let written = source.lines().nth(line.saturating_sub(1)).unwrap_or_default().trim();
            format!("it names an unknown value: {written}")
        }
        kind => error.detail().map_or_else(|| kind.to_string(), |detail| format!("{kind}: {detail}")),
    };
    TemplateError { file: name.to_owned(), line, problem }
}

/// Hides every value. Only what the template itself wrote (a macro, a `{% set %}` block) passes as it is.
fn write(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "unknown value"));
    }
    if value.is_none() {
        return Ok(());
    }
    let text = value.to_string();
    Ok(if value.is_safe() { out.write_str(&text) } else { out.write_str(&hidden(OPEN, &text)) }?)
}

fn hidden(open: char, text: &str) -> String {
    let mut hidden = String::with_capacity(text.len() * 2 + 8);
    hidden.push(open);
    for byte in text.bytes() {
        hidden.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        hidden.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
    hidden.push(CLOSE);
    hidden
}

/// The parts of a text out of the Markdown of a filled template.
pub(super) fn taken(text: &str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find([OPEN, OPEN_NARRATIVE]) {
        let (before, from) = rest.split_at(start);
        if !before.is_empty() {
            pieces.push(Piece::Literal(before.to_owned()));
        }
        let Some((hidden, after)) = from.split_once(CLOSE) else { return pieces };
        let value = shown(&hidden[OPEN.len_utf8()..]);
        pieces.push(if from.starts_with(OPEN) { Piece::Value(value) } else { Piece::Narrative(value) });
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Literal(rest.to_owned()));
    }
    pieces
}

/// The same as one text.
pub(super) fn whole(text: &str) -> String {
    let texts = taken(text).into_iter().map(|piece| match piece {
        Piece::Literal(text) | Piece::Value(text) | Piece::Narrative(text) => text,
    });
    texts.collect()
}

fn shown(hidden: &str) -> String {
    let digits = hidden.as_bytes().chunks_exact(2);
    let bytes = digits.filter_map(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok()).collect();
    // A filter that cut a hidden value in two leaves no UTF-8: nothing wrong is ever shown.
    String::from_utf8(bytes).unwrap_or_else(|_| char::REPLACEMENT_CHARACTER.to_string())
}
