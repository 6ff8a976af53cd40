//! `sceau sessions`: what officers do to a session, and evidence out of a file.

use std::collections::BTreeSet;
use std::io::BufReader;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::operations::{ReportOptions, follow, work_here};
use super::progress::Progress;
use crate::award::{RevocationCategory, Verdict};
use crate::catalog::{AwardKind, CriteriaByKind, EffectiveSession, Source};
use crate::config::{Installation, SystemClock, operator};
use crate::evidence_import::{Import, ImportError, LinesOf};
use crate::ids::{Code, ExternalId, LearnerId};
use crate::json;
use crate::operation::{Orphans, Request};
use crate::service::Service;
use crate::sheet;
use crate::store::{AwardFilter, AwardStateName, Closing, ManualDecision, entry_hash};
use crate::text::Reason;
use crate::time::Clock as _;

/// The largest file of criteria, in bytes.
const MAX_CRITERIA_BYTES: usize = 256 * 1024;

/// What is the same for every command on a session.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OnSession {
    #[command(flatten)]
    installation: Installation,
    /// The session's code.
    session: Code,
}

/// Whom a command is about, and why it is done.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct OnLearners {
    #[command(flatten)]
    on: OnSession,
    /// The source that knows the learners; may be left out where one source alone reports on the issuer's sessions.
    #[arg(long)]
    source: Option<Code>,
    /// A learner, as the source or the API calls them. Repeatable.
    #[arg(long = "learner", required_unless_present = "learners")]
    learner: Vec<ExternalId>,
    /// A CSV sheet with a column `id` (and perhaps `source`).
    #[arg(long, conflicts_with = "learner")]
    learners: Option<PathBuf>,
    /// Which award: participation or certificate.
    #[arg(long, default_value = "participation", value_parser = parse_kind)]
    kind: AwardKind,
    /// Why; kept in the audit trail, never published.
    #[arg(long)]
    reason: Reason,
    #[command(flatten)]
    report: ReportOptions,
}

/// Commands of `sceau sessions` for officers.
#[derive(Debug, Subcommand)]
pub(super) enum OfficersCommand {
    /// Tell how a session stands: learners, awards, alerts, whether it is closed.
    Status(OnSession),
    /// Tell who has or would get what, and who misses what. Nothing is changed.
    #[command(
        after_help = "Examples:\n  sceau sessions dry-run laicite-2026-03 --report rapport.csv\n  sceau sessions dry-run laicite-2026-03 --criteria new.json\nThe criteria are JSON: {\"participation\": {\"rule\": {\"expected_activities\": {}}}}. Ctrl-C pauses; `sceau operations resume` goes on."
    )]
    DryRun {
        #[command(flatten)]
        on: OnSession,
        /// Criteria to look at instead of the session's own.
        #[arg(long)]
        criteria: Option<PathBuf>,
        #[command(flatten)]
        report: ReportOptions,
    },
    /// Change the criteria of a session while it runs: looks at every learner first, and asks where awards would no longer be covered.
    #[command(
        after_help = "Example:\n  sceau sessions change-criteria laicite-2026-03 new.json --reason \"Activité retirée\""
    )]
    ChangeCriteria {
        #[command(flatten)]
        on: OnSession,
        /// The criteria, as JSON.
        criteria: PathBuf,
        /// Why; kept in the audit trail.
        #[arg(long)]
        reason: Reason,
        /// Let awards stand that would no longer be covered, each with an alert, without asking.
        #[arg(long)]
        keep_orphans: bool,
        #[command(flatten)]
        report: ReportOptions,
    },
    /// Award by hand, whatever the criteria say.
    #[command(
        after_help = "Example:\n  sceau sessions award laicite-2026-03 --learner 892 --reason \"Panne de la plateforme le 3 mars\""
    )]
    Award(OnLearners),
    /// Refuse by hand, whatever the criteria say. An award that was made stands: revoke its credential to end it.
    Refuse(OnLearners),
    /// Give the criteria their say back.
    Automatic(OnLearners),
    /// Revoke credentials.
    #[command(
        after_help = "Example:\n  sceau sessions revoke laicite-2026-03 --learners list.csv --category awarded_in_error --reason \"Mauvaise session\""
    )]
    Revoke {
        #[command(flatten)]
        on: OnLearners,
        /// Why, as anyone may read it: awarded_in_error, details_corrected, evidence_withdrawn, learner_request.
        #[arg(long, value_parser = parse_category)]
        category: RevocationCategory,
    },
    /// Close a session: what had arrived counts; what arrives later is kept, and awards nothing by itself.
    Close {
        #[command(flatten)]
        on: OnSession,
        /// Why; kept in the audit trail.
        #[arg(long)]
        reason: Reason,
    },
    /// Open a closed session again.
    Reopen {
        #[command(flatten)]
        on: OnSession,
        /// Why; kept in the audit trail.
        #[arg(long)]
        reason: Reason,
    },
    /// Import evidence from a file: a CSV sheet, or one `record` of completion-event a line (.ndjson, .jsonl). All of it is checked first.
    #[command(
        after_help = "Examples:\n  sceau sessions import laicite-2026-03 completions.csv --source mentor --work\n  sceau sessions import laicite-2026-03 completions.csv --check\nColumns, in any order, French or English: id (or username, e-mail), name, activity, state, at. An empty activity means the course as a\nwhole, an empty state means completed. Cut off, it can be run again: nothing counts twice."
    )]
    Import {
        #[command(flatten)]
        on: OnSession,
        /// The file.
        file: PathBuf,
        /// The source that is to have reported it; may be left out where one source alone reports on the issuer's sessions.
        #[arg(long)]
        source: Option<Code>,
        /// Say whether the file can be used, and keep nothing.
        #[arg(long)]
        check: bool,
        /// Take it up here and now, instead of leaving that to a running server.
        #[arg(long)]
        work: bool,
    },
}

