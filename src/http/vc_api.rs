//! The verifier's half of VC-API: `POST /vc/credentials/verify` and `/vc/presentations/verify`, for test suites and for whoever speaks
//! it already. The report becomes `verified`, and what failed becomes problem details of the standards.
//!
//! Verified means here what the standards mean: proofs, keys, dates and status hold. Whether a self-asserted issuer is worth anything
//! is the caller's to decide; the answer names it as a warning.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::App;
use super::extract::Body;
use super::problem::Problem;
use crate::json::{self, items};
use crate::service::Service;
use crate::time::Timestamp;
use crate::verify::{Check, CheckCode, Outcome, Question, Reason, Report};

/// The largest request, in bytes: a token is a third longer than what it holds.
pub(crate) const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Which of the two is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// `verifiableCredential`.
    Credential,
    /// `verifiablePresentation`.
    Presentation,
}

impl Asked {
    const fn member(self) -> &'static str {
        match self {
            Self::Credential => "verifiableCredential",
            Self::Presentation => "verifiablePresentation",
        }
    }
}

/// `POST /vc/credentials/verify`.
pub(super) async fn credential(State(app): State<App>, Body(body): Body) -> Result<Response, Problem> {
    verify(&app.service, &body, Asked::Credential).await
}

/// `POST /vc/presentations/verify`.
pub(super) async fn presentation(State(app): State<App>, Body(body): Body) -> Result<Response, Problem> {
    verify(&app.service, &body, Asked::Presentation).await
}

async fn verify(service: &Service, body: &[u8], asked: Asked) -> Result<Response, Problem> {
    let (document, question) = match read(body, asked, service.clock.now()) {
        Ok(read) => read,
        Err(refusal) => return Ok(refusal.answer()),
    };
    Ok(answer(&service.verify(document, question).await?, asked))
}

/// Why a request is refused.
#[derive(Debug)]
pub(crate) struct Refusal(ProblemDetail);

impl Refusal {
    /// It cannot be read.
    fn unreadable(detail: impl Into<String>) -> Self {
        Self(ProblemDetail { kind: "https://www.w3.org/TR/vc-data-model#PARSING_ERROR", detail: detail.into() })
    }

    /// It can, and asks for what no standard allows, or is not done here.
    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self(ProblemDetail { kind: MALFORMED_VALUE, detail: detail.into() })
    }

    /// As an answer.
    pub(crate) fn answer(self) -> Response {
        respond(problems(&[self.0], &[]))
    }
}

/// The document and the question in a request.
pub(crate) fn read(body: &[u8], asked: Asked, now: Timestamp) -> Result<(Vec<u8>, Question), Refusal> {
    let members = object(body)?;
    let document = match members.get(asked.member()) {
        Some(Value::String(token)) if crate::proof::jwt::looks_like_one(token) => token.clone().into_bytes(),
        Some(document @ Value::Object(_)) if is_presentation(document) == (asked == Asked::Presentation) => {
            document.to_string().into_bytes()
        }
        _ => return Err(Refusal::unreadable(format!("{} is not a document of its kind", asked.member()))),
    };
    let options = options(&members)?;
    let option = |name: &str| match options.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Refusal::malformed(format!("options.{name} must be a text"))),
    };
    let question = Question { challenge: option("challenge")?, domain: option("domain")?, ..Question::from(now) };
    Ok((document, question))
}

/// A request's body as an object, read strictly.
pub(crate) fn object(body: &[u8]) -> Result<Map<String, Value>, Refusal> {
    let limits = json::Limits { max_bytes: MAX_BYTES, ..json::Limits::default() };
    match json::parse_strict(body, &limits) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(Refusal::unreadable("the request must be a JSON object")),
        Err(error) => Err(Refusal::unreadable(error.to_string())),
    }
}

