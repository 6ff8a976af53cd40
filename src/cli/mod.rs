//! The command line: what operators type. Each command's help says what it does and gives an example that runs.

mod attestation;
mod audit;
mod credentials;
mod deliveries;
mod keys;
mod learners;
mod lint;
mod mail;
mod officers;
mod operations;
mod messages;
mod progress;
mod seals;
mod serve;
mod sessions;
mod sources;
mod tokens;
mod verify;

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::config::{self, Installation, Logging, SystemClock, SystemEntropy};
use crate::conformance::{self, ConformanceOptions};
use crate::demo::{self, DemoOptions};
use crate::ids::PublicUrl;
use crate::keyring::Keyring;
use crate::service::Service;
use crate::store::{DatabaseUrl, Store, StoreOptions};
use crate::{import, schemas};

/// Issues Open Badges 3.0 credentials and PDF attestations from LMS completion evidence, and lets anyone verify them.
#[derive(Debug, Parser)]
#[command(
    name = "sceau",
    version,
    after_help = "Start here:\n  sceau demo --serve      the whole promise on sample data, no set-up\n  sceau help serve        running it for real"
)]
struct Cli {
    #[command(flatten)]
    logging: Logging,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show everything on sample data: a server, an LMS that posts webhooks, badges and PDFs, their verification.
    Demo(DemoOptions),
    /// Run the service: intake, workers, API and public pages.
    #[command(
        after_help = "Example:\n  sceau keys identity --output identity.txt\n  SCEAU_PUBLIC_URL=https://sceau.example.gouv.fr SCEAU_AGE_IDENTITY_FILE=identity.txt sceau serve"
    )]
    Serve(serve::ServeOptions),
    /// Import a catalog file: issuers, trainings, sessions and sources, all or nothing.
    #[command(
        after_help = "The file is JSON: {\"issuers\": […], \"trainings\": […], \"sessions\": […], \"sources\": […]};\n`sceau schemas training.schema.json` prints the form of an entry."
    )]
    Import {
        #[command(flatten)]
        installation: Installation,
        /// The file, or - for standard input.
        file: PathBuf,
    },
    /// Keys of issuers, and the identity that protects them.
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Bearer tokens of the API.
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// Sources: their secrets, how a payload is read, what their ids stand for, how they fare.
    #[command(subcommand, visible_alias = "source")]
    Sources(sources::SourcesCommand),
    /// What sources sent: list, show, replay.
    #[command(subcommand)]
    Deliveries(deliveries::DeliveriesCommand),
    /// Sessions: how they stand, dry runs, new criteria, decisions by hand, closing, attendance sheets, evidence out of files.
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// Learners: what they are called, who turned out to be one person or two, names put right on every award.
    #[command(subcommand)]
    Learners(learners::LearnersCommand),
    /// Jobs that were given up: list, retry.
    #[command(subcommand)]
    Jobs(deliveries::JobsCommand),
    /// Awards: what waits and why, alerts, corrections.
    #[command(subcommand)]
    Awards(credentials::AwardsCommand),
    /// Long operations: how far they came, their reports; stop them, let them go on.
    #[command(subcommand)]
    Operations(operations::OperationsCommand),
    /// Where issuers' LMSs are told what happens: endpoints, secrets, a try.
    #[command(subcommand)]
    Webhooks(messages::WebhooksCommand),
    /// Show and try the templates of attestations.
    #[command(subcommand)]
    Attestation(attestation::AttestationCommand),
    /// Letters to learners: a preview, a try.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// What was told to LMSs and learners, and what could not be: list, show, replay.
    #[command(subcommand)]
    Messages(messages::MessagesCommand),
    /// The audit trail: who did what and when; list, check, export.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Verify anybody's badge: JSON, JWT, baked PNG or SVG, a presentation, or an https address.
    #[command(
        after_help = "Examples:\n  sceau verify badge.png\n  sceau verify https://badges.example/credentials/1\n  sceau verify --did-document did-dgafp.json --status-list list.json --fetch off badge.svg\n  sceau verify --recipient zoe.lefevre@example.fr credential.json\nThe issuer's keys and the status come from the files given, else from this installation's database where the issuer is its own, else they are fetched.\nEnds with status 0 only where the badge is valid, 2 where it could not be told."
    )]
    Verify(verify::VerifyOptions),
    /// Check a credential, presentation or status list against every rule of the standards, and explain what is wrong.
    #[command(
        after_help = "Examples:\n  sceau lint credential.json\n  sceau lint --explain obv3.alignment\n  sceau lint --rules\nNothing is verified and nothing fetched: signatures, keys and statuses are for `sceau verify`.\nEnds with status 0 where no rule is broken, 1 where one is."
    )]
    Lint(lint::LintOptions),
    /// Run an ephemeral VC-API instance on loopback, for public test suites; its first line is JSON with its addresses.
    #[command(
        after_help = "Example:\n  sceau conformance --listen 127.0.0.1:40443\nOptions of its issuer: cryptosuite (eddsa-rdfc-2022, eddsa-jcs-2022), status (true adds a revocation entry), envelope (true answers a VC-JWT in an envelope)."
    )]
    Conformance(ConformanceOptions),
    /// Print our JSON Schemas, or check that the files in schemas/ are up to date.
    Schemas {
        /// One schema; without a name, their list.
        name: Option<String>,
        /// Write all of them into this folder.
        #[arg(long)]
        write: Option<PathBuf>,
        /// Fail if a file of this folder differs.
        #[arg(long)]
        check: Option<PathBuf>,
    },
}

