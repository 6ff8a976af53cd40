//! The seal of an attestation: a PAdES B-B signature (ETSI EN 319 142-1 § 6) of the issuing organisation, as one incremental update
//! behind the PDF that was rendered; and the check of a seal on a PDF that anybody may have made.
//!
//! Pure: bytes, keys, certificates and moments in, bytes or findings out. `pdf` is the file's part (ISO 32000-1 § 12.8), `signature`
//! the CMS in it (ETSI EN 319 122-1), `certificate` and `chain` what speaks for the key (RFC 5280), `algorithm` the cryptography.
//! ADR 18 says why it is made like this.
//!
//! Not here: which issuer seals with what, and where sealed files are kept (`service::seals`); what a PDF shows (`attestation`);
//! revocation of certificates, and time stamps, for which there is [`TimeStamper`].

mod algorithm;
mod certificate;
mod chain;
mod pdf;
mod signature;
#[cfg(test)]
mod tests;

pub use self::certificate::{Certificate, CertificateChain, CertificateError, MAX_CHAIN_BYTES, pem_blocks};
pub use self::pdf::MAX_PDF_BYTES;

use self::algorithm::Hash;
use crate::proof::key::{Signer, SigningFailed};
use crate::time::Timestamp;

/// How far a seal's own time may lie ahead of the verifier's clock, in seconds.
const CLOCK_TOLERANCE: i64 = 300;

/// What seals: a key, and the certificates that speak for it.
#[derive(Clone, Copy)]
pub struct SealingKey<'a> {
    /// The private key.
    pub signer: &'a dyn Signer,
    /// Its certificate, and those above.
    pub certificates: &'a CertificateChain,
    /// What says when the seal was made, besides ourselves; none for level B-B.
    pub time_stamper: Option<&'a dyn TimeStamper>,
}

/// The seam for level B-T (ETSI EN 319 142-1 § 6.2): gives a time-stamp token (RFC 3161) over a seal's signature value. It goes into
/// the CMS as the unsigned attribute `id-aa-timeStampToken` (RFC 3161 App. A), so that nothing that is signed changes. No authority
/// is asked today: whoever adds one implements this with what `fetch` gets from it, and lets [`check`] read the token.
pub trait TimeStamper: Sync {
    /// The token, a CMS `ContentInfo` in DER.
    ///
    /// # Errors
    /// What hindered it, in words.
    fn token(&self, signature: &[u8]) -> Result<Vec<u8>, String>;
}

/// A certificate that a verifier trusts to speak for seals: an authority's, or an organisation's own. It is never taken from a file
/// that is judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustAnchor(pub Certificate);

impl TrustAnchor {
    /// Every certificate of a PEM file.
    ///
    /// # Errors
    /// [`CertificateError`] where there is none, or one that can't be read.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        Ok(Certificate::from_pem(text)?.into_iter().map(Self).collect())
    }
}

/// A seal that was found on a PDF, and how it stands up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Whether it covers every byte of the file but itself: nothing before, between or behind is anybody else's.
    pub covers_whole_file: bool,
    /// Whether the bytes that it covers are those that were sealed.
    pub digest: bool,
    /// Whether the signature is that of the certificate's key.
    pub signature: bool,
    /// When it was made, as the sealer's clock said.
    pub at: Option<Timestamp>,
    /// Whose certificate it is, as a whole name (RFC 4514).
    pub subject: String,
    /// The organisation in that name.
    pub organisation: Option<String>,
    /// From when on the certificate is valid.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// Whether the certificate leads to one that the verifier trusts.
    pub chain: Chain,
    /// How many bytes the file had before it was sealed.
    pub original_len: usize,
}

/// How a seal's certificate stands to those that the verifier trusts, at the moment of the seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// It leads to one of them, and is made for this.
    Trusted,
    /// It leads to none of them.
    Unknown,
    /// It, or one above it, had expired.
    Expired,
    /// It, or one above it, was not valid yet; or the seal says that it is from the future.
    NotYet,
    /// It is not made for signing documents, or its key is weak.
    Unsuitable,
}

impl Found {
    /// Whether the file is as a trusted organisation sealed it, every byte of it.
    pub fn is_valid(&self) -> bool {
        self.covers_whole_file && self.digest && self.signature && self.chain == Chain::Trusted
    }
}

/// Why there is no seal, or nothing to say of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Larger than is read.
    #[error("the PDF has {bytes} bytes, the limit is {MAX_PDF_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Encrypted, truncated, damaged or made to exhaust its reader.
    #[error("the PDF cannot be read: {0}")]
    Unreadable(String),
    /// To be sealed, and not as our renderer writes it.
    #[error("the PDF cannot be sealed: {0}")]
    NotSealable(&'static str),
    /// More than one signature or signature field.
    #[error("the PDF has {count} signatures, there must be at most one")]
    Several {
        /// How many.
        count: usize,
    },
    /// A signature that is not a PAdES baseline signature in strict DER.
    #[error("its signature is not of the form PAdES B-B: {0}")]
    Form(&'static str),
    /// The certificate can't seal, or can't at this moment.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The key could not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
    /// No time stamp was to be had.
    #[error("no time stamp: {0}")]
    TimeStamp(String),
    /// More than the space reserved in the file.
    #[error("the signature is larger than the space reserved for it")]
    NoRoom,
}

/// Seals a PDF of our renderer: the same bytes, and an incremental update behind them (ISO 32000-1 § 7.5.6).
///
/// ECDSA is not deterministic and `at` is part of what is sealed, so the same PDF sealed twice is two files.
///
/// # Errors
/// [`SealError`]; above all where the certificate is not valid at that moment.
pub fn seal(pdf: &[u8], with: &SealingKey<'_>, at: Timestamp) -> Result<Vec<u8>, SealError> {
    with.certificates.check(&with.signer.public_key(), at)?;
    let mut update = pdf::Update::of(pdf, at)?;
    let digest = Hash::Sha256.of_parts(&update.covered());
    let contents = signature::make(&digest, with)?;
    update.fill(&contents)?;
    Ok(update.into_bytes())
}

/// Whether what stands behind the sealed bytes is what [`seal`] writes, to the byte but for the signature and the file's identifier: then the
/// file shows what it showed before, whoever sealed it.
pub fn is_as_written(pdf: &[u8], found: &Found) -> bool {
    let (Some(at), Some(before)) = (found.at, pdf.get(..found.original_len)) else { return false };
    pdf::Update::of(before, at).is_ok_and(|update| update.is_of(pdf))
}

/// Finds and judges the seal of a PDF. None where it has no signature field at all.
///
/// # Errors
/// [`SealError`] where there is something like a seal of which nothing can be said. Nobody may take that for a pass.
pub fn check(pdf: &[u8], trusted: &[TrustAnchor], now: Timestamp) -> Result<Option<Found>, SealError> {
    let Some(located) = pdf::locate(pdf)? else { return Ok(None) };
    let signed = signature::Signed::read(&located.contents)?;
    let certificate = signed.certificate();
    let at = located.at;
    let chain = match at {
        Some(at) if at > now.plus_seconds(CLOCK_TOLERANCE) => Chain::NotYet,
        _ => chain::judge(certificate, signed.others(), trusted, at.unwrap_or(now)),
    };
    Ok(Some(Found {
        covers_whole_file: located.covers_whole_file,
        digest: located.covered.is_some_and(|parts| signed.digests(&parts)),
        signature: signed.is_signed(),
        at,
        subject: certificate.subject(),
        organisation: certificate.organisation(),
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
        chain,
        original_len: located.original_len,
    }))
}
