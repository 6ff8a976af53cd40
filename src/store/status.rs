//! Status lists: which index a credential gets, and which are revoked (Bitstring Status List 1.0, purpose `revocation`).
//!
//! A list's bits are not stored: they are the revoked credentials that have an index in it. Its revision counts their changes,
//! so that a published form can be told from a stale one.

use sha2::{Digest as _, Sha256};

use super::Store;
use super::db::{Result, Tx};
use super::decisions::StatusSlot;
use super::error::StoreError;
use super::keys::hold_active;
use super::signing_log::{self, Signing};
use super::values::{Row, args};
use crate::entropy::Entropy;
use crate::ids::{Code, StatusListId, hex};
use crate::time::Timestamp;

/// A status list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusList {
    /// The last part of its public id.
    pub id: StatusListId,
    /// Whose credentials it covers.
    pub issuer: Code,
    /// How many entries it has.
    pub size: u32,
    /// How often its bits changed.
    pub revision: u32,
    /// The indexes whose bit is set, ascending.
    pub revoked: Vec<u32>,
    /// Its latest signed form, as in [`ListForm::published`].
    pub published: Option<Published>,
}

/// What there is of a status list to show, without its bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListForm {
    /// How often its bits changed.
    pub revision: u32,
    /// Its latest signed form. One by a compromised key counts as none.
    pub published: Option<Published>,
}

/// A signed form of a status list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The revision it shows.
    pub revision: u32,
    /// The signed document.
    pub signed: String,
    /// With which key.
    pub key_id: String,
    /// Its `validUntil`.
    pub valid_until: Timestamp,
}

macro_rules! select_list {
    () => {
        "select l.issuer, l.size, l.revision, l.published_revision, l.published_document, l.published_until, l.published_key, \
         k.compromised_at from status_lists l left join issuer_keys k on k.key_id = l.published_key where l.id = $1"
    };
}

impl Store {
    /// What there is of a status list to show.
    pub async fn status_list_form(&self, id: StatusListId) -> Result<Option<ListForm>> {
        let Some(row) = self.db.row(select_list!(), args![id]).await? else { return Ok(None) };
        Ok(Some(ListForm { revision: row.count("revision")?, published: Published::read(&row)? }))
    }

    /// A status list, all of it as of one moment.
    pub async fn status_list(&self, id: StatusListId) -> Result<Option<StatusList>> {
        let mut tx = self.db.snapshot().await?;
        let Some(row) = tx.row(select_list!(), args![id]).await? else { return Ok(None) };
        let sql = "select status_index from credentials where status_list = $1 and revoked_at is not null order by status_index";
        let revoked = tx.rows(sql, args![id]).await?;
        tx.commit().await?;
        Ok(Some(StatusList {
            id,
            issuer: row.parse("issuer")?,
            size: row.count("size")?,
            revision: row.count("revision")?,
            revoked: revoked.iter().map(|row| row.count("status_index")).collect::<Result<_>>()?,
            published: Published::read(&row)?,
        }))
    }

    /// Keeps and logs the signed form of a revision, unless a newer or longer valid one is kept or its key signs no more; none
    /// where it was not kept, and then nobody may see it.
    pub async fn publish_status_list(&self, id: StatusListId, form: &Published, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        if !hold_active(&mut tx, &form.key_id).await? {
            return Ok(None);
        }
        // A form by another key gives way to one by the key that signs: it may be compromised.
        let sql = "update status_lists set published_revision = $2, published_document = $3, published_until = $4, \
                   published_key = $5 where id = $1 and revision >= $2 and (published_revision is null \
                   or published_revision < $2 or (published_revision = $2 \
                   and (published_until < $4 or published_key is null or published_key <> $5)))";
        let signed = form.signed.as_str();
        let values = args![id, form.revision, signed, form.valid_until, form.key_id.as_str()];
        let kept = tx.run(sql, values).await?;
        if kept == 1 {
            let sha256 = hex(&Sha256::digest(signed));
            signing_log::log(&mut tx, (Signing::StatusList, id.to_string()), &sha256, &form.key_id, now).await?;
        }
        tx.commit().await?;
        Ok((kept == 1).then_some(()))
    }
}

impl Published {
    /// The published form in a row of `select_list`; one without a key is from before keys were noted.
    fn read(row: &Row) -> Result<Option<Self>> {
        let (Some(signed), Some(key_id)) =
            (row.text_or_null("published_document")?, row.text_or_null("published_key")?)
        else {
            return Ok(None);
        };
        if row.moment_or_null("compromised_at")?.is_some() {
            return Ok(None);
        }
        let (revision, valid_until) = (row.count("published_revision")?, row.moment("published_until")?);
        Ok(Some(Self { revision, signed, key_id, valid_until }))
    }
}

/// Gives out an index that no credential has, drawn at random, so that neighbours tell nothing of each other. A list is closed
/// once half of it is given out: draws stay short, and the free half keeps its crowd.
pub(super) async fn allocate(tx: &mut Tx, entropy: &dyn Entropy, issuer: &Code, size: u32) -> Result<StatusSlot> {
    // The issuer's row is the turnstile: one plan at a time per issuer.
    let turnstile = tx.row("select code from issuers where code = $1 for no key update", args![issuer]).await?;
    turnstile.ok_or(StoreError::Reference)?;
    let open = "select id, size, allocated from status_lists where issuer = $1 and state = 'open'";
    let (list, size) = match tx.row(open, args![issuer]).await? {
        Some(row) if row.count("allocated")? < row.count("size")?.div_ceil(2) => (row.parse("id")?, row.count("size")?),
        full => {
            if let Some(full) = full {
                tx.run("update status_lists set state = 'closed' where id = $1", args![full.text("id")?]).await?;
            }
            let list = StatusListId::random(entropy);
            let insert = "insert into status_lists (id, issuer, size, allocated, state, revision) \
                          values ($1, $2, $3, 0, 'open', 0)";
            tx.run(insert, args![list, issuer, size]).await?;
            (list, size)
        }
    };
    tx.run("update status_lists set allocated = allocated + 1 where id = $1", args![list]).await?;
    loop {
        let index = entropy.below(size);
        let taken = "select id from credentials where status_list = $1 and status_index = $2";
        if tx.row(taken, args![list, index]).await?.is_none() {
            return Ok(StatusSlot { list, index });
        }
    }
}
