//! What a decision leads to: awards opened, resumed or blocked, and their credentials planned (issuance step 4,
//! *transaction A*), all in the transaction that ends the decision's job.
//!
//! The unsigned document is made inside that transaction, since it carries the status index that only the transaction can
//! give out; so `compose` must be quick and pure.

use std::collections::BTreeSet;

use super::alerts::{Alert, raise};
use super::awards::{AwardSecrets, insert_award};
use super::catalog::changed_since;
use super::db::{Result, Tx};
use super::identity::group_of;
use super::messages::{News, tell};
use super::queue::{Job, Task, enqueue, finish};
use super::status::allocate;
use super::values::{args, to_document};
use super::{Store, StoreError};
use crate::audit::{self, Action, Entry, Object};
use crate::award::{Award, AwardState, BlockReason, RevocationCategory};
use crate::catalog::Event;
use crate::criteria::Decision;
use crate::entropy::Entropy;
use crate::ids::{AwardId, Code, CredentialId, LearnerId, StatusListId};
use crate::time::Timestamp;

/// The place of a credential in a status list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatusSlot {
    /// The list.
    pub list: StatusListId,
    /// The index in it, drawn at random.
    pub index: u32,
}

/// A credential to be made.
pub struct Plan<'a, E> {
    /// Its id; that of the unsigned credential of the same version, where there is one.
    pub id: CredentialId,
    /// Its number among the award's credentials, from 1.
    pub version: u32,
    /// The key that is to sign it.
    pub key_id: String,
    /// Its `validFrom`.
    pub valid_from: Timestamp,
    /// As what the versions before it are revoked once it is signed. An intent that is planned again keeps its own.
    pub replaces_as: RevocationCategory,
    /// Makes the unsigned document once the status index is known.
    pub compose: &'a (dyn Fn(&StatusSlot) -> std::result::Result<String, E> + Send + Sync),
}

/// What is to be done about one award. The award's state follows from the variant, whatever its `state` says.
pub enum AwardStep<'a, E> {
    /// Makes a new award and plans its first credential.
    Open(Box<Award>, AwardSecrets, Plan<'a, E>),
    /// Makes a new award that waits.
    OpenBlocked(Box<Award>, AwardSecrets, Vec<BlockReason>),
    /// Plans the credential of an award that waited, from a snapshot taken anew.
    Resume(Box<Award>, Plan<'a, E>),
    /// Lets an award wait on, from a snapshot taken anew.
    StayBlocked(Box<Award>, Vec<BlockReason>),
    /// Calls an officer's attention to an award.
    Alert(Alert),
    /// Takes down what was decided; in the audit trail, where that differs from what was decided before.
    Decided(Box<DecisionMade>),
}

/// What was decided about a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionMade {
    /// In which session.
    pub session: Code,
    /// About whom.
    pub learner: LearnerId,
    /// Whose session it is.
    pub issuer: Code,
    /// The decision, with its reasons.
    pub decision: Decision,
}

/// What settling came to.
#[derive(Debug, PartialEq, Eq)]
pub enum Settled<E> {
    /// Every step was taken, and the job ended.
    Done,
    /// Another worker changed one of the awards first. Nothing was done; look again and decide anew.
    Raced,
    /// A document could not be composed. Nothing was done.
    Refused(E),
}

/// Why a transaction stops short; none of these is a failure of the database.
enum Stop<E> {
    Raced,
    Refused(E),
    Failed(StoreError),
}

impl<E> From<StoreError> for Stop<E> {
    fn from(error: StoreError) -> Self {
        Self::Failed(error)
    }
}

/// Which blocked awards are to be decided again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockedScope {
    /// Those of a learner, whose name became known.
    Learner(LearnerId),
    /// Those of an issuer, which got a key or another name.
    Issuer(Code),
    /// Those of a session that changed.
    Session(Code),
    /// Those of a training that changed.
    Training(Code),
    /// All, as after an upgrade.
    All,
}

impl Store {
    /// Takes every step that a decision calls for, and ends its job; or does nothing at all.
    pub async fn settle_decision<E>(
        &self,
        job: &Job,
        steps: &[AwardStep<'_, E>],
        now: Timestamp,
    ) -> Result<Settled<E>> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let mut waiting: BTreeSet<(&Code, LearnerId)> = BTreeSet::new();
        for step in steps {
            match self.take_step(&mut tx, step, now).await {
                Ok(()) => {}
                Err(Stop::Raced) => return Ok(Settled::Raced),
                Err(Stop::Refused(error)) => return Ok(Settled::Refused(error)),
                Err(Stop::Failed(error)) => return Err(error),
            }
            if let AwardStep::OpenBlocked(award, ..) | AwardStep::StayBlocked(award, _) = step {
                waiting.insert((&award.session, award.learner));
            }
        }
        for (session, learner) in waiting {
            redecide_if_changed(&mut tx, &*self.entropy, job, session, learner, now).await?;
        }
        tx.commit().await?;
        Ok(Settled::Done)
    }

