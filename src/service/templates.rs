//! Which template an attestation is made with: the one that was in use when its credential was issued, for ever.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Service, ServiceError};
use crate::attestation::Template;
use crate::award::Award;
use crate::ids::CredentialId;

/// How many templates are kept read; an installation has some for each issuer and language, and those before them.
const MAX_READ: usize = 256;

/// Templates that were read, by their hash.
#[derive(Debug, Default)]
pub(super) struct Read(Mutex<BTreeMap<String, Arc<Template>>>);

impl Service {
    /// The template of a credential's attestation. Where it is not bound to one yet, it is from now on, if this process has any;
    /// else it is made with the built-in one.
    pub async fn template_of(&self, award: &Award, credential: CredentialId) -> Result<Arc<Template>, ServiceError> {
        let (issuer, kind) = (&award.snapshot.issuer.code, award.kind);
        let language = award.snapshot.achievement.language;
        let hash = match &self.templates {
            Some(templates) => {
                let current = templates.of(issuer, kind, language);
                let hash = self.store.bind_template(credential, current.hash(), current.stored()).await?;
                if hash == current.hash() {
                    return Ok(Arc::clone(current));
                }
                hash
            }
            None => match self.store.template_of(credential).await? {
                Some(hash) => hash,
                None => return Ok(Template::builtin(kind, language)),
            },
        };
        if let Some(read) = self.bound.0.lock().unwrap_or_else(PoisonError::into_inner).get(&hash) {
            return Ok(Arc::clone(read));
        }
        let gone = || ServiceError::Defect("the template of an attestation is gone from storage".into());
        let stored = self.store.template(&hash).await?.ok_or_else(gone)?;
        let template = Template::from_stored(&stored).map_err(|error| ServiceError::Defect(error.to_string()))?;
        let template = Arc::new(template);
        let mut read = self.bound.0.lock().unwrap_or_else(PoisonError::into_inner);
        if read.len() >= MAX_READ {
            read.clear();
        }
        read.insert(hash, Arc::clone(&template));
        Ok(template)
    }
}
