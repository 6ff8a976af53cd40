//! Standard Webhooks: who sent this, and when (specification 1.0, "Verifying signatures").
//!
//! The signed text is `id.timestamp.body`. Signatures are symmetric (`v1`: HMAC-SHA256 under a shared `whsec_` secret) or asymmetric
//! (`v1a`: Ed25519, of which we hold the sender's `whpk_` public key, so that whoever reads our database can forge nothing). Several
//! signatures may stand in the header and several keys of both kinds be in force, so that either side can rotate. Versions that we
//! don't know are skipped, as the specification asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::time::Timestamp;

/// How far the sender's clock may be from ours, in seconds.
pub const TOLERANCE_SECONDS: i64 = 300;

/// Why a delivery is refused at the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    /// A header is absent or malformed.
    #[error("the header {0} is missing or malformed")]
    Header(&'static str),
    /// The timestamp is too far from our clock.
    #[error("webhook-timestamp is more than {TOLERANCE_SECONDS} seconds away from this service's clock")]
    Stale,
    /// No signature matches.
    #[error("no signature in webhook-signature matches")]
    Signature,
    /// Not a `whsec_` secret of 24 to 64 bytes.
    #[error("a webhook secret is whsec_ followed by base64 of 24 to 64 bytes")]
    Secret,
    /// Not a `whpk_` public key.
    #[error("a public key is whpk_ followed by base64 of an Ed25519 key of 32 bytes")]
    PublicKey,
}

/// What a source's signatures are verified with.
#[derive(Debug, Clone)]
pub enum WebhookKey {
    /// `v1`: the secret that both sides hold.
    Shared(WebhookSecret),
    /// `v1a`: the sender's public key.
    Public(VerifyingKey),
}

impl WebhookKey {
    /// Reads the written form, `whsec_…` or `whpk_…`. Keys of a small subgroup, under which anybody could sign, are refused.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let Some(encoded) = text.strip_prefix("whpk_") else { return WebhookSecret::parse(text).map(Self::Shared) };
        let bytes = STANDARD.decode(encoded).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let key = bytes.and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok()).filter(|key| !key.is_weak());
        key.map(Self::Public).ok_or(WebhookError::PublicKey)
    }

    /// Whether one entry of the header, such as `v1,…`, is a signature of this message under this key.
    fn verifies(&self, entry: &str, id: &str, timestamp: &str, body: &[u8]) -> bool {
        let decoded = |version: &str| entry.strip_prefix(version).and_then(|text| STANDARD.decode(text).ok());
        match self {
            Self::Shared(secret) => {
                decoded("v1,").is_some_and(|signature| secret.mac(id, timestamp, body).verify_slice(&signature).is_ok())
            }
            Self::Public(key) => decoded("v1a,").is_some_and(|signature| {
                let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
                Signature::from_slice(&signature).is_ok_and(|signature| key.verify_strict(&message, &signature).is_ok())
            }),
        }
    }
}

/// A shared secret: 24 to 64 bytes, written `whsec_` + base64.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// Reads the written form.
    pub fn parse(text: &str) -> Result<Self, WebhookError> {
        let encoded = text.strip_prefix("whsec_").ok_or(WebhookError::Secret)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| WebhookError::Secret)?;
        if (24..=64).contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(WebhookError::Secret) }
    }

    /// The `v1` signature of a message, as a sender writes it.
    pub fn sign(&self, id: &str, timestamp_seconds: i64, body: &[u8]) -> String {
        format!("v1,{}", STANDARD.encode(self.mac(id, &timestamp_seconds.to_string(), body).finalize().into_bytes()))
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac
    }
}

impl std::fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WebhookSecret(…)")
    }
}

/// The three headers, as received.
#[derive(Debug, Clone, Copy)]
pub struct WebhookHeaders<'a> {
    /// `webhook-id`.
    pub id: Option<&'a str>,
    /// `webhook-timestamp`.
    pub timestamp: Option<&'a str>,
    /// `webhook-signature`.
    pub signature: Option<&'a str>,
}

