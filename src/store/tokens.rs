//! Bearer tokens of the API, known by the SHA-256 of their secret: what is stored opens nothing.

use super::Store;
use super::db::Result;
use super::values::{Row, args, to_document};
use crate::audit::{Action, Entry, Object};
use crate::ids::{Code, TokenId};
use crate::time::Timestamp;

/// A token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRecord {
    /// Its public name.
    pub id: TokenId,
    /// What people call it.
    pub label: String,
    /// The issuer it acts for, and no other.
    pub issuer: Code,
    /// What it may do; the words are the edge's.
    pub scopes: Vec<String>,
    /// Since when it holds.
    pub created: Timestamp,
    /// Until when.
    pub expires: Timestamp,
    /// Since when it holds no more.
    pub revoked: Option<Timestamp>,
}

impl Store {
    /// Keeps a token under the SHA-256 (in hex) of its secret.
    pub async fn put_token(&self, token: &TokenRecord, secret_sha256: &str) -> Result<()> {
        let mut tx = self.begin().await?;
        let sql = "insert into api_tokens (id, label, issuer, scopes, secret_sha256, created_at, expires_at, revoked_at) \
                   values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = args![
            token.id,
            token.label.as_str(),
            &token.issuer,
            to_document(&token.scopes),
            secret_sha256,
            token.created,
            token.expires,
            token.revoked
        ];
        tx.run(sql, values).await?;
        let made =
            Entry::new(token.created, Action::TokenMade, Object::new("token", token.id)).of_issuer(&token.issuer);
        tx.note(made.with("scopes", token.scopes.clone()).with("expires", token.expires.to_string()));
        tx.commit().await
    }

    /// The token whose secret has this hash, expired and revoked ones too.
    pub async fn token_by_hash(&self, secret_sha256: &str) -> Result<Option<TokenRecord>> {
        let sql = "select id, label, issuer, scopes, created_at, expires_at, revoked_at from api_tokens \
                   where secret_sha256 = $1";
        self.db.row(sql, args![secret_sha256]).await?.as_ref().map(TokenRecord::read).transpose()
    }

    /// All tokens, oldest first.
    pub async fn tokens(&self) -> Result<Vec<TokenRecord>> {
        let sql = "select id, label, issuer, scopes, created_at, expires_at, revoked_at from api_tokens \
                   order by created_at, id";
        self.db.rows(sql, args![]).await?.iter().map(TokenRecord::read).collect()
    }

    /// Revokes a token, for good; none where there is no such token.
    pub async fn revoke_token(&self, id: TokenId, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "update api_tokens set revoked_at = coalesce(revoked_at, $2) where id = $1 returning issuer";
        let Some(row) = tx.row(sql, args![id, now]).await? else { return Ok(None) };
        tx.note(Entry::new(now, Action::TokenRevoked, Object::new("token", id)).of_issuer(&row.parse("issuer")?));
        tx.commit().await?;
        Ok(Some(()))
    }
}

impl TokenRecord {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            id: row.parse("id")?,
            label: row.text("label")?,
            issuer: row.parse("issuer")?,
            scopes: row.document("scopes")?,
            created: row.moment("created_at")?,
            expires: row.moment("expires_at")?,
            revoked: row.moment_or_null("revoked_at")?,
        })
    }
}
