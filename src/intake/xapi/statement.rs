//! A statement as a whole (xAPI 1.0.3, part 2, 2.4): what it must have, what it may have, and what its parts ask of each other.

use serde_json::{Map, Value};

use super::VOIDED;
use super::activity::activity;
use super::actor::{actor, agent, authority, group};
use super::check::{Checked, Place, Property, boolean, list, number, object, optional, required, text, word};
use super::formats::{duration_text, extensions, iri, language, language_map, media_type, timestamp, uuid, version};

/// What a statement and a sub-statement have in common.
const COMMON: &[Property] = &[
    required("actor", actor),
    required("verb", verb),
    optional("result", result),
    optional("context", context),
    optional("timestamp", timestamp),
    optional("attachments", |value, at| list(value, at, attachment)),
];

/// A statement.
pub(super) fn statement(value: &Value, at: &Place<'_>) -> Checked {
    const OWN: &[Property] = &[
        optional("id", uuid),
        required("object", object_of_statement),
        optional("stored", timestamp),
        optional("authority", authority),
        optional("version", version),
    ];
    let statement = object(value, at, &[COMMON, OWN])?;
    agreement(statement, at)
}

fn sub_statement(value: &Value, at: &Place<'_>) -> Checked {
    const OWN: &[Property] = &[
        required("objectType", |value, at| word(value, at, &["SubStatement"])),
        required("object", object_of_sub_statement),
    ];
    let statement = object(value, at, &[COMMON, OWN])?;
    agreement(statement, at)
}

/// What the parts of a statement ask of each other.
fn agreement(statement: &Map<String, Value>, at: &Place<'_>) -> Checked {
    let object = &statement["object"];
    let kind = object.get("objectType").and_then(Value::as_str).unwrap_or("Activity");
    if statement["verb"]["id"] == VOIDED && kind != "StatementRef" {
        return Place::Key(at, "object").refuse("the object of a voiding statement is a StatementRef (part 2, 2.3.2)");
    }
    let context = statement.get("context").and_then(Value::as_object);
    for key in ["revision", "platform"] {
        if kind != "Activity" && context.is_some_and(|context| context.contains_key(key)) {
            let problem = format!("{key} is for statements about an activity only (part 2, 2.4.6)");
            return Place::Key(&Place::Key(at, "context"), key).refuse(problem);
        }
    }
    Ok(())
}

fn object_of_statement(value: &Value, at: &Place<'_>) -> Checked {
    any_object(value, at, Some(sub_statement))
}

fn object_of_sub_statement(value: &Value, at: &Place<'_>) -> Checked {
    any_object(value, at, None)
}

fn any_object(value: &Value, at: &Place<'_>, sub_statement: Option<super::check::Check>) -> Checked {
    let at_kind = Place::Key(at, "objectType");
    match value.get("objectType").map(|kind| kind.as_str().unwrap_or("")) {
        None | Some("Activity") => activity(value, at),
        Some("Agent") => agent(value, at),
        Some("Group") => group(value, at),
        Some("StatementRef") => statement_ref(value, at),
        Some("SubStatement") => match sub_statement {
            Some(check) => check(value, at),
            None => at_kind.refuse("a SubStatement holds no other (part 2, 2.4.4.3)"),
        },
        Some(_) => {
            at_kind.refuse("an object is an Activity, Agent, Group, SubStatement or StatementRef (part 2, 2.4.4)")
        }
    }
}

fn statement_ref(value: &Value, at: &Place<'_>) -> Checked {
    let kind = required("objectType", |value, at| word(value, at, &["StatementRef"]));
    object(value, at, &[&[kind, required("id", uuid)]]).map(drop)
}

fn verb(value: &Value, at: &Place<'_>) -> Checked {
    object(value, at, &[&[required("id", iri), optional("display", language_map)]]).map(drop)
}

fn result(value: &Value, at: &Place<'_>) -> Checked {
    const RESULT: &[Property] = &[
        optional("score", score),
        optional("success", boolean),
        optional("completion", boolean),
        optional("response", text),
        optional("duration", duration_text),
        optional("extensions", extensions),
    ];
    object(value, at, &[RESULT]).map(drop)
}

