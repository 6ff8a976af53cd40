//! Web pages: what people see of a credential, of a document that they hand in, of a session's criteria and of the service itself.
//!
//! Each page is a typed value and one method of [`Pages`]; its template stands in `templates/pages/` and an issuer or an
//! operator may replace it. A verification page is made from a [`Report`](crate::verify::Report) and what it holds, so it
//! can't claim more than was verified, and only a page behind the QR link takes a name.
//!
//! Architecture invariant: a page needs nothing but itself (no script, no image, font or style from elsewhere), and nothing
//! that a template does can write text unescaped.

mod conclusion;
mod engine;
mod plain;
mod progress;
mod progress_sample;
mod sample;
mod session;
mod verification;
mod verify_form;
mod wording;

#[cfg(test)]
mod tests;

pub use conclusion::{Conclusion, InWords, in_words};
pub(crate) use engine::{Escaping, environment};
pub use engine::{PageError, Pages};
pub use plain::{ErrorPage, HomePage};
pub use progress::{AwardShown, KindShown, ProgressPage, ShownIn};
pub use session::CriteriaPage;
pub use verification::{CredentialPage, RecipientLine, ResultPage, VerificationLinks, VerificationPage};
pub use verify_form::{Mistake, VerifyForm};
pub use wording::trust;
