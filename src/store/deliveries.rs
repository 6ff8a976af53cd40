//! Deliveries as they arrived, and the evidence that was read from them (issuance steps 1 and 2).
//!
//! A delivery is kept before anything is understood of it, under its source and the id its sender gave it. It ends processed,
//! parked until something it names is known, or dead with a reason; the last two can be replayed.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::catalog::changed_since;
use super::db::{Filtered, Result, Tx};
use super::identity::group_of;
use super::queue::{Job, Task, enqueue, finish, storable};
use super::values::{Row, args, from_document, to_document};
use super::{Cursor, Page, Paged, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::entropy::Entropy;
use crate::evidence::{Evidence, Ledger};
use crate::ids::{Code, DeliveryId, ExternalId, LearnerId, hex};
use crate::time::Timestamp;

/// A delivery whose sender is authenticated and whose body is not read yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDelivery {
    /// The id it gets if it is new.
    pub id: DeliveryId,
    /// Who sent it.
    pub source: Code,
    /// The id its sender gave it (`webhook-id`): visible ASCII.
    pub webhook_id: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// What accepting a delivery did; each with the id under which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is new, and queued.
    New(DeliveryId),
    /// It came before; nothing was done.
    Repeat(DeliveryId),
    /// Another body came under this id before; nothing was done.
    RepeatWithOtherBody(DeliveryId),
}

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// A worker will take it up.
    Queued,
    /// It names something that is not known yet.
    Parked,
    /// What it says stands in the ledger.
    Processed,
    /// It can't be understood.
    Dead,
}

impl DeliveryState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Parked, Self::Processed, Self::Dead];

    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Parked => "parked",
            Self::Processed => "processed",
            Self::Dead => "dead",
        }
    }
}

/// What a parked delivery waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WaitFor {
    /// A session to appear or change.
    Session(Code),
    /// A training to change, such as by an activity that it lacks.
    Training(Code),
    /// A source to change, such as by the mapping of a course.
    Source(Code),
    /// A learner to appear.
    Learner {
        /// In which source.
        source: Code,
        /// Under which id.
        external_id: ExternalId,
    },
}

/// A delivery without its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryRecord {
    /// Its id.
    pub id: DeliveryId,
    /// Who sent it.
    pub source: Code,
    /// The id its sender gave it.
    pub webhook_id: String,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// Why, where it is parked or dead.
    pub reason: Option<String>,
    /// What it waits for, where it is parked.
    pub wait_for: Option<WaitFor>,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// What is known of it.
    pub record: DeliveryRecord,
    /// The body, byte for byte.
    pub body: Vec<u8>,
}

/// Which deliveries are wanted; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// Of one source.
    pub source: Option<Code>,
    /// In one state.
    pub state: Option<DeliveryState>,
}

/// What was read from a delivery.
#[derive(Debug, Clone, PartialEq)]
pub struct Taken {
    /// The facts understood; those of a delivery that is parked for the rest of it count at once.
    pub evidence: Vec<Evidence>,
    /// How it ends.
    pub end: DeliveryEnd,
}

/// How taking up a delivery ends. Reasons must hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryEnd {
    /// All of it was understood.
    Processed,
    /// It waits.
    Parked {
        /// For what.
        wait_for: WaitFor,
        /// For people.
        reason: String,
    },
    /// It can't be understood.
    Dead {
        /// For people.
        reason: String,
    },
}

/// What finishing a delivery did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// Where it stands now: `Queued` where what it waits for may have come in the meantime.
    pub state: DeliveryState,
    /// How many facts were new.
    pub appended: u32,
}

/// What a wish to replay came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replayed {
    /// It is queued again.
    Queued,
    /// It stands in a state from which there is nothing to replay.
    Not(DeliveryState),
}

const COLUMNS: &str = "select id, source, webhook_id, received_at, state, reason, wait_key from deliveries";

impl Store {
    /// Keeps a delivery and the job it causes; once this returns, both are safe.
    pub async fn accept_delivery(&self, delivery: &NewDelivery) -> Result<Accepted> {
        self.accept_noted(delivery, None).await
    }

    /// The same, with an entry in the audit trail where it is new.
    pub async fn accept_noted(&self, delivery: &NewDelivery, entry: Option<Entry>) -> Result<Accepted> {
        let mut tx = self.begin().await?;
        if keep_delivery(&mut tx, &*self.entropy, delivery).await? == 1 {
            entry.into_iter().for_each(|entry| tx.note(entry));
            tx.commit().await?;
            return Ok(Accepted::New(delivery.id));
        }
        let (sha256, webhook_id) = (hex(&Sha256::digest(&delivery.body)), delivery.webhook_id.as_str());
        let select = "select id, body_sha256 from deliveries where source = $1 and webhook_id = $2";
        // Purged between the two statements: the sender's next try will be new.
        let row = tx.row(select, args![&delivery.source, webhook_id]).await?;
        let row = row.ok_or_else(|| StoreError::Transient("the earlier delivery was just purged".into()))?;
        let id = row.parse("id")?;
        Ok(if row.text("body_sha256")? == sha256 { Accepted::Repeat(id) } else { Accepted::RepeatWithOtherBody(id) })
    }

