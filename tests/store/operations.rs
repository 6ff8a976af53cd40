//! Long operations as they are kept: no row is lost, none is there twice, whoever dies when.

use sceau::catalog::AwardKind;
use sceau::ids::{LearnerId, OperationId};
use sceau::operation::{Operation, OperationState, Place, Request, Row, RowDetail, RowOutcome};
use sceau::store::{Job, ManualDecision, Part, Steered, Store, StoreError, Task};

use crate::support::{at, claim, code, furnish, learner, on_both_engines, random};

async fn start(store: &Store, learners: Vec<LearnerId>) -> OperationId {
    let operation = Operation {
        id: OperationId::random(random()),
        issuer: code("dgafp"),
        session: code("s1"),
        total: u32::try_from(learners.len()).unwrap(),
        request: Request::Decide { award: AwardKind::Participation, verdict: None, reason: "x".into(), learners },
        state: OperationState::Running,
        place: Place::Named(0),
        done: 0,
        counts: Default::default(),
        problem: None,
        created: at(0),
        changed: at(0),
    };
    store.start_operation(&operation).await.unwrap();
    operation.id
}

fn part(learner: LearnerId, done: u32, state: OperationState) -> Part {
    let row = Row { learner, outcome: RowOutcome::Decided, detail: RowDetail::default() };
    let decision = ManualDecision {
        session: code("s1"),
        issuer: code("dgafp"),
        learner,
        kind: AwardKind::Participation,
        verdict: None,
        reason: "x".into(),
    };
    Part {
        rows: vec![row],
        decisions: vec![decision],
        revocations: vec![],
        reason: String::new(),
        learners: 1,
        place: Place::Named(done),
        state,
        problem: None,
    }
}

/// The next job of an operation; decisions that it caused are ended on the way.
async fn next_part(store: &Store, seconds: i64) -> Job {
    loop {
        let job = claim(store, seconds).await;
        match job.task {
            Task::Operate { .. } => return job,
            _ => store.complete_job(&job).await.unwrap(),
        }
    }
}

on_both_engines! {
    async fn a_part_whose_worker_was_thought_dead_counts_once(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (one, two) = (learner(&store, "1").await, learner(&store, "2").await);
        let id = start(&store, vec![one, two]).await;
        let slow = next_part(&store, 0).await;
        // Its lease runs out; another worker does the same part.
        let other = next_part(&store, 100).await;
        let done = store.finish_part(&other, id, &part(one, 1, OperationState::Running), at(101)).await.unwrap();
        assert_eq!(done, OperationState::Running);
        let late = store.finish_part(&slow, id, &part(one, 1, OperationState::Running), at(102)).await;
        assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");

        let job = next_part(&store, 103).await;
        store.finish_part(&job, id, &part(two, 2, OperationState::Done), at(104)).await.unwrap();
        let operation = store.operation(id).await.unwrap().unwrap();
        assert_eq!((operation.state, operation.done), (OperationState::Done, 2));
        assert_eq!(operation.counts.into_iter().collect::<Vec<_>>(), [(RowOutcome::Decided, 2)]);
        let rows = store.operation_rows(id, None, 0, 100).await.unwrap();
        let told: Vec<_> = rows.iter().map(|row| (row.number, row.learner.as_str())).collect();
        assert_eq!(told, [(1, "1"), (2, "2")]);
        assert_eq!(store.operation_learners(id, RowOutcome::Decided).await.unwrap().len(), 2);
    }

    async fn what_is_paused_in_mid_part_stops_after_it_and_goes_on(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (one, two) = (learner(&store, "1").await, learner(&store, "2").await);
        let id = start(&store, vec![one, two]).await;
        let job = next_part(&store, 0).await;
        let pause = (&[OperationState::Running][..], OperationState::Paused);
        assert_eq!(store.steer_operation(id, pause, None, at(1)).await.unwrap(), Steered::Done);
        let state = store.finish_part(&job, id, &part(one, 1, OperationState::Running), at(2)).await.unwrap();
        assert_eq!(state, OperationState::Paused, "its part counts, and no other is queued");
        let left = store.claim_job("w1", at(3), 60).await.unwrap();
        assert!(left.is_none_or(|job| matches!(job.task, Task::Decide { .. })));
        assert_eq!(store.steer_operation(id, pause, None, at(4)).await.unwrap(), Steered::Not(OperationState::Paused));
        let resume = (&[OperationState::Paused][..], OperationState::Running);
        assert_eq!(store.steer_operation(id, resume, None, at(5)).await.unwrap(), Steered::Done);
        let job = next_part(&store, 200).await;
        store.finish_part(&job, id, &part(two, 2, OperationState::Done), at(201)).await.unwrap();
        assert_eq!(store.operation(id).await.unwrap().unwrap().place, Place::Named(2));
        let nobody = OperationId::random(random());
        assert_eq!(store.steer_operation(nobody, resume, None, at(6)).await.unwrap(), Steered::NotFound);
    }
}
