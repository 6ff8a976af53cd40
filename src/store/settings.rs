//! What belongs to the installation as a whole.

use super::db::Result;
use super::values::args;
use super::{Store, StoreError};
use crate::ids::PublicUrl;

impl Store {
    /// The public URL recorded at first start, if there was one.
    pub async fn public_url(&self) -> Result<Option<PublicUrl>> {
        let row = self.db.row("select value from settings where name = 'public_url'", args![]).await?;
        row.map(|row| row.parse("value")).transpose()
    }

    /// Records the public URL at first start; afterwards refuses any other, since every badge carries it for ever.
    pub async fn record_public_url(&self, url: &PublicUrl) -> Result<()> {
        let recorded = self.record_once("public_url", url.as_str()).await?;
        if recorded == url.as_str() {
            Ok(())
        } else {
            Err(StoreError::PublicUrlMismatch { recorded, given: url.as_str().to_owned() })
        }
    }

    /// Records which data key seals the secrets stored here, at first start; afterwards refuses any other, under which nothing
    /// stored would open.
    pub async fn record_data_key(&self, fingerprint: &str) -> Result<()> {
        let recorded = self.record_once("data_key", fingerprint).await?;
        if recorded == fingerprint { Ok(()) } else { Err(StoreError::DataKeyMismatch) }
    }

    /// Keeps a setting if it is new; what is kept, either way.
    async fn record_once(&self, name: &'static str, value: &str) -> Result<String> {
        let mut tx = self.begin().await?;
        let insert = "insert into settings (name, value) values ($1, $2) on conflict (name) do nothing";
        tx.run(insert, args![name, value]).await?;
        let row = tx.row("select value from settings where name = $1", args![name]).await?;
        let recorded = row.ok_or(StoreError::Corrupt("a setting"))?.text("value")?;
        tx.commit().await?;
        Ok(recorded)
    }
}
