//! `sceau keys`: one key of each kind signs for an issuer; those before it stay published as long as something they signed is in
//! force. What to do when one is stolen: `compromised`, then `reissue`.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::seals::{self, SealCommand};
use crate::config::{Installation, operator};
use crate::ids::Code;
use crate::issuance::block_reason_text;
use crate::keyring::Keyring;
use crate::proof::key::KeyKind;
use crate::reissue::SweptOutcome;
use crate::service::{Compromise, Service};
use crate::store::{KeyRecord, KeyState};
use crate::text::Lang;
use crate::worker::{self, Turn};

/// Commands of `sceau keys`.
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Make the age identity that protects all keys. Keep a copy off this machine: without it, keys are lost.
    #[command(after_help = "Example:\n  sceau keys identity --output identity.txt")]
    Identity {
        /// The file to write; it must not exist.
        #[arg(long)]
        output: PathBuf,
    },
    /// Make the first key of a kind for an issuer.
    #[command(
        after_help = "Examples:\n  sceau keys generate dgafp                  the key of every credential's embedded proof\n  sceau keys generate dgafp --kind p256      besides, where the issuer's \"jwt\" is \"ES256\"\n  sceau keys generate dgafp --kind rsa       besides, where it is \"RS256\""
    )]
    Generate(OfKind),
    /// List the keys of an issuer.
    List(OfIssuer),
    /// Make a new key of a kind sign for an issuer; the one before stays published.
    #[command(after_help = "Example:\n  sceau keys rotate dgafp --kind p256")]
    Rotate(OfKind),
    /// Destroy the private half of a key that no longer signs; what it signed stays verifiable.
    Retire(OneKey),
    /// Mark a key as stolen, for good: it signs no more, a new one takes its place, and verifiers are told to refuse it.
    #[command(
        after_help = "Example:\n  sceau keys compromised dgafp kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k\nThen:\n  sceau keys reissue dgafp"
    )]
    Compromised {
        #[command(flatten)]
        key: OneKey,
        /// Do not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Make a new version of every credential that a compromised key of the issuer signed. Run again, it does nothing twice.
    #[command(
        after_help = "Example:\n  sceau keys reissue dgafp --wait\nWithout --wait, the workers of a running server sign what is planned. Ends with status 0 only where nothing was left out."
    )]
    Reissue {
        #[command(flatten)]
        of: OfIssuer,
        /// Sign here, beside the servers that run, until everything is signed.
        #[arg(long)]
        wait: bool,
    },
    /// The certificate with which an issuer's attestations are sealed (PAdES): import, request, expiry.
    #[command(subcommand)]
    Seal(SealCommand),
}

/// An issuer of this installation.
#[derive(Debug, clap::Args)]
pub(super) struct OfIssuer {
    #[command(flatten)]
    pub(super) installation: Installation,
    /// The issuer's code.
    pub(super) issuer: Code,
}

/// A kind of key of an issuer.
#[derive(Debug, clap::Args)]
pub(super) struct OfKind {
    #[command(flatten)]
    of: OfIssuer,
    /// ed25519 (embedded proofs), p256 (tokens, ES256) or rsa (tokens, RS256).
    #[arg(long, default_value = "ed25519", value_parser = parse_kind)]
    kind: KeyKind,
}

/// A key of an issuer.
#[derive(Debug, clap::Args)]
pub(super) struct OneKey {
    #[command(flatten)]
    of: OfIssuer,
    /// The key's thumbprint, as `sceau keys list` shows it.
    #[arg(allow_hyphen_values = true)]
    thumbprint: String,
}

fn parse_kind(text: &str) -> Result<KeyKind, String> {
    text.parse().map_err(|_| "ed25519, p256 or rsa".into())
}

