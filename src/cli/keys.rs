//! `sceau keys`: one key signs for each issuer; those before it stay published to verify what they signed.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use crate::config::Installation;
use crate::ids::Code;
use crate::keyring::Keyring;
use crate::store::KeyState;

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
    /// Make the first key of an issuer.
    Generate(OfIssuer),
    /// List the keys of an issuer.
    List(OfIssuer),
    /// Make a new key sign for an issuer; the one before stays published.
    Rotate(OfIssuer),
    /// Destroy the private half of a key that no longer signs; what it signed stays verifiable.
    Retire {
        #[command(flatten)]
        of: OfIssuer,
        /// The key's thumbprint, as `sceau keys list` shows it.
        thumbprint: String,
    },
}

/// An issuer of this installation.
#[derive(Debug, clap::Args)]
pub(super) struct OfIssuer {
    #[command(flatten)]
    installation: Installation,
    /// The issuer's code.
    issuer: Code,
}

/// Runs a command.
pub(super) async fn run(command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::Identity { output } => write_identity(&output),
        KeysCommand::Generate(of) => {
            let service = super::open_service(&of.installation).await?;
            if service.store.active_key(&of.issuer).await?.is_some() {
                bail!("{} has a key that signs; use: sceau keys rotate {}", of.issuer, of.issuer);
            }
            let record = service.new_signing_key(&of.issuer).await?;
            println!("{}", record.key_id);
            Ok(())
        }
        KeysCommand::Rotate(of) => {
            let service = super::open_service(&of.installation).await?;
            let record = service.new_signing_key(&of.issuer).await?;
            println!("{}", record.key_id);
            Ok(())
        }
        KeysCommand::List(of) => {
            let store = super::open_store(&of.installation).await?;
            for key in store.keys(&of.issuer).await? {
                let (state, since) = match key.state {
                    KeyState::Active => ("signs", key.created),
                    KeyState::Retired => ("verifies only", key.retired.unwrap_or(key.created)),
                };
                println!("{}  {state} since {since}", key.thumbprint);
            }
            Ok(())
        }
        KeysCommand::Retire { of, thumbprint } => {
            let service = super::open_service(&of.installation).await?;
            let keys = service.store.keys(&of.issuer).await?;
            let key = keys.iter().find(|key| key.thumbprint == thumbprint).context("the issuer has no such key")?;
            ensure!(key.state == KeyState::Retired, "this key signs; rotate first: sceau keys rotate {}", of.issuer);
            service.keyring.destroy(&of.issuer, &thumbprint)?;
            println!("the private half is gone; the public half stays published");
            Ok(())
        }
    }
}

fn write_identity(path: &std::path::Path) -> anyhow::Result<()> {
    use std::io::Write as _;
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
