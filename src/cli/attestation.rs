//! `sceau attestation`: how attestations look, before anybody gets one.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;

use super::officers::parse_kind;
use super::operations::parse_lang;
use crate::attestation::{SampleOf, preview};
use crate::catalog::AwardKind;
use crate::config;
use crate::ids::Code;
use crate::text::{Lang, PersonName};

/// Commands of `sceau attestation`.
#[derive(Debug, Subcommand)]
pub(super) enum AttestationCommand {
    /// Draw an attestation with sample data, from the templates that `serve` would use.
    #[command(
        after_help = "Examples:\n  sceau attestation preview --output exemple.pdf\n  sceau attestation preview --templates modeles --issuer dgafp --kind certificate --lang en > sample.pdf\n  sceau attestation preview --sample long --output long.pdf\nHow to write a template: templates/README.md."
    )]
    Preview {
        /// A folder whose folder `attestation` holds templates that replace the built-in ones.
        #[arg(long, env = "SCEAU_TEMPLATES")]
        templates: Option<PathBuf>,
        /// The issuer whose own templates are used, where it has some.
        #[arg(long)]
        issuer: Option<Code>,
        /// participation or certificate.
        #[arg(long, default_value = "participation", value_parser = parse_kind)]
        kind: AwardKind,
        /// fr or en.
        #[arg(long, default_value = "fr", value_parser = parse_lang)]
        lang: Lang,
        /// How much there is to say: ordinary, bare (all that may be missing is) or long (all at its longest).
        #[arg(long, default_value = "ordinary", value_parser = parse_sample)]
        sample: SampleOf,
        /// Whose it is.
        #[arg(long, value_parser = PersonName::new)]
        name: Option<PersonName>,
        /// The colour of the sample's issuer.
        #[arg(long, default_value = "#000091", value_parser = parse_colour)]
        colour: [u8; 3],
        /// The file to write; to standard output without it.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Try every template and say what is wrong with the first one that does not work.
    Check {
        /// A folder whose folder `attestation` holds templates that replace the built-in ones.
        #[arg(long, env = "SCEAU_TEMPLATES")]
        templates: PathBuf,
    },
}

fn parse_sample(text: &str) -> Result<SampleOf, &'static str> {
    SampleOf::ALL.into_iter().find(|sample| sample.as_str() == text).ok_or("there are ordinary, bare, long")
}

fn parse_colour(text: &str) -> Result<[u8; 3], &'static str> {
    crate::attestation::parse_colour(text).ok_or("write a colour as \"#000091\"")
}

/// Runs a command.
pub(super) fn run(command: AttestationCommand) -> anyhow::Result<()> {
    match command {
        AttestationCommand::Preview { templates, issuer, kind, lang, sample, name, colour, output } => {
            let templates = config::attestation_templates(templates.as_deref())?;
            let template = match &issuer {
                Some(issuer) => templates.of(issuer, kind, lang),
                None => templates.common(kind, lang),
            };
            let pdf = preview(template, (kind, lang), sample, name.as_ref(), colour)?;
            match output {
                Some(path) => std::fs::write(&path, pdf).with_context(|| path.display().to_string())?,
                None => {
                    let mut out = std::io::stdout();
                    ensure!(!out.is_terminal(), "a PDF is nothing for a terminal; name a file: --output sample.pdf");
                    out.write_all(&pdf)?;
                }
            }
        }
        AttestationCommand::Check { templates } => {
            let read = config::attestation_templates(Some(&templates))?;
            let own = read.issuers().map(Code::as_str).collect::<Vec<_>>().join(", ");
            println!("all templates work; issuers with their own: {}", if own.is_empty() { "none" } else { &own });
        }
    }
    Ok(())
}
