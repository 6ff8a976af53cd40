//! Where a learner stands in a session (issuance step 3): the criteria held against the ledger, an officer's word, and the session's
//! closing. Nothing is changed; issuing, dry runs and progress look at the same.

use crate::award::{self, Due, Met, VerdictByHand};
use crate::catalog::EffectiveSession;
use crate::criteria::{self, Decision};
use crate::evidence::Ledger;
use crate::ids::LearnerId;
use crate::service::{Service, ServiceError};

/// Where a learner stands with one kind of award.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// What the criteria say, and why.
    pub decision: Decision,
    /// The same, as far as the session's closing is concerned.
    pub met: Met,
    /// What an officer said instead.
    pub by_hand: Option<VerdictByHand>,
}

impl Standing {
    /// What the learner is due.
    pub fn due(&self) -> Due {
        award::due(self.met, self.by_hand.as_ref().map(|held| held.verdict))
    }
}

impl Service {
    /// Where a learner stands with each kind of award that a session grants. The session may be one that is only being thought of.
    pub async fn standings(
        &self,
        session: &EffectiveSession,
        learner: LearnerId,
    ) -> Result<Vec<Standing>, ServiceError> {
        let code = &session.session.code;
        let ledger = self.store.ledger(code, learner).await?;
        let in_time = match self.store.session_closed_at(code).await? {
            Some(closed) => Some(self.store.ledger_arrived_before(code, learner, closed).await?),
            None => None,
        };
        let mut standings = Vec::new();
        for kind in session.kinds() {
            let Some(decision) = criteria::decide(session, kind, &ledger) else { continue };
            let met_by = |ledger: &Ledger| criteria::decide(session, kind, ledger).is_some_and(|decision| decision.met);
            let met = match (decision.met, &in_time) {
                (false, _) => Met::No,
                (true, Some(in_time)) if !met_by(in_time) => Met::Late,
                (true, _) => Met::InTime,
            };
            let by_hand = self.store.verdict_by_hand(code, learner, kind).await?;
            standings.push(Standing { decision, met, by_hand });
        }
        Ok(standings)
    }
}
