//! Moodle's own completion events, whichever plugin carries them: what they mean, and what their ids stand for.
//!
//! Used: `\core\event\course_module_completion_updated` and `\core\event\course_completed`. The learner is `relateduserid`;
//! `userid` is whoever acted, and only where no related user is named are the two one. Other events are acknowledged and left
//! aside. Course and module ids mean nothing outside their site: the source's configuration maps them.

use super::{NotUnderstood, Record, Reported, Understood};
use crate::catalog::{LmsId, Source, Unmapped};
use crate::evidence::{Fact, State};
use crate::ids::Code;
use crate::learner::Identifiers;
use crate::text::{Email, PersonName};
use crate::time::Timestamp;

/// A completion event, as any plugin carries it.
pub(super) struct Event {
    /// Its class, with or without a backslash before it.
    pub(super) name: String,
    pub(super) course: u64,
    /// The names that the plugin gives it: the source's configuration may expect one.
    pub(super) course_names: Vec<String>,
    /// The course module, for events about one.
    pub(super) module: Option<u64>,
    /// Whoever acted.
    pub(super) user: Option<i64>,
    /// Whom it is about.
    pub(super) related_user: Option<i64>,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) completion_state: Option<u64>,
}

/// What a plugin tells of a person beside their id.
pub(super) struct Person {
    pub(super) id: i64,
    pub(super) username: Option<String>,
    pub(super) first_name: Option<String>,
    pub(super) last_name: Option<String>,
    pub(super) email: Option<String>,
}

/// What an event stands for in the terms of a source.
pub(super) enum Meaning {
    /// A session, and a module's activity in it.
    Activity { session: Code, code: Code },
    /// A session as a whole.
    Course { session: Code },
    /// Nothing yet.
    Unmapped(Unmapped),
}

/// What a course, or a module of it, stands for, by the ids of the site and the names that it gives the course.
pub(super) fn meaning(source: &Source, course: u64, names: &[String], module: Option<u64>) -> Meaning {
    let unmapped = || Meaning::Unmapped(Unmapped::new(LmsId::of(course, module), names, &[]));
    let mapping = source.courses.get(&course.to_string()).filter(|mapping| mapping.is_named(names.iter()));
    let Some(mapping) = mapping else { return unmapped() };
    let session = mapping.session.clone();
    match module.map(|module| mapping.modules.get(&module.to_string())) {
        None => Meaning::Course { session },
        Some(Some(code)) => Meaning::Activity { session, code: code.clone() },
        Some(None) => unmapped(),
    }
}

/// Reads an event, and the one of `people` that it is about. Refusals name the field by `at`.
pub(super) fn read(
    source: &Source,
    event: &Event,
    people: Vec<Person>,
    at: impl Fn(&str) -> String,
) -> Result<Understood, NotUnderstood> {
    let refuse = |field: &str, problem: &str| NotUnderstood(format!("{} {problem}", at(field)));
    let of_module = match event.name.trim_start_matches('\\') {
        r"core\event\course_module_completion_updated" => true,
        r"core\event\course_completed" => false,
        _ => return Ok(Understood::default()),
    };
    let moment = Timestamp::from_unix_seconds(event.created)
        .ok_or_else(|| refuse("timecreated", "is not a moment in seconds since 1970"))?;
    let learner = event.related_user.or(event.user).filter(|id| *id > 0);
    let learner = learner.ok_or_else(|| refuse("relateduserid", "is missing: the event names no learner"))?;
    let module = match event.module {
        None if of_module => return Err(refuse("contextinstanceid", "is missing")),
        module => module.filter(|_| of_module),
    };
    let (session, fact) = match meaning(source, event.course, &event.course_names, module) {
        Meaning::Unmapped(what) => return Ok(Understood { records: Vec::new(), unmapped: vec![what] }),
        Meaning::Course { session } => (session, Fact::Course { state: State::Completed }),
        Meaning::Activity { session, code } => {
            let state = event.completion_state.and_then(state);
            let state = state.ok_or_else(|| refuse("completionstate", "is not 0, 1, 2 or 3"))?;
            (session, Fact::Activity { code, state })
        }
    };
    let person = people.into_iter().find(|person| person.id == learner);
    let name = person.as_ref().and_then(|person| {
        let parts = [person.first_name.as_deref(), person.last_name.as_deref()];
        PersonName::new(&parts.into_iter().flatten().collect::<Vec<_>>().join(" ")).ok()
    });
    let (username, email) = person.map(|person| (person.username, person.email)).unwrap_or_default();
    let email = email.and_then(|email| Email::new(&email).ok());
    let id = learner.to_string().parse().map_err(|_| refuse("relateduserid", "is not usable"))?;
    let username = username.and_then(|name| name.parse().ok());
    let record = Record {
        session,
        learner: Identifiers { id: Some(id), username, email: email.clone() },
        name,
        email,
        facts: vec![Reported { at: moment, fact, score: None }],
    };
    Ok(Understood { records: vec![record], unmapped: Vec::new() })
}

/// `completionstate` (Moodle's lib/completionlib.php).
const fn state(number: u64) -> Option<State> {
    match number {
        0 => Some(State::Withdrawn),
        1 => Some(State::Completed),
        2 => Some(State::Passed),
        3 => Some(State::Failed),
        _ => None,
    }
}