    async fn take_step<E>(
        &self,
        tx: &mut Tx,
        step: &AwardStep<'_, E>,
        now: Timestamp,
    ) -> std::result::Result<(), Stop<E>> {
        match step {
            AwardStep::Open(award, secrets, plan) => {
                insert_award(tx, award, secrets, &AwardState::Issuing).await?.ok_or(Stop::Raced)?;
                note_award(tx, Action::AwardMade, award, now, &[]);
                self.plan(tx, award, plan, now).await
            }
            AwardStep::OpenBlocked(award, secrets, reasons) => {
                let state = AwardState::Blocked { reasons: reasons.clone() };
                insert_award(tx, award, secrets, &state).await?.ok_or(Stop::Raced)?;
                note_award(tx, Action::AwardMade, award, now, &[]);
                self.tell_blocked(tx, award, reasons, now).await?;
                Ok(())
            }
            AwardStep::Resume(award, plan) => {
                retake_snapshot(tx, award, "blocked", &AwardState::Issuing).await?.ok_or(Stop::Raced)?;
                self.plan(tx, award, plan, now).await
            }
            AwardStep::StayBlocked(award, reasons) => {
                let state = AwardState::Blocked { reasons: reasons.clone() };
                let before = "select state_document from awards where id = $1 for update";
                let before = tx.row(before, args![award.id]).await?;
                let before = before.map(|row| row.text("state_document")).transpose()?;
                retake_snapshot(tx, award, "blocked", &state).await?.ok_or(Stop::Raced)?;
                if before != Some(to_document(&state)) {
                    self.tell_blocked(tx, award, reasons, now).await?;
                }
                Ok(())
            }
            AwardStep::Alert(alert) => Ok(raise(tx, alert).await?),
            AwardStep::Decided(made) => Ok(take_down(tx, made, now).await?),
        }
    }

    /// Makes an issued award anew: plans the next version of its credential from a snapshot taken anew. The version before is
    /// revoked once the new one is signed. `seen` is as what the current version was revoked when the caller looked: where that
    /// changed, the caller must think again, since a new version would undo it.
    pub async fn reissue<E>(
        &self,
        award: &Award,
        plan: &Plan<'_, E>,
        seen: Option<RevocationCategory>,
        now: Timestamp,
    ) -> Result<Settled<E>> {
        let mut tx = self.begin().await?;
        let current = "select revoked_category from credentials where award = $1 and signed_document is not null \
                       order by version desc limit 1 for update";
        let current = tx.row(current, args![award.id]).await?;
        let revoked = current.map_or(Ok(None), |row| row.text_or_null("revoked_category"))?;
        if revoked.as_deref() != seen.map(RevocationCategory::as_str) {
            return Ok(Settled::Raced);
        }
        if retake_snapshot(&mut tx, award, "issued", &AwardState::Issuing).await?.is_none() {
            return Ok(Settled::Raced);
        }
        match self.plan(&mut tx, award, plan, now).await {
            Ok(()) => {
                tx.commit().await?;
                Ok(Settled::Done)
            }
            Err(Stop::Raced) => Ok(Settled::Raced),
            Err(Stop::Refused(error)) => Ok(Settled::Refused(error)),
            Err(Stop::Failed(error)) => Err(error),
        }
    }

    /// Ends a job that could not issue: the award waits, its credential stays planned and unsigned.
    pub async fn block_award(&self, job: &Job, id: AwardId, reasons: &[BlockReason], now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        finish(&mut tx, job).await?;
        let state = AwardState::Blocked { reasons: reasons.to_vec() };
        let sql = "update awards set state = 'blocked', state_document = $2 where id = $1 and state = 'issuing' \
                   returning session, learner, issuer";
        if let Some(row) = tx.row(sql, args![id, to_document(&state)]).await? {
            let session: Code = row.parse("session")?;
            let entry = Entry::new(now, Action::AwardBlocked, Object::new("award", id));
            let issuer = row.parse("issuer")?;
            tx.note(entry.of_issuer(&issuer).about(row.parse("learner")?).with("reasons", codes(reasons)));
            tell(&mut tx, &*self.entropy, &blocked(&issuer, id, reasons), now).await?;
            redecide_if_changed(&mut tx, &*self.entropy, job, &session, row.parse("learner")?, now).await?;
        }
        tx.commit().await
    }

