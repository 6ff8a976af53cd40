//! Which learner a source means: identifiers that are named together are one person's, whichever source names them.
//!
//! Identifiers mean something within a namespace: one site of one issuer, so that two sources of one LMS know the same people and
//! no issuer can claim another's. Two ids of an LMS are two people, always. A user name or an address leads to whoever had it
//! last; who is known by such alone turns out to be somebody with an id as soon as both are named together, and the two are
//! merged: from then on one stands for both (`learners.canonical`), while evidence and awards keep the id that they were made for.

use std::collections::BTreeSet;

use super::alerts::{Alert, AlertKind, AlertState, raise};
use super::db::{Result, Tx};
use super::queue::{Task, enqueue};
use super::values::args;
use super::{Store, StoreError};
use crate::audit::{Action, Entry, Object};
use crate::entropy::Entropy;
use crate::ids::{AwardId, Code, LearnerId};
use crate::learner::{IdentifierKind, Identifiers};
use crate::text::Bilingual;
use crate::time::Timestamp;

/// Where a source's identifiers mean something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Namespace {
    /// The source's own, from before it named its site.
    own: String,
    /// That of its site, else its own.
    name: String,
    /// Whose learners they are.
    pub(super) issuer: Code,
}

/// What came of a wish to merge two learners or to part them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It is done.
    Done,
    /// It was so before.
    Already,
    /// There is no such learner.
    NotFound,
}

/// The learners that `$1` stands for or with: a subquery.
macro_rules! group_of {
    ($place:literal) => {
        concat!(
            "(select g.id from learners g where g.canonical = (select c.canonical from learners c where c.id = ",
            $place,
            "))"
        )
    };
}
pub(super) use group_of;

/// That learners `$1` and `$2` were declared to be two people: a condition.
macro_rules! apart {
    () => {
        concat!(
            "((one in ",
            group_of!("$1"),
            " and other in ",
            group_of!("$2"),
            ") or (one in ",
            group_of!("$2"),
            " and other in ",
            group_of!("$1"),
            "))"
        )
    };
}

impl Namespace {
    /// That of a source, which must be known.
    pub(super) async fn of(tx: &mut Tx, source: &Code) -> Result<Self> {
        let row = tx.row("select namespace, issuer from sources where code = $1", args![source]).await?;
        let row = row.ok_or(StoreError::Reference)?;
        Ok(Self { own: own_namespace(source), name: row.text("namespace")?, issuer: row.parse("issuer")? })
    }

    /// Lets nobody else learn of identifiers here until the transaction ends.
    pub(super) async fn enter(&self, tx: &mut Tx) -> Result<()> {
        let insert = "insert into learner_namespaces (name) values ($1) on conflict (name) do nothing";
        tx.run(insert, args![self.name.as_str()]).await?;
        let lock = "select name from learner_namespaces where name = $1 for update";
        tx.row(lock, args![self.name.as_str()]).await.map(drop)
    }

    /// Whom an identifier leads to, and whether it does so in the source's own old namespace alone.
    async fn holder(&self, tx: &mut Tx, kind: IdentifierKind, value: &str) -> Result<Option<LearnerId>> {
        let sql = "select l.canonical from learner_identifiers i join learners l on l.id = i.learner \
                   where i.kind = $1 and i.value = $2 and i.namespace in ($3, $4) \
                   order by case when i.namespace = $3 then 0 else 1 end limit 1";
        let row = tx.row(sql, args![kind.as_str(), value, self.name.as_str(), self.own.as_str()]).await?;
        row.map(|row| row.parse("canonical")).transpose()
    }

    /// Whether a learner has an id of the LMS.
    async fn has_id(&self, tx: &mut Tx, learner: LearnerId) -> Result<bool> {
        let sql = concat!(
            "select value from learner_identifiers where kind = 'id' and namespace in ($2, $3) and learner in ",
            group_of!("$1"),
            " limit 1"
        );
        Ok(tx.row(sql, args![learner, self.name.as_str(), self.own.as_str()]).await?.is_some())
    }

    /// Lets an identifier lead to a learner from now on.
    async fn lead(&self, tx: &mut Tx, kind: IdentifierKind, value: &str, to: LearnerId, now: Timestamp) -> Result<()> {
        let sql = "insert into learner_identifiers (namespace, kind, value, learner, since) values ($1, $2, $3, $4, $5) \
                   on conflict (namespace, kind, value) do update set learner = excluded.learner, since = excluded.since \
                   where learner_identifiers.learner <> excluded.learner";
        tx.run(sql, args![self.name.as_str(), kind.as_str(), value, to, now]).await.map(drop)
    }

    /// The sources that share it.
    pub(super) async fn sources(&self, tx: &mut Tx) -> Result<Vec<Code>> {
        let sql = "select code from sources where namespace = $1 or namespace = $2 order by code";
        let rows = tx.rows(sql, args![self.name.as_str(), self.own.as_str()]).await?;
        rows.iter().map(|row| row.parse("code")).collect()
    }
}

