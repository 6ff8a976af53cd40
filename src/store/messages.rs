//! The outbox: who is to be told of what, written in the transaction that makes it true, so that nothing is told that did not
//! happen and nothing that happened stays untold. A message is sent at least once; its id is made here, once.
//!
//! Architecture invariant: no name and no address stands in a message. It is composed from its award when it is sent.

use serde::{Deserialize, Serialize};

use super::db::{Filtered, Result, Tx};
use super::queue::{Job, Task, enqueue_in, finish, hold, put_back, storable};
use super::values::{Row, args, from_document, to_document};
use super::{Cursor, Page, Paged, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::catalog::{Event, Issuer, WebhookEndpoint};
use crate::entropy::Entropy;
use crate::ids::{AwardId, Code, CredentialId, ExternalId, LearnerId, MessageId};
use crate::time::Timestamp;

/// How a message goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// Posted to an endpoint of the issuer.
    Webhook(Code),
    /// Mailed to the learner.
    Mail,
}

impl Channel {
    /// The channel in a word.
    pub const fn name(&self) -> ChannelName {
        match self {
            Self::Webhook(_) => ChannelName::Webhook,
            Self::Mail => ChannelName::Mail,
        }
    }

    /// The lane of the queue in which its messages go: one for each server that may be slow.
    fn lane(&self, issuer: &Code) -> String {
        match self {
            Self::Webhook(endpoint) => webhook_lane(issuer, endpoint),
            Self::Mail => "mail".into(),
        }
    }
}

/// The lane of an endpoint.
pub(super) fn webhook_lane(issuer: &Code, endpoint: &Code) -> String {
    format!("webhook:{issuer}/{endpoint}")
}

/// A channel in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelName {
    /// Posted to an endpoint.
    Webhook,
    /// Mailed.
    Mail,
}

impl ChannelName {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Mail => "mail",
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It is to be sent, for the first time or again.
    Pending,
    /// Whom it is for took it.
    Sent,
    /// It was given up.
    Dead,
    /// There was nobody to send it to, or nothing to tell any more.
    Skipped,
}

impl MessageState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Sent, Self::Dead, Self::Skipped];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Skipped => "skipped",
        }
    }
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRecord {
    /// Its id, the same at every attempt.
    pub id: MessageId,
    /// How it goes.
    pub channel: Channel,
    /// Whose it is.
    pub issuer: Code,
    /// What happened.
    pub event: Event,
    /// To which award; none of a ping.
    pub award: Option<AwardId>,
    /// Whose award it is, as the one who stood for them when it happened.
    pub learner: Option<LearnerId>,
    /// To which credential.
    pub credential: Option<CredentialId>,
    /// The codes of what a blocked award waited for.
    pub reasons: Vec<String>,
    /// When it happened.
    pub at: Timestamp,
    /// Where it stands.
    pub state: MessageState,
    /// How often it was tried since it was made or replayed.
    pub attempts: u32,
    /// When it was tried first since.
    pub first_try: Option<Timestamp>,
    /// When it is tried next.
    pub next: Option<Timestamp>,
    /// What went wrong last, in words that hold nothing personal.
    pub error: Option<String>,
    /// When it was taken.
    pub sent: Option<Timestamp>,
}

/// What happened, before it is known who wants to hear of it.
pub(super) struct News<'a> {
    pub(super) issuer: &'a Code,
    pub(super) event: Event,
    pub(super) award: Option<AwardId>,
    pub(super) credential: Option<CredentialId>,
    pub(super) reasons: Vec<&'static str>,
}

/// How an attempt to send ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendEnd<'a> {
    /// It was taken.
    Sent,
    /// It was not, and is to be tried again.
    Again {
        /// When.
        at: Timestamp,
        /// Why not.
        error: &'a str,
        /// Whether the others of its lane would fare no better.
        blame: Blame,
    },
    /// It was not, and never will be.
    Dead {
        /// Why not.
        error: &'a str,
        /// Whether its endpoint said that it is gone, and is to be told of nothing more.
        endpoint: EndpointFate,
    },
    /// It need not be sent.
    Skipped {
        /// Why not.
        reason: &'a str,
    },
}

/// Who was at fault when a message was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The server, which others then need not ask for a while.
    Lane,
    /// This message, as far as can be told.
    Message,
}

/// What becomes of the endpoint of a message that was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointFate {
    /// It stays.
    Kept,
    /// It is disabled.
    Disabled,
}

