//! What officers decided instead of the criteria, and when a session was closed: both say what a decision leads to.

use super::db::Result;
use super::decisions::{BlockedScope, requeue_blocked};
use super::identity::group_of;
use super::queue::{Task, enqueue};
use super::values::{args, to_document};
use super::{Store, StoreError, Tx};
use crate::audit::{Action, Actor, Entry, Object};
use crate::award::{Verdict, VerdictByHand};
use crate::catalog::AwardKind;
use crate::evidence::Ledger;
use crate::ids::{Code, LearnerId};
use crate::time::Timestamp;

/// What an officer decides about one learner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ManualDecision {
    /// In which session.
    pub session: Code,
    /// Whose officers answer for it.
    pub issuer: Code,
    /// About whom.
    pub learner: LearnerId,
    /// About which award.
    pub kind: AwardKind,
    /// What; none gives the criteria their say back.
    pub verdict: Option<Verdict>,
    /// Why.
    pub reason: String,
}

/// What closing or reopening a session came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// It is done.
    Done,
    /// It was so before.
    Already,
    /// There is no such session.
    NotFound,
}

impl Store {
    /// Lets an officer's decision hold, and has the ledger decided again.
    pub async fn decide_by_hand(&self, decision: &ManualDecision, now: Timestamp) -> Result<()> {
        let mut tx = self.begin().await?;
        self.decide_by_hand_in(&mut tx, decision, now).await?;
        tx.commit().await
    }

    /// The same within a transaction.
    pub(super) async fn decide_by_hand_in(&self, tx: &mut Tx, decision: &ManualDecision, now: Timestamp) -> Result<()> {
        let (session, learner, kind) = (&decision.session, decision.learner, decision.kind.as_str());
        // The learner's row is the turnstile of two officers at once.
        let known = tx.row("select id from learners where id = $1 for no key update", args![learner]).await?;
        known.ok_or(StoreError::Reference)?;
        let verdict = decision.verdict.map_or("automatic", Verdict::as_str);
        let insert = "insert into manual_decisions (session, learner, kind, number, verdict, reason, decided_by, decided_at) \
                      select $1, $2, $3, coalesce(max(number), 0) + 1, $4, $5, $6, $7 \
                      from manual_decisions where session = $1 and learner = $2 and kind = $3";
        let by = actor_document(&self.actor);
        tx.run(insert, args![session, learner, kind, verdict, decision.reason.as_str(), by, now]).await?;
        let entry = Entry::new(now, Action::DecidedByHand, Object::new("session", session));
        let entry = entry.of_issuer(&decision.issuer).about(learner).with("kind", kind).with("verdict", verdict);
        tx.note(entry.saying(&decision.reason));
        enqueue(tx, &*self.entropy, &Task::Decide { session: session.clone(), learner }, now).await
    }

    /// What an officer decided last about a learner, under whichever name; none where the criteria have their say.
    pub async fn verdict_by_hand(
        &self,
        session: &Code,
        learner: LearnerId,
        kind: AwardKind,
    ) -> Result<Option<VerdictByHand>> {
        let sql = concat!(
            "select verdict, reason, decided_at from manual_decisions where session = $1 and kind = $3 and learner in ",
            group_of!("$2"),
            " order by decided_at desc, number desc limit 1"
        );
        let Some(row) = self.db.row(sql, args![session, learner, kind.as_str()]).await? else { return Ok(None) };
        if row.text("verdict")? == "automatic" {
            return Ok(None);
        }
        Ok(Some(VerdictByHand {
            verdict: row.word("verdict")?,
            reason: row.text("reason")?,
            at: row.moment("decided_at")?,
        }))
    }

    /// From when on nothing is awarded in a session by itself; none while it is open.
    pub async fn session_closed_at(&self, session: &Code) -> Result<Option<Timestamp>> {
        let row = self.db.row("select closed_at from sessions where code = $1", args![session]).await?;
        row.map_or(Ok(None), |row| row.moment_or_null("closed_at"))
    }

    /// Closes a session: what arrives from now on is kept, and awards nothing by itself.
    pub async fn close_session(&self, session: &Code, issuer: &Code, reason: &str, now: Timestamp) -> Result<Closing> {
        let sql = "update sessions set closed_at = $2 where code = $1 and closed_at is null";
        self.change_closing(sql, Action::SessionClosed, (session, issuer), reason, now).await
    }

    /// Opens a closed session again, and has decided again what waited for that.
    pub async fn reopen_session(&self, session: &Code, issuer: &Code, reason: &str, now: Timestamp) -> Result<Closing> {
        let sql = "update sessions set closed_at = null where code = $1 and closed_at is not null and $2 = $2";
        self.change_closing(sql, Action::SessionReopened, (session, issuer), reason, now).await
    }

    async fn change_closing(
        &self,
        sql: &'static str,
        action: Action,
        (session, issuer): (&Code, &Code),
        reason: &str,
        now: Timestamp,
    ) -> Result<Closing> {
        let mut tx = self.begin().await?;
        if tx.run(sql, args![session, now]).await? == 0 {
            let known = tx.row("select code from sessions where code = $1", args![session]).await?;
            return Ok(known.map_or(Closing::NotFound, |_| Closing::Already));
        }
        super::catalog::count_change(&mut tx).await?;
        requeue_blocked(&mut tx, &*self.entropy, &BlockedScope::Session(session.clone()), now).await?;
        tx.note(Entry::new(now, action, Object::new("session", session)).of_issuer(issuer).saying(reason));
        tx.commit().await?;
        Ok(Closing::Done)
    }

    /// The part of a learner's ledger that had arrived before a moment, whenever it was taken up.
    pub async fn ledger_arrived_before(&self, session: &Code, learner: LearnerId, before: Timestamp) -> Result<Ledger> {
        let sql = concat!(
            "select e.document from evidence e left join deliveries d on d.id = e.delivery \
             where e.session = $1 and coalesce(d.received_at, e.recorded_at) < $3 and e.learner in ",
            group_of!("$2"),
            " order by e.at, e.key"
        );
        let rows = self.db.rows(sql, args![session, learner, before]).await?;
        Ok(Ledger { evidence: rows.iter().map(|row| row.document("document")).collect::<Result<_>>()? })
    }
}

/// Who acts, as it is stored beside what was done.
pub(super) fn actor_document(actor: &Actor) -> String {
    let (kind, id) = match actor {
        Actor::System => ("system", String::new()),
        Actor::Token(id) => ("token", id.to_string()),
        Actor::Operator(name) => ("operator", name.clone()),
        Actor::Source(code) => ("source", code.to_string()),
        Actor::Link(_) => ("link", String::new()),
    };
    to_document(&[kind, id.as_str()])
}
