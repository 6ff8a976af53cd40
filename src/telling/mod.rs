//! Telling others: messages of the outbox go to the issuer's LMS as webhooks (Standard Webhooks 1.0), and to learners by e-mail.
//!
//! What is to be told is written by `store`, in the transactions that make it true. Here it is composed and sent, at least once, and
//! what came of it is recorded. Nothing else waits for it.

mod body;
mod letters;
mod schedule;
mod webhooks;

pub use body::{MessageCredential, MessageData, MessageLearner, WebhookMessage};
pub use webhooks::{EndpointError, EndpointKept};

use crate::ids::MessageId;
use crate::service::{Service, ServiceError};
use crate::store::{Blame, Channel, EndpointFate, Job, MessageState, SendEnd};

/// What an attempt came to, before it is known whether there will be another.
enum Attempt {
    /// It was taken.
    Taken,
    /// It was not.
    Failed { error: String, blame: Blame, wish: Option<i64> },
    /// It was refused for good.
    Refused { error: String, endpoint: EndpointFate },
    /// There is nobody to tell, or nothing.
    Needless { reason: &'static str },
}

impl Service {
    /// Tries to send a message, and records what came of it.
    pub async fn send(&self, job: &Job, id: MessageId) -> Result<(), ServiceError> {
        let message = self.store.message(id).await?.filter(|message| message.state == MessageState::Pending);
        let Some(message) = message else { return Ok(self.store.complete_job(job).await?) };
        let attempt = match &message.channel {
            Channel::Webhook(endpoint) => self.post(&message, endpoint).await?,
            Channel::Mail => self.mail(&message).await?,
        };
        let now = self.clock.now();
        let end = match &attempt {
            Attempt::Taken => SendEnd::Sent,
            Attempt::Needless { reason } => SendEnd::Skipped { reason },
            Attempt::Refused { error, endpoint } => SendEnd::Dead { error, endpoint: *endpoint },
            Attempt::Failed { error, blame, wish } => {
                let first = message.first_try.unwrap_or(now);
                match schedule::next_try(message.attempts + 1, first, now, *wish, &*self.entropy) {
                    Some(at) => SendEnd::Again { at, error, blame: *blame },
                    None => SendEnd::Dead { error, endpoint: EndpointFate::Kept },
                }
            }
        };
        self.store.end_send(job, &message, &end, now).await?;
        let (channel, event, attempt) = (message.channel.name().as_str(), message.event.as_str(), message.attempts + 1);
        match end {
            SendEnd::Sent => tracing::info!(message.id = %id, channel, event, attempt, "message.sent"),
            SendEnd::Again { at, error, .. } => {
                tracing::warn!(message.id = %id, channel, event, attempt, error, next = %at, "message.failed");
            }
            SendEnd::Dead { error, .. } => {
                tracing::error!(message.id = %id, channel, event, attempt, error, "message.given_up");
            }
            SendEnd::Skipped { reason } => tracing::info!(message.id = %id, channel, event, reason, "message.skipped"),
        }
        Ok(())
    }
}
