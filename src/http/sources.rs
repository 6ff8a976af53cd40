//! What a source's ids stand for, and how it fares: trying a payload, proposals, courses one by one, the mapping as a table, health.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Keep, typed};
use super::auth::{Caller, Scope};
use super::catalog::answer;
use super::extract::{Asked, Body, Named, StrictJson, asked};
use super::problem::{Kind, Problem};
use crate::catalog::{CourseMapping, Source};
use crate::guess::Guess;
use crate::ids::{Code, ProposalId};
use crate::mapping::{self, Imported, MappingError, Meant, Proposed};
use crate::rehearsal::{self, Identity};
use crate::store::{Page, ProposalState, SourceHealth};

type Answer = Result<Response, Problem>;

/// `POST /api/v1/sources/{code}/test`: how a body would be read if the source sent it now. Nothing is kept.
pub(super) async fn test(State(app): State<App>, caller: Caller, Named(code): Named<Code>, Body(body): Body) -> Answer {
    let source = readable(&app, &caller, &code).await?;
    let (store, now) = (&app.service.store, app.service.clock.now());
    Ok(Json(rehearsal::rehearse(store, &source, &body, Identity::Masked, now).await?).into_response())
}

/// Which proposals are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    state: Option<ProposalState>,
    after: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/sources/{code}/proposals?state=&after=&limit=`: what the source named that has no mapping, last named first.
pub(super) async fn proposals(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    wanted: Asked<Wanted>,
) -> Answer {
    let source = readable(&app, &caller, &code).await?;
    let wanted = asked(wanted)?;
    let after = wanted.after.as_deref().map(str::parse).transpose();
    let after = after.map_err(|_| Problem::new(Kind::BadRequest, "after is not what an answer's next said"))?;
    let page = Page { limit: wanted.limit.unwrap_or(50), after };
    let state = wanted.state.unwrap_or(ProposalState::Open);
    let found = mapping::proposals(&app.service.store, &source, state, &page).await?;
    Ok(answer::list("proposals", found.items.iter().map(proposed), found.next.map(|next| next.to_string())))
}

/// A proposal as a document.
pub(crate) fn proposed(Proposed { proposal, guess }: &Proposed) -> Value {
    let unmapped = &proposal.unmapped;
    let mut document = json!({
        "id": proposal.id,
        "course": unmapped.id.course(),
        "module": unmapped.id.module(),
        "activity": unmapped.id.iri(),
        "course_names": unmapped.course_names,
        "activity_names": unmapped.activity_names,
        "state": proposal.state,
        "first_seen": proposal.first_seen,
        "last_seen": proposal.last_seen,
        "waiting": proposal.waiting,
    });
    if let Some(guess) = guess {
        document["guess"] = json!(guess as &Guess);
    }
    document
}

/// `POST /api/v1/sources/{code}/proposals/{id}/accept`: maps it, as said or else as guessed, and takes up what waits for it.
pub(super) async fn accept(
    State(app): State<App>,
    caller: Caller,
    Named((code, id)): Named<(Code, ProposalId)>,
    StrictJson(meant): StrictJson<Meant>,
) -> Answer {
    let source = writable(&app, &caller, &code).await?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    let accepted = mapping::accept(&store, &source, id, meant, now).await?;
    app.service.wake.notify_waiters();
    Ok(Json(json!({ "session": accepted.session, "activity": accepted.activity })).into_response())
}

/// `DELETE /api/v1/sources/{code}/proposals/{id}`: shows it no more.
pub(super) async fn dismiss(
    State(app): State<App>,
    caller: Caller,
    Named((code, id)): Named<(Code, ProposalId)>,
) -> Answer {
    let source = writable(&app, &caller, &code).await?;
    mapping::dismiss(&app.service.store.by(caller.actor()), &source, id, app.service.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/sources/{code}/courses/{course}`.
pub(super) async fn get_course(
    State(app): State<App>,
    caller: Caller,
    Named((code, course)): Named<(Code, String)>,
) -> Answer {
    let source = readable(&app, &caller, &code).await?;
    let mapping = source.courses.get(&course).ok_or_else(|| Problem::not_found("course"))?;
    Ok(Json(mapping).into_response())
}

