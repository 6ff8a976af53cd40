//! The webhook endpoints of an issuer: where its LMS is told what happens.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::auth::{Caller, Scope};
use super::extract::{Named, StrictJson};
use super::problem::Problem;
use crate::catalog::WebhookEndpoint;
use crate::ids::Code;
use crate::store::{Saved, WebhookRecord};

type Answer = Result<Response, Problem>;

/// `GET /api/v1/issuers/{code}/webhooks`.
pub(super) async fn list(State(app): State<App>, caller: Caller, Named(issuer): Named<Code>) -> Answer {
    administers(&caller, &issuer)?;
    let found = app.service.store.webhooks(&issuer).await?;
    Ok(Json(json!({ "webhooks": found.iter().map(describe).collect::<Vec<_>>() })).into_response())
}

/// `GET /api/v1/issuers/{code}/webhooks/{name}`.
pub(super) async fn get(State(app): State<App>, caller: Caller, Named((issuer, name)): Named<(Code, Code)>) -> Answer {
    administers(&caller, &issuer)?;
    let found = app.service.store.webhook(&issuer, &name).await?.ok_or_else(unknown)?;
    Ok(Json(describe(&found)).into_response())
}

/// `PUT /api/v1/issuers/{code}/webhooks/{name}`: keeps an endpoint, and makes one active again that was disabled. The answer to the
/// first has the secret, which is shown this once.
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Named((issuer, name)): Named<(Code, Code)>,
    StrictJson(endpoint): StrictJson<WebhookEndpoint>,
) -> Answer {
    administers(&caller, &issuer)?;
    let kept = app.service.keep_endpoint(caller.actor(), &issuer, &name, &endpoint).await?;
    let found = app.service.store.webhook(&issuer, &name).await?.ok_or_else(unknown)?;
    let mut answer = describe(&found);
    if let Some(secret) = &kept.secret {
        answer["secret"] = json!(secret.as_str());
    }
    let status = if kept.saved == Saved::Created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(answer)).into_response())
}

/// `DELETE /api/v1/issuers/{code}/webhooks/{name}`: removes an endpoint and its secrets; what waits for it is given up.
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Named((issuer, name)): Named<(Code, Code)>,
) -> Answer {
    administers(&caller, &issuer)?;
    let store = app.service.store.by(caller.actor());
    store.remove_webhook(&issuer, &name, app.service.clock.now()).await?.ok_or_else(unknown)?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `POST /api/v1/issuers/{code}/webhooks/{name}/secret`: a new secret, shown this once. The one before signs too for 24 hours.
pub(super) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    Named((issuer, name)): Named<(Code, Code)>,
) -> Answer {
    administers(&caller, &issuer)?;
    let secret = app.service.rotate_endpoint_secret(caller.actor(), &issuer, &name).await?.ok_or_else(unknown)?;
    Ok((StatusCode::CREATED, Json(json!({ "secret": secret.as_str() }))).into_response())
}

/// `POST /api/v1/issuers/{code}/webhooks/{name}/test`: sends a ping. What becomes of it is told by its message.
pub(super) async fn test(State(app): State<App>, caller: Caller, Named((issuer, name)): Named<(Code, Code)>) -> Answer {
    administers(&caller, &issuer)?;
    let message = app.service.ping_endpoint(caller.actor(), &issuer, &name).await?.ok_or_else(unknown)?;
    let location = [("location", format!("/api/v1/messages/{message}"))];
    Ok((StatusCode::ACCEPTED, location, Json(json!({ "message": message }))).into_response())
}

fn administers(caller: &Caller, issuer: &Code) -> Result<(), Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    caller.acts_for(issuer)
}

fn unknown() -> Problem {
    Problem::not_found("webhook endpoint")
}

fn describe(record: &WebhookRecord) -> Value {
    let mut answer = json!({ "name": record.name, "state": record.state, "changed": record.changed });
    if let (Value::Object(answer), Value::Object(endpoint)) = (&mut answer, json!(record.endpoint)) {
        answer.extend(endpoint);
    }
    answer
}
