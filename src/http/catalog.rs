//! The catalog API: issuers, trainings, sessions and sources. A token reads and writes what is of its own issuer.

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::App;
use super::auth::{Caller, Scope};
use super::extract::{Named, StrictJson};
use super::problem::{Kind, Problem};
use crate::catalog::{EffectiveSession, Issuer, Session, Source, Training};
use crate::ids::Code;
use crate::import;
use crate::intake::secrets::SourceSecret;
use crate::operation::Orphans;
use crate::store::{Entry, Saved, entry_hash};

type Answer = Result<Response, Problem>;

/// `PUT /api/v1/issuers/{code}`.
pub(super) async fn put_issuer(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<String>,
    seen: Seen,
    StrictJson(issuer): StrictJson<Issuer>,
) -> Answer {
    writes(&caller, &code, &issuer.code, &issuer.code)?;
    let saved = save(&app, &caller, &seen, Entry::Issuer(&issuer)).await?;
    Ok(answer(saved, &issuer))
}

/// `GET /api/v1/issuers/{code}`.
pub(super) async fn get_issuer(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    reads(&caller, &code)?;
    let issuer = app.service.store.issuer(&code).await?;
    Ok(tagged(&issuer.ok_or_else(|| Problem::not_found("issuer"))?))
}

/// `PUT /api/v1/trainings/{code}`. Its sessions must still hold together with it.
pub(super) async fn put_training(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<String>,
    seen: Seen,
    StrictJson(training): StrictJson<Training>,
) -> Answer {
    let store = &app.service.store;
    writes(&caller, &code, &training.code, &training.issuer)?;
    if let Some(before) = store.training(&training.code).await? {
        caller.acts_for(&before.issuer)?;
    }
    import::check_training(&training)?;
    let sessions = store.sessions_of_training(&training.code).await?;
    let before = store.training(&training.code).await?;
    for session in &sessions {
        let after = EffectiveSession::new(session.clone(), training.clone()).map_err(|error| {
            let detail = format!("the session {} of this training would no longer hold: {error}", session.code);
            Problem::new(Kind::Conflict, detail)
        })?;
        if let Some(Ok(before)) = before.clone().map(|before| EffectiveSession::new(session.clone(), before)) {
            seen.check_orphans(&app, &before, &after).await?;
        }
    }
    let now = app.service.clock.now();
    let saved = save(&app, &caller, &seen, Entry::Training(&training)).await?;
    // Even where nothing changed: an earlier request may have been cut off between the two.
    for session in &sessions {
        store.redecide_session(&session.code, now).await?;
    }
    app.service.wake.notify_waiters();
    Ok(answer(saved, &training))
}

/// `GET /api/v1/trainings/{code}`.
pub(super) async fn get_training(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    let training = app.service.store.training(&code).await?.ok_or_else(|| Problem::not_found("training"))?;
    reads(&caller, &training.issuer)?;
    Ok(tagged(&training))
}

/// `PUT /api/v1/sessions/{code}`.
pub(super) async fn put_session(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<String>,
    seen: Seen,
    StrictJson(session): StrictJson<Session>,
) -> Answer {
    let store = &app.service.store;
    let missing = || Problem::new(Kind::Invalid, "there is no such training; create it first").at("/training");
    let training = store.training(&session.training).await?.ok_or_else(missing)?;
    // A session of somebody else's training would award under another's title: only an operator's import may set that up.
    caller.acts_for(&training.issuer)?;
    let before = store.effective_session(&session.code).await?;
    if let Some(before) = &before {
        caller.acts_for(before.issuer())?;
    }
    let effective = EffectiveSession::new(session, training)?;
    writes(&caller, &code, &effective.session.code, effective.issuer())?;
    if let Some(before) = &before {
        seen.check_orphans(&app, before, &effective).await?;
    }
    let now = app.service.clock.now();
    let saved = save(&app, &caller, &seen, Entry::Session(&effective.session)).await?;
    // Even where nothing changed: an earlier request may have been cut off between the two.
    store.redecide_session(&effective.session.code, now).await?;
    app.service.wake.notify_waiters();
    Ok(answer(saved, &effective.session))
}

/// `GET /api/v1/sessions/{code}`.
pub(super) async fn get_session(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    let session = app.service.store.effective_session(&code).await?.ok_or_else(|| Problem::not_found("session"))?;
    reads(&caller, session.issuer())?;
    Ok(tagged(&session.session))
}

/// `PUT /api/v1/sources/{code}`. Sharing a source among issuers is an operator's decision, not a token's.
pub(super) async fn put_source(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<String>,
    seen: Seen,
    StrictJson(source): StrictJson<Source>,
) -> Answer {
    let store = &app.service.store;
    writes(&caller, &code, &source.code, &source.issuer)?;
    source.check()?;
    let before = store.source(&source.code).await?;
    if let Some(before) = &before {
        caller.acts_for(&before.issuer)?;
    }
    if source.shared_with != before.map(|before| before.shared_with).unwrap_or_default() {
        let detail = "sharing a source with other issuers takes an operator: sceau import";
        return Err(Problem::new(Kind::Forbidden, detail).at("/shared_with"));
    }
    let saved = save(&app, &caller, &seen, Entry::Source(&source)).await?;
    app.service.wake.notify_waiters();
    Ok(answer(saved, &source))
}