pub(super) fn parse_kind(text: &str) -> Result<AwardKind, String> {
    let found = AwardKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| format!("there are {}", AwardKind::ALL.map(AwardKind::as_str).join(", ")))
}

fn parse_category(text: &str) -> Result<RevocationCategory, String> {
    serde_json::from_value(serde_json::json!(text)).map_err(|_| "not a category; see --help".to_owned())
}

/// Runs a command.
pub(super) async fn run(command: OfficersCommand) -> anyhow::Result<ExitCode> {
    match command {
        OfficersCommand::Status(on) => status(&on).await,
        OfficersCommand::DryRun { on, criteria, report } => {
            let (service, session) = open(&on).await?;
            let criteria = criteria.as_deref().map(|path| read_criteria(&session, path)).transpose()?;
            start(&service, &session, Request::DryRun { criteria }, &report).await
        }
        OfficersCommand::ChangeCriteria { on, criteria, reason, keep_orphans, report } => {
            let (service, session) = open(&on).await?;
            let criteria = read_criteria(&session, &criteria)?;
            let orphans = if keep_orphans { Orphans::Keep } else { Orphans::Ask };
            let (session_sha256, reason) = (entry_hash(&session.session), reason.into());
            start(&service, &session, Request::ChangeCriteria { criteria, session_sha256, reason, orphans }, &report)
                .await
        }
        OfficersCommand::Award(on) => decide(&on, Some(Verdict::Award)).await,
        OfficersCommand::Refuse(on) => decide(&on, Some(Verdict::Refuse)).await,
        OfficersCommand::Automatic(on) => decide(&on, None).await,
        OfficersCommand::Revoke { on, category } => {
            let (service, session) = open(&on.on).await?;
            let learners = learners(&service, &session, &on).await?;
            let request = Request::Revoke { award: on.kind, category, reason: on.reason.clone().into(), learners };
            start(&service, &session, request, &on.report).await
        }
        OfficersCommand::Close { on, reason } => {
            let (service, session) = open(&on).await?;
            let store = &service.store;
            close(
                store.close_session(&on.session, session.issuer(), reason.as_str(), SystemClock.now()).await?,
                "closed",
            )
        }
        OfficersCommand::Reopen { on, reason } => {
            let (service, session) = open(&on).await?;
            let store = &service.store;
            close(
                store.reopen_session(&on.session, session.issuer(), reason.as_str(), SystemClock.now()).await?,
                "open",
            )
        }
        OfficersCommand::Import { on, file, source, check, work } => {
            let (service, session) = open(&on).await?;
            let source = service.source_for(&session, source.as_ref()).await??;
            import(&service, &session, &source, &file, (check, work)).await
        }
    }
}

