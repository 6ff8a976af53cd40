//! `sceau webhooks` and `sceau messages`: who is told, and what became of it.

use clap::Subcommand;

use crate::catalog::{Event, ShortText, WebUrl, WebhookEndpoint};
use crate::config::{Fetching, Installation, SystemClock, operator};
use crate::ids::{Code, MessageId};
use crate::store::{Channel, ChannelName, MessageFilter, MessageRecord, MessageReplay, MessageState, Page};
use crate::time::Clock as _;

/// Commands of `sceau webhooks`.
#[derive(Debug, Subcommand)]
pub(super) enum WebhooksCommand {
    /// List the endpoints of an issuer.
    List {
        #[command(flatten)]
        installation: Installation,
        /// The issuer's code.
        issuer: Code,
    },
    /// Add an endpoint, or change one, and make it active; a new one's secret is printed, once.
    #[command(
        after_help = "Example:\n  sceau webhooks add dgafp mentor https://mentor.example/webhooks/sceau\nThe events are credential.issued, credential.replaced, credential.revoked and award.blocked; all of them unless --event names some."
    )]
    Add {
        #[command(flatten)]
        installation: Installation,
        #[command(flatten)]
        fetching: Fetching,
        /// The issuer's code.
        issuer: Code,
        /// The endpoint's name among the issuer's.
        name: Code,
        /// The address to post to.
        #[arg(value_parser = parse_url)]
        url: WebUrl,
        /// An event to tell it of. Repeatable.
        #[arg(long = "event", value_parser = parse_event)]
        events: Vec<Event>,
        /// What it is, for people.
        #[arg(long, value_parser = ShortText::new)]
        description: Option<ShortText>,
    },
    /// Make a new secret for an endpoint and print it, once. The one before signs too for 24 hours.
    Secret {
        #[command(flatten)]
        installation: Installation,
        /// The issuer's code.
        issuer: Code,
        /// The endpoint's name.
        name: Code,
    },
    /// Have a running server send a ping to an endpoint.
    Test {
        #[command(flatten)]
        installation: Installation,
        /// The issuer's code.
        issuer: Code,
        /// The endpoint's name.
        name: Code,
    },
    /// Remove an endpoint; messages that wait for it are given up.
    Remove {
        #[command(flatten)]
        installation: Installation,
        /// The issuer's code.
        issuer: Code,
        /// The endpoint's name.
        name: Code,
    },
}

/// Commands of `sceau messages`.
#[derive(Debug, Subcommand)]
pub(super) enum MessagesCommand {
    /// List messages, newest first.
    List {
        #[command(flatten)]
        installation: Installation,
        #[command(flatten)]
        wanted: Wanted,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
    },
    /// Show one message, and what went wrong with it last.
    Show {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `list` shows it.
        id: MessageId,
    },
    /// Send messages again, under their old ids: one, or all of a state.
    #[command(
        after_help = "Examples:\n  sceau messages replay 0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e\n  sceau messages replay --state dead --channel webhook"
    )]
    Replay {
        #[command(flatten)]
        installation: Installation,
        /// Its id, as `list` shows it; without one, all that the options say.
        #[arg(required_unless_present = "state", conflicts_with_all = ["state", "channel", "issuer", "endpoint"])]
        id: Option<MessageId>,
        #[command(flatten)]
        wanted: Wanted,
    },
}

/// Which messages are meant.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Wanted {
    /// In one state: pending, sent, dead or skipped.
    #[arg(long, value_parser = parse_state)]
    state: Option<MessageState>,
    /// On one channel: webhook or mail.
    #[arg(long, value_parser = parse_channel)]
    channel: Option<ChannelName>,
    /// Of one issuer.
    #[arg(long)]
    issuer: Option<Code>,
    /// To one endpoint.
    #[arg(long)]
    endpoint: Option<Code>,
}

impl Wanted {
    fn filter(self) -> MessageFilter {
        let Self { state, channel, issuer, endpoint } = self;
        MessageFilter { issuer, state, channel, endpoint, award: None }
    }
}

fn parse_url(text: &str) -> Result<WebUrl, crate::catalog::ValueError> {
    text.parse()
}

fn parse_event(text: &str) -> Result<Event, String> {
    let found = Event::TOLD.into_iter().find(|event| event.as_str() == text);
    found.ok_or_else(|| format!("there are {}", Event::TOLD.map(Event::as_str).join(", ")))
}

fn parse_state(text: &str) -> Result<MessageState, String> {
    let found = MessageState::ALL.into_iter().find(|state| state.as_str() == text);
    found.ok_or_else(|| format!("there are {}", MessageState::ALL.map(MessageState::as_str).join(", ")))
}

fn parse_channel(text: &str) -> Result<ChannelName, String> {
    let found = [ChannelName::Webhook, ChannelName::Mail].into_iter().find(|channel| channel.as_str() == text);
    found.ok_or_else(|| "there are webhook, mail".into())
}

