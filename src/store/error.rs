//! What can go wrong in storage. No error carries a value from a row: rows hold personal data, and errors reach logs.

use crate::ids::IdError;

/// Why storage did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database is busy, restarting or out of reach, or chose this transaction to end a deadlock: trying again later can
    /// succeed. Nothing was changed.
    #[error("the database cannot answer now ({0}); try again")]
    Transient(String),
    /// The job was given to another worker in the meantime, so none of its effects were kept.
    #[error("the job is no longer leased by this worker")]
    LeaseLost,
    /// An entry is not the one that whoever changes it has seen.
    #[error("the entry was changed by somebody else in the meantime")]
    Stale,
    /// An entry names another that does not exist.
    #[error("an entry refers to another that does not exist")]
    Reference,
    /// What is stored can't be read back: a defect, or a hand in the database.
    #[error("what is stored as {0} cannot be read")]
    Corrupt(&'static str),
    /// The database belongs to an installation with another public URL, which its badges carry for ever.
    #[error("this database was made for the public URL {recorded}, and this start asks for {given}")]
    PublicUrlMismatch {
        /// What was recorded at first start.
        recorded: String,
        /// What this start asks for.
        given: String,
    },
    /// The keyring holds another data key than the one that sealed what is stored here.
    #[error(
        "the secrets in this database were sealed under another data key; restore data.age of this installation's keys from its backup"
    )]
    DataKeyMismatch,
    /// A migration that was applied differs from the one this binary carries.
    #[error(
        "migration {version} was applied in another form than this binary carries; restore the binary or the database"
    )]
    SchemaAltered {
        /// Which.
        version: i64,
    },
    /// The database was opened by a newer binary before.
    #[error("the database has schema {found}, and this binary knows none above {known}; use a newer binary")]
    SchemaNewer {
        /// The newest applied.
        found: i64,
        /// The newest known.
        known: i64,
    },
    /// A database URL of no known form.
    #[error("a database URL is sqlite:PATH or postgres://…")]
    Url,
    /// Any other failure, which trying again will not mend.
    #[error("the database failed: {0}")]
    Permanent(String),
}

impl StoreError {
    /// Whether trying the same again later can succeed.
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Transient(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::Database(failure) => {
                if failure.is_foreign_key_violation() {
                    return Self::Reference;
                }
                let code = failure.code().unwrap_or_default().into_owned();
                // The message names tables and constraints; values stand in the detail, which is left out.
                let said = format!("{code}: {}", failure.message());
                if is_transient_code(&code) { Self::Transient(said) } else { Self::Permanent(said) }
            }
            sqlx::Error::Io(failure) => Self::Transient(failure.kind().to_string()),
            sqlx::Error::PoolTimedOut => Self::Transient("every connection is in use".into()),
            sqlx::Error::WorkerCrashed | sqlx::Error::BeginFailed => Self::Transient("the connection was lost".into()),
            sqlx::Error::PoolClosed => Self::Permanent("the store is closed".into()),
            sqlx::Error::Configuration(_) => Self::Url,
            sqlx::Error::Tls(_) => Self::Permanent("TLS could not be set up".into()),
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) | sqlx::Error::ColumnNotFound(_) => {
                Self::Corrupt("a column")
            }
            _ => Self::Permanent("the driver refused the statement".into()),
        }
    }
}

/// SQLSTATE classes 08 (connection), 40 (deadlock, serialisation), 53 (resources), 57P (shutdown), and 55P03 (lock not
/// available) and 57014 (statement timeout) of PostgreSQL; BUSY (5) and LOCKED (6) of SQLite, whose extended codes keep them in
/// the low byte.
fn is_transient_code(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "40", "53", "57P"].iter().any(|class| code.starts_with(class))
            || code == "55P03"
            || code == "57014";
    }
    code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6))
}

impl From<IdError> for StoreError {
    fn from(_: IdError) -> Self {
        Self::Corrupt("an identifier")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_and_deadlock_can_be_tried_again_and_a_broken_constraint_can_not() {
        for code in ["5", "6", "517", "40P01", "40001", "08006", "57P01", "57014", "53300"] {
            assert!(is_transient_code(code), "{code}");
        }
        for code in ["2067", "19", "23505", "42P01", ""] {
            assert!(!is_transient_code(code), "{code}");
        }
    }
}