    /// Has blocked awards decided again; how many.
    pub async fn requeue_blocked(&self, scope: &BlockedScope, now: Timestamp) -> Result<u32> {
        let mut tx = self.begin().await?;
        let count = requeue_blocked(&mut tx, &*self.entropy, scope, now).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Takes down in the audit trail that an award waits, and tells whoever wants to hear of it.
    async fn tell_blocked(&self, tx: &mut Tx, award: &Award, reasons: &[BlockReason], now: Timestamp) -> Result<()> {
        note_award(tx, Action::AwardBlocked, award, now, reasons);
        tell(tx, &*self.entropy, &blocked(&award.snapshot.issuer.code, award.id, reasons), now).await
    }

    /// Plans a credential: gives it a status slot, keeps its unsigned document, and queues its making.
    async fn plan<E>(
        &self,
        tx: &mut Tx,
        award: &Award,
        plan: &Plan<'_, E>,
        now: Timestamp,
    ) -> std::result::Result<(), Stop<E>> {
        let latest = "select id, version, status_list, status_index, signed_sha256 from credentials where award = $1 \
                      order by version desc limit 1 for update";
        let latest = tx.row(latest, args![award.id]).await?;
        let recipient = to_document(&award.snapshot.recipient);
        let (version, key_id) = (plan.version, plan.key_id.as_str());
        match latest {
            Some(row) if row.text_or_null("signed_sha256")?.is_none() => {
                // An earlier attempt got this far: its id and slot stay, so that neither is used up.
                if row.count("version")? != version || row.parse::<CredentialId>("id")? != plan.id {
                    return Err(Stop::Raced);
                }
                let slot = StatusSlot { list: row.parse("status_list")?, index: row.count("status_index")? };
                let unsigned = (plan.compose)(&slot).map_err(Stop::Refused)?;
                let sql = "update credentials set key_id = $2, valid_from = $3, recipient_document = $4, unsigned_document = $5 \
                           where id = $1 and signed_document is null";
                tx.run(sql, args![plan.id, key_id, plan.valid_from, recipient, unsigned]).await?;
            }
            latest => {
                let before = latest.map_or(Ok(0), |row| row.count("version"))?;
                if before + 1 != version {
                    return Err(Stop::Raced);
                }
                let issuer = &award.snapshot.issuer.code;
                let slot = allocate(tx, &*self.entropy, issuer, self.status_list_size).await?;
                let unsigned = (plan.compose)(&slot).map_err(Stop::Refused)?;
                let insert = "insert into credentials (id, award, version, issuer, key_id, status_list, status_index, \
                              valid_from, recipient_document, unsigned_document, replaces_as) \
                              values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
                let values = args![
                    plan.id,
                    award.id,
                    version,
                    issuer,
                    key_id,
                    slot.list,
                    slot.index,
                    plan.valid_from,
                    recipient,
                    unsigned,
                    plan.replaces_as.as_str()
                ];
                tx.run(insert, values).await?;
            }
        }
        let entry = Entry::new(now, Action::CredentialPlanned, Object::new("credential", plan.id));
        let entry = entry.of_issuer(&award.snapshot.issuer.code).about(award.learner);
        tx.note(entry.with("award", award.id.to_string()).with("version", version));
        Ok(enqueue(tx, &*self.entropy, &Task::Issue { credential: plan.id }, now).await?)
    }
}

/// Takes down what was decided; the audit trail hears of it where it differs from what was decided before.
async fn take_down(tx: &mut Tx, made: &DecisionMade, now: Timestamp) -> Result<()> {
    let (decision, kind) = (&made.decision, made.decision.kind.as_str());
    let digest = audit::hash(&to_document(decision));
    let select = "select digest from decisions where session = $1 and learner = $2 and kind = $3 for update";
    let before = tx.row(select, args![&made.session, made.learner, kind]).await?;
    if before.map(|row| row.text("digest")).transpose()?.as_ref() == Some(&digest) {
        return Ok(());
    }
    let outcome = if decision.met { "met" } else { "unmet" };
    let upsert = "insert into decisions (session, learner, kind, outcome, digest, decided_at) values ($1, $2, $3, $4, $5, $6) \
                  on conflict (session, learner, kind) do update \
                  set outcome = excluded.outcome, digest = excluded.digest, decided_at = excluded.decided_at";
    tx.run(upsert, args![&made.session, made.learner, kind, outcome, digest.as_str(), now]).await?;
    let entry = Entry::new(now, Action::Decided, Object::new("session", &made.session));
    let entry = entry.of_issuer(&made.issuer).about(made.learner).with("kind", kind).with("outcome", outcome);
    let mut bases: Vec<_> = decision.time.counted.iter().map(|counted| counted.basis.as_str()).collect();
    bases.dedup();
    tx.note(entry.with("digest", digest).with("time_bases", bases));
    Ok(())
}

/// What is told of an award that waits.
fn blocked<'a>(issuer: &'a Code, award: AwardId, reasons: &[BlockReason]) -> News<'a> {
    News { issuer, event: Event::AwardBlocked, award: Some(award), credential: None, reasons: codes(reasons) }
}

