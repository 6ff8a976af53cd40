//! Issuers, trainings, sessions and sources: the documents as written, and what waits for them.
//!
//! Whatever changes here is counted (`catalog_revision`) and, in the same transaction, takes up again the deliveries that were
//! parked for want of it and the awards that were blocked. Whether an entry makes sense is decided before it comes here.

use super::db::{Result, Tx};
use super::decisions::{BlockedScope, requeue_blocked};
use super::deliveries::{WaitFor, release_parked};
use super::identity::own_namespace;
use super::proposals::settle_proposals;
use super::values::{Args, Row, args, to_document};
use super::{EncryptedText, Store, StoreError};
use crate::audit::{self, Action, Object};
use crate::catalog::{EffectiveSession, Issuer, Session, Source, Training};
use crate::entropy::Entropy;
use crate::ids::Code;
use crate::time::Timestamp;

/// What putting an entry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// It is new.
    Created,
    /// It was known, in another form.
    Changed,
    /// It was known as it is.
    Unchanged,
}

impl Saved {
    /// The word.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

/// A whole catalog, to be imported all or nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CatalogBatch {
    /// Issuers, which the others refer to.
    pub issuers: Vec<Issuer>,
    /// Trainings.
    pub trainings: Vec<Training>,
    /// Sessions of those trainings or of known ones.
    pub sessions: Vec<Session>,
    /// Sources.
    pub sources: Vec<Source>,
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// How many entries are new.
    pub created: u32,
    /// How many changed.
    pub changed: u32,
    /// How many were known as they are.
    pub unchanged: u32,
}

impl Store {
    /// Keeps an issuer.
    pub async fn put_issuer(&self, issuer: &Issuer, now: Timestamp) -> Result<Saved> {
        self.put(Entry::Issuer(issuer), None, now).await
    }

    /// Keeps a training. Its issuer must be known ([`StoreError::Reference`]).
    pub async fn put_training(&self, training: &Training, now: Timestamp) -> Result<Saved> {
        self.put(Entry::Training(training), None, now).await
    }

    /// Keeps a session. Its training, and its issuer if it names one, must be known ([`StoreError::Reference`]).
    pub async fn put_session(&self, session: &Session, now: Timestamp) -> Result<Saved> {
        self.put(Entry::Session(session), None, now).await
    }

    /// Keeps a source. Its issuer must be known ([`StoreError::Reference`]).
    pub async fn put_source(&self, source: &Source, now: Timestamp) -> Result<Saved> {
        self.put(Entry::Source(source), None, now).await
    }

    /// Changes a source as it stands now: of two changes at once neither undoes the other. The audit trail hears what `change`
    /// says of it, where it changed anything. None where there is no such source.
    pub async fn change_source<E: From<StoreError>>(
        &self,
        code: &Code,
        change: impl FnOnce(&mut Source) -> std::result::Result<audit::Entry, E>,
        now: Timestamp,
    ) -> std::result::Result<Option<(Saved, Source)>, E> {
        let mut tx = self.begin().await?;
        let select = "select document from sources where code = $1 for no key update";
        let Some(row) = tx.row(select, args![code]).await? else { return Ok(None) };
        let mut source: Source = row.document("document")?;
        let entry = change(&mut source)?;
        let saved = Entry::Source(&source).save(&mut tx, now).await?;
        if saved != Saved::Unchanged {
            tx.note(entry.of_issuer(&source.issuer));
            announce(&mut tx, &*self.entropy, &[Entry::Source(&source)], now).await?;
        }
        tx.commit().await?;
        Ok(Some((saved, source)))
    }

    /// The sessions of an issuer with their trainings, by code: no more than `limit`, the last by code.
    pub async fn sessions_of_issuer(&self, issuer: &Code, limit: u32) -> Result<Vec<EffectiveSession>> {
        let sql = "select s.document as session, t.document as training from sessions s join trainings t on t.code = s.training \
                   where coalesce(s.issuer, t.issuer) = $1 order by s.code desc limit $2";
        let rows = self.db.rows(sql, args![issuer, limit]).await?;
        rows.iter().map(read_effective).collect()
    }

