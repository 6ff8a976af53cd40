//! Activities, their definitions and the components of interactions (part 2, 2.4.4.1).

use std::collections::HashSet;

use serde_json::Value;

use super::check::{Checked, Place, Property, list, object, optional, required, text, word};
use super::formats::{extensions, iri, language_map};

const INTERACTION_TYPES: [&str; 10] = [
    "true-false",
    "choice",
    "fill-in",
    "long-fill-in",
    "matching",
    "performance",
    "sequencing",
    "likert",
    "numeric",
    "other",
];

const COMPONENT_LISTS: [&str; 5] = ["choices", "scale", "source", "target", "steps"];

const DEFINITION: &[Property] = &[
    optional("name", language_map),
    optional("description", language_map),
    optional("type", iri),
    optional("moreInfo", iri),
    optional("extensions", extensions),
    optional("interactionType", |value, at| word(value, at, &INTERACTION_TYPES)),
    optional("correctResponsesPattern", |value, at| list(value, at, text)),
    optional("choices", components),
    optional("scale", components),
    optional("source", components),
    optional("target", components),
    optional("steps", components),
];

/// An activity.
pub(super) fn activity(value: &Value, at: &Place<'_>) -> Checked {
    const ACTIVITY: &[Property] = &[
        optional("objectType", |value, at| word(value, at, &["Activity"])),
        required("id", iri),
        optional("definition", definition),
    ];
    object(value, at, &[ACTIVITY])?;
    Ok(())
}

fn definition(value: &Value, at: &Place<'_>) -> Checked {
    let object = object(value, at, &[DEFINITION])?;
    let kind = object.get("interactionType").and_then(Value::as_str);
    if kind.is_none() && object.contains_key("correctResponsesPattern") {
        return at.refuse("an interaction needs its interactionType (part 2, 2.4.4.1)");
    }
    let takes = lists_of(kind);
    match COMPONENT_LISTS.iter().find(|list| object.contains_key(**list) && !takes.contains(list)) {
        None => Ok(()),
        Some(list) => {
            Place::Key(at, list).refuse("an interaction of this type has no such list of components (part 2, 2.4.4.1)")
        }
    }
}

/// The lists of components that an interaction may have.
fn lists_of(interaction_type: Option<&str>) -> &'static [&'static str] {
    match interaction_type {
        Some("choice" | "sequencing") => &["choices"],
        Some("likert") => &["scale"],
        Some("matching") => &["source", "target"],
        Some("performance") => &["steps"],
        _ => &[],
    }
}

fn components(value: &Value, at: &Place<'_>) -> Checked {
    list(value, at, |value, at| {
        object(value, at, &[&[required("id", text), optional("description", language_map)]]).map(drop)
    })?;
    let mut seen = HashSet::new();
    for (index, component) in value.as_array().into_iter().flatten().enumerate() {
        if !seen.insert(component.get("id").and_then(Value::as_str)) {
            return Place::Key(&Place::Index(at, index), "id")
                .refuse("this id stands twice in its list (part 2, 2.4.4.1)");
        }
    }
    Ok(())
}
