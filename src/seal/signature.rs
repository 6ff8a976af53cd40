//! The CMS signature of a seal (RFC 5652 in the profile of ETSI EN 319 122-1 § 5 and EN 319 142-1 § 6.3): detached, one signer, the
//! signed attributes content-type, message-digest and signing-certificate-v2 (RFC 5035 § 3), no signing-time. DER alone is read:
//! what is written anew has the same bytes, so that no byte can mean two things.

use cms::cert::{CertificateChoices, IssuerAndSerialNumber};
use cms::content_info::{CmsVersion, ContentInfo};
use cms::signed_data::{
    CertificateSet, EncapsulatedContentInfo, SignedData, SignerIdentifier, SignerInfo, SignerInfos,
};
use der::asn1::{Any, ObjectIdentifier, OctetString, SetOfVec};
use der::{Decode as _, Encode as _, Header, Reader as _, Sequence, SliceReader};
use sha2::{Digest as _, Sha256};
use x509_cert::attr::Attribute;
use x509_cert::ext::pkix::SubjectKeyIdentifier;
use x509_cert::spki::AlgorithmIdentifierOwned;

use super::algorithm::{self, Hash};
use super::{Certificate, SealError, SealingKey, TimeStamper};

const DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.1");
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");
const CONTENT_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.4");
const SIGNING_TIME: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.5");
const SIGNING_CERTIFICATE_V2: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.47");
const TIME_STAMP_TOKEN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.16.2.14");

/// The most certificates that a signature may carry.
const MAX_CERTIFICATES: usize = 10;

/// `SigningCertificateV2` (RFC 5035 § 3). The first certificate named is the signer's.
#[derive(Sequence)]
struct SigningCertificateV2 {
    certificates: Vec<EssCertIdV2>,
    #[asn1(optional = "true")]
    policies: Option<Any>,
}

/// `ESSCertIDv2` (RFC 5035 § 4). No hash algorithm means SHA-256.
#[derive(Sequence)]
struct EssCertIdV2 {
    #[asn1(optional = "true")]
    hash: Option<AlgorithmIdentifierOwned>,
    value: OctetString,
    #[asn1(optional = "true")]
    issuer_serial: Option<Any>,
}

/// Signs the digest of what a seal covers; the CMS in DER.
pub(super) fn make(digest: &[u8], with: &SealingKey<'_>) -> Result<Vec<u8>, SealError> {
    let kind = with.signer.public_key().kind();
    let algorithm = algorithm::of_signer(kind).ok_or(super::CertificateError::Key)?;
    assemble(digest, with.certificates.certificates(), algorithm, with.time_stamper, |message| {
        let signature = algorithm::encode_signature(kind, with.signer.sign(message)?);
        Ok(signature.ok_or(crate::proof::key::SigningFailed)?)
    })
}

/// The CMS of whoever signs so, with these certificates, the signer's own first.
pub(super) fn assemble(
    digest: &[u8],
    certificates: &[Certificate],
    signature_algorithm: AlgorithmIdentifierOwned,
    time_stamper: Option<&dyn TimeStamper>,
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, SealError>,
) -> Result<Vec<u8>, SealError> {
    let signing = certificates.first().ok_or(super::CertificateError::NoPem)?;
    // All of this is made of parts that were read from DER: writing it can't fail but by a defect.
    let defect = |_: der::Error| SealError::Form("it could not be written");
    let signed_attrs = signed_attributes(digest, signing).map_err(defect)?;
    // Signed as a SET OF, not under the tag that they have in the structure (RFC 5652 § 5.4).
    let signature = sign(&signed_attrs.to_der().map_err(defect)?)?;
    let unsigned_attrs = match time_stamper {
        None => None,
        Some(stamper) => {
            let token = stamper.token(&signature).map_err(SealError::TimeStamp)?;
            let token = Any::from_der(&token).map_err(|_| SealError::TimeStamp("the token is not DER".into()))?;
            Some(attribute(TIME_STAMP_TOKEN, token).and_then(|one| SetOfVec::from_iter([one])).map_err(defect)?)
        }
    };
    let tbs = &signing.read.tbs_certificate;
    let sha256 = AlgorithmIdentifierOwned { oid: algorithm::SHA256, parameters: None };
    let signer = SignerInfo {
        version: CmsVersion::V1,
        sid: SignerIdentifier::IssuerAndSerialNumber(IssuerAndSerialNumber {
            issuer: tbs.issuer.clone(),
            serial_number: tbs.serial_number.clone(),
        }),
        digest_alg: sha256.clone(),
        signed_attrs: Some(signed_attrs),
        signature_algorithm,
        signature: OctetString::new(signature).map_err(defect)?,
        unsigned_attrs,
    };
    let certificates: Vec<_> =
        certificates.iter().map(|one| CertificateChoices::Certificate(one.read.clone())).collect();
    let data = SignedData {
        version: CmsVersion::V1,
        digest_algorithms: SetOfVec::from_iter([sha256]).map_err(defect)?,
        encap_content_info: EncapsulatedContentInfo { econtent_type: DATA, econtent: None },
        certificates: Some(CertificateSet(SetOfVec::from_iter(certificates).map_err(defect)?)),
        crls: None,
        signer_infos: SignerInfos(SetOfVec::from_iter([signer]).map_err(defect)?),
    };
    let info = ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data).map_err(defect)? };
    info.to_der().map_err(defect)
}

