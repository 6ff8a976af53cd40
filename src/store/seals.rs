//! Seals: which certificate seals for an issuer, and the attestations that were sealed. Private keys and the text of a PDF never come
//! here: the first stay in the keyring, the second comes encrypted.

use serde::{Deserialize, Serialize};

use super::alerts::{AlertKind, settle_by_itself};
use super::db::{Result, Tx};
use super::values::{Row, args};
use super::{EncryptedText, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::award::Award;
use crate::ids::{Code, CredentialId, LearnerId};
use crate::time::Timestamp;

/// A certificate that seals, or sealed, for an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealRecord {
    /// Whose attestations it seals.
    pub issuer: Code,
    /// SHA-256 of the certificate, in hex.
    pub fingerprint: String,
    /// The JWK thumbprint of its key: where that is in the keyring.
    pub thumbprint: String,
    /// It, and those above it, in PEM.
    pub certificates: String,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// Whether it seals.
    pub state: SealState,
    /// Since when it is known here.
    pub created: Timestamp,
    /// Since when it seals no more.
    pub retired: Option<Timestamp>,
}

/// Whether a certificate seals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SealState {
    /// It does: one per issuer at most.
    Active,
    /// It does no more.
    Retired,
}

macro_rules! select_seal {
    ($rest:literal) => {
        concat!(
            "select issuer, fingerprint, thumbprint, certificates, not_before, not_after, state, created_at, retired_at \
             from seals",
            $rest
        )
    };
}

impl Store {
    /// Lets a certificate seal for an issuer; the one before it, if any, is retired in the same step. One that was known before seals
    /// again, with the certificates given now. The issuer must be known ([`StoreError::Reference`]).
    pub async fn put_seal(&self, seal: &SealRecord, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        hold_issuer(&mut tx, &seal.issuer).await?;
        let retire = "update seals set state = 'retired', retired_at = $2 \
                      where issuer = $1 and state = 'active' and fingerprint <> $3 returning fingerprint";
        for row in tx.rows(retire, args![&seal.issuer, now, seal.fingerprint.as_str()]).await? {
            note(&mut tx, Action::SealRetired, &row.text("fingerprint")?, &seal.issuer, now);
        }
        let insert = "insert into seals (issuer, fingerprint, thumbprint, certificates, not_before, not_after, state, created_at) \
                      values ($1, $2, $3, $4, $5, $6, 'active', $7) on conflict (issuer, fingerprint) do update \
                      set state = 'active', retired_at = null, certificates = excluded.certificates";
        let values = args![
            &seal.issuer,
            seal.fingerprint.as_str(),
            seal.thumbprint.as_str(),
            seal.certificates.as_str(),
            seal.not_before,
            seal.not_after,
            now
        ];
        tx.run(insert, values).await?;
        note(&mut tx, Action::SealAdded, &seal.fingerprint, &seal.issuer, now);
        tx.commit().await
    }

    /// Ends sealing for an issuer: what was sealed stays. None where nothing seals for it; else the fingerprint of what did.
    pub async fn retire_seal(&self, issuer: &Code, now: Timestamp) -> Result<Option<String>> {
        let mut tx = self.begin().await?;
        let sql = "update seals set state = 'retired', retired_at = $2 where issuer = $1 and state = 'active' returning fingerprint";
        let Some(row) = tx.row(sql, args![issuer, now]).await? else { return Ok(None) };
        let fingerprint = row.text("fingerprint")?;
        note(&mut tx, Action::SealRetired, &fingerprint, issuer, now);
        tx.commit().await?;
        Ok(Some(fingerprint))
    }

    /// Forgets a certificate that seals no more; none where there is no such one. What it sealed stays, and names it.
    pub async fn remove_seal(&self, issuer: &Code, fingerprint: &str, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "delete from seals where issuer = $1 and fingerprint = $2 and state = 'retired'";
        if tx.run(sql, args![issuer, fingerprint]).await? == 0 {
            return Ok(None);
        }
        note(&mut tx, Action::SealRemoved, fingerprint, issuer, now);
        tx.commit().await?;
        Ok(Some(()))
    }

    /// Every certificate of an issuer's seals, oldest first.
    pub async fn seals(&self, issuer: &Code) -> Result<Vec<SealRecord>> {
        let sql = select_seal!(" where issuer = $1 order by created_at, fingerprint");
        self.db.rows(sql, args![issuer]).await?.iter().map(SealRecord::read).collect()
    }

