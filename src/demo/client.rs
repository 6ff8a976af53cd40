//! The other side of the wire: what an LMS, an officer, a manager's phone and a verifier do, over real HTTP on loopback.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use ureq::http::Request;

use super::cast::Posting;
use crate::config::SystemClock;
use crate::ids::PublicUrl;
use crate::intake::standard_webhooks::WebhookSecret;
use crate::time::Clock as _;

/// The largest answer that is read, in bytes.
const MAX_ANSWER_BYTES: u64 = 32 * 1024 * 1024;

/// A client of one server.
#[derive(Clone)]
pub(super) struct Client {
    agent: ureq::Agent,
    url: PublicUrl,
}

/// What a server answered.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) body: Vec<u8>,
    what: String,
}

impl Answer {
    /// The body of an answer that has this status.
    pub(super) fn expect(self, status: u16) -> anyhow::Result<Vec<u8>> {
        if self.status != status {
            bail!("{}: {} instead of {status}: {}", self.what, self.status, String::from_utf8_lossy(&self.body));
        }
        Ok(self.body)
    }

    /// The document in an answer that succeeded.
    pub(super) fn json(self) -> anyhow::Result<Value> {
        let what = self.what.clone();
        ensure!((200..300).contains(&self.status), "{what}: {} {}", self.status, String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).with_context(|| format!("{what}: not JSON"))
    }
}

/// What a signature is made of: an LMS that knows its secret, or somebody who does not.
#[derive(Clone, Copy)]
pub(super) enum Signature {
    /// The right one.
    Right,
    /// One made with another secret.
    Forged,
}

impl Client {
    /// A client of the server at this address.
    pub(super) fn new(url: &PublicUrl) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(60)))
            // A proxy of the environment does not know our loopback.
            .proxy(None)
            .build();
        Self { agent: config.into(), url: url.clone() }
    }

    /// `GET` of a whole address.
    pub(super) async fn get(&self, url: &str, headers: &[(&str, &str)]) -> anyhow::Result<Answer> {
        self.exchange("GET", url, headers, None).await
    }

    /// `GET` of a path of the API.
    pub(super) async fn api_get(&self, token: &str, path: &str) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {token}");
        self.get(&format!("{}{path}", self.url), &[("authorization", &bearer)]).await?.json()
    }

    /// `PUT` or `POST` of a document to the API.
    pub(super) async fn api_send(&self, method: &str, token: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        self.exchange(method, &format!("{}{path}", self.url), &headers, Some(body.to_string().into_bytes()))
            .await?
            .json()
    }

    /// Posts a webhook, signed with a secret or with another.
    pub(super) async fn post_webhook(
        &self,
        posting: &Posting,
        secrets: &BTreeMap<&'static str, String>,
        signature: Signature,
    ) -> anyhow::Result<Answer> {
        let written = match signature {
            Signature::Right => secrets.get(posting.source).context("a source without a secret")?,
            Signature::Forged => "whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=",
        };
        let secret = WebhookSecret::parse(written)?;
        let body = posting.body.to_string().into_bytes();
        let now = SystemClock.now().as_unix_seconds();
        let (signature, timestamp) = (secret.sign(&posting.webhook_id, now, &body), now.to_string());
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", posting.webhook_id.as_str()),
            ("webhook-timestamp", timestamp.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        self.exchange("POST", &format!("{}/intake/{}", self.url, posting.source), &headers, Some(body)).await
    }

    /// What the public verification says of a document or an image.
    pub(super) async fn verify(&self, file: Vec<u8>) -> anyhow::Result<Value> {
        self.exchange("POST", &format!("{}/api/v1/verify", self.url), &[], Some(file)).await?.json()
    }

    async fn exchange(
        &self,
        method: &str,
        url: &str,
        headers: &[(&str, &str)],
        body: Option<Vec<u8>>,
    ) -> anyhow::Result<Answer> {
        let mut request = Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        // Links are capabilities: an error message names the path's first part only.
        let path = url.strip_prefix(self.url.as_str()).unwrap_or(url);
        let what = format!("{method} /{}", path.split('/').nth(1).unwrap_or_default());
        let agent = self.agent.clone();
        let asked = tokio::task::spawn_blocking(move || -> anyhow::Result<(u16, Vec<u8>)> {
            let mut response = match body {
                Some(body) => agent.run(request.body(body)?)?,
                None => agent.run(request.body(())?)?,
            };
            let body = response.body_mut().with_config().limit(MAX_ANSWER_BYTES).read_to_vec()?;
            Ok((response.status().as_u16(), body))
        });
        let (status, body) = asked.await?.with_context(|| what.clone())?;
        Ok(Answer { status, body, what })
    }
}
