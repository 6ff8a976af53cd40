//! The shapes that rules speak of: values at a path, types, URLs, dates, language strings, multibase. No rule here.

use serde_json::{Map, Value};

use super::Breach;
use crate::time::Timestamp;

/// The values at a path of member names, each with its JSON Pointer. `*` stands for each item of an array, or for a value that is not
/// one: JSON-LD writes one value either way.
pub(super) fn select<'a>(document: &'a Value, path: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), document)];
    for name in path.split('/').skip(1) {
        found = found
            .into_iter()
            .flat_map(|(pointer, value)| match (name, value) {
                ("*", Value::Array(items)) => {
                    items.iter().enumerate().map(|(index, item)| (format!("{pointer}/{index}"), item)).collect()
                }
                ("*", _) => vec![(pointer, value)],
                _ => {
                    value.get(name).map(|member| (format!("{pointer}/{name}"), member)).into_iter().collect::<Vec<_>>()
                }
            })
            .collect();
    }
    found
}

/// A breach wherever a value at the path does not hold. What is absent holds.
pub(super) fn every(document: &Value, path: &str, problem: &str, mut holds: impl FnMut(&Value) -> bool) -> Vec<Breach> {
    let wrong = select(document, path).into_iter().filter(|(_, value)| !holds(value));
    wrong.map(|(pointer, _)| Breach { pointer, problem: problem.to_owned() }).collect()
}

/// The same for several paths.
pub(super) fn across(document: &Value, paths: &[&str], problem: &str, holds: fn(&Value) -> bool) -> Vec<Breach> {
    paths.iter().flat_map(|path| every(document, path, problem, holds)).collect()
}

/// One breach unless it holds.
pub(super) fn demand(holds: bool, pointer: &str, problem: &str) -> Vec<Breach> {
    if holds { Vec::new() } else { vec![Breach { pointer: pointer.to_owned(), problem: problem.to_owned() }] }
}

/// The first context, where it is a text.
pub(super) fn first_context(document: &Value) -> Option<&str> {
    match document.get("@context")? {
        Value::Array(contexts) => contexts.first()?.as_str(),
        other => other.as_str(),
    }
}

/// Whether a JSON-LD `type` (a string or an array of strings) holds a name.
pub(super) fn has_type(value: Option<&Value>, name: &str) -> bool {
    match value {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// Whether an object has a `type` that holds a name.
pub(super) fn is_a(value: &Value, name: &str) -> bool {
    has_type(value.get("type"), name)
}

/// Whether a value is a text or several, none of them empty.
pub(super) fn is_texts(value: &Value) -> bool {
    match value {
        Value::Array(several) => !several.is_empty() && several.iter().all(is_text),
        one => is_text(one),
    }
}

/// Whether a value is a text that is not empty.
pub(super) fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.is_empty())
}

/// Whether a value is an object that says its type.
pub(super) fn is_typed(value: &Value) -> bool {
    value.get("type").is_some_and(is_texts)
}

/// Whether a value has a member that is a text.
pub(super) fn says(value: &Value, name: &str) -> bool {
    value.get(name).is_some_and(Value::is_string)
}

/// Whether a value is one absolute URL.
pub(super) fn is_url(value: &Value) -> bool {
    value.as_str().is_some_and(is_absolute)
}

/// Whether a value is one absolute URL or several.
pub(super) fn is_urls(value: &Value) -> bool {
    value.as_array().map_or_else(|| is_url(value), |several| !several.is_empty() && several.iter().all(is_url))
}

/// Whether a value is an absolute URL, or an object with one as its `id`.
pub(super) fn is_identified(value: &Value) -> bool {
    is_url(value) || value.get("id").is_some_and(is_url)
}

/// Whether a text is an absolute IRI, as far as its scheme tells.
pub(super) fn is_absolute(text: &str) -> bool {
    let (scheme, rest) = text.split_once(':').unwrap_or_default();
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.trim_matches('/').is_empty()
        && !text.contains(char::is_whitespace)
}

/// Whether a value is a text, a language value object (VCDM 2.0 § 11.1), or several of the latter.
pub(super) fn is_words(value: &Value) -> bool {
    let is_object = |value: &Value| value.as_object().is_some_and(is_language_value);
    value.is_string()
        || is_object(value)
        || value.as_array().is_some_and(|all| !all.is_empty() && all.iter().all(is_object))
}

