//! The credential: an award as an unsigned OpenBadgeCredential, and back from a credential to what people read.
//!
//! Three formats exist. What is composed today is format 3, out of published contexts alone (ADR 10), with the learner's own results
//! (ADR 21). Format 2, which had none of these, and format 1, which had terms of its own in a context object (ADR 6), are read for
//! ever: `tests/golden/` holds one signed credential of each.
//!
//! Deterministic: the same award, identifiers and moment give the same document, byte for byte. Nothing here signs.

mod compose;
mod results;
mod view;

pub use compose::{Draft, StatusPlace, achievement, compose, profile};
pub use view::{CompetencyView, CredentialView, IssuerView, ViewError};

/// The VCDM 2.0 context, first in every credential.
pub const VC_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// The Open Badges 3.0 context, second in every badge.
pub const OB_CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
/// The context of 1EdTech's extensions, third in every badge: it defines the type of the refresh service.
pub const EXTENSIONS_CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json";

/// The `targetType` of the alignments that are learning objectives; the others are competencies.
const LEARNING_OBJECTIVE: &str = "ext:LearningObjective";
/// The `identityType` of the commitment to the learner's name.
const COMMITTED_NAME: &str = "ext:CommittedName";
