//! Several workers and senders at once, each with its own connections where it matters.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sceau::evidence::{Evidence, Fact};
use sceau::ids::{CredentialId, LearnerId};
use sceau::proof::key::KeyKind;
use sceau::store::{
    Accepted, AddedKey, AwardStep, DeliveryEnd, DeliveryFilter, DeliveryState, Job, LearnerUpdate, Page, Settled,
    Signed, Store, StoreError, Taken, Task, WaitFor,
};
use sqlx::Connection as _;
use tokio::task::JoinSet;

use crate::support::*;

/// Tries again what a busy database or a deadlock's victim may try again, as workers do.
macro_rules! insist {
    ($attempt:expr) => {
        loop {
            match $attempt.await {
                Ok(value) => break value,
                Err(error) if StoreError::is_transient(&error) => tokio::task::yield_now().await,
                Err(error) => panic!("{error}"),
            }
        }
    };
}

on_both_engines! {
    async fn eight_workers_never_get_the_same_job(db: &TestDb) {
        // Two instances, four workers each.
        let stores = [db.open().await, db.open().await];
        for place in 0..120 {
            stores[0].accept_delivery(&delivery(&format!("w-{place}"), place)).await.unwrap();
        }
        let mut workers = JoinSet::new();
        for worker in 0..8 {
            let store = stores[worker % 2].clone();
            workers.spawn(async move {
                let mut jobs = Vec::new();
                let name = format!("w{worker}");
                while let Some(job) = insist!(store.claim_job(&name, at(500), 60)) {
                    jobs.push(job.id);
                }
                jobs
            });
        }
        let claimed: Vec<_> = workers.join_all().await.concat();
        assert_eq!(claimed.len(), 120);
        assert_eq!(claimed.iter().collect::<HashSet<_>>().len(), 120);
    }

    async fn of_eight_senders_of_one_delivery_one_is_new(db: &TestDb) {
        let store = db.open().await;
        let mut senders = JoinSet::new();
        for _ in 0..8 {
            let store = store.clone();
            senders.spawn(async move { store.accept_delivery(&delivery("w-1", 0)).await.unwrap() });
        }
        let answers = senders.join_all().await;
        let new: Vec<_> = answers.iter().filter(|answer| matches!(answer, Accepted::New(_))).collect();
        let [Accepted::New(id)] = new[..] else { panic!("{answers:?}") };
        assert_eq!(answers.iter().filter(|answer| **answer == Accepted::Repeat(*id)).count(), 7);
        assert_eq!(store.jobs_pending().await.unwrap(), 1);
    }

    async fn of_eight_decisions_at_once_one_makes_the_award(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let mut jobs = vec![decision(&store, "s1", zoe, 0).await];
        while jobs.len() < 8 {
            store.redecide_session(&code("s1"), at(1)).await.unwrap();
            jobs.push(claim(&store, 1).await);
        }
        let mut workers = JoinSet::new();
        for job in jobs {
            let store = store.clone();
            workers.spawn(async move {
                let award = award(&store, "s1", zoe).await;
                let id = CredentialId::random(random());
                let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
                insist!(store.settle_decision(&job, &steps, at(2)))
            });
        }
        let outcomes = workers.join_all().await;
        assert_eq!(outcomes.iter().filter(|outcome| **outcome == Settled::Done).count(), 1, "{outcomes:?}");
        assert_eq!(store.awards(&Default::default(), &Page::default()).await.unwrap().items.len(), 1);
    }

    async fn indexes_given_out_at_once_are_distinct(db: &TestDb) {
        let store = db.open_with(|options| options.status_list_size = 32).await;
        furnish(&store).await;
        let mut jobs = Vec::new();
        for place in 0..24 {
            let learner = learner(&store, &place.to_string()).await;
            jobs.push((learner, decision(&store, "s1", learner, place).await));
        }
        let mut workers = JoinSet::new();
        for (learner, job) in jobs {
            let store = store.clone();
            workers.spawn(async move {
                let award = award(&store, "s1", learner).await;
                let id = CredentialId::random(random());
                let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
                let settled = insist!(store.settle_decision(&job, &steps, at(2)));
                assert_eq!(settled, Settled::Done);
                store.credential(id).await.unwrap().unwrap().slot
            });
        }
        let slots = workers.join_all().await;
        let distinct: HashSet<_> = slots.iter().map(|slot| (slot.list, slot.index)).collect();
        assert_eq!(distinct.len(), 24);
        let mut by_list = BTreeMap::new();
        slots.iter().for_each(|slot| *by_list.entry(slot.list).or_insert(0) += 1);
        assert_eq!(by_list.into_values().max(), Some(16));
    }

    /// Keys rotate while workers store what they signed: each credential stands with the key that signed it, in the record and in
    /// the log, and none was stored under a key that was retired by then.
    async fn no_signature_is_stored_under_a_key_that_is_retired(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let mut planned = Vec::new();
        for place in 0..24 {
            let learner = learner(&store, &place.to_string()).await;
            let job = decision(&store, "s1", learner, place).await;
            let award = award(&store, "s1", learner).await;
            let id = CredentialId::random(random());
            let steps = [AwardStep::Open(Box::new(award.clone()), secrets(&award), plan(id, 1))];
            assert_eq!(store.settle_decision(&job, &steps, at(place)).await.unwrap(), Settled::Done);
            planned.push((id, claim(&store, place).await));
        }
        let ids: Vec<_> = planned.iter().map(|(id, _)| *id).collect();
        let mut tasks = JoinSet::new();
        for some in planned.chunks(4) {
            let (store, some) = (store.clone(), some.to_vec());
            tasks.spawn(async move {
                for (id, job) in some {
                    loop {
                        let active = insist!(store.active_key(&code("dgafp"), KeyKind::Ed25519)).expect("a key signs").key_id;
                        insist!(store.replace_intent(&job, id, &active, "unsigned"));
                        tokio::task::yield_now().await;
                        let text = format!("{id} by {active}");
                        match insist!(store.store_signed(&job, id, &signed(&text), at(100))) {
                            Signed::Stored => break,
                            Signed::KeyRetired => continue,
                            Signed::AlreadyThere => panic!("{id} was stored twice"),
                        }
                    }
                }
            });
        }
        let owner = store.clone();
        tasks.spawn(async move {
            for turn in 0..12 {
                let next = key("dgafp", &format!("turn-{turn}"));
                assert_eq!(insist!(owner.add_key(&next, at(100 + turn))), AddedKey::Added);
                tokio::task::yield_now().await;
            }
        });
        tasks.join_all().await;
        for id in ids {
            let record = store.credential(id).await.unwrap().unwrap();
            let document = record.signed.unwrap();
            assert_eq!(document.text, format!("{id} by {}", record.key_id));
            assert!(store.signing_log_contains(&document.sha256, &record.key_id).await.unwrap());
        }
    }

    /// Facts arrive while decisions run: the last decision has seen them all.
    async fn no_fact_is_left_undecided(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        for place in 0..60 {
            store.accept_delivery(&delivery(&format!("w-{place}"), 0)).await.unwrap();
        }
        let last_seen = Arc::new(tokio::sync::Mutex::new(0_usize));
        let mut workers = JoinSet::new();
        for worker in 0..6 {
            let (store, last_seen) = (store.clone(), last_seen.clone());
            workers.spawn(async move {
                let name = format!("w{worker}");
                loop {
                    let claimed = insist!(store.claim_job(&name, at(500), 60));
                    let Some(job) = claimed else {
                        if store.jobs_pending().await.unwrap() == 0 {
                            return;
                        }
                        tokio::task::yield_now().await;
                        continue;
                    };
                    match &job.task {
                        Task::TakeUpDelivery { delivery } => take_up(&store, &job, *delivery, zoe).await,
                        _ => {
                            let seen = store.ledger(&code("s1"), zoe).await.unwrap().evidence.len();
                            let mut last = last_seen.lock().await;
                            *last = seen.max(*last);
                            insist!(store.complete_job(&job));
                        }
                    }
                }
            });
        }
        workers.join_all().await;
        assert_eq!(*last_seen.lock().await, 60);
    }

    /// A request that is cut off (a time-out, a client that leaves) ends its transaction wherever it stands: both the delivery and
    /// its job are there, or neither, and the connection serves the next.
    async fn a_request_cut_off_at_any_moment_leaves_all_or_nothing(db: &TestDb) {
        let store = db.open_with(|options| options.connections = 2).await;
        for place in 0..80_u64 {
            let owner = store.clone();
            let request = tokio::spawn(async move { owner.accept_delivery(&delivery(&format!("w-{place}"), 0)).await });
            // Some at once, before a fast machine can be done; the others at growing distances.
            if place % 4 != 0 {
                tokio::time::sleep(std::time::Duration::from_micros(place * 25)).await;
            }
            request.abort();
        }
        // The connection serves the next; and the last one that was cut off while it committed is through by now.
        store.accept_delivery(&delivery("last", 0)).await.unwrap();
        let mut kept = Vec::new();
        let mut page = Page { limit: 50, after: None };
        loop {
            let part = store.deliveries(&DeliveryFilter::default(), &page).await.unwrap();
            kept.extend(part.items.into_iter().map(|record| record.id));
            match part.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let mut queued = Vec::new();
        while let Some(job) = store.claim_job("w1", at(1), 60).await.unwrap() {
            let Task::TakeUpDelivery { delivery } = job.task else { panic!("{:?}", job.task) };
            queued.push(delivery);
        }
        kept.sort_unstable();
        queued.sort_unstable();
        assert_eq!(kept, queued);
        assert!(kept.len() < 81, "none was cut off");
    }

    /// Deliveries are parked while what they wait for arrives: none stays parked.
    async fn no_delivery_is_left_parked(db: &TestDb) {
        let store = db.open().await;
        furnish(&store).await;
        for place in 0..40 {
            store.accept_delivery(&delivery(&format!("{place}"), 0)).await.unwrap();
        }
        let supplied = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for worker in 0..4 {
            let (store, supplied) = (store.clone(), supplied.clone());
            tasks.spawn(async move {
                let name = format!("w{worker}");
                loop {
                    let finished = supplied.load(Ordering::SeqCst);
                    let claimed = insist!(store.claim_job(&name, at(500), 60));
                    let Some(job) = claimed else {
                        if finished && store.jobs_pending().await.unwrap() == 0 {
                            return;
                        }
                        tokio::task::yield_now().await;
                        continue;
                    };
                    let Task::TakeUpDelivery { delivery } = job.task else { panic!("{:?}", job.task) };
                    let external_id = external(&store.delivery(delivery).await.unwrap().unwrap().record.webhook_id);
                    let known = store.learner_by_external(&code("mentor"), &external_id).await.unwrap();
                    let end = match known {
                        Some(_) => DeliveryEnd::Processed,
                        None => DeliveryEnd::Parked {
                            wait_for: WaitFor::Learner { source: code("mentor"), external_id },
                            reason: "unknown learner".into(),
                        },
                    };
                    let taken = Taken { evidence: vec![], end };
                    insist!(store.finish_delivery(&job, delivery, &taken, at(500)));
                }
            });
        }
        let (owner, done) = (store.clone(), supplied.clone());
        tasks.spawn(async move {
            for place in 0..40 {
                let (source, id) = (code("mentor"), external(&place.to_string()));
                insist!(owner.put_learner(&source, &id, None, None, LearnerUpdate::Complete, at(1)));
            }
            done.store(true, Ordering::SeqCst);
        });
        tasks.join_all().await;
        let processed = DeliveryFilter { state: Some(DeliveryState::Processed), source: None };
        assert_eq!(store.deliveries(&processed, &Page::default()).await.unwrap().items.len(), 40);
    }
}

/// Reads one fact out of a delivery, a new one each time, about one learner.
async fn take_up(store: &Store, job: &Job, id: sceau::ids::DeliveryId, learner: LearnerId) {
    let webhook_id = store.delivery(id).await.unwrap().unwrap().record.webhook_id;
    let seconds = webhook_id.trim_start_matches("w-").parse().unwrap();
    let fact = Fact::TimeMeasured { activity: None, seconds };
    let evidence = Evidence { fact, ..completed("s1", learner, 0) };
    let taken = Taken { evidence: vec![evidence], end: DeliveryEnd::Processed };
    insist!(store.finish_delivery(job, id, &taken, at(400)));
}

/// A fact joins a decision that stands in the queue already. Until the fact can be seen, nobody may claim that decision: it
/// would look at the ledger without it, and none would follow. (SQLite has one writer at a time.)
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_decision_is_not_claimed_before_the_facts_that_asked_for_it_can_be_seen() {
    on_postgres(|db| async move {
        let store = db.open().await;
        furnish(&store).await;
        let zoe = learner(&store, "1").await;
        let (first, second) = (delivery("w-1", 0), delivery("w-2", 0));
        store.accept_delivery(&first).await.unwrap();
        store.accept_delivery(&second).await.unwrap();
        let (one, two) = (claim(&store, 0).await, claim(&store, 0).await);
        let id = |job: &Job| match job.task {
            Task::TakeUpDelivery { delivery } => delivery,
            _ => panic!("{:?}", job.task),
        };
        let taken = |evidence| Taken { evidence, end: DeliveryEnd::Processed };
        store.finish_delivery(&one, id(&one), &taken(vec![completed("s1", zoe, 1)]), at(0)).await.unwrap();

        // Something else holds up the second delivery, after it joined the decision of s1 and before it commits.
        let mut other = sqlx::PgConnection::connect(&db.raw_url).await.unwrap();
        let mut other = other.begin().await.unwrap();
        let task = format!("{{\"task\":\"decide\",\"session\":\"s2\",\"learner\":\"{zoe}\"}}");
        let insert = "insert into jobs (id, task, state, run_at, attempt, claims) values ('x', $1, 'ready', 0, 0, 0)";
        sqlx::query(insert).bind(task).execute(&mut *other).await.unwrap();
        let held_up = tokio::spawn({
            let store = store.clone();
            let taken = taken(vec![completed("s1", zoe, 2), completed("s2", zoe, 2)]);
            async move { store.finish_delivery(&two, id(&two), &taken, at(1)).await.unwrap() }
        });
        let waiting =
            "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&mut *other).await.unwrap() == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        assert_eq!(store.claim_job("w1", at(5), 60).await.unwrap(), None);

        other.rollback().await.unwrap();
        assert_eq!(held_up.await.unwrap().appended, 2);
        assert_eq!(claim(&store, 5).await.task, Task::Decide { session: code("s1"), learner: zoe });
        assert_eq!(store.ledger(&code("s1"), zoe).await.unwrap().evidence.len(), 2);
    })
    .await;
}
