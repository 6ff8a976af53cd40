//! The public part of issuers' keys: what a DID document lists. Private keys never come here.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::catalog::count_change;
use super::db::{Result, Tx};
use super::decisions::{BlockedScope, requeue_blocked};
use super::values::{Row, args};
use super::{Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::ids::Code;
use crate::proof::key::{KeyKind, PublicKey};
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
    /// The public key.
    pub public: PublicKey,
    /// Whether it signs.
    pub state: KeyState,
    /// Since when it is known here.
    pub created: Timestamp,
    /// Since when it signs no more.
    pub retired: Option<Timestamp>,
    /// Since when somebody else may have its private half. It is retired then, too.
    pub compromised: Option<Timestamp>,
}

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// It signs: one key per issuer and kind at most.
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
    /// It was known; nothing was done.
    AlreadyThere,
    /// Another key of its kind came at the same moment and signs; this one was not added.
    AnotherActive,
}

/// What marking a key as compromised did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compromised {
    /// It is marked. It did not sign any more, so the successor was not needed.
    Marked,
    /// It is marked, and the successor signs in its place.
    Replaced,
    /// It was marked before; that moment stays.
    AlreadyMarked,
    /// There is no such key.
    NotFound,
}

macro_rules! select_key {
    ($rest:literal) => {
        concat!(
            "select key_id, issuer, thumbprint, public_multibase, public_jwk, state, created_at, retired_at, compromised_at \
             from issuer_keys",
            $rest
        )
    };
}

impl Store {
    /// Lets a key sign: the active key of its kind, if the issuer has one, is retired in the same step. Has the issuer's blocked
    /// awards decided again. The issuer must be known.
    pub async fn add_key(&self, key: &KeyRecord, now: Timestamp) -> Result<AddedKey> {
        let mut tx = self.begin().await?;
        let retire = "update issuer_keys set state = 'retired', retired_at = $2 \
                      where issuer = $1 and state = 'active' and kind = $3 and key_id <> $4 returning key_id";
        let retired = tx.rows(retire, args![&key.issuer, now, key.kind().as_str(), key.key_id.as_str()]).await?;
        if insert(&mut tx, key).await? == 0 {
            let known = tx.row("select key_id from issuer_keys where key_id = $1", args![key.key_id.as_str()]).await?;
            return Ok(known.map_or(AddedKey::AnotherActive, |_| AddedKey::AlreadyThere));
        }
        for row in retired {
            note(&mut tx, Action::KeyRetired, &row.text("key_id")?, &key.issuer, now);
        }
        note(&mut tx, Action::KeyAdded, &key.key_id, &key.issuer, now);
        self.announce_key(&mut tx, &key.issuer, now).await?;
        tx.commit().await?;
        Ok(AddedKey::Added)
    }

    /// Marks a key as compromised, for good: it signs no more. Where it signed, `successor` takes its place in the same step, so
    /// that there is no moment at which the issuer has none.
    pub async fn mark_compromised(
        &self,
        key_id: &str,
        successor: Option<&KeyRecord>,
        now: Timestamp,
    ) -> Result<Compromised> {
        let mut tx = self.begin().await?;
        let sql = "select issuer, state, compromised_at from issuer_keys where key_id = $1 for no key update";
        let Some(row) = tx.row(sql, args![key_id]).await? else { return Ok(Compromised::NotFound) };
        if row.moment_or_null("compromised_at")?.is_some() {
            return Ok(Compromised::AlreadyMarked);
        }
        let signed = row.word::<KeyState>("state")? == KeyState::Active;
        let sql = "update issuer_keys set state = 'retired', retired_at = coalesce(retired_at, $2), compromised_at = $2 \
                   where key_id = $1";
        tx.run(sql, args![key_id, now]).await?;
        let mut marked = Compromised::Marked;
        if let Some(successor) = successor.filter(|_| signed)
            && insert(&mut tx, successor).await? == 1
        {
            marked = Compromised::Replaced;
        }
        let issuer: Code = row.parse("issuer")?;
        note(&mut tx, Action::KeyCompromised, key_id, &issuer, now);
        if let Some(successor) = successor.filter(|_| marked == Compromised::Replaced) {
            note(&mut tx, Action::KeyAdded, &successor.key_id, &issuer, now);
        }
        self.announce_key(&mut tx, &issuer, now).await?;
        tx.commit().await?;
        Ok(marked)
    }

