//! The credential: an award as an unsigned OpenBadgeCredential, and back from a credential to what people read.
//!
//! Deterministic: the same award, identifiers and moment give the same document, byte for byte. Nothing here signs.

mod compose;
mod view;

pub use compose::{Draft, StatusPlace, achievement, compose, inline_context, profile};
pub use view::{CompetencyView, CredentialView, IssuerView, ViewError};

/// The VCDM 2.0 context, first in every credential.
pub const VC_CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";
/// The Open Badges 3.0 context, second in every badge.
pub const OB_CONTEXT: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";
