//! The body that the Moodle plugin tool_trigger posts: one of Moodle's own events as the parameters that an administrator pasted into
//! the plugin's "HTTP POST" step, encoded by it as a JSON object whose values are all texts (docs/integrations.md has the template).
//!
//! The plugin leaves a placeholder that it can't fill as it stands (`{other_completionstate}` in a course's event), and cuts a value
//! at an `&`: such a field counts as absent, and fields that we don't know are left aside, so that a name never costs the evidence.

use std::collections::BTreeMap;

use serde_json::Value;

use super::moodle::{self, Event, Person};
use super::{NotUnderstood, Understood};
use crate::catalog::Source;

/// Reads a body of this form.
pub(super) fn read(source: &Source, value: Value) -> Result<Understood, NotUnderstood> {
    let fields: BTreeMap<String, String> = serde_path_to_error::deserialize(value)
        .map_err(|error| NotUnderstood(format!("at {}: {}", error.path(), error.inner())))?;
    let text = |name: &str| {
        let unfilled = |text: &str| text.is_empty() || (text.starts_with('{') && text.ends_with('}'));
        fields.get(name).map(String::as_str).filter(|text| !unfilled(text))
    };
    let number = |name: &str| match text(name).map(str::parse::<i64>) {
        None => Ok(None),
        Some(Ok(number)) => Ok(Some(number)),
        Some(Err(_)) => Err(NotUnderstood(format!("{name} is not a number"))),
    };
    let needed = |name: &str| NotUnderstood(format!("{name} is missing"));
    let natural = |name: &str| -> Result<Option<u64>, NotUnderstood> {
        let below = |_| NotUnderstood(format!("{name} is below zero"));
        number(name)?.map(u64::try_from).transpose().map_err(below)
    };
    let event = Event {
        name: text("eventname").ok_or_else(|| needed("eventname"))?.to_owned(),
        course: natural("courseid")?.ok_or_else(|| needed("courseid"))?,
        course_names: ["courseshortname", "coursefullname"].into_iter().filter_map(text).map(str::to_owned).collect(),
        module: natural("contextinstanceid")?,
        user: number("userid")?,
        related_user: number("relateduserid")?,
        created: number("timecreated")?.ok_or_else(|| needed("timecreated"))?,
        completion_state: natural("completionstate")?,
    };
    let owned = |name: &str| text(name).map(str::to_owned);
    // The template looks the related user up; the fields of that step bear no id of their own.
    let person = event.related_user.map(|id| Person {
        id,
        username: owned("username"),
        first_name: owned("firstname"),
        last_name: owned("lastname"),
        email: owned("email"),
    });
    moodle::read(source, &event, person.into_iter().collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Fact, State};
    use serde_json::json;

    fn source() -> Source {
        serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "bearer",
            "courses": { "4": { "session": "laicite-2026-03", "modules": { "12": "m1" } } },
        }))
        .unwrap()
    }

    fn body() -> Value {
        json!({
            "eventname": "\\core\\event\\course_module_completion_updated", "courseid": "4", "contextinstanceid": "12",
            "userid": "2", "relateduserid": "892", "timecreated": "1757682400", "completionstate": "2",
            "username": "zlefevre", "firstname": "Zoé", "lastname": "Lefèvre", "email": "zoe@example.fr",
        })
    }

    #[test]
    fn texts_are_read_as_what_they_say() {
        let record = read(&source(), body()).unwrap().records.remove(0);
        let known_as: Vec<_> = record.learner.iter().map(|(_, value)| value).collect();
        assert_eq!(
            (known_as.join(" "), record.name.unwrap().as_str()),
            ("892 zlefevre zoe@example.fr".into(), "Zoé Lefèvre")
        );
        assert_eq!(record.facts[0].fact, Fact::Activity { code: "m1".parse().unwrap(), state: State::Passed });
        assert_eq!(record.facts[0].at.as_unix_seconds(), 1_757_682_400);
    }

    #[test]
    fn what_the_plugin_left_unfilled_is_absent() {
        let mut course = body();
        course["eventname"] = json!("\\core\\event\\course_completed");
        course["completionstate"] = json!("{other_completionstate}");
        course["firstname"] = json!("{user_firstname}");
        course["Cie"] = json!("");
        let record = read(&source(), course).unwrap().records.remove(0);
        assert_eq!(record.facts[0].fact, Fact::Course { state: State::Completed });
        assert_eq!(record.name.unwrap().as_str(), "Lefèvre");
        let mut module = body();
        module["completionstate"] = json!("{other_completionstate}");
        assert!(read(&source(), module).unwrap_err().0.contains("completionstate"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_field() {
        let mut changed = body();
        changed["courseid"] = json!("quatre");
        assert_eq!(read(&source(), changed).unwrap_err().0, "courseid is not a number");
        let mut changed = body();
        changed["courseid"] = json!(4);
        assert!(read(&source(), changed).unwrap_err().0.contains("courseid"), "values are texts");
        let mut changed = body();
        changed.as_object_mut().unwrap().remove("timecreated");
        assert_eq!(read(&source(), changed).unwrap_err().0, "timecreated is missing");
        let mut other = body();
        other["eventname"] = json!("\\core\\event\\user_loggedin");
        assert_eq!(read(&source(), other).unwrap(), Understood::default());
    }
}
