//! Credentials: the intent, the signed bytes, the revocation (issuance step 8, *transaction B*).
//!
//! Architecture invariant: `signed_document` is written once, and only where it is null; nothing here updates or deletes it.

use sha2::{Digest as _, Sha256};

use super::awards::state_word;
use super::db::{Result, Tx};
use super::decisions::StatusSlot;
use super::queue::{Job, finish};
use super::values::{Row, args, to_document};
use super::{Store, StoreError};
use crate::award::{AwardState, Recipient, RevocationCategory};
use crate::ids::{AwardId, Code, CredentialId, hex};
use crate::time::Timestamp;

/// A credential, planned or signed.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialRecord {
    /// The last part of its public id.
    pub id: CredentialId,
    /// The award it attests.
    pub award: AwardId,
    /// Its number among the award's credentials, from 1.
    pub version: u32,
    /// Who signs it.
    pub issuer: Code,
    /// With which key.
    pub key_id: String,
    /// Its place in a status list.
    pub slot: StatusSlot,
    /// Its `validFrom`.
    pub valid_from: Timestamp,
    /// Whom this version names, in its PDF.
    pub recipient: Recipient,
    /// The unsigned document.
    pub unsigned: String,
    /// The signed one, byte for byte.
    pub signed: Option<SignedDocument>,
    /// Whether and why it was revoked.
    pub revocation: Option<Revocation>,
}

/// Signed bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedDocument {
    /// The document.
    pub text: String,
    /// SHA-256 of it, in hex: an entity tag that never changes.
    pub sha256: String,
}

/// Why a credential no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// Since when.
    pub at: Timestamp,
    /// Why, for anyone.
    pub category: RevocationCategory,
    /// Why, never published.
    pub internal_text: String,
    /// Who did it: a token's label, or `sceau` for a correction.
    pub by: String,
    /// The version that replaces it, if one does.
    pub replaced_by: Option<CredentialId>,
}

/// What storing a signed document did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signed {
    /// It is stored.
    Stored,
    /// A signed document is there already and stays.
    AlreadyThere,
}

/// What revoking did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked.
    Revoked,
    /// It was revoked before; that revocation stays as it is.
    AlreadyRevoked,
    /// There is no signed credential of this id.
    NotFound,
}

macro_rules! select_credential {
    ($rest:literal) => {
        concat!(
            "select id, award, version, issuer, key_id, status_list, status_index, valid_from, recipient_document, \
             unsigned_document, signed_document, signed_sha256, revoked_at, revoked_category, revoked_text, revoked_by, \
             replaced_by from credentials",
            $rest
        )
    };
}

impl Store {
    /// A credential.
    pub async fn credential(&self, id: CredentialId) -> Result<Option<CredentialRecord>> {
        let row = self.db.row(select_credential!(" where id = $1"), args![id]).await?;
        row.as_ref().map(CredentialRecord::read).transpose()
    }

    /// The signed credential of an award with the highest version, revoked or not.
    pub async fn current_credential(&self, award: AwardId) -> Result<Option<CredentialRecord>> {
        let sql = select_credential!(" where award = $1 and signed_document is not null order by version desc limit 1");
        self.db.row(sql, args![award]).await?.as_ref().map(CredentialRecord::read).transpose()
    }

    /// All credentials of an award, by version.
    pub async fn credentials_of(&self, award: AwardId) -> Result<Vec<CredentialRecord>> {
        let rows = self.db.rows(select_credential!(" where award = $1 order by version"), args![award]).await?;
        rows.iter().map(CredentialRecord::read).collect()
    }

    /// Replaces the intent of a credential that is not signed yet, for the holder of the job that makes it; none where it is
    /// signed. The job stays leased.
    pub async fn replace_intent(
        &self,
        job: &Job,
        id: CredentialId,
        key_id: &str,
        unsigned: &str,
    ) -> Result<Option<()>> {
        let mut tx = self.db.begin().await?;
        super::queue::hold(&mut tx, job).await?;
        let sql =
            "update credentials set key_id = $2, unsigned_document = $3 where id = $1 and signed_document is null";
        let replaced = tx.run(sql, args![id, key_id, unsigned]).await?;
        tx.commit().await?;
        Ok((replaced == 1).then_some(()))
    }