/// `PUT /api/v1/sources/{code}/courses/{course}`: what a course stands for from now on, its modules included.
pub(super) async fn put_course(
    State(app): State<App>,
    caller: Caller,
    Named((code, course)): Named<(Code, String)>,
    StrictJson(entry): StrictJson<CourseMapping>,
) -> Answer {
    let source = writable(&app, &caller, &code).await?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    let saved = mapping::put_course(&store, &source, &course, &entry, now).await?;
    app.service.wake.notify_waiters();
    Ok(answer(saved, &entry))
}

/// `DELETE /api/v1/sources/{code}/courses/{course}`: it stands for nothing; what it brought stays.
pub(super) async fn delete_course(
    State(app): State<App>,
    caller: Caller,
    Named((code, course)): Named<(Code, String)>,
) -> Answer {
    let source = writable(&app, &caller, &code).await?;
    let store = app.service.store.by(caller.actor());
    if !mapping::delete_course(&store, &source, &course, app.service.clock.now()).await? {
        return Err(Problem::not_found("course"));
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /api/v1/sources/{code}/mapping`: the whole mapping as a table (CSV).
pub(super) async fn get_mapping(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    let source = readable(&app, &caller, &code).await?;
    Ok(typed("text/csv; charset=utf-8", Keep::Never, mapping::write(&source)))
}

/// `PUT /api/v1/sources/{code}/mapping`: what a table says, all of it or nothing; what it doesn't speak of stays as it is.
pub(super) async fn put_mapping(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    headers: HeaderMap,
    Body(table): Body,
) -> Answer {
    let source = writable(&app, &caller, &code).await?;
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    if !media_type.trim_start().to_ascii_lowercase().starts_with("text/") {
        return Err(Problem::new(Kind::MediaType, "send text/csv"));
    }
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    let Imported { rows, created, changed, unchanged } = mapping::import(&store, &source, &table, now).await?;
    app.service.wake.notify_waiters();
    let answer = json!({ "rows": rows, "created": created, "changed": changed, "unchanged": unchanged });
    Ok(Json(answer).into_response())
}

/// `GET /api/v1/sources/{code}/health`: what became of its deliveries, and what its clock seems to say.
pub(super) async fn health(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    readable(&app, &caller, &code).await?;
    Ok(Json(health_document(&app.service.store.source_health(&code).await?)).into_response())
}

/// How a source fares, as a document.
pub(crate) fn health_document(health: &SourceHealth) -> Value {
    let counts = health.deliveries.iter().map(|(state, count)| (state.as_str().to_owned(), json!(count)));
    let reasons =
        health.reasons.iter().map(|(state, reason, count)| json!({ "state": state, "reason": reason, "count": count }));
    let mut document = json!({
        "last_delivery": health.last_delivery,
        "deliveries": counts.collect::<serde_json::Map<_, _>>(),
        "reasons": reasons.collect::<Vec<_>>(),
    });
    if let Some(clock) = &health.clock {
        document["clock"] = json!({
            "verdict": clock.verdict(),
            "lead_seconds": clock.lead,
            "median_lead_seconds": clock.median_lead,
            "deliveries": clock.deliveries,
        });
    }
    document
}

async fn readable(app: &App, caller: &Caller, code: &Code) -> Result<Source, Problem> {
    own(app, caller, Scope::CatalogRead, code).await
}

async fn writable(app: &App, caller: &Caller, code: &Code) -> Result<Source, Problem> {
    own(app, caller, Scope::CatalogWrite, code).await
}

async fn own(app: &App, caller: &Caller, scope: Scope, code: &Code) -> Result<Source, Problem> {
    caller.needs(scope)?;
    let source = app.service.store.source(code).await?.ok_or_else(|| Problem::not_found("source"))?;
    caller.acts_for(&source.issuer)?;
    Ok(source)
}

impl From<MappingError> for Problem {
    fn from(error: MappingError) -> Self {
        let said = error.to_string();
        match error {
            MappingError::NoSource => Self::not_found("source"),
            MappingError::NoProposal => Self::not_found("proposal"),
            MappingError::Field(error) => error.into(),
            MappingError::Table(problems) => Self::new(Kind::Invalid, said).located(problems.first),
            MappingError::Store(error) => error.into(),
        }
    }
}