/// Authenticates a message under any of `keys` and returns its id. Secrets are compared in constant time.
pub fn authenticate<'a>(
    headers: WebhookHeaders<'a>,
    body: &[u8],
    keys: &[WebhookKey],
    now: Timestamp,
) -> Result<&'a str, WebhookError> {
    let visible = |id: &&str| (1..=200).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic() && b != b'.');
    let id = headers.id.filter(visible).ok_or(WebhookError::Header("webhook-id"))?;
    let timestamp = headers.timestamp.ok_or(WebhookError::Header("webhook-timestamp"))?;
    let seconds: i64 = timestamp.parse().map_err(|_| WebhookError::Header("webhook-timestamp"))?;
    let signatures = headers.signature.filter(|text| text.len() <= 4096);
    let signatures = signatures.ok_or(WebhookError::Header("webhook-signature"))?;

    let mut authentic = false;
    for entry in signatures.split(' ').take(16) {
        for key in keys {
            authentic |= key.verifies(entry, id, timestamp, body);
        }
    }
    if !authentic {
        return Err(WebhookError::Signature);
    }
    // After the signature, so that a stranger learns nothing of our clock.
    if now.as_unix_seconds().abs_diff(seconds) > TOLERANCE_SECONDS.unsigned_abs() {
        return Err(WebhookError::Stale);
    }
    Ok(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_614_265_330_000_000);

    fn check(id: &str, timestamp: &str, signature: &str, body: &str, secret: &str) -> Result<(), WebhookError> {
        let headers = WebhookHeaders { id: Some(id), timestamp: Some(timestamp), signature: Some(signature) };
        authenticate(headers, body.as_bytes(), &[WebhookKey::parse(secret).unwrap()], NOW).map(|_| ())
    }

    // The example of the specification's reference libraries.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const BODY: &str = r#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    #[test]
    fn the_reference_example_is_authentic() {
        assert_eq!(check(ID, "1614265330", SIGNATURE, BODY, SECRET), Ok(()));
        let secret = WebhookSecret::parse(SECRET).unwrap();
        assert_eq!(secret.sign(ID, 1_614_265_330, BODY.as_bytes()), SIGNATURE);
    }

    #[test]
    fn either_side_can_rotate() {
        let several = format!("v1,AAAA v2,{SIGNATURE} v1a,xyz {SIGNATURE}");
        assert_eq!(check(ID, "1614265330", &several, BODY, SECRET), Ok(()));
        let old = WebhookKey::parse("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA").unwrap();
        let headers = WebhookHeaders { id: Some(ID), timestamp: Some("1614265330"), signature: Some(SIGNATURE) };
        assert!(authenticate(headers, BODY.as_bytes(), &[old, WebhookKey::parse(SECRET).unwrap()], NOW).is_ok());
    }

    #[test]
    fn whatever_is_changed_is_refused() {
        assert_eq!(check("msg_other", "1614265330", SIGNATURE, BODY, SECRET), Err(WebhookError::Signature));
        assert_eq!(check(ID, "1614265331", SIGNATURE, BODY, SECRET), Err(WebhookError::Signature));
        assert_eq!(check(ID, "1614265330", SIGNATURE, "{}", SECRET), Err(WebhookError::Signature));
        assert_eq!(check(ID, "soon", SIGNATURE, BODY, SECRET), Err(WebhookError::Header("webhook-timestamp")));
        assert_eq!(check("a.b", "1614265330", SIGNATURE, BODY, SECRET), Err(WebhookError::Header("webhook-id")));
        assert_eq!(check(ID, "1614265330", "v2,abc", BODY, SECRET), Err(WebhookError::Signature));
        let secret = WebhookSecret::parse(SECRET).unwrap();
        let stale = secret.sign(ID, 1_614_265_330 - 301, BODY.as_bytes());
        assert_eq!(check(ID, "1614265029", &stale, BODY, SECRET), Err(WebhookError::Stale));
    }

    // The same message, signed by OpenSSL (crypto.sign of Node.js) under the private key 00 01 02 … 1f.
    const PUBLIC_KEY: &str = "whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=";
    const ASYMMETRIC: &str =
        "v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ==";

    #[test]
    fn an_asymmetric_signature_is_verified_with_the_public_key() {
        let check = |signature: &str, body: &str| check(ID, "1614265330", signature, body, PUBLIC_KEY);
        assert_eq!(check(ASYMMETRIC, BODY), Ok(()));
        assert_eq!(check(&format!("v1,AAAA v3,b {SIGNATURE} {ASYMMETRIC}"), BODY), Ok(()));
        assert_eq!(check(ASYMMETRIC, "{}"), Err(WebhookError::Signature));
        let as_other_versions = ASYMMETRIC.replace("v1a,", "v1,");
        for bad in [as_other_versions.as_str(), SIGNATURE, "v1a,", "v1a,AAAA", "v1a", ""] {
            assert_eq!(check(bad, BODY), Err(WebhookError::Signature), "{bad}");
        }
    }

    #[test]
    fn a_source_may_hold_keys_of_both_kinds() {
        let keys = [WebhookKey::parse(PUBLIC_KEY).unwrap(), WebhookKey::parse(SECRET).unwrap()];
        for signature in [SIGNATURE, ASYMMETRIC] {
            let headers = WebhookHeaders { id: Some(ID), timestamp: Some("1614265330"), signature: Some(signature) };
            assert!(authenticate(headers, BODY.as_bytes(), &keys, NOW).is_ok(), "{signature}");
        }
    }

    #[test]
    fn a_public_key_that_binds_nobody_is_refused() {
        // The neutral element: under it, one signature holds for every message.
        let weak = format!("whpk_{}", STANDARD.encode([[1].as_slice(), &[0; 31]].concat()));
        for bad in ["whpk_", "whpk_AAAA", "whpk_é", weak.as_str(), "whsk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="]
        {
            assert!(WebhookKey::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn secrets_have_24_to_64_bytes() {
        for bad in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_é"] {
            assert!(WebhookSecret::parse(bad).is_err(), "{bad}");
        }
    }
}