/// Runs the command line; the exit status says whether what was asked for is done.
pub async fn main() -> ExitCode {
    let cli = Cli::parse();
    leave_quietly_when_nobody_reads();
    start_logging(&cli.logging, matches!(cli.command, Command::Serve(_)));
    match run(cli.command).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("sceau: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(options) => demo::run(&options).await?,
        Command::Serve(options) => serve::run(&options).await?,
        Command::Import { installation, file } => import_file(&installation, &file).await?,
        Command::Keys(command) => return keys::run(command).await,
        Command::Token(command) => tokens::run(command).await?,
        Command::Sources(command) => return sources::run(command).await,
        Command::Deliveries(command) => deliveries::run(command).await?,
        Command::Sessions(command) => return sessions::run(command).await,
        Command::Learners(command) => return learners::run(command).await,
        Command::Jobs(command) => deliveries::run_jobs(command).await?,
        Command::Awards(command) => credentials::run_awards(command).await?,
        Command::Operations(command) => return operations::run(command).await,
        Command::Webhooks(command) => messages::run_webhooks(command).await?,
        Command::Attestation(command) => attestation::run(command)?,
        Command::Mail(command) => mail::run(command).await?,
        Command::Messages(command) => messages::run_messages(command).await?,
        Command::Audit(command) => return audit::run(command).await,
        Command::Verify(options) => return verify::run(&options).await,
        Command::Lint(options) => return lint::run(&options),
        Command::Conformance(options) => conformance::run(&options, serve::stop_signal()).await?,
        Command::Schemas { name, write, check } => print_schemas(name.as_deref(), write, check)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// `sceau … | head` closes our standard output: the end of what was asked, not a defect to report with a backtrace.
fn leave_quietly_when_nobody_reads() {
    let report = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        let said = panic.payload_as_str().unwrap_or_default();
        if said.starts_with("failed printing to stdout") && said.contains("Broken pipe") {
            std::process::exit(0);
        }
        report(panic);
    }));
}

fn start_logging(logging: &Logging, serving: bool) {
    // Commands speak to people on standard output; their log keeps to what went wrong unless asked for more.
    let wanted = if serving || logging.log != "info" { logging.log.as_str() } else { "warn" };
    let filter = tracing_subscriber::EnvFilter::try_new(wanted);
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if logging.log_json {
        builder.json().init();
    } else {
        builder.with_ansi(std::io::stderr().is_terminal()).init();
    }
}

