//! `POST /api/v1/verify`: anybody's credential in, a report out.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::extract::Body;
use super::problem::{Kind, Problem};
use crate::credential::CredentialView;
use crate::json;
use crate::verify::{Question, Report};

/// A document with a question about it. The e-mail address stands in the body, where no proxy logs it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A credential or presentation, a token, or an https address.
    document: Value,
    /// Whether it was awarded to whoever has this e-mail address.
    recipient: Option<String>,
    /// The challenge that a presentation must answer.
    challenge: Option<String>,
    /// The domain that a presentation must be meant for.
    domain: Option<String>,
}

/// Verifies a credential or presentation sent as JSON, a token, a baked PNG or SVG, or an https address; or one of these as text in an
/// object with a question about it. Always 200: an invalid badge is a result, not an error.
pub(super) async fn verify(State(app): State<App>, Body(body): Body) -> Result<Response, Problem> {
    if body.is_empty() {
        return Err(Problem::new(
            Kind::BadRequest,
            "send a credential as JSON or JWT, a baked PNG or SVG image, or an https address, as the body",
        ));
    }
    let mut question = Question::from(app.service.clock.now());
    let mut bytes = body.to_vec();
    if let Some(asked) = asked(&bytes)? {
        (question.recipient, question.challenge, question.domain) = (asked.recipient, asked.challenge, asked.domain);
        bytes = match asked.document {
            Value::String(text) => text.into_bytes(),
            document => document.to_string().into_bytes(),
        };
    }
    let report = app.service.verify(bytes, question).await?;
    Ok(Json(document(&report)).into_response())
}

/// The question, where the body is one: an object with `document` and no context of its own.
fn asked(bytes: &[u8]) -> Result<Option<Asked>, Problem> {
    let limits = json::Limits { max_bytes: crate::verify::MAX_CREDENTIAL_BYTES, ..json::Limits::default() };
    if !bytes.trim_ascii_start().starts_with(b"{") {
        return Ok(None);
    }
    match json::parse_strict(bytes, &limits) {
        Ok(value) if value.get("document").is_some() && value.get("@context").is_none() => {
            let asked = serde_json::from_value(value);
            asked.map(Some).map_err(|error| Problem::new(Kind::BadRequest, error.to_string()))
        }
        // What cannot be read is for the report to say.
        _ => Ok(None),
    }
}

/// The report as JSON: the checks, and the signed content where it is authentic.
pub fn document(report: &Report) -> Value {
    let mut written = json!(report);
    written["credential"] = report.content.as_ref().map(content).unwrap_or_default();
    if !report.credentials.is_empty() {
        written["credentials"] = report.credentials.iter().map(document).collect();
    }
    written
}

/// The signed content in short; never a name.
fn content(view: &CredentialView) -> Value {
    json!({
        "id": view.id,
        "issuer": { "id": view.issuer.id, "name": view.issuer.name },
        "kind": view.kind,
        "title": view.title,
        "duration": view.duration,
        "objectives": view.objectives,
        "competencies": view.competencies.iter().map(|competency| &competency.name).collect::<Vec<_>>(),
        "criteria": view.criteria,
        "awarded": view.awarded,
        "valid_from": view.valid_from,
        "valid_until": view.valid_until,
    })
}
