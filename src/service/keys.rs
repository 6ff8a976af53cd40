//! Issuers' keys in use: which are published, which sign, rotation, compromise.

use std::sync::Arc;

use serde_json::Value;

use super::{Service, ServiceError, blocking};
use crate::catalog::JwtAlgorithm;
use crate::ids::Code;
use crate::keyring::KeyHandle;
use crate::lint::Linted;
use crate::proof::data_integrity::{self, ProofOptions, Suite};
use crate::proof::did::{self, PublishedKey};
use crate::proof::jwt;
use crate::proof::key::KeyKind;
use crate::status_list;
use crate::store::{AddedKey, Compromised, KeyRecord, KeyState};

/// A key that signs, with its private half. What it takes to sign is a document that passed the rules.
pub struct IssuerKey {
    /// Its public part.
    pub record: KeyRecord,
    /// The address of its bare JWK, which tokens name it by.
    address: String,
    handle: Arc<KeyHandle>,
}

/// The keys with which an issuer signs a credential, in the forms that it wants.
pub struct IssuerKeys {
    /// For the embedded proof.
    pub proof: IssuerKey,
    /// For the token, if the issuer wants one.
    pub token: Option<IssuerKey>,
}

/// What marking a key as compromised led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Compromise {
    /// It is marked; this key signs in its place.
    Replaced(Box<KeyRecord>),
    /// It is marked; it signed nothing any more.
    Marked,
    /// It was marked before.
    AlreadyMarked,
    /// The issuer has no such key.
    NotFound,
}

impl IssuerKey {
    /// The document with its embedded proof. Ed25519 is deterministic: the same document and moment give the same bytes, so a
    /// repetition after a crash makes no second signature.
    pub fn prove(&self, document: &Linted, created: &str) -> Result<Value, ServiceError> {
        let options = ProofOptions::assertion(Suite::EddsaRdfc2022, created, &self.record.key_id);
        Ok(data_integrity::sign(document.document(), &options, &*self.handle)?)
    }

    /// The document as a VC-JWT. ECDSA is not deterministic: after a crash between signing and storing, the token that is stored
    /// is another than the one that was lost. Nobody saw that one.
    pub fn tokenise(&self, document: &Linted) -> Result<String, ServiceError> {
        jwt::sign(document.document(), jwt::CREDENTIAL_TYPE, &self.address, &*self.handle)
            .map_err(|error| ServiceError::Token(error.to_string()))
    }
}

impl Service {
    /// The keys with which an issuer signs now; none where it has not all that it wants, or this keyring does not hold them.
    pub(crate) async fn signing_keys(&self, issuer: &Code) -> Result<Option<IssuerKeys>, ServiceError> {
        let Some(proof) = self.signing_key(issuer, KeyKind::Ed25519).await? else { return Ok(None) };
        let wanted = self.store.issuer(issuer).await?.and_then(|issuer| issuer.jwt);
        let Some(algorithm) = wanted else { return Ok(Some(IssuerKeys { proof, token: None })) };
        let token = self.signing_key(issuer, token_kind(algorithm)).await?;
        Ok(token.map(|token| IssuerKeys { proof, token: Some(token) }))
    }

    /// The key of a kind with which an issuer signs now; none where it has none, or this keyring does not hold it.
    pub(super) async fn signing_key(&self, issuer: &Code, kind: KeyKind) -> Result<Option<IssuerKey>, ServiceError> {
        let active = self.store.active_key(issuer, kind).await?;
        active.map_or(Ok(None), |record| self.held_key(record))
    }

    /// A key with its private half; none where this keyring does not hold it.
    pub fn held_key(&self, record: KeyRecord) -> Result<Option<IssuerKey>, ServiceError> {
        let address = self.url.issuer_key(&record.issuer, &record.thumbprint);
        let handle = self.keyring.key(&record.issuer, &record.thumbprint)?;
        Ok(handle.map(|handle| IssuerKey { record, address, handle }))
    }

    /// The keys that an issuer publishes: those that sign, those that signed something still in force, and the compromised, marked
    /// as revoked. One just retired stays for as long as the status lists that it signed.
    pub async fn published_keys(&self, issuer: &Code) -> Result<Vec<PublishedKey>, ServiceError> {
        let since = self.clock.now().plus_seconds(-status_list::VALIDITY_SECONDS);
        let keys = self.store.keys_in_use(issuer, since).await?;
        Ok(keys.into_iter().map(|key| self.published(key)).collect())
    }

