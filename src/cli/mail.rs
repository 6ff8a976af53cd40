//! `sceau mail`: what learners are written, and whether it arrives.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Subcommand;

use super::operations::parse_lang;
use crate::catalog::MailEvent;
use crate::config::{self, Installation, Mailing, SystemClock, SystemEntropy};
use crate::ids::MessageId;
use crate::letters::Letters;
use crate::mailer::Outgoing;
use crate::text::{Email, Lang};
use crate::time::Clock as _;

/// Commands of `sceau mail`.
#[derive(Debug, Subcommand)]
pub(super) enum MailCommand {
    /// Print a letter with sample data.
    #[command(
        after_help = "Examples:\n  sceau mail preview --lang fr\n  sceau mail preview --event revoked --html > letter.html"
    )]
    Preview {
        /// In which language: fr or en.
        #[arg(long, default_value = "fr", value_parser = parse_lang)]
        lang: Lang,
        /// Of what it tells: issued, replaced or revoked.
        #[arg(long, default_value = "issued", value_parser = parse_event)]
        event: MailEvent,
        /// The HTML instead of the text.
        #[arg(long)]
        html: bool,
        /// A folder whose folder `mail` holds templates that replace the built-in ones.
        #[arg(long, env = "SCEAU_TEMPLATES")]
        templates: Option<PathBuf>,
    },
    /// Send a letter with sample data to an address, now, and say what the mail server said.
    #[command(
        after_help = "Example:\n  SCEAU_SMTP_URL=smtps://… SCEAU_SMTP_FROM=sceau@ministere.example sceau mail test me@ministere.example"
    )]
    Test(Box<TestOptions>),
}

/// Options of `sceau mail test`.
#[derive(Debug, clap::Args)]
pub(super) struct TestOptions {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    mailing: Mailing,
    /// To whom.
    #[arg(value_parser = Email::new)]
    address: Email,
    /// In which language: fr or en.
    #[arg(long, default_value = "fr", value_parser = parse_lang)]
    lang: Lang,
    /// A folder whose folder `mail` holds templates that replace the built-in ones.
    #[arg(long, env = "SCEAU_TEMPLATES")]
    templates: Option<PathBuf>,
}

fn parse_event(text: &str) -> Result<MailEvent, String> {
    let found = MailEvent::ALL.into_iter().find(|event| event.as_str() == text);
    found.ok_or_else(|| format!("there are {}", MailEvent::ALL.map(MailEvent::as_str).join(", ")))
}

/// Runs a command.
pub(super) async fn run(command: MailCommand) -> anyhow::Result<()> {
    match command {
        MailCommand::Preview { lang, event, html, templates } => {
            let letter = Letters::new(&config::mail_overrides(templates.as_deref())?)?.sample(event, lang)?;
            if html {
                println!("{}", letter.html);
            } else {
                println!("{}\n\n{}", letter.subject, letter.text);
            }
        }
        MailCommand::Test(options) => {
            let TestOptions { installation, mailing, address, lang, templates } = *options;
            let store = super::open_store(&installation).await?;
            let url = super::public_url(&installation, &store).await?;
            let mailer = mailing.mailer(url.host())?.context("set SCEAU_SMTP_URL and SCEAU_SMTP_FROM")?;
            let letter =
                Letters::new(&config::mail_overrides(templates.as_deref())?)?.sample(MailEvent::Issued, lang)?;
            let id = format!("{}@{}", MessageId::random(&SystemEntropy), url.host());
            let outgoing = Outgoing {
                id: &id,
                date: SystemClock.now(),
                from_name: "Sceau",
                reply_to: None,
                to: &address,
                to_name: None,
                lang,
                subject: &letter.subject,
                text: &letter.text,
                html: &letter.html,
            };
            mailer.send(&outgoing).await.map_err(|error| anyhow::anyhow!("not taken: {error}"))?;
            println!("taken by the mail server, as <{id}>");
        }
    }
    Ok(())
}
