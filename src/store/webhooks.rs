//! Webhook endpoints of issuers, and their secrets, which come in encrypted.

use serde::{Deserialize, Serialize};

use super::db::{Result, Tx};
use super::messages::{Channel, News, put, webhook_lane};
use super::values::{Row, args, to_document};
use super::{EncryptedText, Saved, Store};
use crate::audit::{Action, Entry, Object};
use crate::catalog::{Event, WebhookEndpoint};
use crate::ids::{Code, MessageId};
use crate::time::Timestamp;

/// How many endpoints an issuer may have.
const MAX_ENDPOINTS: u32 = 10;
/// For how long a secret that was replaced signs on, in seconds.
const SECRET_OVERLAP: i64 = 24 * 3600;
/// How many secrets sign at one time.
const MAX_SECRETS: i64 = 4;

/// An endpoint as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookRecord {
    /// Whose it is.
    pub issuer: Code,
    /// What it is called among the issuer's.
    pub name: Code,
    /// Where and of what.
    pub endpoint: WebhookEndpoint,
    /// Whether it is told of anything.
    pub state: WebhookState,
    /// When it was last changed.
    pub changed: Timestamp,
}

/// Whether an endpoint is told of anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// It is.
    Active,
    /// It said that it is gone (410); saving it again makes it active.
    Disabled,
}

impl WebhookState {
    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// What keeping an endpoint came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookSaved {
    /// It is kept; where it is new, with its first secret.
    Kept(Saved),
    /// The issuer has as many as it may.
    TooMany,
}

impl Store {
    /// Keeps an endpoint and makes it active; `secret` is kept where it is new.
    pub async fn put_webhook(
        &self,
        issuer: &Code,
        name: &Code,
        endpoint: &WebhookEndpoint,
        secret: &EncryptedText,
        now: Timestamp,
    ) -> Result<WebhookSaved> {
        let mut tx = self.begin().await?;
        // The issuer's row is the turnstile of two that add endpoints at once.
        tx.row("select code from issuers where code = $1 for no key update", args![issuer]).await?;
        let select = "select document, state from webhook_endpoints where issuer = $1 and name = $2 for update";
        let known = tx.row(select, args![issuer, name]).await?;
        let document = to_document(endpoint);
        let saved = match &known {
            None => Saved::Created,
            Some(row) if row.text("document")? == document && row.text("state")? == "active" => {
                return Ok(WebhookSaved::Kept(Saved::Unchanged));
            }
            Some(_) => Saved::Changed,
        };
        if saved == Saved::Created {
            let count =
                tx.row("select count(*) as number from webhook_endpoints where issuer = $1", args![issuer]).await?;
            if count.map_or(Ok(0), |row| row.count("number"))? >= MAX_ENDPOINTS {
                return Ok(WebhookSaved::TooMany);
            }
        }
        let sql = "insert into webhook_endpoints (issuer, name, document, state, changed_at) values ($1, $2, $3, 'active', $4) \
                   on conflict (issuer, name) do update \
                   set document = excluded.document, state = 'active', changed_at = excluded.changed_at";
        tx.run(sql, args![issuer, name, document, now]).await?;
        tx.run("delete from lanes where lane = $1", args![webhook_lane(issuer, name)]).await?;
        if saved == Saved::Created {
            let sql = "insert into webhook_secrets (issuer, endpoint, place, secret) values ($1, $2, 1, $3)";
            tx.run(sql, args![issuer, name, secret.0.as_str()]).await?;
        }
        tx.note(entry(now, Action::WebhookSaved, issuer, name).with("saved", saved.as_str()));
        tx.commit().await?;
        Ok(WebhookSaved::Kept(saved))
    }

    /// An endpoint.
    pub async fn webhook(&self, issuer: &Code, name: &Code) -> Result<Option<WebhookRecord>> {
        let sql =
            "select issuer, name, document, state, changed_at from webhook_endpoints where issuer = $1 and name = $2";
        self.db.row(sql, args![issuer, name]).await?.as_ref().map(WebhookRecord::read).transpose()
    }

    /// The endpoints of an issuer, by name.
    pub async fn webhooks(&self, issuer: &Code) -> Result<Vec<WebhookRecord>> {
        let sql =
            "select issuer, name, document, state, changed_at from webhook_endpoints where issuer = $1 order by name";
        self.db.rows(sql, args![issuer]).await?.iter().map(WebhookRecord::read).collect()
    }

