//! Long operations over HTTP: how far they came, their reports, and how to stop them and let them go on.

use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer;
use super::auth::{Caller, Scope};
use super::extract::{Asked, Named, asked, page};
use super::problem::{Kind, Problem};
use crate::ids::OperationId;
use crate::operation::{Operation, RowOutcome};
use crate::reports;
use crate::service::ServiceError;
use crate::store::{ReportRow, Steered, Store};
use crate::text::Lang;

/// How often whoever follows an operation is told.
const EVENT_PAUSE: Duration = Duration::from_millis(500);
/// How long one answer of events lasts; whoever follows asks again, as browsers do by themselves.
const EVENT_TURNS: u32 = 600;

/// An operation as the API shows it.
pub(super) fn describe(operation: &Operation) -> Value {
    json!({
        "id": operation.id,
        "kind": operation.request.kind(),
        "session": operation.session,
        "state": operation.state,
        "learners": operation.total,
        "done": operation.done,
        "outcomes": operation.counts,
        "problem": operation.problem,
        "created": operation.created,
        "changed": operation.changed,
        "links": {
            "events": format!("/api/v1/operations/{}/events", operation.id),
            "rows": format!("/api/v1/operations/{}/rows", operation.id),
            "report": format!("/api/v1/operations/{}/report.csv", operation.id),
        },
    })
}

/// Which operations are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    after: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/operations?after=&limit=`: newest first.
pub(super) async fn list(State(app): State<App>, caller: Caller, wanted: Asked<Wanted>) -> Result<Response, Problem> {
    caller.needs(Scope::SessionsOperate)?;
    let wanted = asked(wanted)?;
    let page = page(wanted.after, wanted.limit)?;
    let found = app.service.store.operations(Some(&caller.issuer), &page).await?;
    Ok(answer::list("operations", found.items.iter().map(describe), found.next.map(|next| next.to_string())))
}

/// `GET /api/v1/operations/{id}`.
pub(super) async fn get(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<OperationId>,
) -> Result<Response, Problem> {
    Ok(Json(describe(&of_caller(&app, &caller, id).await?)).into_response())
}

/// `POST /api/v1/operations/{id}/pause`, `resume`, `cancel` or `confirm`.
pub(super) async fn steer(
    State(app): State<App>,
    caller: Caller,
    Named((id, wish)): Named<(OperationId, String)>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    let (service, by) = (&app.service, caller.actor());
    let steered = match wish.as_str() {
        "pause" => service.pause_operation(id, by).await?,
        "resume" => service.resume_operation(id, by).await?,
        "cancel" => service.cancel_operation(id, by).await?,
        "confirm" => service.confirm_operation(id, by).await?,
        _ => return Err(super::layers::no_such_path().await),
    };
    match steered {
        Steered::Done => get(State(app), caller, Named(id)).await,
        Steered::Not(state) => {
            Err(Problem::new(Kind::Conflict, format!("the operation is {}: it can't {wish}", state.as_str())))
        }
        Steered::NotFound => Err(Problem::not_found("operation")),
    }
}

/// Which lines of a report are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedRows {
    outcome: Option<RowOutcome>,
    after: Option<u32>,
    limit: Option<u32>,
}

/// `GET /api/v1/operations/{id}/rows?outcome=&after=&limit=`: what came of each learner.
pub(super) async fn rows(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<OperationId>,
    wanted: Asked<WantedRows>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    let wanted = asked(wanted)?;
    let limit = wanted.limit.unwrap_or(100).clamp(1, 500);
    let found = app.service.store.operation_rows(id, wanted.outcome, wanted.after.unwrap_or(0), limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|row| row.number);
    let rows = found.iter().map(|line| {
        let mut row = json!(line.row);
        row["number"] = json!(line.number);
        row["learner"] = json!({ "source": line.source, "id": line.learner });
        row
    });
    Ok(answer::list("rows", rows, next))
}

/// `GET /api/v1/operations/{id}/report.csv`: the whole report, for a spreadsheet.
pub(super) async fn report(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<OperationId>,
    request: axum::extract::Request,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    let lang = super::answer::language(request.uri().query(), request.headers());
    let body = Body::from_stream(report_lines(app.service.store.clone(), id, lang));
    let mut response = super::answer::typed("text/csv; charset=utf-8", super::answer::Keep::Never, body);
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"operation-{id}.csv\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// The lines of a report, some hundreds at a time.
fn report_lines(
    store: Store,
    id: OperationId,
    lang: Lang,
) -> impl stream::Stream<Item = Result<Vec<u8>, crate::store::StoreError>> {
    stream::try_unfold(None, move |after: Option<u32>| {
        let store = store.clone();
        async move {
            let mut text = if after.is_none() { reports::head(lang) } else { Vec::new() };
            let found = store.operation_rows(id, None, after.unwrap_or(0), 500).await?;
            let Some(last) = found.last().map(|row| row.number) else {
                return Ok((!text.is_empty()).then_some((text, Some(u32::MAX))));
            };
            text.extend(reports::lines(found.iter().map(ReportRow::line), lang));
            Ok(Some((text, Some(last))))
        }
    })
}

/// `GET /api/v1/operations/{id}/events`: server-sent events (HTML § 9.2), `progress` whenever something changed and `end` once nothing
/// will any more; the data is what `GET /api/v1/operations/{id}` answers.
pub(super) async fn events(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<OperationId>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    let place = app.service.listener().ok_or(Problem::from(ServiceError::Busy))?;
    let store = app.service.store.clone();
    let first = (store, String::new(), 0_u32, place);
    let events = stream::try_unfold(Some(first), move |state| async move {
        let Some((store, told, mut turn, place)) = state else { return Ok(None) };
        loop {
            let Some(operation) = store.operation(id).await? else { return Ok(None) };
            let over = operation.state.is_over();
            let now = describe(&operation).to_string();
            turn += 1;
            if now != told || turn > EVENT_TURNS {
                let name = if over { "end" } else { "progress" };
                let text = format!("event: {name}\nid: {}\nretry: 2000\ndata: {now}\n\n", operation.done);
                let next = (!over && turn <= EVENT_TURNS).then_some((store, now, turn, place));
                return Ok::<_, crate::store::StoreError>(Some((text, next)));
            }
            tokio::time::sleep(EVENT_PAUSE).await;
        }
    });
    Ok(super::answer::typed("text/event-stream", super::answer::Keep::Never, Body::from_stream(events)))
}

async fn of_caller(app: &App, caller: &Caller, id: OperationId) -> Result<Operation, Problem> {
    caller.needs(Scope::SessionsOperate)?;
    let operation = app.service.store.operation(id).await?.ok_or_else(|| Problem::not_found("operation"))?;
    caller.acts_for(&operation.issuer)?;
    Ok(operation)
}
