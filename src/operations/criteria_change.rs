//! Criteria that change while a session runs. An award is never withdrawn by that: it stands, with an alert. But whoever changes the
//! criteria is told before, and says that it shall be so.

use super::{Part, failed};
use crate::catalog::{CriteriaByKind, EffectiveSession};
use crate::ids::Code;
use crate::operation::{Operation, OperationState, Orphans, RowOutcome};
use crate::service::{Service, ServiceError};
use crate::store::{AwardFilter, Entry, Page, Saved, StoreError};

/// How many awards are looked at while whoever changes a session waits for the answer. Where there are more, an operation does it.
const LOOKED_AT_ONCE: u32 = 200;

/// Why a change of criteria is refused for now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeRefused {
    /// Awards would stand that the criteria no longer cover.
    #[error(
        "{count} award(s) of the session {session} would no longer be covered by its criteria: add ?orphans=keep to let them stand, each with an alert; POST /api/v1/sessions/{session}/dry-run tells whose"
    )]
    Orphans {
        /// Of which session.
        session: Code,
        /// How many.
        count: usize,
    },
    /// There are too many awards to look at while somebody waits.
    #[error(
        "the session {session} has more than {LOOKED_AT_ONCE} awards: change its criteria by POST /api/v1/sessions/{session}/criteria, which looks at all of them first, or add ?orphans=keep"
    )]
    TooMany {
        /// Of which session.
        session: Code,
    },
}

impl Service {
    /// Whether a session may change so without a further word: no award would lose what covers it.
    pub async fn check_orphans(
        &self,
        before: &EffectiveSession,
        after: &EffectiveSession,
    ) -> Result<Result<(), ChangeRefused>, ServiceError> {
        let same = before.criteria() == after.criteria()
            && before.training.units == after.training.units
            && before.training.assessment == after.training.assessment
            && before.session.meetings == after.session.meetings;
        if same {
            return Ok(Ok(()));
        }
        let session = &before.session.code;
        let filter = AwardFilter { session: Some(session.clone()), ..AwardFilter::default() };
        let found = self.store.awards(&filter, &Page { limit: LOOKED_AT_ONCE, after: None }).await?;
        if found.next.is_some() {
            return Ok(Err(ChangeRefused::TooMany { session: session.clone() }));
        }
        let mut count = 0;
        for award in &found.items {
            let ledger = self.store.ledger(session, award.learner).await?;
            let met = |under| crate::criteria::decide(under, award.kind, &ledger).is_some_and(|decision| decision.met);
            count += usize::from(met(before) && !met(after));
        }
        Ok(if count == 0 { Ok(()) } else { Err(ChangeRefused::Orphans { session: session.clone(), count }) })
    }

    /// The conclusion of an operation that looked at everybody: asks where awards would lose what covers them, else puts the criteria
    /// in force and has everybody decided again.
    pub(super) async fn put_criteria_in_force(
        &self,
        operation: &Operation,
        session: &EffectiveSession,
        criteria: &CriteriaByKind,
        seen: &str,
        orphans: Orphans,
    ) -> Result<Part, ServiceError> {
        let kept = operation.counts.get(&RowOutcome::KeepsThoughUnmet).copied().unwrap_or(0);
        if kept > 0 && orphans == Orphans::Ask {
            return Ok(Part::at(operation.place.clone(), OperationState::NeedsConfirmation));
        }
        let mut changed = session.session.clone();
        changed.criteria = Some(criteria.clone());
        let now = self.clock.now();
        // Put in force by an earlier try that was cut off before its end was taken down: only the rest is left to do.
        if changed != session.session {
            match self.store.put_seen(Entry::Session(&changed), Some(seen), now).await {
                Ok(Saved::Created | Saved::Changed | Saved::Unchanged) => {}
                Err(StoreError::Stale) => {
                    let problem = "somebody else changed the session in the meantime; nothing was changed: ask again";
                    return Ok(failed(operation, problem.into()));
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.store.redecide_session(&operation.session, now).await?;
        self.wake.notify_waiters();
        Ok(Part::at(operation.place.clone(), OperationState::Done))
    }
}
