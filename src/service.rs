//! What the flow works with: storage, keys, a clock, randomness, and the public URL. One value per process.
//!
//! Also what both issuance and verification need of an issuer: its keys and DID document (`keys`) and its signed status lists
//! (`status_lists`); and the certificates that seal its attestations (`seals`).

mod keys;
mod links;
mod seals;
mod status_lists;
mod templates;

pub use keys::{Compromise, IssuerKey, IssuerKeys, token_kind};
pub use links::AwardLinks;
pub use seals::{EndingSeal, SealImportError, WARN_DAYS, days_until, seal_certificates};

use std::sync::Arc;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

use crate::attestation::Templates;
use crate::audit::{Action, Actor, Entry, LinkKind, Object};
use crate::award::Award;
use crate::entropy::Entropy;
use crate::fetch::Fetcher;
use crate::ids::{AwardId, CapabilityToken, Code, PublicUrl};
use crate::intake::secrets::SourceSecret;
use crate::keyring::{Keyring, KeyringError, SealedText};
use crate::lint;
use crate::mailer::PostOffice;
use crate::proof::data_integrity;
use crate::seal::TrustAnchor;
use crate::store::{EncryptedText, Store, StoreError};
use crate::time::Clock;

/// The parts that the flow is made of.
pub struct Service {
    /// Storage.
    pub store: Store,
    /// Private keys.
    pub keyring: Arc<Keyring>,
    /// The public URL, for ever.
    pub url: PublicUrl,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
    /// What the verifier may fetch with, and what posts to others.
    pub fetcher: Fetcher,
    /// The certificates that may speak for seals of PDFs that are verified.
    pub seal_anchors: Arc<[TrustAnchor]>,
    /// What letters to learners are written and sent with; none where there is no mail server.
    pub post_office: Option<PostOffice>,
    /// What attestations are made with from now on; none in a process that only does what it is told.
    pub templates: Option<Arc<Templates>>,
    /// Rung when there may be new work.
    pub wake: Notify,
    /// Rung when there may be messages to send.
    pub outbox: Notify,
    // Verifying and rendering for whoever asks keep a processor busy: no more of them at once than there are processors, so
    // that nobody who posts heavy documents can starve the LMS.
    heavy: Arc<Semaphore>,
    lists: status_lists::Turns,
    // The templates that credentials are bound to, read once.
    bound: templates::Read,
    // Whoever follows an operation holds a connection for minutes.
    listeners: Arc<Semaphore>,
}

/// What can go wrong in the flow.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keyring failed.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// A key that should sign is not in this instance's keyring.
    #[error("the key {0} is not in this keyring")]
    KeyNotHeld(String),
    /// A document could not be signed.
    #[error("signing failed: {0}")]
    Proof(#[from] data_integrity::ProofError),
    /// A document could not be signed as a token.
    #[error("signing as a token failed: {0}")]
    Token(String),
    /// A key was retired while it signed: what it signed was not stored.
    #[error("the key was retired while it signed; it is signed anew")]
    KeyRetired,
    /// Too much heavy work is under way.
    #[error("too many documents are being worked on")]
    Busy,
    /// Something that can't be, by construction, was found: a defect.
    #[error("{0}")]
    Defect(String),
}

/// Which capability of an award.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The page that the QR code opens.
    Qr,
    /// The learner's files.
    Download,
}

impl Service {
    /// Puts the parts together. Refuses a database made for another public URL, or whose secrets another data key sealed.
    pub async fn new(
        store: Store,
        keyring: Keyring,
        url: PublicUrl,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, ServiceError> {
        store.record_public_url(&url).await?;
        store.record_data_key(keyring.data_key_fingerprint()).await?;
        let processors = std::thread::available_parallelism().map_or(2, usize::from);
        let (wake, outbox, heavy) = (Notify::new(), Notify::new(), Arc::new(Semaphore::new(processors)));
        let (keyring, lists) = (Arc::new(keyring), status_lists::Turns::default());
        let listeners = Arc::new(Semaphore::new(MAX_LISTENERS));
        Ok(Self {
            store,
            keyring,
            url,
            clock,
            entropy,
            fetcher: Fetcher::off(),
            seal_anchors: Arc::default(),
            post_office: None,
            templates: None,
            wake,
            outbox,
            heavy,
            lists,
            bound: templates::Read::default(),
            listeners,
        })
    }

    /// The same with certificates that may speak for the seals of PDFs.
    #[must_use]
    pub fn with_seal_anchors(mut self, anchors: Vec<TrustAnchor>) -> Self {
        self.seal_anchors = anchors.into();
        self
    }

    /// Lets the verifier fetch, and messages be posted.
    #[must_use]
    pub fn with_fetcher(mut self, fetcher: Fetcher) -> Self {
        self.fetcher = fetcher;
        self
    }

    /// Binds what is issued and shown from now on to these templates.
    #[must_use]
    pub fn with_templates(mut self, templates: Arc<Templates>) -> Self {
        self.templates = Some(templates);
        self
    }

    /// Lets learners be written to.
    #[must_use]
    pub fn with_post_office(mut self, office: Option<PostOffice>) -> Self {
        self.post_office = office;
        self
    }

    /// Runs work that keeps a processor busy on behalf of whoever asked over HTTP: within the bound, and counted until it
    /// really ends, even where nobody waits for it any more.
    pub async fn heavy<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
        let place = tokio::time::timeout(HEAVY_WAIT, Arc::clone(&self.heavy).acquire_owned()).await;
        let Ok(Ok(place)) = place else { return Err(ServiceError::Busy) };
        blocking(move || {
            let done = work();
            drop(place);
            done
        })
        .await
    }

