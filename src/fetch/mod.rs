//! Requests to others. Fetches for the verifier: keys, status lists and credentials of issuers elsewhere, at addresses that
//! strangers' documents name. So every fetch is suspect: https only, never to an internal address, bounded in time, size,
//! redirects and number, and cached. And posts to the addresses that issuers give to be told of things, held to the same rules.
//!
//! Not here: what the fetched bytes mean, and whether to believe them; what is posted, and when. Signing and JSON-LD processing
//! never fetch.

mod address;
mod cache;
mod exchange;
mod lookup;
mod target;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::time::Clock;

use cache::Cache;
use exchange::{Answer, Means};
use lookup::Lookups;
use target::{Host, Target};

pub use target::{AllowedHost, AllowedHostError};

/// Redirects that are followed for one fetch.
const MAX_REDIRECTS: usize = 3;
/// Fetches that exchange bytes at one time.
const MAX_EXCHANGES: usize = 16;
/// Of which with one host.
const MAX_EXCHANGES_A_HOST: usize = 4;
/// Fetches begun and not ended, those that wait included.
const MAX_FLIGHTS: usize = 256;

/// What may be fetched, and at what cost.
#[derive(Debug, Clone)]
pub struct FetchPolicy {
    /// Whether anything may be fetched at all.
    pub enabled: bool,
    /// Certificate authorities that are trusted beside the public ones.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Hosts that may have internal addresses: loopback, private, unique local or shared by carriers.
    pub allowed_private: Vec<AllowedHost>,
    /// For one fetch: names, connections, TLS, redirects and body together.
    pub timeout: Duration,
    /// For one post, in all.
    pub post_timeout: Duration,
    /// For one body, where the caller names no other bound.
    pub max_bytes: usize,
    /// How many answers are kept.
    pub cache_entries: usize,
    /// How many bytes they may take.
    pub cache_bytes: usize,
}

impl Default for FetchPolicy {
    fn default() -> Self {
        Self {
            enabled: true,
            extra_roots: Vec::new(),
            allowed_private: Vec::new(),
            timeout: Duration::from_millis(1_500),
            post_timeout: Duration::from_secs(15),
            max_bytes: 1024 * 1024,
            cache_entries: 256,
            cache_bytes: 16 * 1024 * 1024,
        }
    }
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// Not PEM, or without a certificate.
    #[error("the file holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)")]
    Pem,
    /// A certificate that can't be an authority.
    #[error("certificate {0} can't be read as a certificate authority")]
    Root(usize),
}

/// The certificates of a PEM text; other sections are passed over.
pub fn roots_from_pem(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, PolicyError> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    certificates.ok().filter(|certificates| !certificates.is_empty()).ok_or(PolicyError::Pem)
}

/// What kind of document is asked for, which the `Accept` header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Accept {
    /// A DID document.
    DidDocument,
    /// A public key alone, as JWK.
    Key,
    /// A credential or a presentation, in any form that we read: JSON, JWT, image, PDF.
    Credential,
    /// A status list.
    StatusList,
    /// Other JSON, such as a profile.
    Json,
}

impl Accept {
    fn header(self) -> &'static str {
        match self {
            Self::DidDocument => {
                "application/did, application/did+ld+json, application/did+json, application/json;q=0.9"
            }
            Self::Key => "application/jwk+json, application/json;q=0.9",
            Self::Credential => {
                "application/vc, application/ld+json, application/json;q=0.9, application/vc+jwt;q=0.9, application/jwt;q=0.8, \
                 image/png;q=0.7, image/svg+xml;q=0.7, application/pdf;q=0.6, text/plain;q=0.5"
            }
            Self::StatusList => {
                "application/vc, application/ld+json, application/json;q=0.9, application/vc+jwt;q=0.9, application/jwt;q=0.8, \
                 text/plain;q=0.5"
            }
            Self::Json => "application/ld+json, application/json;q=0.9",
        }
    }
}

/// Whether a redirect is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Redirects {
    /// Up to three, each to what could have been asked for itself.
    Follow,
    /// None.
    Refuse,
}

