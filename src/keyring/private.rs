//! A private key of one of the three kinds: how it is made, what its file holds, how it signs.
//!
//! Ed25519 keys are kept as their 32-byte seed, P-256 and RSA keys as PKCS#8 (RFC 5208), which names its own kind. Which key a
//! file holds is told by what it holds, and then checked against the thumbprint in its name.

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};
use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use crate::entropy::Entropy;
use crate::proof::key::{KeyKind, PublicKey, Signer, SigningFailed};

/// A private key that can sign and do nothing else. Its bytes are wiped when the last handle goes: ed25519-dalek wipes its own,
/// AWS-LC all memory that it frees.
pub struct KeyHandle {
    public: PublicKey,
    private: Private,
}

enum Private {
    Ed25519(SigningKey),
    P256(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Signer for KeyHandle {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        let random = SystemRandom::new();
        match &self.private {
            Private::Ed25519(key) => Signer::sign(key, message),
            Private::P256(key) => {
                let signature = key.sign(&random, message).map_err(|_| SigningFailed)?;
                Ok(signature.as_ref().to_vec())
            }
            Private::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).map_err(|_| SigningFailed)?;
                Ok(signature)
            }
        }
    }
}

impl KeyHandle {
    /// Makes a key, and what its file is to hold. None where the cryptography underneath refuses to.
    ///
    /// An Ed25519 key is drawn from `entropy`; AWS-LC draws the others from the system itself.
    pub(super) fn generate(kind: KeyKind, entropy: &dyn Entropy) -> Option<(Self, Zeroizing<Vec<u8>>)> {
        let content = match kind {
            KeyKind::Ed25519 => Zeroizing::new(entropy.bytes::<32>().to_vec()),
            KeyKind::P256 => {
                let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).ok()?;
                Zeroizing::new(key.to_pkcs8v1().ok()?.as_ref().to_vec())
            }
            KeyKind::Rsa => {
                // 3072 bits: 128-bit strength, as the other two have (NIST SP 800-57 part 1, table 2).
                let key = RsaKeyPair::generate(KeySize::Rsa3072).ok()?;
                let der: Pkcs8V1Der<'_> = key.as_der().ok()?;
                Zeroizing::new(der.as_ref().to_vec())
            }
        };
        // Read back at once: what the file can't give back must not become a key that signs.
        let key = Self::read(&content).filter(|key| key.public.kind() == kind)?;
        Some((key, content))
    }

    /// A key that no file holds, for an issuer that ends with the process.
    pub fn ephemeral(kind: KeyKind, entropy: &dyn Entropy) -> Option<Self> {
        Self::generate(kind, entropy).map(|(key, _)| key)
    }

    /// The point of a P-256 key, uncompressed.
    pub(super) fn p256_point(&self) -> Option<&[u8]> {
        match &self.private {
            Private::P256(key) => Some(key.public_key().as_ref()),
            Private::Ed25519(_) | Private::Rsa(_) => None,
        }
    }

    /// A key made elsewhere, as PKCS#8; none where it is not one of the kinds that are kept so.
    pub fn from_pkcs8(content: &[u8]) -> Option<Self> {
        Self::read(content).filter(|key| key.public.kind() != KeyKind::Ed25519)
    }

    /// Reads what a key's file holds; none where that is no key of the three kinds.
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        // No PKCS#8 document is as short as a seed.
        if let Ok(seed) = <[u8; 32]>::try_from(content).map(Zeroizing::new) {
            let key = SigningKey::from_bytes(&seed);
            return Some(Self { public: key.public_key(), private: Private::Ed25519(key) });
        }
        if let Ok(key) = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, content) {
            let public = PublicKey::from_p256(key.public_key().as_ref()).ok()?;
            return Some(Self { public, private: Private::P256(key) });
        }
        let key = RsaKeyPair::from_pkcs8(content).ok()?;
        let components = key.public_key();
        let (modulus, exponent) = (components.modulus(), components.exponent());
        let public =
            PublicKey::from_rsa(modulus.big_endian_without_leading_zero(), exponent.big_endian_without_leading_zero());
        let public = public.ok()?;
        Some(Self { public, private: Private::Rsa(key) })
    }
}