/// The options of a request; a client may send none at all.
pub(crate) fn options(request: &Map<String, Value>) -> Result<Map<String, Value>, Refusal> {
    match request.get("options") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(options)) => Ok(options.clone()),
        Some(_) => Err(Refusal::malformed("options must be an object")),
    }
}

fn is_presentation(document: &Value) -> bool {
    items(document.get("type")).iter().filter_map(Value::as_str).any(|one| one.ends_with("VerifiablePresentation"))
}

/// A report as an answer.
pub(crate) fn answer(report: &Report, asked: Asked) -> Response {
    // What a token or an envelope holds is known only now: a holder's presentation is no issuer's credential.
    let presented = report.outcome(CheckCode::Credentials).is_some();
    if report.is_verified() && presented != (asked == Asked::Presentation) {
        return Refusal::malformed(format!("{} is not a document of its kind", asked.member())).answer();
    }
    respond(document(report))
}

fn respond((status, body): (StatusCode, Value)) -> Response {
    (status, Json(body)).into_response()
}

/// What VC-API says of a report: 200 where it is verified, else 400 with what failed.
pub fn document(report: &Report) -> (StatusCode, Value) {
    let all = || std::iter::once(report).chain(&report.credentials).flat_map(|report| &report.checks);
    // That a credential is no badge is no matter here.
    let warns = |check: &&Check| check.outcome == Outcome::Warn && check.reason != Reason::NotAnOpenBadge;
    let warnings: Vec<_> = all().filter(warns).map(|check| ProblemDetail::of(check).to_json()).collect();
    if report.is_verified() {
        let checks: Vec<_> = report.checks.iter().map(|check| check.code).collect();
        let body =
            json!({ "verified": true, "checks": checks, "warnings": warnings, "errors": [], "problemDetails": [] });
        return (StatusCode::OK, body);
    }
    let failed = |check: &&Check| check.outcome == Outcome::Fail;
    // Nothing failed, and yet something that matters could not be checked.
    let open = |check: &&Check| check.outcome == Outcome::NotChecked && check.reason != Reason::Pointless;
    let mut found: Vec<_> = all().filter(failed).collect();
    if found.is_empty() {
        found = all().filter(open).collect();
    }
    // That a credential is refused is told by its own problems.
    if found.iter().any(|check| check.code != CheckCode::Credentials) {
        found.retain(|check| check.code != CheckCode::Credentials);
    }
    problems(&found.into_iter().map(ProblemDetail::of).collect::<Vec<_>>(), &warnings)
}

fn problems(failed: &[ProblemDetail], warnings: &[Value]) -> (StatusCode, Value) {
    let status = StatusCode::BAD_REQUEST;
    let details: Vec<_> = failed.iter().map(ProblemDetail::to_json).collect();
    let errors: Vec<_> = failed.iter().map(|problem| &problem.detail).collect();
    let mut body = details.first().cloned().unwrap_or_else(|| json!({}));
    body["status"] = json!(status.as_u16());
    body["verified"] = json!(false);
    body["errors"] = json!(errors);
    body["warnings"] = json!(warnings);
    body["problemDetails"] = json!(details);
    (status, body)
}

/// A `ProblemDetails` of the standards (VCDM 2.0 §7.1, VC Data Integrity 1.0 §4.7, Bitstring Status List 1.0 §3.4).
#[derive(Debug)]
struct ProblemDetail {
    kind: &'static str,
    detail: String,
}

impl ProblemDetail {
    fn of(check: &Check) -> Self {
        let detail = match &check.detail {
            Some(detail) => format!("{} ({detail})", check.message.en.trim_end_matches('.')),
            None => check.message.en.clone(),
        };
        Self { kind: kind_of(check), detail }
    }

    fn to_json(&self) -> Value {
        let name = self.kind.rsplit('#').next().unwrap_or_default();
        json!({ "type": self.kind, "title": name.replace('_', " ").to_lowercase(), "detail": self.detail })
    }
}

