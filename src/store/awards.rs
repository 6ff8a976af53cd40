//! Awards as they were made, their secrets, and the achievements they are of.

use serde::{Deserialize, Serialize};

use super::db::{Filtered, Result, Tx};
use super::identity::group_of;
use super::values::{Row, args, from_document, to_document};
use super::{Cursor, EncryptedText, Page, Paged, Store};
use crate::audit::{Action, Entry, Object};
use crate::award::{AchievementSnapshot, Award, AwardState, Snapshot};
use crate::catalog::AwardKind;
use crate::ids::{AchievementHash, AwardId, Code, LearnerId};
use crate::time::Timestamp;

/// What an award keeps secret: encrypted to be shown again in the PDF, hashed to be found by ([`CapabilityToken::lookup`]).
///
/// [`CapabilityToken::lookup`]: crate::ids::CapabilityToken::lookup
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AwardSecrets {
    /// The 128 bits that open the commitment to the learner's name.
    pub name_secret: EncryptedText,
    /// The token printed as a QR code.
    pub qr_token: EncryptedText,
    /// The token of the learner's files.
    pub download_token: EncryptedText,
    /// What the QR token is found by.
    pub qr_lookup: String,
    /// What the download token is found by.
    pub download_lookup: String,
}

/// Where an award stands, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AwardStateName {
    /// It waits for something.
    Blocked,
    /// A credential is being made.
    Issuing,
    /// Its credential is signed.
    Issued,
}

impl AwardStateName {
    /// The word used in storage and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Issuing => "issuing",
            Self::Issued => "issued",
        }
    }
}

/// Which awards are wanted; every condition that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AwardFilter {
    /// Of one session.
    pub session: Option<Code>,
    /// Of one learner.
    pub learner: Option<LearnerId>,
    /// Of one issuer.
    pub issuer: Option<Code>,
    /// In one state.
    pub state: Option<AwardStateName>,
}

/// An award with its achievement; each use adds its conditions.
macro_rules! select_award {
    ($rest:literal) => {
        concat!(
            "select a.id, a.session, a.learner, a.kind, a.subject, a.awarded_at, a.state_document, a.issuer_document, \
             a.recipient_document, a.activity_start, a.activity_end, a.time_document, a.result, h.document as achievement_document \
             from awards a join achievements h on h.hash = a.achievement",
            $rest
        )
    };
}

impl Store {
    /// An award.
    pub async fn award(&self, id: AwardId) -> Result<Option<Award>> {
        self.one_award(select_award!(" where a.id = $1"), args![id]).await
    }

    /// The award of a learner in a session, of one kind; where two learners turned out to be one, the earlier.
    pub async fn award_of(&self, session: &Code, learner: LearnerId, kind: AwardKind) -> Result<Option<Award>> {
        let sql = concat!(
            select_award!(" where a.session = $1 and a.kind = $3 and a.learner in "),
            group_of!("$2"),
            " order by a.awarded_at, a.id limit 1"
        );
        self.one_award(sql, args![session, learner, kind.as_str()]).await
    }

    /// Awards, the latest awarded first.
    pub async fn awards(&self, filter: &AwardFilter, page: &Page) -> Result<Paged<Award>> {
        let (sql, args) = Filtered::new(select_award!(""))
            .and("a.session =", filter.session.as_ref())
            .and(
                "a.learner in (select g.id from learners g join learners c on c.canonical = g.canonical where c.id =",
                filter.learner,
            )
            .when(filter.learner.is_some(), "1 = 1)")
            .and("a.issuer =", filter.issuer.as_ref())
            .and("a.state =", filter.state.map(AwardStateName::as_str))
            .page("a.awarded_at", "a.id", page);
        let rows = self.db.rows(sql, args).await?;
        let items = rows.iter().map(read_award).collect::<Result<Vec<_>>>()?;
        Ok(Paged::of(items, page, |award| Cursor { at: award.awarded, id: award.id.to_string() }))
    }

    /// How many awards there are.
    pub async fn count_awards(&self, filter: &AwardFilter) -> Result<u32> {
        let (sql, args) = Filtered::new("select count(*) as number from awards a")
            .and("a.session =", filter.session.as_ref())
            .and("a.issuer =", filter.issuer.as_ref())
            .and("a.state =", filter.state.map(AwardStateName::as_str))
            .whole();
        self.db.row(sql, args).await?.map_or(Ok(0), |row| row.count("number"))
    }

    /// The award whose QR code carries this token, unless the link was ended.
    pub async fn award_by_qr_lookup(&self, lookup: &str) -> Result<Option<Award>> {
        self.one_award(select_award!(" where a.qr_lookup = $1 and a.qr_ended_at is null"), args![lookup]).await
    }

    /// The award whose files this token opens.
    pub async fn award_by_download_lookup(&self, lookup: &str) -> Result<Option<Award>> {
        self.one_award(select_award!(" where a.download_lookup = $1"), args![lookup]).await
    }

