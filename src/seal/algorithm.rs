//! Signatures under algorithms and keys that a stranger's certificate names: ECDSA on P-256 and P-384, RSA of 2048 to 8192 bits
//! with PKCS#1 v1.5 or PSS; SHA-256, SHA-384 and SHA-512. Anything else is refused, SHA-1 first of all.

use aws_lc_rs::signature::{
    self, RsaParameters, RsaPssSaltLength, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use der::{Decode as _, Sequence};
use sha2::{Sha256, Sha384, Sha512};
use x509_cert::spki::{AlgorithmIdentifierOwned, AlgorithmIdentifierRef, SubjectPublicKeyInfoOwned};

use crate::proof::key::{self, KeyKind, PublicKey};

/// The least modulus that is taken, in bits.
const MIN_RSA_BITS: usize = 2048;
/// The largest: verifying takes longer with each bit, and a stranger chose the key.
const MAX_RSA_BITS: usize = 8192;

pub(super) const SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.2");
const SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.3");
const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ECDSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const RSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const RSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const RSA_SHA512: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const MGF1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.8");

/// A hash that is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hash {
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// By the identifier in an algorithm, with no parameters or NULL (RFC 5754 § 2).
    pub(super) fn named(algorithm: &AlgorithmIdentifierOwned) -> Option<Self> {
        let bare = algorithm.parameters.as_ref().is_none_or(|parameters| parameters.is_null());
        Self::of(algorithm.oid).filter(|_| bare)
    }

    fn of(oid: ObjectIdentifier) -> Option<Self> {
        match oid {
            SHA256 => Some(Self::Sha256),
            SHA384 => Some(Self::Sha384),
            SHA512 => Some(Self::Sha512),
            _ => None,
        }
    }

    /// The hash of parts one after the other.
    pub(super) fn of_parts(self, parts: &[&[u8]]) -> Vec<u8> {
        fn run<D: sha2::Digest>(parts: &[&[u8]]) -> Vec<u8> {
            let mut digest = D::new();
            parts.iter().for_each(|part| digest.update(part));
            digest.finalize().to_vec()
        }
        match self {
            Self::Sha256 => run::<Sha256>(parts),
            Self::Sha384 => run::<Sha384>(parts),
            Self::Sha512 => run::<Sha512>(parts),
        }
    }

    const fn bytes(self) -> u16 {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// `RSASSA-PSS-params` (RFC 4055 § 3.1). Every default of it is SHA-1, so all that is taken stands there.
#[derive(Sequence)]
struct PssParameters<'a> {
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    hash: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    mask: Option<AlgorithmIdentifierRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", optional = "true")]
    salt_length: Option<u16>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    trailer: Option<u8>,
}

/// `RSAPublicKey` (RFC 8017 § A.1.1).
#[derive(Sequence)]
struct RsaPublicKey<'a> {
    modulus: UintRef<'a>,
    exponent: UintRef<'a>,
}

