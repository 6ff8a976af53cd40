//! Certificates (RFC 5280): read strictly from DER or PEM, what they say in words, and what an organisation's must be to seal.
//!
//! Not here: whether anybody trusts them (`chain`), and whether they were revoked, which nobody asks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{ObjectIdentifier, PrintableStringRef, TeletexStringRef, Utf8StringRef};
use der::{Decode as _, Encode as _};
use sha2::{Digest as _, Sha256};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, KeyUsage};

use super::{algorithm, chain};
use crate::ids::hex;
use crate::proof::key::PublicKey;
use crate::time::Timestamp;

/// The largest certificate that is read, in bytes.
const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;
/// The most certificates of one file.
const MAX_CERTIFICATES: usize = 64;
/// What is shown of a name at most, in characters.
const MAX_SHOWN: usize = 300;
/// The longest chain that fits into the space that a seal reserves, in bytes of DER, with room for signature and attributes.
pub const MAX_CHAIN_BYTES: usize = 6 * 1024;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// Uses beyond key usage that let a certificate sign documents: any; document signing (RFC 9336 § 3.1); e-mail protection, which
/// authorities long gave for it; and the words of Adobe and Microsoft for the same.
const DOCUMENT_USES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.36"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.2.840.113583.1.1.5"),
    ObjectIdentifier::new_unwrap("1.3.6.1.4.1.311.10.3.12"),
];

/// Why bytes are no certificate, or not one to seal with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// Not a certificate in DER, or one with parts that RFC 5280 does not allow.
    #[error("it is not a certificate as RFC 5280 writes them: {0}")]
    Malformed(String),
    /// A file without a certificate in PEM.
    #[error("it holds no certificate in PEM (-----BEGIN CERTIFICATE-----)")]
    NoPem,
    /// More, or longer ones, than are read.
    #[error("it holds more than {MAX_CERTIFICATES} certificates, or one of more than {MAX_CERTIFICATE_BYTES} bytes")]
    TooMany,
    /// The private key belongs to another certificate.
    #[error("the private key does not belong to the first certificate")]
    OtherKey,
    /// Its time is over.
    #[error("the certificate expired at {0}")]
    Expired(Timestamp),
    /// Its time has not begun.
    #[error("the certificate is valid from {0} on only")]
    NotYet(Timestamp),
    /// A certificate of an authority.
    #[error("the first certificate is an authority's own: an organisation's seal needs one made for signing documents")]
    Authority,
    /// One that is not made for signing documents.
    #[error(
        "the certificate is not made for signing documents (key usage digitalSignature or nonRepudiation; if it names extended uses, one for documents): {0}"
    )]
    Usage(&'static str),
    /// A key that is too weak, or of a kind that can't seal.
    #[error("the certificate's key can't seal: P-256, or RSA of 2048 to 4096 bits")]
    Key,
    /// A further certificate that did not issue the one before it.
    #[error(
        "certificate {0} of the file did not issue the one before it: the order is the seal's own, then its issuer's, and so on"
    )]
    Order(
        /// Counted from 1.
        usize,
    ),
    /// Longer than what a seal has room for.
    #[error("the chain has {0} bytes, and a seal has room for {MAX_CHAIN_BYTES}")]
    TooLong(usize),
}

/// A certificate as it was read: no byte of it is in doubt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    der: Vec<u8>,
    pub(super) read: x509_cert::Certificate,
}

