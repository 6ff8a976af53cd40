//! The audit trail as it is kept: entries are added when the transaction commits that did what they tell, and never changed.
//!
//! [`Tx::note`] collects; committing takes the end of the chain, adds, and moves it. Whoever adds waits for whoever adds before:
//! that is what makes it one chain. Keys of people are taken before, in one order for all.

use std::collections::{BTreeMap, BTreeSet};

use super::db::{Filtered, Result, Tx};
use super::values::{Row, args};
use super::{Store, StoreError};
use crate::audit::{self, Action, Actor, Broken, Check, Entry, Head, Keys, Object, PersonKey, Sealed};
use crate::ids::{Code, LearnerId, hex};
use crate::time::Timestamp;

/// Which entries are wanted; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Those that the officers of one issuer may read.
    pub issuer: Option<Code>,
    /// Those about one learner.
    pub learner: Option<LearnerId>,
    /// Those of one action.
    pub action: Option<Action>,
}

/// An entry, with what stands outside the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRecord {
    /// Its number.
    pub sequence: u64,
    /// What stands in the chain.
    pub sealed: Sealed,
    /// The text that somebody wrote, while it is kept: its salt, in hex, and the text.
    pub text: Option<(String, String)>,
}

/// The most entries read at once.
const PAGE: u32 = 500;

impl Store {
    /// Entries in the order of the chain, after a number, `limit` at most.
    pub async fn audit_entries(&self, filter: &AuditFilter, after: u64, limit: u32) -> Result<Vec<AuditRecord>> {
        let learner_key = match filter.learner {
            None => None,
            Some(learner) => match self.person_key("learner", &learner.to_string()).await? {
                Some(key) => Some(key.0),
                None => return Ok(Vec::new()),
            },
        };
        let select = "select e.sequence, e.document, e.hash, t.salt, t.text from audit_entries e \
                      left join audit_texts t on t.digest = e.text_digest";
        let (sql, args) = Filtered::new(select)
            .and("e.sequence >", Some(number(after)?))
            .and("e.issuer =", filter.issuer.as_ref())
            .and("e.learner_key =", learner_key)
            .and("e.action =", filter.action.map(Action::as_str))
            .first("e.sequence", limit.clamp(1, PAGE));
        self.db.rows(sql, args).await?.iter().map(AuditRecord::read).collect()
    }

    /// Where the chain ends now.
    pub async fn audit_head(&self) -> Result<Head> {
        let row = self.db.row("select sequence, hash from audit_head where one = 1", args![]).await?;
        read_head(&row.ok_or(StoreError::Corrupt("the head of the audit trail"))?)
    }

    /// Checks the whole chain as of now, against heads that were written down earlier and against the texts that are kept.
    /// `progress` hears of each part: how many entries of how many.
    pub async fn verify_audit(
        &self,
        expected: Vec<Head>,
        mut progress: impl FnMut(u64, u64),
    ) -> Result<std::result::Result<Head, Broken>> {
        let end = self.audit_head().await?;
        let mut check = Check::new(expected);
        loop {
            let after = check.head().sequence;
            let entries = self.audit_entries(&AuditFilter::default(), after, PAGE).await?;
            let entries: Vec<_> = entries.into_iter().filter(|entry| entry.sequence <= end.sequence).collect();
            if entries.is_empty() {
                return Ok(check.finish(Some(&end)));
            }
            for entry in entries {
                if let Err(broken) = check.next(&entry.sealed).and_then(|()| entry.check_text()) {
                    return Ok(Err(broken));
                }
            }
            progress(check.head().sequence, end.sequence);
        }
    }

    /// Adds something to the trail that changed nothing else, such as that somebody was shown a name.
    pub async fn note(&self, entry: Entry) -> Result<()> {
        let mut tx = self.begin().await?;
        tx.note(entry);
        tx.commit().await
    }

    /// Forgets whose key it is under which the trail knows a learner; from here on its entries name nobody. None where the trail
    /// does not know the learner.
    pub async fn forget_in_audit(&self, learner: LearnerId, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "delete from audit_people where kind = 'learner' and subject = $1 returning key";
        let Some(row) = tx.row(sql, args![learner]).await? else { return Ok(None) };
        tx.note(Entry::new(now, Action::PersonForgotten, Object::new("person", row.text("key")?)));
        tx.commit().await?;
        Ok(Some(()))
    }

    async fn person_key(&self, kind: &'static str, subject: &str) -> Result<Option<PersonKey>> {
        let sql = "select key from audit_people where kind = $1 and subject = $2";
        self.db.row(sql, args![kind, subject]).await?.map(|row| Ok(PersonKey(row.text("key")?))).transpose()
    }
}

