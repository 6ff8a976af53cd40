//! What trainers and officers hand in about a session: attendance sheets, and evidence out of files.

use std::io::Cursor;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Keep, typed};
use super::auth::{Caller, Scope};
use super::extract::{Asked, Body, Named, asked};
use super::problem::{Kind, Problem, located};
use super::{App, MAX_BULK_BYTES};
use crate::attendance::{SheetError, SheetGiven, SheetKept, WhichSource};
use crate::catalog::EffectiveSession;
use crate::evidence_import::{Import, ImportError, LinesOf};
use crate::ids::Code;
use crate::service::ServiceError;
use crate::time::Timestamp;

/// What is said with a sheet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithSheet {
    source: Option<Code>,
    meeting: Option<Code>,
    stated: Option<Timestamp>,
    #[serde(default)]
    check: bool,
}

/// `POST /api/v1/sessions/{code}/attendance?source=&meeting=&stated=&check=`: a sheet, all of it or nothing.
pub(super) async fn attendance(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    with: Asked<WithSheet>,
    headers: HeaderMap,
    Body(sheet): Body,
) -> Result<Response, Problem> {
    caller.needs(Scope::EvidenceWrite)?;
    let with = asked(with)?;
    if !media_type(&headers).starts_with("text/") {
        return Err(Problem::new(Kind::MediaType, "send text/csv"));
    }
    let service = &app.service;
    let session = of_caller(&app, &caller, &code).await?;
    let (source, meeting) = (with.source.as_ref(), with.meeting.as_ref());
    let given = SheetGiven { bytes: &sheet, source, meeting, stated: with.stated };
    let read = service.read_sheet(&session, given).await?;
    let reading = &read.reading;
    let mut answer = json!({
        "session": code,
        "source": read.source,
        "learners": reading.learners,
        "present": reading.present,
        "absent": reading.absent,
        "notes": reading.notes.first.iter().map(located).collect::<Vec<Value>>(),
    });
    if with.check {
        answer["status"] = json!("checked");
        return Ok(Json(answer).into_response());
    }
    let (id, status) = match service.keep_sheet(&session, &read, caller.actor()).await? {
        SheetKept::New(id) => (id, "accepted"),
        SheetKept::Repeat(id) => (id, "repeat"),
    };
    answer["delivery"] = json!(id);
    answer["status"] = json!(status);
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// `GET /api/v1/sessions/{code}/attendance/sheet.csv`: a sheet to fill in, with the learners that there is evidence of. An access to
/// their names.
pub(super) async fn empty_sheet(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersRead)?;
    let session = of_caller(&app, &caller, &code).await?;
    let sheet = app.service.empty_sheet(&session, caller.actor()).await?;
    let mut response = typed("text/csv; charset=utf-8", Keep::Never, sheet);
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"{code}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What is said with a file of evidence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WithEvidence {
    source: Option<Code>,
    #[serde(default)]
    check: bool,
}

/// `POST /api/v1/sessions/{code}/evidence?source=&check=`: a file as `sceau sessions import` takes it, lines of JSON or a sheet; all of
/// it or nothing. Cut off, it can be sent again: nothing counts twice.
pub(super) async fn evidence(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    with: Asked<WithEvidence>,
    headers: HeaderMap,
    file: Result<Body, Problem>,
) -> Result<Response, Problem> {
    caller.needs(Scope::EvidenceWrite)?;
    let with = asked(with)?;
    let Body(file) = file.map_err(|problem| match problem.kind {
        Kind::TooLarge => Problem::new(Kind::TooLarge, TOO_LARGE),
        _ => problem,
    })?;
    let lines_of = match media_type(&headers).as_str() {
        "application/x-ndjson" | "application/jsonl" => LinesOf::Json,
        "text/csv" => LinesOf::Sheet,
        _ => return Err(Problem::new(Kind::MediaType, "send application/x-ndjson or text/csv")),
    };
    let (service, session) = (&app.service, of_caller(&app, &caller, &code).await?);
    let source = service.source_for(&session, with.source.as_ref()).await??;
    let gone = || ServiceError::Defect("a session's issuer is gone from storage".into());
    let zone = service.store.issuer(session.issuer()).await?.ok_or_else(gone)?.time_zone;
    let (now, mut file) = (service.clock.now(), Cursor::new(file));
    // Tens of thousands of lines keep a processor busy.
    let checking = move || {
        let import = Import { source: &source, session: &session, zone: &zone, lines_of, now };
        let lines = import.check(&mut file, |_| {});
        (lines, file, source, session, zone)
    };
    let (lines, mut file, source, session, zone) = service.heavy(checking).await?;
    let mut answer = json!({ "session": code, "source": source.code, "lines": lines?, "status": "checked" });
    if with.check {
        return Ok(Json(answer).into_response());
    }
    let import = Import { source: &source, session: &session, zone: &zone, lines_of, now };
    let imported = service.import_evidence(&import, &mut file, caller.actor(), |_| {}).await?;
    answer["status"] = json!("accepted");
    answer["deliveries"] = json!(imported.deliveries);
    answer["repeats"] = json!(imported.repeats);
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// What is said to who sends more than [`MAX_BULK_BYTES`].
const TOO_LARGE: &str = "at most 4 MiB at once: send the lines in several files, or use sceau sessions import";
const _: () = assert!(MAX_BULK_BYTES == 4 * 1024 * 1024);

/// The media type of a body, without its parameters.
fn media_type(headers: &HeaderMap) -> String {
    let written = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    written.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
}

/// The session, where it is the caller's.
async fn of_caller(app: &App, caller: &Caller, code: &Code) -> Result<EffectiveSession, Problem> {
    let found = app.service.store.effective_session(code).await?.ok_or_else(|| Problem::not_found("session"))?;
    caller.acts_for(found.issuer())?;
    Ok(found)
}

impl From<WhichSource> for Problem {
    fn from(error: WhichSource) -> Self {
        Self::new(Kind::BadRequest, error.to_string())
    }
}

impl From<ImportError> for Problem {
    fn from(error: ImportError) -> Self {
        let said = error.to_string();
        match error {
            ImportError::Lines(lines) => Self::new(Kind::Invalid, said).located(lines),
            ImportError::Service(error) => error.into(),
            // What is read lies in memory.
            ImportError::File(_) => ServiceError::Defect(said).into(),
        }
    }
}

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        let said = error.to_string();
        match error {
            SheetError::Service(error) => error.into(),
            SheetError::Sheet(problems) => Self::new(Kind::Invalid, said).located(problems.first),
            SheetError::NoMeetings => Self::new(Kind::Invalid, said),
            SheetError::Source(error) => error.into(),
            SheetError::UnknownMeeting(_) => Self::new(Kind::BadRequest, said),
        }
    }
}
