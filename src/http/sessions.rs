//! What trainers hand in about a session: attendance sheets.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::auth::{Caller, Scope};
use super::extract::{Asked, Body, Named, asked};
use super::problem::{Kind, Problem, located};
use crate::attendance::{SheetError, SheetGiven, SheetKept};
use crate::ids::Code;
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
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media_type.trim_start().to_ascii_lowercase().starts_with("text/") {
        return Err(Problem::new(Kind::MediaType, "send text/csv"));
    }
    let service = &app.service;
    let session = service.store.effective_session(&code).await?.ok_or_else(|| Problem::not_found("session"))?;
    caller.acts_for(session.issuer())?;
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

impl From<SheetError> for Problem {
    fn from(error: SheetError) -> Self {
        let said = error.to_string();
        match error {
            SheetError::Service(error) => error.into(),
            SheetError::Sheet(problems) => Self::new(Kind::Invalid, said).located(problems.first),
            SheetError::NoMeetings => Self::new(Kind::Invalid, said),
            SheetError::Source(_) | SheetError::UnknownMeeting(_) => Self::new(Kind::BadRequest, said),
        }
    }
}