/// `GET /api/v1/sources/{code}`.
pub(super) async fn get_source(State(app): State<App>, caller: Caller, Named(code): Named<Code>) -> Answer {
    let source = app.service.store.source(&code).await?.ok_or_else(|| Problem::not_found("source"))?;
    reads(&caller, &source.issuer)?;
    Ok(tagged(&source))
}

/// The secrets or public keys in force for a source, of the kind that its form needs: one, or several while they rotate. Never readable again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Secrets {
    secrets: Vec<String>,
}

/// `PUT /api/v1/sources/{code}/secrets`.
pub(super) async fn put_secrets(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    StrictJson(body): StrictJson<Secrets>,
) -> Answer {
    caller.needs(Scope::CatalogWrite)?;
    let source = app.service.store.source(&code).await?.ok_or_else(|| Problem::not_found("source"))?;
    caller.acts_for(&source.issuer)?;
    if !(1..=5).contains(&body.secrets.len()) {
        return Err(Problem::new(Kind::Invalid, "from one to five secrets").at("/secrets"));
    }
    for (index, secret) in body.secrets.iter().enumerate() {
        SourceSecret::parse(secret)
            .and_then(|secret| secret.check_for(source.form))
            .map_err(|error| Problem::new(Kind::Invalid, error.to_string()).at(format!("/secrets/{index}")))?;
    }
    let sealed: Vec<_> = body.secrets.iter().map(|secret| app.service.seal_source_secret(&code, secret)).collect();
    app.service.store.by(caller.actor()).put_source_secrets(&code, &sealed, app.service.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

fn writes(caller: &Caller, path: &str, code: &Code, issuer: &Code) -> Result<(), Problem> {
    caller.needs(Scope::CatalogWrite)?;
    if path != code.as_str() {
        return Err(Problem::new(Kind::Invalid, format!("the code {code} is not that of the path")).at("/code"));
    }
    caller.acts_for(issuer)
}

fn reads(caller: &Caller, issuer: &Code) -> Result<(), Problem> {
    caller.needs(Scope::CatalogRead)?;
    caller.acts_for(issuer)
}

/// What whoever changes an entry says of what they have seen: `If-Match` (RFC 9110 § 13.1.1), and `?orphans=keep` where awards
/// may stand that the criteria no longer cover.
pub(super) struct Seen {
    /// The hash of the entry as it was.
    pub(super) hash: Option<String>,
    orphans: Orphans,
}

impl Seen {
    /// Refuses a change that would leave awards uncovered, unless that was said to be meant.
    async fn check_orphans(
        &self,
        app: &App,
        before: &EffectiveSession,
        after: &EffectiveSession,
    ) -> Result<(), Problem> {
        if self.orphans == Orphans::Keep {
            return Ok(());
        }
        let checked = app.service.check_orphans(before, after).await?;
        checked.map_err(|refused| Problem::new(Kind::Conflict, refused.to_string()))
    }
}

impl FromRequestParts<App> for Seen {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let query = parts.uri.query().unwrap_or("");
        let orphans = match query.split('&').find_map(|pair| pair.strip_prefix("orphans=")) {
            None => Orphans::Ask,
            Some("keep") => Orphans::Keep,
            Some(_) => return Err(Problem::new(Kind::BadRequest, "orphans can be keep, or be left out")),
        };
        let Some(value) = parts.headers.get(header::IF_MATCH) else { return Ok(Self { hash: None, orphans }) };
        let tag = value.to_str().ok().map(str::trim).filter(|tag| *tag != "*");
        let hash = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
        let is_hash = |hash: &&str| hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
        let hash = hash.filter(is_hash).ok_or_else(|| {
            Problem::new(Kind::BadRequest, "If-Match takes one ETag as an answer of this service gave it")
        })?;
        Ok(Self { hash: Some(hash.to_owned()), orphans })
    }
}

async fn save(app: &App, caller: &Caller, seen: &Seen, entry: Entry<'_>) -> Result<Saved, Problem> {
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    Ok(store.put_seen(entry, seen.hash.as_deref(), now).await?)
}

/// An entry with the tag by which a change says which form of it was seen.
fn tagged(entry: &impl Serialize) -> Response {
    let mut response = Json(entry).into_response();
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", entry_hash(entry))) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

pub(super) fn answer(saved: Saved, entry: &impl Serialize) -> Response {
    let status = if saved == Saved::Created { StatusCode::CREATED } else { StatusCode::OK };
    (status, tagged(entry)).into_response()
}
