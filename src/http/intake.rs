//! `POST /intake/{source}`: deliveries in (issuance step 1).
//!
//! A success means that the delivery and its job are committed. Nothing of the body is looked at before that: what can't be
//! understood is kept, and reported to operators, not to the sender's retry loop. Signed forms are answered 202; the bearer form,
//! whose sender takes one exact status for success, 200.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::App;
use super::auth::bearer_token;
use super::extract::{Body, Named};
use super::problem::{Kind, Problem};
use crate::ids::{Code, DeliveryId, hex};
use crate::intake::secrets::{Proof, SourceSecret};
use crate::intake::standard_webhooks::{WebhookHeaders, WebhookKey, authenticate};
use crate::store::{Accepted, NewDelivery};
use crate::time::Timestamp;

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
    let form = service.store.source(&source).await?.ok_or_else(unknown)?.form;
    let secrets = service.source_secrets(&source).await?;
    let now = service.clock.now();
    let (webhook_id, success) = match Proof::of(form) {
        Proof::Signature => (signed(&headers, &body, secrets, now)?, StatusCode::ACCEPTED),
        Proof::Bearer => (bearing(&headers, &body, &secrets)?, StatusCode::OK),
        Proof::Basic => {
            let detail = format!("this source sends xAPI statements: post them to /xapi/{source}/statements");
            return Err(Problem::new(Kind::BadRequest, detail));
        }
    };
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
    Ok((success, Json(json!({ "delivery": id, "status": "accepted" }))).into_response())
}

/// The id of a delivery that is signed by Standard Webhooks.
fn signed(headers: &HeaderMap, body: &[u8], secrets: Vec<SourceSecret>, now: Timestamp) -> Result<String, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let headers = WebhookHeaders {
        id: header("webhook-id"),
        timestamp: header("webhook-timestamp"),
        signature: header("webhook-signature"),
    };
    let key = |secret| match secret {
        SourceSecret::Key(key) => Some(key),
        SourceSecret::Password(_) => None,
    };
    let keys: Vec<WebhookKey> = secrets.into_iter().filter_map(key).collect();
    Ok(authenticate(headers, body, &keys, now)?.to_owned())
}

/// The id of a delivery whose sender bears a token and gives it none: the hash of its body, so that a repeat is one.
fn bearing(headers: &HeaderMap, body: &[u8], secrets: &[SourceSecret]) -> Result<String, Problem> {
    let token = bearer_token(headers)?;
    if !secrets.iter().any(|secret| secret.is_password(token)) {
        return Err(Problem::new(Kind::Unauthenticated, "the token is not one of this source"));
    }
    Ok(format!("sha256-{}", hex(&Sha256::digest(body))))
}
