//! New versions of issued credentials: one by one, to correct them; all at once, where a key that signed them is compromised.
//!
//! A new version is planned here and signed by a worker like any other (`issuance`). It has the award date and the subject of the
//! one before, which is revoked, and leads to it, in the transaction that stores the new one.

use std::convert::Infallible;

use crate::audit::Actor;
use crate::award::{Award, AwardState, BlockReason, Recipient, RevocationCategory};
use crate::ids::{AwardId, Code, CredentialId};
use crate::service::{Service, ServiceError};
use crate::store::{Settled, StatusSlot};

/// How many credentials are looked up at once.
const PAGE: u32 = 200;

/// What asking for a new version came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reissue {
    /// The next version is being made.
    Planned(CredentialId),
    /// There is no such award.
    NotFound,
    /// The award is not issued, so there is nothing to correct.
    NotIssued,
    /// Its credential was revoked for a reason that a new version would undo.
    Revoked,
    /// Something must be supplied first.
    Blocked(Vec<BlockReason>),
}

/// One award that a compromised key signed, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Swept {
    /// The award.
    pub award: AwardId,
    /// The session it was earned in.
    pub session: Code,
    /// What came of it.
    pub outcome: SweptOutcome,
}

/// What came of one award that a compromised key signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SweptOutcome {
    /// Its next version is planned now.
    Planned,
    /// Its next version was planned before and is not signed yet.
    UnderWay,
    /// Its next version can't be made before these are settled.
    Blocked(Vec<BlockReason>),
}

impl Service {
    /// Corrects an issued award with what is known of the learner now, on somebody's behalf. The version before is revoked once
    /// the new one is signed.
    pub async fn reissue(&self, id: AwardId, by: Actor) -> Result<Reissue, ServiceError> {
        let Some(award) = self.store.award(id).await? else { return Ok(Reissue::NotFound) };
        let learner = self.store.learner(award.learner).await?;
        let learner = learner.ok_or_else(|| ServiceError::Defect("a learner is gone from storage".into()))?;
        let recipient = Recipient { name: learner.name, email: learner.email };
        self.plan_next_version(award, Some(recipient), RevocationCategory::DetailsCorrected, by).await
    }

    /// Plans the next version of every credential of an issuer that a compromised key signed and that still counts, for the same
    /// recipient, and tells of each award as it goes. Run again, it finds what was left and plans nothing twice.
    pub async fn reissue_compromised(
        &self,
        issuer: &Code,
        by: &Actor,
        mut tell: impl FnMut(&Swept),
    ) -> Result<(), ServiceError> {
        let replaces_as = RevocationCategory::KeyCompromise;
        let mut after = None;
        loop {
            let found = self.store.compromised_credentials(issuer, after, PAGE).await?;
            let Some((last, _)) = found.last() else { return Ok(()) };
            after = Some(*last);
            for (_, id) in found {
                let gone = || ServiceError::Defect("an award is gone from storage".into());
                let award = self.store.award(id).await?.ok_or_else(gone)?;
                let session = award.session.clone();
                let waits = match &award.state {
                    AwardState::Blocked { reasons } => Some(reasons.clone()),
                    AwardState::Issuing | AwardState::Issued => None,
                };
                let outcome = match waits {
                    Some(reasons) => SweptOutcome::Blocked(reasons),
                    None => match self.plan_next_version(award, None, replaces_as, by.clone()).await? {
                        Reissue::Planned(_) => SweptOutcome::Planned,
                        Reissue::Blocked(reasons) => SweptOutcome::Blocked(reasons),
                        Reissue::NotIssued => SweptOutcome::UnderWay,
                        // Revoked by an officer since the page was read: it no longer counts.
                        Reissue::Revoked | Reissue::NotFound => continue,
                    },
                };
                tell(&Swept { award: id, session, outcome });
            }
        }
    }

    /// Plans the version after the current one: for another recipient, or for the same.
    async fn plan_next_version(
        &self,
        mut award: Award,
        recipient: Option<Recipient>,
        replaces_as: RevocationCategory,
        by: Actor,
    ) -> Result<Reissue, ServiceError> {
        if award.state != AwardState::Issued {
            return Ok(Reissue::NotIssued);
        }
        let Some(current) = self.store.current_credential(award.id).await? else { return Ok(Reissue::NotIssued) };
        let stays_revoked =
            |category| !matches!(category, RevocationCategory::DetailsCorrected | RevocationCategory::KeyCompromise);
        let seen = current.revocation.map(|revocation| revocation.category);
        if seen.is_some_and(stays_revoked) {
            return Ok(Reissue::Revoked);
        }
        award.snapshot.recipient = recipient.unwrap_or(current.recipient);
        let key_id = match self.readiness(&award).await? {
            Ok(key_id) => key_id,
            Err(reasons) => return Ok(Reissue::Blocked(reasons)),
        };
        let planned = self.plan(&award, self.name_secret(award.id).await?, key_id, replaces_as).await?;
        let compose = |slot: &StatusSlot| Ok::<_, Infallible>(planned.compose(self, &award, slot));
        match self.store.by(by).reissue(&award, &planned.as_plan(&compose), seen, self.clock.now()).await? {
            Settled::Done => {
                self.wake.notify_waiters();
                Ok(Reissue::Planned(planned.id))
            }
            Settled::Raced => Ok(Reissue::NotIssued),
            Settled::Refused(never) => match never {},
        }
    }
}