    /// Removes an endpoint with its secrets; messages that wait for it are given up. None where there is no such endpoint.
    pub async fn remove_webhook(&self, issuer: &Code, name: &Code, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "delete from webhook_endpoints where issuer = $1 and name = $2";
        if tx.run(sql, args![issuer, name]).await? == 0 {
            return Ok(None);
        }
        tx.run("delete from webhook_secrets where issuer = $1 and endpoint = $2", args![issuer, name]).await?;
        let lane = webhook_lane(issuer, name);
        // Those that somebody holds find their message given up.
        tx.run("delete from jobs where lane = $1 and state in ('ready', 'again')", args![lane.as_str()]).await?;
        tx.run("delete from lanes where lane = $1", args![lane]).await?;
        let sql = "update messages set state = 'dead', next_at = null, error = 'endpoint_removed' \
                   where issuer = $1 and endpoint = $2 and state = 'pending'";
        let dead = tx.run(sql, args![issuer, name]).await?;
        tx.note(entry(now, Action::WebhookRemoved, issuer, name).with("messages_dead", dead));
        tx.commit().await?;
        Ok(Some(()))
    }

    /// Gives an endpoint a new secret; those before sign on for a day. None where there is no such endpoint.
    pub async fn add_webhook_secret(
        &self,
        issuer: &Code,
        name: &Code,
        secret: &EncryptedText,
        now: Timestamp,
    ) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let select = "select name from webhook_endpoints where issuer = $1 and name = $2 for update";
        if tx.row(select, args![issuer, name]).await?.is_none() {
            return Ok(None);
        }
        let last = "select max(place) as place from webhook_secrets where issuer = $1 and endpoint = $2";
        let last = tx.row(last, args![issuer, name]).await?.map_or(Ok(None), |row| row.int_or_null("place"))?;
        let place = last.unwrap_or(0) + 1;
        let sql = "update webhook_secrets set ends_at = $3 where issuer = $1 and endpoint = $2 and ends_at is null";
        tx.run(sql, args![issuer, name, now.plus_seconds(SECRET_OVERLAP)]).await?;
        let sql = "delete from webhook_secrets where issuer = $1 and endpoint = $2 and (ends_at <= $3 or place <= $4)";
        tx.run(sql, args![issuer, name, now, place - MAX_SECRETS]).await?;
        let sql = "insert into webhook_secrets (issuer, endpoint, place, secret) values ($1, $2, $3, $4)";
        tx.run(sql, args![issuer, name, place, secret.0.as_str()]).await?;
        tx.note(entry(now, Action::WebhookSecretMade, issuer, name));
        tx.commit().await?;
        Ok(Some(()))
    }

    /// The secrets that sign for an endpoint now, the newest first.
    pub async fn webhook_endpoint_secrets(
        &self,
        issuer: &Code,
        name: &Code,
        now: Timestamp,
    ) -> Result<Vec<EncryptedText>> {
        let sql = "select secret from webhook_secrets where issuer = $1 and endpoint = $2 \
                   and (ends_at is null or ends_at > $3) order by place desc";
        let rows = self.db.rows(sql, args![issuer, name, now]).await?;
        rows.iter().map(|row| Ok(EncryptedText(row.text("secret")?))).collect()
    }

    /// Has a ping sent to an endpoint; none where there is no such endpoint.
    pub async fn ping_webhook(&self, issuer: &Code, name: &Code, now: Timestamp) -> Result<Option<MessageId>> {
        let mut tx = self.begin().await?;
        let select = "select name from webhook_endpoints where issuer = $1 and name = $2 for share";
        if tx.row(select, args![issuer, name]).await?.is_none() {
            return Ok(None);
        }
        let news = News { issuer, event: Event::Ping, award: None, credential: None, reasons: Vec::new() };
        let id = put(&mut tx, &*self.entropy, &Channel::Webhook(name.clone()), &news, now).await?;
        tx.note(entry(now, Action::WebhookTested, issuer, name).with("message", id.to_string()));
        tx.commit().await?;
        Ok(Some(id))
    }
}

/// Tells an endpoint of nothing more, since it said that it is gone.
pub(super) async fn disable(tx: &mut Tx, issuer: &Code, name: &Code, now: Timestamp) -> Result<()> {
    let sql = "update webhook_endpoints set state = 'disabled', changed_at = $3 \
               where issuer = $1 and name = $2 and state = 'active'";
    if tx.run(sql, args![issuer, name, now]).await? == 1 {
        tx.note(entry(now, Action::WebhookDisabled, issuer, name));
    }
    Ok(())
}

fn entry(now: Timestamp, action: Action, issuer: &Code, name: &Code) -> Entry {
    Entry::new(now, action, Object::new("webhook", format!("{issuer}/{name}"))).of_issuer(issuer)
}

impl WebhookRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            issuer: row.parse("issuer")?,
            name: row.parse("name")?,
            endpoint: row.document("document")?,
            state: row.word("state")?,
            changed: row.moment("changed_at")?,
        })
    }
}
