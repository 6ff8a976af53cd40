//! The credential: an award as an unsigned OpenBadgeCredential, and back from a credential to what people read.
//!
//! Deterministic: the same award, identifiers and moment give the same document, byte for byte. Nothing here signs.

mod view;

pub use view::{CompetencyView, CredentialView, IssuerView, ViewError};
