//! Both engines give the same answers: one story, told twice with the same randomness, compared line by line.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use sceau::award::{BlockReason, RevocationCategory};
use sceau::entropy::Entropy;
use sceau::ids::{AwardId, CredentialId, DeliveryId, SubjectId};
use sceau::store::{
    AwardStep, BlockedScope, DeliveryEnd, DeliveryFilter, LearnerUpdate, NewDelivery, Page, StoreError, Taken, Task,
    WaitFor,
};

use crate::support::*;

/// The same bytes every time.
struct Replayed(Mutex<u64>);

impl Entropy for Replayed {
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().expect("not poisoned");
        for byte in buffer {
            *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            *byte = (*state >> 33) as u8;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn both_engines_tell_the_same_story() {
    let stories = Arc::new(Mutex::new(Vec::new()));
    let (first, second) = (stories.clone(), stories.clone());
    on_sqlite(|db| async move {
        let told = story(&db).await;
        first.lock().expect("not poisoned").push(told);
    })
    .await;
    on_postgres(|db| async move {
        let told = story(&db).await;
        second.lock().expect("not poisoned").push(told);
    })
    .await;
    let stories = stories.lock().expect("not poisoned");
    assert!(stories[0].lines().count() > 30);
    if let [sqlite, postgres] = &stories[..] {
        assert_eq!(sqlite, postgres);
    }
}

async fn story(db: &TestDb) -> String {
    let drawn = Arc::new(Replayed(Mutex::new(7)));
    let entropy: &dyn Entropy = &*drawn;
    let store = db.open_with(|options| options.entropy = drawn.clone()).await;
    let mut told = String::new();
    macro_rules! tell {
        ($answer:expr) => {
            writeln!(told, "{}: {:?}", line!(), $answer.map_err(|error| error.to_string())).expect("a string")
        };
    }
    tell!(store.put_training(&training("laicite"), at(0)).await);
    furnish(&store).await;
    let source = code("mentor");
    for place in 0..12 {
        let id = external(&place.to_string());
        let known = (place % 4 != 0).then(|| name(&format!("Élève {place}")));
        tell!(store.put_learner(&source, &id, known.as_ref(), None, LearnerUpdate::Complete, at(0)).await);
        let webhook_id = format!("w-{}", place / 2 * 2);
        let new = NewDelivery { id: DeliveryId::random(entropy), ..delivery(&webhook_id, 60 - place) };
        tell!(store.accept_delivery(&new).await);
    }
    for step in 0..60 {
        let now = at(100 + step);
        let Some(job) = store.claim_job("w1", now, 5).await.expect("claims") else { break };
        writeln!(told, "{:?} {} {}", job.task, job.attempt, job.leased_until).expect("a string");
        match (&job.task, step % 7) {
            (Task::Operate { .. }, _) => unreachable!("none was started"),
            (_, 3) => tell!(store.retry_job(&job, at(130), "seven").await),
            (_, 5) => tell!(store.bury_job(&job, "five").await),
            (Task::TakeUpDelivery { delivery }, _) => {
                let webhook_id = store.delivery(*delivery).await.expect("reads").expect("kept").record.webhook_id;
                let id = external(webhook_id.trim_start_matches("w-"));
                let learner = store.learner_by_external(&source, &id).await.expect("reads").expect("known").id;
                let end = match step % 5 {
                    0 => DeliveryEnd::Parked { wait_for: WaitFor::Session(code("s9")), reason: "unknown".into() },
                    1 => DeliveryEnd::Dead { reason: "odd".into() },
                    _ => DeliveryEnd::Processed,
                };
                let evidence = vec![completed("s1", learner, step), completed("s2", learner, step)];
                tell!(store.finish_delivery(&job, *delivery, &Taken { evidence, end }, now).await);
            }
            (Task::Decide { session, learner }, _) => {
                let id = CredentialId::random(entropy);
                let mut made = award(&store, session.as_str(), *learner).await;
                made.id = AwardId::random(entropy);
                made.subject = SubjectId::random(entropy);
                let (made, secrets) = (Box::new(made.clone()), secrets(&made));
                let step = match step % 3 {
                    0 => AwardStep::OpenBlocked(made, secrets, vec![BlockReason::NameMissing]),
                    _ => AwardStep::Open(made, secrets, plan(id, 1)),
                };
                tell!(store.settle_decision(&job, &[step], now).await);
            }
            (Task::Issue { credential }, _) => {
                tell!(store.store_signed(&job, *credential, &signed("signed"), now).await)
            }
            (Task::Send { .. }, _) => unreachable!("messages have a lane of their own"),
        }
        tell!(store.jobs_pending().await);
        tell!(store.next_run_at().await);
    }
    tell!(store.put_session(&session("s9"), at(200)).await);
    tell!(store.requeue_blocked(&BlockedScope::All, at(201)).await);
    tell!(store.dead_jobs().await);
    tell!(store.deliveries(&DeliveryFilter::default(), &Page { limit: 4, after: None }).await);
    let awards = store.awards(&Default::default(), &Page::default()).await.expect("reads").items;
    for award in &awards {
        writeln!(told, "{award:?}").expect("a string");
        tell!(store.ledger(&award.session, award.learner).await);
        for credential in store.credentials_of(award.id).await.expect("reads") {
            tell!(store.revoke(credential.id, RevocationCategory::LearnerRequest, "", "x", at(300)).await);
            tell!(store.credential(credential.id).await);
            tell!(store.status_list(credential.slot.list).await);
        }
    }
    let unknown: Result<(), _> = Err(StoreError::Reference);
    tell!(unknown);
    told
}
