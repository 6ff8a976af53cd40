//! `sceau token`: bearer tokens of the API, each of one issuer.

use clap::Subcommand;

use crate::config::{Installation, SystemClock, SystemEntropy};
use crate::http::{Scope, new_token, token_hash};
use crate::ids::{Code, TokenId};
use crate::store::TokenRecord;
use crate::time::Clock as _;

/// Commands of `sceau token`.
#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Make a token and print it, once.
    #[command(
        after_help = "Example:\n  sceau token create --issuer dgafp --scope awards:read --scope learners:write --days 90 \"Mentor, production\""
    )]
    Create {
        #[command(flatten)]
        installation: Installation,
        /// The issuer it acts for, and no other.
        #[arg(long)]
        issuer: Code,
        /// What it may do: catalog:read, catalog:write, learners:read, learners:write, awards:read, awards:write, sessions:operate, evidence:write, audit:read, webhooks:write. Repeatable.
        #[arg(long = "scope", required = true)]
        scopes: Vec<Scope>,
        /// How many days it holds.
        #[arg(long, default_value_t = 90, value_parser = clap::value_parser!(u32).range(1..=730))]
        days: u32,
        /// What people call it.
        label: String,
    },
    /// List tokens; never their secrets.
    List {
        #[command(flatten)]
        installation: Installation,
    },
    /// Revoke a token, for good.
    Revoke {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `sceau token list` shows it.
        id: TokenId,
    },
}

/// Runs a command.
pub(super) async fn run(command: TokenCommand) -> anyhow::Result<()> {
    match command {
        TokenCommand::Create { installation, issuer, scopes, days, label } => {
            let store = super::open_store(&installation).await?;
            anyhow::ensure!(store.issuer(&issuer).await?.is_some(), "there is no issuer {issuer}; import it first");
            let (secret, now) = (new_token(&SystemEntropy), SystemClock.now());
            let record = TokenRecord {
                id: TokenId::random(&SystemEntropy),
                label,
                issuer,
                scopes: scopes.iter().map(ToString::to_string).collect(),
                created: now,
                expires: now.plus_seconds(i64::from(days) * 24 * 3600),
                revoked: None,
            };
            store.put_token(&record, &token_hash(&secret)).await?;
            eprintln!("token {} for {}, until {}; it is shown this once:", record.id, record.issuer, record.expires);
            println!("{}", secret.as_str());
        }
        TokenCommand::List { installation } => {
            let now = SystemClock.now();
            for token in super::open_store(&installation).await?.tokens().await? {
                let state = match token.revoked {
                    Some(at) => format!("revoked {at}"),
                    None if token.expires <= now => format!("expired {}", token.expires),
                    None => format!("until {}", token.expires),
                };
                println!("{}  {}  {}  {state}  {}", token.id, token.issuer, token.scopes.join(","), token.label);
            }
        }
        TokenCommand::Revoke { installation, id } => {
            let store = super::open_store(&installation).await?;
            anyhow::ensure!(store.revoke_token(id, SystemClock.now()).await?.is_some(), "there is no token {id}");
            println!("revoked");
        }
    }
    Ok(())
}
