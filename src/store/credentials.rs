//! Credentials: the intent, the signed bytes, the revocation (issuance step 8, *transaction B*).
//!
//! Architecture invariant: `signed_document` and `jwt_document` are written once, together, and only where there is none; nothing
//! here updates or deletes them.

use sha2::{Digest as _, Sha256};

use super::awards::state_word;
use super::db::{Result, Tx};
use super::decisions::StatusSlot;
use super::keys::hold_active;
use super::messages::{News, tell};
use super::queue::{Job, finish};
use super::signing_log::{self, Signing};
use super::values::{Row, args, to_document};
use super::{Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::award::{AwardState, Recipient, RevocationCategory};
use crate::catalog::Event;
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
    /// The same as a VC-JWT, byte for byte, where the issuer wanted one when it was signed.
    pub jwt: Option<SignedDocument>,
    /// With which key the token is signed.
    pub jwt_key_id: Option<String>,
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

/// A credential just signed, in the forms that its issuer wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signatures<'a> {
    /// With its embedded proof, by the key that the intent names.
    pub document: &'a str,
    /// As a token.
    pub token: Option<TokenSignature<'a>>,
}

/// A credential just signed as a VC-JWT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenSignature<'a> {
    /// The compact form.
    pub text: &'a str,
    /// With which key.
    pub key_id: &'a str,
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
    /// A key that signed was retired in the meantime: nothing is stored, the job is still held; sign anew.
    KeyRetired,
}

/// What revoking did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Revoked {
    /// It is revoked.
    Revoked,
    /// It was revoked before; that revocation stays as it is.
    AlreadyRevoked,
    /// Its next version is being made and would take its place: nothing was done; revoke that one once it is signed.
    BeingReplaced,
    /// There is no signed credential of this id.
    NotFound,
}

macro_rules! select_credential {
    ($rest:literal) => {
        concat!(
            "select id, award, version, issuer, key_id, status_list, status_index, valid_from, recipient_document, \
             unsigned_document, signed_document, signed_sha256, jwt_document, jwt_sha256, jwt_key_id, revoked_at, \
             revoked_category, revoked_text, revoked_by, replaced_by from credentials",
            $rest
        )
    };
}

