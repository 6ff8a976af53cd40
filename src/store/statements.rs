//! xAPI statements that were taken: each once, under the id it has within its source, with the delivery that brings the new ones to
//! whoever reads them.
//!
//! Of a statement itself only the hash is kept that two of one id are compared by; its text is in the delivery, and is deleted with it.
//! Whether a statement is voided is never written: it is so while there is one that voids it, whichever of both came first.

use std::collections::HashSet;

use super::Store;
use super::db::{Result, Tx};
use super::deliveries::{NewDelivery, keep_delivery, read_body};
use super::values::args;
use crate::ids::{Code, DeliveryId, StatementId};
use crate::time::Timestamp;

/// A statement to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewStatement {
    /// Its id.
    pub id: StatementId,
    /// The hash of what may not differ between two statements of one id.
    pub digest: String,
    /// The moment that it states itself; none where it was given one here.
    pub at: Option<Timestamp>,
    /// The statement that it voids.
    pub voids: Option<StatementId>,
    /// All of it, JSON.
    pub document: String,
}

/// What keeping a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeptStatements {
    /// All of it is kept, and so many of its statements are new.
    All(usize),
    /// Another statement is kept under this id; nothing was done.
    Other(StatementId),
}

/// A statement that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptStatement {
    /// The body of the delivery that it is in.
    pub body: Vec<u8>,
    /// When it was kept.
    pub stored: Timestamp,
    /// Whether another voids it.
    pub standing: Standing,
}

/// Whether a statement is to be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It stands.
    Stands,
    /// Another statement voids it.
    Voided,
}

/// Holds for a statement `s` that another one voids; a statement that voids is never voided itself (part 2, 2.3.2).
macro_rules! is_voided {
    () => {
        "s.voids is null and exists (select 1 from statements v where v.source = s.source and v.voids = s.id)"
    };
}

impl Store {
    /// Keeps those of a batch that are new, with a delivery of them, all or nothing.
    pub async fn keep_statements(
        &self,
        source: &Code,
        statements: &[NewStatement],
        delivery: DeliveryId,
        now: Timestamp,
    ) -> Result<KeptStatements> {
        // One order for all, so that two at once wait for each other instead of deadlocking.
        let mut sorted: Vec<&NewStatement> = statements.iter().collect();
        sorted.sort_by_key(|statement| statement.id);
        let mut tx = self.begin().await?;
        let mut new = HashSet::new();
        for statement in sorted {
            let insert = "insert into statements (source, id, digest, at, voids, delivery, stored_at) \
                          values ($1, $2, $3, $4, $5, $6, $7) on conflict (source, id) do nothing";
            let digest = statement.digest.as_str();
            let values = args![source, statement.id, digest, statement.at, statement.voids, delivery, now];
            if tx.run(insert, values).await? == 1 {
                new.insert(statement.id);
            } else if !is_kept(&mut tx, source, statement).await? {
                return Ok(KeptStatements::Other(statement.id));
            }
        }
        if new.is_empty() {
            return Ok(KeptStatements::All(0));
        }
        let mut first = new.clone();
        let bodies = statements.iter().filter(|statement| first.remove(&statement.id)).map(|new| new.document.as_str());
        let body = format!("[{}]", bodies.collect::<Vec<_>>().join(","));
        let webhook_id = format!("xapi-{delivery}");
        let delivery =
            NewDelivery { id: delivery, source: source.clone(), webhook_id, received_at: now, body: body.into_bytes() };
        keep_delivery(&mut tx, &*self.entropy, &delivery).await?;
        tx.commit().await?;
        Ok(KeptStatements::All(new.len()))
    }

    /// A statement of a source.
    pub async fn statement(&self, source: &Code, id: StatementId) -> Result<Option<KeptStatement>> {
        const SQL: &str = concat!(
            "select d.body, s.stored_at, case when ",
            is_voided!(),
            " then 'voided' else 'stands' end as standing \
             from statements s join deliveries d on d.id = s.delivery where s.source = $1 and s.id = $2"
        );
        let Some(row) = self.db.row(SQL, args![source, id]).await? else { return Ok(None) };
        let standing = if row.text("standing")? == "voided" { Standing::Voided } else { Standing::Stands };
        Ok(Some(KeptStatement { body: read_body(&row)?, stored: row.moment("stored_at")?, standing }))
    }

    /// Those of some statements that another one voids.
    pub async fn voided_among(&self, source: &Code, ids: &[StatementId]) -> Result<HashSet<StatementId>> {
        const SQL: &str = concat!("select s.id from statements s where s.source = $1 and s.id = $2 and ", is_voided!());
        let mut voided = HashSet::new();
        for id in ids {
            if self.db.row(SQL, args![source, *id]).await?.is_some() {
                voided.insert(*id);
            }
        }
        Ok(voided)
    }
}

/// Whether a statement is kept already: the same by the rules of comparison, at the same moment where both say when.
async fn is_kept(tx: &mut Tx, source: &Code, statement: &NewStatement) -> Result<bool> {
    let select = "select digest, at from statements where source = $1 and id = $2";
    let Some(row) = tx.row(select, args![source, statement.id]).await? else { return Ok(false) };
    let at = row.moment_or_null("at")?;
    let same_moment = at.is_none() || statement.at.is_none() || at == statement.at;
    Ok(same_moment && row.text("digest")? == statement.digest)
}