const MALFORMED_VALUE: &str = "https://www.w3.org/TR/vc-data-model#MALFORMED_VALUE_ERROR";

fn kind_of(check: &Check) -> &'static str {
    match (check.code, check.reason) {
        (CheckCode::Form, Reason::JwtUnsigned) => "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR",
        (CheckCode::Form, Reason::EnvelopeMalformed)
        | (CheckCode::Validity, Reason::ValidityUnreadable)
        | (CheckCode::Status, Reason::StatusMalformed | Reason::StatusListMalformed) => MALFORMED_VALUE,
        (CheckCode::Form, _) => "https://www.w3.org/TR/vc-data-model#PARSING_ERROR",
        (CheckCode::Proof, Reason::ChallengeMismatch) => "https://w3id.org/security#INVALID_CHALLENGE_ERROR",
        (CheckCode::Proof, Reason::DomainMismatch) => "https://w3id.org/security#INVALID_DOMAIN_ERROR",
        (
            CheckCode::Proof,
            Reason::NotCanonicalisable
            | Reason::RelativeIdentifier
            | Reason::ProtectedTermRedefined
            | Reason::DroppedContent
            | Reason::TooComplex
            | Reason::UndefinedTerm
            | Reason::UnknownContext,
        ) => "https://w3id.org/security#PROOF_TRANSFORMATION_ERROR",
        (CheckCode::Proof, Reason::ClaimMismatch | Reason::EmbeddedKey | Reason::JwtTypeMismatch) => {
            "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
        }
        (CheckCode::Proof, _) => "https://w3id.org/security#PROOF_VERIFICATION_ERROR",
        (CheckCode::IssuerKey, Reason::KeyNotListed) => {
            "https://w3id.org/security#INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD"
        }
        (CheckCode::IssuerKey, Reason::IdentifierMalformed) => {
            "https://w3id.org/security#INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID"
        }
        (CheckCode::IssuerKey, _) => "https://w3id.org/security#INVALID_VERIFICATION_METHOD",
        (CheckCode::Validity, _) | (CheckCode::Status, Reason::StatusIndexOutOfRange) => {
            "https://www.w3.org/TR/vc-data-model#RANGE_ERROR"
        }
        // What it points at was changed.
        (CheckCode::Schema, Reason::RelatedResourceMismatch) => {
            "https://www.w3.org/TR/vc-data-model#CRYPTOGRAPHIC_SECURITY_ERROR"
        }
        (CheckCode::Status, Reason::StatusListUnavailable) => {
            "https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"
        }
        (CheckCode::Status, Reason::StatusListTooShort) => {
            "https://www.w3.org/ns/credentials/status-list#STATUS_LIST_LENGTH_ERROR"
        }
        (CheckCode::Status, _) => "https://www.w3.org/ns/credentials/status-list#STATUS_VERIFICATION_ERROR",
        (CheckCode::Schema | CheckCode::Recipient | CheckCode::Credentials, _) => MALFORMED_VALUE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::jwt;
    use crate::proof::key::Signer as _;
    use crate::verify::{Materials, prepare};

    /// A token shows only once it was read what it holds: a presentation by its holder, whom anybody may be.
    #[test]
    fn a_presentation_in_a_token_is_no_credential() {
        let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let did = key.public_key().to_did_key().unwrap();
        let method = key.public_key().did_key_method().unwrap();
        let presentation = json!({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation", "holder": did});
        let token = jwt::sign(&presentation, jwt::PRESENTATION_TYPE, &method, &key).unwrap();
        let request = json!({"verifiableCredential": token}).to_string();
        let now: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let (document, question) = read(request.as_bytes(), Asked::Credential, now).unwrap();
        let report = prepare(&document).conclude(&Materials::new(), question);
        assert!(report.is_verified(), "{report:#?}");
        assert_eq!(answer(&report, Asked::Credential).status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer(&report, Asked::Presentation).status(), StatusCode::OK);
    }
}