/// The namespace that a source has for itself.
pub(super) fn own_namespace(source: &Code) -> String {
    format!("source:{source}")
}

/// What identifiers came to.
pub(super) struct Resolved {
    /// Whom they lead to; none where nobody was known by any of them.
    pub(super) learner: Option<LearnerId>,
    /// Whom the learner turned out to be, too.
    same: BTreeSet<LearnerId>,
    /// The identifiers that led to somebody else, who is another person.
    moved: Vec<IdentifierKind>,
    /// Those that lead to nobody or to somebody else yet.
    unattached: Vec<(IdentifierKind, String)>,
}

/// An identifier, and whom it leads to.
type Held = (IdentifierKind, String, Option<LearnerId>);

/// Looks up whom identifiers lead to, and changes nothing.
pub(super) async fn resolve(tx: &mut Tx, namespace: &Namespace, identifiers: &Identifiers) -> Result<Resolved> {
    let found = holders(tx, namespace, identifiers).await?;
    let mut learner = None;
    for (kind, _, holder) in &found {
        let Some(holder) = *holder else { continue };
        if learner.is_some() {
            break;
        }
        // Where an id is named that nobody has yet, whoever has another one is another person.
        if *kind == IdentifierKind::Id || identifiers.id.is_none() || !namespace.has_id(tx, holder).await? {
            learner = Some(holder);
        }
    }
    weigh(tx, namespace, learner, found).await
}

/// The same of identifiers that are a certain learner's, whomever they led to.
pub(super) async fn resolve_for(
    tx: &mut Tx,
    namespace: &Namespace,
    learner: LearnerId,
    identifiers: &Identifiers,
) -> Result<Resolved> {
    let found = holders(tx, namespace, identifiers).await?;
    weigh(tx, namespace, Some(learner), found).await
}

async fn holders(tx: &mut Tx, namespace: &Namespace, identifiers: &Identifiers) -> Result<Vec<Held>> {
    let mut found = Vec::new();
    for (kind, value) in identifiers.iter() {
        let holder = namespace.holder(tx, kind, &value).await?;
        found.push((kind, value, holder));
    }
    Ok(found)
}

/// What it comes to that identifiers are one learner's: who turns out to be the same, and which are to lead elsewhere.
async fn weigh(tx: &mut Tx, namespace: &Namespace, learner: Option<LearnerId>, found: Vec<Held>) -> Result<Resolved> {
    let mut resolved = Resolved { learner, same: BTreeSet::new(), moved: Vec::new(), unattached: Vec::new() };
    for (kind, value, holder) in found {
        if let Some(other) = holder.filter(|holder| Some(*holder) != learner) {
            let is_same = match learner {
                Some(learner) => !namespace.has_id(tx, other).await? && !are_apart(tx, learner, other).await?,
                None => false,
            };
            if is_same {
                resolved.same.insert(other);
                continue;
            }
            resolved.moved.push(kind);
        }
        if holder.is_none() || holder != learner {
            resolved.unattached.push((kind, value));
        }
    }
    Ok(resolved)
}

impl Resolved {
    /// Whether everything named is known as one person's already.
    pub(super) fn is_settled(&self) -> bool {
        self.learner.is_some() && self.same.is_empty() && self.unattached.is_empty()
    }

    /// Makes it so: attaches what was named to the learner, and merges whoever turned out to be the same.
    pub(super) async fn settle(
        &self,
        tx: &mut Tx,
        entropy: &dyn Entropy,
        namespace: &Namespace,
        learner: LearnerId,
        now: Timestamp,
    ) -> Result<()> {
        for (kind, value) in &self.unattached {
            namespace.lead(tx, *kind, value, learner, now).await?;
        }
        for kind in &self.moved {
            let entry = Entry::new(now, Action::IdentifierMoved, Object::new("namespace", &namespace.issuer));
            tx.note(entry.of_issuer(&namespace.issuer).about(learner).with("identifier", kind.as_str()));
        }
        for other in &self.same {
            merge(tx, entropy, (*other, learner), &namespace.issuer, "", now).await?;
        }
        Ok(())
    }
}

/// Lets `kept` stand for `other` too, and has everything decided again that either has evidence of.
async fn merge(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    (other, kept): (LearnerId, LearnerId),
    issuer: &Code,
    reason: &str,
    now: Timestamp,
) -> Result<()> {
    let sql = "update learners set canonical = $2 where canonical = $1";
    tx.run(sql, args![other, kept]).await?;
    // What only the one who goes was known by holds for the one who stays.
    let adopt = "update learners set name = coalesce(name, (select o.name from learners o where o.id = $1)), \
                 email = coalesce(email, (select o.email from learners o where o.id = $1)) where id = $2";
    tx.run(adopt, args![other, kept]).await?;
    let entry = Entry::new(now, Action::LearnersMerged, Object::new("person", person(tx, other).await?));
    tx.note(entry.of_issuer(issuer).about(kept).saying(reason));
    alert_to_doubles(tx, kept, now).await?;
    redecide(tx, entropy, kept, now).await
}