/// Takes down in the audit trail what became of an award.
fn note_award(tx: &mut Tx, action: Action, award: &Award, now: Timestamp, reasons: &[BlockReason]) {
    let entry = Entry::new(now, action, Object::new("award", award.id)).of_issuer(&award.snapshot.issuer.code);
    let entry = entry.about(award.learner).with("session", award.session.as_str()).with("kind", award.kind.as_str());
    tx.note(if reasons.is_empty() { entry } else { entry.with("reasons", codes(reasons)) });
}

/// The codes of reasons alone: what they quote may be of a name.
fn codes(reasons: &[BlockReason]) -> Vec<&'static str> {
    reasons.iter().map(BlockReason::code).collect()
}

/// Replaces the snapshot of an award that stands in state `from`; none where it does not.
async fn retake_snapshot(tx: &mut Tx, award: &Award, from: &str, to: &AwardState) -> Result<Option<()>> {
    super::awards::keep_achievement(tx, &award.snapshot.achievement).await?;
    let snapshot = &award.snapshot;
    let sql = "update awards set state = $3, state_document = $4, achievement = $5, issuer_document = $6, \
               recipient_document = $7, activity_start = $8, activity_end = $9, issuer = $10, time_document = $11, \
               result = $12 \
               where id = $1 and state = $2";
    let values = args![
        award.id,
        from,
        super::awards::state_word(to),
        to_document(to),
        snapshot.achievement.hash(),
        to_document(&snapshot.issuer),
        to_document(&snapshot.recipient),
        snapshot.activity_start,
        snapshot.activity_end,
        &snapshot.issuer.code,
        to_document(&snapshot.time),
        super::awards::result_word(snapshot.passed)
    ];
    Ok((tx.run(sql, values).await? == 1).then_some(()))
}

/// Decides once more where something came after the worker looked: what a blocked award waits for would not come again.
async fn redecide_if_changed(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    job: &Job,
    session: &Code,
    learner: LearnerId,
    now: Timestamp,
) -> Result<()> {
    if changed_since(tx, job.catalog_revision).await? {
        enqueue(tx, entropy, &Task::Decide { session: session.clone(), learner }, now).await?;
    }
    Ok(())
}

/// Has blocked awards decided again. A change that is the reason must have been counted first (`count_change`).
pub(super) async fn requeue_blocked(
    tx: &mut Tx,
    entropy: &dyn Entropy,
    scope: &BlockedScope,
    now: Timestamp,
) -> Result<u32> {
    let (sql, args) = match scope {
        BlockedScope::Learner(id) => {
            let sql =
                concat!("select session, learner from awards where state = 'blocked' and learner in ", group_of!("$1"));
            (sql, args![*id])
        }
        BlockedScope::Issuer(code) => {
            ("select session, learner from awards where state = 'blocked' and issuer = $1", args![code])
        }
        BlockedScope::Session(code) => {
            ("select session, learner from awards where state = 'blocked' and session = $1", args![code])
        }
        BlockedScope::Training(code) => (
            "select session, learner from awards where state = 'blocked' \
             and session in (select code from sessions where training = $1)",
            args![code],
        ),
        BlockedScope::All => ("select session, learner from awards where state = 'blocked'", args![]),
    };
    let mut found = BTreeSet::new();
    for row in tx.rows(sql, args).await? {
        found.insert((row.parse::<Code>("session")?, row.parse::<LearnerId>("learner")?));
    }
    let count = u32::try_from(found.len()).unwrap_or(u32::MAX);
    for (session, learner) in found {
        enqueue(tx, entropy, &Task::Decide { session, learner }, now).await?;
    }
    Ok(count)
}
