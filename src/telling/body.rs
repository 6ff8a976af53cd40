//! What a webhook says. A body is a function of its message and of what never changes about its award, so that every attempt
//! sends the same bytes.
//!
//! Architecture invariant: a body names nobody. It says by which id the source knows the learner, and gives links. (A learner known
//! by an address alone is called by it, and from the day when the LMS tells its own id, by that.)

use serde::{Deserialize, Serialize};

use crate::award::Award;
use crate::catalog::{AwardKind, Event};
use crate::service::{AwardLinks, Service, ServiceError};
use crate::store::MessageRecord;

/// A message to an LMS, as Standard Webhooks shapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[schemars(title = "Webhook message")]
pub struct WebhookMessage {
    /// What happened.
    #[serde(rename = "type")]
    pub event: Event,
    /// When it happened (RFC 3339). When it was sent is in the header `webhook-timestamp`.
    #[schemars(extend("format" = "date-time"))]
    pub timestamp: String,
    /// To what.
    pub data: MessageData,
}

/// What a message is about. A ping is about its issuer alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MessageData {
    /// The issuer's code.
    pub issuer: String,
    /// The award's id in the API.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub award: Option<String>,
    /// The session's code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Who it is about, as a source names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub learner: Option<MessageLearner>,
    /// What the award attests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<AwardKind>,
    /// The credential that was issued or revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<MessageCredential>,
    /// The `id` of the credential whose place it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("format" = "uri"))]
    pub replaces: Option<String>,
    /// Why a credential was revoked, as published: `awarded_in_error`, `evidence_withdrawn`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Where the learner's documents are. Whoever has these links can open them: they are for the learner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<AwardLinks>,
    /// What a blocked award waits for: `name_missing`, `undrawable`, `issuer_key_missing`, `lint_refused`, … More may come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reasons: Vec<String>,
}

/// A learner as a source names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MessageLearner {
    /// The source's code.
    pub source: String,
    /// The learner's id in it.
    pub id: String,
}

/// A credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct MessageCredential {
    /// Its public `id`.
    #[schemars(extend("format" = "uri"))]
    pub id: String,
    /// Its number among the award's credentials, from 1.
    pub version: u32,
    /// Its `validFrom` (RFC 3339).
    #[schemars(extend("format" = "date-time"))]
    pub valid_from: String,
}

impl Service {
    /// The body of a message.
    pub(super) async fn webhook_message(&self, message: &MessageRecord) -> Result<WebhookMessage, ServiceError> {
        let mut data = MessageData {
            issuer: message.issuer.to_string(),
            award: None,
            session: None,
            learner: None,
            kind: None,
            credential: None,
            replaces: None,
            category: None,
            links: None,
            reasons: message.reasons.clone(),
        };
        if let Some(id) = message.award {
            let award = self.store.award(id).await?.ok_or_else(|| gone("an award"))?;
            let learner = self.store.learner_of_message(message.id).await?;
            data.award = Some(award.id.to_string());
            data.session = Some(award.session.to_string());
            data.learner =
                learner.map(|(source, id)| MessageLearner { source: source.to_string(), id: id.to_string() });
            data.kind = Some(award.kind);
            if let Some(id) = message.credential {
                self.tell_credential(&mut data, message.event, &award, id).await?;
            }
        }
        Ok(WebhookMessage { event: message.event, timestamp: message.at.to_string(), data })
    }

    async fn tell_credential(
        &self,
        data: &mut MessageData,
        event: Event,
        award: &Award,
        id: crate::ids::CredentialId,
    ) -> Result<(), ServiceError> {
        let versions = self.store.credentials_of(award.id).await?;
        let credential = versions.iter().find(|version| version.id == id).ok_or_else(|| gone("a credential"))?;
        data.credential = Some(MessageCredential {
            id: self.url.credential(id),
            version: credential.version,
            valid_from: credential.valid_from.to_string(),
        });
        match event {
            Event::CredentialReplaced => {
                let before =
                    versions.iter().rfind(|other| other.version < credential.version && other.signed.is_some());
                data.replaces = before.map(|before| self.url.credential(before.id));
            }
            Event::CredentialRevoked => {
                data.category =
                    credential.revocation.as_ref().map(|revocation| revocation.category.as_str().to_owned());
            }
            Event::CredentialIssued | Event::AwardBlocked | Event::Ping => {}
        }
        data.links = self.award_links(award, credential).await?;
        Ok(())
    }
}

pub(super) fn gone(what: &str) -> ServiceError {
    ServiceError::Defect(format!("{what} is gone from storage"))
}
