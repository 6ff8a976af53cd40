//! `sceau sessions`: attendance sheets of a session, empty and filled in; what officers do is in `officers`.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use crate::attendance::{SheetError, SheetGiven, SheetKept};
use crate::catalog::EffectiveSession;
use crate::config::{self, Installation};
use crate::ids::Code;
use crate::service::Service;
use crate::sheet::{self, Located};
use crate::time::Timestamp;

/// Commands of `sceau sessions`.
#[derive(Debug, Subcommand)]
pub(super) enum SessionsCommand {
    /// Take in an attendance sheet (CSV), all of it or nothing.
    #[command(
        after_help = "Examples:\n  sceau sessions sheet laicite-2026-03 > sheet.csv      one to fill in\n  sceau sessions attendance laicite-2026-03 sheet.csv --check\nColumns, in any order, French or English: id or e-mail; then meeting, presence, arrival, departure, or one column for each meeting.\nPresence is present/absent, P/A, oui/non, 1/0; an empty cell says nothing. Times are those of the issuer's zone.\nA later sheet replaces what an earlier one says of the same learner and meeting."
    )]
    Attendance {
        #[command(flatten)]
        installation: Installation,
        /// The session's code.
        session: Code,
        /// The sheet, or - for standard input.
        file: PathBuf,
        /// The source that knows the learners, where several report on the issuer's sessions.
        #[arg(long)]
        source: Option<Code>,
        /// The meeting that the sheet is about, where it has no column for it.
        #[arg(long)]
        meeting: Option<Code>,
        /// When this was stated, if not now (RFC 3339): of two statements about a meeting the later holds.
        #[arg(long)]
        stated: Option<Timestamp>,
        /// Say how the sheet is read, and keep nothing.
        #[arg(long)]
        check: bool,
    },
    #[command(flatten)]
    Officers(super::officers::OfficersCommand),
    /// Write an attendance sheet to fill in, with the learners that there is evidence of.
    Sheet {
        #[command(flatten)]
        installation: Installation,
        /// The session's code.
        session: Code,
    },
}

/// Runs a command of `sceau sessions`.
pub(super) async fn run(command: SessionsCommand) -> anyhow::Result<ExitCode> {
    match command {
        SessionsCommand::Attendance { installation, session, file, source, meeting, stated, check } => {
            let bytes = super::read_input(&file, sheet::MAX_BYTES)?;
            let service = super::open_service(&installation).await?;
            let session = known(&service, &session).await?;
            let (source, meeting) = (source.as_ref(), meeting.as_ref());
            let read = match service.read_sheet(&session, SheetGiven { bytes: &bytes, source, meeting, stated }).await {
                Ok(read) => read,
                Err(SheetError::Sheet(problems)) => {
                    problems.first.iter().for_each(|problem| eprintln!("{}", line(problem)));
                    eprintln!("problems: {}; nothing of the sheet was kept", problems.count);
                    return Ok(ExitCode::FAILURE);
                }
                Err(error) => return Err(error.into()),
            };
            let reading = &read.reading;
            reading.notes.first.iter().for_each(|note| eprintln!("{}", line(note)));
            println!("learners: {}; present: {}; absent: {}", reading.learners, reading.present, reading.absent);
            if check {
                println!("checked only; nothing was kept");
                return Ok(ExitCode::SUCCESS);
            }
            match service.keep_sheet(&session, &read, config::operator()).await? {
                SheetKept::New(id) => println!("delivery {id}; a running server takes it up"),
                SheetKept::Repeat(id) => {
                    println!("this sheet was taken in before, as delivery {id}; what was stated since still holds");
                    println!("to state it anew, give --stated");
                }
            }
        }
        SessionsCommand::Officers(command) => return super::officers::run(command).await,
        SessionsCommand::Sheet { installation, session } => {
            let service = super::open_service(&installation).await?;
            let session = known(&service, &session).await?;
            std::io::stdout().write_all(&service.empty_sheet(&session, config::operator()).await?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn known(service: &Service, code: &Code) -> anyhow::Result<EffectiveSession> {
    service.store.effective_session(code).await?.with_context(|| format!("there is no session {code}"))
}

/// One line about a place of a sheet, in both languages.
pub(super) fn line(located: &Located) -> String {
    let row = located.row.map(|row| format!("row {row}")).unwrap_or_default();
    let column = located.column.as_ref().map(|column| format!(", {column}")).unwrap_or_default();
    let place = if row.is_empty() { String::new() } else { format!("{row}{column}: ") };
    format!("{place}{} / {}", located.detail.en, located.detail.fr)
}
