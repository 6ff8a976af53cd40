//! `POST /intake/{source}`: deliveries in (issuance step 1).
//!
//! 202 means that the delivery and its job are committed. Nothing of the body is looked at before that: what can't be
//! understood is kept, and reported to operators, not to the sender's retry loop.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::App;
use super::extract::{Body, Named};
use super::problem::{Kind, Problem};
use crate::ids::{Code, DeliveryId};
use crate::intake::standard_webhooks::{WebhookHeaders, authenticate};
use crate::store::{Accepted, NewDelivery};

/// Authenticates and keeps a delivery.
pub(super) async fn receive(
    State(app): State<App>,
    Named(source): Named<String>,
    headers: HeaderMap,
    Body(body): Body,
) -> Result<Response, Problem> {
    let service = &app.service;
    let unknown = || Problem::not_found("source");
    let source: Code = source.parse().map_err(|_| unknown())?;
    if service.store.source(&source).await?.is_none() {
        return Err(unknown());
    }
    let secrets = service.webhook_secrets(&source).await?;
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let headers = WebhookHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let now = service.clock.now();
    let webhook_id = authenticate(headers, &body, &secrets, now)?.to_owned();
    let delivery = NewDelivery {
        id: DeliveryId::random(&*service.entropy),
        source,
        webhook_id,
        received_at: now,
        body: body.to_vec(),
    };
    let id = match service.store.accept_delivery(&delivery).await? {
        Accepted::New(id) => {
            service.wake.notify_one();
            id
        }
        Accepted::Repeat(id) => id,
        Accepted::RepeatWithOtherBody(_) => {
            return Err(Problem::new(Kind::Conflict, "this webhook-id came before with another body"));
        }
    };
    Ok((StatusCode::ACCEPTED, Json(json!({ "delivery": id, "status": "accepted" }))).into_response())
}
