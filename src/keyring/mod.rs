//! The keyring: the only holder of private keys.
//!
//! One key per file (Ed25519, P-256 or RSA), each file encrypted to one age X25519 identity that the operator supplies, so that start-up asks
//! nobody for a passphrase and a stolen disk gives nothing. Which key signs, and which are published, is public data and lives
//! in storage; here is only what must stay secret. The same identity protects the data key, under which capability links,
//! webhook secrets and name secrets are stored.
//!
//! A remote signer (an HSM, a signing service) would replace `file.rs` and `private.rs`.

mod file;
mod private;
mod request;
mod sealing;

pub use file::{GeneratedKey, Keyring, check_mode};
pub use private::KeyHandle;
pub use sealing::SealedText;

use std::path::PathBuf;

/// What can go wrong with keys. Never holds key material.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The identity is not an age X25519 identity.
    #[error("the age identity is not of the form AGE-SECRET-KEY-1…")]
    Identity,
    /// A file that others may read, or a folder that others may write.
    #[error("{path} is open to others (mode {mode:o}); run: chmod {wanted:o} {path}", path = path.display())]
    Permissions {
        /// Which one.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// The mode it must have.
        wanted: u32,
    },
    /// The file system said no.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// On which path.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// A key file that does not open with this identity, or does not hold what its name says.
    #[error("{path}: {why}", path = path.display())]
    Damaged {
        /// Which one.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// A key made elsewhere that is not of a kind that is kept so.
    #[error("the key is not P-256, or RSA of 2048 to 4096 bits, as PKCS#8")]
    Unusable,
    /// A key could not be made: a defect of the cryptography underneath.
    #[error("a key could not be made")]
    Generation,
    /// A sealed text that this keyring did not seal, or not for this place.
    #[error("a stored secret does not open with this keyring's data key")]
    Unseal,
}
