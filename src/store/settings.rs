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
        let mut tx = self.db.begin().await?;
        let insert = "insert into settings (name, value) values ('public_url', $1) on conflict (name) do nothing";
        tx.run(insert, args![url.as_str()]).await?;
        let row = tx.row("select value from settings where name = 'public_url'", args![]).await?;
        let recorded = row.ok_or(StoreError::Corrupt("the public URL"))?.text("value")?;
        tx.commit().await?;
        if recorded == url.as_str() {
            Ok(())
        } else {
            Err(StoreError::PublicUrlMismatch { recorded, given: url.as_str().to_owned() })
        }
    }
}