    /// Keeps a whole catalog, or, where one entry can't be kept, nothing of it.
    pub async fn import_catalog(&self, batch: &CatalogBatch, now: Timestamp) -> Result<ImportSummary> {
        let mut entries: Vec<Entry<'_>> = Vec::new();
        entries.extend(batch.issuers.iter().map(Entry::Issuer));
        entries.extend(batch.trainings.iter().map(Entry::Training));
        entries.extend(batch.sessions.iter().map(Entry::Session));
        entries.extend(batch.sources.iter().map(Entry::Source));
        // One order for all importers, so that two at once wait for each other instead of deadlocking.
        entries.sort_by_key(|entry| (entry.table(), entry.code().clone()));
        let mut summary = ImportSummary::default();
        let mut news = Vec::new();
        let mut tx = self.begin().await?;
        for entry in entries {
            match entry.save(&mut tx, now).await? {
                Saved::Unchanged => summary.unchanged += 1,
                Saved::Created => {
                    summary.created += 1;
                    news.push(entry);
                }
                Saved::Changed => {
                    summary.changed += 1;
                    news.push(entry);
                }
            }
        }
        announce(&mut tx, &*self.entropy, &news, now).await?;
        tx.commit().await?;
        Ok(summary)
    }

    /// Keeps an entry, provided that what is known of it is still what whoever changes it has seen ([`StoreError::Stale`]):
    /// `seen` is the hash that [`entry_hash`] gives; none where that does not matter.
    pub async fn put_seen(&self, entry: Entry<'_>, seen: Option<&str>, now: Timestamp) -> Result<Saved> {
        self.put(entry, seen, now).await
    }

    async fn put(&self, entry: Entry<'_>, seen: Option<&str>, now: Timestamp) -> Result<Saved> {
        let mut tx = self.begin().await?;
        if let Some(seen) = seen {
            let known =
                tx.row(entry.select(), args![entry.code()]).await?.map(|row| row.text("document")).transpose()?;
            if known.as_deref().map(audit::hash).as_deref() != Some(seen) {
                return Err(StoreError::Stale);
            }
        }
        let saved = entry.save(&mut tx, now).await?;
        if saved != Saved::Unchanged {
            announce(&mut tx, &*self.entropy, &[entry], now).await?;
        }
        tx.commit().await?;
        Ok(saved)
    }

    /// An issuer.
    pub async fn issuer(&self, code: &Code) -> Result<Option<Issuer>> {
        let row = self.db.row("select document from issuers where code = $1", args![code]).await?;
        row.map(|row| row.document("document")).transpose()
    }

    /// All issuers, by code.
    pub async fn issuers(&self) -> Result<Vec<Issuer>> {
        documents(self.db.rows("select document from issuers order by code", args![]).await?)
    }

    /// A training.
    pub async fn training(&self, code: &Code) -> Result<Option<Training>> {
        let row = self.db.row("select document from trainings where code = $1", args![code]).await?;
        row.map(|row| row.document("document")).transpose()
    }

    /// A session as written.
    pub async fn session(&self, code: &Code) -> Result<Option<Session>> {
        let row = self.db.row("select document from sessions where code = $1", args![code]).await?;
        row.map(|row| row.document("document")).transpose()
    }

    /// A session over its training, both as of one moment.
    pub async fn effective_session(&self, code: &Code) -> Result<Option<EffectiveSession>> {
        let sql = "select s.document as session, t.document as training from sessions s join trainings t on t.code = s.training \
                   where s.code = $1";
        let Some(row) = self.db.row(sql, args![code]).await? else { return Ok(None) };
        read_effective(&row).map(Some)
    }

    /// The sessions of a training, by code.
    pub async fn sessions_of_training(&self, training: &Code) -> Result<Vec<Session>> {
        documents(
            self.db.rows("select document from sessions where training = $1 order by code", args![training]).await?,
        )
    }

    /// A source.
    pub async fn source(&self, code: &Code) -> Result<Option<Source>> {
        let row = self.db.row("select document from sources where code = $1", args![code]).await?;
        row.map(|row| row.document("document")).transpose()
    }