/// Which messages are wanted; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageFilter {
    /// Of one issuer.
    pub issuer: Option<Code>,
    /// In one state.
    pub state: Option<MessageState>,
    /// On one channel.
    pub channel: Option<ChannelName>,
    /// To one endpoint.
    pub endpoint: Option<Code>,
    /// About one award.
    pub award: Option<AwardId>,
}

/// What asking for a message again came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageReplay {
    /// It is sent again.
    Queued,
    /// It is on its way already.
    Pending,
}

macro_rules! select_message {
    ($rest:literal) => {
        concat!(
            "select id, channel, issuer, endpoint, event, award, learner, credential, reasons, created_at, state, \
             attempts, first_try_at, next_at, error, sent_at from messages",
            $rest
        )
    };
}

/// How many messages are replayed in one transaction.
const REPLAY_BATCH: usize = 200;
/// How many failures in a row make a lane rest.
const FAILURES_BEFORE_REST: i64 = 5;
/// The first rest, in seconds; each further failure doubles it.
const FIRST_REST: i64 = 15;
/// The longest.
const LONGEST_REST: i64 = 600;

impl Store {
    /// A message.
    pub async fn message(&self, id: MessageId) -> Result<Option<MessageRecord>> {
        let row = self.db.row(select_message!(" where id = $1"), args![id]).await?;
        row.as_ref().map(MessageRecord::read).transpose()
    }

    /// Whom a message is about, as a source names them; none of a ping.
    pub async fn learner_of_message(&self, id: MessageId) -> Result<Option<(Code, ExternalId)>> {
        let sql = "select l.source, coalesce(m.called, l.external_id) as called from messages m \
                   join learners l on l.id = m.learner where m.id = $1";
        let row = self.db.row(sql, args![id]).await?;
        row.map(|row| Ok((row.parse("source")?, row.parse("called")?))).transpose()
    }

    /// Messages, newest first.
    pub async fn messages(&self, filter: &MessageFilter, page: &Page) -> Result<Paged<MessageRecord>> {
        let (sql, args) = filter.of(Filtered::new(select_message!(""))).page("created_at", "id", page);
        let items = self.db.rows(sql, args).await?.iter().map(MessageRecord::read).collect::<Result<Vec<_>>>()?;
        Ok(Paged::of(items, page, |message| Cursor { at: message.at, id: message.id.to_string() }))
    }

    /// Ends an attempt: what became of the message, its job and its lane, all at once.
    pub async fn end_send(&self, job: &Job, message: &MessageRecord, end: &SendEnd<'_>, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        hold(&mut tx, job).await?;
        // In the order in which whoever changes an endpoint locks: the endpoint, then its messages.
        if let (SendEnd::Dead { endpoint: EndpointFate::Disabled, .. }, Channel::Webhook(name)) =
            (end, &message.channel)
        {
            super::webhooks::disable(&mut tx, &message.issuer, name, now).await?;
        }
        let (state, next, error) = match end {
            SendEnd::Sent => (MessageState::Sent, None, None),
            SendEnd::Again { at, error, .. } => (MessageState::Pending, Some(*at), Some(storable(error))),
            SendEnd::Dead { error, .. } => (MessageState::Dead, None, Some(storable(error))),
            SendEnd::Skipped { reason } => (MessageState::Skipped, None, Some(storable(reason))),
        };
        let sent = matches!(end, SendEnd::Sent).then_some(now);
        let sql = "update messages set state = $2, attempts = attempts + 1, first_try_at = coalesce(first_try_at, $3), \
                   next_at = $4, error = $5, sent_at = $6 where id = $1 and state = 'pending'";
        let values = args![message.id, state.as_str(), now, next, error, sent];
        let changed = tx.run(sql, values).await? == 1;
        match end {
            SendEnd::Again { at, error, .. } if changed => put_back(&mut tx, job, *at, error).await?,
            _ => finish(&mut tx, job).await?,
        }
        self.keep_lane(&mut tx, &message.channel.lane(&message.issuer), end, now).await?;
        if let (SendEnd::Dead { error, .. }, true) = (end, changed) {
            note_dead(&mut tx, message, error, now);
        }
        tx.commit().await
    }

