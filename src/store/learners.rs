//! Learners as their sources name them, with the name and the address that awards need.

use super::Store;
use super::catalog::{Saved, count_change};
use super::db::Result;
use super::decisions::{BlockedScope, requeue_blocked};
use super::deliveries::{WaitFor, release_parked};
use super::error::StoreError;
use super::values::{Row, args};
use crate::audit::{Action, Entry, Object};
use crate::ids::{Code, ExternalId, LearnerId};
use crate::text::{Email, PersonName};
use crate::time::Timestamp;

/// A learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnerRecord {
    /// Our id, never published.
    pub id: LearnerId,
    /// The source that knows the learner.
    pub source: Code,
    /// The learner's id there.
    pub external_id: ExternalId,
    /// The name, once known.
    pub name: Option<PersonName>,
    /// The address, once known.
    pub email: Option<Email>,
}

/// How what is said of a learner meets what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LearnerUpdate {
    /// It replaces it: an absent value erases (`PUT`).
    Replace,
    /// It completes it: an absent value erases nothing (evidence, which may leave names out), and what was said before the last
    /// change counts no more (evidence that waited). `now` is then the moment at which it was said.
    Complete,
}

impl Store {
    /// Keeps what is said of a learner, and takes up again what waited for it. The source must be known.
    pub async fn put_learner(
        &self,
        source: &Code,
        external_id: &ExternalId,
        name: Option<&PersonName>,
        email: Option<&Email>,
        update: LearnerUpdate,
        now: Timestamp,
    ) -> Result<(LearnerId, Saved)> {
        let mut tx = self.begin().await?;
        let (name, email) = (name.map(PersonName::as_str), email.map(Email::as_str));
        let fresh = LearnerId::random(&*self.entropy);
        let insert = "insert into learners (id, source, external_id, name, email, changed_at) values ($1, $2, $3, $4, $5, $6) \
                      on conflict (source, external_id) do nothing";
        let inserted = tx.run(insert, args![fresh, source, external_id, name, email, now]).await?;
        let (id, saved) = if inserted == 1 {
            (fresh, Saved::Created)
        } else {
            let select = "select id, source, external_id, name, email, changed_at from learners \
                          where source = $1 and external_id = $2 for no key update";
            let row = tx.row(select, args![source, external_id]).await?;
            let known = row.ok_or(StoreError::Corrupt("a learner"))?;
            let id = known.parse::<LearnerId>("id")?;
            let (old_name, old_email) = (known.text_or_null("name")?, known.text_or_null("email")?);
            let outdated = update == LearnerUpdate::Complete && now < known.moment("changed_at")?;
            let (name, email) = match update {
                _ if outdated => (old_name.as_deref(), old_email.as_deref()),
                LearnerUpdate::Replace => (name, email),
                LearnerUpdate::Complete => (name.or(old_name.as_deref()), email.or(old_email.as_deref())),
            };
            if (name, email) == (old_name.as_deref(), old_email.as_deref()) {
                (id, Saved::Unchanged)
            } else {
                let sql = "update learners set name = $2, email = $3, changed_at = $4 where id = $1";
                tx.run(sql, args![id, name, email, now]).await?;
                (id, Saved::Changed)
            }
        };
        if saved != Saved::Unchanged {
            count_change(&mut tx).await?;
            let wait = WaitFor::Learner { source: source.clone(), external_id: external_id.clone() };
            release_parked(&mut tx, &*self.entropy, &wait, now).await?;
            requeue_blocked(&mut tx, &*self.entropy, &BlockedScope::Learner(id), now).await?;
            let known = tx.row("select issuer from sources where code = $1", args![source]).await?;
            let mut entry = Entry::new(now, Action::LearnerSaved, Object::new("source", source)).about(id);
            entry.issuer = known.map(|row| row.parse("issuer")).transpose()?;
            tx.note(entry.with("saved", saved.as_str()));
        }
        tx.commit().await?;
        Ok((id, saved))
    }

    /// The learners that sources know under an id: at most one for each source.
    pub async fn learners_by_external(&self, external_id: &ExternalId) -> Result<Vec<LearnerRecord>> {
        let sql = "select id, source, external_id, name, email from learners where external_id = $1 order by source";
        self.db.rows(sql, args![external_id]).await?.iter().map(LearnerRecord::read).collect()
    }

    /// The learner that a source knows under an id.
    pub async fn learner_by_external(&self, source: &Code, external_id: &ExternalId) -> Result<Option<LearnerRecord>> {
        let sql = "select id, source, external_id, name, email from learners where source = $1 and external_id = $2";
        self.db.row(sql, args![source, external_id]).await?.as_ref().map(LearnerRecord::read).transpose()
    }

    /// A learner.
    pub async fn learner(&self, id: LearnerId) -> Result<Option<LearnerRecord>> {
        let sql = "select id, source, external_id, name, email from learners where id = $1";
        self.db.row(sql, args![id]).await?.as_ref().map(LearnerRecord::read).transpose()
    }
}

impl LearnerRecord {
    fn read(row: &Row) -> Result<Self> {
        let name = row.text_or_null("name")?.map(|text| PersonName::new(&text)).transpose();
        let email = row.text_or_null("email")?.map(|text| Email::new(&text)).transpose();
        Ok(Self {
            id: row.parse("id")?,
            source: row.parse("source")?,
            external_id: row.parse("external_id")?,
            name: name.map_err(|_| StoreError::Corrupt("a name"))?,
            email: email.map_err(|_| StoreError::Corrupt("an address"))?,
        })
    }
}