    async fn announce_key(&self, tx: &mut Tx, issuer: &Code, now: Timestamp) -> Result<()> {
        count_change(tx).await?;
        requeue_blocked(tx, &*self.entropy, &BlockedScope::Issuer(issuer.clone()), now).await.map(drop)
    }

    /// Every key of an issuer, oldest first.
    pub async fn keys(&self, issuer: &Code) -> Result<Vec<KeyRecord>> {
        let sql = select_key!(" where issuer = $1 order by created_at, key_id");
        self.db.rows(sql, args![issuer]).await?.iter().map(KeyRecord::read).collect()
    }

    /// The keys that others still need: those that sign, those retired after `since`, those of which a credential is in force, and
    /// the compromised, which must be known as such. Oldest first.
    pub async fn keys_in_use(&self, issuer: &Code, since: Timestamp) -> Result<Vec<KeyRecord>> {
        let sql = select_key!(
            " where issuer = $1 and (state = 'active' or compromised_at is not null or retired_at > $2 \
             or exists (select 1 from credentials c where c.key_id = issuer_keys.key_id and c.revoked_at is null \
                        and c.signed_document is not null) \
             or exists (select 1 from credentials c where c.jwt_key_id = issuer_keys.key_id and c.revoked_at is null)) \
             order by created_at, key_id"
        );
        self.db.rows(sql, args![issuer, since]).await?.iter().map(KeyRecord::read).collect()
    }

    /// The key of a kind with which an issuer signs.
    pub async fn active_key(&self, issuer: &Code, kind: KeyKind) -> Result<Option<KeyRecord>> {
        let sql = select_key!(" where issuer = $1 and kind = $2 and state = 'active'");
        self.db.row(sql, args![issuer, kind.as_str()]).await?.as_ref().map(KeyRecord::read).transpose()
    }

    /// A key of an issuer by its thumbprint.
    pub async fn key(&self, issuer: &Code, thumbprint: &str) -> Result<Option<KeyRecord>> {
        let sql = select_key!(" where issuer = $1 and thumbprint = $2");
        self.db.row(sql, args![issuer, thumbprint]).await?.as_ref().map(KeyRecord::read).transpose()
    }
}

/// Takes down in the audit trail what became of a key.
fn note(tx: &mut Tx, action: Action, key_id: &str, issuer: &Code, now: Timestamp) {
    tx.note(Entry::new(now, action, Object::new("key", key_id)).of_issuer(issuer));
}

/// Whether a key signs, and will until this transaction ends: whoever retires it waits for the end.
pub(super) async fn hold_active(tx: &mut Tx, key_id: &str) -> Result<bool> {
    let sql = "select state from issuer_keys where key_id = $1 for share";
    let row = tx.row(sql, args![key_id]).await?.ok_or(StoreError::Reference)?;
    Ok(row.word::<KeyState>("state")? == KeyState::Active)
}

async fn insert(tx: &mut Tx, key: &KeyRecord) -> Result<u64> {
    let sql = "insert into issuer_keys (key_id, issuer, thumbprint, kind, public_multibase, public_jwk, state, created_at, \
               retired_at, compromised_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing";
    let values = args![
        key.key_id.as_str(),
        &key.issuer,
        key.thumbprint.as_str(),
        key.kind().as_str(),
        key.public.to_multikey().unwrap_or_default(),
        key.public.to_jwk().to_string(),
        key.state.as_str(),
        key.created,
        key.retired,
        key.compromised
    ];
    tx.run(sql, values).await
}

impl KeyRecord {
    /// Which kind of key it is.
    pub fn kind(&self) -> KeyKind {
        self.public.kind()
    }

    fn read(row: &Row) -> Result<Self> {
        // The column of before, where there was one kind alone.
        let public = match row.text_or_null("public_jwk")? {
            None => PublicKey::from_multikey(&row.text("public_multibase")?),
            Some(_) => PublicKey::from_jwk(&row.document::<Value>("public_jwk")?),
        };
        Ok(Self {
            key_id: row.text("key_id")?,
            issuer: row.parse("issuer")?,
            thumbprint: row.text("thumbprint")?,
            public: public.map_err(|_| StoreError::Corrupt("a public key"))?,
            state: row.word("state")?,
            created: row.moment("created_at")?,
            retired: row.moment_or_null("retired_at")?,
            compromised: row.moment_or_null("compromised_at")?,
        })
    }
}