/// One thing to fetch.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    url: &'a str,
    accept: Accept,
    redirects: Redirects,
    max_bytes: Option<usize>,
    within: Option<Duration>,
}

impl<'a> Ask<'a> {
    /// A document at this URL, following redirects, within the policy's bounds.
    pub fn new(url: &'a str, accept: Accept) -> Self {
        Self { url, accept, redirects: Redirects::Follow, max_bytes: None, within: None }
    }

    /// With this much time left; the policy's bound holds as well.
    pub fn within(self, left: Duration) -> Self {
        Self { within: Some(left), ..self }
    }

    /// With another bound on the body than the policy's.
    pub fn max_bytes(self, max_bytes: usize) -> Self {
        Self { max_bytes: Some(max_bytes), ..self }
    }

    /// As said.
    pub fn redirects(self, redirects: Redirects) -> Self {
        Self { redirects, ..self }
    }
}

/// What was fetched.
#[derive(Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The whole body.
    pub body: Vec<u8>,
    /// The media type that the server claims.
    pub content_type: Option<String>,
    /// Where it was found in the end, without fragment.
    pub url: String,
}

/// The body may be anybody's credential, so it is not shown.
impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetched").field("bytes", &self.body.len()).field("content_type", &self.content_type).finish()
    }
}

/// Why nothing was fetched. Says nothing of addresses, and nothing that a server said but its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Fetching is off.
    #[error("fetching is off on this installation")]
    Off,
    /// The URL has another scheme.
    #[error("only https is fetched")]
    NotHttps,
    /// No URL of ours: not RFC 3986, with credentials, or with a host that could be read in two ways.
    #[error("the URL is malformed")]
    MalformedUrl,
    /// The host has no address that may be reached.
    #[error("the host has no public address")]
    ForbiddenAddress,
    /// A redirect that the caller does not want, or to what could not have been asked for.
    #[error("the server redirects to where this verifier does not go")]
    RedirectRefused,
    /// More than three redirects.
    #[error("the server redirects too often")]
    TooManyRedirects,
    /// A body beyond the bound.
    #[error("the answer is too large")]
    TooLarge,
    /// No whole answer in time.
    #[error("the server did not answer in time")]
    Timeout,
    /// No such host, no connection, or one that broke.
    #[error("the host can't be reached")]
    Unreachable,
    /// An untrusted certificate, one for another host, or no TLS.
    #[error("the connection is not secure: its certificate or its TLS was refused")]
    Tls,
    /// 404 or 410.
    #[error("there is no such document")]
    NotFound,
    /// Any other status than 200.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// Not HTTP, or compressed though nobody asked for it.
    #[error("the server's answer can't be read")]
    BadAnswer,
    /// Too many fetches under way here.
    #[error("too many fetches are under way")]
    Busy,
}

impl FetchError {
    /// A stable word for machines.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NotHttps => "not_https",
            Self::MalformedUrl => "malformed_url",
            Self::ForbiddenAddress => "forbidden_address",
            Self::RedirectRefused => "redirect_refused",
            Self::TooManyRedirects => "too_many_redirects",
            Self::TooLarge => "too_large",
            Self::Timeout => "timeout",
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::NotFound => "not_found",
            Self::Status(_) => "status",
            Self::BadAnswer => "bad_answer",
            Self::Busy => "busy",
        }
    }
}

/// What a post was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The status.
    pub status: u16,
    /// The header `Retry-After`, as it came.
    pub retry_after: Option<String>,
}

/// How a fetch ended.
type Outcome = Result<Arc<Fetched>, FetchError>;

/// What makes two fetches the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    target: Target,
    accept: Accept,
    redirects: Redirects,
    max_bytes: usize,
}

/// The fetcher: cheap to clone, one per process.
#[derive(Clone)]
pub struct Fetcher(Option<Arc<Inner>>);

struct Inner {
    timeout: Duration,
    post_timeout: Duration,
    max_bytes: usize,
    means: Means,
    clock: Arc<dyn Clock>,
    exchanges: Arc<Semaphore>,
    hosts: Mutex<HashMap<Host, Weak<Semaphore>>>,
    known: Mutex<Known>,
}

