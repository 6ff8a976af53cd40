//! Public keys of three kinds, in the forms in which they are published: Multikey, `did:key`, JWK. And the trait through which
//! private ones sign.
//!
//! Whoever verifies meets keys that a stranger chose, so each is checked when it is read: a point of the curve and not a weak one,
//! an RSA modulus of a size that is neither unsafe nor slow.
//!
//! Not here: private keys in any form (see the keyring), and which key speaks for whom (see `did`).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use der::asn1::UintRef;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// Multicodec prefix of an Ed25519 public key: 0xed as a varint (Controlled Identifiers 1.0 §2.2.2).
const ED25519_PUBLIC: [u8; 2] = [0xed, 0x01];
/// Multicodec prefix of a compressed P-256 public key: 0x1200 as a varint (the same section).
const P256_PUBLIC: [u8; 2] = [0x80, 0x24];

/// What only a private or symmetric JWK has (RFC 7518 §6.2.2, §6.3.2, §6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The kinds of keys that sign here, each with its JOSE algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyKind {
    /// Ed25519 (RFC 8032); `EdDSA`.
    Ed25519,
    /// ECDSA on P-256 with SHA-256 (FIPS 186-5); `ES256`.
    P256,
    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2); `RS256`.
    Rsa,
}

impl KeyKind {
    /// Every kind.
    pub const ALL: [Self; 3] = [Self::Ed25519, Self::P256, Self::Rsa];

    /// As it is written in commands and storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
            Self::Rsa => "rsa",
        }
    }

    /// The `alg` of signatures made with it (RFC 7518 §3.1, RFC 8037 §3.1).
    pub const fn jose_algorithm(self) -> &'static str {
        match self {
            Self::Ed25519 => "EdDSA",
            Self::P256 => "ES256",
            Self::Rsa => "RS256",
        }
    }
}

impl std::str::FromStr for KeyKind {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(KeyError::Unsupported)
    }
}

/// A public key that was checked when it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Ed25519, not of small order.
    Ed25519(VerifyingKey),
    /// A point of P-256.
    P256(P256Point),
    /// RSA of 2048 to 4096 bits.
    Rsa(RsaKey),
}

/// A point of P-256, uncompressed (SEC 1 §2.3.3): 0x04, x, y.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct P256Point([u8; 65]);

/// Modulus and exponent, big-endian without leading zeros.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaKey {
    modulus: Vec<u8>,
    exponent: Vec<u8>,
}

/// Why a key could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// A text that is not multibase base58-btc, or a JWK without the members of its kind.
    #[error("the key is not written as a Multikey or JWK is")]
    Malformed,
    /// A key of a kind or length that is not supported here.
    #[error("the key is of a kind or size that is not supported")]
    Unsupported,
    /// No point of the curve, a point with which anybody could sign, or an exponent that is no RSA exponent.
    #[error("the key is not a usable public key")]
    Unusable,
    /// A JWK that holds a private key: whoever published it has lost it.
    #[error("the JWK holds a private key")]
    Private,
    /// Not a `did:key`, or one whose fragment names another key.
    #[error("the identifier is not a did:key, or its fragment names another key")]
    NotDidKey,
}

/// The signature is not one of this key over this message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not match")]
pub struct BadSignature;

/// A signature could not be made: a defect of the cryptography underneath, or a remote signer that does not answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key could not sign")]
pub struct SigningFailed;

/// An ECDSA signature `r ‖ s` of P-256 as an `Ecdsa-Sig-Value` in DER (RFC 3279 § 2.2.3), as certificates and CMS have it; none for
/// what is no such signature.
pub fn ecdsa_sig_value(signature: &[u8]) -> Option<Vec<u8>> {
    #[derive(der::Sequence)]
    struct EcdsaSigValue<'a> {
        r: UintRef<'a>,
        s: UintRef<'a>,
    }
    let (r, s) = signature.split_at_checked(32).filter(|(_, s)| s.len() == 32)?;
    let value = EcdsaSigValue { r: UintRef::new(r).ok()?, s: UintRef::new(s).ok()? };
    der::Encode::to_der(&value).ok()
}

/// Signs without showing the private key: one in memory, or a signer elsewhere.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public_key(&self) -> PublicKey;

    /// The signature of a message: Ed25519 64 bytes (RFC 8032); P-256 `r ‖ s`, 64 bytes (RFC 7518 §3.4); RSA as long as its
    /// modulus (RFC 7518 §3.3).
    ///
    /// # Errors
    /// [`SigningFailed`]; never for Ed25519 in memory.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed>;
}

