//! What sources named that their configuration has no mapping for, until somebody maps it or dismisses it.
//!
//! A proposal is kept beside the deliveries that wait, and goes by itself once the source's configuration covers it. What it might
//! stand for is not here: that is guessed when it is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::db::{Filtered, Result, Tx};
use super::values::{Row, args, to_document};
use super::{Cursor, Page, Paged, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::catalog::{LmsId, Source, Unmapped};
use crate::ids::{Code, DeliveryId, ProposalId};
use crate::time::Timestamp;

/// Something to be mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its id.
    pub id: ProposalId,
    /// Who named it.
    pub source: Code,
    /// What, with the names seen.
    pub unmapped: Unmapped,
    /// Where it stands.
    pub state: ProposalState,
    /// When it was first named.
    pub first_seen: Timestamp,
    /// When it was last named.
    pub last_seen: Timestamp,
    /// How many deliveries wait that named it.
    pub waiting: u32,
}

/// Where a proposal stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Somebody should say what it stands for.
    Open,
    /// Somebody said that it is of no interest. What waits for it goes on waiting.
    Dismissed,
}

impl ProposalState {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Dismissed => "dismissed",
        }
    }
}

macro_rules! select_proposal {
    () => {
        "select id, source, document, state, first_seen, last_seen, \
         (select count(*) from mapping_proposal_deliveries w join deliveries d on d.id = w.delivery \
          where w.proposal = p.id and d.state = 'parked') as waiting from mapping_proposals p"
    };
}

impl Store {
    /// Keeps what a delivery named that has no mapping, with the names that came with it.
    pub async fn propose(
        &self,
        source: &Code,
        delivery: DeliveryId,
        unmapped: &[Unmapped],
        now: Timestamp,
    ) -> Result<()> {
        // A batch of statements may name one thing many times.
        let mut each: BTreeMap<&LmsId, Unmapped> = BTreeMap::new();
        for named in unmapped {
            let held = each.entry(&named.id).or_insert_with(|| named.clone());
            held.learn_names(&named.course_names, &named.activity_names);
        }
        for unmapped in each.values() {
            // Each by itself: a worker that held several would stand in the way of a change of the source, and it in theirs.
            let mut tx = self.begin().await?;
            let id = &unmapped.id;
            let iri = id.iri().map_or("", |iri| iri.as_str());
            let (course, module) = (id.course().unwrap_or(""), id.module().unwrap_or(""));
            let insert = "insert into mapping_proposals \
                          (id, source, course, module, iri, document, state, first_seen, last_seen) \
                          values ($1, $2, $3, $4, $5, $6, 'open', $7, $7) \
                          on conflict (source, course, module, iri) do update set last_seen = excluded.last_seen";
            let new = ProposalId::random(&*self.entropy);
            tx.run(insert, args![new, source, course, module, iri, to_document(unmapped), now]).await?;
            let select = "select id, document from mapping_proposals \
                          where source = $1 and course = $2 and module = $3 and iri = $4";
            let row = tx.row(select, args![source, course, module, iri]).await?;
            let row = row.ok_or(StoreError::Corrupt("a proposal"))?;
            let proposal: ProposalId = row.parse("id")?;
            let mut known: Unmapped = row.document("document")?;
            let before = known.clone();
            known.learn_names(&unmapped.course_names, &unmapped.activity_names);
            if known != before {
                let update = "update mapping_proposals set document = $2 where id = $1";
                tx.run(update, args![proposal, to_document(&known)]).await?;
            }
            let waits = "insert into mapping_proposal_deliveries (proposal, delivery) values ($1, $2) \
                         on conflict (proposal, delivery) do nothing";
            tx.run(waits, args![proposal, delivery]).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// What a source named that has no mapping, last named first.
    pub async fn proposals(&self, source: &Source, state: ProposalState, page: &Page) -> Result<Paged<Proposal>> {
        let (sql, args) = Filtered::new(select_proposal!())
            .and("source =", Some(&source.code))
            .and("state =", Some(state.as_str()))
            .page("last_seen", "id", page);
        let rows = self.db.rows(sql, args).await?;
        let items = rows.iter().map(Proposal::read).collect::<Result<Vec<_>>>()?;
        let mut page = Paged::of(items, page, |item| Cursor { at: item.last_seen, id: item.id.to_string() });
        // A worker that read the configuration just before it changed may have kept one since.
        page.items.retain(|proposal| proposal.unmapped.missing(source).is_some());
        Ok(page)
    }

    /// One of them.
    pub async fn proposal(&self, source: &Code, id: ProposalId) -> Result<Option<Proposal>> {
        let sql = concat!(select_proposal!(), " where source = $1 and id = $2");
        self.db.row(sql, args![source, id]).await?.as_ref().map(Proposal::read).transpose()
    }

    /// Shows a proposal no more, whoever names it again; false where there is no such proposal.
    pub async fn dismiss_proposal(&self, source: &Source, id: ProposalId, now: Timestamp) -> Result<bool> {
        let mut tx = self.begin().await?;
        let select = "select state from mapping_proposals where source = $1 and id = $2 for update";
        let Some(row) = tx.row(select, args![&source.code, id]).await? else { return Ok(false) };
        if row.word::<ProposalState>("state")? == ProposalState::Open {
            tx.run("update mapping_proposals set state = 'dismissed' where id = $1", args![id]).await?;
            let entry = Entry::new(now, Action::MappingDismissed, Object::new("source", &source.code));
            tx.note(entry.of_issuer(&source.issuer).with("proposal", id.to_string()));
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Forgets the proposals that a source's configuration covers now.
pub(super) async fn settle_proposals(tx: &mut Tx, source: &Source) -> Result<()> {
    let select = "select id, document from mapping_proposals where source = $1 order by id for update";
    for row in tx.rows(select, args![&source.code]).await? {
        let unmapped: Unmapped = row.document("document")?;
        if unmapped.missing(source).is_none() {
            tx.run("delete from mapping_proposals where id = $1", args![row.text("id")?]).await?;
        }
    }
    Ok(())
}

impl Proposal {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parse("id")?,
            source: row.parse("source")?,
            unmapped: row.document("document")?,
            state: row.word("state")?,
            first_seen: row.moment("first_seen")?,
            last_seen: row.moment("last_seen")?,
            waiting: row.count("waiting")?,
        })
    }
}
