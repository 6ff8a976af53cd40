//! The public part of issuers' keys: what a DID document lists. Private keys never come here.

use serde::{Deserialize, Serialize};

use super::Store;
use super::catalog::count_change;
use super::db::{Result, Tx};
use super::decisions::{BlockedScope, requeue_blocked};
use super::values::{Row, args};
use crate::ids::Code;
use crate::time::Timestamp;

/// The public part of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    /// The issuer's DID, `#`, and the thumbprint.
    pub key_id: String,
    /// Whose it is.
    pub issuer: Code,
    /// The JWK thumbprint (RFC 7638).
    pub thumbprint: String,
    /// The public key as `publicKeyMultibase`.
    pub public_multibase: String,
    /// Whether it signs.
    pub state: KeyState,
    /// Since when it is known here.
    pub created: Timestamp,
    /// Since when it signs no more.
    pub retired: Option<Timestamp>,
}

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It signs: one key per issuer at most.
    Active,
    /// It only verifies what it signed.
    Retired,
}

impl KeyState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

/// What adding a key did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddedKey {
    /// It is known now.
    Added,
    /// It was known.
    AlreadyThere,
    /// The issuer has another active key; rotate instead.
    AnotherActive,
}

macro_rules! select_key {
    ($rest:literal) => {
        concat!(
            "select key_id, issuer, thumbprint, public_multibase, state, created_at, retired_at from issuer_keys",
            $rest
        )
    };
}

impl Store {
    /// Makes a key known, and has the issuer's blocked awards decided again. The issuer must be known.
    pub async fn add_key(&self, key: &KeyRecord, now: Timestamp) -> Result<AddedKey> {
        let mut tx = self.db.begin().await?;
        if insert(&mut tx, key).await? == 0 {
            let known = tx.row("select key_id from issuer_keys where key_id = $1", args![key.key_id.as_str()]).await?;
            return Ok(known.map_or(AddedKey::AnotherActive, |_| AddedKey::AlreadyThere));
        }
        self.announce_key(&mut tx, key, now).await?;
        tx.commit().await?;
        Ok(AddedKey::Added)
    }

    /// Retires the issuer's active key, if it has one, and puts this one in its place, in one step.
    pub async fn rotate_key(&self, key: &KeyRecord, now: Timestamp) -> Result<AddedKey> {
        let mut tx = self.db.begin().await?;
        let retire = "update issuer_keys set state = 'retired', retired_at = $2 \
                      where issuer = $1 and state = 'active' and key_id <> $3";
        tx.run(retire, args![&key.issuer, now, key.key_id.as_str()]).await?;
        if insert(&mut tx, key).await? == 0 {
            let known = tx.row("select key_id from issuer_keys where key_id = $1", args![key.key_id.as_str()]).await?;
            return Ok(known.map_or(AddedKey::AnotherActive, |_| AddedKey::AlreadyThere));
        }
        self.announce_key(&mut tx, key, now).await?;
        tx.commit().await?;
        Ok(AddedKey::Added)
    }

    async fn announce_key(&self, tx: &mut Tx, key: &KeyRecord, now: Timestamp) -> Result<()> {
        count_change(tx).await?;
        requeue_blocked(tx, &*self.entropy, &BlockedScope::Issuer(key.issuer.clone()), now).await.map(drop)
    }

    /// Retires a key: it signs no more and still verifies; none where there is no such active key.
    pub async fn retire_key(&self, key_id: &str, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.db.begin().await?;
        let sql = "update issuer_keys set state = 'retired', retired_at = $2 where key_id = $1 and state = 'active'";
        let retired = tx.run(sql, args![key_id, now]).await?;
        tx.commit().await?;
        Ok((retired == 1).then_some(()))
    }

    /// The keys of an issuer, oldest first.
    pub async fn keys(&self, issuer: &Code) -> Result<Vec<KeyRecord>> {
        let sql = select_key!(" where issuer = $1 order by created_at, key_id");
        self.db.rows(sql, args![issuer]).await?.iter().map(KeyRecord::read).collect()
    }

    /// The key with which an issuer signs.
    pub async fn active_key(&self, issuer: &Code) -> Result<Option<KeyRecord>> {
        let sql = select_key!(" where issuer = $1 and state = 'active'");
        self.db.row(sql, args![issuer]).await?.as_ref().map(KeyRecord::read).transpose()
    }
}

async fn insert(tx: &mut Tx, key: &KeyRecord) -> Result<u64> {
    let sql = "insert into issuer_keys (key_id, issuer, thumbprint, public_multibase, state, created_at, retired_at) \
               values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing";
    let values = args![
        key.key_id.as_str(),
        &key.issuer,
        key.thumbprint.as_str(),
        key.public_multibase.as_str(),
        key.state.as_str(),
        key.created,
        key.retired
    ];
    tx.run(sql, values).await
}

impl KeyRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            key_id: row.text("key_id")?,
            issuer: row.parse("issuer")?,
            thumbprint: row.text("thumbprint")?,
            public_multibase: row.text("public_multibase")?,
            state: row.word("state")?,
            created: row.moment("created_at")?,
            retired: row.moment_or_null("retired_at")?,
        })
    }
}