/// What a certificate holds as a key.
enum Key<'a> {
    P256(&'a [u8]),
    P384(&'a [u8]),
    Rsa(&'a [u8], RsaPublicKey<'a>),
}

impl<'a> Key<'a> {
    /// Of a kind and size that is taken; none else.
    fn read(info: &'a SubjectPublicKeyInfoOwned) -> Option<Self> {
        let bytes = info.subject_public_key.as_bytes()?;
        match info.algorithm.oid {
            EC_PUBLIC_KEY => match info.algorithm.parameters.as_ref()?.decode_as::<ObjectIdentifier>().ok()? {
                P256 => Some(Self::P256(bytes)),
                P384 => Some(Self::P384(bytes)),
                _ => None,
            },
            RSA => {
                let key = RsaPublicKey::from_der(bytes).ok()?;
                let modulus = key.modulus.as_bytes();
                let bits = modulus.len() * 8 - modulus.first()?.leading_zeros() as usize;
                (MIN_RSA_BITS..=MAX_RSA_BITS).contains(&bits).then_some(Self::Rsa(bytes, key))
            }
            _ => None,
        }
    }
}

/// Whether a key is of a kind and size that is taken.
pub(super) fn is_strong(info: &SubjectPublicKeyInfoOwned) -> bool {
    Key::read(info).is_some()
}

/// The key, where it is one that the keyring can hold.
pub(super) fn public_key(info: &SubjectPublicKeyInfoOwned) -> Option<PublicKey> {
    match Key::read(info)? {
        Key::P256(point) => PublicKey::from_p256(point).ok(),
        Key::Rsa(_, key) => PublicKey::from_rsa(key.modulus.as_bytes(), key.exponent.as_bytes()).ok(),
        Key::P384(_) => None,
    }
}

/// The algorithm under which a key of the keyring signs; none for one that no certificate is made for.
pub(super) fn of_signer(kind: KeyKind) -> Option<AlgorithmIdentifierOwned> {
    match kind {
        // Without parameters (RFC 5758 § 3.2).
        KeyKind::P256 => Some(AlgorithmIdentifierOwned { oid: ECDSA_SHA256, parameters: None }),
        // With NULL (RFC 4055 § 5).
        KeyKind::Rsa => Some(AlgorithmIdentifierOwned { oid: RSA_SHA256, parameters: Some(der::asn1::Null.into()) }),
        KeyKind::Ed25519 => None,
    }
}

/// The form of a signature in certificates and CMS, from that of [`crate::proof::key::Signer`]: ECDSA as `Ecdsa-Sig-Value` (RFC 5480
/// App. A), RSA as it is.
pub(super) fn encode_signature(kind: KeyKind, signature: Vec<u8>) -> Option<Vec<u8>> {
    match kind {
        KeyKind::P256 => key::ecdsa_sig_value(&signature),
        KeyKind::Rsa | KeyKind::Ed25519 => Some(signature),
    }
}

/// Whether a signature is that of a key over a message. `digest` is the hash that CMS names beside an algorithm that names none
/// (RFC 5754 § 3.2).
pub(super) fn verifies(
    info: &SubjectPublicKeyInfoOwned,
    algorithm: &AlgorithmIdentifierOwned,
    digest: Option<Hash>,
    message: &[u8],
    signature: &[u8],
) -> bool {
    let Some(key) = Key::read(info) else { return false };
    if let (Key::Rsa(_, key), RSA_PSS) = (&key, algorithm.oid) {
        let parameters = algorithm.parameters.as_ref().and_then(|parameters| pss_parameters(AnyRef::from(parameters)));
        let components = RsaPublicKeyComponents { n: key.modulus.as_bytes(), e: key.exponent.as_bytes() };
        return parameters.is_some_and(|parameters| components.verify(&parameters, message, signature).is_ok());
    }
    let Some((bytes, algorithm)) = verification(&key, algorithm, digest) else { return false };
    UnparsedPublicKey::new(algorithm, bytes).verify(message, signature).is_ok()
}

/// For all but PSS, whose parameters are a matter of their own.
fn verification<'a>(
    key: &Key<'a>,
    algorithm: &AlgorithmIdentifierOwned,
    digest: Option<Hash>,
) -> Option<(&'a [u8], &'static dyn VerificationAlgorithm)> {
    let bare = algorithm.parameters.as_ref().is_none_or(|parameters| parameters.is_null());
    match key {
        Key::P256(point) if bare => Some((
            point,
            match algorithm.oid {
                ECDSA_SHA256 => &signature::ECDSA_P256_SHA256_ASN1,
                ECDSA_SHA384 => &signature::ECDSA_P256_SHA384_ASN1,
                ECDSA_SHA512 => &signature::ECDSA_P256_SHA512_ASN1,
                _ => return None,
            },
        )),
        Key::P384(point) if bare => Some((
            point,
            match algorithm.oid {
                ECDSA_SHA256 => &signature::ECDSA_P384_SHA256_ASN1,
                ECDSA_SHA384 => &signature::ECDSA_P384_SHA384_ASN1,
                ECDSA_SHA512 => &signature::ECDSA_P384_SHA512_ASN1,
                _ => return None,
            },
        )),
        Key::Rsa(bytes, _) if bare => {
            let hash = match algorithm.oid {
                RSA_SHA256 => Hash::Sha256,
                RSA_SHA384 => Hash::Sha384,
                RSA_SHA512 => Hash::Sha512,
                RSA => digest?,
                _ => return None,
            };
            let verification: &'static dyn VerificationAlgorithm = match hash {
                Hash::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
                Hash::Sha384 => &signature::RSA_PKCS1_2048_8192_SHA384,
                Hash::Sha512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            };
            Some((bytes, verification))
        }
        _ => None,
    }
}

/// PSS with one hash for message and mask, and a salt at least as long as it (ETSI TS 119 312 § 7.2): some write that length, others as
/// many bytes as fit.
fn pss_parameters(parameters: AnyRef<'_>) -> Option<RsaParameters> {
    let parameters: PssParameters<'_> = parameters.decode_as().ok()?;
    let hash = Hash::of(parameters.hash?.oid)?;
    let mask = parameters.mask.filter(|mask| mask.oid == MGF1)?;
    let inner: AlgorithmIdentifierRef<'_> = mask.parameters?.decode_as().ok()?;
    let salt = parameters.salt_length.filter(|salt| *salt >= hash.bytes())?;
    if Hash::of(inner.oid) != Some(hash) || !matches!(parameters.trailer, None | Some(1)) {
        return None;
    }
    let usual = match hash {
        Hash::Sha256 => signature::RSA_PSS_2048_8192_SHA256,
        Hash::Sha384 => signature::RSA_PSS_2048_8192_SHA384,
        Hash::Sha512 => signature::RSA_PSS_2048_8192_SHA512,
    };
    Some(usual.with_pss_salt_length(RsaPssSaltLength::Custom(salt)))
}