    /// A lane whose server fails again and again rests; one success and all is well.
    async fn keep_lane(&self, tx: &mut Tx, lane: &str, end: &SendEnd<'_>, now: Timestamp) -> Result<()> {
        match end {
            SendEnd::Sent => {
                let sql = "update lanes set failures = 0, rests_until = null where lane = $1 and failures > 0";
                tx.run(sql, args![lane]).await.map(drop)
            }
            SendEnd::Again { blame: Blame::Lane, .. } => {
                let sql = "insert into lanes (lane, failures) values ($1, 1) \
                           on conflict (lane) do update set failures = lanes.failures + 1 returning failures";
                let row = tx.row(sql, args![lane]).await?.ok_or(StoreError::Corrupt("a lane"))?;
                let beyond = row.int("failures")? - FAILURES_BEFORE_REST;
                if beyond < 0 {
                    return Ok(());
                }
                let rest = (FIRST_REST << beyond.min(10)).min(LONGEST_REST);
                let sql = "update lanes set rests_until = $2 where lane = $1";
                tx.run(sql, args![lane, now.plus_seconds(rest)]).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Gives up a message that failed again and again for a reason of our own, and ends its job.
    pub async fn bury_send(&self, job: &Job, id: MessageId, error: &str, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let row = tx.row(select_message!(" where id = $1 and state = 'pending' for update"), args![id]).await?;
        if let Some(message) = row.as_ref().map(MessageRecord::read).transpose()? {
            let sql = "update messages set state = 'dead', next_at = null, error = $2 where id = $1";
            tx.run(sql, args![id, storable(error)]).await?;
            note_dead(&mut tx, &message, "internal", now);
        }
        tx.commit().await
    }

    /// Sends a message again that was given up, skipped or taken, under its old id; none where there is no such message.
    pub async fn replay_message(&self, id: MessageId, now: Timestamp) -> Result<Option<MessageReplay>> {
        let mut tx = self.begin().await?;
        let row = tx.row(select_message!(" where id = $1 for update"), args![id]).await?;
        let Some(message) = row.as_ref().map(MessageRecord::read).transpose()? else { return Ok(None) };
        if message.state == MessageState::Pending {
            return Ok(Some(MessageReplay::Pending));
        }
        self.send_again(&mut tx, &message, now).await?;
        let entry = Entry::new(now, Action::MessageReplayed, Object::new("message", id)).of_issuer(&message.issuer);
        tx.note(entry.with("state", message.state.as_str()));
        tx.commit().await?;
        Ok(Some(MessageReplay::Queued))
    }

    /// The same for those of a filter, oldest first, `limit` at most; how many. Pending ones are passed over.
    pub async fn replay_messages(&self, filter: &MessageFilter, limit: u32, now: Timestamp) -> Result<u32> {
        let select = filter.of(Filtered::new("select id from messages")).when(true, "state <> 'pending'");
        let (sql, args) = select.first("created_at, id", limit);
        // Read once: what is sent meanwhile does not come up again.
        let found = self.db.rows(sql, args).await?;
        let mut replayed = 0;
        for batch in found.chunks(REPLAY_BATCH) {
            let (mut tx, mut count) = (self.begin().await?, 0_u32);
            for row in batch {
                let row = tx.row(select_message!(" where id = $1 for update"), args![row.text("id")?]).await?;
                let message = row.as_ref().map(MessageRecord::read).transpose()?;
                if let Some(message) = message.filter(|message| message.state != MessageState::Pending) {
                    self.send_again(&mut tx, &message, now).await?;
                    count += 1;
                }
            }
            let mut entry = Entry::new(now, Action::MessageReplayed, Object::new("messages", "filter"));
            entry.issuer.clone_from(&filter.issuer);
            tx.note(entry.with("messages", count));
            tx.commit().await?;
            replayed += count;
        }
        Ok(replayed)
    }

    async fn send_again(&self, tx: &mut Tx, message: &MessageRecord, now: Timestamp) -> Result<()> {
        let sql = "update messages set state = 'pending', attempts = 0, first_try_at = null, next_at = $2, error = null, \
                   sent_at = null where id = $1 and state <> 'pending'";
        tx.run(sql, args![message.id, now]).await?;
        let lane = message.channel.lane(&message.issuer);
        // Whoever asks has mended something: the lane need not rest any longer.
        tx.run("update lanes set rests_until = null where lane = $1", args![lane.as_str()]).await?;
        enqueue_in(tx, &*self.entropy, &lane, &Task::Send { message: message.id }, now).await
    }
}

/// Writes a message for each endpoint of the issuer that wants to hear of it, and for the learner where the issuer writes to them.
pub(super) async fn tell(tx: &mut Tx, entropy: &dyn Entropy, news: &News<'_>, now: Timestamp) -> Result<()> {
    let sql = "select name, document from webhook_endpoints where issuer = $1 and state = 'active' order by name";
    for row in tx.rows(sql, args![news.issuer]).await? {
        if row.document::<WebhookEndpoint>("document")?.events.contains(&news.event) {
            put(tx, entropy, &Channel::Webhook(row.parse("name")?), news, now).await?;
        }
    }
    let Some(event) = news.event.for_learner() else { return Ok(()) };
    let Some(row) = tx.row("select document from issuers where code = $1", args![news.issuer]).await? else {
        return Ok(());
    };
    if row.document::<Issuer>("document")?.mail.is_some_and(|mail| mail.on.contains(&event)) {
        put(tx, entropy, &Channel::Mail, news, now).await?;
    }
    Ok(())
}

/// Writes one message, and the job to send it.
pub(super) async fn put(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    channel: &Channel,
    news: &News<'_>,
    now: Timestamp,
) -> Result<MessageId> {
    let id = MessageId::random(entropy);
    let endpoint = match channel {
        Channel::Webhook(name) => Some(name.as_str()),
        Channel::Mail => None,
    };
    let select = "select c.id, c.external_id from awards a join learners l on l.id = a.learner \
                  join learners c on c.id = l.canonical where a.id = $1";
    let (mut learner, mut called) = (None, None);
    if let Some(row) = tx.row(select, args![news.award]).await? {
        learner = Some(row.text("id")?);
        called = Some(row.text("external_id")?).filter(|called| !called.starts_with("email:"));
    }
    let sql = "insert into messages (id, channel, issuer, endpoint, event, award, learner, called, credential, reasons, \
               created_at, state, attempts, next_at) \
               values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'pending', 0, $11)";
    let values = args![
        id,
        channel.name().as_str(),
        news.issuer,
        endpoint,
        news.event.as_str(),
        news.award,
        learner,
        called,
        news.credential,
        to_document(&news.reasons),
        now
    ];
    tx.run(sql, values).await?;
    enqueue_in(tx, entropy, &channel.lane(news.issuer), &Task::Send { message: id }, now).await?;
    Ok(id)
}

/// Takes down in the audit trail that a message was given up.
fn note_dead(tx: &mut Tx, message: &MessageRecord, error: &str, now: Timestamp) {
    let entry = Entry::new(now, Action::MessageDead, Object::new("message", message.id)).of_issuer(&message.issuer);
    let mut entry = entry.with("channel", message.channel.name().as_str()).with("event", message.event.as_str());
    entry.learner = message.learner;
    tx.note(entry.with("error", error));
}

impl MessageFilter {
    fn of(&self, select: Filtered) -> Filtered {
        select
            .and("issuer =", self.issuer.as_ref())
            .and("state =", self.state.map(MessageState::as_str))
            .and("channel =", self.channel.map(ChannelName::as_str))
            .and("endpoint =", self.endpoint.as_ref())
            .and("award =", self.award)
    }
}

impl MessageRecord {
    fn read(row: &Row) -> Result<Self> {
        let channel = match (row.word("channel")?, row.parse_or_null("endpoint")?) {
            (ChannelName::Webhook, Some(endpoint)) => Channel::Webhook(endpoint),
            (ChannelName::Mail, _) => Channel::Mail,
            (ChannelName::Webhook, None) => return Err(StoreError::Corrupt("a message's endpoint")),
        };
        Ok(Self {
            id: row.parse("id")?,
            channel,
            issuer: row.parse("issuer")?,
            event: row.word("event")?,
            award: row.parse_or_null("award")?,
            learner: row.parse_or_null("learner")?,
            credential: row.parse_or_null("credential")?,
            reasons: from_document(&row.text("reasons")?)?,
            at: row.moment("created_at")?,
            state: row.word("state")?,
            attempts: row.count("attempts")?,
            first_try: row.moment_or_null("first_try_at")?,
            next: row.moment_or_null("next_at")?,
            error: row.text_or_null("error")?,
            sent: row.moment_or_null("sent_at")?,
        })
    }
}
