//! The links at which learners read their progress: one for each session and learner, sealed, found by a hash.

use super::db::Result;
use super::values::args;
use super::{EncryptedText, Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::ids::{Code, LearnerId};
use crate::time::Timestamp;

impl Store {
    /// The link of a learner in a session, sealed.
    pub async fn progress_link(&self, session: &Code, learner: LearnerId) -> Result<Option<EncryptedText>> {
        let sql = "select token from progress_links where session = $1 and learner = $2";
        let row = self.db.row(sql, args![session, learner]).await?;
        row.map(|row| Ok(EncryptedText(row.text("token")?))).transpose()
    }

    /// Keeps a link, and gives the one that holds: that of whoever was first. Session and learner must be known
    /// ([`StoreError::Reference`]).
    pub async fn keep_progress_link(
        &self,
        session: &Code,
        learner: LearnerId,
        token: &EncryptedText,
        lookup: &str,
        now: Timestamp,
    ) -> Result<EncryptedText> {
        let mut tx = self.begin().await?;
        let insert = "insert into progress_links (session, learner, token, lookup, made_at) values ($1, $2, $3, $4, $5) \
                      on conflict (session, learner) do nothing";
        tx.run(insert, args![session, learner, token.0.as_str(), lookup, now]).await?;
        let select = "select token from progress_links where session = $1 and learner = $2";
        let row = tx.row(select, args![session, learner]).await?;
        // Ended between the two statements: the next request makes another.
        let row = row.ok_or_else(|| StoreError::Transient("the link was just ended".into()))?;
        tx.commit().await?;
        Ok(EncryptedText(row.text("token")?))
    }

    /// Whose progress in which session a link opens, unless it was ended.
    pub async fn progress_by_lookup(&self, lookup: &str) -> Result<Option<(Code, LearnerId)>> {
        let row = self.db.row("select session, learner from progress_links where lookup = $1", args![lookup]).await?;
        row.map(|row| Ok((row.parse("session")?, row.parse("learner")?))).transpose()
    }

    /// Ends a link; none where there is none.
    pub async fn end_progress_link(
        &self,
        session: &Code,
        learner: LearnerId,
        issuer: &Code,
        now: Timestamp,
    ) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let delete = "delete from progress_links where session = $1 and learner = $2";
        if tx.run(delete, args![session, learner]).await? == 0 {
            return Ok(None);
        }
        let entry = Entry::new(now, Action::ProgressLinkEnded, Object::new("session", session));
        tx.note(entry.of_issuer(issuer).about(learner));
        tx.commit().await?;
        Ok(Some(()))
    }
}
