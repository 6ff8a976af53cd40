//! What an LMS named that its source's configuration has no mapping for: ids, and the names that came with them.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::{Iri, Source};

/// Something that an LMS named and that stands for nothing yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unmapped {
    /// What.
    pub id: LmsId,
    /// The course's short name and full name, as far as they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub course_names: Vec<String>,
    /// The activity's names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub activity_names: Vec<String>,
}

/// What an LMS calls a course or an activity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LmsId {
    /// A course as a whole.
    Course {
        /// Its id.
        course: String,
    },
    /// A module of a course.
    Module {
        /// The course's id.
        course: String,
        /// The module's id.
        module: String,
    },
    /// An activity by an id that is no address of a Moodle page.
    Activity {
        /// Its id.
        iri: Iri,
    },
}

impl LmsId {
    /// A course as a whole, or a module of it.
    pub fn of(course: impl Display, module: Option<impl Display>) -> Self {
        let course = course.to_string();
        match module {
            None => Self::Course { course },
            Some(module) => Self::Module { course, module: module.to_string() },
        }
    }

    /// The course's id, where there is one.
    pub fn course(&self) -> Option<&str> {
        match self {
            Self::Course { course } | Self::Module { course, .. } => Some(course),
            Self::Activity { .. } => None,
        }
    }

    /// The module's id, where it is one.
    pub fn module(&self) -> Option<&str> {
        match self {
            Self::Module { module, .. } => Some(module),
            Self::Course { .. } | Self::Activity { .. } => None,
        }
    }

    /// The activity's id, where it is one.
    pub fn iri(&self) -> Option<&Iri> {
        match self {
            Self::Activity { iri } => Some(iri),
            Self::Course { .. } | Self::Module { .. } => None,
        }
    }
}

/// The most names of each sort.
const MAX_NAMES: usize = 6;
/// The most characters of one.
const MAX_NAME_CHARS: usize = 250;

impl Unmapped {
    /// An id with the names that came with it.
    pub fn new(id: LmsId, course_names: &[String], activity_names: &[String]) -> Self {
        let mut unmapped = Self { id, course_names: Vec::new(), activity_names: Vec::new() };
        unmapped.learn_names(course_names, activity_names);
        unmapped
    }

    /// Adds names that came another time; the latest stand first.
    pub fn learn_names(&mut self, course_names: &[String], activity_names: &[String]) {
        learn(&mut self.course_names, course_names);
        learn(&mut self.activity_names, activity_names);
    }

    /// What has no mapping in a source, in words; none where all of it has one.
    pub fn missing(&self, source: &Source) -> Option<String> {
        match &self.id {
            LmsId::Activity { iri } => {
                (!source.activities.contains_key(iri)).then(|| format!("the activity {}", iri.as_str()))
            }
            LmsId::Course { course } | LmsId::Module { course, .. } => {
                let Some(mapping) = source.courses.get(course) else { return Some(format!("course {course}")) };
                if !mapping.is_named(self.course_names.iter()) {
                    return Some(format!("course {course}, which has another name than the mapping expects,"));
                }
                let module = self.id.module().filter(|module| !mapping.modules.contains_key(*module))?;
                Some(format!("module {module} of course {course}"))
            }
        }
    }
}

fn learn(known: &mut Vec<String>, news: &[String]) {
    let clean = |name: &String| -> String {
        let shown = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect::<String>();
        shown.trim().to_owned()
    };
    for name in news.iter().take(MAX_NAMES).map(clean).filter(|name| !name.is_empty()).rev() {
        known.retain(|held| *held != name);
        known.insert(0, name);
    }
    known.truncate(MAX_NAMES);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_kept_once_the_latest_first_within_bounds() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut unmapped = Unmapped::new(LmsId::of(4, None::<u64>), &names(&["LAI", "Laïcité", ""]), &[]);
        unmapped.learn_names(&names(&["LAI", "La laïcité\0"]), &names(&[&"x".repeat(300)]));
        assert_eq!(unmapped.course_names, ["LAI", "La laïcité", "Laïcité"]);
        assert_eq!(unmapped.activity_names[0].chars().count(), 250);
        for number in 0..20 {
            unmapped.learn_names(&names(&[&format!("nom {number}")]), &[]);
        }
        assert_eq!((unmapped.course_names.len(), unmapped.course_names[0].as_str()), (6, "nom 19"));
    }

    #[test]
    fn what_is_missing_is_said_up_to_the_first_gap() {
        let source: Source = serde_json::from_value(json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "xapi",
            "courses": { "4": { "session": "s", "named": "LAI", "modules": { "12": "m1" } } },
            "activities": { "urn:x:1": { "session": "s" } },
        }))
        .unwrap();
        let missing = |id: LmsId, names: &[&str]| {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            Unmapped::new(id, &names, &[]).missing(&source)
        };
        let iri = |text: &str| LmsId::Activity { iri: Iri::try_from(text.to_owned()).unwrap() };
        assert_eq!(missing(LmsId::of(5, Some(12)), &[]).unwrap(), "course 5");
        assert_eq!(missing(LmsId::of(4, Some(13)), &["LAI"]).unwrap(), "module 13 of course 4");
        assert!(missing(LmsId::of(4, Some(12)), &["AUTRE"]).unwrap().contains("another name"));
        assert_eq!(missing(LmsId::of(4, Some(12)), &[]), None);
        assert_eq!(missing(iri("urn:x:2"), &[]).unwrap(), "the activity urn:x:2");
        assert_eq!(missing(iri("urn:x:1"), &[]), None);
    }
}