/// The current credentials of issuer `$1` under a compromised key that still count.
macro_rules! compromised {
    () => {
        " from credentials c where c.issuer = $1 and c.signed_document is not null \
         and exists (select 1 from issuer_keys k where k.key_id in (c.key_id, c.jwt_key_id) and k.compromised_at is not null) \
         and (c.revoked_at is null or c.revoked_category = 'key_compromise') \
         and not exists (select 1 from credentials n where n.award = c.award and n.version > c.version \
                         and n.signed_document is not null)"
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
        let mut tx = self.begin().await?;
        super::queue::hold(&mut tx, job).await?;
        let sql =
            "update credentials set key_id = $2, unsigned_document = $3 where id = $1 and signed_document is null";
        let replaced = tx.run(sql, args![id, key_id, unsigned]).await?;
        tx.commit().await?;
        Ok((replaced == 1).then_some(()))
    }

    /// Stores and logs signed bytes, for ever; the award is issued, the version before is revoked, the job ends.
    pub async fn store_signed(
        &self,
        job: &Job,
        id: CredentialId,
        signed: &Signatures<'_>,
        now: Timestamp,
    ) -> Result<Signed> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let intent = "select key_id, signed_sha256 from credentials where id = $1 for update";
        let intent = tx.row(intent, args![id]).await?.ok_or(StoreError::Reference)?;
        if intent.text_or_null("signed_sha256")?.is_some() {
            tx.commit().await?;
            return Ok(Signed::AlreadyThere);
        }
        let key_id = intent.text("key_id")?;
        for key_id in [Some(key_id.as_str()), signed.token.map(|token| token.key_id)].into_iter().flatten() {
            if !hold_active(&mut tx, key_id).await? {
                return Ok(Signed::KeyRetired);
            }
        }
        let sha256 = hex(&Sha256::digest(signed.document));
        let token_sha256 = signed.token.map(|token| hex(&Sha256::digest(token.text)));
        let sql = "update credentials set signed_document = $2, signed_sha256 = $3, jwt_document = $4, jwt_sha256 = $5, \
                   jwt_key_id = $6 where id = $1 and signed_document is null returning award, version, replaces_as";
        let values = args![
            id,
            signed.document,
            sha256.as_str(),
            signed.token.map(|token| token.text),
            token_sha256.as_deref(),
            signed.token.map(|token| token.key_id)
        ];
        let row = tx.row(sql, values).await?.ok_or(StoreError::Corrupt("an intent"))?;
        signing_log::log(&mut tx, (Signing::Credential, id.to_string()), &sha256, &key_id, now).await?;
        if let (Some(token), Some(sha256)) = (signed.token, &token_sha256) {
            signing_log::log(&mut tx, (Signing::CredentialJwt, id.to_string()), sha256, token.key_id, now).await?;
        }
        let (award, version): (AwardId, _) = (row.parse("award")?, row.count("version")?);
        let issued = AwardState::Issued;
        let sql = "update awards set state = $2, state_document = $3 where id = $1 returning learner, issuer";
        let of = tx.row(sql, args![award, state_word(&issued), to_document(&issued)]).await?;
        let of = of.ok_or(StoreError::Corrupt("a credential's award"))?;
        let (issuer, learner) = (of.parse("issuer")?, of.parse("learner")?);
        let entry =
            Entry::new(now, Action::CredentialIssued, Object::new("credential", id)).of_issuer(&issuer).about(learner);
        tx.note(
            entry.with("award", award.to_string()).with("version", version).with("sha256", sha256).with("key", key_id),
        );
        if version > 1 {
            let replaced = replace_versions(&mut tx, (award, version), id, row.word("replaces_as")?, now).await?;
            for (before, category) in replaced {
                let entry = Entry::new(now, Action::CredentialRevoked, Object::new("credential", before));
                let entry = entry.of_issuer(&issuer).about(learner);
                tx.note(entry.with("category", category.as_str()).with("replaced_by", id.to_string()));
            }
        }
        let event = if version > 1 { Event::CredentialReplaced } else { Event::CredentialIssued };
        let news = News { issuer: &issuer, event, award: Some(award), credential: Some(id), reasons: Vec::new() };
        tell(&mut tx, &*self.entropy, &news, now).await?;
        tx.commit().await?;
        Ok(Signed::Stored)
    }

    /// The current credentials of an issuer that a compromised key signed, in either form, and that still count: in force, or
    /// revoked for that very reason. In the order of their ids, after `after`, `limit` at most.
    pub async fn compromised_credentials(
        &self,
        issuer: &Code,
        after: Option<CredentialId>,
        limit: u32,
    ) -> Result<Vec<(CredentialId, AwardId)>> {
        let sql = concat!("select c.id, c.award", compromised!(), " and c.id > $2 order by c.id limit $3");
        let after = after.map(|id| id.to_string()).unwrap_or_default();
        let rows = self.db.rows(sql, args![issuer, after, limit]).await?;
        rows.iter().map(|row| Ok((row.parse("id")?, row.parse("award")?))).collect()
    }

    /// How many there are of them.
    pub async fn count_compromised_credentials(&self, issuer: &Code) -> Result<u32> {
        let sql = concat!("select count(*) as number", compromised!());
        self.db.row(sql, args![issuer]).await?.map_or(Ok(0), |row| row.count("number"))
    }

    /// For how many of them a next version is being made.
    pub async fn compromised_under_way(&self, issuer: &Code) -> Result<u32> {
        let sql = concat!(
            "select count(*) as number",
            compromised!(),
            " and exists (select 1 from awards a where a.id = c.award and a.state = 'issuing')"
        );
        self.db.row(sql, args![issuer]).await?.map_or(Ok(0), |row| row.count("number"))
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
        let mut tx = self.begin().await?;
        let revoked = self.revoke_in(&mut tx, id, category, (internal_text, by), now).await?;
        if revoked == Revoked::Revoked {
            tx.commit().await?;
        }
        Ok(revoked)
    }

    /// The same within a transaction, which it leaves as it was where there is nothing to revoke.
    pub(super) async fn revoke_in(
        &self,
        tx: &mut Tx,
        id: CredentialId,
        category: RevocationCategory,
        (internal_text, by): (&str, &str),
        now: Timestamp,
    ) -> Result<Revoked> {
        let being_replaced = "select n.id from credentials c join credentials n on n.award = c.award and n.version > c.version \
                              where c.id = $1 and n.signed_document is null and c.revoked_at is null \
                              and c.signed_document is not null";
        // Whoever plans a next version locks this row first, so it is seen here, or sees the revocation.
        tx.row("select id from credentials where id = $1 for update", args![id]).await?;
        if tx.row(being_replaced, args![id]).await?.is_some() {
            return Ok(Revoked::BeingReplaced);
        }
        let sql = "update credentials set revoked_at = $2, revoked_category = $3, revoked_text = $4, revoked_by = $5 \
                   where id = $1 and signed_document is not null and revoked_at is null returning award, status_list";
        let rows = tx.rows(sql, args![id, now, category.as_str(), internal_text, by]).await?;
        if rows.is_empty() {
            let sql = "select id from credentials where id = $1 and signed_document is not null";
            let known = tx.row(sql, args![id]).await?;
            return Ok(known.map_or(Revoked::NotFound, |_| Revoked::AlreadyRevoked));
        }
        show_in_lists(tx, &rows).await?;
        for row in &rows {
            let entry = Entry::new(now, Action::CredentialRevoked, Object::new("credential", id));
            let of = tx.row("select learner, issuer from awards where id = $1", args![row.text("award")?]).await?;
            let of = of.ok_or(StoreError::Corrupt("a credential's award"))?;
            let issuer = of.parse("issuer")?;
            let entry = entry.of_issuer(&issuer).about(of.parse("learner")?);
            tx.note(entry.with("category", category.as_str()).saying(internal_text));
            let award = Some(row.parse("award")?);
            let (event, credential, reasons) = (Event::CredentialRevoked, Some(id), Vec::new());
            tell(tx, &*self.entropy, &News { issuer: &issuer, event, award, credential, reasons }, now).await?;
        }
        Ok(Revoked::Revoked)
    }
}

