//! Long operations as they are kept: each part's effects, its rows, the place it came to and the job for the next part are one
//! transaction, so that a crash loses no row and does none twice.

use std::collections::{BTreeMap, BTreeSet};

use super::credentials::Revoked;
use super::db::{Filtered, Result};
use super::manual::{ManualDecision, actor_document};
use super::queue::{Job, Task, enqueue, finish};
use super::values::{Row as DbRow, args, to_document};
use super::{Cursor, Page, Paged, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::award::RevocationCategory;
use crate::ids::{Code, CredentialId, ExternalId, LearnerId, OperationId};
use crate::operation::{Operation, OperationState, Place, Request, Row, RowOutcome};
use crate::time::Timestamp;

/// What one part of an operation did.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The lines of the report. Those of [`Part::revocations`] come by themselves.
    pub rows: Vec<Row>,
    /// What is decided by hand.
    pub decisions: Vec<ManualDecision>,
    /// What is revoked: the credential and the row that tells of it, whose outcome is what came of it.
    pub revocations: Vec<(CredentialId, RevocationCategory, Row)>,
    /// The reason for the revocations.
    pub reason: String,
    /// How many learners were looked at.
    pub learners: u32,
    /// How far the operation came.
    pub place: Place,
    /// Where it stands now: [`OperationState::Running`] where there is more to do.
    pub state: OperationState,
    /// Why it can't go on.
    pub problem: Option<String>,
}

/// What a wish to pause, resume, confirm or cancel came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steered {
    /// It is done.
    Done,
    /// The operation stands where this can't be done.
    Not(OperationState),
    /// There is no such operation.
    NotFound,
}

/// A line of a report, with what officers call the learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// Its number, from 1.
    pub number: u32,
    /// The source that first knew the learner.
    pub source: Code,
    /// What the API calls the learner by.
    pub learner: ExternalId,
    /// What came of it.
    pub row: Row,
}

impl ReportRow {
    /// As a report's sheet takes it.
    pub fn line(&self) -> (u32, &Code, &ExternalId, &Row) {
        (self.number, &self.source, &self.learner, &self.row)
    }
}

const COLUMNS: &str = "select id, issuer, session, state, request, place, total, done, counts, problem, created_at, changed_at \
                       from operations";

/// Learners of session `$1` after `$2`, in the order of their ids: whoever has evidence, an award or a decision by hand there.
const LEARNERS: &str = "select learner from (\
     select learner from (select distinct learner from evidence where session = $1 and learner > $2 order by learner limit $3) as e \
     union select learner from (select distinct learner from awards where session = $1 and learner > $2 order by learner limit $3) as a \
     union select learner from (select distinct learner from manual_decisions where session = $1 and learner > $2 order by learner limit $3) as m\
     ) as everybody order by learner limit $3";

impl Store {
    /// Takes an operation down and queues its first part.
    pub async fn start_operation(&self, operation: &Operation) -> Result<()> {
        let mut tx = self.begin().await?;
        let insert = "insert into operations (id, kind, issuer, session, state, request, place, total, done, counts, \
                      created_by, created_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7, $8, 0, '{}', $9, $10, $10)";
        let values = args![
            operation.id,
            operation.request.kind(),
            &operation.issuer,
            &operation.session,
            operation.state.as_str(),
            to_document(&operation.request),
            to_document(&operation.place),
            operation.total,
            actor_document(&self.actor),
            operation.created
        ];
        tx.run(insert, values).await?;
        let entry = Entry::new(operation.created, Action::OperationStarted, Object::new("operation", operation.id));
        let entry = entry.of_issuer(&operation.issuer).with("session", operation.session.as_str());
        tx.note(entry.with("kind", operation.request.kind()).with("learners", operation.total));
        enqueue(&mut tx, &*self.entropy, &Task::Operate { operation: operation.id }, operation.created).await?;
        tx.commit().await
    }

    /// An operation.
    pub async fn operation(&self, id: OperationId) -> Result<Option<Operation>> {
        let (sql, args) = Filtered::new(COLUMNS).and("id =", Some(id)).ordered("id");
        self.db.row(sql, args).await?.as_ref().map(read).transpose()
    }

