//! Verification with what this instance knows and may fetch: finds the credential in whatever was handed in, looks for what is needed
//! to judge it in storage, then on the network, and judges.
//!
//! Ours never leaves the house: issuers, keys, status lists and credentials under our own public URL come from storage.

mod pdf;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::badge;
use crate::badge::png::PngError;
use crate::badge::svg::SvgError;
use crate::fetch::{Accept, Ask, FetchError, Fetched, Fetcher, Redirects};
use crate::ids::{CredentialId, PublicUrl, StatusListId};
use crate::proof::did;
use crate::service::{Service, ServiceError, blocking};
use crate::verify::{
    self, Materials, Need, NeedKind, OwnRecord, Prepared, Question, Reason, Report, Revocation, Trust,
};

use self::pdf::Read;
pub use self::pdf::SealTrust;

/// The largest file or document to verify, in bytes.
pub const MAX_FILE_BYTES: usize = 5 * 1024 * 1024;
/// How long all fetches of one verification may take together.
pub const FETCHING: Duration = Duration::from_millis(1500);
/// The most documents that are fetched for one verification.
const MAX_FETCHES: usize = 16;
/// The largest document of a controller, and the largest key, in bytes: a small JSON text takes thirty times its size in memory.
const MAX_KEYS_BYTES: usize = 256 * 1024;
/// What the documents of one round may have together, in bytes.
const MAX_ROUND_BYTES: usize = 8 * 1024 * 1024;
/// The most rounds of needs: an issuer's keys, its status list, that list's keys.
const MAX_ROUNDS: usize = 4;

/// Finds the credential in JSON text, a token, a baked PNG or SVG, or an attestation as PDF, and reads it.
pub fn prepare_any(bytes: &[u8]) -> Prepared {
    prepare_trusting(bytes, &SealTrust::default())
}

/// The same with certificates that may speak for the seal of a PDF.
pub fn prepare_trusting(bytes: &[u8], trust: &SealTrust) -> Prepared {
    match read_any(bytes) {
        Read { prepared, pdf: Some(opened) } => pdf::judge(bytes, &opened, prepared, trust),
        Read { prepared, pdf: None } => prepared,
    }
}

fn read_any(bytes: &[u8]) -> Read {
    let found = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        badge::png::extract(bytes)
            .map_err(|error| refused(matches!(error, PngError::SeveralCredentials { .. }), &error))
    } else if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xef\xbb\xbf<") {
        std::str::from_utf8(bytes).map_err(|_| (Reason::UnsafeFile, "it is not UTF-8".to_owned())).and_then(in_svg)
    } else if bytes.starts_with(b"%PDF-") {
        return pdf::read(bytes);
    } else {
        return verify::prepare(bytes).into();
    };
    let prepared = match found {
        Ok(Some(text)) => verify::prepare(text.as_bytes()),
        Ok(None) => Prepared::unreadable(Reason::NoCredential, "an image without a credential"),
        Err((reason, why)) => Prepared::unreadable(reason, &why),
    };
    prepared.into()
}

/// Why nothing is read from a file: it holds several credentials, or is not safe to open.
fn refused(several: bool, error: &impl std::fmt::Display) -> (Reason, String) {
    (if several { Reason::SeveralCredentials } else { Reason::UnsafeFile }, error.to_string())
}

/// The credential in a baked SVG that runs nothing: whoever is handed a badge opens it, too.
fn in_svg(svg: &str) -> Result<Option<String>, (Reason, String)> {
    badge::is_passive_svg(svg).map_err(|error| (Reason::UnsafeFile, error.to_string()))?;
    badge::svg::extract(svg).map_err(|error| refused(matches!(error, SvgError::SeveralCredentials { .. }), &error))
}

/// An address to verify, where that is what was handed in instead of a document.
pub fn address_in(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes.get(..bytes.len().min(4096))?).ok()?.trim();
    (text.len() < 2048 && text.starts_with("https://") && !text.contains(char::is_whitespace)).then_some(text)
}

