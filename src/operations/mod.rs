//! Long operations at work: one part of one at a time, by whichever worker claims it.
//!
//! A part looks at a hundred learners. Its effects, its lines of the report and the job for the next part commit together
//! (`store::finish_part`), so that the work can be stopped anywhere and goes on where it was.

mod criteria_change;

pub use criteria_change::ChangeRefused;

use crate::audit::Actor;
use crate::award::{Due, RevocationCategory};
use crate::catalog::{AwardKind, CriteriaByKind, EffectiveSession};
use crate::ids::{Code, LearnerId, OperationId};
use crate::operation::{Missing, Operation, OperationState, Orphans, Place, Request, Row, RowDetail, RowOutcome};
use crate::service::{Service, ServiceError};
use crate::standing::Standing;
use crate::store::{Job, ManualDecision, Part, Steered};
use crate::text::Lang;

/// How many learners one part looks at.
const PART: u32 = 100;

impl Part {
    /// A part that changes nothing but how far the operation came.
    fn at(place: Place, state: OperationState) -> Self {
        let (rows, decisions, revocations) = (Vec::new(), Vec::new(), Vec::new());
        Self { rows, decisions, revocations, reason: String::new(), learners: 0, place, state, problem: None }
    }
}

impl Service {
    /// Takes down what an officer asks for, and lets the workers begin.
    pub async fn start_operation(
        &self,
        session: &EffectiveSession,
        request: Request,
        by: Actor,
    ) -> Result<Operation, ServiceError> {
        let code = &session.session.code;
        let (total, place) = match request.learners() {
            Some(learners) => (u32::try_from(learners.len()).unwrap_or(u32::MAX), Place::Named(0)),
            None => (self.store.count_session_learners(code).await?, Place::Start),
        };
        let now = self.clock.now();
        let operation = Operation {
            id: OperationId::random(&*self.entropy),
            issuer: session.issuer().clone(),
            session: code.clone(),
            request,
            state: OperationState::Running,
            place,
            total,
            done: 0,
            counts: Default::default(),
            problem: None,
            created: now,
            changed: now,
        };
        self.store.by(by).start_operation(&operation).await?;
        self.wake.notify_waiters();
        Ok(operation)
    }

    /// Stops an operation; what was done stands.
    pub async fn pause_operation(&self, id: OperationId, by: Actor) -> Result<Steered, ServiceError> {
        self.steer(id, (&[OperationState::Running], OperationState::Paused), None, by).await
    }

    /// Lets a paused operation go on.
    pub async fn resume_operation(&self, id: OperationId, by: Actor) -> Result<Steered, ServiceError> {
        self.steer(id, (&[OperationState::Paused], OperationState::Running), None, by).await
    }

    /// Ends an operation for good; what was done stands.
    pub async fn cancel_operation(&self, id: OperationId, by: Actor) -> Result<Steered, ServiceError> {
        let from = [OperationState::Running, OperationState::Paused, OperationState::NeedsConfirmation];
        self.steer(id, (&from, OperationState::Cancelled), None, by).await
    }

    /// Lets an operation go on though awards will stand that the criteria no longer cover.
    pub async fn confirm_operation(&self, id: OperationId, by: Actor) -> Result<Steered, ServiceError> {
        let Some(operation) = self.store.operation(id).await? else { return Ok(Steered::NotFound) };
        let Request::ChangeCriteria { criteria, session_sha256, reason, .. } = operation.request else {
            return Ok(Steered::Not(operation.state));
        };
        let request = Request::ChangeCriteria { criteria, session_sha256, reason, orphans: Orphans::Keep };
        let change = (&[OperationState::NeedsConfirmation][..], OperationState::Running);
        self.steer(id, change, Some(&request), by).await
    }

    async fn steer(
        &self,
        id: OperationId,
        change: (&[OperationState], OperationState),
        request: Option<&Request>,
        by: Actor,
    ) -> Result<Steered, ServiceError> {
        let steered = self.store.by(by).steer_operation(id, change, request, self.clock.now()).await?;
        self.wake.notify_waiters();
        Ok(steered)
    }