/// Revokes the versions that `by` replaces, and lets the one before lead to it; which ones, and as what.
async fn replace_versions(
    tx: &mut Tx,
    (award, version): (AwardId, u32),
    by: CredentialId,
    category: RevocationCategory,
    now: Timestamp,
) -> Result<Vec<(CredentialId, RevocationCategory)>> {
    let sql = "update credentials set revoked_at = $3, revoked_category = $4, revoked_text = '', revoked_by = 'sceau' \
               where award = $1 and version < $2 and signed_document is not null and revoked_at is null \
               returning id, status_list";
    let rows = tx.rows(sql, args![award, version, now, category.as_str()]).await?;
    let sql = "update credentials set replaced_by = $3 where award = $1 and version < $2 and replaced_by is null";
    tx.run(sql, args![award, version, by]).await?;
    show_in_lists(tx, &rows).await?;
    rows.iter().map(|row| Ok((row.parse("id")?, category))).collect()
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
        let bytes = |text: &str, sha256: &str| {
            let (text, sha256) = (row.text_or_null(text)?, row.text_or_null(sha256)?);
            Ok::<_, StoreError>(text.zip(sha256).map(|(text, sha256)| SignedDocument { text, sha256 }))
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
            signed: bytes("signed_document", "signed_sha256")?,
            jwt: bytes("jwt_document", "jwt_sha256")?,
            jwt_key_id: row.text_or_null("jwt_key_id")?,
            revocation,
        })
    }
}
