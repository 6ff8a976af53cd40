//! What a statement means in our terms. Understood are completions, successes and failures, withdrawals, and time spent, of one learner
//! on something that the source's configuration knows; everything else is left aside.
//!
//! Two kinds of senders speak of completion. Moodle has one completion state per course module, and logstore_xapi tells all of it in one
//! statement: `result.success` is there for its states 2 (true) and 3 (false) only, so a mere completion never counts as a pass. cmi5
//! and content that reports for itself tell of completion and success in statements of their own; those are parts, which
//! [`crate::criteria`] puts together whatever comes first. Which of both speaks is told by the object: the address of a Moodle page, or
//! an id in the source's `activities`.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::super::moodle::{self, Meaning};
use super::super::{Record, Reported, Understood};
use super::formats::{duration, moment};
use crate::catalog::{Iri, LmsId, Source, Unmapped};
use crate::evidence::{Fact, Part, Score, State};
use crate::ids::{Code, ExternalId, hex};
use crate::learner::Identifiers;
use crate::text::{Email, PersonName};

/// What is understood of a verb.
#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Completed,
    Passed,
    Failed,
    /// cmi5's word for a course, or a block of it, all of whose content is done.
    Satisfied,
    /// logstore_xapi's word for a completion that holds no more.
    Uncompleted,
    /// Says nothing of completion, but how long it took. A cmi5 `waived` is one: whom the LMS excuses did not do it.
    Timed,
}

impl Verb {
    fn of(statement: &Value) -> Option<Self> {
        Some(match statement["verb"]["id"].as_str()? {
            "http://adlnet.gov/expapi/verbs/completed" => Self::Completed,
            "http://adlnet.gov/expapi/verbs/passed" => Self::Passed,
            "http://adlnet.gov/expapi/verbs/failed" => Self::Failed,
            "https://w3id.org/xapi/adl/verbs/satisfied" => Self::Satisfied,
            "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted" => Self::Uncompleted,
            "http://adlnet.gov/expapi/verbs/terminated"
            | "https://w3id.org/xapi/adl/verbs/abandoned"
            | "https://w3id.org/xapi/adl/verbs/waived" => Self::Timed,
            _ => return None,
        })
    }
}

const CMI5_BLOCK: &str = "https://w3id.org/xapi/cmi5/activitytype/block";

/// Reads a statement that was checked.
pub(super) fn read(source: &Source, statement: &Value, into: &mut Understood) {
    let Some(verb) = Verb::of(statement) else { return };
    let object = &statement["object"];
    let is_activity = object.get("objectType").is_none_or(|kind| kind == "Activity");
    let Some(id) = object["id"].as_str().filter(|_| is_activity) else { return };
    let stated = statement.get("timestamp").or_else(|| statement.get("stored")).and_then(Value::as_str);
    let Some(at) = stated.and_then(moment) else { return };
    let (meaning, teller) = meaning(source, id, statement);
    let (session, code) = match meaning {
        Some(Meaning::Activity { session, code }) => (session, Some(code)),
        Some(Meaning::Course { session }) => (session, None),
        // A block of a cmi5 course, or time alone, is nothing that somebody forgot to map.
        Some(Meaning::Unmapped(_)) if verb == Verb::Timed || object["definition"]["type"] == CMI5_BLOCK => return,
        Some(Meaning::Unmapped(mut what)) => {
            if what.id.module().is_some() {
                what.learn_names(&[], &names(object));
            }
            return into.unmapped.push(what);
        }
        None => return,
    };
    let Some(learner) = learner(source, &statement["actor"]) else { return };
    let facts = facts(verb, code.as_ref(), teller, &statement["result"]);
    if facts.is_empty() {
        return;
    }
    let score = score(&statement["result"]["score"]);
    let reported = |fact| {
        let score = score.filter(|_| !matches!(fact, Fact::TimeMeasured { .. }));
        Reported { at, fact, score }
    };
    into.records.push(Record {
        session,
        email: learner.email.clone(),
        learner,
        name: statement["actor"]["name"].as_str().and_then(|name| PersonName::new(name).ok()),
        facts: facts.into_iter().map(reported).collect(),
    });
}

