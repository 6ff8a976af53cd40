//! The signing log: the SHA-256 of whatever our keys signed, for ever.
//!
//! Whoever stole a key can sign anything with any date. What stands here was signed by this installation: each entry commits with
//! the bytes it is of, so that nothing is published that is not logged.
//!
//! Architecture invariant: entries are added, never changed or deleted.

use super::Store;
use super::db::{Result, Tx};
use super::values::args;
use crate::time::Timestamp;

/// What was signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signing {
    /// A credential with its embedded proof; its id is the subject.
    Credential,
    /// The same as a token.
    CredentialJwt,
    /// A status list.
    StatusList,
}

impl Signing {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::CredentialJwt => "credential_jwt",
            Self::StatusList => "status_list",
        }
    }
}

impl Store {
    /// Whether this installation signed exactly these bytes with this key. `sha256` is in hex.
    pub async fn signing_log_contains(&self, sha256: &str, key_id: &str) -> Result<bool> {
        let sql = "select sha256 from signing_log where sha256 = $1 and key_id = $2";
        Ok(self.db.row(sql, args![sha256, key_id]).await?.is_some())
    }
}

/// Takes a signature down.
pub(super) async fn log(
    tx: &mut Tx,
    (what, subject): (Signing, String),
    sha256: &str,
    key_id: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "insert into signing_log (sha256, key_id, what, subject, signed_at) values ($1, $2, $3, $4, $5) \
               on conflict (sha256) do nothing";
    tx.run(sql, args![sha256, key_id, what.as_str(), subject, now]).await.map(drop)
}
