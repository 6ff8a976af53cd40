//! `POST /api/v1/verify`: anybody's credential in, a report out.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::extract::Body;
use super::problem::{Kind, Problem};
use crate::credential::CredentialView;
use crate::verify::Report;

/// Verifies a credential sent as JSON, a baked PNG or a baked SVG. Always 200: an invalid badge is a result, not an error.
pub(super) async fn verify(State(app): State<App>, Body(body): Body) -> Result<Response, Problem> {
    if body.is_empty() {
        return Err(Problem::new(
            Kind::BadRequest,
            "send a credential as JSON, or a baked PNG or SVG image, as the body",
        ));
    }
    let report = app.service.verify(body.to_vec()).await?;
    Ok(Json(document(&report)).into_response())
}

/// The report as JSON: the checks, and the signed content where it is authentic.
pub fn document(report: &Report) -> Value {
    let mut document = json!(report);
    document["credential"] = report.content.as_ref().map(content).unwrap_or_default();
    document
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
