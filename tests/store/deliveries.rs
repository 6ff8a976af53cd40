//! Deliveries, from their arrival to the ledger.

use sceau::evidence::Score;
use sceau::ids::{DeliveryId, LearnerId};
use sceau::store::{
    Accepted, DeliveryEnd, DeliveryFilter, DeliveryState, Finished, Job, LearnerUpdate, Page, Replayed, Store, Taken,
    Task, WaitFor,
};

use crate::support::*;

/// Accepts a delivery and claims its job.
async fn arrive(store: &Store, webhook_id: &str, seconds: i64) -> (DeliveryId, Job) {
    let new = delivery(webhook_id, seconds);
    assert_eq!(store.accept_delivery(&new).await.unwrap(), Accepted::New(new.id));
    let job = claim(store, seconds).await;
    assert_eq!(job.task, Task::TakeUpDelivery { delivery: new.id });
    (new.id, job)
}

async fn state(store: &Store, id: DeliveryId) -> DeliveryState {
    store.delivery(id).await.unwrap().unwrap().record.state
}

fn parked(wait_for: WaitFor) -> Taken {
    Taken { evidence: vec![], end: DeliveryEnd::Parked { wait_for, reason: "unknown".into() } }
}

on_both_engines! {
    async fn a_delivery_is_kept_once_byte_for_byte(db: &TestDb) {
        let store = db.open().await;
        let new = delivery("w-1", 0);
        assert_eq!(store.accept_delivery(&new).await.unwrap(), Accepted::New(new.id));
        let mut again = delivery("w-1", 5);
        assert_eq!(store.accept_delivery(&again).await.unwrap(), Accepted::Repeat(new.id));
        again.body.push(b' ');
        assert_eq!(store.accept_delivery(&again).await.unwrap(), Accepted::RepeatWithOtherBody(new.id));
        assert_eq!(store.jobs_pending().await.unwrap(), 1);
        let kept = store.delivery(new.id).await.unwrap().unwrap();
        assert_eq!(kept.body, new.body);
        assert_eq!((kept.record.state, kept.record.received_at), (DeliveryState::Queued, at(0)));
        assert_eq!(store.delivery(again.id).await.unwrap(), None);
        let elsewhere = sceau::store::NewDelivery { source: code("other"), ..again };
        assert_eq!(store.accept_delivery(&elsewhere).await.unwrap(), Accepted::New(elsewhere.id));
    }

    /// PostgreSQL keeps no NUL in a text, and a sender's word may be quoted in a reason.
    async fn a_reason_with_a_nul_is_kept_without_it(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (dead, job) = arrive(&store, "w-1", 0).await;
        let taken = Taken { evidence: vec![], end: DeliveryEnd::Dead { reason: "unknown field `a\0b`".into() } };
        store.finish_delivery(&job, dead, &taken, at(0)).await.unwrap();
        let (waits, job) = arrive(&store, "w-2", 1).await;
        let end = DeliveryEnd::Parked { wait_for: WaitFor::Source(code("mentor")), reason: "cours «\0»".into() };
        store.finish_delivery(&job, waits, &Taken { evidence: vec![], end }, at(1)).await.unwrap();
        for (id, reason) in [(dead, "unknown field `ab`"), (waits, "cours «»")] {
            let record = store.delivery(id).await.unwrap().unwrap().record;
            assert_eq!(record.reason.as_deref(), Some(reason));
        }
    }

    async fn facts_count_once_and_each_ledger_is_decided(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (zoe, ali) = (learner(&store, "1").await, learner(&store, "2").await);
        let (id, job) = arrive(&store, "w-1", 0).await;
        let mut scored = completed("s1", zoe, 3);
        scored.score = Some(Score(0.1 + 0.2));
        let evidence = vec![scored.clone(), completed("s1", zoe, 3), completed("s1", ali, 3), completed("s2", ali, 1)];
        let taken = Taken { evidence, end: DeliveryEnd::Processed };
        let finished = store.finish_delivery(&job, id, &taken, at(0)).await.unwrap();
        assert_eq!(finished, Finished { state: DeliveryState::Processed, appended: 3 });
        assert_eq!(state(&store, id).await, DeliveryState::Processed);
        assert_eq!(store.ledger(&code("s1"), zoe).await.unwrap().evidence, vec![scored]);
        assert_eq!(store.ledger(&code("s2"), zoe).await.unwrap().evidence, vec![]);
        let mut decided = Vec::new();
        while let Some(job) = store.claim_job("w1", at(1), 60).await.unwrap() {
            store.complete_job(&job).await.unwrap();
            decided.push(job.task);
        }
        assert_eq!(decided.len(), 3);
        for (session, learner) in [("s1", zoe), ("s1", ali), ("s2", ali)] {
            assert!(decided.contains(&Task::Decide { session: code(session), learner }));
        }
        assert_eq!(store.redecide_session(&code("s1"), at(2)).await.unwrap(), 2);
        assert_eq!(store.jobs_pending().await.unwrap(), 2);
    }

    async fn a_fact_about_a_learner_that_does_not_exist_undoes_everything(db: &TestDb) {
        let store = db.open().await;
        let (id, job) = arrive(&store, "w-1", 0).await;
        let evidence = vec![completed("s1", LearnerId::random(random()), 0)];
        let taken = Taken { evidence, end: DeliveryEnd::Processed };
        assert!(store.finish_delivery(&job, id, &taken, at(0)).await.is_err());
        assert_eq!(state(&store, id).await, DeliveryState::Queued);
        store.retry_job(&job, at(5), "reference").await.unwrap();
    }

    async fn what_a_parked_delivery_waits_for_releases_it(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let later = external("late");
        let waits = [
            WaitFor::Session(code("s9")),
            WaitFor::Training(code("laicite")),
            WaitFor::Source(code("mentor")),
            WaitFor::Learner { source: code("mentor"), external_id: later.clone() },
        ];
        let mut ids = Vec::new();
        for (place, wait_for) in waits.iter().enumerate() {
            let (id, job) = arrive(&store, &format!("w-{place}"), 0).await;
            let finished = store.finish_delivery(&job, id, &parked(wait_for.clone()), at(0)).await.unwrap();
            assert_eq!(finished.state, DeliveryState::Parked);
            let record = store.delivery(id).await.unwrap().unwrap().record;
            assert_eq!((record.wait_for.as_ref(), record.reason.as_deref()), (Some(wait_for), Some("unknown")));
            ids.push(id);
        }
        assert_eq!(store.jobs_pending().await.unwrap(), 0);

        // Nothing that changed, and nothing else, releases one.
        store.put_training(&training("laicite"), at(1)).await.unwrap();
        store.put_session(&session("s8"), at(1)).await.unwrap();
        assert_eq!(state(&store, ids[0]).await, DeliveryState::Parked);

        store.put_session(&session("s9"), at(1)).await.unwrap();
        let mut longer = training("laicite");
        longer.duration = "PT4H".parse().unwrap();
        store.put_training(&longer, at(1)).await.unwrap();
        let mut renamed = source("mentor");
        renamed.name = "Autre".to_owned().try_into().unwrap();
        store.put_source(&renamed, at(1)).await.unwrap();
        store.put_learner(&code("mentor"), &later, None, None, LearnerUpdate::Complete, at(1)).await.unwrap();
        for id in ids {
            let record = store.delivery(id).await.unwrap().unwrap().record;
            assert_eq!((record.state, record.wait_for, record.reason), (DeliveryState::Queued, None, None));
        }
        assert_eq!(store.jobs_pending().await.unwrap(), 4);
    }

    async fn what_came_while_the_worker_looked_is_not_missed(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let (id, job) = arrive(&store, "w-1", 0).await;
        store.put_session(&session("s9"), at(1)).await.unwrap();
        let wait = parked(WaitFor::Session(code("s9")));
        assert_eq!(store.finish_delivery(&job, id, &wait, at(2)).await.unwrap().state, DeliveryState::Queued);
        assert_eq!(claim(&store, 3).await.task, Task::TakeUpDelivery { delivery: id });
    }

    async fn what_was_understood_of_a_parked_delivery_counts_at_once(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (id, job) = arrive(&store, "w-1", 0).await;
        let taken = Taken { evidence: vec![completed("s1", zoe, 0)], ..parked(WaitFor::Session(code("s9"))) };
        let finished = store.finish_delivery(&job, id, &taken, at(0)).await.unwrap();
        assert_eq!(finished, Finished { state: DeliveryState::Parked, appended: 1 });
        assert_eq!(store.ledger(&code("s1"), zoe).await.unwrap().evidence.len(), 1);
    }

    async fn dead_deliveries_are_listed_and_replayed(db: &TestDb) {
        let store = db.open().await;
        let mut ids = Vec::new();
        for seconds in 0..5 {
            let (id, job) = arrive(&store, &format!("w-{seconds}"), seconds).await;
            let end = match seconds {
                4 => DeliveryEnd::Processed,
                _ => DeliveryEnd::Dead { reason: "not JSON".into() },
            };
            store.finish_delivery(&job, id, &Taken { evidence: vec![], end }, at(seconds)).await.unwrap();
            ids.push(id);
        }
        let filter = DeliveryFilter { state: Some(DeliveryState::Dead), source: Some(code("mentor")) };
        let first = store.deliveries(&filter, &Page { limit: 3, after: None }).await.unwrap();
        assert_eq!(first.items.iter().map(|item| item.id).collect::<Vec<_>>(), [ids[3], ids[2], ids[1]]);
        assert_eq!(first.items[0].reason.as_deref(), Some("not JSON"));
        let rest = store.deliveries(&filter, &Page { limit: 3, after: first.next }).await.unwrap();
        assert_eq!((rest.items[0].id, rest.items.len(), rest.next), (ids[0], 1, None));
        assert_eq!(store.deliveries(&DeliveryFilter::default(), &Page::default()).await.unwrap().items.len(), 5);
        let other = DeliveryFilter { source: Some(code("other")), state: None };
        assert_eq!(store.deliveries(&other, &Page::default()).await.unwrap().items, []);

        assert_eq!(store.replay_delivery(ids[0], at(9)).await.unwrap(), Some(Replayed::Queued));
        assert_eq!(store.replay_delivery(ids[0], at(9)).await.unwrap(), Some(Replayed::Not(DeliveryState::Queued)));
        assert_eq!(store.replay_delivery(ids[4], at(9)).await.unwrap(), Some(Replayed::Not(DeliveryState::Processed)));
        assert_eq!(store.replay_delivery(DeliveryId::random(random()), at(9)).await.unwrap(), None);
        assert_eq!(claim(&store, 9).await.task, Task::TakeUpDelivery { delivery: ids[0] });
    }

    async fn only_processed_deliveries_are_forgotten_and_never_within_seven_days(db: &TestDb) {
        let store = db.open().await;
        let day = 86_400;
        for (place, end) in [DeliveryEnd::Processed, DeliveryEnd::Dead { reason: "x".into() }].into_iter().enumerate() {
            let (id, job) = arrive(&store, &format!("w-{place}"), 0).await;
            store.finish_delivery(&job, id, &Taken { evidence: vec![], end }, at(0)).await.unwrap();
        }
        assert_eq!(store.purge_deliveries(1, at(7 * day)).await.unwrap(), 0);
        assert_eq!(store.purge_deliveries(30, at(8 * day)).await.unwrap(), 0);
        assert_eq!(store.purge_deliveries(1, at(7 * day + 1)).await.unwrap(), 1);
        assert_eq!(store.deliveries(&DeliveryFilter::default(), &Page::default()).await.unwrap().items.len(), 1);
    }
}
