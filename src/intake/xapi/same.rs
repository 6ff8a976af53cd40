//! When two statements are one (part 2, 2.3.1, "Statement comparison requirements"), and the id of a statement that came without.
//!
//! Left out of the comparison is what a record store sets itself (`id`, `authority`, `stored`, `timestamp`, `version`), what belongs to
//! the things that a statement refers to (definitions of activities, the display of verbs), attachments, the order of a group's
//! members, and the case of what has none. A duration is a text like any other.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::formats::moment;
use crate::ids::{StatementId, hex};
use crate::time::Timestamp;

/// The hash of what may not differ between two statements of one id, in hexadecimal.
pub(super) fn digest(statement: &Value) -> String {
    let mut bare = statement.as_object().cloned().unwrap_or_default();
    for set_by_the_store in ["id", "authority", "stored", "timestamp", "version"] {
        bare.remove(set_by_the_store);
    }
    hex(&Sha256::digest(compared("", &Value::Object(bare)).to_string()))
}

/// The id of a statement that came without one: made of what it says and when, so that it gets the same one each time that it comes.
/// None without a moment: what says nothing of when may well happen twice.
pub(super) fn derived_id(digest: &str, at: Option<Timestamp>) -> Option<StatementId> {
    let text = format!("xapi statement {digest} {}", at?.as_micros());
    Some(StatementId::derived(&Sha256::digest(text)))
}

/// A value as it is compared: keys sorted, without what is not.
fn compared(key: &str, value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let skipped = |name: &str| match name {
                "definition" | "attachments" => key != "extensions",
                "display" => key == "verb",
                _ => false,
            };
            let mut entries: Vec<_> = object.iter().filter(|(name, _)| !skipped(name)).collect();
            entries.sort_by_key(|(name, _)| *name);
            let below = |name: &str| if key == "extensions" { "extensions".to_owned() } else { name.to_owned() };
            Value::Object(
                entries.into_iter().map(|(name, value)| (name.clone(), compared(&below(name), value))).collect(),
            )
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(|item| compared(key, item)).collect();
            if key == "member" {
                items.sort_by_key(Value::to_string);
            }
            Value::Array(items)
        }
        Value::String(text) => Value::String(match key {
            "id" if super::formats::is_uuid(text) => text.to_ascii_lowercase(),
            "registration" | "mbox_sha1sum" | "language" => text.to_ascii_lowercase(),
            "mbox" => text
                .rsplit_once('@')
                .map_or_else(|| text.clone(), |(local, domain)| format!("{local}@{}", domain.to_lowercase())),
            "timestamp" => moment(text).map_or_else(|| text.clone(), |at| at.to_string()),
            _ => text.clone(),
        }),
        other => other.clone(),
    }
}

/// The activities of a context as lists, as a record store must return them (part 2, 2.4.6.2).
pub(super) fn with_lists(statement: &mut Map<String, Value>) {
    let context = statement.get_mut("context").and_then(|context| context.get_mut("contextActivities"));
    for activities in context.and_then(Value::as_object_mut).into_iter().flat_map(|kinds| kinds.values_mut()) {
        if activities.is_object() {
            *activities = Value::Array(vec![activities.take()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn statement() -> Value {
        json!({
            "id": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0", "timestamp": "2026-06-10T13:31:41Z",
            "actor": { "objectType": "Group", "member": [{ "mbox": "mailto:a@b.fr" }, { "mbox": "mailto:c@d.fr" }] },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/completed", "display": { "en": "completed" } },
            "object": { "id": "https://x/1", "definition": { "name": { "fr": "Un" } } },
            "result": { "duration": "PT60S", "extensions": { "https://x/e": { "definition": 1 } } },
            "context": { "registration": "fd41c918-b88b-4b20-a0a5-a4c32391aaa0" },
        })
    }

    #[test]
    fn what_a_store_may_change_makes_no_difference() {
        let mut other = statement();
        other["id"] = json!("00000000-0000-4000-8000-000000000000");
        other["timestamp"] = json!("2027-01-01T00:00:00Z");
        other["stored"] = json!("2027-01-01T00:00:00Z");
        other["authority"] = json!({ "mbox": "mailto:x@y.fr" });
        other["version"] = json!("1.0.0");
        other["actor"]["member"] = json!([{ "mbox": "mailto:c@D.fr" }, { "mbox": "mailto:a@b.fr" }]);
        other["verb"]["display"] = json!({ "fr": "a terminé" });
        other["object"]["definition"] = json!({});
        other["context"]["registration"] = json!("FD41C918-b88b-4b20-a0a5-a4c32391aaa0");
        assert_eq!(digest(&statement()), digest(&other));
    }

    #[test]
    fn everything_else_does() {
        for (pointer, value) in [
            ("/actor/member/0/mbox", json!("mailto:other@b.fr")),
            ("/verb/id", json!("http://adlnet.gov/expapi/verbs/passed")),
            ("/object/id", json!("https://x/2")),
            ("/result/duration", json!("PT1M")),
            ("/result/extensions/https:~1~1x~1e/definition", json!(2)),
        ] {
            let mut other = statement();
            *other.pointer_mut(pointer).unwrap() = value;
            assert_ne!(digest(&statement()), digest(&other), "{pointer}");
        }
    }

    #[test]
    fn a_derived_id_depends_on_content_and_moment() {
        let at = |text: &str| moment(text);
        let id = |at| derived_id(&digest(&statement()), at).unwrap().to_string();
        assert_eq!(id(at("2026-06-10T13:31:41Z")), id(at("2026-06-10T15:31:41+02:00")));
        assert_ne!(id(at("2026-06-10T13:31:41Z")), id(at("2026-06-10T13:31:42Z")));
        assert!(super::super::formats::is_uuid(&id(at("2026-06-10T13:31:41Z"))));
        assert_eq!(derived_id("", None), None);
    }
}
