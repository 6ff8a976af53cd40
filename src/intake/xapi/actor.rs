//! Agents and groups (part 2, 2.4.2): each identified by exactly one of four identifiers, but for the anonymous group.

use serde_json::Value;

use super::check::{Checked, Place, Property, list, object, optional, required, text, word};
use super::formats::{iri, mailbox, sha1};

const IDENTIFIERS: [&str; 4] = ["mbox", "mbox_sha1sum", "openid", "account"];

const IDENTIFIED: &[Property] = &[
    optional("name", text),
    optional("mbox", mailbox),
    optional("mbox_sha1sum", sha1),
    optional("openid", iri),
    optional("account", account),
];

fn account(value: &Value, at: &Place<'_>) -> Checked {
    object(value, at, &[&[required("homePage", iri), required("name", text)]])?;
    Ok(())
}

/// An agent or a group; an agent where it doesn't say.
pub(super) fn actor(value: &Value, at: &Place<'_>) -> Checked {
    match value.get("objectType") {
        None => agent(value, at),
        Some(kind) if kind == "Agent" => agent(value, at),
        Some(kind) if kind == "Group" => group(value, at),
        Some(_) => Place::Key(at, "objectType").refuse("an actor is an Agent or a Group (part 2, 2.4.2)"),
    }
}

/// An agent.
pub(super) fn agent(value: &Value, at: &Place<'_>) -> Checked {
    let object = object(value, at, &[&[optional("objectType", |value, at| word(value, at, &["Agent"]))], IDENTIFIED])?;
    match IDENTIFIERS.iter().filter(|key| object.contains_key(**key)).count() {
        1 => Ok(()),
        0 => at.refuse("an agent needs one of mbox, mbox_sha1sum, openid and account (part 2, 2.4.2.1)"),
        _ => at.refuse("an agent has one identifier only (part 2, 2.4.2.1)"),
    }
}

/// A group: identified, or anonymous with its members.
pub(super) fn group(value: &Value, at: &Place<'_>) -> Checked {
    let own = [
        required("objectType", |value, at| word(value, at, &["Group"])),
        optional("member", |value, at| list(value, at, agent)),
    ];
    let object = object(value, at, &[&own, IDENTIFIED])?;
    let members = object.get("member").and_then(Value::as_array).map_or(0, Vec::len);
    match IDENTIFIERS.iter().filter(|key| object.contains_key(**key)).count() {
        1 => Ok(()),
        0 if members > 0 => Ok(()),
        0 => at.refuse("a group without an identifier lists its members (part 2, 2.4.2.2)"),
        _ => at.refuse("a group has one identifier only (part 2, 2.4.2.2)"),
    }
}

/// Who asserts a statement: an agent, or the pair of application and user of OAuth (part 2, 2.4.9).
pub(super) fn authority(value: &Value, at: &Place<'_>) -> Checked {
    if value.get("objectType").is_none_or(|kind| kind != "Group") {
        return agent(value, at);
    }
    group(value, at)?;
    let object = value.as_object().into_iter().flatten();
    let mut members = object.clone().filter(|(key, _)| *key == "member");
    let pair = members.any(|(_, members)| members.as_array().is_some_and(|members| members.len() == 2));
    let anonymous = !object.clone().any(|(key, _)| IDENTIFIERS.contains(&key.as_str()));
    if pair && anonymous {
        Ok(())
    } else {
        at.refuse("a group as authority has two agents and no identifier (part 2, 2.4.9)")
    }
}
