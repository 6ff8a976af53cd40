//! Learners with the name and the address that awards need. Whom a source means is told in `identity`.

use super::Store;
use super::catalog::{Saved, count_change};
use super::db::{Result, Tx};
use super::decisions::{BlockedScope, requeue_blocked};
use super::deliveries::{WaitFor, release_parked};
use super::error::StoreError;
use super::identity::{Namespace, group_of, resolve, resolve_for, stands_for};
use super::values::{Row, args};
use crate::audit::{Action, Entry, Object};
use crate::ids::{Code, ExternalId, LearnerId};
use crate::learner::{IdentifierKind, Identifiers};
use crate::text::{Email, PersonName};
use crate::time::Timestamp;

/// A learner, as the one who stands for everybody that it turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LearnerRecord {
    /// Our id, never published.
    pub id: LearnerId,
    /// The source that first knew the learner.
    pub source: Code,
    /// What the API calls the learner by ([`Identifiers::public_id`]).
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

/// Whom identifiers lead to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meant {
    /// A learner, by all of them.
    Known(Box<LearnerRecord>),
    /// A learner by some of them; the others are to be learnt, or somebody turns out to be the same.
    InPart,
    /// Nobody whom this service knows.
    Nobody,
}

/// One thing that a learner is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAs {
    /// Which sort of thing.
    pub kind: IdentifierKind,
    /// The value, in the spelling under which it is found.
    pub value: String,
    /// The learner that it was first attached to: another than the one who stands for it, where two were merged.
    pub learner: LearnerId,
    /// Since when it leads there.
    pub since: Timestamp,
}

macro_rules! select_learner {
    ($rest:expr) => {
        concat!("select c.id, c.source, c.external_id, c.name, c.email from learners c", $rest)
    };
}

impl Store {
    /// Keeps what is said of the learner whom the API calls by this. See [`Store::put_learner_as`].
    pub async fn put_learner(
        &self,
        source: &Code,
        external_id: &ExternalId,
        name: Option<&PersonName>,
        email: Option<&Email>,
        update: LearnerUpdate,
        now: Timestamp,
    ) -> Result<(LearnerId, Saved)> {
        let mut identifiers = Identifiers::called(external_id);
        identifiers.email = email.cloned().or(identifiers.email);
        self.put_learner_as(source, &identifiers, (name, email), update, now).await
    }

    /// Keeps what is said of a learner, attaches the identifiers that were named together, and takes up again what waited for it.
    /// The source must be known, and one identifier at least be named.
    pub async fn put_learner_as(
        &self,
        source: &Code,
        identifiers: &Identifiers,
        (name, email): (Option<&PersonName>, Option<&Email>),
        update: LearnerUpdate,
        now: Timestamp,
    ) -> Result<(LearnerId, Saved)> {
        let mut tx = self.begin().await?;
        let namespace = Namespace::of(&mut tx, source).await?;
        namespace.enter(&mut tx).await?;
        let resolved = resolve(&mut tx, &namespace, identifiers).await?;
        let (name, email) = (name.map(PersonName::as_str), email.map(Email::as_str));
        let (id, saved) = match resolved.learner {
            None => {
                let id = LearnerId::random(&*self.entropy);
                let external_id = identifiers.public_id().ok_or(StoreError::Reference)?;
                let insert = "insert into learners (id, source, external_id, name, email, changed_at, canonical) \
                              values ($1, $2, $3, $4, $5, $6, $1)";
                tx.run(insert, args![id, source, external_id, name, email, now]).await?;
                (id, Saved::Created)
            }
            Some(id) => (id, update_known(&mut tx, id, (name, email), update, now).await?),
        };
        resolved.settle(&mut tx, &*self.entropy, &namespace, id, now).await?;
        name_by_id(&mut tx, id, identifiers).await?;
        let settled = resolved.is_settled();
        if saved != Saved::Unchanged || !settled {
            count_change(&mut tx).await?;
            let waited = [identifiers.id.as_ref(), identifiers.username.as_ref()];
            for source in namespace.sources(&mut tx).await? {
                for external_id in waited.into_iter().flatten() {
                    let wait = WaitFor::Learner { source: source.clone(), external_id: external_id.clone() };
                    release_parked(&mut tx, &*self.entropy, &wait, now).await?;
                }
            }
            requeue_blocked(&mut tx, &*self.entropy, &BlockedScope::Learner(id), now).await?;
        }
        if saved != Saved::Unchanged {
            let entry = Entry::new(now, Action::LearnerSaved, Object::new("source", source));
            tx.note(entry.of_issuer(&namespace.issuer).about(id).with("saved", saved.as_str()));
        }
        tx.commit().await?;
        Ok((id, saved))
    }

