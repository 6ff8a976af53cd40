//! Seals of issuers: their certificates, what they seal, and when they end.
//!
//! A seal that can't be made never holds up an attestation: that goes out without, with an alert (ADR 18).

use std::sync::Arc;

use zeroize::Zeroizing;

use super::{Service, ServiceError};
use crate::award::Award;
use crate::ids::{Code, CredentialId};
use crate::keyring::{KeyHandle, KeyringError, SealedText};
use crate::proof::key::{KeyKind, Signer as _};
use crate::seal::{self, Certificate, CertificateChain, CertificateError, SealError, SealingKey, pem_blocks};
use crate::store::{Alert, AlertKind, AlertState, CredentialRecord, EncryptedText, SealRecord, SealState, StoreError};
use crate::text::Bilingual;
use crate::time::Timestamp;

const DAY_SECONDS: i64 = 86_400;
/// Days before its end from which a certificate is warned of.
pub const WARN_DAYS: i64 = 60;
/// Days before its end from which the warnings become louder.
const LOUDER_DAYS: [i64; 2] = [30, 7];

/// Why a certificate is not taken for a seal.
#[derive(Debug, thiserror::Error)]
pub enum SealImportError {
    /// The certificates are not such that they can seal, or not with this key, or not now.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The file holds no private key as it is wanted.
    #[error("it holds no private key in PKCS#8 PEM (-----BEGIN PRIVATE KEY-----); {0}")]
    KeyFile(&'static str),
    /// No key was given, and this keyring made none for the certificate.
    #[error(
        "no key in this keyring belongs to the certificate; give its file, or ask for a certificate with: sceau keys seal request"
    )]
    NoKey,
    /// A key that signs credentials of the issuer.
    #[error("this key signs the issuer's credentials; a seal needs one of its own")]
    CredentialKey,
    /// The issuer is not known here.
    #[error("there is no issuer of this code")]
    UnknownIssuer,
    /// Something else went wrong.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for SealImportError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Reference => Self::UnknownIssuer,
            error => Self::Service(error.into()),
        }
    }
}

impl From<KeyringError> for SealImportError {
    fn from(error: KeyringError) -> Self {
        Self::Service(error.into())
    }
}

/// Why an attestation could not be sealed.
#[derive(Debug, thiserror::Error)]
enum Hindrance {
    #[error("its private key is not in this keyring")]
    NoKey,
    #[error("its private key can't be read: {0}")]
    Keyring(KeyringError),
    #[error("its stored certificates can't be read: {0}")]
    Stored(CertificateError),
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A certificate that ends soon, or has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndingSeal {
    /// It.
    pub record: SealRecord,
    /// Whole days that are left; below zero once it has expired.
    pub days_left: i64,
}

/// Whole days until a moment, rounded down; below zero once it is over.
pub fn days_until(end: Timestamp, now: Timestamp) -> i64 {
    (end.as_unix_seconds() - now.as_unix_seconds()).div_euclid(DAY_SECONDS)
}

impl Service {
    /// Lets a certificate seal an issuer's attestations from now on. `certificates` is PEM, the seal's own first; `key` its private key as
    /// PKCS#8 in PEM, left out where this keyring holds it.
    ///
    /// # Errors
    /// [`SealImportError`]; nothing is changed then.
    pub async fn import_seal(
        &self,
        issuer: &Code,
        key: Option<&str>,
        certificates: &str,
    ) -> Result<SealRecord, SealImportError> {
        let now = self.clock.now();
        let chain = CertificateChain::from_pem(certificates)?;
        let public = chain.signing().public_key().ok_or(CertificateError::Key)?;
        if self.store.issuer(issuer).await?.is_none() {
            return Err(SealImportError::UnknownIssuer);
        }
        let thumbprint = public.thumbprint();
        if self.store.key(issuer, &thumbprint).await?.is_some() {
            return Err(SealImportError::CredentialKey);
        }
        match key {
            Some(text) => {
                let pkcs8 = private_key(text)?;
                let handle = KeyHandle::from_pkcs8(&pkcs8).ok_or(KeyringError::Unusable)?;
                chain.check(&handle.public_key(), now)?;
                self.keyring.import(issuer, &pkcs8)?;
            }
            None => chain.check(&public, now)?,
        }
        // What lies there is what seals: it must open, and be the one.
        self.keyring.key(issuer, &thumbprint)?.ok_or(SealImportError::NoKey)?;
        let signing = chain.signing();
        let record = SealRecord {
            issuer: issuer.clone(),
            fingerprint: signing.fingerprint(),
            thumbprint,
            certificates: chain.to_pem(),
            not_before: signing.not_before(),
            not_after: signing.not_after(),
            state: SealState::Active,
            created: now,
            retired: None,
        };
        self.store.put_seal(&record, now).await?;
        Ok(record)
    }