/// Runs a command of `sceau webhooks`.
pub(super) async fn run_webhooks(command: WebhooksCommand) -> anyhow::Result<()> {
    let unknown = |issuer: &Code, name: &Code| format!("the issuer {issuer} has no endpoint {name}");
    match command {
        WebhooksCommand::List { installation, issuer } => {
            for found in super::open_store(&installation).await?.webhooks(&issuer).await? {
                let events: Vec<_> = found.endpoint.events.iter().map(|event| event.as_str()).collect();
                let (state, url) = (found.state.as_str(), found.endpoint.url.as_str());
                println!("{}  {state}  {url}  {}", found.name, events.join(","));
            }
        }
        WebhooksCommand::Add { installation, fetching, issuer, name, url, events, description } => {
            let fetcher = fetching.fetcher(std::sync::Arc::new(SystemClock))?;
            let service = super::open_service(&installation).await?.with_fetcher(fetcher);
            anyhow::ensure!(
                service.store.issuer(&issuer).await?.is_some(),
                "there is no issuer {issuer}; import it first"
            );
            let events = if events.is_empty() { Event::TOLD.into() } else { events };
            let endpoint = WebhookEndpoint { url, events: events.into_iter().collect(), description };
            let kept = service.keep_endpoint(operator(), &issuer, &name, &endpoint).await?;
            match kept.secret {
                Some(secret) => {
                    eprintln!("secret of the endpoint {name}; it is shown this once:");
                    println!("{}", secret.as_str());
                }
                None => println!("kept"),
            }
        }
        WebhooksCommand::Secret { installation, issuer, name } => {
            let service = super::open_service(&installation).await?;
            let secret = service.rotate_endpoint_secret(operator(), &issuer, &name).await?;
            let secret = secret.ok_or_else(|| anyhow::anyhow!(unknown(&issuer, &name)))?;
            eprintln!(
                "new secret of the endpoint {name}; it is shown this once, and the one before signs for 24 hours:"
            );
            println!("{}", secret.as_str());
        }
        WebhooksCommand::Test { installation, issuer, name } => {
            let store = super::open_store(&installation).await?;
            let message = store.ping_webhook(&issuer, &name, SystemClock.now()).await?;
            let message = message.ok_or_else(|| anyhow::anyhow!(unknown(&issuer, &name)))?;
            println!("{message}: a running server sends it; see sceau messages show {message}");
        }
        WebhooksCommand::Remove { installation, issuer, name } => {
            let store = super::open_store(&installation).await?;
            let removed = store.remove_webhook(&issuer, &name, SystemClock.now()).await?;
            anyhow::ensure!(removed.is_some(), unknown(&issuer, &name));
            println!("removed");
        }
    }
    Ok(())
}

/// Runs a command of `sceau messages`.
pub(super) async fn run_messages(command: MessagesCommand) -> anyhow::Result<()> {
    match command {
        MessagesCommand::List { installation, wanted, limit } => {
            let store = super::open_store(&installation).await?;
            let found = store.messages(&wanted.filter(), &Page { limit, after: None }).await?;
            found.items.iter().for_each(|message| println!("{}", line(message)));
            if found.next.is_some() {
                eprintln!("there are more; raise --limit or narrow by --state and --channel");
            }
        }
        MessagesCommand::Show { installation, id } => {
            let message = super::open_store(&installation).await?.message(id).await?;
            let message = message.ok_or_else(|| anyhow::anyhow!("there is no message {id}"))?;
            println!("{}", line(&message));
            let told = |label: &str, value: Option<String>| {
                if let Some(value) = value {
                    println!("{label:<12}{value}");
                }
            };
            told("award", message.award.map(|id| id.to_string()));
            told("credential", message.credential.map(|id| id.to_string()));
            told("attempts", Some(message.attempts.to_string()));
            told("next", message.next.map(|at| at.to_string()));
            told("sent", message.sent.map(|at| at.to_string()));
        }
        MessagesCommand::Replay { installation, id, wanted } => {
            let store = super::open_store(&installation).await?;
            let Some(id) = id else {
                let replayed = store.replay_messages(&wanted.filter(), u32::MAX, SystemClock.now()).await?;
                println!("{replayed} queued; a running server sends them");
                return Ok(());
            };
            match store.replay_message(id, SystemClock.now()).await? {
                Some(MessageReplay::Queued) => println!("queued; a running server sends it"),
                Some(MessageReplay::Pending) => anyhow::bail!("the message is on its way already"),
                None => anyhow::bail!("there is no message {id}"),
            }
        }
    }
    Ok(())
}

fn line(message: &MessageRecord) -> String {
    let channel = match &message.channel {
        Channel::Webhook(name) => format!("webhook {name}"),
        Channel::Mail => "mail".into(),
    };
    let (state, event) = (message.state.as_str(), message.event.as_str());
    let error = message.error.as_deref().unwrap_or("");
    format!("{}  {}  {}  {channel}  {event}  {state}  {error}", message.id, message.at, message.issuer)
}
