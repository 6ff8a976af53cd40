//! The learner's files of an issued credential: PDF and images, rendered on demand, byte for byte the same each time. A sealed PDF is
//! made once, and kept (`service::seals`).
//!
//! PNG and SVG are functions of the signed bytes and of the achievement whose hash those bytes carry; the PDF also of the
//! name, its secret and the verification link, which only the award holds.

use crate::attestation::{self, AttestationInput};
use crate::award::{AchievementSnapshot, Award};
use crate::badge::{self, BadgeImages};
use crate::credential::CredentialView;
use crate::service::{Link, Service, ServiceError};
use crate::store::CredentialRecord;

impl Service {
    /// The attestation as PDF: as it was sealed, where its issuer has a seal; the first request for it seals it.
    pub async fn attestation(&self, award: &Award, credential: &CredentialRecord) -> Result<Vec<u8>, ServiceError> {
        if credential.recipient.name.is_some()
            && let Some(sealed) = self.stored_seal(credential.id).await?
        {
            return Ok(sealed);
        }
        let plain = self.unsealed_attestation(award, credential).await?;
        self.seal_attestation(award, credential, plain).await
    }

    /// The attestation as PDF before any seal: the same bytes for ever, which are the beginning of the sealed ones.
    pub async fn unsealed_attestation(
        &self,
        award: &Award,
        credential: &CredentialRecord,
    ) -> Result<Vec<u8>, ServiceError> {
        let (content, text) = signed_content(credential)?;
        let defect = |what: &str| ServiceError::Defect(format!("an issued award has no {what}"));
        let name = credential.recipient.name.clone().ok_or_else(|| defect("name"))?;
        let secrets = self.store.award_secrets(award.id).await?.ok_or_else(|| defect("secrets"))?;
        let name_secret = self.open_name_secret(award.id, &secrets.name_secret)?;
        let link = self.url.verification(&self.open_link(award.id, Link::Qr, &secrets.qr_token)?);
        let zone = award.snapshot.issuer.time_zone.clone();
        let accent = badge::accent(&award.snapshot.achievement).channels();
        let template = self.template_of(award, credential.id).await?;
        let token = credential.jwt.as_ref().map(|token| token.text.clone());
        let rendered = self.heavy(move || {
            attestation::render(&AttestationInput {
                content: &content,
                credential_json: &text,
                credential_jwt: token.as_deref(),
                recipient: &name,
                name_secret: &name_secret,
                verification_url: &link,
                zone: &zone,
                accent,
                template: &template,
            })
        });
        rendered.await?.map_err(|error| ServiceError::Defect(format!("an attestation could not be drawn: {error}")))
    }

    /// The badge as images with the credential baked in.
    pub async fn badge(&self, award: &Award, credential: &CredentialRecord) -> Result<BadgeImages, ServiceError> {
        let (_, text) = signed_content(credential)?;
        let achievement = award.snapshot.achievement.clone();
        let baked = self.heavy(move || badge::artwork_of(&achievement).bake(&text)).await?;
        baked.map_err(|error| ServiceError::Defect(format!("a badge could not be drawn: {error}")))
    }

    /// The artwork of an achievement without any credential, as PNG.
    pub async fn artwork(&self, achievement: AchievementSnapshot) -> Result<Vec<u8>, ServiceError> {
        let drawn = self.heavy(move || badge::artwork_of(&achievement).to_png()).await?;
        drawn.map_err(|error| ServiceError::Defect(format!("a badge could not be drawn: {error}")))
    }
}

fn signed_content(credential: &CredentialRecord) -> Result<(CredentialView, String), ServiceError> {
    let signed =
        credential.signed.as_ref().ok_or_else(|| ServiceError::Defect("the credential is not signed".into()))?;
    let document = serde_json::from_str(&signed.text).map_err(|error| ServiceError::Defect(error.to_string()))?;
    let view = CredentialView::read(&document).map_err(|error| ServiceError::Defect(error.to_string()))?;
    Ok((view, signed.text.clone()))
}