async fn open(on: &OnSession) -> anyhow::Result<(Service, EffectiveSession)> {
    let service = super::open_service(&on.installation).await?;
    let session = service.store.effective_session(&on.session).await?;
    let session = session.with_context(|| format!("there is no session {}", on.session))?;
    Ok((service, session))
}

async fn status(on: &OnSession) -> anyhow::Result<ExitCode> {
    let store = super::open_store(&on.installation).await?;
    let session = store.effective_session(&on.session).await?;
    let session = session.with_context(|| format!("there is no session {}", on.session))?;
    println!("{}  {}", on.session, session.training.title.as_str());
    let closed = store.session_closed_at(&on.session).await?;
    println!("{}", closed.map_or("open".to_owned(), |at| format!("closed since {at}")));
    println!("{:>8}  learners", store.count_session_learners(&on.session).await?);
    for state in [AwardStateName::Blocked, AwardStateName::Issuing, AwardStateName::Issued] {
        let filter = AwardFilter { session: Some(on.session.clone()), state: Some(state), ..AwardFilter::default() };
        println!("{:>8}  awards {}", store.count_awards(&filter).await?, state.as_str());
    }
    let alerts = crate::store::AlertFilter { session: Some(on.session.clone()), ..Default::default() };
    println!("{:>8}  open alerts", store.alerts(&alerts).await?.len());
    Ok(ExitCode::SUCCESS)
}

fn read_criteria(session: &EffectiveSession, path: &std::path::Path) -> anyhow::Result<CriteriaByKind> {
    let bytes = super::read_input(path, MAX_CRITERIA_BYTES)?;
    let named = || path.display().to_string();
    let value = json::parse_strict(&bytes, &json::Limits::default()).with_context(named)?;
    let criteria: CriteriaByKind = serde_path_to_error::deserialize(value).with_context(named)?;
    session.under(&criteria).with_context(named)?;
    Ok(criteria)
}

async fn start(
    service: &Service,
    session: &EffectiveSession,
    request: Request,
    report: &ReportOptions,
) -> anyhow::Result<ExitCode> {
    let operation = service.start_operation(session, request, operator()).await?;
    eprintln!("operation {}", operation.id);
    follow(service, operation.id, report.report.as_deref()).await
}

/// One learner is decided at once; several are an operation.
async fn decide(on: &OnLearners, verdict: Option<Verdict>) -> anyhow::Result<ExitCode> {
    let (service, session) = open(&on.on).await?;
    anyhow::ensure!(session.kinds().any(|kind| kind == on.kind), "the session does not grant this award");
    let learners = learners(&service, &session, on).await?;
    if let [learner] = learners.as_slice() {
        let decision = ManualDecision {
            session: on.on.session.clone(),
            issuer: session.issuer().clone(),
            learner: *learner,
            kind: on.kind,
            verdict,
            reason: on.reason.clone().into(),
        };
        service.store.decide_by_hand(&decision, SystemClock.now()).await?;
        println!("recorded; a running server does the rest");
        return Ok(ExitCode::SUCCESS);
    }
    let request = Request::Decide { award: on.kind, verdict, reason: on.reason.clone().into(), learners };
    start(&service, &session, request, &on.report).await
}