/// Judges what was read: with what was supplied for it, what an installation's storage holds if there is one, and what may be fetched.
pub async fn judge(
    installation: Option<&Service>,
    fetcher: &Fetcher,
    mut prepared: Prepared,
    mut materials: Materials,
    question: Question,
    deadline: Instant,
) -> Result<Report, ServiceError> {
    if let Some(service) = installation {
        for id in prepared.credential_ids() {
            if let Some(record) = service.own_record(&id).await? {
                materials.insert_own(&id, record);
            }
        }
    }
    for _ in 0..MAX_ROUNDS {
        let (known, asked) = (materials, question.clone());
        let work = move || {
            let needs = prepared.needs(&known, &asked);
            (prepared, needs, known)
        };
        let (read, needs, known) = heavy(installation, work).await?;
        (prepared, materials) = (read, known);
        if needs.is_empty() {
            break;
        }
        let mut elsewhere = Vec::new();
        for need in needs {
            let own = match installation {
                Some(service) => service.of_our_own(&need).await?,
                None => None,
            };
            match own {
                Some(Some(text)) => materials.insert(&need.id, text.as_bytes(), Trust::KnownHere),
                Some(None) => materials.insert_missing(&need.id, "there is none here"),
                None => elsewhere.push(need),
            }
        }
        fetch_all(fetcher, elsewhere, &mut materials, deadline).await;
    }
    heavy(installation, move || prepared.conclude(&materials, question)).await
}

async fn heavy<T: Send + 'static>(
    installation: Option<&Service>,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ServiceError> {
    match installation {
        Some(service) => service.heavy(work).await,
        None => blocking(work).await,
    }
}

impl Service {
    /// Verifies a credential or presentation in any accepted form, or at an https address.
    pub async fn verify(&self, bytes: Vec<u8>, question: Question) -> Result<Report, ServiceError> {
        let deadline = Instant::now() + FETCHING;
        let prepared = match address_in(&bytes) {
            Some(address) => self.prepare_at(address, deadline).await?,
            None => self.prepare_file(bytes).await?,
        };
        judge(Some(self), &self.fetcher, prepared, Materials::new(), question, deadline).await
    }

    /// Verifies one of our own documents, as it stands in storage: nothing is fetched.
    pub async fn verify_own(&self, signed: String) -> Result<Report, ServiceError> {
        let prepared = self.heavy(move || verify::prepare(signed.as_bytes())).await?;
        judge(Some(self), &Fetcher::off(), prepared, Materials::new(), self.clock.now().into(), Instant::now()).await
    }

    /// The document at an address of ours, or fetched.
    async fn prepare_at(&self, address: &str, deadline: Instant) -> Result<Prepared, ServiceError> {
        if let Some(id) = self.own_id::<CredentialId>(address, "credentials") {
            let record = self.store.credential(id).await?.and_then(|record| record.signed);
            return match record {
                Some(signed) => self.heavy(move || verify::prepare(signed.text.as_bytes())).await,
                None => Ok(Prepared::unreadable(Reason::Unfetched, "there is no such credential here")),
            };
        }
        match fetch_credential(&self.fetcher, address, deadline).await {
            Ok(fetched) => {
                let trust = self.seal_trust();
                self.heavy(move || prepare_trusting(&fetched.body, &trust)).await
            }
            Err(error) => Ok(Prepared::unreadable(Reason::Unfetched, error.reason())),
        }
    }

    /// A document under our own URL or DID: none of ours is ever fetched. `Some(None)` where it would be ours and is not there.
    async fn of_our_own(&self, need: &Need) -> Result<Option<Option<String>>, ServiceError> {
        if let Some(issuer) = self.url.issuer_of(&need.id) {
            return Ok(Some(self.did_document_of_record(&issuer).await?.map(|document| document.to_string())));
        }
        if let Some(id) = self.own_id::<StatusListId>(&need.id, "status") {
            return match self.signed_status_list(id).await {
                Ok(signed) => Ok(Some(signed)),
                // Without a key no list can be signed anew: the report says that the status was not checked.
                Err(ServiceError::KeyNotHeld(key)) => {
                    tracing::error!(key.id = %key, "status_list.unsigned");
                    Ok(Some(None))
                }
                Err(error) => Err(error),
            };
        }
        Ok(is_ours(&self.url, &need.id).then_some(None))
    }