/// Runs a command.
pub(super) async fn run(command: KeysCommand) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::Identity { output } => write_identity(&output)?,
        KeysCommand::Generate(OfKind { of, kind }) => {
            let service = super::open_service(&of.installation).await?;
            if service.store.active_key(&of.issuer, kind).await?.is_some() {
                let (issuer, kind) = (&of.issuer, kind.as_str());
                bail!("{issuer} has a key of this kind that signs; use: sceau keys rotate {issuer} --kind {kind}");
            }
            println!("{}", service.new_signing_key(&of.issuer, kind).await?.key_id);
        }
        KeysCommand::Rotate(OfKind { of, kind }) => {
            let service = super::open_service(&of.installation).await?;
            println!("{}", service.new_signing_key(&of.issuer, kind).await?.key_id);
        }
        KeysCommand::List(of) => {
            let store = super::open_store(&of.installation).await?;
            for key in store.keys(&of.issuer).await? {
                println!("{}  {:<7}  {}", key.thumbprint, key.kind().as_str(), standing(&key));
            }
        }
        KeysCommand::Retire(OneKey { of, thumbprint }) => {
            let service = super::open_service(&of.installation).await?;
            let key = service.store.key(&of.issuer, &thumbprint).await?.context("the issuer has no such key")?;
            ensure!(
                key.state == KeyState::Retired,
                "this key signs; rotate first: sceau keys rotate {} --kind {}",
                of.issuer,
                key.kind().as_str()
            );
            service.keyring.destroy(&of.issuer, &thumbprint)?;
            println!("the private half is gone; the public half stays published while something it signed is in force");
        }
        KeysCommand::Seal(command) => seals::run(command).await?,
        KeysCommand::Compromised { key: OneKey { of, thumbprint }, yes } => compromised(&of, &thumbprint, yes).await?,
        KeysCommand::Reissue { of, wait } => {
            let service = super::open_service(&of.installation).await?;
            return reissue(&service, &of.issuer, wait).await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Where a key stands, and since when.
fn standing(key: &KeyRecord) -> String {
    match (key.compromised, key.state) {
        (Some(since), _) => format!("compromised since {since}"),
        (None, KeyState::Active) => format!("signs since {}", key.created),
        (None, KeyState::Retired) => format!("verifies only since {}", key.retired.unwrap_or(key.created)),
    }
}

async fn compromised(of: &OfIssuer, thumbprint: &str, yes: bool) -> anyhow::Result<()> {
    let service = super::open_service(&of.installation).await?;
    let issuer = &of.issuer;
    let key = service.store.key(issuer, thumbprint).await?.context("the issuer has no such key")?;
    if !yes && key.compromised.is_none() {
        eprintln!(
            "{}\n  {}, {}\nOnce marked, it can't be trusted again: verifiers elsewhere refuse whatever it signed until that is \
             made anew (sceau keys reissue {issuer}), and its private half is destroyed here.",
            key.key_id,
            key.kind().as_str(),
            standing(&key)
        );
        ensure!(std::io::stdin().is_terminal(), "nobody is there to ask; --yes does without");
        eprint!("Mark it? Type yes: ");
        std::io::stderr().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        ensure!(answer.trim() == "yes", "nothing was done");
    }
    match service.compromise_key(issuer, thumbprint).await? {
        Compromise::Replaced(successor) => println!("marked; {} signs in its place", successor.key_id),
        Compromise::Marked => println!("marked; it signed no more"),
        Compromise::AlreadyMarked => println!("it was marked before"),
        Compromise::NotFound => bail!("the issuer has no such key"),
    }
    println!(
        "Next:\n  1. sceau keys reissue {issuer} --wait    makes anew what the key signed; until then verifiers elsewhere refuse it\n  \
         2. delete the key's file from other instances and backups\n  \
         3. find out how it was lost; if the folder of keys was, see keys/README.md"
    );
    Ok(())
}

/// What a sweep came to.
#[derive(Debug, Default, Clone, Copy)]
struct Count {
    planned: u64,
    under_way: u64,
    blocked: u64,
}

async fn reissue(service: &Service, issuer: &Code, wait: bool) -> anyhow::Result<ExitCode> {
    let counter = Counter::new();
    let mut count = Count::default();
    service
        .reissue_compromised(issuer, &operator(), |swept| {
            match &swept.outcome {
                SweptOutcome::Planned => count.planned += 1,
                SweptOutcome::UnderWay => count.under_way += 1,
                SweptOutcome::Blocked(reasons) => {
                    count.blocked += 1;
                    let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                    counter.clear();
                    println!("left out: {}  {}  {}", swept.award, swept.session, reasons.join("; "));
                }
            }
            counter.show("looked at", count.planned + count.under_way + count.blocked);
        })
        .await?;
    counter.clear();
    let Count { planned, under_way, blocked } = count;
    println!("{planned} planned, {under_way} planned before and not signed yet, {blocked} left out");
    let mut complete = blocked == 0;
    if wait {
        let signed = sign_all(service, issuer, &counter).await?;
        counter.clear();
        let rest = service.store.count_compromised_credentials(issuer).await?;
        println!("{signed} jobs done here; {rest} credentials left under a compromised key");
        complete = rest == 0;
    } else if planned + under_way > 0 {
        println!("a running server signs them; with --wait they are signed here");
    }
    Ok(if complete { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Works until nothing planned is left of what a compromised key signed, beside whatever servers run.
async fn sign_all(service: &Service, issuer: &Code, counter: &Counter) -> anyhow::Result<u64> {
    let mut done = 0;
    loop {
        match worker::turn(service, "reissue").await? {
            Turn::Worked => {
                done += 1;
                counter.show("jobs done", done);
            }
            Turn::Idle if service.store.compromised_under_way(issuer).await? == 0 => return Ok(done),
            // What was given up stays for `sceau jobs`.
            Turn::Idle if service.store.jobs_pending().await? == 0 => return Ok(done),
            // Others hold the rest, or a try failed and waits for its time.
            Turn::Idle => tokio::time::sleep(Duration::from_millis(500)).await,
        }
    }
}

/// How far a command is: one line that changes on a terminal, a line now and then elsewhere.
struct Counter {
    terminal: bool,
}

impl Counter {
    fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal() }
    }

    fn show(&self, what: &str, count: u64) {
        if self.terminal {
            eprint!("\r{what}: {count}");
        } else if count.is_multiple_of(1000) {
            eprintln!("{what}: {count}");
        }
    }

    fn clear(&self) {
        if self.terminal {
            eprint!("\r\u{1b}[K");
        }
    }
}

fn write_identity(path: &std::path::Path) -> anyhow::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).with_context(|| path.display().to_string())?;
    let identity = Keyring::new_identity();
    writeln!(
        file,
        "# Sceau: age identity that protects the keys. Keep a copy off this machine.\n{}",
        identity.as_str()
    )?;
    file.sync_all()?;
    println!("{} written; set SCEAU_AGE_IDENTITY_FILE={}", path.display(), path.display());
    Ok(())
}
