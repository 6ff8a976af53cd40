//! The links of an award: the same for its LMS, its learner and whoever is told of it.

use serde::{Deserialize, Serialize};

use super::{Link, Service, ServiceError};
use crate::award::Award;
use crate::store::CredentialRecord;

/// Where an award's documents are to be had. Each link leads to the current version of its credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct AwardLinks {
    /// The page that the QR code opens.
    pub verification: String,
    /// The attestation, a PDF.
    pub attestation: String,
    /// The badge as PNG.
    pub badge_png: String,
    /// The badge as SVG.
    pub badge_svg: String,
    /// The credential.
    pub credential: String,
    /// The same as a token, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt: Option<String>,
}

impl Service {
    /// The links of an award with a credential; none where its secrets are gone.
    pub async fn award_links(
        &self,
        award: &Award,
        current: &CredentialRecord,
    ) -> Result<Option<AwardLinks>, ServiceError> {
        let Some(secrets) = self.store.award_secrets(award.id).await? else { return Ok(None) };
        let qr = self.open_link(award.id, Link::Qr, &secrets.qr_token)?;
        let download = self.open_link(award.id, Link::Download, &secrets.download_token)?;
        let file = |name| self.url.download(&download, name);
        Ok(Some(AwardLinks {
            verification: self.url.verification(&qr),
            attestation: file("attestation.pdf"),
            badge_png: file("badge.png"),
            badge_svg: file("badge.svg"),
            credential: file("credential.json"),
            jwt: current.jwt.as_ref().map(|_| file("credential.jwt")),
        }))
    }
}
