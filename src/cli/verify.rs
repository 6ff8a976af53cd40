//! `sceau verify`: a file or an address in, a report out.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;

use super::operations::parse_lang;
use crate::config::{Fetching, Installation, SystemClock, Trusting};
use crate::pages;
use crate::service::Service;
use crate::text::Lang;
use crate::time::{Clock as _, Zone};
use crate::verification::{self, MAX_FILE_BYTES, SealTrust, prepare_trusting};
use crate::verify::{
    CheckCode, MAX_DOCUMENT_BYTES, Materials, Outcome, Prepared, Question, Reason, Report, Trust, Verdict,
};

/// Options of `sceau verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyOptions {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    fetching: Fetching,
    #[command(flatten)]
    trusting: Trusting,
    /// The badge: JSON, JWT, PNG, SVG or PDF; - for standard input; or an https address.
    file: PathBuf,
    /// A document that lists an issuer's keys (did.json), where it should not be fetched; may be given several times.
    #[arg(long)]
    did_document: Vec<PathBuf>,
    /// A signed status list credential, where it should not be fetched; may be given several times.
    #[arg(long)]
    status_list: Vec<PathBuf>,
    /// Whether it was awarded to whoever has this e-mail address.
    #[arg(long)]
    recipient: Option<String>,
    /// The challenge that a presentation must answer.
    #[arg(long)]
    challenge: Option<String>,
    /// The domain that a presentation must be meant for.
    #[arg(long)]
    domain: Option<String>,
    /// The report as JSON.
    #[arg(long)]
    json: bool,
    /// The language of the report: fr or en.
    #[arg(long, default_value = "en", value_parser = parse_lang)]
    lang: Lang,
}

/// Verifies a file or an address: status 0 where the badge is valid, 1 where it is not, 2 where it could not be told.
pub(super) async fn run(options: &VerifyOptions) -> anyhow::Result<ExitCode> {
    let fetcher = options.fetching.fetcher(Arc::new(SystemClock))?;
    let deadline = Instant::now() + verification::FETCHING;
    let anchors = options.trusting.anchors()?;
    let trust = SealTrust { anchors: anchors.clone().into(), now: Some(SystemClock.now()) };
    let service = installation(options).await.map(|service| service.with_seal_anchors(anchors));
    let prepared = match options.file.to_str().filter(|file| file.starts_with("https://")) {
        Some(address) => match verification::fetch_credential(&fetcher, address, deadline).await {
            Ok(fetched) => prepare_trusting(&fetched.body, &trust),
            Err(error) => Prepared::unreadable(Reason::Unfetched, &error.to_string()),
        },
        None => match (super::read_within(&options.file, MAX_FILE_BYTES)?, &service) {
            (Some(bytes), Some(service)) => service.prepare_file(bytes).await?,
            (Some(bytes), None) => prepare_trusting(&bytes, &trust),
            (None, _) => Prepared::unreadable(Reason::TooLarge, &format!("more than {MAX_FILE_BYTES} bytes")),
        },
    };
    let mut materials = Materials::new();
    for path in options.did_document.iter().chain(&options.status_list) {
        supply(&mut materials, path)?;
    }
    let question = Question {
        recipient: options.recipient.clone(),
        challenge: options.challenge.clone(),
        domain: options.domain.clone(),
        ..Question::from(SystemClock.now())
    };
    let report = verification::judge(service.as_ref(), &fetcher, prepared, materials, question, deadline).await?;
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

/// A document given as a file is known by the `id` that it says it has.
fn supply(materials: &mut Materials, path: &Path) -> anyhow::Result<()> {
    let bytes = super::read_input(path, MAX_DOCUMENT_BYTES)?;
    let read = materials.supply(&bytes, Trust::Supplied);
    read.map_err(|why| anyhow::anyhow!("{why}")).with_context(|| path.display().to_string())
}

/// This installation, where there is one and its documents were not given by file: only one that can open its own keys can sign a
/// fresh status list.
async fn installation(options: &VerifyOptions) -> Option<Service> {
    if !options.did_document.is_empty() || !has_database(&options.installation) {
        return None;
    }
    match super::open_service(&options.installation).await {
        Ok(service) => Some(service),
        Err(error) => {
            eprintln!(
                "this installation could not be asked: {error:#}; --did-document and --status-list do without it"
            );
            None
        }
    }
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
    let zone = Zone::default();
    let words = pages::in_words(report, &zone, lang);
    println!("{}\n{}", words.headline.to_uppercase(), words.explanation);
    if let Some(trust) = report.trust {
        let issuer = report.content.as_ref().map(|content| content.issuer.id.as_str());
        let whose = match report.outcome(CheckCode::Credentials) {
            None => lang.pick("Émetteur\u{a0}: ", "Issuer: "),
            Some(_) => lang.pick("Porteur\u{a0}: ", "Holder: "),
        };
        println!("{whose}{}", pages::trust(trust, issuer, lang));
    }
    for check in &report.checks {
        let mark = match check.outcome {
            Outcome::Pass => "✓",
            Outcome::Fail => "✗",
            Outcome::Warn => "!",
            Outcome::NotChecked => "–",
        };
        let detail = check.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
        println!("  {mark} {}{detail}", check.message.get(lang));
    }
    for (number, credential) in report.credentials.iter().enumerate() {
        println!("\n{} {}", lang.pick("Justificatif", "Credential"), number + 1);
        print_report(credential, lang);
    }
    let Some(content) = &report.content else { return };
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
