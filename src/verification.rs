//! Verification with what this instance knows: finds the credential in whatever was handed in, fetches what is needed to judge
//! it from storage, and judges. Fetching from elsewhere is not here.

use serde_json::Value;

use crate::badge;
use crate::ids::{CredentialId, StatusListId};
use crate::service::{Service, ServiceError};
use crate::verify::{self, Materials, Needs, Prepared, Report, Revocation};

/// Finds the credential in JSON text, a baked PNG or a baked SVG, and reads it.
pub fn prepare_any(bytes: &[u8]) -> Prepared {
    let found = if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        badge::png::extract(bytes).map_err(|error| error.to_string())
    } else if bytes.trim_ascii_start().starts_with(b"<") || bytes.starts_with(b"\xef\xbb\xbf<") {
        match std::str::from_utf8(bytes) {
            Ok(text) => badge::svg::extract(text).map_err(|error| error.to_string()),
            Err(_) => Err("it is not UTF-8".to_owned()),
        }
    } else {
        return if bytes.starts_with(b"%PDF-") { Prepared::pdf() } else { verify::prepare(bytes) };
    };
    match found {
        Ok(Some(text)) => verify::prepare(text.as_bytes()),
        Ok(None) => Prepared::unreadable("the image holds no Open Badges 3.0 credential"),
        Err(why) => Prepared::unreadable(&why),
    }
}

impl Service {
    /// Verifies a credential in any accepted form.
    pub async fn verify(&self, bytes: Vec<u8>) -> Result<Report, ServiceError> {
        let prepared = self.heavy(move || prepare_any(&bytes)).await?;
        let materials = self.materials(&prepared.needs()).await?;
        let now = self.clock.now();
        self.heavy(move || prepared.conclude(&materials, now)).await
    }

    /// What this instance knows of a document's issuer and status.
    pub async fn materials(&self, needs: &Needs) -> Result<Materials, ServiceError> {
        let mut materials = Materials::default();
        if let Some(issuer) = needs.issuer.as_deref().and_then(|did| self.url.issuer_of(did)) {
            materials.did_document = self.did_document_of_record(&issuer).await?;
        }
        let within =
            |address: &str, folder: &str| address.strip_prefix(&format!("{}/{folder}/", self.url)).map(str::to_owned);
        let list = needs.status_list.as_deref().and_then(|address| within(address, "status"));
        if let Some(id) = list.and_then(|id| id.parse::<StatusListId>().ok()) {
            materials.status_list = match self.signed_status_list(id).await {
                Ok(signed) => signed.as_deref().map(parse_own).transpose()?,
                // Without a key no list can be signed anew: the report says that the status was not checked.
                Err(ServiceError::KeyNotHeld(key)) => {
                    tracing::error!(key.id = %key, "status_list.unsigned");
                    None
                }
                Err(error) => return Err(error),
            };
        }
        let credential = needs.credential.as_deref().and_then(|address| within(address, "credentials"));
        if let Some(id) = credential.and_then(|id| id.parse::<CredentialId>().ok()) {
            materials.revocation = self.revocation(id).await?;
        }
        Ok(materials)
    }

    /// The revocation of one of our credentials, as it may be published.
    async fn revocation(&self, id: CredentialId) -> Result<Option<Revocation>, ServiceError> {
        let record = self.store.credential(id).await?;
        Ok(record.and_then(|record| record.revocation).map(|revocation| Revocation {
            category: revocation.category,
            at: revocation.at,
            replaced_by: revocation.replaced_by.map(|id| self.url.credential(id)),
        }))
    }
}

fn parse_own(text: &str) -> Result<Value, ServiceError> {
    serde_json::from_str(text).map_err(|error| ServiceError::Defect(format!("a stored document is not JSON: {error}")))
}
