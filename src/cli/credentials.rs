//! `sceau verify` and `sceau awards`.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use serde_json::Value;

use crate::award::AwardState;
use crate::config::{Installation, SystemClock};
use crate::ids::{AwardId, Code};
use crate::issuance::block_reason_text;
use crate::reissue::Reissue;
use crate::store::{AlertFilter, AlertKind, AwardFilter, AwardStateName, Page};
use crate::text::Lang;
use crate::time::{Clock as _, Zone};
use crate::verification::prepare_any;
use crate::verify::{CheckCode, Materials, Outcome, Report, Verdict};

/// The largest file to verify, in bytes.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// Options of `sceau verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyOptions {
    #[command(flatten)]
    installation: Installation,
    /// The badge, or - for standard input.
    file: PathBuf,
    /// The issuer's DID document, where it is not an issuer of this installation.
    #[arg(long)]
    did_document: Option<PathBuf>,
    /// The signed status list credential.
    #[arg(long)]
    status_list: Option<PathBuf>,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
    /// The language of the report: fr or en.
    #[arg(long, default_value = "en", value_parser = parse_lang)]
    lang: Lang,
}

fn parse_lang(text: &str) -> Result<Lang, String> {
    [Lang::Fr, Lang::En].into_iter().find(|lang| lang.tag() == text).ok_or_else(|| "fr or en".into())
}

/// Verifies a file: status 0 where the badge is valid, 1 where it is not, 2 where it could not be told.
pub(super) async fn verify(options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let bytes = super::read_input(&options.file, MAX_BYTES)?;
    let prepared = prepare_any(&bytes);
    let needs = prepared.needs();
    let mut materials = Materials::default();
    // A verifier has no private key: only an installation that can open its own can sign a fresh status list.
    if options.did_document.is_none() && has_database(&options.installation) {
        match super::open_service(&options.installation).await {
            Ok(service) => materials = service.materials(&needs).await?,
            Err(error) => eprintln!(
                "this installation could not be asked: {error:#}; --did-document and --status-list do without it"
            ),
        }
    }
    let read = |path: &PathBuf| -> anyhow::Result<Value> {
        let bytes = super::read_input(path, MAX_BYTES)?;
        crate::json::parse_strict(&bytes, &crate::json::Limits::default()).with_context(|| path.display().to_string())
    };
    if let Some(path) = &options.did_document {
        materials.did_document = Some(read(path)?);
    }
    if let Some(path) = &options.status_list {
        materials.status_list = Some(read(path)?);
    }
    let report = prepared.conclude(&materials, SystemClock.now());
    if options.json {
        println!("{:#}", crate::http::report_document(&report));
    } else {
        print_report(&report, options.lang);
    }
    Ok(match report.verdict {
        Verdict::Valid => ExitCode::SUCCESS,
        Verdict::Unverifiable => ExitCode::from(2),
        _ => ExitCode::FAILURE,
    })
}

/// Whether there is a database to ask: verifying must not make one.
fn has_database(installation: &Installation) -> bool {
    match installation.database() {
        Ok(crate::store::DatabaseUrl::Sqlite(path)) => path.exists(),
        Ok(crate::store::DatabaseUrl::Postgres(_)) => true,
        Err(_) => false,
    }
}