    /// Makes a key for an issuer's seal, which stays in the keyring, and a request for its certificate, in PEM.
    ///
    /// # Errors
    /// [`SealImportError::UnknownIssuer`], or what the keyring says.
    pub async fn request_seal(&self, issuer: &Code, organisation: &str, name: &str) -> Result<String, SealImportError> {
        if self.store.issuer(issuer).await?.is_none() {
            return Err(SealImportError::UnknownIssuer);
        }
        let made = self.keyring.generate(issuer, KeyKind::P256, &*self.entropy)?;
        let key = self.keyring.key(issuer, &made.thumbprint)?.ok_or(KeyringError::Generation)?;
        Ok(key.certificate_request(organisation, name)?)
    }

    /// Forgets a certificate that seals no more, and destroys its private key unless another certificate of the issuer has the same.
    /// None where there is no such one that is retired.
    ///
    /// # Errors
    /// [`ServiceError`] of storage or keyring.
    pub async fn remove_seal(&self, issuer: &Code, fingerprint: &str) -> Result<Option<()>, ServiceError> {
        let seals = self.store.seals(issuer).await?;
        let Some(removed) = seals.iter().find(|seal| seal.fingerprint == fingerprint) else { return Ok(None) };
        if self.store.remove_seal(issuer, fingerprint, self.clock.now()).await?.is_none() {
            return Ok(None);
        }
        let same_key = |seal: &&SealRecord| seal.thumbprint == removed.thumbprint && seal.fingerprint != fingerprint;
        if !seals.iter().any(|seal| same_key(&seal)) {
            self.keyring.destroy(issuer, &removed.thumbprint)?;
        }
        Ok(Some(()))
    }

    /// The attestation of a credential as it was sealed, if it was.
    pub(crate) async fn stored_seal(&self, credential: CredentialId) -> Result<Option<Vec<u8>>, ServiceError> {
        let stored = self.store.sealed_attestation(credential).await?;
        stored.map(|stored| self.open_sealed(credential, stored)).transpose()
    }

    /// Seals an attestation for the first time where its issuer wants that, and keeps it; gives the one that holds. Where it can't be
    /// sealed, what was given comes back, with an alert.
    pub(crate) async fn seal_attestation(
        &self,
        award: &Award,
        credential: &CredentialRecord,
        plain: Vec<u8>,
    ) -> Result<Vec<u8>, ServiceError> {
        let issuer = &award.snapshot.issuer.code;
        let Some(seal) = self.store.active_seal(issuer).await? else { return Ok(plain) };
        // Nobody vouches anew for what was taken back.
        if credential.revocation.is_some() {
            return Ok(plain);
        }
        let now = self.clock.now();
        let plain = Arc::new(plain);
        match self.make_seal(&seal, Arc::clone(&plain), now).await? {
            Ok(sealed) => {
                let document = self.seal_at(&place(credential.id), &sealed);
                let kept =
                    self.store.keep_sealed_attestation(award, credential.id, &document, &seal.fingerprint, now).await?;
                // Somebody else may have been first: theirs is what everybody gets.
                if kept == document { Ok(sealed) } else { self.open_sealed(credential.id, kept) }
            }
            Err(hindrance) => {
                let code = issuer.as_str();
                tracing::error!(issuer.code = code, credential.id = %credential.id, error = %hindrance, "seal.not_made");
                self.store.raise_alert(&unsealed(award, now)).await?;
                Ok(Arc::unwrap_or_clone(plain))
            }
        }
    }

    async fn make_seal(
        &self,
        seal: &SealRecord,
        plain: Arc<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Result<Vec<u8>, Hindrance>, ServiceError> {
        let signer = match self.keyring.key(&seal.issuer, &seal.thumbprint) {
            Ok(Some(signer)) => signer,
            Ok(None) => return Ok(Err(Hindrance::NoKey)),
            Err(error) => return Ok(Err(Hindrance::Keyring(error))),
        };
        let certificates = match CertificateChain::from_pem(&seal.certificates) {
            Ok(certificates) => certificates,
            Err(error) => return Ok(Err(Hindrance::Stored(error))),
        };
        let sealed = self.heavy(move || {
            let with = SealingKey { signer: &*signer, certificates: &certificates, time_stamper: None };
            seal::seal(&plain, &with, now)
        });
        Ok(sealed.await?.map_err(Hindrance::Seal))
    }

    fn open_sealed(&self, credential: CredentialId, stored: EncryptedText) -> Result<Vec<u8>, ServiceError> {
        Ok(self.keyring.unseal(&place(credential), &SealedText::from_stored(stored.0))?.to_vec())
    }

    /// The certificates that seal and end within [`WARN_DAYS`], or have ended, soonest first.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn ending_seals(&self) -> Result<Vec<EndingSeal>, ServiceError> {
        let now = self.clock.now();
        let ending = self.store.seals_that_end(now.plus_seconds(WARN_DAYS * DAY_SECONDS)).await?;
        let told = |record: SealRecord| EndingSeal { days_left: days_until(record.not_after, now), record };
        Ok(ending.into_iter().map(told).collect())
    }