    /// All sources, by code.
    pub async fn sources(&self) -> Result<Vec<Source>> {
        documents(self.db.rows("select document from sources order by code", args![]).await?)
    }

    /// Replaces all secrets of a source by these, kept in their order.
    pub async fn put_source_secrets(&self, source: &Code, secrets: &[EncryptedText], now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        // The source's row is the turnstile of two replacements at once.
        let known = tx.row("select issuer from sources where code = $1 for no key update", args![source]).await?;
        let issuer = known.ok_or(StoreError::Reference)?.parse("issuer")?;
        tx.run("delete from source_secrets where source = $1", args![source]).await?;
        for (place, secret) in (0_i64..).zip(secrets) {
            let insert = "insert into source_secrets (source, place, secret) values ($1, $2, $3)";
            tx.run(insert, args![source, place, secret.0.as_str()]).await?;
        }
        let replaced = audit::Entry::new(now, Action::SourceSecretsReplaced, Object::new("source", source));
        tx.note(replaced.of_issuer(&issuer).with("secrets", secrets.len()));
        tx.commit().await
    }

    /// The secrets of a source, in their order.
    pub async fn source_secrets(&self, source: &Code) -> Result<Vec<EncryptedText>> {
        let sql = "select secret from source_secrets where source = $1 order by place";
        let rows = self.db.rows(sql, args![source]).await?;
        rows.iter().map(|row| Ok(EncryptedText(row.text("secret")?))).collect()
    }
}

/// Where the identifiers of a source mean something.
fn namespace(source: &Source) -> String {
    match &source.site {
        Some(site) => format!("site:{}:{}", source.issuer, site.as_str()),
        None => own_namespace(&source.code),
    }
}

fn read_effective(row: &Row) -> Result<EffectiveSession> {
    let effective = EffectiveSession::new(row.document("session")?, row.document("training")?);
    effective.map_err(|_| StoreError::Corrupt("a session that fits its training"))
}

fn documents<T: serde::de::DeserializeOwned>(rows: Vec<Row>) -> Result<Vec<T>> {
    rows.iter().map(|row| row.document("document")).collect()
}

/// The hash by which whoever changes an entry says which form of it they have seen.
pub fn entry_hash(entry: &impl serde::Serialize) -> String {
    audit::hash(&to_document(entry))
}

