//! Attendance sheets taken in: read against their session, kept as a delivery of the source that knows the learners.
//!
//! From the delivery on, what a sheet says is evidence like any other: it is taken up by a worker, waits for learners who are not
//! known yet, and can be replayed. The same bytes for the same session count once.

use sha2::{Digest as _, Sha256};

use crate::audit::{Action, Actor, Entry, Object};
use crate::catalog::{EffectiveSession, Source};
use crate::ids::{Code, DeliveryId, ExternalId, hex};
use crate::intake::attendance_sheet::{self, Against, Reading};
use crate::service::{Service, ServiceError};
use crate::sheet::Problems;
use crate::store::{Accepted, NewDelivery, StoreError};
use crate::text::Lang;
use crate::time::Timestamp;

/// A sheet, and what was said with it.
#[derive(Debug, Clone, Copy)]
pub struct SheetGiven<'a> {
    /// The sheet.
    pub bytes: &'a [u8],
    /// The source that knows the learners; none where only one reports on the session's issuer.
    pub source: Option<&'a Code>,
    /// The meeting that it is about, where the sheet does not say it.
    pub meeting: Option<&'a Code>,
    /// When it was stated, where that is not now: the latest statement of a meeting holds.
    pub stated: Option<Timestamp>,
}

/// A sheet as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRead {
    /// The source that knows the learners.
    pub source: Code,
    /// What it says.
    pub reading: Reading,
    /// What makes the same sheet the same delivery.
    webhook_id: String,
}

/// What keeping a sheet did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SheetKept {
    /// It is new, and queued.
    New(DeliveryId),
    /// It came before; nothing was done. What was stated since still holds.
    Repeat(DeliveryId),
}

/// Why it is not clear which source is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhichSource {
    /// The one that is named does not report on the issuer's sessions, or is not known.
    #[error("no source {code} reports on sessions of {issuer}")]
    NotThis {
        /// Which was named.
        code: Code,
        /// Whose sessions.
        issuer: Code,
    },
    /// None reports on the issuer's sessions.
    #[error("no source reports on sessions of {0}")]
    None(Code),
    /// Several do.
    #[error("several sources know learners of this issuer; name one")]
    Several,
}

/// Why a sheet was not read. Nothing of it counts.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// The session has no meetings.
    #[error("the session has no meetings, at which attendance could be taken")]
    NoMeetings,
    /// The session has no such meeting.
    #[error("the session has no meeting {0}")]
    UnknownMeeting(Code),
    /// No source knows the learners, or several do.
    #[error(transparent)]
    Source(#[from] WhichSource),
    /// Something is wrong with the sheet.
    #[error("{} things are wrong with the sheet", .0.count)]
    Sheet(Problems),
    /// The flow failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for SheetError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Service {
    /// Reads a sheet of a session, and keeps nothing of it.
    pub async fn read_sheet(&self, session: &EffectiveSession, given: SheetGiven<'_>) -> Result<SheetRead, SheetError> {
        let meetings = &session.session.meetings;
        if meetings.is_empty() {
            return Err(SheetError::NoMeetings);
        }
        if let Some(unknown) = given.meeting.filter(|code| !meetings.iter().any(|meeting| meeting.code == **code)) {
            return Err(SheetError::UnknownMeeting(unknown.clone()));
        }
        let source = self.source_for(session, given.source).await??.code;
        let gone = || ServiceError::Defect("a session's issuer is gone from storage".into());
        let issuer = self.store.issuer(session.issuer()).await?.ok_or_else(gone)?;
        let stated = given.stated.unwrap_or_else(|| self.clock.now());
        let against = Against { session, zone: &issuer.time_zone, stated, meeting: given.meeting };
        let reading = attendance_sheet::read(given.bytes, against).map_err(SheetError::Sheet)?;
        let mut digest = Sha256::new_with_prefix(given.bytes);
        // Both change what the same bytes say.
        digest.update(format!("\0{:?}\0{:?}", given.meeting, given.stated));
        let webhook_id = format!("attendance-{}-{}", session.session.code, hex(&digest.finalize()));
        Ok(SheetRead { source, reading, webhook_id })
    }

    /// The source that somebody means who reports on a session: the one named, else the only one that does.
    pub async fn source_for(
        &self,
        session: &EffectiveSession,
        named: Option<&Code>,
    ) -> Result<Result<Source, WhichSource>, ServiceError> {
        let issuer = session.issuer();
        if let Some(code) = named {
            let known = self.store.source(code).await?.filter(|source| source.serves(issuer));
            return Ok(known.ok_or_else(|| WhichSource::NotThis { code: code.clone(), issuer: issuer.clone() }));
        }
        let mut serving = self.store.sources().await?.into_iter().filter(|source| source.serves(issuer));
        Ok(match (serving.next(), serving.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(WhichSource::None(issuer.clone())),
            _ => Err(WhichSource::Several),
        })
    }

    /// Keeps what a sheet says of a session, for a worker to take up.
    pub async fn keep_sheet(
        &self,
        session: &EffectiveSession,
        sheet: &SheetRead,
        actor: Actor,
    ) -> Result<SheetKept, ServiceError> {
        let now = self.clock.now();
        let delivery = NewDelivery {
            id: DeliveryId::random(&*self.entropy),
            source: sheet.source.clone(),
            webhook_id: sheet.webhook_id.clone(),
            received_at: now,
            body: sheet.reading.body.clone(),
        };
        let Reading { learners, present, absent, .. } = sheet.reading;
        let entry = Entry::new(now, Action::AttendanceStated, Object::new("session", &session.session.code));
        let entry = entry.of_issuer(session.issuer()).with("delivery", delivery.id.to_string());
        let entry = entry.with("learners", learners).with("present", present).with("absent", absent);
        let kept = match self.store.by(actor).accept_noted(&delivery, Some(entry)).await? {
            Accepted::New(id) => SheetKept::New(id),
            // Another moment of reading makes another body of the same sheet.
            Accepted::Repeat(id) | Accepted::RepeatWithOtherBody(id) => SheetKept::Repeat(id),
        };
        self.wake.notify_one();
        Ok(kept)
    }

    /// A sheet to fill in for a session: its meetings, and the learners that there is evidence of. An access to their names.
    pub async fn empty_sheet(&self, session: &EffectiveSession, by: Actor) -> Result<Vec<u8>, SheetError> {
        if session.session.meetings.is_empty() {
            return Err(SheetError::NoMeetings);
        }
        let issuer = self.store.issuer(session.issuer()).await?;
        let (zone, lang) =
            issuer.map_or_else(|| (Default::default(), Lang::Fr), |issuer| (issuer.time_zone, issuer.language));
        let known = self.store.learners_of_session(&session.session.code).await?;
        let shown = Entry::new(self.clock.now(), Action::NameShown, Object::new("session", &session.session.code));
        self.store.by(by).note(shown.of_issuer(session.issuer()).with("learners", known.len())).await?;
        let learners: Vec<(ExternalId, Option<String>)> = known
            .into_iter()
            .map(|learner| (learner.external_id, learner.name.map(|name| name.as_str().to_owned())))
            .collect();
        Ok(attendance_sheet::empty(session, &learners, &zone, lang))
    }
}
