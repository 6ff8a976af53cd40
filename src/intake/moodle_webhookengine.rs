//! The body that the Moodle plugin local_webhookengine sends: Moodle's own events, wrapped. Their meaning is in `moodle`.

use serde::Deserialize;
use serde_json::Value;

use super::moodle::{self, Event, Person};
use super::{NotUnderstood, Understood};
use crate::catalog::Source;

// Only what is used is named: the plugin's envelope grows with its versions.
#[derive(Deserialize)]
struct Delivery {
    eventname: String,
    event: Fields,
    #[serde(default)]
    user: Option<User>,
    #[serde(default)]
    relateduser: Option<User>,
    #[serde(default)]
    course: Option<Course>,
}

#[derive(Deserialize)]
struct Course {
    #[serde(default)]
    shortname: Option<String>,
    #[serde(default)]
    fullname: Option<String>,
}

#[derive(Deserialize)]
struct Fields {
    courseid: u64,
    #[serde(default)]
    contextinstanceid: Option<u64>,
    #[serde(default)]
    userid: Option<i64>,
    #[serde(default)]
    relateduserid: Option<i64>,
    timecreated: i64,
    #[serde(default)]
    other: Option<Value>,
}

#[derive(Deserialize)]
struct User {
    id: i64,
    #[serde(default)]
    username: Option<String>,
    #[serde(default)]
    firstname: Option<String>,
    #[serde(default)]
    lastname: Option<String>,
    #[serde(default)]
    email: Option<String>,
}

/// Reads a body of this form.
pub(super) fn read(source: &Source, value: Value) -> Result<Understood, NotUnderstood> {
    let delivery: Delivery = serde_path_to_error::deserialize(value)
        .map_err(|error| NotUnderstood(format!("at {}: {}", error.path(), error.inner())))?;
    let fields = delivery.event;
    // A number, or the same as text in some versions.
    let state = fields.other.as_ref().and_then(|other| other.get("completionstate"));
    let event = Event {
        name: delivery.eventname,
        course: fields.courseid,
        course_names: delivery
            .course
            .into_iter()
            .flat_map(|course| [course.shortname, course.fullname])
            .flatten()
            .collect(),
        module: fields.contextinstanceid,
        user: fields.userid,
        related_user: fields.relateduserid,
        created: fields.timecreated,
        completion_state: state.and_then(|state| state.as_u64().or_else(|| state.as_str()?.parse().ok())),
    };
    let people = [delivery.relateduser, delivery.user].into_iter().flatten().map(|user| Person {
        id: user.id,
        username: user.username,
        first_name: user.firstname,
        last_name: user.lastname,
        email: user.email,
    });
    moodle::read(source, &event, people.collect(), |field| match field {
        "completionstate" => "event.other.completionstate".into(),
        field => format!("event.{field}"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::{Fact, State};
    use serde_json::json;

    fn source() -> Source {
        serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "moodle-webhookengine",
            "courses": { "4": { "session": "laicite-2026-03", "modules": { "12": "m1" } } },
        }))
        .unwrap()
    }

    fn body() -> Value {
        json!({
            "id": "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e", "schema": 1, "type": "core.course_module_completion_updated",
            "eventname": "\\core\\event\\course_module_completion_updated", "created": 1_757_682_400,
            "site": { "url": "https://lms.example" },
            "event": { "component": "core", "action": "updated", "target": "course_module_completion", "objectid": 1420,
                "crud": "u", "edulevel": 2, "contextid": 55, "contextlevel": 70, "contextinstanceid": 12, "courseid": 4,
                "userid": 2, "relateduserid": 892, "timecreated": 1_757_682_400,
                "other": { "relateduserid": 892, "overrideby": null, "completionstate": 2 } },
            "relateduser": { "id": 892, "username": "zlefevre", "firstname": "Zoé", "lastname": "Lefèvre", "email": "zoe@example.fr" },
            "course": { "id": 4, "shortname": "LAI", "fullname": "Laïcité", "categoryid": 2 },
        })
    }

    #[test]
    fn the_learner_is_the_related_user_not_the_actor() {
        let record = &read(&source(), body()).unwrap().records[0];
        let known_as: Vec<_> = record.learner.iter().map(|(_, value)| value).collect();
        assert_eq!(known_as, ["892", "zlefevre", "zoe@example.fr"]);
        assert_eq!(record.name.as_ref().unwrap().as_str(), "Zoé Lefèvre");
        assert_eq!(record.session.as_str(), "laicite-2026-03");
        assert_eq!(record.facts[0].fact, Fact::Activity { code: "m1".parse().unwrap(), state: State::Passed });
        assert_eq!(record.facts[0].at.as_unix_seconds(), 1_757_682_400);
    }

    #[test]
    fn an_actor_who_is_not_the_learner_lends_no_name() {
        let mut other = body();
        other.as_object_mut().unwrap().remove("relateduser");
        other["user"] = json!({ "id": 2, "firstname": "Une", "lastname": "Formatrice" });
        assert_eq!(read(&source(), other).unwrap().records[0].name, None);
        let mut own = body();
        own.as_object_mut().unwrap().remove("relateduser");
        own["user"] = json!({ "id": 892, "firstname": "Zoé", "lastname": "Lefèvre" });
        assert!(read(&source(), own).unwrap().records[0].name.is_some());
    }

    #[test]
    fn withdrawals_and_failures_are_facts_too() {
        for (number, expected) in [(0, State::Withdrawn), (1, State::Completed), (3, State::Failed)] {
            let mut changed = body();
            changed["event"]["other"]["completionstate"] = json!(number);
            let fact = read(&source(), changed).unwrap().records[0].facts[0].fact.clone();
            assert_eq!(fact, Fact::Activity { code: "m1".parse().unwrap(), state: expected });
        }
        let mut nonsense = body();
        nonsense["event"]["other"] = json!({ "completionstate": 9 });
        assert!(read(&source(), nonsense).is_err());
    }

    #[test]
    fn unmapped_ids_wait_and_other_events_are_left_aside() {
        let missing = |body| -> Vec<String> {
            let understood = read(&source(), body).unwrap();
            understood.unmapped.iter().filter_map(|unmapped| unmapped.missing(&source())).collect()
        };
        let mut elsewhere = body();
        elsewhere["event"]["courseid"] = json!(5);
        assert_eq!(missing(elsewhere), ["course 5"]);
        let named = |name: &str| {
            let mut source = source();
            source.courses.get_mut("4").unwrap().named = Some(crate::catalog::ShortText::new(name).unwrap());
            read(&source, body()).unwrap().unmapped.len()
        };
        assert_eq!([named("LAI"), named("Laïcité"), named("Une autre formation")], [0, 0, 1], "ids are used again");
        let mut module = body();
        module["event"]["contextinstanceid"] = json!(99);
        assert_eq!(missing(module.clone()), ["module 99 of course 4"]);
        let unmapped = read(&source(), module).unwrap().unmapped.remove(0);
        assert_eq!(unmapped.course_names, ["LAI", "Laïcité"], "names to guess by");
        let mut login = body();
        login["eventname"] = json!("\\core\\event\\user_loggedin");
        assert_eq!(read(&source(), login).unwrap(), Understood::default());
        let mut course = body();
        course["eventname"] = json!("\\core\\event\\course_completed");
        course["event"].as_object_mut().unwrap().remove("other");
        assert_eq!(read(&source(), course).unwrap().records[0].facts[0].fact, Fact::Course { state: State::Completed });
    }
}
