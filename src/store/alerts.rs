//! Alerts: what an officer should look at, since this service does not act on it by itself. One per kind and award at a time.

use serde::{Deserialize, Serialize};

use super::Store;
use super::db::{Filtered, Result, Tx};
use super::values::{Row, args, to_document};
use crate::audit::{Action, Entry, Object};
use crate::ids::{AwardId, Code, LearnerId};
use crate::text::Bilingual;
use crate::time::Timestamp;

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// What happened.
    pub kind: AlertKind,
    /// To which award.
    pub award: AwardId,
    /// In which session.
    pub session: Code,
    /// Of which learner.
    pub learner: LearnerId,
    /// For people; holds no personal data.
    pub text: Bilingual,
    /// When it was raised, the last time.
    pub raised: Timestamp,
    /// Where it stands.
    pub state: AlertState,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlertKind {
    /// The evidence that an award rests on was withdrawn after it was made.
    WithdrawalAfterAward,
    /// Two learners turned out to be one, who has two awards of one kind in one session.
    DuplicateAfterMerge,
    /// An attestation was handed out without the seal that its issuer wants: the certificate has expired, or the key is not here.
    AttestationUnsealed,
}

impl AlertKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::WithdrawalAfterAward, Self::DuplicateAfterMerge, Self::AttestationUnsealed];

    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WithdrawalAfterAward => "withdrawal_after_award",
            Self::DuplicateAfterMerge => "duplicate_after_merge",
            Self::AttestationUnsealed => "attestation_unsealed",
        }
    }
}

/// Where an alert stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlertState {
    /// Nobody looked yet.
    Open,
    /// An officer dealt with it.
    Settled(Timestamp),
}

/// Which alerts are wanted; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AlertFilter {
    /// Of one session.
    pub session: Option<Code>,
    /// Of one award.
    pub award: Option<AwardId>,
    /// Of the awards of one issuer.
    pub issuer: Option<Code>,
    /// Settled ones too, or open ones only.
    pub settled: SettledAlerts,
}

/// Whether settled alerts are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SettledAlerts {
    /// Open ones only.
    #[default]
    Hidden,
    /// All.
    Shown,
}

impl Store {
    /// Raises an alert. One that is open already keeps its moment and takes the new text; a settled one opens again.
    pub async fn raise_alert(&self, alert: &Alert) -> Result<()> {
        let mut tx = self.begin().await?;
        raise(&mut tx, alert).await?;
        tx.commit().await
    }

    /// Alerts, oldest first.
    pub async fn alerts(&self, filter: &AlertFilter) -> Result<Vec<Alert>> {
        let (sql, args) =
            Filtered::new("select kind, award, session, learner, document, raised_at, settled_at from alerts")
                .and("session =", filter.session.as_ref())
                .and("award =", filter.award)
                .and("award in (select id from awards where issuer =", filter.issuer.as_ref())
                .when(filter.issuer.is_some(), "1 = 1)")
                .when(filter.settled == SettledAlerts::Hidden, "settled_at is null")
                .ordered("raised_at, kind, award");
        self.db.rows(sql, args).await?.iter().map(Alert::read).collect()
    }

    /// Settles an alert; none where there is no open one. The reason stands in the audit trail.
    pub async fn settle_alert(
        &self,
        kind: AlertKind,
        award: AwardId,
        reason: &str,
        now: Timestamp,
    ) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "update alerts set settled_at = $3 where kind = $1 and award = $2 and settled_at is null";
        if tx.run(sql, args![kind.as_str(), award, now]).await? == 0 {
            return Ok(None);
        }
        note(&mut tx, (Action::AlertSettled, reason), kind, award, now).await?;
        tx.commit().await?;
        Ok(Some(()))
    }
}

/// Settles an alert whose reason is gone, within the transaction that ends it; does nothing where there is no open one.
pub(super) async fn settle_by_itself(tx: &mut Tx, kind: AlertKind, award: AwardId, now: Timestamp) -> Result<()> {
    let sql = "update alerts set settled_at = $3 where kind = $1 and award = $2 and settled_at is null";
    if tx.run(sql, args![kind.as_str(), award, now]).await? == 0 {
        return Ok(());
    }
    note(tx, (Action::AlertSettled, ""), kind, award, now).await
}

/// Takes down in the audit trail what became of an alert.
async fn note(
    tx: &mut Tx,
    (action, text): (Action, &str),
    kind: AlertKind,
    award: AwardId,
    now: Timestamp,
) -> Result<()> {
    let mut entry = Entry::new(now, action, Object::new("award", award)).with("alert", kind.as_str()).saying(text);
    if let Some(row) = tx.row("select learner, issuer from awards where id = $1", args![award]).await? {
        entry = entry.of_issuer(&row.parse("issuer")?).about(row.parse("learner")?);
    }
    tx.note(entry);
    Ok(())
}

/// Raises an alert within a transaction; see [`Store::raise_alert`].
pub(super) async fn raise(tx: &mut Tx, alert: &Alert) -> Result<()> {
    let open = "select award from alerts where kind = $1 and award = $2 and settled_at is null";
    if tx.row(open, args![alert.kind.as_str(), alert.award]).await?.is_none() {
        note(tx, (Action::AlertRaised, ""), alert.kind, alert.award, alert.raised).await?;
    }
    let sql = "insert into alerts (kind, award, session, learner, document, raised_at) values ($1, $2, $3, $4, $5, $6) \
               on conflict (kind, award) do update set document = excluded.document, \
               raised_at = case when alerts.settled_at is null then alerts.raised_at else excluded.raised_at end, \
               settled_at = null";
    let text = to_document(&alert.text);
    tx.run(sql, args![alert.kind.as_str(), alert.award, &alert.session, alert.learner, text, alert.raised])
        .await
        .map(drop)
}

impl Alert {
    fn read(row: &Row) -> Result<Self> {
        Ok(Self {
            kind: row.word("kind")?,
            award: row.parse("award")?,
            session: row.parse("session")?,
            learner: row.parse("learner")?,
            text: row.document("document")?,
            raised: row.moment("raised_at")?,
            state: row.moment_or_null("settled_at")?.map_or(AlertState::Open, AlertState::Settled),
        })
    }
}
