//! What officers put right about learners: two who are one person, one who is two, a wrong name.
//!
//! What is stored of them is the business of `store` (`identity`); here is whom is meant, and what follows: a corrected name is on
//! signed attestations too, so each award that carries the old one is made anew (`reissue`).

use crate::audit::{Action, Actor, Entry, Object};
use crate::award::{Award, AwardState, BlockReason, Recipient};
use crate::catalog::Source;
use crate::ids::{AwardId, Code, CredentialId, ExternalId, LearnerId};
use crate::reissue::Reissue;
use crate::service::{Service, ServiceError};
use crate::store::{AwardFilter, KnownAs, LearnerRecord, Merged, Page, Store, StoreError};
use crate::text::{Email, PersonName, Reason};
use crate::time::Timestamp;

/// How many awards are looked up at once.
const PAGE: u32 = 200;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum CorrectionError {
    /// The learner who was named first is not known.
    #[error("the source {0} knows no such learner")]
    Unknown(Code),
    /// The other one is not known.
    #[error("the source knows nobody by this")]
    OtherUnknown,
    /// The learner stands for nobody of that id.
    #[error("this learner stands for nobody of that id")]
    StandsForNobody,
    /// They were merged before.
    #[error("the two are one learner already")]
    OneAlready,
    /// They were parted before.
    #[error("the two are two learners already")]
    TwoAlready,
    /// The flow failed.
    #[error(transparent)]
    Service(#[from] ServiceError),
}

impl From<StoreError> for CorrectionError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// A learner with everything that leads there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The learner.
    pub learner: LearnerRecord,
    /// Every id, user name and address that the learner is or was known by.
    pub known_as: Vec<KnownAs>,
}

/// What a learner of a source is called: an access to a name, which the audit trail takes down.
pub async fn show(store: &Store, source: &Source, id: &ExternalId, now: Timestamp) -> Result<Shown, CorrectionError> {
    let learner = known(store, source, id).await?;
    let shown = Entry::new(now, Action::NameShown, Object::new("source", &source.code));
    store.note(shown.of_issuer(&source.issuer).about(learner.id)).await?;
    let known_as = store.learner_identifiers(learner.id).await?;
    Ok(Shown { learner, known_as })
}

/// Lets a learner stand for another one of the same source from now on.
pub async fn merge(
    store: &Store,
    source: &Source,
    (id, also): (&ExternalId, &ExternalId),
    reason: &Reason,
    now: Timestamp,
) -> Result<(), CorrectionError> {
    let kept = known(store, source, id).await?;
    let other = store.learner_by_external(&source.code, also).await?.ok_or(CorrectionError::OtherUnknown)?;
    match store.merge_learners(&source.code, (other.id, kept.id), reason.as_str(), now).await? {
        Merged::Done => Ok(()),
        Merged::Already => Err(CorrectionError::OneAlready),
        Merged::NotFound => Err(CorrectionError::Unknown(source.code.clone())),
    }
}

/// Parts a learner from one for whom they stand, for good.
pub async fn part(
    store: &Store,
    source: &Source,
    (id, merged_from): (&ExternalId, LearnerId),
    reason: &Reason,
    now: Timestamp,
) -> Result<(), CorrectionError> {
    let learner = known(store, source, id).await?;
    let stood_for = store.learner(merged_from).await?.map(|found| found.id);
    if stood_for != Some(learner.id) || merged_from == learner.id {
        return Err(CorrectionError::StandsForNobody);
    }
    match store.part_learner(&source.code, merged_from, reason.as_str(), now).await? {
        Merged::Done => Ok(()),
        Merged::Already => Err(CorrectionError::TwoAlready),
        Merged::NotFound => Err(CorrectionError::StandsForNobody),
    }
}

async fn known(store: &Store, source: &Source, id: &ExternalId) -> Result<LearnerRecord, CorrectionError> {
    let found = store.learner_by_external(&source.code, id).await?;
    found.ok_or_else(|| CorrectionError::Unknown(source.code.clone()))
}