    /// A delivery with its body.
    pub async fn delivery(&self, id: DeliveryId) -> Result<Option<Delivery>> {
        let sql =
            "select id, source, webhook_id, received_at, state, reason, wait_key, body from deliveries where id = $1";
        let Some(row) = self.db.row(sql, args![id]).await? else { return Ok(None) };
        Ok(Some(Delivery { record: DeliveryRecord::read(&row)?, body: read_body(&row)? }))
    }

    /// Deliveries, newest first.
    pub async fn deliveries(&self, filter: &DeliveryFilter, page: &Page) -> Result<Paged<DeliveryRecord>> {
        let (sql, args) = Filtered::new(COLUMNS)
            .and("source =", filter.source.as_ref())
            .and("state =", filter.state.map(DeliveryState::as_str))
            .page("received_at", "id", page);
        let rows = self.db.rows(sql, args).await?;
        let items = rows.iter().map(DeliveryRecord::read).collect::<Result<Vec<_>>>()?;
        Ok(Paged::of(items, page, |item| Cursor { at: item.received_at, id: item.id.to_string() }))
    }

    /// Ends a job that took up a delivery: appends the facts, has each learner's ledger decided again, marks the delivery.
    pub async fn finish_delivery(&self, job: &Job, id: DeliveryId, taken: &Taken, now: Timestamp) -> Result<Finished> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let state = self.mark_delivery(&mut tx, job, id, &taken.end, now).await?;
        // One order for all workers, so that two at once wait for each other instead of deadlocking.
        let mut facts: Vec<_> = taken.evidence.iter().map(|evidence| (evidence.key(), evidence)).collect();
        facts.sort_by(|one, other| one.0.cmp(&other.0));
        let mut appended = 0;
        for (key, evidence) in &facts {
            let insert = "insert into evidence (key, session, learner, at, document, delivery, recorded_at) \
                          values ($1, $2, $3, $4, $5, $6, $7) on conflict (key) do nothing";
            let (session, learner) = (&evidence.session, evidence.learner);
            let values = args![key.as_str(), session, learner, evidence.at, to_document(evidence), id, now];
            appended += u32::from(tx.run(insert, values).await? == 1);
        }
        // Decided again even where every fact was known: that costs little and heals what may have gone wrong before.
        let touched: BTreeSet<_> = facts.iter().map(|(_, evidence)| (&evidence.session, evidence.learner)).collect();
        for (session, learner) in touched {
            enqueue(&mut tx, &*self.entropy, &Task::Decide { session: session.clone(), learner }, now).await?;
        }
        tx.commit().await?;
        Ok(Finished { state, appended })
    }

    async fn mark_delivery(
        &self,
        tx: &mut Tx,
        job: &Job,
        id: DeliveryId,
        end: &DeliveryEnd,
        now: Timestamp,
    ) -> Result<DeliveryState> {
        let (state, reason, wait_key) = match end {
            DeliveryEnd::Processed => (DeliveryState::Processed, None, None),
            DeliveryEnd::Dead { reason } => (DeliveryState::Dead, Some(storable(reason)), None),
            DeliveryEnd::Parked { .. } if changed_since(tx, job.catalog_revision).await? => {
                // What it waits for may have come after the worker looked, and would not come again.
                enqueue(tx, &*self.entropy, &Task::TakeUpDelivery { delivery: id }, now).await?;
                (DeliveryState::Queued, None, None)
            }
            DeliveryEnd::Parked { wait_for, reason } => {
                (DeliveryState::Parked, Some(storable(reason)), Some(to_document(wait_for)))
            }
        };
        let sql = "update deliveries set state = $2, reason = $3, wait_key = $4 where id = $1";
        tx.run(sql, args![id, state.as_str(), reason, wait_key]).await?;
        Ok(state)
    }

    /// Queues a parked or dead delivery again; none where there is no such delivery.
    pub async fn replay_delivery(&self, id: DeliveryId, now: Timestamp) -> Result<Option<Replayed>> {
        let mut tx = self.begin().await?;
        let select = "select state from deliveries where id = $1 for update";
        let Some(row) = tx.row(select, args![id]).await? else { return Ok(None) };
        match row.word("state")? {
            DeliveryState::Parked | DeliveryState::Dead => {
                requeue(&mut tx, &*self.entropy, id, now).await?;
                tx.note(Entry::new(now, Action::DeliveryReplayed, Object::new("delivery", id)));
                tx.commit().await?;
                Ok(Some(Replayed::Queued))
            }
            state => Ok(Some(Replayed::Not(state))),
        }
    }

    /// Forgets processed deliveries that arrived more than `days` ago, 7 at least, for repeats must be recognised that long;
    /// how many.
    pub async fn purge_deliveries(&self, days: u32, now: Timestamp) -> Result<u64> {
        let before = now.plus_seconds(-i64::from(days.max(7)) * 86_400);
        let mut tx = self.begin().await?;
        let sql = "delete from statements where delivery in \
                   (select id from deliveries where state = 'processed' and received_at < $1)";
        tx.run(sql, args![before]).await?;
        let sql = "delete from deliveries where state = 'processed' and received_at < $1";
        let purged = tx.run(sql, args![before]).await?;
        let entry = Entry::new(now, Action::DeliveriesPurged, Object::new("deliveries", "processed"));
        tx.note(entry.with("before", before.to_string()).with("purged", purged));
        tx.commit().await?;
        Ok(purged)
    }

    /// All evidence of a learner in a session, under whichever name it came.
    pub async fn ledger(&self, session: &Code, learner: LearnerId) -> Result<Ledger> {
        let sql = concat!(
            "select document from evidence where session = $1 and learner in ",
            group_of!("$2"),
            " order by at, key"
        );
        let rows = self.db.rows(sql, args![session, learner]).await?;
        Ok(Ledger { evidence: rows.iter().map(|row| row.document("document")).collect::<Result<_>>()? })
    }

    /// Has every ledger of a session decided again, as when its criteria changed; how many.
    pub async fn redecide_session(&self, session: &Code, now: Timestamp) -> Result<u32> {
        let mut tx = self.begin().await?;
        let sql = "select distinct l.canonical as learner from evidence e join learners l on l.id = e.learner \
                   where e.session = $1 order by l.canonical";
        let rows = tx.rows(sql, args![session]).await?;
        for row in &rows {
            let task = Task::Decide { session: session.clone(), learner: row.parse("learner")? };
            enqueue(&mut tx, &*self.entropy, &task, now).await?;
        }
        tx.commit().await?;
        Ok(u32::try_from(rows.len()).unwrap_or(u32::MAX))
    }
}