    /// Stores signed bytes, for ever; the award is issued, the version before is revoked, the job ends.
    pub async fn store_signed(&self, job: &Job, id: CredentialId, signed: &str, now: Timestamp) -> Result<Signed> {
        let mut tx = self.db.begin().await?;
        finish(&mut tx, job).await?;
        let sha256 = hex(&Sha256::digest(signed));
        let sql = "update credentials set signed_document = $2, signed_sha256 = $3 \
                   where id = $1 and signed_document is null returning award, version";
        let Some(row) = tx.row(sql, args![id, signed, sha256]).await? else {
            let known = tx.row("select id from credentials where id = $1", args![id]).await?;
            known.ok_or(StoreError::Reference)?;
            tx.commit().await?;
            return Ok(Signed::AlreadyThere);
        };
        let (award, version): (AwardId, _) = (row.parse("award")?, row.count("version")?);
        let issued = AwardState::Issued;
        let sql = "update awards set state = $2, state_document = $3 where id = $1";
        tx.run(sql, args![award, state_word(&issued), to_document(&issued)]).await?;
        if version > 1 {
            replace_versions(&mut tx, award, version, id, now).await?;
        }
        tx.commit().await?;
        Ok(Signed::Stored)
    }

    /// Revokes a signed credential; its status list shows it at once. `internal_text` is never published.
    pub async fn revoke(
        &self,
        id: CredentialId,
        category: RevocationCategory,
        internal_text: &str,
        by: &str,
        now: Timestamp,
    ) -> Result<Revoked> {
        let mut tx = self.db.begin().await?;
        let sql = "update credentials set revoked_at = $2, revoked_category = $3, revoked_text = $4, revoked_by = $5 \
                   where id = $1 and signed_document is not null and revoked_at is null returning status_list";
        let rows = tx.rows(sql, args![id, now, category.as_str(), internal_text, by]).await?;
        if rows.is_empty() {
            let sql = "select id from credentials where id = $1 and signed_document is not null";
            let known = tx.row(sql, args![id]).await?;
            return Ok(known.map_or(Revoked::NotFound, |_| Revoked::AlreadyRevoked));
        }
        show_in_lists(&mut tx, &rows).await?;
        tx.commit().await?;
        Ok(Revoked::Revoked)
    }
}

/// Revokes the versions that `by` replaces, and lets the one before lead to it.
async fn replace_versions(tx: &mut Tx, award: AwardId, version: u32, by: CredentialId, now: Timestamp) -> Result<()> {
    let sql = "update credentials set revoked_at = $3, revoked_category = $4, revoked_text = '', revoked_by = 'sceau' \
               where award = $1 and version < $2 and signed_document is not null and revoked_at is null returning status_list";
    let category = RevocationCategory::DetailsCorrected.as_str();
    let rows = tx.rows(sql, args![award, version, now, category]).await?;
    let sql = "update credentials set replaced_by = $3 where award = $1 and version < $2 and replaced_by is null";
    tx.run(sql, args![award, version, by]).await?;
    show_in_lists(tx, &rows).await
}

/// Counts a revision of each status list in which a bit changed.
async fn show_in_lists(tx: &mut Tx, rows: &[Row]) -> Result<()> {
    for row in rows {
        let sql = "update status_lists set revision = revision + 1 where id = $1";
        tx.run(sql, args![row.text("status_list")?]).await?;
    }
    Ok(())
}

impl CredentialRecord {
    fn read(row: &Row) -> Result<Self> {
        let signed = match (row.text_or_null("signed_document")?, row.text_or_null("signed_sha256")?) {
            (Some(text), Some(sha256)) => Some(SignedDocument { text, sha256 }),
            _ => None,
        };
        let revocation = match row.moment_or_null("revoked_at")? {
            None => None,
            Some(at) => Some(Revocation {
                at,
                category: row.word("revoked_category")?,
                internal_text: row.text("revoked_text")?,
                by: row.text("revoked_by")?,
                replaced_by: row.parse_or_null("replaced_by")?,
            }),
        };
        Ok(Self {
            id: row.parse("id")?,
            award: row.parse("award")?,
            version: row.count("version")?,
            issuer: row.parse("issuer")?,
            key_id: row.text("key_id")?,
            slot: StatusSlot { list: row.parse("status_list")?, index: row.count("status_index")? },
            valid_from: row.moment("valid_from")?,
            recipient: row.document("recipient_document")?,
            unsigned: row.text("unsigned_document")?,
            signed,
            revocation,
        })
    }
}