/// Who tells of an activity.
#[derive(Clone, Copy, PartialEq)]
enum Teller {
    /// Moodle: each statement says all that it knows.
    Site,
    /// The content itself: each statement says one thing.
    Content,
}

/// What an activity id stands for; none for a page of the site that is neither a course nor a course module.
fn meaning(source: &Source, id: &str, statement: &Value) -> (Option<Meaning>, Teller) {
    if let Some(mapping) = source.activities.get(id) {
        let session = mapping.session.clone();
        let meaning = match &mapping.activity {
            Some(code) => Meaning::Activity { session, code: code.clone() },
            None => Meaning::Course { session },
        };
        return (Some(meaning), Teller::Content);
    }
    let meaning = match Page::of(source, id) {
        None => unmapped_activity(id, statement),
        Some(Page::Other) => None,
        Some(Page::Course(course)) => Some(moodle::meaning(source, course, &names(&statement["object"]), None)),
        Some(Page::Module(module)) => Some(match course_around(source, statement) {
            Some((course, names)) => moodle::meaning(source, course, &names, Some(module)),
            None => match module_alone(source, module) {
                Some(meaning) => meaning,
                None => return (unmapped_activity(id, statement), Teller::Site),
            },
        }),
    };
    (meaning, Teller::Site)
}

/// A page of the site.
enum Page {
    Course(u64),
    Module(u64),
    Other,
}

impl Page {
    /// The page that an address of the site leads to. Only the plain address of a course or a module stands for it: what has more
    /// in it is a chapter, an attempt, a post.
    fn of(source: &Source, address: &str) -> Option<Self> {
        let path = address.strip_prefix(source.site.as_ref()?.as_str())?.strip_prefix('/')?;
        let number = |text: &str| text.parse().ok();
        if let Some(course) = path.strip_prefix("course/view.php?id=").and_then(number) {
            return Some(Self::Course(course));
        }
        let module =
            path.strip_prefix("mod/").and_then(|rest| rest.split_once("/view.php?id=")).and_then(|(kind, id)| {
                let plain = !kind.is_empty() && kind.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
                number(id).filter(|_| plain)
            });
        Some(module.map_or(Self::Other, Self::Module))
    }
}

/// The names that a statement gives an activity.
fn names(activity: &Value) -> Vec<String> {
    let names = activity["definition"]["name"].as_object().into_iter().flat_map(|names| names.values());
    names.filter_map(|name| name.as_str().map(str::to_owned)).collect()
}

/// The course in whose context a module stands, with its names.
fn course_around(source: &Source, statement: &Value) -> Option<(u64, Vec<String>)> {
    let mut courses =
        activities_around(statement).filter_map(|activity| match Page::of(source, activity["id"].as_str()?) {
            Some(Page::Course(course)) => Some((course, names(activity))),
            _ => None,
        });
    courses.next()
}

/// An id that nothing is known of; around it stands what may name the course. None for what is no IRI.
fn unmapped_activity(id: &str, statement: &Value) -> Option<Meaning> {
    let iri = Iri::try_from(id.to_owned()).ok()?;
    let around: Vec<_> = activities_around(statement).flat_map(names).collect();
    Some(Meaning::Unmapped(Unmapped::new(LmsId::Activity { iri }, &around, &names(&statement["object"]))))
}

/// The activities in whose context a statement stands.
fn activities_around(statement: &Value) -> impl Iterator<Item = &Value> {
    let around = &statement["context"]["contextActivities"];
    ["parent", "grouping"].into_iter().flat_map(|kind| match &around[kind] {
        Value::Array(activities) => activities.as_slice(),
        one => std::slice::from_ref(one),
    })
}

/// A module whose course the statement does not name: ids of modules are unique within a site.
fn module_alone(source: &Source, module: u64) -> Option<Meaning> {
    let id = module.to_string();
    let mut found = source.courses.values().filter_map(|course| course.modules.get(&id).map(|code| (course, code)));
    match (found.next(), found.next()) {
        (Some((course, code)), None) => Some(Meaning::Activity { session: course.session.clone(), code: code.clone() }),
        _ => None,
    }
}