/// The key under which the audit trail knows a learner, for an entry about two.
async fn person(tx: &mut Tx, learner: LearnerId) -> Result<String> {
    Ok(super::audit::person_key(tx, learner).await?.0)
}

/// Has every session decided again in which a learner has evidence.
async fn redecide(tx: &mut Tx, entropy: &dyn Entropy, learner: LearnerId, now: Timestamp) -> Result<()> {
    let sql = concat!("select distinct session from evidence where learner in ", group_of!("$1"), " order by session");
    for row in tx.rows(sql, args![learner]).await? {
        enqueue(tx, entropy, &Task::Decide { session: row.parse("session")?, learner }, now).await?;
    }
    Ok(())
}

/// Calls attention to awards that one person has twice: only an officer can tell which is to go.
async fn alert_to_doubles(tx: &mut Tx, learner: LearnerId, now: Timestamp) -> Result<()> {
    let sql = concat!(
        "select id, session, kind, learner from awards where learner in ",
        group_of!("$1"),
        " order by awarded_at, id"
    );
    let mut seen = BTreeSet::new();
    for row in tx.rows(sql, args![learner]).await? {
        let (award, session): (AwardId, Code) = (row.parse("id")?, row.parse("session")?);
        if seen.insert((session.clone(), row.text("kind")?)) {
            continue;
        }
        let text = Bilingual::new(
            "Deux identités se sont révélées être la même personne, qui a donc deux attributions pour cette session\u{202f}; \
             révoquez celle qui est de trop.",
            "Two identities turned out to be one person, who therefore has two awards of this session; revoke the one too many.",
        );
        let (kind, learner) = (AlertKind::DuplicateAfterMerge, row.parse("learner")?);
        raise(tx, &Alert { kind, award, session, learner, text, raised: now, state: AlertState::Open }).await?;
    }
    Ok(())
}

/// Who stands for a learner, held until the transaction ends; none where there is no such learner.
pub(super) async fn stands_for(tx: &mut Tx, learner: LearnerId) -> Result<Option<LearnerId>> {
    let row = tx.row("select canonical from learners where id = $1 for no key update", args![learner]).await?;
    row.map(|row| row.parse("canonical")).transpose()
}

async fn are_apart(tx: &mut Tx, one: LearnerId, other: LearnerId) -> Result<bool> {
    let sql = concat!("select since from learners_apart where ", apart!(), " limit 1");
    Ok(tx.row(sql, args![one, other]).await?.is_some())
}

impl Store {
    /// Lets `kept` stand for `other` too, by hand; both must be known to the issuer that `source` belongs to.
    pub async fn merge_learners(
        &self,
        source: &Code,
        (other, kept): (LearnerId, LearnerId),
        reason: &str,
        now: Timestamp,
    ) -> Result<Merged> {
        let mut tx = self.begin().await?;
        let namespace = Namespace::of(&mut tx, source).await?;
        namespace.enter(&mut tx).await?;
        let (Some(one), Some(two)) = (stands_for(&mut tx, other).await?, stands_for(&mut tx, kept).await?) else {
            return Ok(Merged::NotFound);
        };
        let pair = (one, two);
        if pair.0 == pair.1 {
            return Ok(Merged::Already);
        }
        let together = concat!("delete from learners_apart where ", apart!());
        tx.run(together, args![pair.0, pair.1]).await?;
        merge(&mut tx, &*self.entropy, pair, &namespace.issuer, reason, now).await?;
        tx.commit().await?;
        Ok(Merged::Done)
    }

    /// Parts a learner from the one who stands for it, for good: nothing merges the two by itself again.
    pub async fn part_learner(
        &self,
        source: &Code,
        learner: LearnerId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Merged> {
        let mut tx = self.begin().await?;
        let namespace = Namespace::of(&mut tx, source).await?;
        namespace.enter(&mut tx).await?;
        let Some(stood_for) = stands_for(&mut tx, learner).await? else { return Ok(Merged::NotFound) };
        if stood_for == learner {
            return Ok(Merged::Already);
        }
        tx.run("update learners set canonical = id where id = $1", args![learner]).await?;
        let apart = "insert into learners_apart (one, other, since) values ($1, $2, $3) on conflict do nothing";
        tx.run(apart, args![learner, stood_for, now]).await?;
        let entry = Entry::new(now, Action::LearnersParted, Object::new("person", person(&mut tx, learner).await?));
        tx.note(entry.of_issuer(&namespace.issuer).about(stood_for).saying(reason));
        redecide(&mut tx, &*self.entropy, learner, now).await?;
        redecide(&mut tx, &*self.entropy, stood_for, now).await?;
        tx.commit().await?;
        Ok(Merged::Done)
    }
}