/// What is signed: the digest of the file, and which certificate is meant.
fn signed_attributes(digest: &[u8], signing: &Certificate) -> Result<SetOfVec<Attribute>, der::Error> {
    let value = OctetString::new(Sha256::digest(signing.der()).as_slice())?;
    let ess = SigningCertificateV2 {
        certificates: vec![EssCertIdV2 { hash: None, value, issuer_serial: None }],
        policies: None,
    };
    SetOfVec::from_iter([
        attribute(CONTENT_TYPE, Any::from(&DATA))?,
        attribute(MESSAGE_DIGEST, Any::encode_from(&OctetString::new(digest)?)?)?,
        attribute(SIGNING_CERTIFICATE_V2, Any::encode_from(&ess)?)?,
    ])
}

fn attribute(oid: ObjectIdentifier, value: Any) -> Result<Attribute, der::Error> {
    Ok(Attribute { oid, values: SetOfVec::from_iter([value])? })
}

/// A signature that was read, and the certificate that it names as its own.
pub(super) struct Signed {
    info: SignerInfo,
    hash: Hash,
    digest: Vec<u8>,
    certificate: Certificate,
    others: Vec<Certificate>,
}

impl Signed {
    /// From the bytes of `/Contents`: one DER value, and zeros up to the end of the space (ISO 32000-1 § 12.8.3.3.1).
    pub(super) fn read(contents: &[u8]) -> Result<Self, SealError> {
        let data = signed_data(contents)?;
        if data.encap_content_info.econtent_type != DATA || data.encap_content_info.econtent.is_some() {
            return Err(SealError::Form("it holds content of its own"));
        }
        let [info] = data.signer_infos.0.as_slice() else {
            return Err(SealError::Form("it has not exactly one signer"));
        };
        let info = info.clone();
        // RFC 5652 § 5.1, § 5.3: what identifies the signer says which version both are.
        let version = match info.sid {
            SignerIdentifier::IssuerAndSerialNumber(_) => CmsVersion::V1,
            SignerIdentifier::SubjectKeyIdentifier(_) => CmsVersion::V3,
        };
        if info.version != version
            || data.version != version
            || data.digest_algorithms.as_slice() != [info.digest_alg.clone()]
        {
            return Err(SealError::Form("its versions or hashes contradict each other"));
        }
        let hash = Hash::named(&info.digest_alg).ok_or(SealError::Form("its hash is not of the SHA-2 family"))?;
        let digest: OctetString = one_value(&info, MESSAGE_DIGEST)?;
        let content_type: ObjectIdentifier = one_value(&info, CONTENT_TYPE)?;
        if content_type != DATA {
            return Err(SealError::Form("its content type is not data"));
        }
        if attributes(&info).any(|attribute| attribute.oid == SIGNING_TIME) {
            return Err(SealError::Form("it has a signing time besides the file's"));
        }
        let mut certificates = Vec::new();
        for choice in data.certificates.iter().flat_map(|certificates| certificates.0.iter()) {
            let CertificateChoices::Certificate(read) = choice else {
                return Err(SealError::Form("it holds a certificate of another kind"));
            };
            if certificates.len() == MAX_CERTIFICATES {
                return Err(SealError::Form("it holds too many certificates"));
            }
            let read = Certificate::from_read(read).map_err(|_| SealError::Form("it holds a malformed certificate"))?;
            certificates.push(read);
        }
        let ess: SigningCertificateV2 = one_value(&info, SIGNING_CERTIFICATE_V2)?;
        let named = ess.certificates.first().ok_or(SealError::Form("it does not say which certificate is its own"))?;
        let named_by = named.hash.as_ref().map_or(Some(Hash::Sha256), Hash::named);
        let named_by = named_by.ok_or(SealError::Form("it names its certificate by an unknown hash"))?;
        let is_own =
            |one: &Certificate| named_by.of_parts(&[one.der()]) == named.value.as_bytes() && identifies(&info.sid, one);
        let own = certificates.iter().position(is_own);
        let own = own.ok_or(SealError::Form("it does not hold the certificate that it names as its own"))?;
        let certificate = certificates.swap_remove(own);
        Ok(Self { info, hash, digest: digest.into_bytes(), certificate, others: certificates })
    }