    /// Says in the log which certificates end soon: louder from 30 days on, as an error from 7 days on.
    ///
    /// # Errors
    /// [`ServiceError::Store`].
    pub async fn log_ending_seals(&self) -> Result<(), ServiceError> {
        for EndingSeal { record, days_left } in self.ending_seals().await? {
            let (code, fingerprint, end) = (record.issuer.as_str(), &record.fingerprint, record.not_after);
            let [soon, now] = LOUDER_DAYS;
            match days_left {
                ..0 => {
                    tracing::error!(issuer.code = code, seal = %fingerprint, %end, "seal.expired: attestations go out without")
                }
                days if days <= now => {
                    tracing::error!(issuer.code = code, seal = %fingerprint, %end, days, "seal.expires")
                }
                days if days <= soon => {
                    tracing::warn!(issuer.code = code, seal = %fingerprint, %end, days, "seal.expires")
                }
                days => tracing::info!(issuer.code = code, seal = %fingerprint, %end, days, "seal.expires"),
            }
        }
        Ok(())
    }
}

/// The certificates of a seal that is kept, its own first.
///
/// # Errors
/// [`CertificateError`] for a row that was altered.
pub fn seal_certificates(record: &SealRecord) -> Result<Vec<Certificate>, CertificateError> {
    Certificate::from_pem(&record.certificates)
}

/// Where the private key lies that a certificate's public one belongs to.
fn private_key(text: &str) -> Result<Zeroizing<Vec<u8>>, SealImportError> {
    let hint = if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        "this one is protected by a passphrase; take that off: openssl pkey -in KEY.pem -out PLAIN.pem"
    } else if text.contains(" PRIVATE KEY-----") {
        "this one is of an older form; convert it: openssl pkcs8 -topk8 -nodes -in KEY.pem -out PKCS8.pem"
    } else {
        "out of a PKCS#12 file: openssl pkcs12 -in FILE.p12 -nocerts -nodes -out KEY.pem"
    };
    let mut blocks = pem_blocks(text, "PRIVATE KEY");
    match (blocks.next(), blocks.next()) {
        (Some(Some(key)), None) => Ok(Zeroizing::new(key)),
        (Some(_), Some(_)) => Err(SealImportError::KeyFile("it holds several")),
        (Some(None), None) => Err(SealImportError::KeyFile("what it holds is not base64")),
        (None, _) => Err(SealImportError::KeyFile(hint)),
    }
}

/// Where a sealed attestation is kept: it opens nowhere else.
fn place(credential: CredentialId) -> String {
    format!("credential:{credential}:sealed-attestation")
}

fn unsealed(award: &Award, now: Timestamp) -> Alert {
    Alert {
        kind: AlertKind::AttestationUnsealed,
        award: award.id,
        session: award.session.clone(),
        learner: award.learner,
        text: Bilingual::new(
            "L’attestation a été remise sans le cachet de l’organisme\u{202f}: son certificat a expiré, ou sa clé n’est pas disponible. \
             Elle sera cachetée à la prochaine demande, une fois le certificat renouvelé.",
            "The attestation was handed out without the organisation’s seal: its certificate has expired, or its key is not available. \
             It is sealed at the next request once the certificate is renewed.",
        ),
        raised: now,
        state: AlertState::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_whole_and_fall_below_zero_at_the_end() {
        let end: Timestamp = "2026-06-01T12:00:00Z".parse().unwrap();
        let days = |seconds: i64| days_until(end, end.plus_seconds(-seconds));
        assert_eq!([days(2 * DAY_SECONDS), days(DAY_SECONDS - 1), days(0), days(-1)], [2, 0, 0, -1]);
    }

    #[test]
    fn a_key_file_that_is_none_says_how_to_convert_it() {
        let hint = |text: &str| private_key(text).unwrap_err().to_string();
        assert!(
            hint("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----")
                .contains("openssl pkey")
        );
        assert!(hint("-----BEGIN EC PRIVATE KEY-----\nAA==\n-----END EC PRIVATE KEY-----").contains("openssl pkcs8"));
        assert!(hint("").contains("openssl pkcs12"));
        let one = "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n";
        assert!(hint(&one.repeat(2)).contains("several"));
        assert_eq!(private_key(one).unwrap().as_slice(), [0]);
    }
}