impl Certificate {
    /// From DER, and nothing but DER: what is written anew has the same bytes.
    ///
    /// # Errors
    /// [`CertificateError::Malformed`], [`CertificateError::TooMany`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooMany);
        }
        let malformed = |error: der::Error| CertificateError::Malformed(error.to_string());
        let read = x509_cert::Certificate::from_der(der).map_err(malformed)?;
        let tbs = &read.tbs_certificate;
        // RFC 5280 § 4.1.1.2: both name the same algorithm.
        if read.to_der().map_err(malformed)? != der || tbs.signature != read.signature_algorithm {
            return Err(CertificateError::Malformed("it is not in DER".into()));
        }
        Ok(Self { der: der.to_vec(), read })
    }

    pub(super) fn from_read(read: &x509_cert::Certificate) -> Result<Self, CertificateError> {
        let der = read.to_der().map_err(|error| CertificateError::Malformed(error.to_string()))?;
        Self::from_der(&der)
    }

    /// Every certificate of a PEM file (RFC 7468 § 5), in its order; other texts of it are passed over.
    ///
    /// # Errors
    /// [`CertificateError`] where there is none, or one that can't be read.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let mut found = Vec::new();
        for der in pem_blocks(text, "CERTIFICATE") {
            let der = der.ok_or_else(|| CertificateError::Malformed("it is not in base64".into()))?;
            if found.len() == MAX_CERTIFICATES {
                return Err(CertificateError::TooMany);
            }
            found.push(Self::from_der(&der)?);
        }
        if found.is_empty() { Err(CertificateError::NoPem) } else { Ok(found) }
    }

    /// As DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// As PEM.
    pub fn to_pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        // Base64 is ASCII: any cut is between characters.
        let lines: Vec<_> = (0..text.len()).step_by(64).map(|at| &text[at..text.len().min(at + 64)]).collect();
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
    }

    /// The whole name of its subject (RFC 4514), without characters that would not show.
    pub fn subject(&self) -> String {
        shown(&self.read.tbs_certificate.subject.to_string())
    }

    /// The whole name of its issuer.
    pub fn issuer(&self) -> String {
        shown(&self.read.tbs_certificate.issuer.to_string())
    }

    /// The common name of its subject.
    pub fn common_name(&self) -> Option<String> {
        self.subject_part(COMMON_NAME)
    }

    /// The organisation of its subject.
    pub fn organisation(&self) -> Option<String> {
        self.subject_part(ORGANISATION)
    }

    fn subject_part(&self, kind: ObjectIdentifier) -> Option<String> {
        let parts = self.read.tbs_certificate.subject.0.iter().flat_map(|names| names.0.iter());
        let value = &parts.into_iter().find(|part| part.oid == kind)?.value;
        let text = value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
        let text = text.or_else(|_| value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned()));
        let text = text.or_else(|_| value.decode_as::<TeletexStringRef<'_>>().map(|text| text.as_str().to_owned()));
        text.ok().map(|text| shown(&text))
    }

    /// From when on it is valid.
    pub fn not_before(&self) -> Timestamp {
        moment(self.read.tbs_certificate.validity.not_before)
    }

    /// Until when it is valid.
    pub fn not_after(&self) -> Timestamp {
        moment(self.read.tbs_certificate.validity.not_after)
    }

    /// SHA-256 of its DER, in hex: how certificates are compared by people.
    pub fn fingerprint(&self) -> String {
        hex(&Sha256::digest(&self.der))
    }

    /// Its key, where that is one that the keyring can hold.
    pub fn public_key(&self) -> Option<PublicKey> {
        algorithm::public_key(&self.read.tbs_certificate.subject_public_key_info)
    }

    /// Whether it may issue others (RFC 5280 § 4.2.1.9).
    pub fn is_authority(&self) -> bool {
        matches!(self.read.tbs_certificate.get::<BasicConstraints>(), Ok(Some((_, constraints))) if constraints.ca)
    }

    /// Whether it is its own issuer, as a root is.
    pub fn is_self_issued(&self) -> bool {
        self.read.tbs_certificate.subject == self.read.tbs_certificate.issuer
    }

    /// Why it can't be what a seal was made with, whoever trusts it: RFC 5280 § 4.2.1.3, § 4.2.1.12.
    pub(super) fn check_use(&self) -> Result<(), CertificateError> {
        let tbs = &self.read.tbs_certificate;
        if self.is_authority() {
            return Err(CertificateError::Authority);
        }
        if !algorithm::is_strong(&tbs.subject_public_key_info) {
            return Err(CertificateError::Key);
        }
        if !chain::knows_critical(self) {
            return Err(CertificateError::Usage("a critical extension of it is not known here"));
        }
        match tbs.get::<KeyUsage>() {
            Ok(Some((_, usage))) if usage.digital_signature() || usage.non_repudiation() => {}
            _ => return Err(CertificateError::Usage("its key usage does not say so")),
        }
        match tbs.get::<ExtendedKeyUsage>() {
            Ok(None) => Ok(()),
            Ok(Some((_, uses))) if uses.0.iter().any(|one| DOCUMENT_USES.contains(one)) => Ok(()),
            _ => Err(CertificateError::Usage("its extended key usage says something else")),
        }
    }

    /// Whether a moment lies in its time.
    pub(super) fn check_time(&self, at: Timestamp) -> Result<(), CertificateError> {
        if at < self.not_before() {
            return Err(CertificateError::NotYet(self.not_before()));
        }
        if at > self.not_after() {
            return Err(CertificateError::Expired(self.not_after()));
        }
        Ok(())
    }
}