/// An entry of the catalog; the variants stand in the order in which they may refer to each other.
#[derive(Clone, Copy)]
pub enum Entry<'a> {
    /// An issuer.
    Issuer(&'a Issuer),
    /// A training.
    Training(&'a Training),
    /// A session.
    Session(&'a Session),
    /// A source.
    Source(&'a Source),
}

impl Entry<'_> {
    const fn table(&self) -> u8 {
        match self {
            Self::Issuer(_) => 0,
            Self::Training(_) => 1,
            Self::Session(_) => 2,
            Self::Source(_) => 3,
        }
    }

    const fn code(&self) -> &Code {
        match self {
            Self::Issuer(issuer) => &issuer.code,
            Self::Training(training) => &training.code,
            Self::Session(session) => &session.code,
            Self::Source(source) => &source.code,
        }
    }

    /// How the audit trail speaks of a change, and whose officers read it.
    async fn change(&self, tx: &mut Tx) -> Result<(Action, &'static str, Option<Code>)> {
        Ok(match self {
            Self::Issuer(issuer) => (Action::IssuerSaved, "issuer", Some(issuer.code.clone())),
            Self::Training(training) => (Action::TrainingSaved, "training", Some(training.issuer.clone())),
            Self::Source(source) => (Action::SourceSaved, "source", Some(source.issuer.clone())),
            Self::Session(session) => {
                let of_training = "select issuer from trainings where code = $1";
                let issuer = match &session.issuer {
                    Some(issuer) => Some(issuer.clone()),
                    None => match tx.row(of_training, args![&session.training]).await? {
                        Some(row) => Some(row.parse("issuer")?),
                        None => None,
                    },
                };
                (Action::SessionSaved, "session", issuer)
            }
        })
    }

    /// What is known of it, held until the transaction ends.
    const fn select(&self) -> &'static str {
        match self {
            Self::Issuer(_) => "select document from issuers where code = $1 for no key update",
            Self::Training(_) => "select document from trainings where code = $1 for no key update",
            Self::Session(_) => "select document from sessions where code = $1 for no key update",
            Self::Source(_) => "select document from sources where code = $1 for no key update",
        }
    }

    async fn save(&self, tx: &mut Tx, now: Timestamp) -> Result<Saved> {
        let (upsert, document, references): (_, _, Args) = match self {
            Self::Issuer(issuer) => (
                "insert into issuers (code, document) values ($1, $2) \
                 on conflict (code) do update set document = excluded.document",
                to_document(issuer),
                args![],
            ),
            Self::Training(training) => (
                "insert into trainings (code, document, issuer) values ($1, $2, $3) \
                 on conflict (code) do update set document = excluded.document, issuer = excluded.issuer",
                to_document(training),
                args![&training.issuer],
            ),
            Self::Session(session) => (
                "insert into sessions (code, document, training, issuer) values ($1, $2, $3, $4) on conflict (code) do \
                 update set document = excluded.document, training = excluded.training, issuer = excluded.issuer",
                to_document(session),
                args![&session.training, session.issuer.as_ref().map(Code::as_str)],
            ),
            Self::Source(source) => (
                "insert into sources (code, document, issuer, namespace) values ($1, $2, $3, $4) on conflict (code) do \
                 update set document = excluded.document, issuer = excluded.issuer, namespace = excluded.namespace",
                to_document(source),
                args![&source.issuer, namespace(source)],
            ),
        };
        let known = tx.row(self.select(), args![self.code()]).await?.map(|row| row.text("document")).transpose()?;
        if known.as_ref() == Some(&document) {
            return Ok(Saved::Unchanged);
        }
        let sha256 = audit::hash(&document);
        let mut values = args![self.code(), document];
        values.extend(references);
        tx.run(upsert, values).await?;
        let saved = if known.is_some() { Saved::Changed } else { Saved::Created };
        let (action, kind, issuer) = self.change(tx).await?;
        let mut entry = audit::Entry::new(now, action, Object::new(kind, self.code())).with("saved", saved.as_str());
        entry = entry.with("sha256", sha256);
        if let Some(before) = known {
            entry = entry.with("sha256_before", audit::hash(&before));
        }
        entry.issuer = issuer;
        tx.note(entry);
        Ok(saved)
    }
}

/// Counts a change, then takes up again what waited for it.
async fn announce(tx: &mut Tx, entropy: &dyn Entropy, news: &[Entry<'_>], now: Timestamp) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    count_change(tx).await?;
    for entry in news {
        let code = entry.code().clone();
        let (waits, blocked) = match entry {
            Entry::Issuer(_) => (vec![], Some(BlockedScope::Issuer(code))),
            Entry::Training(_) => (vec![WaitFor::Training(code.clone())], Some(BlockedScope::Training(code))),
            Entry::Session(session) => (
                vec![WaitFor::Training(session.training.clone()), WaitFor::Session(code.clone())],
                Some(BlockedScope::Session(code)),
            ),
            Entry::Source(source) => {
                settle_proposals(tx, source).await?;
                (vec![WaitFor::Source(code)], None)
            }
        };
        for wait in waits {
            release_parked(tx, entropy, &wait, now).await?;
        }
        if let Some(scope) = blocked {
            requeue_blocked(tx, entropy, &scope, now).await?;
        }
    }
    Ok(())
}

/// Counts a change of the catalog, the learners or the keys. From here to the end of the transaction nothing is parked or
/// blocked elsewhere, so what this transaction then finds waiting is all there is.
pub(super) async fn count_change(tx: &mut Tx) -> Result<()> {
    tx.run("update catalog_revision set revision = revision + 1 where one = 1", args![]).await.map(drop)
}

/// Whether something came since `seen` was read. Until the end of the transaction nothing more comes.
pub(super) async fn changed_since(tx: &mut Tx, seen: i64) -> Result<bool> {
    let row = tx.row("select revision from catalog_revision where one = 1 for update", args![]).await?;
    Ok(row.ok_or(StoreError::Corrupt("the catalog revision"))?.int("revision")? != seen)
}
