//! Lint: what a document must satisfy, as rules that are data, grouped by the document that demands them.
//!
//! Each [`Rule`] has a stable code, the section that demands it, the demand in our words, and a check. The file of a rule is that of
//! its standard: `vcdm`, `vcdm_1`, `presentation`, `data_integrity`, `bitstring`, `obv3`, `certification`, `ours`. `tests/lint/`
//! holds a document that each rule accepts and one that it refuses. `sceau lint FILE` applies and explains them.
//!
//! Only a [`Linted`] document can be signed: the type is the proof that the rules were applied.
//!
//! Not here: whether a signature holds, a status is set or a date has passed (see `verify`).

mod bitstring;
mod certification;
mod data_integrity;
mod obv3;
mod obv3_parts;
mod ours;
mod presentation;
mod shape;
mod vcdm;
mod vcdm_1;

pub use ours::schema_of_issued_credentials;

use serde::Serialize;
use serde_json::Value;

use shape::has_type;

/// One demand of one standard on the form of a document.
#[derive(Debug)]
pub struct Rule {
    /// The stable code, such as `obv3.issuer-is-profile`.
    pub code: &'static str,
    /// The document that demands it.
    pub document: Standard,
    /// Where in that document.
    pub section: &'static str,
    /// What it demands, in our words.
    pub demand: &'static str,
    /// What a breach means.
    pub severity: Severity,
    /// Which documents it speaks of.
    scope: Scope,
    check: fn(&Value) -> Vec<Breach>,
}

/// The documents that demand something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standard {
    /// W3C Verifiable Credentials Data Model 2.0.
    #[serde(rename = "vcdm_2_0")]
    Vcdm2,
    /// W3C Verifiable Credentials Data Model 1.1.
    #[serde(rename = "vcdm_1_1")]
    Vcdm1,
    /// W3C Verifiable Credential Data Integrity 1.0.
    DataIntegrity,
    /// W3C Data Integrity EdDSA Cryptosuites 1.0.
    EddsaCryptosuites,
    /// W3C Bitstring Status List 1.0.
    BitstringStatusList,
    /// 1EdTech Open Badges 3.0.
    OpenBadges,
    /// 1EdTech's certification guide for Open Badges 3.0, and the JSON Schema that it applies.
    Certification,
    /// What this service demands of itself.
    Ours,
}

impl Standard {
    /// Its name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vcdm2 => "Verifiable Credentials Data Model 2.0",
            Self::Vcdm1 => "Verifiable Credentials Data Model 1.1",
            Self::DataIntegrity => "Data Integrity 1.0",
            Self::EddsaCryptosuites => "Data Integrity EdDSA Cryptosuites 1.0",
            Self::BitstringStatusList => "Bitstring Status List 1.0",
            Self::OpenBadges => "Open Badges 3.0",
            Self::Certification => "Open Badges 3.0 certification guide",
            Self::Ours => "Sceau",
        }
    }
}

/// What a breach of a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The document breaks a MUST: it is not signed here, and does not pass as well-formed.
    Error,
    /// It is allowed, but not advised or not understood everywhere.
    Warning,
}

/// Which documents a rule speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Credentials and presentations of any version.
    Any,
    /// Credentials of any version.
    Credential,
    /// Credentials but those of VCDM 1.1.
    Credential2,
    /// Credentials whose first context is that of VCDM 1.1.
    Credential1,
    /// Presentations.
    Presentation,
    /// Credentials and presentations inside an envelope.
    Envelope,
    /// Whatever carries a proof.
    Secured,
    /// Status list credentials.
    StatusList,
    /// Open Badges.
    Badge,
    /// Open Badges that we issue.
    Issued,
    /// Whatever is about to be signed with us.
    Signing,
}

/// What the rules of a file share: the document that demands them, and the documents that they speak of. A rule that differs says
/// so over the one made here.
struct Group {
    document: Standard,
    scope: Scope,
}

impl Group {
    /// A demand that must be met.
    const fn must(
        &self,
        code: &'static str,
        section: &'static str,
        demand: &'static str,
        check: fn(&Value) -> Vec<Breach>,
    ) -> Rule {
        let Self { document, scope } = *self;
        Rule { code, document, section, demand, severity: Severity::Error, scope, check }
    }
}

/// What a rule found, before its code is added.
#[derive(Debug)]
struct Breach {
    pointer: String,
    problem: String,
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's stable code, such as `obv3.issuer-is-profile`.
    pub code: &'static str,
    /// JSON Pointer to what is wrong.
    pub pointer: String,
    /// What is wrong.
    pub problem: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {}", self.code, if self.pointer.is_empty() { "/" } else { &self.pointer }, self.problem)
    }
}

/// A document that every rule accepts. There is no other way to make one than the functions of this module.
#[derive(Debug, Clone, PartialEq)]
pub struct Linted(Value);

impl Linted {
    /// The document.
    pub fn document(&self) -> &Value {
        &self.0
    }
}

/// Every rule there is, by standard.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let groups = [
        vcdm::RULES,
        presentation::RULES,
        vcdm_1::RULES,
        data_integrity::RULES,
        bitstring::RULES,
        obv3::RULES,
        obv3_parts::RULES,
        certification::RULES,
        ours::RULES,
    ];
    groups.into_iter().flatten()
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    rules().find(|rule| rule.code == code)
}

/// Whether a document says that it is an Open Badge. Any other credential is judged without the rules for badges.
pub fn is_open_badge(document: &Value) -> bool {
    let types = document.get("type");
    has_type(types, "OpenBadgeCredential") || has_type(types, "AchievementCredential")
}