    /// A place for somebody who follows an operation; none where there are too many of them.
    pub(crate) fn listener(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.listeners).try_acquire_owned().ok()
    }

    /// Makes a capability link for an award: the token, and what storage keeps of it.
    pub fn new_link(&self, award: AwardId, link: Link) -> (CapabilityToken, EncryptedText) {
        self.new_capability(&place(award, link))
    }

    /// Makes a capability link, sealed for one place.
    pub(crate) fn new_capability(&self, place: &str) -> (CapabilityToken, EncryptedText) {
        let token = CapabilityToken::random(&*self.entropy);
        let sealed = self.seal_at(place, token.as_bytes());
        (token, sealed)
    }

    /// Opens a capability link that was sealed for a place.
    pub(crate) fn open_capability(&self, place: &str, sealed: &EncryptedText) -> Result<CapabilityToken, ServiceError> {
        Ok(CapabilityToken::from_bytes(self.open_128(place, sealed)?))
    }

    /// Opens a stored capability link.
    pub fn open_link(
        &self,
        award: AwardId,
        link: Link,
        sealed: &EncryptedText,
    ) -> Result<CapabilityToken, ServiceError> {
        self.open_capability(&place(award, link), sealed)
    }

    /// Seals the secret of an award's name commitment.
    pub fn seal_name_secret(&self, award: AwardId, secret: &[u8; 16]) -> EncryptedText {
        self.seal_at(&format!("award:{award}:name-secret"), secret)
    }

    /// Opens the secret of an award's name commitment.
    pub fn open_name_secret(&self, award: AwardId, sealed: &EncryptedText) -> Result<[u8; 16], ServiceError> {
        self.open_128(&format!("award:{award}:name-secret"), sealed)
    }

    /// Seals a source's secret for storage.
    pub fn seal_source_secret(&self, source: &Code, written: &str) -> EncryptedText {
        self.seal_at(&format!("source:{source}:webhook"), written.as_bytes())
    }

    /// The secrets in force for a source.
    pub async fn source_secrets(&self, source: &Code) -> Result<Vec<SourceSecret>, ServiceError> {
        let stored = self.store.source_secrets(source).await?;
        let open = |sealed: EncryptedText| {
            let place = format!("source:{source}:webhook");
            let written = self.keyring.unseal(&place, &SealedText::from_stored(sealed.0))?;
            let text = std::str::from_utf8(&written).ok().and_then(|text| SourceSecret::parse(text).ok());
            text.ok_or_else(|| ServiceError::Defect("a stored secret of a source is not one".into()))
        };
        stored.into_iter().map(open).collect()
    }

    /// Takes down that whoever holds a link of an award was shown the learner's name.
    pub(crate) async fn note_name_shown(&self, award: &Award, link: LinkKind) -> Result<(), ServiceError> {
        let entry = Entry::new(self.clock.now(), Action::NameShown, Object::new("award", award.id));
        let entry = entry.of_issuer(&award.snapshot.issuer.code).about(award.learner);
        Ok(self.store.by(Actor::Link(link)).note(entry).await?)
    }

    fn seal_at(&self, place: &str, secret: &[u8]) -> EncryptedText {
        EncryptedText(self.keyring.seal(place, secret, &*self.entropy).as_str().to_owned())
    }

    fn open_128(&self, place: &str, sealed: &EncryptedText) -> Result<[u8; 16], ServiceError> {
        let bytes = self.keyring.unseal(place, &SealedText::from_stored(sealed.0.clone()))?;
        let bytes: Result<[u8; 16], _> = bytes.as_slice().try_into();
        bytes.map_err(|_| ServiceError::Defect(format!("{place} does not hold 128 bits")))
    }
}

/// How many may follow operations at once.
const MAX_LISTENERS: usize = 64;
/// How long heavy work may wait for a processor.
const HEAVY_WAIT: std::time::Duration = std::time::Duration::from_secs(5);

/// Runs work that keeps a processor busy where it holds up nobody else.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ServiceError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| ServiceError::Defect(format!("a computation failed: {error}")))
}

fn place(award: AwardId, link: Link) -> String {
    let link = match link {
        Link::Qr => "qr",
        Link::Download => "download",
    };
    format!("award:{award}:{link}")
}

/// Findings on a document that we composed ourselves.
pub(crate) fn refused(findings: &[lint::Finding]) -> ServiceError {
    let findings: Vec<_> = findings.iter().map(ToString::to_string).collect();
    ServiceError::Defect(format!("our own rules refuse what we composed: {}", findings.join("; ")))
}