/// Storage alone, for commands that need no private key: it must be there, since an empty one would answer as if all were well.
async fn open_store(installation: &Installation) -> anyhow::Result<Store> {
    if let DatabaseUrl::Sqlite(path) = installation.database()? {
        anyhow::ensure!(path.exists(), "there is no database at {}; set DATABASE_URL", path.display());
    }
    open_or_make_store(installation).await
}

async fn open_or_make_store(installation: &Installation) -> anyhow::Result<Store> {
    let database = installation.database()?;
    if let DatabaseUrl::Sqlite(path) = &database {
        make_private_file(path)?;
    }
    let store = Store::open(&database, StoreOptions::new(Arc::new(SystemEntropy))).await?;
    // The audit trail names who typed a command; `serve` goes on as the service itself.
    Ok(store.by(config::operator()))
}

/// The whole flow. The public URL is recorded at first use; afterwards a different one is refused.
async fn open_service(installation: &Installation) -> anyhow::Result<Service> {
    let store = open_or_make_store(installation).await?;
    let url = public_url(installation, &store).await?;
    let keyring = Keyring::open(&installation.keys, &installation.age_identity()?, &SystemEntropy)?;
    Ok(Service::new(store, keyring, url, Arc::new(SystemClock), Arc::new(SystemEntropy)).await?)
}

/// The database's file, readable by its owner alone; SQLite gives its companions the same mode.
fn make_private_file(path: &std::path::Path) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).with_context(|| path.display().to_string())
}

async fn public_url(installation: &Installation, store: &Store) -> anyhow::Result<PublicUrl> {
    let recorded = store.public_url().await?;
    let missing = "no public URL yet: set SCEAU_PUBLIC_URL, such as https://sceau.example.gouv.fr; every badge carries it for ever";
    installation.public_url.clone().or(recorded).context(missing)
}

async fn import_file(installation: &Installation, file: &std::path::Path) -> anyhow::Result<()> {
    let bytes = read_input(file, import::MAX_BYTES)?;
    let batch = import::read(&bytes).with_context(|| file.display().to_string())?;
    let service = open_service(installation).await?;
    let summary = service.import(&batch).await?;
    println!("{} created, {} changed, {} unchanged", summary.created, summary.changed, summary.unchanged);
    Ok(())
}

/// A file or standard input, bounded.
fn read_input(path: &std::path::Path, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    read_within(path, max_bytes)?.with_context(|| format!("{} is larger than {max_bytes} bytes", path.display()))
}

/// The same; none where there is more in it.
fn read_within(path: &std::path::Path, max_bytes: usize) -> anyhow::Result<Option<Vec<u8>>> {
    use std::io::Read as _;
    let limit = max_bytes as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().take(limit).read_to_end(&mut bytes).context("standard input")?;
    } else {
        let file = std::fs::File::open(path).with_context(|| path.display().to_string())?;
        file.take(limit).read_to_end(&mut bytes).with_context(|| path.display().to_string())?;
    }
    Ok(Some(bytes).filter(|bytes| bytes.len() <= max_bytes))
}

fn print_schemas(name: Option<&str>, write: Option<PathBuf>, check: Option<PathBuf>) -> anyhow::Result<()> {
    let published = schemas::published();
    if let Some(folder) = write {
        for (name, text) in &published {
            std::fs::write(folder.join(name), text).with_context(|| name.to_string())?;
        }
    } else if let Some(folder) = check {
        for (name, text) in &published {
            let found = std::fs::read_to_string(folder.join(name)).with_context(|| name.to_string())?;
            anyhow::ensure!(
                found == *text,
                "{name} is not what the types say; run: sceau schemas --write {}",
                folder.display()
            );
        }
        println!("{} schemas are up to date", published.len());
    } else if let Some(name) = name {
        let text =
            published.iter().find(|(known, _)| *known == name || known.strip_suffix(".schema.json") == Some(name));
        let (_, text) = text.with_context(|| format!("no schema {name}; without a name, their list is printed"))?;
        print!("{text}");
    } else {
        published.iter().for_each(|(name, _)| println!("{name}"));
    }
    Ok(())
}
