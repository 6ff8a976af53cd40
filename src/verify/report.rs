//! The verification report: checks with stable codes, an outcome each, a sentence in French and English, and the verdict that
//! follows from them. Pages and the API show this and nothing else.

use serde::{Deserialize, Serialize};

use crate::award::RevocationCategory;
use crate::credential::CredentialView;
use crate::text::Bilingual;
use crate::time::Timestamp;

/// What was found about one credential.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What follows from the checks.
    pub verdict: Verdict,
    /// When they were made.
    pub checked_at: Timestamp,
    /// The checks, in the order they were made.
    pub checks: Vec<Check>,
    /// The revocation, where our own records hold its reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revocation: Option<Revocation>,
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
    /// Authentic, and past its end.
    Expired,
    /// Authentic, and not yet in force.
    NotYetValid,
    /// Not what its issuer signed, or not well-formed.
    Invalid,
    /// Neither confirmed nor refuted: a key, a status or a format is out of our reach.
    Unverifiable,
}

impl Verdict {
    /// What a list of checks comes to. The gravest finding decides; what could not be checked is never taken for granted.
    fn of(checks: &[Check]) -> Self {
        let outcome = |code| checks.iter().find(|check| check.code == code).map(|check| check.outcome);
        let failed = |code| outcome(code) == Some(Outcome::Fail);
        let open = |code| matches!(outcome(code), None | Some(Outcome::NotChecked));
        let essential = [CheckCode::Form, CheckCode::Schema, CheckCode::Proof, CheckCode::IssuerKey];
        if essential.into_iter().any(failed) {
            Self::Invalid
        } else if essential.into_iter().any(open) || outcome(CheckCode::IssuerKey) == Some(Outcome::Warn) {
            // A self-asserted issuer: somebody signed, and nothing says who.
            Self::Unverifiable
        } else if failed(CheckCode::Status) {
            Self::Revoked
        } else if failed(CheckCode::Validity) {
            Self::Expired
        } else if outcome(CheckCode::Validity) == Some(Outcome::Warn) {
            Self::NotYetValid
        } else if open(CheckCode::Validity) || open(CheckCode::Status) {
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
    /// What it means, for people.
    pub message: Bilingual,
}

/// The checks, in the order they are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckCode {
    /// The document could be read: JSON, PNG or SVG, one credential, no duplicate key, within bounds.
    Form,
    /// It is an Open Badges 3.0 credential (VCDM 2.0, OB 3.0).
    Schema,
    /// The proof holds over every byte of meaning (Data Integrity, eddsa-rdfc-2022).
    Proof,
    /// The key belongs to `issuer.id`.
    IssuerKey,
    /// The present moment lies between `validFrom` and `validUntil`.
    Validity,
    /// The status list says that it is in force (Bitstring Status List).
    Status,
}

/// What a check came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Pass,
    /// It does not hold.
    Fail,
    /// It holds, with a reservation.
    Warn,
    /// It could not be made, or an earlier failure made it pointless.
    NotChecked,
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

impl Report {
    /// A report of these checks. A revocation is kept only where the status says that there is one.
    pub(super) fn new(
        checks: Vec<Check>,
        checked_at: Timestamp,
        revocation: Option<Revocation>,
        content: Option<CredentialView>,
    ) -> Self {
        let verdict = Verdict::of(&checks);
        let revocation = revocation.filter(|_| verdict == Verdict::Revoked);
        Self { verdict, checked_at, checks, revocation, content }
    }

    /// The outcome of one check, where it was made.
    pub fn outcome(&self, code: CheckCode) -> Option<Outcome> {
        self.checks.iter().find(|check| check.code == code).map(|check| check.outcome)
    }
}