fn close(closing: Closing, now: &str) -> anyhow::Result<ExitCode> {
    match closing {
        Closing::Done => println!("{now}"),
        Closing::Already => println!("{now} already"),
        Closing::NotFound => anyhow::bail!("there is no such session"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Everybody meant, or everything that is wrong.
async fn learners(service: &Service, session: &EffectiveSession, on: &OnLearners) -> anyhow::Result<Vec<LearnerId>> {
    let mut named: Vec<(Option<Code>, ExternalId, u32)> =
        on.learner.iter().zip(1..).map(|(id, place)| (None, id.clone(), place)).collect();
    if let Some(path) = &on.learners {
        let rows = sheet::read(&super::read_input(path, sheet::MAX_BYTES)?);
        let rows = rows.map_err(|wrong| anyhow::anyhow!("{}: {}", path.display(), wrong.detail.en))?;
        let (header, rows) = rows.split_first().context("the sheet is empty")?;
        let column = |names: &[&str]| header.cells().position(|title| names.contains(&sheet::folded(title).as_str()));
        let ids = column(&["id", "identifiant", "learner", "apprenant"]).context("the sheet has no column id")?;
        let sources = column(&["source"]);
        for row in rows {
            let source =
                sources.map(|place| row.cell(place)).filter(|cell| !cell.is_empty()).map(str::parse).transpose();
            let source = source.with_context(|| format!("row {}", row.number))?;
            named.push((source, row.cell(ids).parse().with_context(|| format!("row {}", row.number))?, row.number));
        }
    }
    let (mut learners, mut seen, mut wrong) = (Vec::new(), BTreeSet::new(), Vec::new());
    let mut default = None;
    for (source, id, place) in named {
        let source = match (source, &default) {
            (Some(source), _) => source,
            (None, Some(known)) => Code::clone(known),
            (None, None) => default.insert(service.source_for(session, on.source.as_ref()).await??.code).clone(),
        };
        match service.store.learner_by_external(&source, &id).await? {
            None => wrong.push(format!("{place}: the source {source} knows nobody by {id}")),
            Some(learner) if !seen.insert(learner.id) => wrong.push(format!("{place}: {id} is named twice")),
            Some(learner) => learners.push(learner.id),
        }
    }
    anyhow::ensure!(wrong.is_empty(), "nothing was done:\n{}", wrong.join("\n"));
    anyhow::ensure!(!learners.is_empty(), "nobody is named");
    Ok(learners)
}

async fn import(
    service: &Service,
    session: &EffectiveSession,
    source: &Source,
    path: &std::path::Path,
    (check, work): (bool, bool),
) -> anyhow::Result<ExitCode> {
    let opened = std::fs::File::open(path).with_context(|| path.display().to_string())?;
    let bytes = opened.metadata()?.len();
    let mut file = BufReader::with_capacity(256 * 1024, opened);
    let issuer = service.store.issuer(session.issuer()).await?.context("the session's issuer is gone")?;
    let is_json = path.extension().is_some_and(|ending| ending == "ndjson" || ending == "jsonl");
    let lines_of = if is_json { LinesOf::Json } else { LinesOf::Sheet };
    let import = Import { source, session, zone: &issuer.time_zone, lines_of, now: SystemClock.now() };

    let mut checking = Progress::new(bytes, "bytes checked");
    let checked = import.check(&mut file, |more| checking.add(more));
    checking.finish();
    let lines = match checked {
        Ok(lines) => lines,
        Err(ImportError::Lines(wrong)) => {
            for located in &wrong {
                let row = located.row.map(|row| format!("line {row}")).unwrap_or_default();
                let column = located.column.as_ref().map(|name| format!(", {name}")).unwrap_or_default();
                eprintln!("{row}{column}: {}", located.detail.en);
            }
            anyhow::bail!("nothing was imported");
        }
        Err(error) => return Err(error.into()),
    };
    if check {
        println!("{lines} lines can be used");
        return Ok(ExitCode::SUCCESS);
    }
    let mut keeping = Progress::new(bytes, "bytes kept");
    let imported = service.import_evidence(&import, &mut file, operator(), |more| keeping.add(more)).await?;
    keeping.finish();
    println!("{} lines in {} deliveries, {} kept before", imported.lines, imported.deliveries, imported.repeats);
    if !work {
        println!("a running server takes them up");
        return Ok(ExitCode::SUCCESS);
    }
    println!("{} jobs done", work_here(service).await?);
    Ok(ExitCode::SUCCESS)
}