struct Known {
    cache: Cache,
    /// Fetches under way, which others who want the same wait for.
    flights: HashMap<Key, watch::Receiver<Option<Outcome>>>,
}

impl Fetcher {
    /// A fetcher that keeps to this policy. The clock is the cache's; deadlines are real time.
    pub fn new(policy: FetchPolicy, clock: Arc<dyn Clock>) -> Result<Self, PolicyError> {
        if !policy.enabled {
            return Ok(Self::off());
        }
        let tls = Arc::new(tls_config(&policy.extra_roots)?);
        let means = Means { tls, lookups: Lookups::of_the_system(), allowed: policy.allowed_private.into() };
        Ok(Self(Some(Arc::new(Inner {
            timeout: policy.timeout,
            post_timeout: policy.post_timeout,
            max_bytes: policy.max_bytes,
            means,
            clock,
            exchanges: Arc::new(Semaphore::new(MAX_EXCHANGES)),
            hosts: Mutex::default(),
            known: Mutex::new(Known {
                cache: Cache::new(policy.cache_entries, policy.cache_bytes),
                flights: HashMap::new(),
            }),
        }))))
    }

    /// A fetcher that fetches nothing.
    pub fn off() -> Self {
        Self(None)
    }

    /// Whether it fetches nothing.
    pub fn is_off(&self) -> bool {
        self.0.is_none()
    }

    /// Whether something may be posted to this address, as far as that can be told before asking for its host's addresses.
    pub fn may_post(&self, url: &str) -> Result<(), FetchError> {
        let inner = self.0.as_ref().ok_or(FetchError::Off)?;
        let target = Target::parse_to_post(url, &inner.means.allowed)?;
        match target.host {
            Host::Address(_) => inner.means.addresses(&target, Instant::now()).map(drop),
            Host::Name(_) => Ok(()),
        }
    }

    /// Posts a body to an address that an issuer gave. A redirect is an answer like any other: it is not followed.
    pub async fn post(
        &self,
        url: &str,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    ) -> Result<Posted, FetchError> {
        let inner = self.0.as_ref().ok_or(FetchError::Off)?;
        let target = Target::parse_to_post(url, &inner.means.allowed)?;
        let (means, deadline) = (inner.means.clone(), Instant::now() + inner.post_timeout);
        let exchange = tokio::task::spawn_blocking(move || means.post(&target, &headers, &body, deadline));
        exchange.await.map_err(|_| FetchError::Unreachable)?
    }

    /// Fetches, or answers from the cache. Whoever asks for what is being fetched already waits for that. A fetch goes on for its
    /// own time when the caller's ends, so that a second try may find it.
    pub async fn get(&self, ask: &Ask<'_>) -> Result<Arc<Fetched>, FetchError> {
        let inner = self.0.as_ref().ok_or(FetchError::Off)?;
        let target = Target::parse(ask.url)?;
        let max_bytes = ask.max_bytes.unwrap_or(inner.max_bytes);
        let key = Key { target, accept: ask.accept, redirects: ask.redirects, max_bytes };
        let left = ask.within.map_or(inner.timeout, |left| left.min(inner.timeout));
        let mut flight = {
            let mut known = inner.known();
            if let Some(outcome) = known.cache.get(&key, inner.clock.now()) {
                return outcome;
            }
            if left.is_zero() {
                return Err(FetchError::Timeout);
            }
            match known.flights.get(&key) {
                Some(flight) => flight.clone(),
                None if known.flights.len() >= MAX_FLIGHTS => return Err(FetchError::Busy),
                None => {
                    let (landed, flight) = watch::channel(None);
                    known.flights.insert(key.clone(), flight.clone());
                    let landing = Landing { inner: Arc::clone(inner), key };
                    tokio::spawn(landing.fly(landed));
                    flight
                }
            }
        };
        match tokio::time::timeout(left, flight.wait_for(Option::is_some)).await {
            Err(_) => Err(FetchError::Timeout),
            Ok(Ok(outcome)) => outcome.clone().unwrap_or(Err(FetchError::Unreachable)),
            // The task that fetched is gone, with the runtime or by a defect.
            Ok(Err(_)) => Err(FetchError::Unreachable),
        }
    }
}