fn facts(verb: Verb, code: Option<&Code>, teller: Teller, result: &Value) -> Vec<Fact> {
    let (completion, success) = (result["completion"].as_bool(), result["success"].as_bool());
    let whole = |state| match code {
        Some(code) => Fact::Activity { code: code.clone(), state },
        None => Fact::Course { state },
    };
    let part = |part, state| match code {
        Some(code) => Fact::ActivityPart { code: code.clone(), part },
        None => Fact::Course { state },
    };
    let mut facts = match (verb, success) {
        (Verb::Uncompleted, _) => vec![whole(State::Withdrawn)],
        // What older versions of the plugin send instead.
        (Verb::Completed, _) if completion == Some(false) => vec![whole(State::Withdrawn)],
        (Verb::Completed, _) if teller == Teller::Site || code.is_none() => vec![whole(match success {
            Some(true) => State::Passed,
            Some(false) => State::Failed,
            None => State::Completed,
        })],
        (Verb::Completed, Some(true)) => {
            vec![part(Part::Completed, State::Completed), part(Part::Passed, State::Passed)]
        }
        (Verb::Completed, Some(false)) => {
            vec![part(Part::Completed, State::Completed), part(Part::Failed, State::Failed)]
        }
        (Verb::Completed | Verb::Satisfied, _) => vec![part(Part::Completed, State::Completed)],
        // A statement that contradicts itself says nothing.
        (Verb::Passed, Some(false)) | (Verb::Failed, Some(true)) | (Verb::Timed, _) => Vec::new(),
        (Verb::Passed, _) => vec![part(Part::Passed, State::Passed)],
        (Verb::Failed, _) => vec![part(Part::Failed, State::Failed)],
    };
    let spent = result["duration"].as_str().and_then(duration).flatten().map(|seconds| seconds as u64);
    if let Some(seconds) = spent.filter(|seconds| *seconds > 0) {
        facts.push(Fact::TimeMeasured { activity: code.cloned(), seconds });
    }
    facts
}

/// A result, from -1 to 1. The plugin is known to scale wrongly, so what follows from the mark itself is believed first.
fn score(score: &Value) -> Option<Score> {
    let of = |key: &str| score[key].as_f64();
    let from_mark = || {
        let (raw, min, max) = (of("raw")?, of("min").unwrap_or(0.0), of("max")?);
        (max > min).then(|| (raw - min) / (max - min)).filter(|scaled| (0.0..=1.0).contains(scaled))
    };
    from_mark().or_else(|| of("scaled")).map(Score)
}

/// Whom a statement is about, if it is one person. Accounts of the site bear its own id or a user name; an account elsewhere is an
/// identifier of its own, and so is the hash of an address, which leads to nobody's address.
fn learner(source: &Source, actor: &Value) -> Option<Identifiers> {
    if actor.get("objectType").is_some_and(|kind| kind == "Group") {
        return None;
    }
    let text = |key: &str| actor[key].as_str();
    let by_id = |text: String| Identifiers { id: Some(usable(text)), ..Identifiers::default() };
    if let Some(mailbox) = text("mbox") {
        return Some(match Email::new(mailbox.trim_start_matches("mailto:")) {
            Ok(email) => Identifiers { email: Some(email), ..Identifiers::default() },
            Err(_) => by_id(mailbox.to_owned()),
        });
    }
    if let Some(hash) = text("mbox_sha1sum") {
        return Some(by_id(format!("mbox_sha1sum:{}", hash.to_ascii_lowercase())));
    }
    if let Some(openid) = text("openid") {
        return Some(by_id(openid.to_owned()));
    }
    let (home, name) = (actor["account"]["homePage"].as_str()?, actor["account"]["name"].as_str()?);
    let ours = source.site.as_ref().is_none_or(|site| home.trim_end_matches('/') == site.as_str());
    Some(match name.parse() {
        Ok(id) if ours && name.bytes().all(|b| b.is_ascii_digit()) => {
            Identifiers { id: Some(id), ..Identifiers::default() }
        }
        Ok(username) if ours => Identifiers { username: Some(username), ..Identifiers::default() },
        _ => by_id(format!("{name}@{home}")),
    })
}

/// An identifier as it is, or its hash where it is too long to be one.
fn usable(text: String) -> ExternalId {
    let hash = || format!("sha256:{}", hex(&Sha256::digest(&text)));
    text.parse().unwrap_or_else(|_| hash().parse().expect("a hash is visible and short"))
}
