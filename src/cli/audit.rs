//! `sceau audit`: who did what and when, and whether the record of it still stands.

use std::io::{BufRead as _, BufReader, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::audit::{Action, Broken, Check, Entry, Head, Object, Sealed};
use crate::config::{Installation, SystemClock};
use crate::ids::{Code, ExternalId};
use crate::store::{AuditFilter, AuditRecord, Store};
use crate::time::Clock as _;

/// Commands of `sceau audit`.
#[derive(Debug, Subcommand)]
pub(super) enum AuditCommand {
    /// List entries, oldest first, one a line.
    List {
        #[command(flatten)]
        installation: Installation,
        /// Those that the officers of one issuer may read.
        #[arg(long)]
        issuer: Option<Code>,
        /// Those of one action, such as credential.revoked.
        #[arg(long, value_parser = parse_action)]
        action: Option<Action>,
        /// Those about one learner: the source and its id there.
        #[arg(long, num_args = 2, value_names = ["SOURCE", "ID"])]
        learner: Option<Vec<String>>,
        /// Those after this number.
        #[arg(long, default_value_t = 0)]
        after: u64,
        /// How many.
        #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Print where the trail ends: write it down elsewhere, so that `verify` can tell later whether what stood then still stands.
    Head {
        #[command(flatten)]
        installation: Installation,
    },
    /// Check the whole trail: that no entry was changed, removed or inserted.
    #[command(
        after_help = "Examples:\n  sceau audit head >> heads.txt              every night, kept on another machine\n  sceau audit verify --expect \"$(tail -n 1 heads.txt)\"\n  sceau audit verify --file trail.ndjson     an export, without any installation\nEnds with status 0 where the trail holds, 1 where it does not."
    )]
    Verify {
        #[command(flatten)]
        installation: Installation,
        /// A head that was written down earlier. Repeatable.
        #[arg(long, value_name = "NUMBER:HASH")]
        expect: Vec<Head>,
        /// A file made by `export` instead of this installation's trail.
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Write the whole trail to standard output, one JSON object a line: entry, hash, and the text that somebody wrote, while it is
    /// kept.
    Export {
        #[command(flatten)]
        installation: Installation,
        /// Leave free texts out.
        #[arg(long)]
        without_texts: bool,
    },
    /// Forget under which key the trail knows a learner: its entries stay, and name nobody any more.
    Forget {
        #[command(flatten)]
        installation: Installation,
        /// The source that knows the learner.
        source: Code,
        /// The learner's id there.
        id: ExternalId,
    },
}

fn parse_action(text: &str) -> Result<Action, String> {
    let words = || Action::ALL.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ");
    let found = Action::ALL.iter().copied().find(|action| action.as_str() == text);
    found.ok_or_else(|| format!("there are {}", words()))
}

/// A line of an export.
#[derive(Serialize, Deserialize)]
struct Line {
    #[serde(flatten)]
    sealed: Sealed,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    salt: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

/// The longest line of an export that is read, in bytes: an entry holds no more than a reason of some thousand characters.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// Runs a command of `sceau audit`.
pub(super) async fn run(command: AuditCommand) -> anyhow::Result<ExitCode> {
    match command {
        AuditCommand::List { installation, issuer, action, learner, after, limit } => {
            let store = super::open_store(&installation).await?;
            let learner = match learner.as_deref() {
                Some([source, id]) => Some(learner_id(&store, &source.parse()?, &id.parse()?).await?),
                _ => None,
            };
            note_reading(&store, "list").await?;
            for record in store.audit_entries(&AuditFilter { issuer, learner, action }, after, limit).await? {
                let text = record.text.as_ref().map(|(_, text)| format!("  « {} »", text.replace(['\n', '\r'], " ")));
                println!("{}{}", record.sealed.document, text.unwrap_or_default());
            }
        }
        AuditCommand::Head { installation } => {
            println!("{}", super::open_store(&installation).await?.audit_head().await?)
        }
        AuditCommand::Verify { expect, file: Some(file), .. } => return Ok(tell(verify_file(&file, expect)?)),
        AuditCommand::Verify { installation, expect, file: None } => {
            let store = super::open_store(&installation).await?;
            let shown = std::io::stderr().is_terminal();
            let verified = store.verify_audit(expect, |done, all| {
                if shown {
                    eprint!("\r{done} of {all} entries");
                }
            });
            let verified = verified.await?;
            if shown {
                eprintln!();
            }
            return Ok(tell(verified));
        }
        AuditCommand::Export { installation, without_texts } => {
            export(&super::open_store(&installation).await?, without_texts).await?;
        }
        AuditCommand::Forget { installation, source, id } => {
            let store = super::open_store(&installation).await?;
            let learner = learner_id(&store, &source, &id).await?;
            let forgotten = store.forget_in_audit(learner, SystemClock.now()).await?;
            anyhow::ensure!(forgotten.is_some(), "the trail does not know this learner");
            println!("forgotten");
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn learner_id(store: &Store, source: &Code, id: &ExternalId) -> anyhow::Result<crate::ids::LearnerId> {
    let known = store.learner_by_external(source, id).await?;
    Ok(known.with_context(|| format!("the source {source} knows no learner of this id"))?.id)
}

async fn note_reading(store: &Store, how: &str) -> anyhow::Result<()> {
    let entry = Entry::new(SystemClock.now(), Action::TrailRead, Object::new("audit", how));
    Ok(store.note(entry).await?)
}

fn tell(verified: Result<Head, Broken>) -> ExitCode {
    match verified {
        Ok(head) => {
            println!("the trail holds: {} entries, up to {head}", head.sequence);
            ExitCode::SUCCESS
        }
        Err(broken) => {
            eprintln!("sceau: THE TRAIL DOES NOT HOLD: {broken}");
            ExitCode::FAILURE
        }
    }
}

async fn export(store: &Store, without_texts: bool) -> anyhow::Result<()> {
    note_reading(store, "export").await?;
    let end = store.audit_head().await?.sequence;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let mut after = 0;
    while after < end {
        let records = store.audit_entries(&AuditFilter::default(), after, 500).await?;
        let Some(last) = records.last() else { break };
        after = last.sequence;
        for AuditRecord { sealed, text, .. } in records.into_iter().filter(|record| record.sequence <= end) {
            let (salt, text) = text.filter(|_| !without_texts).unzip();
            serde_json::to_writer(&mut out, &Line { sealed, salt, text })?;
            out.write_all(b"\n")?;
        }
    }
    Ok(out.flush()?)
}

/// Checks an export: its chain, and the texts it holds.
fn verify_file(path: &std::path::Path, expected: Vec<Head>) -> anyhow::Result<Result<Head, Broken>> {
    use std::io::Read as _;
    let mut reader = BufReader::new(std::fs::File::open(path).with_context(|| path.display().to_string())?);
    let mut check = Check::new(expected);
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut line)? == 0 {
            return Ok(check.finish(None));
        }
        let number = check.head().sequence + 1;
        let Ok(Line { sealed, salt, text }) = serde_json::from_slice(&line) else {
            return Ok(Err(Broken::Unreadable(number - 1)));
        };
        let record = AuditRecord { sequence: number, sealed, text: salt.zip(text) };
        if let Err(broken) = check.next(&record.sealed).and_then(|()| record.check_text()) {
            return Ok(Err(broken));
        }
    }
}