    fn own_id<T: std::str::FromStr>(&self, address: &str, folder: &str) -> Option<T> {
        address.strip_prefix(&format!("{}/{folder}/", self.url))?.parse().ok()
    }

    /// What our records hold of a credential of ours, as it may be published.
    async fn own_record(&self, credential: &str) -> Result<Option<OwnRecord>, ServiceError> {
        let Some(id) = self.own_id::<CredentialId>(credential, "credentials") else { return Ok(None) };
        let Some(record) = self.store.credential(id).await? else { return Ok(None) };
        let revocation = record.revocation.map(|revocation| Revocation {
            category: revocation.category,
            at: revocation.at,
            replaced_by: revocation.replaced_by.map(|id| self.url.credential(id)),
        });
        let forms = [record.signed.map(|signed| (signed, record.key_id)), record.jwt.zip(record.jwt_key_id)];
        let mut signed = Vec::new();
        for (form, key_id) in forms.into_iter().flatten() {
            if self.store.signing_log_contains(&form.sha256, &key_id).await? {
                signed.push(form.text);
            }
        }
        Ok(Some(OwnRecord { revocation, signed }))
    }
}

fn is_ours(url: &PublicUrl, address: &str) -> bool {
    address.strip_prefix(url.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Fetches the credential at an address.
pub async fn fetch_credential(fetcher: &Fetcher, address: &str, deadline: Instant) -> Result<Arc<Fetched>, FetchError> {
    let left = deadline.saturating_duration_since(Instant::now());
    fetcher.get(&Ask::new(address, Accept::Credential).within(left).max_bytes(MAX_FILE_BYTES)).await
}

/// Fetches what is needed, all at once, within the time that is left. What cannot be had is noted with the reason.
pub async fn fetch_all(fetcher: &Fetcher, needs: Vec<Need>, materials: &mut Materials, deadline: Instant) {
    let mut under_way = JoinSet::new();
    for (place, need) in needs.into_iter().enumerate() {
        let address = match did::address(&need.id) {
            Ok(address) => address,
            Err(error) => {
                materials.insert_missing(&need.id, &error.to_string());
                continue;
            }
        };
        if place >= MAX_FETCHES {
            materials.insert_missing(&need.id, "too many documents are needed");
            continue;
        }
        let fetcher = fetcher.clone();
        under_way.spawn(async move {
            let (accept, redirects) = match need.kind {
                // DID documents and keys are served without a redirect (did:web method, "Read").
                NeedKind::Controller => (Accept::DidDocument, Redirects::Refuse),
                NeedKind::Key => (Accept::Key, Redirects::Refuse),
                NeedKind::StatusList => (Accept::StatusList, Redirects::Follow),
                NeedKind::RevocationList => (Accept::Json, Redirects::Follow),
            };
            let left = deadline.saturating_duration_since(Instant::now());
            let ask = Ask::new(&address, accept).within(left).redirects(redirects);
            let ask = ask.max_bytes(match need.kind {
                NeedKind::Controller | NeedKind::Key => MAX_KEYS_BYTES,
                NeedKind::StatusList | NeedKind::RevocationList => verify::MAX_DOCUMENT_BYTES,
            });
            let fetched = fetcher.get(&ask).await;
            (need, fetched)
        });
    }
    let mut left = MAX_ROUND_BYTES;
    while let Some(done) = under_way.join_next().await {
        match done {
            Ok((need, Ok(fetched))) if fetched.body.len() > left => {
                materials.insert_missing(&need.id, FetchError::TooLarge.reason());
            }
            Ok((need, Ok(fetched))) => {
                left -= fetched.body.len();
                materials.insert(&need.id, &fetched.body, Trust::Domain);
            }
            Ok((need, Err(error))) => materials.insert_missing(&need.id, error.reason()),
            // A fetch that panicked stays a need that nothing met: reported as not looked for.
            Err(error) => tracing::error!(error = %error, "verification.fetch_failed"),
        }
    }
}