    /// The signer's certificate.
    pub(super) fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Whatever others it carries.
    pub(super) fn others(&self) -> &[Certificate] {
        &self.others
    }

    /// Whether it was made over these bytes.
    pub(super) fn digests(&self, parts: &[&[u8]]) -> bool {
        self.hash.of_parts(parts) == self.digest
    }

    /// Whether its signature is the certificate's, over the signed attributes.
    pub(super) fn is_signed(&self) -> bool {
        let Some(Ok(message)) = self.info.signed_attrs.as_ref().map(|attributes| attributes.to_der()) else {
            return false;
        };
        let key = &self.certificate.read.tbs_certificate.subject_public_key_info;
        let signature = self.info.signature.as_bytes();
        algorithm::verifies(key, &self.info.signature_algorithm, Some(self.hash), &message, signature)
    }
}

fn signed_data(contents: &[u8]) -> Result<SignedData, SealError> {
    let malformed = |_: der::Error| SealError::Form("it is not a CMS signature");
    let mut reader = SliceReader::new(contents).map_err(malformed)?;
    let header = Header::decode(&mut reader).map_err(malformed)?;
    let end = (reader.position() + header.length).map_err(malformed)?;
    let end = usize::try_from(end).map_err(malformed)?;
    let (value, padding) = contents.split_at_checked(end).ok_or(SealError::Form("it is cut off"))?;
    if padding.iter().any(|byte| *byte != 0) {
        return Err(SealError::Form("something stands behind it"));
    }
    let info = ContentInfo::from_der(value).map_err(malformed)?;
    if info.content_type != SIGNED_DATA {
        return Err(SealError::Form("it is not a CMS signature"));
    }
    let data: SignedData = info.content.decode_as().map_err(malformed)?;
    // Sets are sorted when they are read: written anew, what was in another order is other bytes.
    let anew = ContentInfo { content_type: SIGNED_DATA, content: Any::encode_from(&data).map_err(malformed)? };
    if anew.to_der().map_err(malformed)? != value {
        return Err(SealError::Form("it is not in DER"));
    }
    Ok(data)
}

fn attributes(info: &SignerInfo) -> impl Iterator<Item = &Attribute> {
    info.signed_attrs.iter().flat_map(|attributes| attributes.iter())
}

/// The value of a signed attribute, which stands there once, with one value (RFC 5652 § 11).
fn one_value<T>(info: &SignerInfo, oid: ObjectIdentifier) -> Result<T, SealError>
where
    T: for<'a> der::Choice<'a> + for<'a> der::DecodeValue<'a>,
{
    let mut found = attributes(info).filter(|attribute| attribute.oid == oid);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Err(SealError::Form("a signed attribute that PAdES demands is not there once"));
    };
    let [value] = attribute.values.as_slice() else {
        return Err(SealError::Form("a signed attribute has not one value"));
    };
    value.decode_as().map_err(|_| SealError::Form("a signed attribute is malformed"))
}

fn identifies(sid: &SignerIdentifier, certificate: &Certificate) -> bool {
    let tbs = &certificate.read.tbs_certificate;
    match sid {
        SignerIdentifier::IssuerAndSerialNumber(named) => {
            named.issuer == tbs.issuer && named.serial_number == tbs.serial_number
        }
        SignerIdentifier::SubjectKeyIdentifier(named) => {
            matches!(tbs.get::<SubjectKeyIdentifier>(), Ok(Some((_, own))) if own == *named)
        }
    }
}
