//! Workers: they claim jobs, run them, and try again with growing pauses what failed. Messages to others have workers of their own,
//! so that whoever is slow to take one holds up nothing of ours.
//!
//! A job's effects and its end are one transaction in storage, so a worker may die anywhere: its lease runs out and another
//! takes the job up. Here is only the loop.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use crate::service::{Service, ServiceError};
use crate::store::{Job, StoreError, Task};

/// How long a claimed job belongs to its worker, in seconds.
const LEASE_SECONDS: i64 = 60;
/// How often a job is tried before it is given up for an operator to look at: over a day, with the pauses below.
const MAX_ATTEMPTS: u32 = 36;
/// How long an idle worker sleeps before it looks again, for work that another instance accepted.
const POLL: Duration = Duration::from_secs(1);
/// How many messages are on their way at one time.
const MAX_SENDS: u32 = 12;

/// What a look at the queue came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// A job was run, or at least tried.
    Worked,
    /// Nothing is due.
    Idle,
}

/// Runs `count` workers until `stop` is notified; each finishes the job it holds.
pub async fn run(service: Arc<Service>, count: usize, stop: watch::Receiver<bool>) {
    let workers = (0..count.max(1)).map(|number| {
        let (service, mut stop) = (Arc::clone(&service), stop.clone());
        tokio::spawn(async move {
            let name = format!("{}-{number}", std::process::id());
            while !*stop.borrow() {
                let idle = match turn(&service, &name).await {
                    Ok(Turn::Worked) => false,
                    Ok(Turn::Idle) => true,
                    Err(error) => {
                        tracing::warn!(error = %error, "worker.storage_unavailable");
                        true
                    }
                };
                if idle {
                    tokio::select! {
                        () = service.wake.notified() => {}
                        () = tokio::time::sleep(POLL) => {}
                        _ = stop.changed() => {}
                    }
                }
            }
        })
    });
    let sender = tokio::spawn(send(Arc::clone(&service), stop.clone()));
    for worker in workers.collect::<Vec<_>>().into_iter().chain([sender]) {
        if let Err(error) = worker.await {
            tracing::error!(error = %error, "worker.panicked");
        }
    }
}

/// Claims one job and runs it. An error is one of storage itself; a job's own failure is recorded with the job.
pub async fn turn(service: &Service, worker: &str) -> Result<Turn, StoreError> {
    let Some(job) = service.store.claim_job(worker, service.clock.now(), LEASE_SECONDS).await? else {
        return Ok(Turn::Idle);
    };
    work(service, &job).await?;
    Ok(Turn::Worked)
}

/// Claims one message and tries to send it.
pub async fn send_turn(service: &Service, worker: &str) -> Result<Turn, StoreError> {
    let Some(job) = service.store.claim_send(worker, service.clock.now(), LEASE_SECONDS).await? else {
        return Ok(Turn::Idle);
    };
    work(service, &job).await?;
    Ok(Turn::Worked)
}

/// Sends messages, several at a time, until `stop` is notified; finishes those on their way.
async fn send(service: Arc<Service>, mut stop: watch::Receiver<bool>) {
    let places = Arc::new(Semaphore::new(MAX_SENDS as usize));
    let name = format!("{}-outbox", std::process::id());
    while !*stop.borrow() {
        let place = Arc::clone(&places).acquire_owned().await.expect("nobody closes it");
        let claimed = service.store.claim_send(&name, service.clock.now(), LEASE_SECONDS).await;
        match claimed {
            Ok(Some(job)) => {
                let service = Arc::clone(&service);
                tokio::spawn(async move {
                    if let Err(error) = work(&service, &job).await {
                        tracing::warn!(error = %error, "worker.storage_unavailable");
                    }
                    drop(place);
                    // Another of the same lane may go now.
                    service.outbox.notify_one();
                });
                continue;
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(error = %error, "worker.storage_unavailable"),
        }
        drop(place);
        tokio::select! {
            () = service.outbox.notified() => {}
            () = tokio::time::sleep(POLL) => {}
            _ = stop.changed() => {}
        }
    }
    let _ = places.acquire_many(MAX_SENDS).await;
}

/// Runs a claimed job. An error is one of storage itself; the job's own failure is recorded with it.
async fn work(service: &Service, job: &Job) -> Result<(), StoreError> {
    if job.attempt > MAX_ATTEMPTS {
        // It ended no attempt, not even in an error: it must not take every worker with it for ever.
        let error = ServiceError::Defect("every attempt was cut off: the job ends its worker".into());
        return record_failure(service, job, &error).await;
    }
    let outcome = surviving(async {
        match &job.task {
            Task::TakeUpDelivery { delivery } => service.take_up(job, *delivery).await,
            Task::Decide { session, learner } => service.decide(job, session, *learner).await,
            Task::Issue { credential } => service.issue(job, *credential).await,
            Task::Operate { operation } => service.operate(job, *operation).await,
            Task::Send { message } => service.send(job, *message).await,
        }
    })
    .await;
    match outcome {
        Ok(()) => Ok(()),
        Err(error) => record_failure(service, job, &error).await,
    }
}

/// Runs work whose panic is its own failure and not its worker's end.
async fn surviving<T>(work: impl Future<Output = Result<T, ServiceError>>) -> Result<T, ServiceError> {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(move |context| {
        // What a panic may leave half-done belongs to the job: its transaction is rolled back, its future dropped.
        match std::panic::catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(_) => Poll::Ready(Err(ServiceError::Defect("the job panicked; the log says where".into()))),
        }
    })
    .await
}

/// Runs until nothing is due: for commands and tests, which then know that all they caused is done.
pub async fn drain(service: &Service) -> Result<u32, StoreError> {
    let mut count = 0;
    while turn(service, "drain").await? == Turn::Worked || send_turn(service, "drain").await? == Turn::Worked {
        count += 1;
    }
    Ok(count)
}

async fn record_failure(service: &Service, job: &Job, error: &ServiceError) -> Result<(), StoreError> {
    // Somebody else has the job: it is theirs to finish, and to report on.
    if matches!(error, ServiceError::Store(StoreError::LeaseLost)) {
        return Ok(());
    }
    let recorded = if job.attempt >= MAX_ATTEMPTS {
        tracing::error!(job.id = %job.id, job.attempt, error = %error, "job.given_up");
        match &job.task {
            Task::Send { message } => {
                service.store.bury_send(job, *message, &error.to_string(), service.clock.now()).await
            }
            _ => service.store.bury_job(job, &error.to_string()).await,
        }
    } else {
        let pause = pause_seconds(job.attempt);
        tracing::warn!(job.id = %job.id, job.attempt, job.pause_seconds = pause, error = %error, "job.failed");
        service.store.retry_job(job, service.clock.now().plus_seconds(pause), &error.to_string()).await
    };
    match recorded {
        Err(StoreError::LeaseLost) => Ok(()),
        other => other,
    }
}

/// The pause after the `attempt`th failure: 1, 2, 4 … seconds, an hour at most.
fn pause_seconds(attempt: u32) -> i64 {
    (1_i64 << attempt.saturating_sub(1).min(12)).min(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_the_failure_of_its_job() {
        let outcome = surviving::<()>(async { panic!("on purpose") }).await;
        assert!(matches!(outcome, Err(ServiceError::Defect(_))));
        assert!(matches!(surviving(async { Ok(7) }).await, Ok(7)));
    }

    #[test]
    fn pauses_grow_to_an_hour() {
        assert_eq!([1, 2, 5, 12, 13, 64, 200].map(pause_seconds), [1, 2, 16, 2048, 3600, 3600, 3600]);
    }
}
