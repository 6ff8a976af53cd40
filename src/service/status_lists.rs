//! Status lists as they are published: signed on request, once for each state of their bits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Mutex as Turn;

use super::{Service, ServiceError, blocking, refused};
use crate::ids::StatusListId;
use crate::lint;
use crate::proof::key::KeyKind;
use crate::status_list::{self, Bitstring};
use crate::store::{ListForm, Published};
use crate::time::Timestamp;

/// How often one request signs a list again where another instance, a revocation or a rotation came in between.
const TRIES: u32 = 5;

/// Whose turn it is to sign a list: one request at a time for each, so that a crowd that finds a list out of date causes one
/// signature. It grows with the lists that there are, of which an issuer has one for 65 536 credentials.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<StatusListId, Arc<Turn<()>>>>);

impl Turns {
    fn of(&self, id: StatusListId) -> Arc<Turn<()>> {
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(id).or_default())
    }
}

impl Service {
    /// A status list as a signed credential: signed anew only when a bit changed, half of its validity is over, or its key is
    /// compromised. While one request does that, others get the form before, as long as it is valid: our own pages and verifier
    /// rest on our records, and others may keep a list for minutes anyway.
    pub async fn signed_status_list(&self, id: StatusListId) -> Result<Option<String>, ServiceError> {
        let Some(form) = self.store.status_list_form(id).await? else { return Ok(None) };
        let previous = match self.look_at(form) {
            Form::Fresh(signed) => return Ok(Some(signed)),
            Form::Stale(signed) => Some(signed),
            Form::Absent => None,
        };
        let turn = self.lists.of(id);
        let _turn = match (turn.try_lock(), previous) {
            (Ok(turn), _) => turn,
            (Err(_), Some(previous)) => return Ok(Some(previous)),
            (Err(_), None) => turn.lock().await,
        };
        for _ in 0..TRIES {
            // Whoever had the turn before may have done it.
            let Some(form) = self.store.status_list_form(id).await? else { return Ok(None) };
            if let Form::Fresh(signed) = self.look_at(form) {
                return Ok(Some(signed));
            }
            if let Some(signed) = self.sign_status_list(id).await? {
                return Ok(Some(signed));
            }
        }
        Err(ServiceError::Busy)
    }

    /// Signs a list as it is now; none where that form may not be published.
    async fn sign_status_list(&self, id: StatusListId) -> Result<Option<String>, ServiceError> {
        let Some(list) = self.store.status_list(id).await? else { return Ok(None) };
        let now = self.clock.now();
        let Some(key) = self.signing_key(&list.issuer, KeyKind::Ed25519).await? else {
            return Err(ServiceError::KeyNotHeld(format!("of {}", list.issuer)));
        };
        let (address, issuer) = (self.url.status_list(id), self.url.issuer_did(&list.issuer));
        let key_id = key.record.key_id.clone();
        let signed = blocking(move || {
            let document = status_list::compose(&address, issuer.as_str(), &Bitstring::new(&list.revoked), now);
            let document = lint::lint_status_list(document).map_err(|findings| refused(&findings))?;
            Ok::<_, ServiceError>(key.prove(&document, &now.to_whole_second().to_string())?.to_string())
        })
        .await??;
        let valid_until = now.to_whole_second().plus_seconds(status_list::VALIDITY_SECONDS);
        let form = Published { revision: list.revision, signed, key_id, valid_until };
        let kept = self.store.publish_status_list(id, &form, now).await?;
        Ok(kept.map(|()| form.signed))
    }

    fn look_at(&self, form: ListForm) -> Form {
        let now = self.clock.now();
        match form.published {
            Some(published) if published.revision == form.revision && half_valid(&published, now) => {
                Form::Fresh(published.signed)
            }
            Some(published) if published.valid_until > now => Form::Stale(published.signed),
            _ => Form::Absent,
        }
    }
}

/// What is published of a list.
enum Form {
    /// As it is to be shown.
    Fresh(String),
    /// Valid still, but a newer one is due.
    Stale(String),
    /// None that may be shown.
    Absent,
}

fn half_valid(published: &Published, now: Timestamp) -> bool {
    published.valid_until > now.plus_seconds(status_list::VALIDITY_SECONDS / 2)
}
