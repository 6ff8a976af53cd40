//! Ed25519 public keys in the forms in which they are published: Multikey, `did:key` and JWK.
//!
//! Not here: private keys in any form (see the keyring), and other kinds of key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Multicodec prefix of an Ed25519 public key: 0xed as a varint (Controlled Identifiers 1.0 §2.2.2).
const ED25519_PUBLIC: [u8; 2] = [0xed, 0x01];

/// Why a published key could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MultikeyError {
    /// The text does not begin with `z`, the multibase letter of base58-btc.
    #[error("a Multikey must be written in base58-btc, with a leading z")]
    NotBase58Btc,
    /// The characters after the `z` are not base58.
    #[error("the Multikey has characters that base58-btc does not have")]
    Malformed,
    /// It is a key of another kind, or of another length.
    #[error("the Multikey is not an Ed25519 public key")]
    NotEd25519,
    /// The bytes are no point of the curve, or one of the few with which anybody could sign.
    #[error("the Multikey is not a usable Ed25519 public key")]
    Unusable,
    /// The identifier is not a `did:key`, or its fragment names another key.
    #[error("the identifier is not a did:key, or its fragment names another key")]
    NotDidKey,
}

/// The Multikey form, `z6Mk…` (Controlled Identifiers 1.0 §2.2.2).
pub fn encode(key: &VerifyingKey) -> String {
    let mut bytes = ED25519_PUBLIC.to_vec();
    bytes.extend_from_slice(key.as_bytes());
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Reads a Multikey, `z6Mk…`.
///
/// # Errors
/// See [`MultikeyError`]; keys of small order are refused too.
pub fn decode(multikey: &str) -> Result<VerifyingKey, MultikeyError> {
    let base58 = multikey.strip_prefix('z').ok_or(MultikeyError::NotBase58Btc)?;
    // Base58 takes quadratic time; 34 bytes never need more characters than this.
    if base58.len() > 64 {
        return Err(MultikeyError::NotEd25519);
    }
    let bytes = bs58::decode(base58).into_vec().map_err(|_| MultikeyError::Malformed)?;
    let raw = bytes.strip_prefix(&ED25519_PUBLIC).ok_or(MultikeyError::NotEd25519)?;
    let raw: &[u8; 32] = raw.try_into().map_err(|_| MultikeyError::NotEd25519)?;
    let key = VerifyingKey::from_bytes(raw).map_err(|_| MultikeyError::Unusable)?;
    if key.is_weak() { Err(MultikeyError::Unusable) } else { Ok(key) }
}

/// The `did:key` of a public key. It proves that somebody signed, not who.
pub fn did_key(key: &VerifyingKey) -> String {
    format!("did:key:{}", encode(key))
}

/// The verification method of a `did:key`: `did:key:z6Mk…#z6Mk…`.
pub fn did_key_verification_method(key: &VerifyingKey) -> String {
    let multikey = encode(key);
    format!("did:key:{multikey}#{multikey}")
}

/// The public key in a `did:key`, with or without its fragment.
///
/// # Errors
/// See [`MultikeyError`].
pub fn from_did_key(did_url: &str) -> Result<VerifyingKey, MultikeyError> {
    let rest = did_url.strip_prefix("did:key:").ok_or(MultikeyError::NotDidKey)?;
    let (multikey, fragment) = rest.split_once('#').unwrap_or((rest, rest));
    if multikey != fragment {
        return Err(MultikeyError::NotDidKey);
    }
    decode(multikey)
}

/// The public key as a JWK (RFC 8037 §2): members `kty`, `crv` and `x`.
pub fn jwk(key: &VerifyingKey) -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": URL_SAFE_NO_PAD.encode(key.as_bytes())})
}

/// The JWK thumbprint (RFC 7638, RFC 8037 appendix A.3): SHA-256 over the required members, base64url without padding, 43 characters.
pub fn thumbprint(key: &VerifyingKey) -> String {
    let x = URL_SAFE_NO_PAD.encode(key.as_bytes());
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The public key of RFC 8037 appendix A.
    fn rfc_8037_key() -> VerifyingKey {
        let bytes = URL_SAFE_NO_PAD.decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo").expect("base64url");
        VerifyingKey::from_bytes(&bytes.try_into().expect("32 bytes")).expect("a point")
    }

    #[test]
    fn jwk_and_thumbprint_are_those_of_rfc_8037() {
        let key = rfc_8037_key();
        assert_eq!(jwk(&key)["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(thumbprint(&key), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }

    #[test]
    fn multikey_and_did_key_read_back() {
        let key = rfc_8037_key();
        assert!(encode(&key).starts_with("z6Mk"));
        assert_eq!(decode(&encode(&key)), Ok(key));
        assert_eq!(from_did_key(&did_key(&key)), Ok(key));
        assert_eq!(from_did_key(&did_key_verification_method(&key)), Ok(key));
    }

    #[test]
    fn other_forms_and_unusable_keys_are_refused() {
        let good = encode(&rfc_8037_key());
        let raw = |prefix: [u8; 2], key: &[u8]| format!("z{}", bs58::encode([&prefix, key].concat()).into_string());
        assert_eq!(decode(&good[1..]), Err(MultikeyError::NotBase58Btc));
        assert_eq!(decode("z0OIl"), Err(MultikeyError::Malformed));
        assert_eq!(decode(&raw([0x80, 0x24], &[2; 33])), Err(MultikeyError::NotEd25519), "P-256");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[2; 31])), Err(MultikeyError::NotEd25519), "too short");
        assert_eq!(decode(&format!("z{}", "1".repeat(1000))), Err(MultikeyError::NotEd25519), "too long");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[0; 32])), Err(MultikeyError::Unusable), "small order");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[2; 32])), Err(MultikeyError::Unusable), "no point");
        assert_eq!(from_did_key("did:web:example.org"), Err(MultikeyError::NotDidKey));
        assert_eq!(from_did_key(&format!("did:key:{good}#other")), Err(MultikeyError::NotDidKey));
    }
}
