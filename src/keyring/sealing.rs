//! Small secrets at rest: sealed under the keyring's data key, each bound to the place it is stored in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Keyring, KeyringError};
use crate::entropy::Entropy;
use crate::ids::hex;

/// A secret as it is stored: `s1.` + base64url of nonce and XChaCha20-Poly1305 ciphertext.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedText(String);

impl SealedText {
    /// From storage.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// For storage.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

pub(super) struct DataKey {
    cipher: XChaCha20Poly1305,
    fingerprint: String,
}

impl DataKey {
    pub(super) fn new(bytes: &[u8]) -> Option<Self> {
        let cipher = XChaCha20Poly1305::new_from_slice(bytes).ok()?;
        // One way, and under a name of its own, so that it says nothing of the key.
        let digest = Sha256::new().chain_update(b"sceau data key fingerprint\0").chain_update(bytes).finalize();
        Some(Self { cipher, fingerprint: hex(&digest[..16]) })
    }
}

const VERSION: &str = "s1.";
const NONCE: usize = 24;

impl Keyring {
    /// Which data key this is: recorded in storage, so that secrets are never sealed under a key that replaced a lost one.
    pub fn data_key_fingerprint(&self) -> &str {
        &self.data.fingerprint
    }

    /// Seals a secret for one place, such as `award-link:{id}:qr`: it opens nowhere else.
    pub fn seal(&self, place: &str, secret: &[u8], entropy: &dyn Entropy) -> SealedText {
        let nonce = entropy.bytes::<NONCE>();
        let payload = Payload { msg: secret, aad: place.as_bytes() };
        let sealed =
            self.data.cipher.encrypt(XNonce::from_slice(&nonce), payload).expect("a short secret always seals");
        SealedText(format!("{VERSION}{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())))
    }

    /// Opens a secret sealed for the same place.
    pub fn unseal(&self, place: &str, sealed: &SealedText) -> Result<Zeroizing<Vec<u8>>, KeyringError> {
        let text = sealed.0.strip_prefix(VERSION).ok_or(KeyringError::Unseal)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyringError::Unseal)?;
        let (nonce, body) = bytes.split_at_checked(NONCE).ok_or(KeyringError::Unseal)?;
        let payload = Payload { msg: body, aad: place.as_bytes() };
        let opened = self.data.cipher.decrypt(XNonce::from_slice(nonce), payload);
        opened.map(Zeroizing::new).map_err(|_| KeyringError::Unseal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Entropy for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(9);
        }
    }

    #[test]
    fn a_sealed_secret_opens_in_its_place_only() {
        let folder = tempfile::tempdir().unwrap();
        let keyring = Keyring::open(folder.path(), &Keyring::new_identity(), &Fixed).unwrap();
        let sealed = keyring.seal("award:1:qr", b"secret", &Fixed);
        assert_eq!(keyring.unseal("award:1:qr", &sealed).unwrap().as_slice(), b"secret");
        assert!(keyring.unseal("award:2:qr", &sealed).is_err());
        assert!(keyring.unseal("award:1:qr", &SealedText::from_stored("s1.AAAA".into())).is_err());
        assert!(!sealed.as_str().contains("secret"));
    }
}