/// Adds what a transaction noted to the chain.
pub(super) async fn append_notes(tx: &mut Tx) -> Result<()> {
    if tx.notes.is_empty() {
        return Ok(());
    }
    let notes = std::mem::take(&mut tx.notes);
    let trail = tx.trail.take().ok_or(StoreError::Corrupt("a transaction that notes things for nobody"))?;
    let mut people: BTreeSet<(&'static str, String)> =
        notes.iter().filter_map(|entry| entry.learner).map(|learner| ("learner", learner.to_string())).collect();
    if let Actor::Operator(name) = &trail.actor {
        people.insert(("operator", name.clone()));
    }
    let mut keys = BTreeMap::new();
    for (kind, subject) in people {
        let key = key_of(tx, kind, &subject, &hex(&trail.entropy.bytes::<16>())).await?;
        keys.insert((kind, subject), key);
    }
    let mut texts = Vec::with_capacity(notes.len());
    for entry in &notes {
        let Some(text) = &entry.text else {
            texts.push(None);
            continue;
        };
        let salt = trail.entropy.bytes::<16>();
        // What neither engine can hold is left out of both the text and its digest.
        let text = text.replace('\0', "");
        let digest = audit::text_digest(&salt, &text);
        let sql = "insert into audit_texts (digest, salt, text) values ($1, $2, $3)";
        tx.run(sql, args![digest.as_str(), hex(&salt), text]).await?;
        texts.push(Some(digest));
    }

    let select = "select sequence, hash from audit_head where one = 1 for update";
    let row = tx.row(select, args![]).await?.ok_or(StoreError::Corrupt("the head of the audit trail"))?;
    let mut head = read_head(&row)?;
    for (entry, text) in notes.iter().zip(texts) {
        let of = |kind, subject: Option<String>| subject.and_then(|subject| keys.get(&(kind, subject)).cloned());
        let operator = match &trail.actor {
            Actor::Operator(name) => Some(name.clone()),
            _ => None,
        };
        let keys =
            Keys { operator: of("operator", operator), learner: of("learner", entry.learner.map(|id| id.to_string())) };
        let sealed = audit::seal(&head, entry, &trail.actor, &keys, text.as_deref());
        let insert = "insert into audit_entries (sequence, at, action, issuer, learner_key, text_digest, document, hash) \
                      values ($1, $2, $3, $4, $5, $6, $7, $8)";
        let values = args![
            number(head.sequence + 1)?,
            entry.at,
            entry.action.as_str(),
            entry.issuer.as_ref().map(Code::as_str),
            keys.learner.map(|key| key.0),
            text,
            sealed.document.as_str(),
            sealed.hash.as_str()
        ];
        tx.run(insert, values).await?;
        head = Head { sequence: head.sequence + 1, hash: sealed.hash };
    }
    let update = "update audit_head set sequence = $1, hash = $2 where one = 1";
    tx.run(update, args![number(head.sequence)?, head.hash.as_str()]).await.map(drop)
}

/// The key of a learner, for an entry that is about two.
pub(super) async fn person_key(tx: &mut Tx, learner: LearnerId) -> Result<PersonKey> {
    let trail = tx.trail.as_ref().ok_or(StoreError::Corrupt("a transaction that notes things for nobody"))?;
    let fresh = hex(&trail.entropy.bytes::<16>());
    key_of(tx, "learner", &learner.to_string(), &fresh).await
}

/// The key of a person; `fresh` where there was none yet.
async fn key_of(tx: &mut Tx, kind: &'static str, subject: &str, fresh: &str) -> Result<PersonKey> {
    let select = "select key from audit_people where kind = $1 and subject = $2";
    if let Some(row) = tx.row(select, args![kind, subject]).await? {
        return Ok(PersonKey(row.text("key")?));
    }
    let insert =
        "insert into audit_people (key, kind, subject) values ($1, $2, $3) on conflict (kind, subject) do nothing";
    tx.run(insert, args![fresh, kind, subject]).await?;
    // Another transaction may have been faster; its key is there once this one stopped waiting for it.
    let row = tx.row(select, args![kind, subject]).await?.ok_or(StoreError::Corrupt("a person's key"))?;
    Ok(PersonKey(row.text("key")?))
}

fn read_head(row: &Row) -> Result<Head> {
    let sequence =
        u64::try_from(row.int("sequence")?).map_err(|_| StoreError::Corrupt("a number of the audit trail"))?;
    Ok(Head { sequence, hash: row.text("hash")? })
}

fn number(sequence: u64) -> Result<i64> {
    i64::try_from(sequence).map_err(|_| StoreError::Corrupt("a number of the audit trail"))
}

impl AuditRecord {
    /// Whether the text that is kept is the one that the entry was made of.
    pub fn check_text(&self) -> std::result::Result<(), Broken> {
        let Some((salt, text)) = &self.text else { return Ok(()) };
        let document: serde_json::Value =
            serde_json::from_str(&self.sealed.document).map_err(|_| Broken::Unreadable(self.sequence))?;
        let digest = audit::salt_from_hex(salt).map(|salt| audit::text_digest(&salt, text));
        let same = digest.as_deref() == document["text"].as_str();
        if same { Ok(()) } else { Err(Broken::Text(self.sequence)) }
    }

    fn read(row: &Row) -> Result<Self> {
        let sequence = u64::try_from(row.int("sequence")?).map_err(|_| StoreError::Corrupt("a number"))?;
        let text = row.text_or_null("salt")?.zip(row.text_or_null("text")?);
        Ok(Self { sequence, sealed: Sealed { document: row.text("document")?, hash: row.text("hash")? }, text })
    }
}
