//! The queue: claims, leases, second tries.

use sceau::store::{Accepted, DeliveryEnd, StoreError, Taken, Task};

use crate::support::*;

on_both_engines! {
    async fn the_job_that_waited_longest_comes_first_and_none_before_its_time(db: &TestDb) {
        let store = db.open().await;
        assert_eq!(store.next_run_at().await.unwrap(), None);
        assert_eq!(store.claim_job("w1", at(0), 60).await.unwrap(), None);
        let (late, early) = (delivery("late", 20), delivery("early", 10));
        store.accept_delivery(&late).await.unwrap();
        store.accept_delivery(&early).await.unwrap();
        assert_eq!(store.next_run_at().await.unwrap(), Some(at(10)));
        assert_eq!(store.claim_job("w1", at(9), 60).await.unwrap(), None);
        let job = claim(&store, 30).await;
        assert_eq!((&job.task, job.attempt, job.leased_until), (&Task::TakeUpDelivery { delivery: early.id }, 1, at(90)));
        assert_eq!(claim(&store, 30).await.task, Task::TakeUpDelivery { delivery: late.id });
        assert_eq!(store.claim_job("w1", at(30), 60).await.unwrap(), None);
        assert_eq!(store.next_run_at().await.unwrap(), Some(at(90)));
        store.extend_lease(&job, at(200)).await.unwrap();
        assert_eq!(store.jobs_pending().await.unwrap(), 2);
        store.complete_job(&job).await.unwrap();
        assert_eq!(store.jobs_pending().await.unwrap(), 1);
    }

    async fn a_worker_that_comes_back_from_the_dead_changes_nothing(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let new = delivery("w-1", 0);
        store.accept_delivery(&new).await.unwrap();
        let lost = store.claim_job("w1", at(0), 60).await.unwrap().unwrap();
        assert_eq!(store.claim_job("w2", at(59), 60).await.unwrap(), None);
        // The worker was killed: another takes over once the lease is out, even one of the same name.
        let taken_over = store.claim_job("w1", at(60), 60).await.unwrap().unwrap();
        assert_eq!((taken_over.id, taken_over.attempt), (lost.id, 2));
        let taken = Taken { evidence: vec![completed("s1", zoe, 0)], end: DeliveryEnd::Processed };
        let refused = [
            store.finish_delivery(&lost, new.id, &taken, at(61)).await.map(drop),
            store.complete_job(&lost).await,
            store.retry_job(&lost, at(99), "x").await,
            store.bury_job(&lost, "x").await,
            store.extend_lease(&lost, at(999)).await,
        ];
        for outcome in refused {
            assert!(matches!(outcome, Err(StoreError::LeaseLost)), "{outcome:?}");
        }
        assert!(store.ledger(&code("s1"), zoe).await.unwrap().evidence.is_empty());
        store.finish_delivery(&taken_over, new.id, &taken, at(61)).await.unwrap();
        assert_eq!(store.ledger(&code("s1"), zoe).await.unwrap().evidence.len(), 1);
        assert!(matches!(store.complete_job(&taken_over).await, Err(StoreError::LeaseLost)));
    }

    async fn the_same_work_stands_once_in_the_queue_and_running_work_swallows_none(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let running = decision(&store, "s1", zoe, 0).await;
        assert_eq!(store.jobs_pending().await.unwrap(), 1);
        for _ in 0..3 {
            store.redecide_session(&code("s1"), at(5)).await.unwrap();
        }
        // The running one looked at an older ledger, so one more waits, and only one.
        assert_eq!(store.jobs_pending().await.unwrap(), 2);
        // A second try does not collide with it.
        store.retry_job(&running, at(50), "busy").await.unwrap();
        assert_eq!(store.jobs_pending().await.unwrap(), 2);
        // Asked for at an earlier moment, it comes at that moment.
        store.redecide_session(&code("s1"), at(1)).await.unwrap();
        assert_eq!(store.next_run_at().await.unwrap(), Some(at(1)));
        assert_eq!(store.jobs_pending().await.unwrap(), 2);
    }

    async fn a_job_is_tried_again_buried_and_revived(db: &TestDb) {
        let store = db.open().await;
        let new = delivery("w-1", 0);
        assert_eq!(store.accept_delivery(&new).await.unwrap(), Accepted::New(new.id));
        let first = claim(&store, 0).await;
        store.retry_job(&first, at(30), "once\0more").await.unwrap();
        assert_eq!(store.claim_job("w1", at(29), 60).await.unwrap(), None);
        let job = claim(&store, 30).await;
        assert_eq!(job.attempt, 2);
        store.bury_job(&job, "it never works").await.unwrap();
        assert_eq!(store.jobs_pending().await.unwrap(), 0);
        assert_eq!(store.next_run_at().await.unwrap(), None);
        let dead = store.dead_jobs().await.unwrap();
        assert_eq!((dead.len(), dead[0].id, dead[0].attempts), (1, job.id, 2));
        assert_eq!((dead[0].error.as_str(), dead[0].task.as_ref()), ("it never works", Some(&job.task)));
        assert_eq!(store.revive_job(job.id, at(40)).await.unwrap(), Some(()));
        assert_eq!(store.revive_job(job.id, at(40)).await.unwrap(), None);
        let revived = claim(&store, 40).await;
        assert_eq!(revived.attempt, 1);
        // Whoever held it before it was buried is still shut out, though the attempts are counted anew.
        assert!(matches!(store.complete_job(&first).await, Err(StoreError::LeaseLost)));
        store.complete_job(&revived).await.unwrap();
    }

    async fn a_task_that_this_binary_cannot_read_is_set_aside(db: &TestDb) {
        let store = db.open().await;
        let (odd, plain) = (delivery("odd", 0), delivery("plain", 1));
        store.accept_delivery(&odd).await.unwrap();
        db.tamper("update jobs set task = '{\"task\":\"from_the_future\"}'").await;
        store.accept_delivery(&plain).await.unwrap();
        assert_eq!(claim(&store, 5).await.task, Task::TakeUpDelivery { delivery: plain.id });
        let dead = store.dead_jobs().await.unwrap();
        assert_eq!((dead.len(), dead[0].task.as_ref()), (1, None));
    }
}