impl DeliveryRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parse("id")?,
            source: row.parse("source")?,
            webhook_id: row.text("webhook_id")?,
            received_at: row.moment("received_at")?,
            state: row.word("state")?,
            reason: row.text_or_null("reason")?,
            wait_for: row.text_or_null("wait_key")?.as_deref().map(from_document).transpose()?,
        })
    }
}

/// Keeps a delivery and the job it causes, unless one of its id is kept: how many are new.
pub(super) async fn keep_delivery(tx: &mut Tx, entropy: &dyn Entropy, delivery: &NewDelivery) -> Result<u64> {
    let insert = "insert into deliveries (id, source, webhook_id, received_at, body, body_sha256, state) \
                  values ($1, $2, $3, $4, $5, $6, 'queued') on conflict (source, webhook_id) do nothing";
    let (body, sha256) = (STANDARD.encode(&delivery.body), hex(&Sha256::digest(&delivery.body)));
    let (webhook_id, at) = (delivery.webhook_id.as_str(), delivery.received_at);
    let new = tx.run(insert, args![delivery.id, &delivery.source, webhook_id, at, body, sha256]).await?;
    if new == 1 {
        enqueue(tx, entropy, &Task::TakeUpDelivery { delivery: delivery.id }, at).await?;
    }
    Ok(new)
}

/// The body of a delivery, byte for byte.
pub(super) fn read_body(row: &Row) -> Result<Vec<u8>> {
    STANDARD.decode(row.text("body")?).map_err(|_| StoreError::Corrupt("a body"))
}

async fn requeue(tx: &mut Tx, entropy: &dyn Entropy, id: DeliveryId, now: Timestamp) -> Result<()> {
    let sql = "update deliveries set state = 'queued', reason = null, wait_key = null where id = $1";
    tx.run(sql, args![id]).await?;
    enqueue(tx, entropy, &Task::TakeUpDelivery { delivery: id }, now).await
}

/// Queues again what was parked for want of this. The change must have been counted first (`count_change`).
pub(super) async fn release_parked(tx: &mut Tx, entropy: &dyn Entropy, came: &WaitFor, now: Timestamp) -> Result<()> {
    let sql = "select id from deliveries where wait_key = $1 and state = 'parked' order by id for update";
    for row in tx.rows(sql, args![to_document(came)]).await? {
        requeue(tx, entropy, row.parse("id")?, now).await?;
    }
    Ok(())
}
