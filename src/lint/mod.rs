//! Lint: what a document must satisfy before it may be signed, rules grouped by the document that demands them.
//!
//! Only a [`Linted`] document can be signed: the type is the proof that the rules were applied.

mod obv3;
mod ours;
mod vcdm;

pub use ours::schema_of_issued_credentials;

use serde::Serialize;
use serde_json::Value;

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

/// A document that every rule accepts. There is no other way to make one than [`lint`].
#[derive(Debug, Clone, PartialEq)]
pub struct Linted(Value);

impl Linted {
    /// The document.
    pub fn document(&self) -> &Value {
        &self.0
    }
}

/// Applies every rule to an unsigned credential of ours.
pub fn lint(document: Value) -> Result<Linted, Vec<Finding>> {
    let mut findings = Vec::new();
    vcdm::check(&document, &mut findings);
    obv3::check(&document, &mut findings);
    ours::check(&document, &mut findings);
    if findings.is_empty() { Ok(Linted(document)) } else { Err(findings) }
}

/// Applies the rules that any credential must satisfy, ours or not: those of VCDM 2.0, and of Open Badges 3.0 where it is a badge.
pub fn check_any(document: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    vcdm::check(document, &mut findings);
    if is_open_badge(document) {
        obv3::check(document, &mut findings);
    }
    findings
}

/// Whether a document says that it is an Open Badges 3.0 credential.
pub fn is_open_badge(document: &Value) -> bool {
    has_type(document.get("type"), "OpenBadgeCredential") || has_type(document.get("type"), "AchievementCredential")
}

/// Applies the rules of presentations.
pub fn check_presentation(_document: &Value) -> Vec<Finding> {
    Vec::new()
}

/// Applies the rules to a status list credential of ours: VCDM, and every term expands.
pub fn lint_status_list(document: Value) -> Result<Linted, Vec<Finding>> {
    let mut findings = Vec::new();
    vcdm::check(&document, &mut findings);
    ours::check_terms(&document, &mut findings);
    if findings.is_empty() { Ok(Linted(document)) } else { Err(findings) }
}

/// Collects findings under one rule at a time.
struct Rule<'a> {
    document: &'a Value,
    findings: &'a mut Vec<Finding>,
}

impl Rule<'_> {
    fn demand(&mut self, code: &'static str, pointer: &str, holds: bool, problem: &str) {
        if !holds {
            self.findings.push(Finding { code, pointer: pointer.to_owned(), problem: problem.to_owned() });
        }
    }

    fn text(&self, pointer: &str) -> Option<&str> {
        self.document.pointer(pointer).and_then(Value::as_str)
    }
}

/// Whether a JSON-LD `type` (a string or an array of strings) holds a name.
fn has_type(value: Option<&Value>, name: &str) -> bool {
    match value {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// Whether a text is an absolute IRI, as far as its scheme tells.
fn is_absolute(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !text.contains(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn codes(document: &Value) -> Vec<&'static str> {
        check_any(document).into_iter().map(|finding| finding.code).collect()
    }

    fn sample() -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
            "id": "https://x.example/1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": { "id": "did:web:x.example", "type": ["Profile"], "name": "X" },
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {
                "id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e",
                "type": ["AchievementSubject"],
                "achievement": { "id": "https://x.example/a", "type": ["Achievement"], "name": "A", "description": "D", "criteria": { "narrative": "N" } },
            },
        })
    }

    #[test]
    fn a_minimal_badge_of_anybody_is_accepted() {
        assert_eq!(check_any(&sample()), []);
    }

    #[test]
    fn each_breach_is_named() {
        let breach = |change: &dyn Fn(&mut Value)| {
            let mut document = sample();
            change(&mut document);
            codes(&document)
        };
        assert_eq!(breach(&|d| d["issuer"] = json!("did:web:x.example")), ["obv3.issuer-is-profile"]);
        assert_eq!(breach(&|d| d["validFrom"] = json!("2026-01-01T00:00:00")), ["vcdm.valid-from"]);
        assert_eq!(breach(&|d| d["validUntil"] = json!("2025-01-01T00:00:00Z")), ["vcdm.valid-until"]);
        assert_eq!(
            breach(&|d| d["@context"][0] = json!("https://www.w3.org/2018/credentials/v1")),
            ["vcdm.first-context"]
        );
        assert_eq!(breach(&|d| d["type"] = json!(["VerifiableCredential"])), [""; 0], "a credential of another kind");
        assert_eq!(breach(&|d| d["id"] = json!("relative")), ["vcdm.id-is-url"]);
        assert_eq!(breach(&|d| d["credentialSubject"]["achievement"]["criteria"] = json!({})), ["obv3.criteria"]);
        let alignment = json!([{ "type": ["Alignment"], "targetName": "T" }]);
        assert_eq!(
            breach(&|d| d["credentialSubject"]["achievement"]["alignment"] = alignment.clone()),
            ["obv3.alignment"]
        );
    }
}
