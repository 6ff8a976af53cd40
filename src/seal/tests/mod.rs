//! What the tests of seals share: attestations, authorities made on the spot, and ways to spoil what they made.

mod certificates;
mod peers;
mod round_trip;
mod tampering;

use cms::content_info::ContentInfo;
use cms::signed_data::SignedData;
use der::{Any, Decode as _, Encode as _};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, RsaKeySize, date_time_ymd,
};

use super::*;
use crate::attestation::{self, AttestationInput, Template};
use crate::catalog::AwardKind;
use crate::credential::CredentialView;
use crate::keyring::KeyHandle;
use crate::text::PersonName;
use crate::time::Zone;

pub(super) fn moment(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// When the seals of these tests are made, and asked for.
pub(super) fn now() -> Timestamp {
    moment("2026-11-25T12:00:00Z")
}

/// An attestation of ours, with a title and a name.
pub(super) fn attestation(title: &str, name: &str) -> Vec<u8> {
    let golden = include_str!("../../../tests/golden/credential-v2.json");
    let content = CredentialView::read(&serde_json::from_str(golden).unwrap()).unwrap();
    let content = CredentialView { title: title.to_owned(), recipient_name_digest: None, ..content };
    let input = AttestationInput {
        content: &content,
        credential_json: golden,
        credential_jwt: None,
        recipient: &PersonName::new(name).unwrap(),
        name_secret: &[7; 16],
        verification_url: "https://sceau.example.gouv.fr/v/Yq3vJ0zq1mYh0m8D4o2bXw",
        zone: &Zone::default(),
        accent: [0x00, 0x00, 0x91],
        template: &Template::builtin(AwardKind::Participation, content.language),
    };
    attestation::render(&input).unwrap()
}

/// A certificate, its key, and what it issues with.
pub(super) struct Made {
    pub(super) params: CertificateParams,
    pub(super) key: KeyPair,
    pub(super) certificate: Certificate,
}

/// A certificate's subject, its days and its purpose; 2026 and 2027, unless a test says otherwise.
pub(super) fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, "Direction d’essai");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 12, 31);
    params
}

pub(super) fn authority_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

pub(super) fn seal_params(name: &str) -> CertificateParams {
    let mut params = params(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params
}

pub(super) fn p256() -> KeyPair {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()
}

pub(super) fn rsa(size: RsaKeySize) -> KeyPair {
    KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, size).unwrap()
}

impl Made {
    pub(super) fn root(params: CertificateParams, key: KeyPair) -> Self {
        let certificate = Certificate::from_der(params.self_signed(&key).unwrap().der()).unwrap();
        Self { params, key, certificate }
    }

    pub(super) fn issue(&self, params: CertificateParams, key: KeyPair) -> Self {
        let issuer = Issuer::from_params(&self.params, &self.key);
        let certificate = Certificate::from_der(params.signed_by(&key, &issuer).unwrap().der()).unwrap();
        Self { params, key, certificate }
    }

    pub(super) fn handle(&self) -> KeyHandle {
        KeyHandle::from_pkcs8(&self.key.serialize_der()).unwrap()
    }

    pub(super) fn anchor(&self) -> TrustAnchor {
        TrustAnchor(self.certificate.clone())
    }
}

/// An authority, and an organisation's certificate of it.
pub(super) fn organisation() -> (Made, Made) {
    let root = Made::root(authority_params("Autorité d’essai"), p256());
    let organisation = root.issue(seal_params("Cachet d’essai"), p256());
    (root, organisation)
}

pub(super) fn seal_with(pdf: &[u8], made: &Made, above: &[&Made], at: Timestamp) -> Result<Vec<u8>, SealError> {
    let certificates = [made].iter().chain(above).map(|one| one.certificate.clone()).collect();
    let (signer, certificates) = (made.handle(), CertificateChain::new(certificates)?);
    seal(pdf, &SealingKey { signer: &signer, certificates: &certificates, time_stamper: None }, at)
}

pub(super) fn found(pdf: &[u8], anchors: &[TrustAnchor]) -> Found {
    check(pdf, anchors, now()).unwrap().expect("a seal")
}

/// The hexadecimal string of `/Contents` in a sealed file, with its brackets.
pub(super) fn gap(pdf: &[u8]) -> std::ops::Range<usize> {
    let key = b"/Contents";
    let at = pdf.windows(key.len()).rposition(|window| window == key).unwrap() + key.len();
    let at = at + pdf[at..].iter().position(|byte| *byte == b'<').unwrap();
    at..at + pdf[at..].iter().position(|byte| *byte == b'>').unwrap() + 1
}

/// The same file with another signature in its gap, which no signature covers.
pub(super) fn with_contents(pdf: &[u8], contents: &[u8]) -> Vec<u8> {
    let (mut pdf, gap) = (pdf.to_vec(), gap(pdf));
    let digits = format!("{:0<width$}", crate::ids::hex(contents), width = gap.len() - 2);
    assert_eq!(digits.len(), gap.len() - 2);
    pdf[gap.start + 1..gap.end - 1].copy_from_slice(digits.as_bytes());
    pdf
}

/// The same file with its CMS changed, and written as DER again.
pub(super) fn with_cms(pdf: &[u8], change: impl FnOnce(&mut SignedData)) -> Vec<u8> {
    let gap = gap(pdf);
    let digits = std::str::from_utf8(&pdf[gap.start + 1..gap.end - 1]).unwrap();
    let bytes: Vec<u8> =
        (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect();
    let length = 4 + usize::from(u16::from_be_bytes([bytes[2], bytes[3]]));
    let info = ContentInfo::from_der(&bytes[..length]).unwrap();
    let mut data: SignedData = info.content.decode_as().unwrap();
    change(&mut data);
    let info = ContentInfo { content: Any::encode_from(&data).unwrap(), ..info };
    with_contents(pdf, &info.to_der().unwrap())
}

/// Extended key usages for document signing have no name in rcgen.
pub(super) fn extended(uses: &[&[u64]]) -> Vec<ExtendedKeyUsagePurpose> {
    uses.iter().map(|oid| ExtendedKeyUsagePurpose::Other(oid.to_vec())).collect()
}
