//! What was told to others and what could not be: the outbox, for an issuer's officers. A message names nobody.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer;
use super::auth::{Caller, Scope};
use super::extract::{Asked, Named, StrictJson, asked, page};
use super::problem::{Kind, Problem};
use crate::ids::{AwardId, Code, MessageId};
use crate::store::{Channel, ChannelName, MessageFilter, MessageRecord, MessageReplay, MessageState};

/// How many messages one call replays.
const MAX_REPLAYED: u32 = 10_000;

/// Which messages are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Option<MessageState>,
    channel: Option<ChannelName>,
    endpoint: Option<Code>,
    award: Option<AwardId>,
    after: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/messages?state=&channel=&endpoint=&award=&after=&limit=`: newest first.
pub(super) async fn list(State(app): State<App>, caller: Caller, wanted: Asked<Wanted>) -> Result<Response, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let wanted = asked(wanted)?;
    let filter = MessageFilter {
        issuer: Some(caller.issuer.clone()),
        state: wanted.state,
        channel: wanted.channel,
        endpoint: wanted.endpoint,
        award: wanted.award,
    };
    let page = page(wanted.after, wanted.limit)?;
    let found = app.service.store.messages(&filter, &page).await?;
    Ok(answer::list("messages", found.items.iter().map(describe), found.next.map(|next| next.to_string())))
}

/// `GET /api/v1/messages/{id}`.
pub(super) async fn get(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<MessageId>,
) -> Result<Response, Problem> {
    Ok(Json(describe(&of_caller(&app, &caller, id).await?)).into_response())
}

/// `POST /api/v1/messages/{id}/replay`: sends a message again, under its old id.
pub(super) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<MessageId>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    let store = app.service.store.by(caller.actor());
    match store.replay_message(id, app.service.clock.now()).await? {
        Some(MessageReplay::Queued) => {}
        Some(MessageReplay::Pending) => {
            return Err(Problem::new(Kind::Conflict, "the message is on its way already"));
        }
        None => return Err(unknown()),
    }
    app.service.outbox.notify_one();
    Ok((StatusCode::ACCEPTED, Json(json!({ "message": id }))).into_response())
}

/// Which messages are to be sent again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Again {
    /// `dead`, `skipped` or `sent`.
    state: MessageState,
    channel: Option<ChannelName>,
    endpoint: Option<Code>,
}

/// `POST /api/v1/messages/replay`: sends all messages of a state again, up to ten thousand, oldest first.
pub(super) async fn replay_many(
    State(app): State<App>,
    caller: Caller,
    StrictJson(again): StrictJson<Again>,
) -> Result<Response, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    if again.state == MessageState::Pending {
        return Err(Problem::new(Kind::Invalid, "messages that are pending are on their way already").at("/state"));
    }
    let filter = MessageFilter {
        issuer: Some(caller.issuer.clone()),
        state: Some(again.state),
        channel: again.channel,
        endpoint: again.endpoint,
        award: None,
    };
    let store = app.service.store.by(caller.actor());
    let replayed = store.replay_messages(&filter, MAX_REPLAYED, app.service.clock.now()).await?;
    app.service.outbox.notify_one();
    let answer = json!({ "replayed": replayed, "more": replayed >= MAX_REPLAYED });
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

async fn of_caller(app: &App, caller: &Caller, id: MessageId) -> Result<MessageRecord, Problem> {
    caller.needs(Scope::WebhooksWrite)?;
    let message = app.service.store.message(id).await?.ok_or_else(unknown)?;
    caller.acts_for(&message.issuer)?;
    Ok(message)
}

fn unknown() -> Problem {
    Problem::not_found("message")
}

fn describe(message: &MessageRecord) -> Value {
    let endpoint = match &message.channel {
        Channel::Webhook(name) => Some(name),
        Channel::Mail => None,
    };
    json!({
        "id": message.id,
        "channel": message.channel.name(),
        "endpoint": endpoint,
        "event": message.event,
        "award": message.award,
        "credential": message.credential,
        "at": message.at,
        "state": message.state,
        "attempts": message.attempts,
        "next": message.next,
        "error": message.error,
        "sent": message.sent,
    })
}
