//! From a seal's certificate to one that the verifier was given (RFC 5280 § 6, without policies, name constraints and revocation:
//! a certificate that demands one of the first two is refused, the last is asked of nobody).

use der::Encode as _;
use der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};

use super::certificate::Certificate;
use super::{CertificateError, Chain, TrustAnchor, algorithm};
use crate::time::Timestamp;

/// The longest path, in certificates, with both ends.
const MAX_PATH: usize = 5;
/// The most signatures that are verified on the search for one: whoever made the file chose how many certificates it holds.
const MAX_SIGNATURES: u32 = 40;

/// Extensions that are understood, so that they may be critical: key usage, subject's other names (which nothing here asks for),
/// basic constraints, certificate policies (any is taken), extended key usage.
const KNOWN: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.32"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
];

/// Whether all that must be understood of a certificate is (RFC 5280 § 4.2), and nothing stands there twice.
pub(super) fn knows_critical(certificate: &Certificate) -> bool {
    let extensions = certificate.read.tbs_certificate.extensions.as_deref().unwrap_or(&[]);
    extensions.iter().enumerate().all(|(index, extension)| {
        let again = extensions[..index].iter().any(|other| other.extn_id == extension.extn_id);
        !again && (!extension.critical || KNOWN.contains(&extension.extn_id))
    })
}

/// Whether one certificate issued another: by name and by signature.
pub(super) fn issued(issuer: &Certificate, certificate: &Certificate) -> bool {
    let (above, below) = (&issuer.read.tbs_certificate, &certificate.read.tbs_certificate);
    let Ok(signed) = below.to_der() else { return false };
    let Some(signature) = certificate.read.signature.as_bytes() else { return false };
    let (key, algorithm) = (&above.subject_public_key_info, &certificate.read.signature_algorithm);
    above.subject == below.issuer && algorithm::verifies(key, algorithm, None, &signed, signature)
}

/// Whether a certificate may issue others, with so many authorities between it and the end (RFC 5280 § 6.1.4 (k) to (n)).
fn may_issue(issuer: &Certificate, authorities_below: usize) -> bool {
    let tbs = &issuer.read.tbs_certificate;
    let Ok(Some((_, constraints))) = tbs.get::<BasicConstraints>() else { return false };
    let long_enough = constraints.path_len_constraint.is_none_or(|most| authorities_below <= usize::from(most));
    let signs = tbs.get::<KeyUsage>().is_ok_and(|usage| usage.is_none_or(|(_, usage)| usage.key_cert_sign()));
    constraints.ca && long_enough && signs && knows_critical(issuer)
}

/// What a verifier who has these anchors holds of a seal's certificate at the moment of the seal.
pub(super) fn judge(signing: &Certificate, others: &[Certificate], anchors: &[TrustAnchor], at: Timestamp) -> Chain {
    if signing.check_use().is_err() {
        return Chain::Unsuitable;
    }
    if let Some(untimely) = untimely(signing, at) {
        return untimely;
    }
    if anchors.iter().any(|anchor| anchor.0 == *signing) {
        return Chain::Trusted;
    }
    let mut search = Search { others, anchors, at, signatures_left: MAX_SIGNATURES };
    search.above(signing, 1)
}

fn untimely(certificate: &Certificate, at: Timestamp) -> Option<Chain> {
    match certificate.check_time(at) {
        Ok(()) => None,
        Err(CertificateError::NotYet(_)) => Some(Chain::NotYet),
        Err(_) => Some(Chain::Expired),
    }
}

struct Search<'a> {
    others: &'a [Certificate],
    anchors: &'a [TrustAnchor],
    at: Timestamp,
    signatures_left: u32,
}

impl Search<'_> {
    /// The best path from a certificate upwards; `length` certificates lead to it, itself among them.
    fn above(&mut self, certificate: &Certificate, length: usize) -> Chain {
        let mut best = Chain::Unknown;
        if length == MAX_PATH {
            return best;
        }
        let (anchors, others) = (self.anchors, self.others);
        let candidates = anchors.iter().map(|anchor| (&anchor.0, true)).chain(others.iter().map(|one| (one, false)));
        for (candidate, is_anchor) in candidates {
            // The name first: it costs nothing.
            let named = candidate.read.tbs_certificate.subject == certificate.read.tbs_certificate.issuer;
            if !named || candidate == certificate || !may_issue(candidate, length - 1) {
                continue;
            }
            let Some(left) = self.signatures_left.checked_sub(1) else { return best };
            self.signatures_left = left;
            if !issued(candidate, certificate) {
                continue;
            }
            let found = match untimely(candidate, self.at) {
                // Untimely says something only of a path that would lead to an anchor.
                Some(untimely) if is_anchor => untimely,
                Some(untimely) => match self.above(candidate, length + 1) {
                    Chain::Unknown => Chain::Unknown,
                    _ => untimely,
                },
                None if is_anchor => Chain::Trusted,
                None => self.above(candidate, length + 1),
            };
            if found == Chain::Trusted {
                return found;
            }
            if best == Chain::Unknown {
                best = found;
            }
        }
        best
    }
}