fn is_language_value(object: &Map<String, Value>) -> bool {
    object.get("@value").is_some_and(Value::is_string)
        && object.iter().all(|(name, value)| match name.as_str() {
            "@value" => true,
            "@language" => is_text(value),
            "@direction" => value == "ltr" || value == "rtl",
            _ => false,
        })
}

/// Whether a value is an `xsd:dateTimeStamp`: a date and time with a zone, as VCDM 2.0 § 4.9 spells it out.
pub(super) fn is_date_time_stamp(value: &Value) -> bool {
    value.as_str().is_some_and(|text| Timestamp::from_date_time_stamp(text).is_ok())
}

/// Whether a value is an `xsd:dateTime`, with a zone or without.
pub(super) fn is_date_time(value: &Value) -> bool {
    moment(Some(value)).is_some()
}

/// The moment that a text is, where it is one.
pub(super) fn moment(value: Option<&Value>) -> Option<Timestamp> {
    Timestamp::from_date_time(value?.as_str()?).ok()
}

/// Whether a value is multibase in base58-btc or base64url without padding, the two that Data Integrity knows.
pub(super) fn is_multibase(value: &Value) -> bool {
    let Some(text) = value.as_str() else { return false };
    match text.split_at_checked(1) {
        Some(("z", digits)) => !digits.is_empty() && digits.bytes().all(is_base58),
        Some(("u", digits)) => {
            !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        }
        _ => false,
    }
}

/// Whether a value is multibase of any base of the registry (Controlled Identifiers 1.0 §2.4): those of Data Integrity, or another.
pub(super) fn is_any_multibase(value: &Value) -> bool {
    const OTHERS: &str = "079fFbBcCvVtThkKRZmMU";
    let other = |text: &str| {
        text.split_at_checked(1).is_some_and(|(header, digits)| {
            OTHERS.contains(header)
                && !digits.is_empty()
                && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b"+/-_=".contains(&b))
        })
    };
    is_multibase(value) || value.as_str().is_some_and(other)
}

fn is_base58(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() && !matches!(byte, b'0' | b'O' | b'I' | b'l')
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_path_finds_single_values_and_sets_alike() {
        let document = json!({ "a": [{ "b": 1 }, { "b": [2, 3] }], "c": { "b": 4 } });
        let found = |path| select(&document, path).into_iter().map(|(pointer, _)| pointer).collect::<Vec<_>>();
        assert_eq!(found("/a/*/b/*"), ["/a/0/b", "/a/1/b/0", "/a/1/b/1"]);
        assert_eq!(found("/c/*/b"), ["/c/b"]);
        assert_eq!(found("/x/*/b"), Vec::<String>::new());
        assert_eq!(found(""), [""]);
    }

    #[test]
    fn dates_are_those_of_xml_schema() {
        let stamp = |text: &str| is_date_time_stamp(&json!(text));
        for good in [
            "2026-03-02T09:00:00Z",
            "2026-03-02T09:00:00.123456789+14:00",
            "2024-02-29T24:00:00Z",
            "-0044-03-15T12:00:00-05:30",
            "12026-03-02T09:00:00Z",
        ] {
            assert!(stamp(good), "{good}");
        }
        for bad in [
            "2026-03-02",
            "2026-03-02T09:00:00",
            "2026-03-02t09:00:00z",
            "2026-03-02 09:00:00Z",
            "2026-02-29T09:00:00Z",
            "2026-03-02T09:00Z",
            "2026-03-02T09:00:60Z",
            "2026-03-02T24:00:01Z",
            "2026-03-02T09:00:00.Z",
            "2026-03-02T09:00:00+15:00",
            "2026-03-02T09:00:00+0100",
            "2026-03-02T09:00:00ZZ",
            "2026-03-02-01T09:00:00Z",
            "26-03-02T09:00:00Z",
            "2026-03-02T09:00:00é",
            "",
        ] {
            assert!(!stamp(bad), "{bad}");
        }
        assert!(is_date_time(&json!("2026-03-02T09:00:00")) && !is_date_time(&json!("2026-03-02")));
    }

    #[test]
    fn urls_have_a_scheme_and_something_after_it() {
        for good in ["https://x.example", "did:web:x", "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e", "data:,x"] {
            assert!(is_absolute(good), "{good}");
        }
        for bad in ["", "x", "https://", "did:", "1a:b", "a b:c", "https://x example", "/x:y"] {
            assert!(!is_absolute(bad), "{bad}");
        }
    }
}