    /// The secrets of an award.
    pub async fn award_secrets(&self, id: AwardId) -> Result<Option<AwardSecrets>> {
        let sql = "select name_secret, qr_token, download_token, qr_lookup, download_lookup from awards where id = $1";
        let Some(row) = self.db.row(sql, args![id]).await? else { return Ok(None) };
        Ok(Some(AwardSecrets {
            name_secret: EncryptedText(row.text("name_secret")?),
            qr_token: EncryptedText(row.text("qr_token")?),
            download_token: EncryptedText(row.text("download_token")?),
            qr_lookup: row.text("qr_lookup")?,
            download_lookup: row.text("download_lookup")?,
        }))
    }

    /// Ends the link printed on an attestation, for good; none where there is no such award.
    pub async fn end_qr(&self, id: AwardId, now: Timestamp) -> Result<Option<()>> {
        let mut tx = self.begin().await?;
        let sql = "update awards set qr_ended_at = coalesce(qr_ended_at, $2) where id = $1 returning learner, issuer";
        let Some(row) = tx.row(sql, args![id, now]).await? else { return Ok(None) };
        let ended = Entry::new(now, Action::QrEnded, Object::new("award", id));
        tx.note(ended.of_issuer(&row.parse("issuer")?).about(row.parse("learner")?));
        tx.commit().await?;
        Ok(Some(()))
    }

    /// An achievement by the hash in its public id.
    pub async fn achievement(&self, hash: &AchievementHash) -> Result<Option<AchievementSnapshot>> {
        let row = self.db.row("select document from achievements where hash = $1", args![hash]).await?;
        row.map(|row| row.document("document")).transpose()
    }

    async fn one_award(&self, sql: &'static str, args: super::values::Args) -> Result<Option<Award>> {
        self.db.row(sql, args).await?.as_ref().map(read_award).transpose()
    }
}

fn read_award(row: &Row) -> Result<Award> {
    Ok(Award {
        id: row.parse("id")?,
        session: row.parse("session")?,
        learner: row.parse("learner")?,
        kind: row.word("kind")?,
        subject: row.parse("subject")?,
        awarded: row.moment("awarded_at")?,
        state: row.document("state_document")?,
        snapshot: Snapshot {
            achievement: from_document(&row.text("achievement_document")?)?,
            issuer: row.document("issuer_document")?,
            recipient: row.document("recipient_document")?,
            activity_start: row.moment_or_null("activity_start")?,
            activity_end: row.moment_or_null("activity_end")?,
            time: row.text_or_null("time_document")?.as_deref().map(from_document).transpose()?.unwrap_or_default(),
            passed: row.text_or_null("result")?.as_deref() == result_word(true),
        },
    })
}

/// What `result` holds.
pub(super) fn result_word(passed: bool) -> Option<&'static str> {
    passed.then_some("passed")
}

/// The state's word, by which awards are found.
pub(super) const fn state_word(state: &AwardState) -> &'static str {
    match state {
        AwardState::Blocked { .. } => AwardStateName::Blocked.as_str(),
        AwardState::Issuing => AwardStateName::Issuing.as_str(),
        AwardState::Issued => AwardStateName::Issued.as_str(),
    }
}

/// Keeps an achievement under its hash; the same one is there already for all but the first learner of a session.
pub(super) async fn keep_achievement(tx: &mut Tx, achievement: &AchievementSnapshot) -> Result<()> {
    let insert = "insert into achievements (hash, document) values ($1, $2) on conflict (hash) do nothing";
    tx.run(insert, args![achievement.hash(), achievement.to_json()]).await.map(drop)
}

/// Makes an award; none where the learner has one of this kind in this session.
pub(super) async fn insert_award(
    tx: &mut Tx,
    award: &Award,
    secrets: &AwardSecrets,
    state: &AwardState,
) -> Result<Option<()>> {
    keep_achievement(tx, &award.snapshot.achievement).await?;
    let snapshot = &award.snapshot;
    let insert = "insert into awards (id, session, learner, kind, subject, issuer, awarded_at, state, state_document, \
                  achievement, issuer_document, recipient_document, activity_start, activity_end, name_secret, qr_token, \
                  download_token, qr_lookup, download_lookup, time_document, result) \
                  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21) \
                  on conflict (session, learner, kind) do nothing";
    let values = args![
        award.id,
        &award.session,
        award.learner,
        award.kind.as_str(),
        award.subject,
        &snapshot.issuer.code,
        award.awarded,
        state_word(state),
        to_document(state),
        snapshot.achievement.hash(),
        to_document(&snapshot.issuer),
        to_document(&snapshot.recipient),
        snapshot.activity_start,
        snapshot.activity_end,
        secrets.name_secret.0.as_str(),
        secrets.qr_token.0.as_str(),
        secrets.download_token.0.as_str(),
        secrets.qr_lookup.as_str(),
        secrets.download_lookup.as_str(),
        to_document(&snapshot.time),
        result_word(snapshot.passed)
    ];
    Ok((tx.run(insert, values).await? == 1).then_some(()))
}
