//! The certificate authority of the demo: made at its first run for one organisation, whose seal it speaks for; its own key is
//! forgotten at once.

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, date_time_ymd,
};
use zeroize::Zeroizing;

use crate::time::{Timestamp, Zone};

/// Id-kp-documentSigning (RFC 9336 § 3.1).
const DOCUMENT_SIGNING: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 3, 36];

/// What an authority gives an organisation for its seal.
pub(super) struct SealKit {
    /// The authority's certificate, which verifiers are to trust, in PEM.
    pub(super) authority: String,
    /// The organisation's certificate, in PEM.
    pub(super) certificate: String,
    /// Its private key, as PKCS#8 in PEM.
    pub(super) key: Zeroizing<String>,
}

/// Makes an authority, and a certificate for the seal of an organisation, valid from the day before a moment for two years or so.
pub(super) fn seal_kit(organisation: &str, begun: Timestamp) -> anyhow::Result<SealKit> {
    let new_key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).context("a key could not be made");
    let mut authority = params("Sceau", "Autorité de démonstration", begun);
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = new_key()?;
    let authority_certificate = authority.self_signed(&authority_key)?;

    let mut seal = params(organisation, "Cachet de démonstration", begun);
    seal.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    seal.extended_key_usages = vec![ExtendedKeyUsagePurpose::Other(DOCUMENT_SIGNING.to_vec())];
    seal.use_authority_key_identifier_extension = true;
    let key = new_key()?;
    let certificate = seal.signed_by(&key, &Issuer::from_params(&authority, &authority_key))?;
    Ok(SealKit {
        authority: authority_certificate.pem(),
        certificate: certificate.pem(),
        key: Zeroizing::new(key.serialize_pem()),
    })
}

fn params(organisation: &str, name: &str, begun: Timestamp) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::OrganizationName, organisation);
    params.distinguished_name.push(DnType::CommonName, name);
    let zone = Zone::default();
    let day = |moment: Timestamp| {
        let (year, month, day) = moment.local_date(&zone);
        date_time_ymd(i32::from(year), month.unsigned_abs(), day.unsigned_abs())
    };
    params.not_before = day(begun.plus_seconds(-2 * 86_400));
    params.not_after = day(begun.plus_seconds(760 * 86_400));
    params
}
