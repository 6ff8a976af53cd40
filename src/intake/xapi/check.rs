//! How a statement is walked: where a value stands, and what may stand there. The rules themselves are in the other files.

use serde_json::{Map, Value};

/// Why a statement is refused, and where: for the sender, who knows its content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem} at {pointer:?}")]
pub struct Refusal {
    /// JSON Pointer (RFC 6901) to the value at fault, or to where it is missing.
    pub pointer: String,
    /// What is wrong with it, and by which section of xAPI 1.0.3.
    pub problem: String,
}

/// The outcome of a rule.
pub(super) type Checked = Result<(), Refusal>;

/// Where a value stands in a document.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// At a pointer.
    Root(&'a str),
    /// Under a key.
    Key(&'a Place<'a>, &'a str),
    /// In a list.
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    fn pointer(&self) -> String {
        match self {
            Self::Root(pointer) => (*pointer).to_owned(),
            Self::Key(above, key) => format!("{}/{}", above.pointer(), crate::json::pointer_step(key)),
            Self::Index(above, index) => format!("{}/{index}", above.pointer()),
        }
    }

    /// A refusal of what stands here.
    pub(super) fn refuse<T>(&self, problem: impl Into<String>) -> Result<T, Refusal> {
        Err(Refusal { pointer: self.pointer(), problem: problem.into() })
    }
}

/// A rule on a value.
pub(super) type Check = fn(&Value, &Place<'_>) -> Checked;

/// What an object may hold under a key.
pub(super) struct Property {
    key: &'static str,
    check: Check,
    required: Required,
}

enum Required {
    Yes,
    No,
}

/// A property that must be there.
pub(super) const fn required(key: &'static str, check: Check) -> Property {
    Property { key, check, required: Required::Yes }
}

/// A property that may be there.
pub(super) const fn optional(key: &'static str, check: Check) -> Property {
    Property { key, check, required: Required::No }
}

/// An object with these properties and no other (part 2, 2.2: what is not allowed is refused, the case of keys included).
pub(super) fn object<'v>(
    value: &'v Value,
    at: &Place<'_>,
    properties: &[&[Property]],
) -> Result<&'v Map<String, Value>, Refusal> {
    let Some(object) = value.as_object() else { return at.refuse("an object is needed here") };
    let properties = || properties.iter().copied().flatten();
    for (key, value) in object {
        let place = Place::Key(at, key);
        match properties().find(|property| property.key == key) {
            Some(property) => (property.check)(value, &place)?,
            None => return place.refuse(unknown(key, properties())),
        }
    }
    for property in properties() {
        if matches!(property.required, Required::Yes) && !object.contains_key(property.key) {
            return at.refuse(format!("{} is missing", property.key));
        }
    }
    Ok(object)
}

fn unknown<'p>(key: &str, mut properties: impl Iterator<Item = &'p Property>) -> String {
    match properties.find(|property| property.key.eq_ignore_ascii_case(key)) {
        Some(property) => format!("the case of keys matters: {} (part 2, 2.2)", property.key),
        None => "xAPI has no such property here (part 2, 2.2)".to_owned(),
    }
}

/// A list of which each item keeps a rule.
pub(super) fn list(value: &Value, at: &Place<'_>, check: Check) -> Checked {
    let Some(items) = value.as_array() else { return at.refuse("a list is needed here") };
    items.iter().enumerate().try_for_each(|(index, item)| check(item, &Place::Index(at, index)))
}

/// A map of which each key and each value keeps a rule.
pub(super) fn map(value: &Value, at: &Place<'_>, key_is: fn(&str) -> bool, what: &str, check: Check) -> Checked {
    let Some(entries) = value.as_object() else { return at.refuse("an object is needed here") };
    entries.iter().try_for_each(|(key, value)| {
        let place = Place::Key(at, key);
        if key_is(key) { check(value, &place) } else { place.refuse(format!("this key is not {what}")) }
    })
}

/// Any value, null included: what extensions hold (part 2, 4.1).
pub(super) fn anything(_: &Value, _: &Place<'_>) -> Checked {
    Ok(())
}

/// A text of any form.
pub(super) fn text(value: &Value, at: &Place<'_>) -> Checked {
    if value.is_string() { Ok(()) } else { at.refuse("a text is needed here") }
}

/// A text of one form.
pub(super) fn formatted(value: &Value, at: &Place<'_>, is: impl Fn(&str) -> bool, what: &str) -> Checked {
    match value.as_str() {
        Some(text) if is(text) => Ok(()),
        Some(_) => at.refuse(format!("this is not {what}")),
        None => at.refuse(format!("a text is needed here: {what}")),
    }
}

/// One word of a few.
pub(super) fn word(value: &Value, at: &Place<'_>, words: &[&str]) -> Checked {
    let found = value.as_str().is_some_and(|text| words.contains(&text));
    if found { Ok(()) } else { at.refuse(format!("this must be one of {}", words.join(", "))) }
}

/// `true` or `false`, not a text that says so.
pub(super) fn boolean(value: &Value, at: &Place<'_>) -> Checked {
    if value.is_boolean() { Ok(()) } else { at.refuse("true or false is needed here") }
}

/// A number, not a text that holds one.
pub(super) fn number(value: &Value, at: &Place<'_>) -> Checked {
    if value.is_number() { Ok(()) } else { at.refuse("a number is needed here") }
}
