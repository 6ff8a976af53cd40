//! Requests for certificates (PKCS#10, RFC 2986): for a key that is made here and never leaves.

use rcgen::{CertificateParams, DnType, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SignatureAlgorithm};

use super::{KeyHandle, KeyringError};
use crate::proof::key::{self, Signer as _};

/// A P-256 key as rcgen wants keys.
struct Requesting<'a> {
    key: &'a KeyHandle,
    point: &'a [u8],
}

impl PublicKeyData for Requesting<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.point
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

impl rcgen::SigningKey for Requesting<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        let signature = self.key.sign(message).ok();
        signature.and_then(|signature| key::ecdsa_sig_value(&signature)).ok_or(rcgen::Error::RemoteKeyError)
    }
}

impl KeyHandle {
    /// A request, in PEM, for a certificate that signs documents in an organisation's name. Of P-256 keys only.
    ///
    /// # Errors
    /// [`KeyringError::Generation`] for a key of another kind, or names that no certificate can have.
    pub fn certificate_request(&self, organisation: &str, name: &str) -> Result<String, KeyringError> {
        let point = self.p256_point().ok_or(KeyringError::Generation)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::OrganizationName, organisation);
        params.distinguished_name.push(DnType::CommonName, name);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
        let request = params.serialize_request(&Requesting { key: self, point });
        request.and_then(|request| request.pem()).map_err(|_| KeyringError::Generation)
    }
}
