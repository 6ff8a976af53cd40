//! The queue: what remains to be done, in the same database as what it is done to, so that both commit together.
//!
//! A job is claimed with a lease. Claims are counted, and the count fences every effect: a worker that was thought dead and
//! comes back finds its lease lost and changes nothing. Effects that end a job delete it in their own
//! transaction.

use serde::{Deserialize, Serialize};

use super::db::{Result, Tx};
use super::values::{Args, args, from_document, to_document};
use super::{Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::entropy::Entropy;
use crate::ids::{Code, CredentialId, DeliveryId, JobId, LearnerId, MessageId, OperationId};
use crate::time::Timestamp;

/// What there is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Task {
    /// Read a delivery and append what it says to the ledger (issuance step 2).
    TakeUpDelivery {
        /// Which.
        delivery: DeliveryId,
    },
    /// Hold a learner's ledger against the criteria of a session (steps 3 and 4).
    Decide {
        /// Of which session.
        session: Code,
        /// For whom.
        learner: LearnerId,
    },
    /// Do the next part of a long operation.
    Operate {
        /// Which.
        operation: OperationId,
    },
    /// Lint, sign, verify and store a planned credential (steps 5 to 8).
    Issue {
        /// Which.
        credential: CredentialId,
    },
    /// Send a message to whom it is for. In a lane of its own: no other server's slowness holds up what is ours to do.
    Send {
        /// Which.
        message: MessageId,
    },
}

/// How many messages of one lane are on their way at one time, over all instances; two that look at once may exceed it by one.
const MAX_SENDS_A_LANE: u32 = 3;

/// A job that this worker holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: JobId,
    /// What there is to do.
    pub task: Task,
    /// How often it was tried, this time included, since it was enqueued or revived.
    pub attempt: u32,
    /// Until when nobody else may claim it.
    pub leased_until: Timestamp,
    /// Which claim of this job this is: the fence of its effects.
    claim: i64,
    /// The catalog as it was when the job was claimed.
    pub(super) catalog_revision: i64,
}

/// A job that was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadJob {
    /// Its id.
    pub id: JobId,
    /// What there was to do; none where this binary can't read it.
    pub task: Option<Task>,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub error: String,
}

impl Store {
    /// Claims the job that is due and has waited longest, for `lease_seconds`; jobs whose lease ran out come first. Two
    /// workers never get the same one. Messages to send are none of these.
    pub async fn claim_job(&self, worker: &str, now: Timestamp, lease_seconds: i64) -> Result<Option<Job>> {
        let expired = "select id, task, attempt, claims from jobs where state = 'leased' and leased_until <= $1 \
                       and lane = 'work' order by leased_until limit 1 for update skip locked";
        let due = "select id, task, attempt, claims from jobs where lane = 'work' and state in ('ready', 'again') \
                   and run_at <= $1 order by run_at, id limit 1 for update skip locked";
        self.claim((expired, args![now]), (due, args![now]), worker, now.plus_seconds(lease_seconds)).await
    }

    /// The same for messages to send: of a lane that does not rest, and has not enough on its way already.
    pub async fn claim_send(&self, worker: &str, now: Timestamp, lease_seconds: i64) -> Result<Option<Job>> {
        let expired = "select id, task, attempt, claims from jobs where state = 'leased' and leased_until <= $1 \
                       and lane <> 'work' order by leased_until limit 1 for update skip locked";
        let due = "select id, task, attempt, claims from jobs where lane <> 'work' and state in ('ready', 'again') \
                   and run_at <= $1 \
                   and lane not in (select lane from lanes where rests_until > $1) \
                   and lane not in (select lane from jobs where state = 'leased' and lane <> 'work' \
                                    group by lane having count(*) >= $2) \
                   order by run_at, id limit 1 for update skip locked";
        let until = now.plus_seconds(lease_seconds);
        self.claim((expired, args![now]), (due, args![now, MAX_SENDS_A_LANE]), worker, until).await
    }

