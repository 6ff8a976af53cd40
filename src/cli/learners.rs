//! `sceau learners`: what a learner is called, who turned out to be one person or two, and a name put right everywhere.

use std::io::{BufRead as _, IsTerminal as _, Read as _};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::operations::work_here;
use crate::catalog::Source;
use crate::config::{Installation, SystemClock, operator};
use crate::correction::{self, Corrected, CorrectedOutcome, Right, Shown};
use crate::http::learner_document;
use crate::ids::{Code, ExternalId, LearnerId, PublicUrl};
use crate::issuance::block_reason_text;
use crate::service::Service;
use crate::store::Store;
use crate::text::{Email, Lang, PersonName, Reason};
use crate::time::Clock as _;

/// The longest line that is read from standard input; a name has 200 characters at most.
const MAX_LINE_BYTES: u64 = 1024;

/// A learner of a source.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OneLearner {
    #[command(flatten)]
    installation: Installation,
    /// The source's code.
    source: Code,
    /// The learner's id there, or a user name or an address that leads to the learner.
    id: ExternalId,
}

/// Why something is done, and where the work that it causes is done.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct How {
    /// Why; kept in the audit trail, never published.
    #[arg(long)]
    reason: Reason,
    /// Do what follows here and now, instead of leaving it to a running server.
    #[arg(long)]
    work: bool,
}

/// Commands of `sceau learners`.
#[derive(Debug, Subcommand)]
pub(super) enum LearnersCommand {
    /// Show a learner's name and address, and everything that leads to the learner. The audit trail takes down who looked.
    #[command(
        after_help = "Examples:\n  sceau learners show mentor 892\n  sceau learners show mentor zoe.lefevre@example.fr --json\nWho was merged into the learner is named by an id of ours, which `part` takes."
    )]
    Show {
        #[command(flatten)]
        learner: OneLearner,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Let a learner stand for another one too: the two turned out to be one person. Nothing is rewritten, and `part` undoes it.
    #[command(
        after_help = "Example:\n  sceau learners merge mentor 892 --also 1207 --reason \"Compte créé deux fois\"\nTheir sessions are decided again over what both did. Two awards of one kind in one session raise an alert: `sceau awards alerts`."
    )]
    Merge {
        #[command(flatten)]
        learner: OneLearner,
        /// What the same source calls the other one; from now on this leads to the learner named first.
        #[arg(long)]
        also: ExternalId,
        #[command(flatten)]
        how: How,
    },
    /// Undo a merge, for good: the two are never merged by themselves again.
    #[command(
        after_help = "Example:\n  sceau learners show mentor 892        says who was merged into the learner\n  sceau learners part mentor 892 --merged-from 0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e --reason \"Deux personnes\""
    )]
    Part {
        #[command(flatten)]
        learner: OneLearner,
        /// The one who was merged, as `show` names it.
        #[arg(long)]
        merged_from: LearnerId,
        #[command(flatten)]
        how: How,
    },
    /// Put a learner's name right, and have each award made anew that carries another: the version before is revoked, links and QR code
    /// stay.
    #[command(
        after_help = "Examples:\n  sceau learners correct mentor 892 --name \"Zoé Lefèvre\" --reason \"Accents oubliés\" --work\n  sceau learners correct mentor 892 --name - --email - --reason \"Nom d’usage\"      asks for both\n  printf '%s\\n' \"$name\" | sceau learners correct mentor 892 --name - --reason \"Nom d’usage\"\nWith - the name, then the address, is a line of standard input: what is typed as an argument stays in the shell's history.\nCut off, it can be run again: awards that are right already stay as they are.\nEnds with status 0 where every award is right or will be, 1 where something must be supplied first, 3 where it is to be run again later."
    )]
    Correct {
        #[command(flatten)]
        learner: OneLearner,
        /// The right name, or - to read it from standard input.
        #[arg(long)]
        name: String,
        /// The right address, if that was wrong too, or - to read it from standard input; not named, it stays.
        #[arg(long)]
        email: Option<String>,
        #[command(flatten)]
        how: How,
    },
}