    fn published(&self, key: KeyRecord) -> PublishedKey {
        PublishedKey {
            jwk_url: self.url.issuer_key(&key.issuer, &key.thumbprint),
            id: key.key_id,
            public: key.public,
            revoked: key.compromised,
        }
    }

    /// The DID document of an issuer, as it is published. None where the issuer is unknown.
    pub async fn did_document(&self, issuer: &Code) -> Result<Option<Value>, ServiceError> {
        if self.store.issuer(issuer).await?.is_none() {
            return Ok(None);
        }
        let keys = self.published_keys(issuer).await?;
        Ok(Some(did::document(&self.url.issuer_did(issuer), &keys)))
    }

    /// The same with every key that the issuer ever had: for our own verification, which must tell a revoked credential from a
    /// foreign one even where nobody else needs its key any more.
    pub async fn did_document_of_record(&self, issuer: &Code) -> Result<Option<Value>, ServiceError> {
        if self.store.issuer(issuer).await?.is_none() {
            return Ok(None);
        }
        let keys: Vec<_> = self.store.keys(issuer).await?.into_iter().map(|key| self.published(key)).collect();
        Ok(Some(did::document(&self.url.issuer_did(issuer), &keys)))
    }

    /// Makes a key of a kind and lets it sign for an issuer from now on; the one of that kind before only verifies. The issuer
    /// must be known.
    pub async fn new_signing_key(&self, issuer: &Code, kind: KeyKind) -> Result<KeyRecord, ServiceError> {
        let record = self.make_key(issuer, kind).await?;
        match self.store.add_key(&record, record.created).await? {
            AddedKey::Added | AddedKey::AlreadyThere => {
                self.wake.notify_waiters();
                Ok(record)
            }
            AddedKey::AnotherActive => {
                self.keyring.destroy(issuer, &record.thumbprint)?;
                Err(ServiceError::Defect("another key was made at the same moment".into()))
            }
        }
    }

    /// Marks a key as compromised, for good, and destroys its private half here. Where it signed, a new key of its kind takes its
    /// place in the same step.
    pub async fn compromise_key(&self, issuer: &Code, thumbprint: &str) -> Result<Compromise, ServiceError> {
        let Some(key) = self.store.key(issuer, thumbprint).await? else { return Ok(Compromise::NotFound) };
        let successor = match key.state {
            KeyState::Active => Some(self.make_key(issuer, key.kind()).await?),
            KeyState::Retired => None,
        };
        let marked = self.store.mark_compromised(&key.key_id, successor.as_ref(), self.clock.now()).await?;
        // Whoever has a copy has it; this one at least serves nobody any more.
        self.keyring.destroy(issuer, thumbprint)?;
        self.wake.notify_waiters();
        let outcome = match (marked, successor) {
            (Compromised::Replaced, Some(successor)) => return Ok(Compromise::Replaced(Box::new(successor))),
            (marked, successor) => {
                // Somebody rotated the key in the meantime: the one that we made is not needed.
                if let Some(successor) = successor {
                    self.keyring.destroy(issuer, &successor.thumbprint)?;
                }
                marked
            }
        };
        Ok(match outcome {
            Compromised::Marked | Compromised::Replaced => Compromise::Marked,
            Compromised::AlreadyMarked => Compromise::AlreadyMarked,
            Compromised::NotFound => Compromise::NotFound,
        })
    }

    /// Makes a key in the keyring, and what storage is to know of it.
    async fn make_key(&self, issuer: &Code, kind: KeyKind) -> Result<KeyRecord, ServiceError> {
        let (keyring, entropy, code) = (Arc::clone(&self.keyring), Arc::clone(&self.entropy), issuer.clone());
        let made = blocking(move || keyring.generate(&code, kind, &*entropy)).await??;
        Ok(KeyRecord {
            key_id: self.url.issuer_did(issuer).key(&made.thumbprint),
            issuer: issuer.clone(),
            thumbprint: made.thumbprint,
            public: made.public,
            state: KeyState::Active,
            created: self.clock.now(),
            retired: None,
            compromised: None,
        })
    }
}

/// The kind of key that signs an issuer's tokens.
pub const fn token_kind(algorithm: JwtAlgorithm) -> KeyKind {
    match algorithm {
        JwtAlgorithm::Es256 => KeyKind::P256,
        JwtAlgorithm::Rs256 => KeyKind::Rsa,
    }
}
