//! Which template each credential's attestation is made with, and those templates, for ever.

use super::db::Result;
use super::values::args;
use super::{Store, StoreError};
use crate::ids::CredentialId;

impl Store {
    /// The hash of the template that a credential was bound to.
    pub async fn template_of(&self, credential: CredentialId) -> Result<Option<String>> {
        let sql = "select template from credential_templates where credential = $1";
        self.db.row(sql, args![credential]).await?.map(|row| row.text("template")).transpose()
    }

    /// All that a template is made of.
    pub async fn template(&self, hash: &str) -> Result<Option<String>> {
        let row = self.db.row("select document from attestation_templates where hash = $1", args![hash]).await?;
        row.map(|row| row.text("document")).transpose()
    }

    /// Binds a credential to a template, unless it is bound; gives the hash of the one that holds. The credential must be known
    /// ([`StoreError::Reference`]).
    pub async fn bind_template(&self, credential: CredentialId, hash: &str, document: &str) -> Result<String> {
        if let Some(bound) = self.template_of(credential).await? {
            return Ok(bound);
        }
        let mut tx = self.begin().await?;
        let keep = "insert into attestation_templates (hash, document) values ($1, $2) on conflict (hash) do nothing";
        tx.run(keep, args![hash, document]).await?;
        let bind = "insert into credential_templates (credential, template) values ($1, $2) \
                    on conflict (credential) do nothing";
        tx.run(bind, args![credential, hash]).await?;
        let sql = "select template from credential_templates where credential = $1";
        let row = tx.row(sql, args![credential]).await?.ok_or(StoreError::Reference)?;
        tx.commit().await?;
        row.text("template")
    }
}