    /// What seals for an issuer.
    pub async fn active_seal(&self, issuer: &Code) -> Result<Option<SealRecord>> {
        let sql = select_seal!(" where issuer = $1 and state = 'active'");
        self.db.row(sql, args![issuer]).await?.as_ref().map(SealRecord::read).transpose()
    }

    /// What seals for whichever issuer and ends before a moment, soonest first.
    pub async fn seals_that_end(&self, before: Timestamp) -> Result<Vec<SealRecord>> {
        let sql = select_seal!(" where state = 'active' and not_after < $1 order by not_after, issuer");
        self.db.rows(sql, args![before]).await?.iter().map(SealRecord::read).collect()
    }

    /// The attestation of a credential as it was sealed, encrypted.
    pub async fn sealed_attestation(&self, credential: CredentialId) -> Result<Option<EncryptedText>> {
        let row =
            self.db.row("select document from sealed_attestations where credential = $1", args![credential]).await?;
        row.map(|row| Ok(EncryptedText(row.text("document")?))).transpose()
    }

    /// Keeps a sealed attestation, and gives the one that holds: that of whoever was first. Settles the alert that says that there is
    /// none.
    pub async fn keep_sealed_attestation(
        &self,
        award: &Award,
        credential: CredentialId,
        document: &EncryptedText,
        fingerprint: &str,
        now: Timestamp,
    ) -> Result<EncryptedText> {
        let mut tx = self.begin().await?;
        let insert = "insert into sealed_attestations (credential, document, fingerprint, sealed_at) values ($1, $2, $3, $4) \
                      on conflict (credential) do nothing";
        let inserted = tx.run(insert, args![credential, document.0.as_str(), fingerprint, now]).await?;
        let row = tx.row("select document from sealed_attestations where credential = $1", args![credential]).await?;
        // Erased between the two statements: whoever asks next has it sealed anew.
        let row = row.ok_or_else(|| StoreError::Transient("the sealed attestation was just deleted".into()))?;
        if inserted == 1 {
            let entry = Entry::new(now, Action::AttestationSealed, Object::new("credential", credential));
            let entry = entry.of_issuer(&award.snapshot.issuer.code).about(award.learner);
            tx.note(entry.with("seal", fingerprint));
            settle_by_itself(&mut tx, AlertKind::AttestationUnsealed, award.id, now).await?;
        }
        tx.commit().await?;
        Ok(EncryptedText(row.text("document")?))
    }

    /// Deletes the sealed attestations of a learner, of all for whom one stands; how many there were. What erases personal data has to
    /// do this too.
    pub async fn forget_sealed_attestations(&self, learner: LearnerId, now: Timestamp) -> Result<u64> {
        let mut tx = self.begin().await?;
        let sql = "delete from sealed_attestations where credential in (select c.id from credentials c \
                   join awards a on a.id = c.award where a.learner in (select g.id from learners g \
                   join learners l on l.canonical = g.canonical where l.id = $1))";
        let deleted = tx.run(sql, args![learner]).await?;
        if deleted > 0 {
            let object = Object::new("attestations", deleted);
            tx.note(Entry::new(now, Action::SealedForgotten, object).about(learner));
        }
        tx.commit().await?;
        Ok(deleted)
    }
}

/// One change of an issuer's seals at a time.
async fn hold_issuer(tx: &mut Tx, issuer: &Code) -> Result<()> {
    let row = tx.row("select code from issuers where code = $1 for no key update", args![issuer]).await?;
    row.map(drop).ok_or(StoreError::Reference)
}

fn note(tx: &mut Tx, action: Action, fingerprint: &str, issuer: &Code, now: Timestamp) {
    tx.note(Entry::new(now, action, Object::new("seal", fingerprint)).of_issuer(issuer));
}

impl SealRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            issuer: row.parse("issuer")?,
            fingerprint: row.text("fingerprint")?,
            thumbprint: row.text("thumbprint")?,
            certificates: row.text("certificates")?,
            not_before: row.moment("not_before")?,
            not_after: row.moment("not_after")?,
            state: row.word("state")?,
            created: row.moment("created_at")?,
            retired: row.moment_or_null("retired_at")?,
        })
    }
}
