//! Storage: the only place with SQL, for SQLite and PostgreSQL alike. It knows no rules: it keeps what it is given, hands it
//! back, and makes what must happen together happen in one transaction.
//!
//! [`Store`] is the one door. Its methods stand in one file per subject; every method is one transaction (or one statement),
//! so that a crash between two calls leaves a state that the queue takes up again. Moments are parameters. What is secret
//! comes in encrypted ([`EncryptedText`]) or hashed; nothing here can decrypt.
//!
//! Architecture invariant: no type of `sqlx` or `serde_json` leaves this module.

mod alerts;
mod audit;
mod awards;
mod catalog;
mod credentials;
mod db;
mod decisions;
mod deliveries;
mod error;
mod identity;
mod keys;
mod learners;
mod manual;
mod messages;
mod migrations;
mod operations;
mod progress_links;
mod proposals;
mod queue;
mod seals;
mod settings;
mod signing_log;
mod source_health;
mod statements;
mod status;
mod tokens;
mod templates;
mod values;
mod webhooks;

pub use alerts::{Alert, AlertFilter, AlertKind, AlertState, SettledAlerts};
pub use audit::{AuditFilter, AuditRecord};
pub use awards::{AwardFilter, AwardSecrets, AwardStateName};
pub use catalog::{CatalogBatch, Entry, ImportSummary, Saved, entry_hash};
pub use credentials::{CredentialRecord, Revocation, Revoked, Signatures, Signed, SignedDocument, TokenSignature};
pub use decisions::{AwardStep, BlockedScope, DecisionMade, Plan, Settled, StatusSlot};
pub use deliveries::{
    Accepted, Delivery, DeliveryEnd, DeliveryFilter, DeliveryRecord, DeliveryState, Finished, NewDelivery, Replayed,
    Taken, WaitFor,
};
pub use error::StoreError;
pub use identity::Merged;
pub use keys::{AddedKey, Compromised, KeyRecord, KeyState};
pub use learners::{KnownAs, LearnerRecord, LearnerUpdate, Meant};
pub use manual::{Closing, ManualDecision};
pub use messages::{
    Blame, Channel, ChannelName, EndpointFate, MessageFilter, MessageRecord, MessageReplay, MessageState, SendEnd,
};
pub use operations::{Part, ReportRow, Steered};
pub use proposals::{Proposal, ProposalState};
pub use queue::{DeadJob, Job, Task};
pub use seals::{SealRecord, SealState};
pub use source_health::{ClockReading, SourceHealth};
pub use statements::{KeptStatement, KeptStatements, NewStatement, Standing};
pub use status::{ListForm, Published, StatusList};
pub use tokens::TokenRecord;
pub use webhooks::{WebhookRecord, WebhookSaved, WebhookState};

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use db::{Db, Result, Trail, Tx};

use crate::audit::Actor;
use crate::entropy::Entropy;
use crate::time::Timestamp;

/// The database of one installation. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Store {
    db: Db,
    entropy: Arc<dyn Entropy>,
    status_list_size: u32,
    actor: Actor,
}

/// How a store is opened.
#[derive(Clone)]
pub struct StoreOptions {
    /// Where ids and status indexes are drawn from.
    pub entropy: Arc<dyn Entropy>,
    /// The most connections: for SQLite, of readers (one more writes); for PostgreSQL, of all.
    pub connections: u32,
    /// How long a SQLite connection of this process waits for another process that writes.
    pub busy_timeout: Duration,
    /// How long a PostgreSQL statement may run, or wait for a lock.
    pub statement_timeout: Duration,
    /// Entries of a new status list. At least 131 072 outside tests, so that an index hides in a crowd (Bitstring Status
    /// List §6.1).
    pub status_list_size: u32,
}

impl StoreOptions {
    /// What suits a server.
    pub fn new(entropy: Arc<dyn Entropy>) -> Self {
        Self {
            entropy,
            connections: 8,
            busy_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(20),
            status_list_size: 131_072,
        }
    }
}