    /// Puts right what a learner of a source is called, and says why; an address that is not named stays. Awards that wait for it
    /// are decided again, those that were issued don't change. None where there is no such learner.
    pub async fn correct_learner(
        &self,
        source: &Code,
        learner: LearnerId,
        (name, email): (&PersonName, Option<&Email>),
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<Saved>> {
        let mut tx = self.begin().await?;
        let namespace = Namespace::of(&mut tx, source).await?;
        namespace.enter(&mut tx).await?;
        let Some(id) = stands_for(&mut tx, learner).await? else { return Ok(None) };
        let row = tx.row("select email from learners where id = $1", args![id]).await?;
        let known = row.ok_or(StoreError::Corrupt("a learner"))?.text_or_null("email")?;
        let kept = email.map(Email::as_str).or(known.as_deref());
        let saved = update_known(&mut tx, id, (Some(name.as_str()), kept), LearnerUpdate::Replace, now).await?;
        // Only what is named is this learner's: the address that stays may lead to somebody else by now.
        let named = Identifiers { email: email.cloned(), ..Identifiers::default() };
        let resolved = resolve_for(&mut tx, &namespace, id, &named).await?;
        resolved.settle(&mut tx, &*self.entropy, &namespace, id, now).await?;
        count_change(&mut tx).await?;
        requeue_blocked(&mut tx, &*self.entropy, &BlockedScope::Learner(id), now).await?;
        if saved != Saved::Unchanged {
            let entry = Entry::new(now, Action::LearnerSaved, Object::new("source", source));
            tx.note(entry.of_issuer(&namespace.issuer).about(id).with("saved", saved.as_str()));
        }
        let entry = Entry::new(now, Action::NameCorrected, Object::new("source", source));
        tx.note(entry.of_issuer(&namespace.issuer).about(id).saying(reason));
        tx.commit().await?;
        Ok(Some(saved))
    }

    /// Whom identifiers lead to, and whether there is something to learn from them.
    pub async fn meant(&self, source: &Code, identifiers: &Identifiers) -> Result<Meant> {
        let mut tx = self.db.snapshot().await?;
        let namespace = Namespace::of(&mut tx, source).await?;
        let resolved = resolve(&mut tx, &namespace, identifiers).await?;
        let Some(id) = resolved.learner else { return Ok(Meant::Nobody) };
        if !resolved.is_settled() {
            return Ok(Meant::InPart);
        }
        let row = tx.row(select_learner!(" where c.id = $1"), args![id]).await?;
        let row = row.ok_or(StoreError::Corrupt("a learner"))?;
        Ok(Meant::Known(Box::new(LearnerRecord::read(&row)?)))
    }

    /// The learners whom sources know by what the API calls them: at most one for each namespace.
    pub async fn learners_by_external(&self, external_id: &ExternalId) -> Result<Vec<LearnerRecord>> {
        for (kind, value) in Identifiers::meant_by(external_id) {
            let sql = select_learner!(
                " where c.id in (select l.canonical from learner_identifiers i join learners l on l.id = i.learner \
                 where i.kind = $1 and i.value = $2) order by c.source, c.id"
            );
            let found = self.db.rows(sql, args![kind.as_str(), value]).await?;
            if !found.is_empty() {
                return found.iter().map(LearnerRecord::read).collect();
            }
        }
        Ok(Vec::new())
    }

    /// The learner whom a source knows by what the API calls it.
    pub async fn learner_by_external(&self, source: &Code, external_id: &ExternalId) -> Result<Option<LearnerRecord>> {
        for (kind, value) in Identifiers::meant_by(external_id) {
            let sql = select_learner!(
                " where c.id = (select l.canonical from learner_identifiers i join learners l on l.id = i.learner \
                 join sources s on i.namespace in (s.namespace, 'source:' || s.code) \
                 where s.code = $1 and i.kind = $2 and i.value = $3 \
                 order by case when i.namespace = s.namespace then 0 else 1 end limit 1)"
            );
            let row = self.db.row(sql, args![source, kind.as_str(), value]).await?;
            if let Some(row) = row {
                return LearnerRecord::read(&row).map(Some);
            }
        }
        Ok(None)
    }

    /// A learner: the one who stands for whoever has this id.
    pub async fn learner(&self, id: LearnerId) -> Result<Option<LearnerRecord>> {
        let sql = select_learner!(" where c.id = (select canonical from learners where id = $1)");
        self.db.row(sql, args![id]).await?.as_ref().map(LearnerRecord::read).transpose()
    }

    /// The learners that there is evidence of in a session, by what the API calls them.
    pub async fn learners_of_session(&self, session: &Code) -> Result<Vec<LearnerRecord>> {
        let sql = select_learner!(
            " where c.id in (select l.canonical from evidence e join learners l on l.id = e.learner where e.session = $1) \
             order by c.external_id, c.id"
        );
        self.db.rows(sql, args![session]).await?.iter().map(LearnerRecord::read).collect()
    }

    /// Everything that a learner is known by, and was.
    pub async fn learner_identifiers(&self, id: LearnerId) -> Result<Vec<KnownAs>> {
        let sql = concat!(
            "select kind, value, learner, since from learner_identifiers where learner in ",
            group_of!("$1"),
            " order by kind, since, value"
        );
        self.db.rows(sql, args![id]).await?.iter().map(KnownAs::read).collect()
    }
}

/// Lets what is said meet what is known of a learner.
async fn update_known(
    tx: &mut Tx,
    id: LearnerId,
    (name, email): (Option<&str>, Option<&str>),
    update: LearnerUpdate,
    now: Timestamp,
) -> Result<Saved> {
    let select = "select name, email, changed_at from learners where id = $1 for no key update";
    let known = tx.row(select, args![id]).await?.ok_or(StoreError::Corrupt("a learner"))?;
    let (old_name, old_email) = (known.text_or_null("name")?, known.text_or_null("email")?);
    let outdated = update == LearnerUpdate::Complete && now < known.moment("changed_at")?;
    let (name, email) = match update {
        _ if outdated => (old_name.as_deref(), old_email.as_deref()),
        LearnerUpdate::Replace => (name, email),
        LearnerUpdate::Complete => (name.or(old_name.as_deref()), email.or(old_email.as_deref())),
    };
    if (name, email) == (old_name.as_deref(), old_email.as_deref()) {
        return Ok(Saved::Unchanged);
    }
    let sql = "update learners set name = $2, email = $3, changed_at = $4 where id = $1";
    tx.run(sql, args![id, name, email, now]).await?;
    Ok(Saved::Changed)
}

/// Lets the API call a learner by the LMS's own id, once that is known, instead of by a name that may change.
async fn name_by_id(tx: &mut Tx, learner: LearnerId, identifiers: &Identifiers) -> Result<()> {
    let Some(id) = &identifiers.id else { return Ok(()) };
    let sql = "update learners set external_id = $2 where id = $1 and external_id <> $2 \
               and (external_id like 'username:%' or external_id like 'email:%') \
               and not exists (select 1 from learners o where o.source = learners.source and o.external_id = $2)";
    tx.run(sql, args![learner, id]).await.map(drop)
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

impl KnownAs {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            kind: row.word("kind")?,
            value: row.text("value")?,
            learner: row.parse("learner")?,
            since: row.moment("since")?,
        })
    }
}