impl Signer for ed25519_dalek::SigningKey {
    fn public_key(&self) -> PublicKey {
        PublicKey::Ed25519(self.verifying_key())
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        Ok(ed25519_dalek::Signer::sign(self, message).to_bytes().to_vec())
    }
}

impl PublicKey {
    /// Which kind it is.
    pub fn kind(&self) -> KeyKind {
        match self {
            Self::Ed25519(_) => KeyKind::Ed25519,
            Self::P256(_) => KeyKind::P256,
            Self::Rsa(_) => KeyKind::Rsa,
        }
    }

    /// Verifies a signature in the form that [`Signer::sign`] gives. Ed25519 strictly: no small order, no second encodings.
    ///
    /// # Errors
    /// [`BadSignature`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match self {
            Self::Ed25519(key) => {
                let signature = Signature::from_slice(signature).map_err(|_| BadSignature)?;
                key.verify_strict(message, &signature).map_err(|_| BadSignature)
            }
            Self::P256(point) => {
                let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point.0).map_err(|_| BadSignature)?;
                key.verify_sig(message, signature).map_err(|_| BadSignature)
            }
            Self::Rsa(key) => {
                let components = RsaPublicKeyComponents { n: &key.modulus, e: &key.exponent };
                components.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).map_err(|_| BadSignature)
            }
        }
    }

    /// From the point of a P-256 key, compressed or not (SEC 1 §2.3.4).
    ///
    /// # Errors
    /// [`KeyError::Unusable`] for bytes that are no point of the curve.
    pub fn from_p256(point: &[u8]) -> Result<Self, KeyError> {
        let sec1 = matches!((point.len(), point.first()), (33, Some(2 | 3)) | (65, Some(4)));
        if !sec1 {
            return Err(KeyError::Unusable);
        }
        let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).map_err(|_| KeyError::Unusable)?;
        if let Ok(uncompressed) = point.try_into() {
            return Ok(Self::P256(P256Point(uncompressed)));
        }
        // The SubjectPublicKeyInfo ends in the point, uncompressed (RFC 5480 §2.2).
        let info = aws_lc_rs::encoding::AsDer::as_der(&key).map_err(|_| KeyError::Unusable)?;
        let uncompressed = info.as_ref().last_chunk::<65>().filter(|point| point[0] == 4).ok_or(KeyError::Unusable)?;
        Ok(Self::P256(P256Point(*uncompressed)))
    }

    /// From the modulus and exponent of an RSA key, big-endian.
    ///
    /// # Errors
    /// [`KeyError::Unsupported`] for less than 2048 or more than 4096 bits; [`KeyError::Unusable`] for an exponent that is even, below
    /// three or longer than 32 bits.
    pub fn from_rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let trimmed = |bytes: &[u8]| bytes.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<u8>>();
        let (modulus, exponent) = (trimmed(modulus), trimmed(exponent));
        let bits = modulus.len() * 8 - modulus.first().map_or(0, |first| first.leading_zeros() as usize);
        if !(2048..=4096).contains(&bits) {
            return Err(KeyError::Unsupported);
        }
        let odd = |bytes: &[u8]| bytes.last().is_some_and(|last| last % 2 == 1);
        let holds = odd(&modulus) && odd(&exponent) && exponent.len() <= 4 && exponent != [1];
        if holds { Ok(Self::Rsa(RsaKey { modulus, exponent })) } else { Err(KeyError::Unusable) }
    }

    /// The Multikey form, `z6Mk…` or `zDn…` (Controlled Identifiers 1.0 §2.2.2); RSA has none.
    pub fn to_multikey(&self) -> Option<String> {
        let bytes = match self {
            Self::Ed25519(key) => [&ED25519_PUBLIC[..], key.as_bytes()].concat(),
            Self::P256(P256Point(point)) => {
                let (x, y) = (&point[1..33], &point[33..]);
                [&P256_PUBLIC[..], &[2 + (y[31] & 1)], x].concat()
            }
            Self::Rsa(_) => return None,
        };
        Some(format!("z{}", bs58::encode(bytes).into_string()))
    }

    /// Reads a Multikey.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_multikey(multikey: &str) -> Result<Self, KeyError> {
        let base58 = multikey.strip_prefix('z').ok_or(KeyError::Malformed)?;
        // Base58 takes quadratic time; 35 bytes never need more characters than this.
        if base58.len() > 64 {
            return Err(KeyError::Unsupported);
        }
        let bytes = bs58::decode(base58).into_vec().map_err(|_| KeyError::Malformed)?;
        if let Some(raw) = bytes.strip_prefix(&ED25519_PUBLIC) {
            return Self::from_ed25519(raw);
        }
        match bytes.strip_prefix(&P256_PUBLIC) {
            Some(raw) if raw.len() == 33 => Self::from_p256(raw),
            _ => Err(KeyError::Unsupported),
        }
    }

    /// From the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// [`KeyError::Unusable`], small order included.
    pub fn from_ed25519(raw: &[u8]) -> Result<Self, KeyError> {
        let raw: &[u8; 32] = raw.try_into().map_err(|_| KeyError::Unsupported)?;
        let key = VerifyingKey::from_bytes(raw).map_err(|_| KeyError::Unusable)?;
        if key.is_weak() { Err(KeyError::Unusable) } else { Ok(Self::Ed25519(key)) }
    }

    /// The public key as a JWK, its required members only, in the order of RFC 7638 (RFC 7518 §6, RFC 8037 §2).
    pub fn to_jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Ed25519(key) => json!({"crv": "Ed25519", "kty": "OKP", "x": text(key.as_bytes())}),
            Self::P256(P256Point(point)) => {
                json!({"crv": "P-256", "kty": "EC", "x": text(&point[1..33]), "y": text(&point[33..])})
            }
            Self::Rsa(key) => json!({"e": text(&key.exponent), "kty": "RSA", "n": text(&key.modulus)}),
        }
    }

    /// Reads a JWK. Members that don't describe the key are passed over, but for `alg`, which must be that of its kind.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_jwk(jwk: &Value) -> Result<Self, KeyError> {
        let text = |name: &str| jwk.get(name).and_then(Value::as_str);
        if PRIVATE_MEMBERS.iter().any(|name| jwk.get(name).is_some()) {
            return Err(KeyError::Private);
        }
        let bytes = |name: &str| {
            let encoded = text(name).filter(|encoded| encoded.len() <= 1024).ok_or(KeyError::Malformed)?;
            URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeyError::Malformed)
        };
        let key = match (text("kty"), text("crv")) {
            (Some("OKP"), Some("Ed25519")) => Self::from_ed25519(&bytes("x")?),
            (Some("EC"), Some("P-256")) => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                if x.len() == 32 && y.len() == 32 {
                    Self::from_p256(&[&[4], &x[..], &y].concat())
                } else {
                    Err(KeyError::Malformed)
                }
            }
            (Some("RSA"), _) => Self::from_rsa(&bytes("n")?, &bytes("e")?),
            (Some(_), _) => Err(KeyError::Unsupported),
            (None, _) => Err(KeyError::Malformed),
        }?;
        match text("alg") {
            Some(other) if other != key.kind().jose_algorithm() && other != "Ed25519" => Err(KeyError::Unsupported),
            _ => Ok(key),
        }
    }

    /// The JWK thumbprint (RFC 7638 §3, RFC 8037 appendix A.3): SHA-256 over the required members, base64url without padding, 43
    /// characters.
    pub fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.to_jwk().to_string()))
    }

    /// The `did:key` of a key that has a Multikey. It proves that somebody signed, not who.
    pub fn to_did_key(&self) -> Option<String> {
        self.to_multikey().map(|multikey| format!("did:key:{multikey}"))
    }

    /// The verification method of a `did:key`: `did:key:z6Mk…#z6Mk…`.
    pub fn did_key_method(&self) -> Option<String> {
        self.to_multikey().map(|multikey| format!("did:key:{multikey}#{multikey}"))
    }

    /// The public key in a `did:key`, with or without its fragment.
    ///
    /// # Errors
    /// See [`KeyError`].
    pub fn from_did_key(did_url: &str) -> Result<Self, KeyError> {
        let rest = did_url.strip_prefix("did:key:").ok_or(KeyError::NotDidKey)?;
        let (multikey, fragment) = rest.split_once('#').unwrap_or((rest, rest));
        if multikey == fragment { Self::from_multikey(multikey) } else { Err(KeyError::NotDidKey) }
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::{KeyPair as RsaPair, KeySize};
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256};

    use super::*;

    /// The public key of RFC 8037 appendix A.
    fn rfc_8037_key() -> PublicKey {
        PublicKey::from_jwk(
            &json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}),
        )
        .unwrap()
    }

    /// The RSA key of RFC 7638 §3.1.
    fn rfc_7638_key() -> Value {
        json!({"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n":
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"})
    }

    #[test]
    fn thumbprints_are_those_of_the_standards() {
        assert_eq!(rfc_8037_key().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let rsa = PublicKey::from_jwk(&rfc_7638_key()).unwrap();
        assert_eq!(rsa.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn every_form_reads_back() {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let p256 = PublicKey::from_p256(pair.public_key().as_ref()).unwrap();
        for key in [rfc_8037_key(), p256] {
            assert_eq!(PublicKey::from_multikey(&key.to_multikey().unwrap()), Ok(key.clone()));
            assert_eq!(PublicKey::from_did_key(&key.to_did_key().unwrap()), Ok(key.clone()));
            assert_eq!(PublicKey::from_did_key(&key.did_key_method().unwrap()), Ok(key.clone()));
            assert_eq!(PublicKey::from_jwk(&key.to_jwk()), Ok(key));
        }
        let rsa = PublicKey::from_jwk(&rfc_7638_key()).unwrap();
        assert_eq!(PublicKey::from_jwk(&rsa.to_jwk()), Ok(rsa.clone()));
        assert_eq!(rsa.to_multikey(), None);
    }

    #[test]
    fn signatures_of_each_kind_verify_and_no_altered_one_does() {
        let random = SystemRandom::new();
        let p256 = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let rsa = RsaPair::generate(KeySize::Rsa2048).unwrap();
        let mut rsa_signature = vec![0; rsa.public_modulus_len()];
        rsa.sign(&RSA_PKCS1_SHA256, &random, b"text", &mut rsa_signature).unwrap();
        let rsa_key = rsa.public_key();
        let ed = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let cases = [
            (ed.public_key(), Signer::sign(&ed, b"text").unwrap()),
            (
                PublicKey::from_p256(p256.public_key().as_ref()).unwrap(),
                p256.sign(&random, b"text").unwrap().as_ref().to_vec(),
            ),
            (
                PublicKey::from_rsa(
                    rsa_key.modulus().big_endian_without_leading_zero(),
                    rsa_key.exponent().big_endian_without_leading_zero(),
                )
                .unwrap(),
                rsa_signature,
            ),
        ];
        for (key, signature) in cases {
            assert_eq!(key.verify(b"text", &signature), Ok(()), "{:?}", key.kind());
            assert_eq!(key.verify(b"Text", &signature), Err(BadSignature));
            let mut altered = signature.clone();
            altered[9] ^= 1;
            assert_eq!(key.verify(b"text", &altered), Err(BadSignature));
            assert_eq!(key.verify(b"text", &signature[1..]), Err(BadSignature));
            assert_eq!(key.verify(b"text", &[]), Err(BadSignature));
        }
    }

    #[test]
    fn other_forms_and_unusable_keys_are_refused() {
        let good = rfc_8037_key().to_multikey().unwrap();
        let raw = |prefix: [u8; 2], key: &[u8]| format!("z{}", bs58::encode([&prefix, key].concat()).into_string());
        let decode = PublicKey::from_multikey;
        assert_eq!(decode(&good[1..]), Err(KeyError::Malformed));
        assert_eq!(decode("z0OIl"), Err(KeyError::Malformed));
        assert_eq!(decode(&raw([0xe7, 0x01], &[2; 33])), Err(KeyError::Unsupported), "secp256k1");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[2; 31])), Err(KeyError::Unsupported), "too short");
        assert_eq!(decode(&format!("z{}", "1".repeat(1000))), Err(KeyError::Unsupported), "too long");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[0; 32])), Err(KeyError::Unusable), "small order");
        assert_eq!(decode(&raw(ED25519_PUBLIC, &[2; 32])), Err(KeyError::Unusable), "no point");
        assert_eq!(decode(&raw(P256_PUBLIC, &[&[2], &[0xff; 32][..]].concat())), Err(KeyError::Unusable), "no point");
        assert_eq!(PublicKey::from_p256(&[0]), Err(KeyError::Unusable), "the point at infinity");
        assert_eq!(PublicKey::from_p256(&[&[4], &[1; 64][..]].concat()), Err(KeyError::Unusable), "off the curve");
        assert_eq!(PublicKey::from_did_key("did:web:example.org"), Err(KeyError::NotDidKey));
        assert_eq!(PublicKey::from_did_key(&format!("did:key:{good}#other")), Err(KeyError::NotDidKey));
        let jwk = |name: &str, value: Value| {
            let mut jwk = rfc_7638_key();
            jwk[name] = value;
            PublicKey::from_jwk(&jwk)
        };
        assert_eq!(jwk("d", json!("AQAB")), Err(KeyError::Private));
        assert_eq!(jwk("alg", json!("HS256")), Err(KeyError::Unsupported));
        assert_eq!(jwk("n", json!("AQAB")), Err(KeyError::Unsupported), "a tiny modulus");
        assert_eq!(jwk("e", json!("AQ")), Err(KeyError::Unusable), "an exponent of one");
        assert_eq!(jwk("e", json!("AQABAQABAQ")), Err(KeyError::Unusable), "a slow exponent");
        assert_eq!(jwk("kty", json!("oct")), Err(KeyError::Unsupported));
    }
}
