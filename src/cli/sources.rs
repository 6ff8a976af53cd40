//! `sceau sources`: connecting an LMS. Its secret, how a payload is read, what its ids stand for, how it fares.

use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::Value;

use crate::catalog::Source;
use crate::config::{Installation, SystemClock, SystemEntropy};
use crate::entropy::Entropy;
use crate::guess::{By, Candidate};
use crate::http::sources::{health_document, proposed};
use crate::ids::{Code, ProposalId};
use crate::intake;
use crate::intake::secrets::{Password, Proof, SourceSecret};
use crate::mapping::{self, MappingError, Meant, Proposed};
use crate::rehearsal::{self, Identity};
use crate::sheet;
use crate::store::{Page, ProposalState, Store};
use crate::time::Clock as _;

/// Commands of `sceau sources`.
#[derive(Debug, Subcommand)]
pub(super) enum SourcesCommand {
    /// Make the secret that a source's form needs and print it, once. The one before stays in force until the next is made.
    #[command(
        after_help = "Example:\n  sceau sources secret mentor\nEnter what it prints in the LMS's form: a whsec_… key for signed webhooks, a password for xAPI, a token for tool_trigger.\nWhere the LMS makes the secret itself: sceau sources secret mentor --given < secret.txt"
    )]
    Secret {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// End the secrets before at once.
        #[arg(long)]
        only: bool,
        /// Take the secret from standard input instead of making one: the whsec_… that the LMS made, or the whpk_… public key that it
        /// signs with (v1a).
        #[arg(long)]
        given: bool,
    },
    /// Show how a captured payload would be read if the source sent it now. Nothing is kept.
    #[command(
        after_help = "Examples:\n  sceau sources test mentor payload.json\n  sceau deliveries show 0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e | sceau sources test mentor - --json\nLearners' identifiers are masked unless --show-names asks for them. Ends with status 0 where the payload would be taken up or left aside, 1 where it would wait or could not be read."
    )]
    Test {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// The body as the LMS sends it, or - for standard input.
        file: PathBuf,
        /// Show learners' identifiers as they are.
        #[arg(long)]
        show_names: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// List what a source named that has no mapping, with what it may stand for.
    Proposals {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// Those that were dismissed.
        #[arg(long)]
        dismissed: bool,
        /// How many.
        #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=500))]
        limit: u32,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Map what was proposed, and take up what waits for it.
    #[command(
        after_help = "Examples:\n  sceau sources accept mentor 0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e\n  sceau sources accept mentor 0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e --session laicite-2026-03 --activity video\nWhat is not said is taken as guessed."
    )]
    Accept {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// The proposal's id, as `proposals` shows it.
        proposal: ProposalId,
        /// The session that it stands for.
        #[arg(long)]
        session: Option<Code>,
        /// The activity that it stands for.
        #[arg(long)]
        activity: Option<Code>,
    },
    /// Show a proposal no more. What waits for it goes on waiting.
    Dismiss {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// The proposal's id, as `proposals` shows it.
        proposal: ProposalId,
    },
    /// Take in a mapping as a table (CSV), all of it or nothing; without a file, print the mapping as it stands.
    #[command(
        after_help = "Examples:\n  sceau sources map mentor > mapping.csv\n  sceau sources map mentor mapping.csv\nColumns, French or English: course (cours), module, session, activity (activité). A row without a module says which session a course runs; a module that is an IRI, without a course, is the id of an xAPI activity. What the table does not speak of stays as it is."
    )]
    Map {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// The table, or - for standard input.
        file: Option<PathBuf>,
    },
    /// Show how a source fares: its last delivery, what waits and why, and whether its clock seems right.
    Health {
        #[command(flatten)]
        installation: Installation,
        /// The source's code.
        source: Code,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs a command of `sceau sources`.
pub(super) async fn run(command: SourcesCommand) -> anyhow::Result<ExitCode> {
    match command {
        SourcesCommand::Secret { installation, source, only, given } => {
            new_secret(&installation, &source, only, given).await?;
        }
        SourcesCommand::Test { installation, source, file, show_names, json } => {
            let body = super::read_input(&file, intake::MAX_BODY_BYTES)?;
            let (store, source) = open(&installation, &source).await?;
            let identity = if show_names { Identity::Shown } else { Identity::Masked };
            let read = rehearsal::rehearse(&store, &source, &body, identity, SystemClock.now()).await?;
            print(&read, json, print_rehearsal)?;
            let fine = matches!(word(&read, "outcome"), "processed" | "left_aside");
            return Ok(if fine { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        SourcesCommand::Proposals { installation, source, dismissed, limit, json } => {
            let (store, source) = open(&installation, &source).await?;
            let state = if dismissed { ProposalState::Dismissed } else { ProposalState::Open };
            let found = mapping::proposals(&store, &source, state, &Page { limit, after: None }).await?;
            if json {
                let all: Vec<_> = found.items.iter().map(proposed).collect();
                println!("{}", serde_json::to_string_pretty(&all)?);
            } else {
                found.items.iter().for_each(print_proposal);
            }
            if found.next.is_some() {
                eprintln!("there are more; raise --limit");
            }
        }
        SourcesCommand::Accept { installation, source, proposal, session, activity } => {
            let (store, source) = open(&installation, &source).await?;
            let meant = Meant { session, activity };
            let accepted = mapping::accept(&store, &source, proposal, meant, SystemClock.now()).await?;
            let code = |code: Option<Code>| code.map_or_else(|| "-".to_owned(), |code| code.to_string());
            println!("mapped to session {}, activity {}", code(accepted.session), code(accepted.activity));
        }
        SourcesCommand::Dismiss { installation, source, proposal } => {
            let (store, source) = open(&installation, &source).await?;
            mapping::dismiss(&store, &source, proposal, SystemClock.now()).await?;
            println!("dismissed");
        }
        SourcesCommand::Map { installation, source, file: None } => {
            use std::io::Write as _;
            let (_, source) = open(&installation, &source).await?;
            std::io::stdout().write_all(&mapping::write(&source))?;
        }
        SourcesCommand::Map { installation, source, file: Some(file) } => {
            let table = super::read_input(&file, sheet::MAX_BYTES)?;
            let (store, source) = open(&installation, &source).await?;
            match mapping::import(&store, &source, &table, SystemClock.now()).await {
                Ok(done) => {
                    println!("{} created, {} changed, {} unchanged", done.created, done.changed, done.unchanged)
                }
                Err(MappingError::Table(problems)) => {
                    problems.first.iter().for_each(|problem| eprintln!("{}", super::sessions::line(problem)));
                    eprintln!("{} problems; nothing of the table was kept", problems.count);
                    return Ok(ExitCode::FAILURE);
                }
                Err(error) => return Err(error.into()),
            }
        }
        SourcesCommand::Health { installation, source, json } => {
            let (store, source) = open(&installation, &source).await?;
            print(&health_document(&store.source_health(&source.code).await?), json, print_health)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn open(installation: &Installation, code: &Code) -> anyhow::Result<(Store, Source)> {
    let store = super::open_store(installation).await?;
    let source = store.source(code).await?;
    Ok((store, source.ok_or_else(|| anyhow::anyhow!("there is no source {code}; import it first"))?))
}

fn print(document: &Value, json: bool, lines: fn(&Value)) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string_pretty(document)?);
    } else {
        lines(document);
    }
    Ok(())
}

fn word<'a>(document: &'a Value, field: &str) -> &'a str {
    document[field].as_str().unwrap_or("-")
}

fn entries<'a>(document: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    document[field].as_array().into_iter().flatten()
}

fn print_rehearsal(read: &Value) {
    println!("{}  {}", word(read, "outcome"), read["reason"].as_str().unwrap_or(""));
    for unmapped in entries(read, "unmapped") {
        println!(
            "no mapping  {}  {}  {}",
            word(unmapped, "missing"),
            unmapped["course_names"],
            unmapped["activity_names"]
        );
    }
    for record in entries(read, "records") {
        let known = if record["session_known"] == true { "known" } else { "unknown" };
        println!(
            "session {} ({known})  learner {} {}",
            word(record, "session"),
            word(&record["learner"], "is"),
            record["learner"]["identifiers"]
        );
        entries(record, "facts").for_each(|fact| println!("  {fact}"));
    }
    if let Some(count) = read["records_left_out"].as_u64() {
        println!("and {count} records more");
    }
}

fn print_proposal(item: &Proposed) {
    let (proposal, id) = (&item.proposal, &item.proposal.unmapped.id);
    let what = match (id.course(), id.module(), id.iri()) {
        (_, _, Some(iri)) => iri.as_str().to_owned(),
        (course, None, None) => format!("course {}", course.unwrap_or("-")),
        (course, Some(module), None) => format!("module {module} of course {}", course.unwrap_or("-")),
    };
    let names = [proposal.unmapped.course_names.as_slice(), proposal.unmapped.activity_names.as_slice()].concat();
    println!(
        "{}  {what}  {} waiting  last {}  {}",
        proposal.id,
        proposal.waiting,
        proposal.last_seen,
        names.join(" | ")
    );
    let of = |what: &str, candidate: &Candidate| {
        let by = match candidate.by {
            By::Code => "its code",
            By::Title => "its title",
            By::Mapping => "the mapping",
        };
        println!("  perhaps {what} {}, by {by} ({} of 100)", candidate.code, candidate.score);
    };
    if let Some(guess) = &item.guess {
        guess.session.iter().for_each(|session| of("session", session));
        if guess.others_alike > 0 {
            println!("  {} other sessions fit as well", guess.others_alike);
        }
        guess.activity.iter().for_each(|activity| of("activity", activity));
    }
}

fn print_health(health: &Value) {
    println!("last delivery  {}", word(health, "last_delivery"));
    for (state, count) in health["deliveries"].as_object().into_iter().flatten() {
        println!("{state:<13}  {count}");
    }
    if let Some(clock) = health.get("clock") {
        let (lead, median) = (&clock["lead_seconds"], &clock["median_lead_seconds"]);
        println!(
            "clock          {} (latest evidence {lead} s after its arrival at most, {median} s in the middle of {} deliveries)",
            word(clock, "verdict"),
            clock["deliveries"]
        );
    }
    for reason in entries(health, "reasons") {
        println!("{:<6} {:>5}  {}", word(reason, "state"), reason["count"], word(reason, "reason"));
    }
}

/// The longest secret that is read; a `whsec_` one of 64 bytes has 94 characters.
const MAX_GIVEN_BYTES: usize = 1024;

async fn new_secret(installation: &Installation, code: &Code, only: bool, given: bool) -> anyhow::Result<()> {
    let service = super::open_service(installation).await?;
    let source = service.store.source(code).await?;
    let source = source.ok_or_else(|| anyhow::anyhow!("there is no source {code}; import it first"))?;
    let proof = Proof::of(source.form);
    let secret = match proof {
        _ if given => {
            let written = super::read_input(std::path::Path::new("-"), MAX_GIVEN_BYTES)?;
            String::from_utf8_lossy(&written).trim().to_owned()
        }
        Proof::Signature => format!("whsec_{}", STANDARD.encode((&SystemEntropy as &dyn Entropy).bytes::<32>())),
        Proof::Basic | Proof::Bearer => Password::new_written(&SystemEntropy),
    };
    SourceSecret::parse(&secret)?.check_for(source.form)?;
    let mut sealed = vec![service.seal_source_secret(code, &secret)];
    if !only {
        sealed.extend(service.store.source_secrets(code).await?.into_iter().take(1));
    }
    service.store.put_source_secrets(code, &sealed, SystemClock.now()).await?;
    let url = &service.url;
    match proof {
        _ if given => eprintln!("{code} proves itself with it from now on"),
        Proof::Signature => {
            eprintln!("webhook secret of {code}; it is shown this once. Post to {url}/intake/{code}");
        }
        Proof::Basic => {
            eprintln!("password of {code}; it is shown this once. Endpoint {url}/xapi/{code}, user name {code}");
        }
        Proof::Bearer => {
            eprintln!(
                "token of {code}; it is shown this once. Post to {url}/intake/{code} with Authorization: Bearer …"
            );
        }
    }
    if !given {
        println!("{secret}");
    }
    Ok(())
}
