//! The verification report: checks with stable codes, an outcome, a reason and a sentence each, and the verdict that follows from
//! them. Pages and the API show this and nothing else.

use serde::{Deserialize, Serialize};

use super::reason::Reason;
use crate::award::RevocationCategory;
use crate::credential::CredentialView;
use crate::text::Bilingual;
use crate::time::Timestamp;

/// What was found about one credential or presentation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What follows from the checks.
    pub verdict: Verdict,
    /// How far the issuer's identity is known; none where no key speaks for it.
    pub trust: Option<Trust>,
    /// When the checks were made.
    pub checked_at: Timestamp,
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
    /// The revocation, where our own records hold its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
    /// Of a presentation, the report on each credential in it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Report>,
    /// The signed content, only where the proof holds: what no signature covers is not shown.
    #[serde(skip)]
    pub content: Option<CredentialView>,
}

/// What the checks come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Authentic and in force.
    Valid,
    /// Authentic, and withdrawn by its issuer.
    Revoked,
    /// Authentic, and withdrawn by its issuer for a time.
    Suspended,
    /// Authentic, and past its end.
    Expired,
    /// Authentic, and not yet in force.
    NotYetValid,
    /// Not what its issuer signed, not well-formed, or of somebody else than was asked for.
    Invalid,
    /// Neither confirmed nor refuted: a key, a status or a format is out of our reach.
    Unverifiable,
}

/// How far an issuer's identity is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trust {
    /// An issuer of this service.
    KnownHere,
    /// Authenticated by its domain: its keys were fetched from there over TLS.
    Domain,
    /// Its keys were supplied by whoever asked.
    Supplied,
    /// Known by its key alone.
    SelfAsserted,
}

impl Verdict {
    /// What a list of checks comes to. The gravest finding decides; what could not be checked is never taken for granted.
    fn of(checks: &[Check], trust: Option<Trust>) -> Self {
        let outcome = |code| checks.iter().find(|check| check.code == code).map(|check| check.outcome);
        let failed = |code| outcome(code) == Some(Outcome::Fail);
        let for_reason = |reason| checks.iter().any(|check| check.outcome == Outcome::Fail && check.reason == reason);
        let open = |code| matches!(outcome(code), None | Some(Outcome::NotChecked));
        let essential = [CheckCode::Form, CheckCode::Schema, CheckCode::Proof, CheckCode::IssuerKey];
        if essential.into_iter().any(failed) || failed(CheckCode::Recipient) || failed(CheckCode::Credentials) {
            Self::Invalid
        } else if essential.into_iter().any(open) || trust == Some(Trust::SelfAsserted) {
            // A self-asserted issuer: somebody signed, and nothing says who.
            Self::Unverifiable
        } else if for_reason(Reason::Revoked) {
            Self::Revoked
        } else if for_reason(Reason::Suspended) {
            Self::Suspended
        } else if for_reason(Reason::Expired) {
            Self::Expired
        } else if for_reason(Reason::NotYetValid) {
            Self::NotYetValid
        } else if checks.iter().any(|check| matches!(check.outcome, Outcome::NotChecked | Outcome::Fail)) {
            // A status that cannot be relied on says neither yes nor no.
            Self::Unverifiable
        } else {
            Self::Valid
        }
    }
}

/// One check.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Its stable code.
    pub code: CheckCode,
    /// What came out.
    pub outcome: Outcome,
    /// Why, as a stable word.
    pub reason: Reason,
    /// What it means, for people.
    pub message: Bilingual,
    /// A technical detail, in English, bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Check {
    /// A check and the sentence of its reason.
    pub fn new(code: CheckCode, outcome: Outcome, reason: Reason) -> Self {
        Self { code, outcome, reason, message: reason.sentence(), detail: None }
    }

    /// The same with a technical detail. It may quote the document: bounded, so that no report grows with its input.
    #[must_use]
    pub fn with(mut self, detail: impl std::fmt::Display) -> Self {
        self.detail = Some(detail.to_string().chars().take(300).collect());
        self
    }

    /// A check that an earlier finding made pointless.
    pub(super) fn pointless(code: CheckCode) -> Self {
        Self::new(code, Outcome::NotChecked, Reason::Pointless)
    }
}

/// The checks, in the order they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckCode {
    /// The document could be read: JSON, a token, PNG or SVG, one credential, no duplicate key, within bounds.
    Form,
    /// It is well-formed (VCDM 2.0 or 1.1; OB 3.0 where it says that it is a badge).
    Schema,
    /// The proof holds over every byte of meaning (Data Integrity, VC-JWT).
    Proof,
    /// The key belongs to `issuer.id`; of a presentation, to its holder.
    IssuerKey,
    /// The present moment lies between `validFrom` and `validUntil`.
    Validity,
    /// Its status says that it is in force (Bitstring Status List, 1EdTechRevocationList).
    Status,
    /// It was awarded to the person asked about.
    Recipient,
    /// Of a presentation: each credential in it.
    Credentials,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It holds, with a reservation.
    Warn,
    /// It could not be made, or an earlier failure made it pointless.
    NotChecked,
    /// It does not hold.
    Fail,
}

/// Why a credential was revoked, as published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    /// The public category.
    pub category: RevocationCategory,
    /// When.
    pub at: Timestamp,
    /// The credential that replaces it, if any: its public `id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
}

/// A status that could not be checked, for another reason than that its kind is not known here or that nothing was to be checked.
fn is_open_status(check: &Check) -> bool {
    check.code == CheckCode::Status
        && check.outcome == Outcome::NotChecked
        && !matches!(check.reason, Reason::StatusNotSupported | Reason::Pointless)
}

impl Report {
    /// A report of these checks, at a moment.
    pub(super) fn of(checks: Vec<Check>, checked_at: Timestamp, trust: Option<Trust>) -> Self {
        let verdict = Verdict::of(&checks, trust);
        Self { verdict, trust, checked_at, checks, revocation: None, credentials: Vec::new(), content: None }
    }

    /// The outcome of one check, where it was made.
    pub fn outcome(&self, code: CheckCode) -> Option<Outcome> {
        self.checks.iter().find(|check| check.code == code).map(|check| check.outcome)
    }

    /// The reason of one check, where it was made.
    pub fn reason(&self, code: CheckCode) -> Option<Reason> {
        self.checks.iter().find(|check| check.code == code).map(|check| check.reason)
    }

    /// Whether every check that matters to the securing mechanism holds: what VC-API calls verified. A self-asserted issuer is no
    /// obstacle there; an unsupported suite is.
    pub fn is_verified(&self) -> bool {
        let essential = [CheckCode::Form, CheckCode::Schema, CheckCode::Proof, CheckCode::IssuerKey];
        let holds = |code| matches!(self.outcome(code), Some(Outcome::Pass | Outcome::Warn));
        self.checks.iter().all(|check| check.outcome != Outcome::Fail)
            && self.checks.iter().all(|check| !is_open_status(check))
            && (essential.into_iter().all(holds) || self.reason(CheckCode::Proof) == Some(Reason::PresentationUnsigned))
            && self.credentials.iter().all(Self::is_verified)
    }
}