/// The rules of part 2, 2.4.5.1. That `scaled` follows from the others is none of them; `min` may equal `max` here, though the
/// standard has it below, for that is how Moodle writes a mark out of nothing.
fn score(value: &Value, at: &Place<'_>) -> Checked {
    const SCORE: &[Property] =
        &[optional("scaled", number), optional("raw", number), optional("min", number), optional("max", number)];
    let score = object(value, at, &[SCORE])?;
    let of = |key: &str| score.get(key).and_then(Value::as_f64);
    if of("scaled").is_some_and(|scaled| !(-1.0..=1.0).contains(&scaled)) {
        return Place::Key(at, "scaled").refuse("a scaled score lies between -1 and 1 (part 2, 2.4.5.1)");
    }
    if of("min").zip(of("max")).is_some_and(|(min, max)| min > max) {
        return Place::Key(at, "min").refuse("min lies below max (part 2, 2.4.5.1)");
    }
    let raw = of("raw");
    if raw.zip(of("min")).is_some_and(|(raw, min)| raw < min) || raw.zip(of("max")).is_some_and(|(raw, max)| raw > max)
    {
        return Place::Key(at, "raw").refuse("raw lies between min and max (part 2, 2.4.5.1)");
    }
    Ok(())
}

fn context(value: &Value, at: &Place<'_>) -> Checked {
    const CONTEXT: &[Property] = &[
        optional("registration", uuid),
        optional("instructor", actor),
        optional("team", group),
        optional("contextActivities", context_activities),
        optional("revision", text),
        optional("platform", text),
        optional("language", language),
        optional("statement", statement_ref),
        optional("extensions", extensions),
    ];
    object(value, at, &[CONTEXT]).map(drop)
}

fn context_activities(value: &Value, at: &Place<'_>) -> Checked {
    const KINDS: &[Property] = &[
        optional("parent", activities),
        optional("grouping", activities),
        optional("category", activities),
        optional("other", activities),
    ];
    object(value, at, &[KINDS]).map(drop)
}

/// A list of activities, or one (part 2, 2.4.6.2).
fn activities(value: &Value, at: &Place<'_>) -> Checked {
    if value.is_array() { list(value, at, activity) } else { activity(value, at) }
}

fn attachment(value: &Value, at: &Place<'_>) -> Checked {
    const ATTACHMENT: &[Property] = &[
        required("usageType", iri),
        required("display", language_map),
        optional("description", language_map),
        required("contentType", media_type),
        required("length", length),
        required("sha2", text),
        optional("fileUrl", iri),
    ];
    object(value, at, &[ATTACHMENT]).map(drop)
}

fn length(value: &Value, at: &Place<'_>) -> Checked {
    let whole = value.as_u64().is_some() || value.as_f64().is_some_and(|length| length >= 0.0 && length.fract() == 0.0);
    if whole { Ok(()) } else { at.refuse("a length is a whole number of octets (part 2, 2.4.11)") }
}

/// What part 3 asks of attachments that come without their data: the address at which it is to be had. Signatures can't be checked
/// without the data, so a signed statement is refused rather than taken for one that holds.
pub(super) fn attachments_elsewhere(value: &Value, at: &Place<'_>) -> Checked {
    let all = [(value, *at)];
    let sub = value.get("object").filter(|object| object.get("objectType").is_some_and(|kind| kind == "SubStatement"));
    let at_sub = Place::Key(at, "object");
    for (statement, at) in all.into_iter().chain(sub.map(|sub| (sub, at_sub))) {
        let at = Place::Key(&at, "attachments");
        for (index, attachment) in
            statement.get("attachments").and_then(Value::as_array).into_iter().flatten().enumerate()
        {
            let at = Place::Index(&at, index);
            if attachment["usageType"] == "http://adlnet.gov/expapi/attachments/signature" {
                return at
                    .refuse("signed statements are not taken here: send them without the signature (part 2, 2.6)");
            }
            if attachment.get("fileUrl").is_none() {
                return at.refuse("attachments are taken by their fileUrl only (part 3, 1.5.2)");
            }
        }
    }
    Ok(())
}