/// Applies every rule to an unsigned credential of ours.
pub fn lint(document: Value) -> Result<Linted, Vec<Finding>> {
    let facts = Facts { ours: true, signing: true, badge: true, ..Facts::of(&document) };
    signable(document, facts, |_| true)
}

/// Applies the rules to a status list credential of ours.
pub fn lint_status_list(document: Value) -> Result<Linted, Vec<Finding>> {
    let facts = Facts { signing: true, list: true, ..Facts::of(&document) };
    signable(document, facts, |_| true)
}

/// Applies the rules to a credential or presentation of any kind that is to be signed: those of its data model, and that no term is
/// dropped.
pub fn any(document: Value) -> Result<Linted, Vec<Finding>> {
    let facts = Facts { signing: true, ..Facts::of(&document) };
    signable(document, facts, |rule| is_data_model(rule) || rule.scope == Scope::Signing)
}

/// Applies the rules that any credential must satisfy, ours or not: those of its data model, and of Open Badges 3.0 where it says
/// that it is one. Errors only.
pub fn check_any(document: &Value) -> Vec<Finding> {
    findings(document, Facts::of(document), |rule| is_data_model(rule) && rule.severity == Severity::Error)
}

/// What the same rules advise against.
pub fn warnings(document: &Value) -> Vec<Finding> {
    findings(document, Facts::of(document), |rule| is_data_model(rule) && rule.severity == Severity::Warning)
}

/// Applies the rules for presentations, whatever the document says that it is. Errors only; the credentials inside are documents of
/// their own.
pub fn check_presentation(document: &Value) -> Vec<Finding> {
    let facts = Facts { presentation: true, badge: false, list: false, ..Facts::of(document) };
    findings(document, facts, |rule| is_data_model(rule) && rule.severity == Severity::Error)
}

/// Applies the rules for the form of proofs. Errors only.
pub fn check_proofs(document: &Value) -> Vec<Finding> {
    findings(document, Facts::of(document), |rule| rule.scope == Scope::Secured && rule.severity == Severity::Error)
}

/// Applies every rule that speaks of such a document, ours where wanted, for whoever wants to know all: errors and warnings.
pub fn check_all(document: &Value, ours: bool) -> Vec<Finding> {
    findings(document, Facts { ours, signing: true, ..Facts::of(document) }, |_| true)
}

/// Applies the rules for envelopes to a document that was taken for one. Errors only.
pub fn check_envelope(document: &Value) -> Vec<Finding> {
    let facts = Facts { envelope: true, ..Facts::of(document) };
    findings(document, facts, |rule| rule.scope == Scope::Envelope && rule.severity == Severity::Error)
}

/// The rules that `check_any` applies. Those for proofs, status lists and certification belong to other checks of a verifier.
fn is_data_model(rule: &Rule) -> bool {
    match rule.document {
        Standard::Vcdm2 | Standard::Vcdm1 | Standard::OpenBadges => true,
        // What Data Integrity says of documents rather than of proofs.
        Standard::DataIntegrity => rule.scope == Scope::Any,
        _ => false,
    }
}

fn signable(document: Value, facts: Facts, wanted: fn(&Rule) -> bool) -> Result<Linted, Vec<Finding>> {
    let findings = findings(&document, facts, |rule| wanted(rule) && rule.severity == Severity::Error);
    if findings.is_empty() { Ok(Linted(document)) } else { Err(findings) }
}

fn findings(document: &Value, facts: Facts, wanted: impl Fn(&Rule) -> bool) -> Vec<Finding> {
    let applied = rules().filter(|rule| facts.within(rule.scope) && wanted(rule));
    let found = applied.flat_map(|rule| {
        let finding = |breach: Breach| Finding { code: rule.code, pointer: breach.pointer, problem: breach.problem };
        (rule.check)(document).into_iter().map(finding)
    });
    found.collect()
}

/// What decides which rules speak of a document.
#[derive(Debug, Clone, Copy)]
struct Facts {
    presentation: bool,
    envelope: bool,
    version_1: bool,
    secured: bool,
    list: bool,
    badge: bool,
    ours: bool,
    signing: bool,
}

impl Facts {
    fn of(document: &Value) -> Self {
        let types = document.get("type");
        Self {
            // One that presents credentials and is none itself is a presentation that forgot to say so.
            presentation: has_type(types, "VerifiablePresentation")
                || (document.get("verifiableCredential").is_some() && !has_type(types, "VerifiableCredential")),
            envelope: has_type(types, "EnvelopedVerifiableCredential")
                || has_type(types, "EnvelopedVerifiablePresentation"),
            version_1: shape::first_context(document) == Some(vcdm_1::CONTEXT),
            secured: document.get("proof").is_some(),
            list: has_type(types, "BitstringStatusListCredential"),
            badge: is_open_badge(document),
            ours: false,
            signing: false,
        }
    }

    fn within(&self, scope: Scope) -> bool {
        let credential = !self.presentation && !self.envelope;
        match scope {
            Scope::Any => !self.envelope,
            Scope::Credential => credential,
            Scope::Credential2 => credential && !self.version_1,
            Scope::Credential1 => credential && self.version_1,
            Scope::Presentation => self.presentation,
            Scope::Envelope => self.envelope,
            Scope::Secured => self.secured,
            Scope::StatusList => credential && self.list,
            Scope::Badge => credential && self.badge,
            Scope::Issued => credential && self.ours,
            Scope::Signing => !self.envelope && self.signing,
        }
    }
}