/// What an organisation seals with: its certificate, and those between it and the root that verifiers have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateChain {
    certificates: Vec<Certificate>,
}

impl CertificateChain {
    /// From certificates in order: the seal's own, its issuer's, and so on. A root at the end is left out: whoever trusts it has it.
    ///
    /// # Errors
    /// [`CertificateError`] where the first can't seal, or the others do not lead from it upwards.
    pub fn new(mut certificates: Vec<Certificate>) -> Result<Self, CertificateError> {
        certificates.first().ok_or(CertificateError::NoPem)?.check_use()?;
        if certificates[0].public_key().is_none() {
            return Err(CertificateError::Key);
        }
        for (index, pair) in certificates.windows(2).enumerate() {
            if !chain::issued(&pair[1], &pair[0]) {
                return Err(CertificateError::Order(index + 2));
            }
        }
        if certificates.len() > 1 && certificates.last().is_some_and(Certificate::is_self_issued) {
            certificates.pop();
        }
        let bytes = certificates.iter().map(|certificate| certificate.der.len()).sum();
        if bytes > MAX_CHAIN_BYTES { Err(CertificateError::TooLong(bytes)) } else { Ok(Self { certificates }) }
    }

    /// From PEM, as [`CertificateChain::to_pem`] writes it.
    ///
    /// # Errors
    /// As [`CertificateChain::new`].
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        Self::new(Certificate::from_pem(text)?)
    }

    /// As PEM, in order.
    pub fn to_pem(&self) -> String {
        self.certificates.iter().map(Certificate::to_pem).collect()
    }

    /// The one that the seal's key belongs to.
    pub fn signing(&self) -> &Certificate {
        &self.certificates[0]
    }

    /// All of them, the seal's own first.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// Whether a seal can be made with it, by this key, at this moment.
    ///
    /// # Errors
    /// [`CertificateError::OtherKey`], [`CertificateError::Expired`], [`CertificateError::NotYet`].
    pub fn check(&self, key: &PublicKey, at: Timestamp) -> Result<(), CertificateError> {
        if self.signing().public_key().as_ref() != Some(key) {
            return Err(CertificateError::OtherKey);
        }
        self.certificates.iter().try_for_each(|certificate| certificate.check_time(at))
    }
}

/// The bodies of PEM blocks of a label, each decoded; none for one that is not base64.
pub fn pem_blocks<'a>(text: &'a str, label: &str) -> impl Iterator<Item = Option<Vec<u8>>> + use<'a> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(&begin)?;
        let (body, after) = after.split_once(&end)?;
        rest = after;
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        Some(STANDARD.decode(zeroize::Zeroizing::new(body).as_bytes()).ok())
    })
}

fn moment(time: x509_cert::time::Time) -> Timestamp {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    Timestamp::from_unix_seconds(seconds).unwrap_or(Timestamp::from_micros(i64::MAX))
}

/// A stranger's text for people: no control or formatting characters, not endless.
fn shown(text: &str) -> String {
    let is_shown = |c: &char| {
        !c.is_control()
            && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    text.chars().filter(is_shown).take(MAX_SHOWN).collect()
}
