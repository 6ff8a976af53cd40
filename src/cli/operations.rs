//! `sceau operations`, and how a command that starts one follows it.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Subcommand;

use super::progress::Progress;
use crate::config::{Installation, operator};
use crate::ids::OperationId;
use crate::operation::{Operation, OperationState, RowOutcome};
use crate::reports;
use crate::service::Service;
use crate::store::{Page, ReportRow, Steered, Store};
use crate::text::Lang;
use crate::worker::{self, Turn};

/// Commands of `sceau operations`.
#[derive(Debug, Subcommand)]
pub(super) enum OperationsCommand {
    /// List operations, newest first.
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Show one: how far it came, and what came of how many.
    Show {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
    },
    /// Stop one; what was done stands.
    Pause {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
    },
    /// Let one go on that was paused, and follow it.
    Resume {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
    },
    /// Let one go on that asks first: awards will stand that the criteria no longer cover, each with an alert.
    Confirm {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
    },
    /// End one for good; what was done stands.
    Cancel {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
    },
    /// Write the report of one as a CSV sheet.
    #[command(after_help = "Example:\n  sceau operations report 4f2d… --lang fr > rapport.csv")]
    Report {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: OperationId,
        /// In which language: fr or en.
        #[arg(long, default_value = "fr", value_parser = parse_lang)]
        lang: Lang,
    },
}

pub(super) fn parse_lang(text: &str) -> Result<Lang, String> {
    match text {
        "fr" => Ok(Lang::Fr),
        "en" => Ok(Lang::En),
        _ => Err("there are fr and en".into()),
    }
}

/// Runs a command of `sceau operations`.
pub(super) async fn run(command: OperationsCommand) -> anyhow::Result<ExitCode> {
    match command {
        OperationsCommand::List { installation } => {
            let store = super::open_store(&installation).await?;
            for operation in store.operations(None, &Page { limit: 100, after: None }).await?.items {
                println!("{}", line(&operation));
            }
        }
        OperationsCommand::Show { installation, id } => {
            let store = super::open_store(&installation).await?;
            let operation = store.operation(id).await?.with_context(|| format!("there is no operation {id}"))?;
            println!("{}", line(&operation));
            tell_outcomes(&operation);
        }
        OperationsCommand::Pause { installation, id } => {
            let service = super::open_service(&installation).await?;
            steered(service.pause_operation(id, operator()).await?, id)?;
            println!("paused; go on with: sceau operations resume {id}");
        }
        OperationsCommand::Cancel { installation, id } => {
            let service = super::open_service(&installation).await?;
            steered(service.cancel_operation(id, operator()).await?, id)?;
            println!("cancelled; what was done stands");
        }
        OperationsCommand::Resume { installation, id } => {
            let service = super::open_service(&installation).await?;
            steered(service.resume_operation(id, operator()).await?, id)?;
            return follow(&service, id, None).await;
        }
        OperationsCommand::Confirm { installation, id } => {
            let service = super::open_service(&installation).await?;
            steered(service.confirm_operation(id, operator()).await?, id)?;
            return follow(&service, id, None).await;
        }
        OperationsCommand::Report { installation, id, lang } => {
            let store = super::open_store(&installation).await?;
            store.operation(id).await?.with_context(|| format!("there is no operation {id}"))?;
            write_report(&store, id, lang, &mut std::io::stdout().lock()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn steered(steered: Steered, id: OperationId) -> anyhow::Result<()> {
    match steered {
        Steered::Done => Ok(()),
        Steered::Not(state) => anyhow::bail!("the operation is {}", state.as_str()),
        Steered::NotFound => anyhow::bail!("there is no operation {id}"),
    }
}

fn line(operation: &Operation) -> String {
    let Operation { id, session, state, done, total, created, .. } = operation;
    format!("{id}  {created}  {}  {session}  {}  {done}/{total}", operation.request.kind(), state.as_str())
}

fn tell_outcomes(operation: &Operation) {
    for outcome in RowOutcome::ALL {
        if let Some(count) = operation.counts.get(&outcome) {
            println!("{count:>8}  {}", outcome.label().1);
        }
    }
    if let Some(problem) = &operation.problem {
        println!("{problem}");
    }
}

/// Works on an operation beside whatever workers run, shows how far it came, and tells what came of it. Ctrl-C pauses it.
pub(super) async fn follow(service: &Service, id: OperationId, report: Option<&Path>) -> anyhow::Result<ExitCode> {
    let gone = || format!("there is no operation {id}");
    let first = service.store.operation(id).await?.with_context(gone)?;
    let mut progress = Progress::new(u64::from(first.total), "learners");
    let stop = tokio::signal::ctrl_c();
    tokio::pin!(stop);
    let operation = loop {
        let operation = service.store.operation(id).await?.with_context(gone)?;
        progress.set(u64::from(operation.done), u64::from(operation.total));
        if operation.state != OperationState::Running {
            break operation;
        }
        tokio::select! {
            biased;
            _ = &mut stop => {
                steered(service.pause_operation(id, operator()).await?, id)?;
            }
            turn = worker::turn(service, "cli") => if turn? == Turn::Idle {
                tokio::time::sleep(Duration::from_millis(200)).await;
            },
        }
    };
    progress.finish();
    println!("{}", line(&operation));
    tell_outcomes(&operation);
    if let Some(path) = report {
        let mut file = std::fs::File::create(path).with_context(|| path.display().to_string())?;
        write_report(&service.store, id, Lang::Fr, &mut file).await?;
        println!("report: {}", path.display());
    }
    Ok(match operation.state {
        OperationState::Done => ExitCode::SUCCESS,
        OperationState::Paused => {
            println!("go on with: sceau operations resume {id}");
            ExitCode::from(3)
        }
        OperationState::NeedsConfirmation => {
            println!(
                "nothing was changed: awards would no longer be covered by the criteria. They would stand, each with an alert."
            );
            println!("whose: sceau operations report {id}\ngo on:  sceau operations confirm {id}");
            ExitCode::from(3)
        }
        _ => ExitCode::FAILURE,
    })
}

/// Works here until nothing is due, beside whatever workers run: how many jobs that were.
pub(super) async fn work_here(service: &Service) -> anyhow::Result<u64> {
    let mut working = Progress::new(u64::from(service.store.jobs_pending().await?), "jobs");
    let mut done = 0_u64;
    while worker::turn(service, "cli").await? == Turn::Worked {
        done += 1;
        if done.is_multiple_of(100) {
            working.set(done, done + u64::from(service.store.jobs_pending().await?));
        }
    }
    working.finish();
    Ok(done)
}

async fn write_report(store: &Store, id: OperationId, lang: Lang, out: &mut impl std::io::Write) -> anyhow::Result<()> {
    let mut out = std::io::BufWriter::new(out);
    out.write_all(&reports::head(lang))?;
    let mut after = 0;
    loop {
        let found = store.operation_rows(id, None, after, 500).await?;
        let Some(last) = found.last() else { break };
        after = last.number;
        out.write_all(&reports::lines(found.iter().map(ReportRow::line), lang))?;
    }
    Ok(out.flush()?)
}

/// Where a command that starts an operation leaves its report.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ReportOptions {
    /// Write the report here, as a CSV sheet.
    #[arg(long)]
    pub(super) report: Option<PathBuf>,
}