fn print_report(report: &Report, lang: Lang) {
    let verdict = match report.verdict {
        Verdict::Valid => lang.pick("VALABLE : authentique et en vigueur", "VALID: authentic and in force"),
        Verdict::Revoked => lang.pick("RÉVOQUÉ par son émetteur", "REVOKED by its issuer"),
        Verdict::Expired => lang.pick("EXPIRÉ", "EXPIRED"),
        Verdict::NotYetValid => lang.pick("PAS ENCORE EN VIGUEUR", "NOT YET IN FORCE"),
        Verdict::Invalid if report.outcome(CheckCode::Form) == Some(Outcome::Fail) => lang.pick(
            "ILLISIBLE : aucun badge n’a été trouvé dans ce fichier",
            "UNREADABLE: no badge was found in this file",
        ),
        Verdict::Invalid => {
            lang.pick("NON VALABLE : ce n’est pas ce que l’émetteur a signé", "INVALID: not what its issuer signed")
        }
        Verdict::Unverifiable => {
            lang.pick("NON VÉRIFIABLE avec ce qui est connu ici", "NOT VERIFIABLE with what is known here")
        }
    };
    println!("{verdict}");
    for check in &report.checks {
        let mark = match check.outcome {
            Outcome::Pass => "✓",
            Outcome::Fail => "✗",
            Outcome::Warn => "!",
            Outcome::NotChecked => "–",
        };
        println!("  {mark} {}", check.message.get(lang));
    }
    let Some(content) = &report.content else { return };
    let zone = Zone::default();
    let line = |label: &str, value: &str| println!("  {label:<18}{value}");
    println!();
    if let Some(kind) = content.kind {
        line(lang.pick("Document", "Document"), kind.label(lang));
    }
    line(lang.pick("Formation", "Training"), &content.title);
    line(lang.pick("Émetteur", "Issuer"), &content.issuer.name);
    if let Some(duration) = content.duration {
        line(lang.pick("Durée", "Duration"), &duration.spoken());
    }
    if let Some(awarded) = content.awarded {
        line(lang.pick("Attribué le", "Awarded"), &awarded.day(&zone, lang));
    }
    if let Some(until) = content.valid_until {
        line(lang.pick("Valable jusqu’au", "Valid until"), &until.day(&zone, lang));
    }
    line(
        lang.pick("Nom", "Name"),
        lang.pick("non contrôlé ici (scannez le QR code)", "not checked here (scan the QR code)"),
    );
}

/// Commands of `sceau awards`.
#[derive(Debug, Subcommand)]
pub(super) enum AwardsCommand {
    /// List the awards that wait, and for what.
    Blocked {
        #[command(flatten)]
        installation: Installation,
    },
    /// List what calls for an officer's attention.
    Alerts {
        #[command(flatten)]
        installation: Installation,
        /// Of one session.
        #[arg(long)]
        session: Option<Code>,
    },
    /// Mark the alert of an award as dealt with.
    Settle {
        #[command(flatten)]
        installation: Installation,
        /// The award's id.
        id: AwardId,
    },
    /// Correct an award with the learner's details as known now: the next version of its credential.
    Reissue {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: AwardId,
    },
}

/// Runs a command of `sceau awards`.
pub(super) async fn run_awards(command: AwardsCommand) -> anyhow::Result<()> {
    match command {
        AwardsCommand::Blocked { installation } => {
            let store = super::open_store(&installation).await?;
            let filter = AwardFilter { state: Some(AwardStateName::Blocked), ..AwardFilter::default() };
            let mut page = Page { limit: 500, after: None };
            loop {
                let found = store.awards(&filter, &page).await?;
                for award in &found.items {
                    let AwardState::Blocked { reasons } = &award.state else { continue };
                    let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                    println!("{}  {}  {}  {}", award.id, award.session, award.kind.as_str(), reasons.join("; "));
                }
                page.after = found.next;
                if page.after.is_none() {
                    return Ok(());
                }
            }
        }
        AwardsCommand::Alerts { installation, session } => {
            let store = super::open_store(&installation).await?;
            for alert in store.alerts(&AlertFilter { session, ..AlertFilter::default() }).await? {
                println!("{}  {}  {}  {}", alert.raised, alert.award, alert.session, alert.text.en);
            }
            Ok(())
        }
        AwardsCommand::Settle { installation, id } => {
            let store = super::open_store(&installation).await?;
            let settled = store.settle_alert(AlertKind::WithdrawalAfterAward, id, SystemClock.now()).await?;
            anyhow::ensure!(settled.is_some(), "the award {id} has no open alert");
            println!("settled");
            Ok(())
        }
        AwardsCommand::Reissue { installation, id } => {
            let service = super::open_service(&installation).await?;
            match service.reissue(id).await? {
                Reissue::Planned(credential) => {
                    println!("{}: a running server signs it", service.url.credential(credential))
                }
                Reissue::NotFound => anyhow::bail!("there is no award {id}"),
                Reissue::Revoked => anyhow::bail!("the award was revoked: a correction would undo that"),
                Reissue::NotIssued => anyhow::bail!("only an issued award can be corrected"),
                Reissue::Blocked(reasons) => {
                    let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                    anyhow::bail!("something must be supplied first: {}", reasons.join("; "));
                }
            }
            Ok(())
        }
    }
}
