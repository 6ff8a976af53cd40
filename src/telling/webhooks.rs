//! Webhooks to an issuer's LMS: its endpoints with their secrets, and the post that Standard Webhooks 1.0 describes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use super::{Attempt, schedule};
use crate::audit::Actor;
use crate::catalog::{CatalogError, WebhookEndpoint};
use crate::fetch::FetchError;
use crate::ids::{Code, MessageId};
use crate::intake::standard_webhooks::WebhookSecret;
use crate::keyring::SealedText;
use crate::service::{Service, ServiceError};
use crate::store::{Blame, EncryptedText, EndpointFate, MessageRecord, Saved, StoreError, WebhookSaved, WebhookState};

/// What keeping an endpoint came to.
pub struct EndpointKept {
    /// Whether it is new.
    pub saved: Saved,
    /// Its secret, where it is new: shown this once.
    pub secret: Option<Zeroizing<String>>,
}

/// Why an endpoint was not kept.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// It contradicts itself.
    #[error(transparent)]
    Form(#[from] CatalogError),
    /// Nothing can be posted there.
    #[error("/url: {0}")]
    Address(FetchError),
    /// The issuer has as many as it may.
    #[error("an issuer has ten endpoints at most; remove one first")]
    TooMany,
    /// The flow failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for EndpointError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Service {
    /// Keeps an endpoint of an issuer, on somebody's behalf. An address that this installation would never post to is refused.
    pub async fn keep_endpoint(
        &self,
        by: Actor,
        issuer: &Code,
        name: &Code,
        endpoint: &WebhookEndpoint,
    ) -> Result<EndpointKept, EndpointError> {
        endpoint.check()?;
        self.fetcher.may_post(endpoint.url.as_str()).map_err(EndpointError::Address)?;
        let (secret, sealed) = self.new_endpoint_secret(issuer, name);
        let kept = self.store.by(by).put_webhook(issuer, name, endpoint, &sealed, self.clock.now()).await?;
        match kept {
            WebhookSaved::Kept(saved) => {
                Ok(EndpointKept { saved, secret: (saved == Saved::Created).then_some(secret) })
            }
            WebhookSaved::TooMany => Err(EndpointError::TooMany),
        }
    }

    /// A new secret for an endpoint, shown this once; those before sign on for a day. None where there is no such endpoint.
    pub async fn rotate_endpoint_secret(
        &self,
        by: Actor,
        issuer: &Code,
        name: &Code,
    ) -> Result<Option<Zeroizing<String>>, ServiceError> {
        let (secret, sealed) = self.new_endpoint_secret(issuer, name);
        let kept = self.store.by(by).add_webhook_secret(issuer, name, &sealed, self.clock.now()).await?;
        Ok(kept.map(|()| secret))
    }

    /// Has a ping sent to an endpoint; none where there is no such endpoint.
    pub async fn ping_endpoint(
        &self,
        by: Actor,
        issuer: &Code,
        name: &Code,
    ) -> Result<Option<MessageId>, ServiceError> {
        let id = self.store.by(by).ping_webhook(issuer, name, self.clock.now()).await?;
        self.outbox.notify_one();
        Ok(id)
    }

    fn new_endpoint_secret(&self, issuer: &Code, name: &Code) -> (Zeroizing<String>, EncryptedText) {
        let bytes = Zeroizing::new(self.entropy.bytes::<32>());
        let secret = Zeroizing::new(format!("whsec_{}", STANDARD.encode(bytes.as_slice())));
        let sealed = self.keyring.seal(&place(issuer, name), secret.as_bytes(), &*self.entropy);
        (secret, EncryptedText(sealed.as_str().to_owned()))
    }

    /// Posts a message, signed by every secret in force.
    pub(super) async fn post(&self, message: &MessageRecord, name: &Code) -> Result<Attempt, ServiceError> {
        let refused = |error: &str| Attempt::Refused { error: error.into(), endpoint: EndpointFate::Kept };
        let endpoint = match self.store.webhook(&message.issuer, name).await? {
            None => return Ok(refused("endpoint_removed")),
            Some(endpoint) if endpoint.state == WebhookState::Disabled => return Ok(refused("endpoint_disabled")),
            Some(endpoint) => endpoint.endpoint,
        };
        let body = serde_json::to_string(&self.webhook_message(message).await?).expect("plain values serialise");
        let now = self.clock.now();
        let (id, seconds) = (message.id.to_string(), now.as_unix_seconds());
        let mut signatures = Vec::new();
        for sealed in self.store.webhook_endpoint_secrets(&message.issuer, name, now).await? {
            let written = self.keyring.unseal(&place(&message.issuer, name), &SealedText::from_stored(sealed.0))?;
            let secret = std::str::from_utf8(&written).ok().and_then(|text| WebhookSecret::parse(text).ok());
            let secret = secret.ok_or_else(|| ServiceError::Defect("a stored webhook secret is not one".into()))?;
            signatures.push(secret.sign(&id, seconds, body.as_bytes()));
        }
        let headers = vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id),
            ("webhook-timestamp", seconds.to_string()),
            ("webhook-signature", signatures.join(" ")),
        ];
        let posted = self.fetcher.post(endpoint.url.as_str(), headers, body.into_bytes()).await;
        let wish = |retry_after: Option<&str>| retry_after.and_then(|text| schedule::wish(text, self.clock.now()));
        Ok(match posted {
            Ok(posted) => judge(posted.status, wish(posted.retry_after.as_deref())),
            // Our own bounds say nothing of the server.
            Err(FetchError::Busy) => Attempt::Failed { error: "busy".into(), blame: Blame::Message, wish: None },
            Err(error) => Attempt::Failed { error: error.reason().into(), blame: Blame::Lane, wish: None },
        })
    }
}

/// What a status says of an attempt. A server in trouble says so for all; one that refuses a message, for that one.
fn judge(status: u16, wish: Option<i64>) -> Attempt {
    let error = format!("status {status}");
    match status {
        200..=299 => Attempt::Taken,
        410 => Attempt::Refused { error, endpoint: EndpointFate::Disabled },
        400..=428 | 430..=499 => Attempt::Failed { error, blame: Blame::Message, wish },
        // A redirect is not followed: who moved says so by saving another address.
        _ => Attempt::Failed { error, blame: Blame::Lane, wish },
    }
}

fn place(issuer: &Code, name: &Code) -> String {
    format!("webhook:{issuer}/{name}:secret")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_2xx_is_taken_and_only_410_ends_the_endpoint() {
        for status in [200, 202, 204, 299] {
            assert!(matches!(judge(status, None), Attempt::Taken), "{status}");
        }
        let gone = judge(410, None);
        assert!(matches!(gone, Attempt::Refused { endpoint: EndpointFate::Disabled, .. }));
        for status in [301, 302, 307, 308, 429, 500, 502, 503] {
            assert!(matches!(judge(status, None), Attempt::Failed { blame: Blame::Lane, .. }), "{status}");
        }
        for status in [400, 401, 404, 409, 413, 422] {
            assert!(matches!(judge(status, None), Attempt::Failed { blame: Blame::Message, .. }), "{status}");
        }
        assert!(matches!(judge(503, Some(90)), Attempt::Failed { wish: Some(90), .. }));
    }
}
