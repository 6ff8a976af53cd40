//! Verification: any credential in, a report of named checks out. The one code that our own output and an outsider's
//! credential both meet.

mod report;

pub use report::{Check, CheckCode, Outcome, Report, Revocation, Verdict};