    /// The operations of an issuer (or of all), newest first.
    pub async fn operations(&self, issuer: Option<&Code>, page: &Page) -> Result<Paged<Operation>> {
        let (sql, args) = Filtered::new(COLUMNS).and("issuer =", issuer).page("created_at", "id", page);
        let items = self.db.rows(sql, args).await?.iter().map(read).collect::<Result<Vec<_>>>()?;
        Ok(Paged::of(items, page, |operation| Cursor { at: operation.created, id: operation.id.to_string() }))
    }

    /// How many learners have anything in a session.
    pub async fn count_session_learners(&self, session: &Code) -> Result<u32> {
        let sql = "select count(*) as number from (select learner from evidence where session = $1 \
                   union select learner from awards where session = $1 \
                   union select learner from manual_decisions where session = $1) as everybody";
        self.db.row(sql, args![session]).await?.map_or(Ok(0), |row| row.count("number"))
    }

    /// Learners who have anything in a session, in the order of their ids, after `after`. Whoever turned out to be another one comes
    /// once: as the first of those who are one. Returns how far it came, and whom it found.
    pub async fn session_learners(
        &self,
        session: &Code,
        after: Option<LearnerId>,
        limit: u32,
    ) -> Result<(Option<LearnerId>, Vec<LearnerId>)> {
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.db.rows(LEARNERS, args![session, after, limit]).await?;
        let found = rows.iter().map(|row| row.parse("learner")).collect::<Result<Vec<LearnerId>>>()?;
        let mut learners = Vec::with_capacity(found.len());
        for id in &found {
            // The others who are the same person and have something here.
            let sql = "select g.id from learners g join learners c on c.canonical = g.canonical where c.id = $2 and g.id < $2 \
                       and (exists (select 1 from evidence e where e.session = $1 and e.learner = g.id) \
                       or exists (select 1 from awards a where a.session = $1 and a.learner = g.id) \
                       or exists (select 1 from manual_decisions m where m.session = $1 and m.learner = g.id)) limit 1";
            if self.db.row(sql, args![session, *id]).await?.is_none() {
                learners.push(*id);
            }
        }
        Ok((found.last().copied(), learners))
    }