impl fmt::Debug for Fetcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_off() { "Fetcher(off)" } else { "Fetcher(on)" })
    }
}

/// Public authorities and those of the operator; TLS 1.2 and 1.3.
fn tls_config(extra_roots: &[CertificateDer<'static>]) -> Result<rustls::ClientConfig, PolicyError> {
    let mut roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    for (place, certificate) in extra_roots.iter().enumerate() {
        roots.add(certificate.clone()).map_err(|_| PolicyError::Root(place + 1))?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let mut config = builder.expect("the provider knows TLS 1.3").with_root_certificates(roots).with_no_client_auth();
    // A resumed session would let a server know the verifier again.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// A fetch under way; when dropped, however it ended, nobody waits for it any more.
struct Landing {
    inner: Arc<Inner>,
    key: Key,
}

impl Landing {
    async fn fly(self, landed: watch::Sender<Option<Outcome>>) {
        let (outcome, fresh) = match self.inner.fetch(&self.key).await {
            Ok((fetched, fresh)) => (Ok(Arc::new(fetched)), fresh),
            // Our own bounds say nothing of the host.
            Err(FetchError::Busy) => (Err(FetchError::Busy), Duration::ZERO),
            Err(error) => (Err(error), cache::FAILED),
        };
        if let Err(error) = &outcome {
            tracing::debug!(fetch.reason = error.reason(), "fetch.failed");
        }
        let now = self.inner.clock.now();
        self.inner.known().cache.put(self.key.clone(), outcome.clone(), fresh, now);
        drop(self);
        // Nobody may be waiting any more.
        let _ = landed.send(Some(outcome));
    }
}

impl Drop for Landing {
    fn drop(&mut self) {
        self.inner.known().flights.remove(&self.key);
    }
}

impl Inner {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The places for exchanges with one host.
    fn host(&self, host: &Host) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = hosts.get(host).and_then(Weak::upgrade) {
            return places;
        }
        hosts.retain(|_, places| places.strong_count() > 0);
        let places = Arc::new(Semaphore::new(MAX_EXCHANGES_A_HOST));
        hosts.insert(host.clone(), Arc::downgrade(&places));
        places
    }

    async fn fetch(&self, key: &Key) -> Result<(Fetched, Duration), FetchError> {
        let deadline = Instant::now() + self.timeout;
        let mut target = key.target.clone();
        for _ in 0..=MAX_REDIRECTS {
            // The host's place first: who waits for a slow host must not hold what others could use.
            let at_host = place(self.host(&target.host), deadline).await?;
            let at_all = place(Arc::clone(&self.exchanges), deadline).await?;
            let (means, asked, accept, max_bytes) = (self.means.clone(), target.clone(), key.accept, key.max_bytes);
            let exchange = tokio::task::spawn_blocking(move || {
                // Given back when the work has ended, whether or not anybody still waits.
                let _places = (at_host, at_all);
                means.exchange(&asked, accept, max_bytes, deadline)
            });
            match exchange.await.map_err(|_| FetchError::Unreachable)?? {
                Answer::Body { body, content_type, fresh } => {
                    return Ok((Fetched { body, content_type, url: target.to_string() }, fresh));
                }
                Answer::Moved(_) if key.redirects == Redirects::Refuse => return Err(FetchError::RedirectRefused),
                Answer::Moved(location) => target = target.redirected(&location)?,
            }
        }
        Err(FetchError::TooManyRedirects)
    }
}

/// A place, once there is one.
async fn place(places: Arc<Semaphore>, deadline: Instant) -> Result<OwnedSemaphorePermit, FetchError> {
    let waited = tokio::time::timeout_at(deadline.into(), places.acquire_owned()).await;
    waited.ok().and_then(Result::ok).ok_or(FetchError::Busy)
}