    /// Does one part of an operation.
    pub async fn operate(&self, job: &Job, id: OperationId) -> Result<(), ServiceError> {
        let operation = self.store.operation(id).await?.filter(|found| found.state == OperationState::Running);
        let Some(operation) = operation else { return Ok(self.store.complete_job(job).await?) };
        let Some(session) = self.store.effective_session(&operation.session).await? else {
            return Err(ServiceError::Defect("an operation's session is gone".into()));
        };
        let part = match &operation.request {
            Request::DryRun { criteria } => match under(&session, criteria.as_ref()) {
                Ok(session) => self.look_at_all(&operation, &session, OperationState::Done).await?,
                Err(problem) => failed(&operation, problem),
            },
            Request::ChangeCriteria { criteria, session_sha256, orphans, .. } => {
                match under(&session, Some(criteria)) {
                    Err(problem) => failed(&operation, problem),
                    Ok(_) if operation.place == Place::Conclusion => {
                        self.put_criteria_in_force(&operation, &session, criteria, session_sha256, *orphans).await?
                    }
                    Ok(session) => self.look_at_all(&operation, &session, OperationState::Running).await?,
                }
            }
            Request::Decide { award, verdict, reason, learners } => {
                let decide = |learner: LearnerId| ManualDecision {
                    session: operation.session.clone(),
                    issuer: operation.issuer.clone(),
                    learner,
                    kind: *award,
                    verdict: *verdict,
                    reason: reason.clone(),
                };
                let (named, mut part) = next_named(&operation, learners);
                part.rows = named.iter().map(|learner| row(*learner, RowOutcome::Decided, *award)).collect();
                part.decisions = named.iter().copied().map(decide).collect();
                part
            }
            Request::Revoke { award, category, reason, learners } => {
                let (named, mut part) = next_named(&operation, learners);
                part.reason.clone_from(reason);
                self.plan_revocations(&operation.session, (*award, *category), named, &mut part).await?;
                part
            }
        };
        self.store.finish_part(job, id, &part, self.clock.now()).await?;
        Ok(())
    }

    /// Looks at the next learners of a session: where each stands, and what that would mean. `then` is the state after the last.
    async fn look_at_all(
        &self,
        operation: &Operation,
        session: &EffectiveSession,
        then: OperationState,
    ) -> Result<Part, ServiceError> {
        let after = match operation.place {
            Place::After(learner) => Some(learner),
            _ => None,
        };
        let (last, learners) = self.store.session_learners(&operation.session, after, PART).await?;
        let Some(last) = last else { return Ok(Part::at(Place::Conclusion, then)) };
        let mut part = Part::at(Place::After(last), OperationState::Running);
        part.learners = u32::try_from(learners.len()).unwrap_or(u32::MAX);
        for learner in learners {
            for standing in self.standings(session, learner).await? {
                let award = self.store.award_of(&operation.session, learner, standing.decision.kind).await?;
                part.rows.push(told(learner, &standing, award.map(|award| award.id)));
            }
        }
        Ok(part)
    }

    async fn plan_revocations(
        &self,
        session: &Code,
        (kind, category): (AwardKind, RevocationCategory),
        learners: &[LearnerId],
        part: &mut Part,
    ) -> Result<(), ServiceError> {
        for learner in learners {
            let award = self.store.award_of(session, *learner, kind).await?;
            let mut row = row(*learner, RowOutcome::NothingToRevoke, kind);
            row.detail.award = award.as_ref().map(|award| award.id);
            let current = match &award {
                Some(award) => self.store.current_credential(award.id).await?,
                None => None,
            };
            match current {
                Some(current) => part.revocations.push((current.id, category, row)),
                None => part.rows.push(row),
            }
        }
        Ok(())
    }
}

/// The session under criteria that are only being thought of, or why it can't have them.
fn under(session: &EffectiveSession, criteria: Option<&CriteriaByKind>) -> Result<EffectiveSession, String> {
    criteria.map_or_else(|| Ok(session.clone()), |criteria| session.under(criteria).map_err(|error| error.to_string()))
}

fn failed(operation: &Operation, problem: String) -> Part {
    Part { problem: Some(problem), ..Part::at(operation.place.clone(), OperationState::Failed) }
}

/// The next of the learners that an operation names, and the part that they make.
fn next_named<'a>(operation: &Operation, learners: &'a [LearnerId]) -> (&'a [LearnerId], Part) {
    let from = match operation.place {
        Place::Named(done) => done as usize,
        _ => 0,
    };
    let next = &learners[from.min(learners.len())..(from + PART as usize).min(learners.len())];
    let done = from + next.len();
    let state = if done >= learners.len() { OperationState::Done } else { OperationState::Running };
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut part = Part::at(Place::Named(count(done)), state);
    part.learners = count(next.len());
    (next, part)
}

fn row(learner: LearnerId, outcome: RowOutcome, kind: AwardKind) -> Row {
    Row { learner, outcome, detail: RowDetail { kind: Some(kind), ..RowDetail::default() } }
}

/// What a report says of where a learner stands.
fn told(learner: LearnerId, standing: &Standing, award: Option<crate::ids::AwardId>) -> Row {
    let (decision, due) = (&standing.decision, standing.due());
    let outcome = match (award.is_some(), due) {
        (true, Due::NotYet) => RowOutcome::KeepsThoughUnmet,
        (true, _) => RowOutcome::Keeps,
        (false, Due::Refused) => RowOutcome::Refused,
        (false, Due::NotYet) => RowOutcome::Misses,
        (false, Due::Award | Due::AwardAfterClosing) => RowOutcome::Gains,
    };
    let mut row = row(learner, outcome, decision.kind);
    row.detail.award = award;
    if due == Due::NotYet {
        row.detail.missing = Some(Missing { fr: decision.missing(Lang::Fr), en: decision.missing(Lang::En) });
    }
    row
}