    async fn claim(
        &self,
        expired: (&'static str, Args),
        due: (&'static str, Args),
        worker: &str,
        leased_until: Timestamp,
    ) -> Result<Option<Job>> {
        let mut tx = self.begin().await?;
        loop {
            let row = match tx.row(expired.0, expired.1.clone()).await? {
                Some(row) => row,
                None => match tx.row(due.0, due.1.clone()).await? {
                    Some(row) => row,
                    None => {
                        tx.commit().await?;
                        return Ok(None);
                    }
                },
            };
            let id: JobId = row.parse("id")?;
            let Ok(task) = from_document(&row.text("task")?) else {
                // Not to be claimed again and again; `revive_job` brings it back once a binary can read it.
                let bury = "update jobs set state = 'dead', error = 'this binary cannot read the task' where id = $1";
                tx.run(bury, args![id]).await?;
                continue;
            };
            let (attempt, claim) = (row.count("attempt")? + 1, row.int("claims")? + 1);
            let lease = "update jobs set state = 'leased', worker = $2, attempt = $3, claims = $4, leased_until = $5 where id = $1";
            tx.run(lease, args![id, worker, attempt, claim, leased_until]).await?;
            let revision = tx.row("select revision from catalog_revision where one = 1", args![]).await?;
            let catalog_revision = revision.ok_or(StoreError::Corrupt("the catalog revision"))?.int("revision")?;
            tx.commit().await?;
            return Ok(Some(Job { id, task, attempt, leased_until, claim, catalog_revision }));
        }
    }

    /// Keeps a job for longer.
    pub async fn extend_lease(&self, job: &Job, until: Timestamp) -> Result<()> {
        let sql = "update jobs set leased_until = $3 where id = $1 and claims = $2 and state = 'leased'";
        self.change_job(sql, args![job.id, job.claim, until]).await
    }

    /// Ends a job that had no effect in this database.
    pub async fn complete_job(&self, job: &Job) -> Result<()> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        tx.commit().await
    }

    /// Puts a job back, to be tried again at `run_at`; the error must hold no personal data.
    pub async fn retry_job(&self, job: &Job, run_at: Timestamp, error: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        put_back(&mut tx, job, run_at, error).await?;
        tx.commit().await
    }

    /// Gives a job up; it stays listed until it is revived.
    pub async fn bury_job(&self, job: &Job, error: &str) -> Result<()> {
        let sql = "update jobs set state = 'dead', error = $3, worker = null, leased_until = null \
                   where id = $1 and claims = $2 and state = 'leased'";
        self.change_job(sql, args![job.id, job.claim, storable(error)]).await
    }

    async fn change_job(&self, sql: &'static str, args: Args) -> Result<()> {
        let mut tx = self.begin().await?;
        if tx.run(sql, args).await? == 0 {
            return Err(StoreError::LeaseLost);
        }
        tx.commit().await
    }

    /// How many jobs are due, leased or put off.
    pub async fn jobs_pending(&self) -> Result<u32> {
        let row = self.db.row("select count(*) as pending from jobs where state <> 'dead'", args![]).await?;
        row.map_or(Ok(0), |row| row.count("pending"))
    }

    /// When the next job falls due or the next lease runs out; none where the queue is empty.
    pub async fn next_run_at(&self) -> Result<Option<Timestamp>> {
        let sql = "select min(moment) as next from (select min(run_at) as moment from jobs where state in ('ready', 'again') \
                   union all select min(leased_until) as moment from jobs where state = 'leased') as moments";
        self.db.row(sql, args![]).await?.map_or(Ok(None), |row| row.moment_or_null("next"))
    }

    /// The jobs that were given up.
    pub async fn dead_jobs(&self) -> Result<Vec<DeadJob>> {
        let sql = "select id, task, attempt, error from jobs where state = 'dead' order by run_at, id";
        let rows = self.db.rows(sql, args![]).await?;
        let read = |row: &super::values::Row| {
            Ok(DeadJob {
                id: row.parse("id")?,
                task: from_document(&row.text("task")?).ok(),
                attempts: row.count("attempt")?,
                error: row.text_or_null("error")?.unwrap_or_default(),
            })
        };
        rows.iter().map(read).collect()
    }

    /// Puts a job that was given up back into the queue, its attempts counted anew; none where there is no such job.
    pub async fn revive_job(&self, id: JobId, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "update jobs set state = 'again', run_at = $2, attempt = 0 where id = $1 and state = 'dead'";
        if tx.run(sql, args![id, now]).await? == 0 {
            return Ok(None);
        }
        tx.note(Entry::new(now, Action::JobRevived, Object::new("job", id)));
        tx.commit().await?;
        Ok(Some(()))
    }
}

/// PostgreSQL refuses the character NUL in a text, SQLite does not.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "").chars().take(1000).collect()
}

/// Adds a job, unless the same one stands there unclaimed.
///
/// The conflict *locks* the job that stands there until this transaction ends, so nobody claims it and looks at the data
/// before this transaction's own changes can be seen; with `do nothing`, such a change could go unnoticed on PostgreSQL.
pub(super) async fn enqueue(tx: &mut Tx, entropy: &dyn Entropy, task: &Task, run_at: Timestamp) -> Result<()> {
    enqueue_in(tx, entropy, "work", task, run_at).await
}

/// The same in another lane.
pub(super) async fn enqueue_in(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    lane: &str,
    task: &Task,
    run_at: Timestamp,
) -> Result<()> {
    let sql = "insert into jobs (id, task, lane, state, run_at, attempt, claims) values ($1, $2, $3, 'ready', $4, 0, 0) \
               on conflict (task) where state = 'ready' do update \
               set run_at = case when jobs.run_at > excluded.run_at then excluded.run_at else jobs.run_at end";
    tx.run(sql, args![JobId::random(entropy), to_document(task), lane, run_at]).await.map(drop)
}

/// Ends a job within the transaction of its effects; fails where another worker has it.
pub(super) async fn finish(tx: &mut Tx, job: &Job) -> Result<()> {
    let sql = "delete from jobs where id = $1 and claims = $2 and state = 'leased'";
    match tx.run(sql, args![job.id, job.claim]).await? {
        1 => Ok(()),
        _ => Err(StoreError::LeaseLost),
    }
}

/// Puts a job back within a transaction; see [`Store::retry_job`].
pub(super) async fn put_back(tx: &mut Tx, job: &Job, run_at: Timestamp, error: &str) -> Result<()> {
    let sql = "update jobs set state = 'again', run_at = $3, error = $4, worker = null, leased_until = null \
               where id = $1 and claims = $2 and state = 'leased'";
    match tx.run(sql, args![job.id, job.claim, run_at, storable(error)]).await? {
        1 => Ok(()),
        _ => Err(StoreError::LeaseLost),
    }
}

/// Makes sure that this worker holds the job until the end of the transaction, without ending it.
pub(super) async fn hold(tx: &mut Tx, job: &Job) -> Result<()> {
    let sql = "select id from jobs where id = $1 and claims = $2 and state = 'leased' for update";
    let held = tx.row(sql, args![job.id, job.claim]).await?;
    held.map(drop).ok_or(StoreError::LeaseLost)
}
