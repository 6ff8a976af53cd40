//! A source: one LMS site that posts completion evidence, and how its own ids map to sessions and activities.
//!
//! Its secrets are not here: they are written once, stored encrypted, and never read back.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Name;
use crate::ids::Code;

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
    /// For forms that carry the LMS's own ids: each course id with what it stands for.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub courses: BTreeMap<String, CourseMapping>,
}

impl Source {
    /// Whether it may report on sessions of this issuer.
    pub fn serves(&self, issuer: &Code) -> bool {
        self.issuer == *issuer || self.shared_with.contains(issuer)
    }
}

/// What a course of the LMS stands for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CourseMapping {
    /// The session it runs.
    pub session: Code,
    /// Course-module id to activity code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub modules: BTreeMap<String, Code>,
}

/// The form of the bodies that a source sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SourceForm {
    /// Our own `completion-event` version 1.
    CompletionEvent,
    /// The body of the Moodle plugin local_webhookengine.
    MoodleWebhookengine,
}