impl Store {
    /// Opens the database, made first if it is a SQLite file that does not exist, and brings it to this binary's schema.
    pub async fn open(url: &DatabaseUrl, options: StoreOptions) -> Result<Self> {
        let mut tries = 0;
        let db = loop {
            // SQLite can't wait for the lock that its first switch to write-ahead logging needs; two first starts may meet.
            match Db::connect(url, &options).await {
                Err(error) if error.is_transient() && matches!(url, DatabaseUrl::Sqlite(_)) && tries < 50 => {
                    tries += 1;
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                outcome => break outcome?,
            }
        };
        migrations::migrate(&db).await?;
        let (entropy, status_list_size) = (options.entropy, options.status_list_size);
        Ok(Self { db, entropy, status_list_size, actor: Actor::System })
    }

    /// The same store, on behalf of somebody whom the audit trail then names.
    #[must_use]
    pub fn by(&self, actor: Actor) -> Self {
        Self { actor, ..self.clone() }
    }

    /// Begins a transaction that may write, and note what it does in the audit trail.
    async fn begin(&self) -> Result<Tx> {
        let mut tx = self.db.begin().await?;
        tx.trail = Some(Trail { actor: self.actor.clone(), entropy: Arc::clone(&self.entropy) });
        Ok(tx)
    }

    /// Waits for the connections in use and closes them all.
    pub async fn close(&self) {
        self.db.close().await;
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.db.row("select 1 as one", values::args![]).await.map(drop)
    }
}

/// Where the database is: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST:PORT/NAME`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file.
    Sqlite(PathBuf),
    /// A server.
    Postgres(String),
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        let path = text.strip_prefix("sqlite:").ok_or(StoreError::Url)?;
        let path = path.strip_prefix("//").unwrap_or(path);
        // A database in memory would be another one for each connection.
        let is_file = !path.is_empty() && !path.contains(":memory:") && !path.contains('?');
        is_file.then(|| Self::Sqlite(PathBuf::from(path))).ok_or(StoreError::Url)
    }
}

/// A password in the URL never reaches a log.
impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(_) => f.write_str("postgres://…"),
        }
    }
}

/// A secret as the flow encrypted it: storage neither reads nor shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct EncryptedText(pub String);

impl fmt::Debug for EncryptedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EncryptedText(…)")
    }
}

/// Which part of a list is wanted: newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// How many, from 1 to 500.
    pub limit: u32,
    /// After which entry: [`Paged::next`] of the part before.
    pub after: Option<Cursor>,
}

impl Page {
    fn limit(&self) -> u32 {
        self.limit.clamp(1, 500)
    }
}

impl Default for Page {
    fn default() -> Self {
        Self { limit: 100, after: None }
    }
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Paged<T> {
    /// Its entries, newest first.
    pub items: Vec<T>,
    /// Where the next part starts, if there is one.
    pub next: Option<Cursor>,
}

impl<T> Paged<T> {
    /// From the rows of a query that asked for one more than the page holds.
    fn of(mut items: Vec<T>, page: &Page, cursor: impl Fn(&T) -> Cursor) -> Self {
        let limit = page.limit() as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// A place in a list, kept right while entries are added. Opaque to clients: `{microseconds}.{id}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    at: Timestamp,
    id: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.as_micros(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = CursorError;
    fn from_str(text: &str) -> std::result::Result<Self, CursorError> {
        let (at, id) = text.split_once('.').ok_or(CursorError)?;
        let fits = id.len() <= 64 && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        let at = at.parse().map(Timestamp::from_micros).map_err(|_| CursorError)?;
        fits.then(|| Self { at, id: id.to_owned() }).ok_or(CursorError)
    }
}

/// A text that is not a [`Cursor`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list; take it from the answer before")]
pub struct CursorError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn database_urls_are_files_or_servers_and_hide_their_password() {
        let file: DatabaseUrl = "sqlite:demo-data/sceau.db".parse().unwrap();
        assert_eq!(file, DatabaseUrl::Sqlite("demo-data/sceau.db".into()));
        assert_eq!("sqlite:///var/x.db".parse::<DatabaseUrl>().unwrap(), DatabaseUrl::Sqlite("/var/x.db".into()));
        let server: DatabaseUrl = "postgres://sceau:secret@db/sceau".parse().unwrap();
        assert_eq!(format!("{server:?}"), "postgres://…");
        for bad in ["", "sqlite:", "sqlite::memory:", "mysql://x", "demo.db"] {
            assert!(bad.parse::<DatabaseUrl>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_cursor_survives_its_text_form() {
        let cursor = Cursor { at: Timestamp::from_micros(12), id: "0b0c-3a".into() };
        assert_eq!(cursor.to_string().parse::<Cursor>().unwrap(), cursor);
        for bad in ["", "12", "x.a", "12.a'b"] {
            assert!(bad.parse::<Cursor>().is_err(), "{bad}");
        }
    }
}