/// Runs a command of `sceau learners`.
pub(super) async fn run(command: LearnersCommand) -> anyhow::Result<ExitCode> {
    match command {
        LearnersCommand::Show { learner, json } => {
            let store = super::open_store(&learner.installation).await?;
            let source = known(&store, &learner.source).await?;
            let shown = correction::show(&store, &source, &learner.id, SystemClock.now()).await?;
            if json {
                println!("{}", serde_json::to_string_pretty(&learner_document(&shown))?);
            } else {
                print(&shown);
            }
        }
        LearnersCommand::Merge { learner, also, how } => {
            let (service, source) = open(&learner).await?;
            let both = (&learner.id, &also);
            correction::merge(&service.store, &source, both, &how.reason, SystemClock.now()).await?;
            println!("merged: {also} leads to {} now", learner.id);
            follow_up(&service, how.work).await?;
        }
        LearnersCommand::Part { learner, merged_from, how } => {
            let (service, source) = open(&learner).await?;
            let both = (&learner.id, merged_from);
            correction::part(&service.store, &source, both, &how.reason, SystemClock.now()).await?;
            println!("parted; what either was awarded stands");
            follow_up(&service, how.work).await?;
        }
        LearnersCommand::Correct { learner, name, email, how } => {
            let name = PersonName::new(&given(name, "name")?)?;
            let email = email.map(|email| anyhow::Ok(Email::new(&given(email, "e-mail address")?)?)).transpose()?;
            let (service, source) = open(&learner).await?;
            let right = Right { name: &name, email: email.as_ref(), reason: &how.reason };
            let mut count = Count::default();
            let tell = |award: Corrected| {
                println!("{}  {}  {}", award.award, award.session, word(&award.outcome, &service.url));
                count.add(&award.outcome);
            };
            service.correct_learner(&source, &learner.id, right, (None, &operator()), tell).await?;
            println!("{} made anew, {} right already", count.reissued, count.right);
            follow_up(&service, how.work).await?;
            if count.not_issued > 0 {
                eprintln!("{} are not issued yet: once they are, run this again", count.not_issued);
            }
            return Ok(count.status());
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(learner: &OneLearner) -> anyhow::Result<(Service, Source)> {
    let service = super::open_service(&learner.installation).await?;
    let source = known(&service.store, &learner.source).await?;
    Ok((service, source))
}

async fn known(store: &Store, source: &Code) -> anyhow::Result<Source> {
    store.source(source).await?.with_context(|| format!("there is no source {source}; import it first"))
}

async fn follow_up(service: &Service, work: bool) -> anyhow::Result<()> {
    if work {
        println!("{} jobs done", work_here(service).await?);
    } else {
        println!("a running server does the rest; with --work it is done here");
    }
    Ok(())
}

/// A value as it was typed, or a line of standard input where that is `-`.
fn given(typed: String, what: &str) -> anyhow::Result<String> {
    if typed != "-" {
        return Ok(typed);
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        eprint!("{what}: ");
    }
    let mut line = String::new();
    stdin.lock().take(MAX_LINE_BYTES).read_line(&mut line).context("standard input")?;
    anyhow::ensure!(!line.is_empty(), "standard input holds no line for the {what}");
    Ok(line)
}

/// What came of the awards of a learner.
#[derive(Debug, Default)]
struct Count {
    reissued: u32,
    right: u32,
    not_issued: u32,
    blocked: u32,
}

impl Count {
    fn add(&mut self, outcome: &CorrectedOutcome) {
        match outcome {
            CorrectedOutcome::Reissued(_) => self.reissued += 1,
            CorrectedOutcome::AlreadyRight => self.right += 1,
            CorrectedOutcome::NotIssuedYet => self.not_issued += 1,
            CorrectedOutcome::Blocked(_) => self.blocked += 1,
            CorrectedOutcome::Revoked => {}
        }
    }

    fn status(&self) -> ExitCode {
        match (self.blocked, self.not_issued) {
            (0, 0) => ExitCode::SUCCESS,
            (0, _) => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        }
    }
}

fn word(outcome: &CorrectedOutcome, url: &PublicUrl) -> String {
    match outcome {
        CorrectedOutcome::Reissued(credential) => format!("made anew: {}", url.credential(*credential)),
        CorrectedOutcome::AlreadyRight => "right already".into(),
        CorrectedOutcome::NotIssuedYet => "not issued yet".into(),
        CorrectedOutcome::Revoked => "revoked, and stays so".into(),
        CorrectedOutcome::Blocked(reasons) => {
            let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
            format!("something must be supplied first: {}", reasons.join("; "))
        }
    }
}

fn print(shown: &Shown) {
    let learner = &shown.learner;
    println!("learner   {} of {}", learner.external_id, learner.source);
    println!("name      {}", learner.name.as_ref().map_or("-", PersonName::as_str));
    println!("e-mail    {}", learner.email.as_ref().map_or("-", Email::as_str));
    for known in &shown.known_as {
        let merged = match known.learner == learner.id {
            true => String::new(),
            false => format!("  merged from {}", known.learner),
        };
        println!("{:<8}  {}  since {}{merged}", known.kind.as_str(), known.value, known.since);
    }
}
