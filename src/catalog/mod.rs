//! The catalog: issuers, trainings, sessions, and the sources that report on them.
//!
//! A training is described once; a session inherits from it and may override what its setting changes. [`EffectiveSession`]
//! is the two put together: what holds for the learners of that session. Every type reads strictly (no unknown field, bounded
//! texts), so that what is stored can be shown, signed and drawn as it is.

mod issuer;
mod meeting;
mod notices;
mod rule;
mod session;
mod source;
mod training;
mod unmapped;
mod values;

pub use issuer::{Issuer, JwtAlgorithm, NameDisclosure, ParentOrganisation};
pub use meeting::{Meeting, Percent, union_seconds};
pub use notices::{Event, LearnerMail, MailEvent, WebhookEndpoint};
pub use rule::{AwardCriteria, CriteriaByKind, Reached, Rule, TimeBasis};
pub use session::{EffectiveSession, Session};
pub use source::{ActivityMapping, CourseMapping, Source, SourceForm};
pub use training::{Activity, ActivityKind, Assessment, Competency, Modality, Training, Unit};
pub use unmapped::{LmsId, Unmapped};
pub use values::{BadgeImage, Colour, Iri, LongText, Name, ShortText, ValueError, WebUrl};

use serde::{Deserialize, Serialize};

use crate::ids::Code;
use crate::text::Lang;

/// What an award attests: having taken part, or having passed a certifying training.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwardKind {
    /// Attestation of participation.
    Participation,
    /// Certificate, for certifying trainings only.
    Certificate,
}

impl AwardKind {
    /// Both kinds, in the order they are considered.
    pub const ALL: [Self; 2] = [Self::Participation, Self::Certificate];

    /// The word used in storage, URLs and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Participation => "participation",
            Self::Certificate => "certificate",
        }
    }

    /// What people call it, as a title.
    pub const fn label(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Participation, Lang::Fr) => "Attestation de participation",
            (Self::Participation, Lang::En) => "Attestation of participation",
            (Self::Certificate, Lang::Fr) => "Certificat",
            (Self::Certificate, Lang::En) => "Certificate",
        }
    }

    /// What people call it inside a sentence.
    pub const fn with_article(self, lang: Lang) -> &'static str {
        match (self, lang) {
            (Self::Participation, Lang::Fr) => "l’attestation de participation",
            (Self::Participation, Lang::En) => "the attestation of participation",
            (Self::Certificate, Lang::Fr) => "le certificat",
            (Self::Certificate, Lang::En) => "the certificate",
        }
    }
}

/// A catalog entry that contradicts itself or what it refers to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {problem}")]
pub struct CatalogError {
    /// JSON Pointer (RFC 6901) to the field at fault.
    pub pointer: String,
    /// What is wrong, for the person who wrote it.
    pub problem: String,
}

impl CatalogError {
    /// From both parts.
    pub fn new(pointer: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), problem: problem.into() }
    }
}

/// Refuses a code that stands twice in a list.
fn refuse_twins<'a>(codes: impl Iterator<Item = (&'a Code, String)>) -> Result<(), CatalogError> {
    let mut seen = std::collections::HashSet::new();
    for (code, pointer) in codes {
        if !seen.insert(code) {
            return Err(CatalogError::new(pointer, format!("the code {code} stands twice")));
        }
    }
    Ok(())
}