/// What a learner is to be called.
#[derive(Debug, Clone, Copy)]
pub struct Right<'a> {
    /// The name.
    pub name: &'a PersonName,
    /// The address; where none is named, the one that is known stays.
    pub email: Option<&'a Email>,
    /// Why.
    pub reason: &'a Reason,
}

/// One award of a learner whose name was put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Corrected {
    /// The award.
    pub award: AwardId,
    /// The session that it is of.
    pub session: Code,
    /// What comes of it.
    pub outcome: CorrectedOutcome,
}

/// What comes of an award of a learner whose name was put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorrectedOutcome {
    /// Its next version is being made.
    Reissued(CredentialId),
    /// It carries the right details already, or will once it is signed.
    AlreadyRight,
    /// It is being signed with the old ones, or waits: asked again later, it is made anew.
    NotIssuedYet,
    /// Its credential was revoked for a reason that a new version would undo.
    Revoked,
    /// Something must be supplied first.
    Blocked(Vec<BlockReason>),
}

impl CorrectedOutcome {
    /// The word used in JSON.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Reissued(_) => "reissued",
            Self::AlreadyRight => "already_right",
            Self::NotIssuedYet => "not_issued_yet",
            Self::Revoked => "revoked",
            Self::Blocked(_) => "blocked",
        }
    }
}

impl Service {
    /// Puts right what a learner of a source is called, and has each award made anew that carries something else: those of one
    /// issuer, or of all. Tells of each as it goes. Cut off, it can be asked for again: what is right already stays as it is.
    pub async fn correct_learner(
        &self,
        source: &Source,
        id: &ExternalId,
        right: Right<'_>,
        (issuer, by): (Option<&Code>, &Actor),
        mut tell: impl FnMut(Corrected),
    ) -> Result<LearnerRecord, CorrectionError> {
        let store = self.store.by(by.clone());
        let learner = known(&store, source, id).await?.id;
        let (called, reason) = ((right.name, right.email), right.reason.as_str());
        let saved = store.correct_learner(&source.code, learner, called, reason, self.clock.now()).await?;
        let learner = match saved {
            Some(_) => store.learner(learner).await?,
            None => None,
        };
        let learner = learner.ok_or_else(|| CorrectionError::Unknown(source.code.clone()))?;
        self.wake.notify_waiters();
        let recipient = Recipient { name: learner.name.clone(), email: learner.email.clone() };
        let filter = AwardFilter { learner: Some(learner.id), issuer: issuer.cloned(), ..AwardFilter::default() };
        let mut page = Page { limit: PAGE, after: None };
        loop {
            let found = store.awards(&filter, &page).await?;
            for award in found.items {
                let (id, session) = (award.id, award.session.clone());
                let outcome = self.correct_award(&award, &recipient, by).await?;
                tell(Corrected { award: id, session, outcome });
            }
            page.after = found.next;
            if page.after.is_none() {
                return Ok(learner);
            }
        }
    }

    async fn correct_award(
        &self,
        award: &Award,
        right: &Recipient,
        by: &Actor,
    ) -> Result<CorrectedOutcome, ServiceError> {
        let is_right = match award.state {
            AwardState::Issued => {
                let current = self.store.current_credential(award.id).await?;
                current.is_some_and(|current| current.revocation.is_none() && current.recipient == *right)
            }
            AwardState::Issuing => award.snapshot.recipient == *right,
            AwardState::Blocked { .. } => false,
        };
        if is_right {
            return Ok(CorrectedOutcome::AlreadyRight);
        }
        Ok(match self.reissue(award.id, by.clone()).await? {
            Reissue::Planned(credential) => CorrectedOutcome::Reissued(credential),
            Reissue::Revoked => CorrectedOutcome::Revoked,
            Reissue::NotIssued | Reissue::NotFound => CorrectedOutcome::NotIssuedYet,
            Reissue::Blocked(reasons) => CorrectedOutcome::Blocked(reasons),
        })
    }
}
