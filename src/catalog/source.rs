//! A source: one LMS site that posts completion evidence, and how its own ids map to sessions and activities.
//!
//! Moodle's numbers (course, course module) are mapped by `courses`, whether they come as such or in addresses under `site`; the
//! ids of activities that are no addresses of Moodle pages, such as those of cmi5 content, by `activities`. Its secrets are not
//! here: they are written once, stored encrypted, and never read back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CatalogError, Iri, Name, ShortText, WebUrl};
use crate::ids::Code;
use crate::json::pointer_step;

/// A site that reports what learners did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Its code, the last part of its intake URL.
    pub code: Code,
    /// The issuer that it belongs to, and whose sessions it reports on.
    pub issuer: Code,
    /// Other issuers whose sessions it may report on, where one LMS serves several organisations. Only an operator's import
    /// sets this: no issuer's token can open its sessions, or another's, to a source.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub shared_with: BTreeSet<Code>,
    /// What people call it.
    pub name: Name,
    /// The form of the bodies it sends.
    pub form: SourceForm,
    /// The LMS's own address, as its links and statements carry it, without a slash at the end: `https://lms.example/moodle`.
    /// Sources of one issuer and one site know the same learners.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<WebUrl>,
    /// For forms that carry the LMS's own ids: each course id with what it stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub courses: BTreeMap<String, CourseMapping>,
    /// For xAPI: each activity id that is not the address of a Moodle page, with what it stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub activities: BTreeMap<Iri, ActivityMapping>,
}

impl Source {
    /// Whether it may report on sessions of this issuer.
    pub fn serves(&self, issuer: &Code) -> bool {
        self.issuer == *issuer || self.shared_with.contains(issuer)
    }

    /// Refuses an address that no link of a site could begin with, and ids that no site sends.
    pub fn check(&self) -> Result<(), CatalogError> {
        let bare = |site: &WebUrl| !site.as_str().ends_with('/') && !site.as_str().contains(['?', '#', '@']);
        if self.site.as_ref().is_some_and(|site| !bare(site)) {
            let problem =
                "the address of a site has a host and perhaps a path, without a slash at the end, `?`, `#` or `@`";
            return Err(CatalogError::new("/site", problem));
        }
        check_count("/courses", self.courses.len())?;
        check_count("/activities", self.activities.len())?;
        for (course, mapping) in &self.courses {
            let pointer = format!("/courses/{}", pointer_step(course));
            check_id(course, &pointer)?;
            check_count(&format!("{pointer}/modules"), mapping.modules.len())?;
            for module in mapping.modules.keys() {
                check_id(module, &format!("{pointer}/modules/{}", pointer_step(module)))?;
            }
        }
        Ok(())
    }
}

/// The most courses or activities of a source, or modules of a course.
const MAX_MAPPINGS: usize = 20_000;

fn check_count(pointer: &str, count: usize) -> Result<(), CatalogError> {
    let problem = || format!("at most {MAX_MAPPINGS} entries, and there are {count}");
    if count <= MAX_MAPPINGS { Ok(()) } else { Err(CatalogError::new(pointer, problem())) }
}

fn check_id(id: &str, pointer: &str) -> Result<(), CatalogError> {
    let fits = (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    if fits { Ok(()) } else { Err(CatalogError::new(pointer, "an id of the LMS has 1 to 100 visible characters")) }
}

/// What a course of the LMS stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CourseMapping {
    /// The session it runs.
    pub session: Code,
    /// The course's short name or full name, as the site shows it: a delivery that names another one is not taken for this course,
    /// since sites reuse ids.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named: Option<ShortText>,
    /// Course-module id to activity code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, Code>,
}

/// What an activity id stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ActivityMapping {
    /// The session that it belongs to.
    pub session: Code,
    /// The activity of its training; absent where the id is that of the course as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Code>,
}

impl CourseMapping {
    /// Whether a delivery may be about this course, by the names it gives the course; one that gives none may.
    pub fn is_named<'a>(&self, names: impl Iterator<Item = &'a String>) -> bool {
        let Some(expected) = &self.named else { return true };
        let mut names = names.peekable();
        names.peek().is_none() || names.any(|name| name.trim() == expected.as_str())
    }
}

/// The form of the bodies that a source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceForm {
    /// Our own `completion-event` version 1.
    CompletionEvent,
    /// The body of the Moodle plugin local_webhookengine.
    MoodleWebhookengine,
    /// xAPI 1.0.3 statements, as the Moodle plugin logstore_xapi and cmi5 content send them.
    Xapi,
    /// The texts of one event behind a bearer token, as the Moodle plugin tool_trigger posts them.
    Bearer,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(site: Value, activities: Value) -> Result<Source, serde_json::Error> {
        serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "xapi", "site": site, "activities": activities,
        }))
    }

    #[test]
    fn a_site_is_what_its_links_begin_with() {
        for good in ["https://lms.example", "http://localhost:8080/moodle"] {
            assert_eq!(read(json!(good), json!({})).unwrap().check(), Ok(()), "{good}");
        }
        for bad in
            ["https://lms.example/", "https://lms.example/?a=b", "https://lms.example#a", "https://me@lms.example"]
        {
            assert_eq!(read(json!(bad), json!({})).unwrap().check().unwrap_err().pointer, "/site", "{bad}");
        }
        assert!(read(json!("lms.example"), json!({})).is_err());
    }

    #[test]
    fn activity_ids_are_absolute_iris_within_bounds() {
        for good in ["https://contenu.example/laïcité/1", "urn:uuid:7c0a2b66-4f0e-4e86-8f43-8f7f5f1f3d10"] {
            let mapped = read(Value::Null, json!({ good: { "session": "s", "activity": "a" } })).unwrap();
            assert_eq!(mapped.activities.keys().next().unwrap().as_str(), good);
        }
        for bad in ["", "cours/1", "https://x/a b", &format!("urn:x:{}", "a".repeat(2000))] {
            assert!(read(Value::Null, json!({ bad: { "session": "s" } })).is_err(), "{bad}");
        }
    }
}