    /// Ends the job that did a part of an operation: takes its effects, its rows and its place down, and queues the next part. An
    /// operation that was paused or cancelled in the meantime keeps that state.
    pub async fn finish_part(&self, job: &Job, id: OperationId, part: &Part, now: Timestamp) -> Result<OperationState> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let (sql, args) = Filtered::new(COLUMNS).and("id =", Some(id)).ordered("id for update");
        let operation = tx.row(sql, args).await?.as_ref().map(read).transpose()?;
        let mut operation = operation.ok_or(StoreError::Corrupt("an operation"))?;
        let mut rows = part.rows.clone();
        for decision in &part.decisions {
            self.decide_by_hand_in(&mut tx, decision, now).await?;
        }
        for (credential, category, row) in &part.revocations {
            let outcome =
                match self.revoke_in(&mut tx, *credential, *category, (&part.reason, "operation"), now).await? {
                    Revoked::Revoked => RowOutcome::Revoked,
                    Revoked::AlreadyRevoked => RowOutcome::AlreadyRevoked,
                    Revoked::BeingReplaced => RowOutcome::BeingReplaced,
                    Revoked::NotFound => RowOutcome::NothingToRevoke,
                };
            rows.push(Row { outcome, ..row.clone() });
        }
        let mut number = operation.counts.values().sum::<u32>();
        for row in &rows {
            number += 1;
            *operation.counts.entry(row.outcome).or_default() += 1;
            let insert = "insert into operation_rows (operation, number, learner, outcome, document) values ($1, $2, $3, $4, $5)";
            tx.run(insert, args![id, number, row.learner, row.outcome.as_str(), to_document(row)]).await?;
        }
        let state = if operation.state == OperationState::Running { part.state } else { operation.state };
        let update = "update operations set state = $2, place = $3, done = done + $4, counts = $5, problem = $6, changed_at = $7 \
                      where id = $1";
        let (place, counts) = (to_document(&part.place), to_document(&operation.counts));
        tx.run(update, args![id, state.as_str(), place, part.learners, counts, part.problem.as_deref(), now]).await?;
        if state == OperationState::Running {
            enqueue(&mut tx, &*self.entropy, &Task::Operate { operation: id }, now).await?;
        }
        if state.is_over() {
            let entry = Entry::new(now, Action::OperationEnded, Object::new("operation", id));
            let mut entry = entry.of_issuer(&operation.issuer).with("state", state.as_str());
            for (outcome, count) in &operation.counts {
                entry = entry.with(outcome.as_str(), *count);
            }
            tx.note(entry);
        }
        tx.commit().await?;
        Ok(state)
    }

    /// Brings an operation from one of some states to another; a running one gets its next part queued. `request` replaces what was
    /// asked for, where a confirmation changes it.
    pub async fn steer_operation(
        &self,
        id: OperationId,
        (from, to): (&[OperationState], OperationState),
        request: Option<&Request>,
        now: Timestamp,
    ) -> Result<Steered> {
        let mut tx = self.begin().await?;
        let (sql, args) = Filtered::new(COLUMNS).and("id =", Some(id)).ordered("id for update");
        let Some(operation) = tx.row(sql, args).await?.as_ref().map(read).transpose()? else {
            return Ok(Steered::NotFound);
        };
        if !from.contains(&operation.state) {
            return Ok(Steered::Not(operation.state));
        }
        let request = to_document(request.unwrap_or(&operation.request));
        let update = "update operations set state = $2, request = $3, changed_at = $4 where id = $1";
        tx.run(update, args![id, to.as_str(), request, now]).await?;
        if to == OperationState::Running {
            enqueue(&mut tx, &*self.entropy, &Task::Operate { operation: id }, now).await?;
        }
        let entry =
            Entry::new(now, Action::OperationSteered, Object::new("operation", id)).of_issuer(&operation.issuer);
        tx.note(entry.with("from", operation.state.as_str()).with("to", to.as_str()));
        tx.commit().await?;
        Ok(Steered::Done)
    }

    /// Lines of an operation's report, in order, after a number.
    pub async fn operation_rows(
        &self,
        id: OperationId,
        outcome: Option<RowOutcome>,
        after: u32,
        limit: u32,
    ) -> Result<Vec<ReportRow>> {
        let select = "select r.number, r.document, c.source, c.external_id from operation_rows r \
                      join learners l on l.id = r.learner join learners c on c.id = l.canonical";
        let (sql, args) = Filtered::new(select)
            .and("r.operation =", Some(id))
            .and("r.number >", Some(after))
            .and("r.outcome =", outcome.map(RowOutcome::as_str))
            .first("r.number", limit.clamp(1, 500));
        let read = |row: &DbRow| {
            Ok(ReportRow {
                number: row.count("number")?,
                source: row.parse("source")?,
                learner: row.parse("external_id")?,
                row: row.document("document")?,
            })
        };
        self.db.rows(sql, args).await?.iter().map(read).collect()
    }

    /// The learners whom a report names with an outcome, each once.
    pub async fn operation_learners(&self, id: OperationId, outcome: RowOutcome) -> Result<Vec<LearnerId>> {
        let sql = "select distinct learner from operation_rows where operation = $1 and outcome = $2 order by learner";
        let rows = self.db.rows(sql, args![id, outcome.as_str()]).await?;
        let learners: BTreeSet<LearnerId> = rows.iter().map(|row| row.parse("learner")).collect::<Result<_>>()?;
        Ok(learners.into_iter().collect())
    }
}

fn read(row: &DbRow) -> Result<Operation> {
    Ok(Operation {
        id: row.parse("id")?,
        issuer: row.parse("issuer")?,
        session: row.parse("session")?,
        request: row.document("request")?,
        state: row.word("state")?,
        place: row.document("place")?,
        total: row.count("total")?,
        done: row.count("done")?,
        counts: row.document::<BTreeMap<RowOutcome, u32>>("counts")?,
        problem: row.text_or_null("problem")?,
        created: row.moment("created_at")?,
        changed: row.moment("changed_at")?,
    })
}
