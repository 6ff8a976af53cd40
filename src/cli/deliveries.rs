//! `sceau deliveries` and `sceau jobs`: what comes in, and what became of it.

use clap::Subcommand;

use crate::audit::{Action, Entry, Object};
use crate::config::{Installation, SystemClock};
use crate::ids::{Code, DeliveryId, JobId};
use crate::store::{DeliveryFilter, DeliveryState, Page, Replayed};
use crate::time::Clock as _;

/// Commands of `sceau deliveries`.
#[derive(Debug, Subcommand)]
pub(super) enum DeliveriesCommand {
    /// List deliveries, newest first.
    List {
        #[command(flatten)]
        installation: Installation,
        /// Of one source.
        #[arg(long)]
        source: Option<Code>,
        /// In one state: queued, parked, processed or dead.
        #[arg(long, value_parser = parse_state)]
        state: Option<DeliveryState>,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Show one delivery and its body, which may hold personal data.
    Show {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `list` shows it.
        id: DeliveryId,
    },
    /// Delete processed deliveries of long ago, with the personal data in their bodies. The evidence stays in the ledger.
    Purge {
        #[command(flatten)]
        installation: Installation,
        /// How many days back they must have arrived; their ids are remembered that long.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(MIN_MEMORY_DAYS..))]
        days: u32,
    },
    /// Take up a dead or parked delivery again.
    Replay {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `list` shows it.
        id: DeliveryId,
    },
}

/// How many days ids are remembered at least: longer than any sender retries (Moodle's plugin stops after 46 hours).
const MIN_MEMORY_DAYS: i64 = 7;

/// Commands of `sceau jobs`.
#[derive(Debug, Subcommand)]
pub(super) enum JobsCommand {
    /// List the jobs that were given up, with the reason.
    Dead {
        #[command(flatten)]
        installation: Installation,
    },
    /// Try a job again that was given up.
    Retry {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `dead` shows it.
        id: JobId,
    },
}

fn parse_state(text: &str) -> Result<DeliveryState, String> {
    let all = DeliveryState::ALL;
    let found = all.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| format!("there are {}", all.map(DeliveryState::as_str).join(", ")))
}

/// Runs a command of `sceau deliveries`.
pub(super) async fn run(command: DeliveriesCommand) -> anyhow::Result<()> {
    match command {
        DeliveriesCommand::List { installation, source, state, limit } => {
            let store = super::open_store(&installation).await?;
            let found = store.deliveries(&DeliveryFilter { source, state }, &Page { limit, after: None }).await?;
            for delivery in &found.items {
                let reason = delivery.reason.as_deref().unwrap_or("");
                let (id, at, source) = (delivery.id, delivery.received_at, &delivery.source);
                println!("{id}  {at}  {source}  {}  {reason}", delivery.state.as_str());
            }
            if found.next.is_some() {
                eprintln!("there are more; raise --limit or narrow by --state and --source");
            }
        }
        DeliveriesCommand::Show { installation, id } => {
            let store = super::open_store(&installation).await?;
            let Some(delivery) = store.delivery(id).await? else { anyhow::bail!("there is no delivery {id}") };
            let shown = Entry::new(SystemClock.now(), Action::DeliveryShown, Object::new("delivery", id));
            store.note(shown.with("source", delivery.record.source.as_str())).await?;
            let record = &delivery.record;
            eprintln!("source      {}", record.source);
            eprintln!("webhook-id  {}", record.webhook_id);
            eprintln!("received    {}", record.received_at);
            eprintln!("state       {}", record.state.as_str());
            if let Some(reason) = &record.reason {
                eprintln!("reason      {reason}");
            }
            println!("{}", String::from_utf8_lossy(&delivery.body));
        }
        DeliveriesCommand::Purge { installation, days } => {
            let store = super::open_store(&installation).await?;
            println!("{} deleted", store.purge_deliveries(days, SystemClock.now()).await?);
        }
        DeliveriesCommand::Replay { installation, id } => {
            let store = super::open_store(&installation).await?;
            match store.replay_delivery(id, SystemClock.now()).await? {
                None => anyhow::bail!("there is no delivery {id}"),
                Some(Replayed::Queued) => println!("queued; a running server takes it up"),
                Some(Replayed::Not(state)) => {
                    anyhow::bail!("the delivery is {}: only dead and parked ones are replayed", state.as_str())
                }
            }
        }
    }
    Ok(())
}

/// Runs a command of `sceau jobs`.
pub(super) async fn run_jobs(command: JobsCommand) -> anyhow::Result<()> {
    match command {
        JobsCommand::Dead { installation } => {
            for job in super::open_store(&installation).await?.dead_jobs().await? {
                println!("{}  after {} tries  {:?}  {}", job.id, job.attempts, job.task, job.error);
            }
        }
        JobsCommand::Retry { installation, id } => {
            let store = super::open_store(&installation).await?;
            anyhow::ensure!(store.revive_job(id, SystemClock.now()).await?.is_some(), "there is no dead job {id}");
            println!("queued; a running server takes it up");
        }
    }
    Ok(())
}
