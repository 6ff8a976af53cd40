//! The learners API: what a learner is called, and who turned out to be one person or two.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::auth::{Caller, Scope};
use super::catalog::answer;
use super::extract::{Named, StrictJson};
use super::problem::{Kind, Problem};
use crate::audit::{Action, Entry, Object};
use crate::ids::{Code, ExternalId, LearnerId};
use crate::issuance::block_reason_text;
use crate::reissue::Reissue;
use crate::store::{AwardFilter, LearnerRecord, LearnerUpdate, Merged, Page};
use crate::text::{Email, Lang, PersonName};

/// The most characters of a reason.
const MAX_REASON: usize = 2000;

/// What is known of a learner. An absent field erases what was known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Learner {
    #[serde(default)]
    name: Option<PersonName>,
    #[serde(default)]
    email: Option<Email>,
}

/// `PUT /api/v1/learners/{source}/{id}`.
pub(super) async fn put(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(learner): StrictJson<Learner>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    own_source(&app, &caller, &source).await?;
    let (name, email) = (learner.name.as_ref(), learner.email.as_ref());
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    // Whoever is known by a user name or an address is meant by it here too.
    let (_, saved) = match store.learner_by_external(&source, &id).await? {
        Some(known) => store.put_learner(&source, &known.external_id, name, email, LearnerUpdate::Replace, now).await?,
        None => store.put_learner(&source, &id, name, email, LearnerUpdate::Replace, now).await?,
    };
    app.service.wake.notify_waiters();
    Ok(answer(saved, &json!({ "source": source, "id": id })))
}

/// `GET /api/v1/learners/{source}/{id}`: name, address, and everything that the learner is or was known by. An access to a name.
pub(super) async fn get(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersRead)?;
    own_source(&app, &caller, &source).await?;
    let store = app.service.store.by(caller.actor());
    let learner = known(&app, &source, &id).await?;
    let shown = Entry::new(app.service.clock.now(), Action::NameShown, Object::new("source", &source));
    store.note(shown.of_issuer(&caller.issuer).about(learner.id)).await?;
    let known_as = store.learner_identifiers(learner.id).await?.into_iter().map(|known| {
        let mut entry = json!({ "kind": known.kind, "value": known.value, "since": known.since });
        if known.learner != learner.id {
            entry["merged_from"] = json!(known.learner);
        }
        entry
    });
    let answer = json!({
        "source": learner.source,
        "id": learner.external_id,
        "name": learner.name,
        "email": learner.email,
        "known_as": known_as.collect::<Vec<_>>(),
    });
    Ok(Json(answer).into_response())
}

/// Who else a learner is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    /// What the same source calls the other one.
    also: ExternalId,
    /// Why.
    reason: String,
}

/// `POST /api/v1/learners/{source}/{id}/merge`: from now on this learner stands for the other one too.
pub(super) async fn merge(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(body): StrictJson<Merge>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    own_source(&app, &caller, &source).await?;
    let reason = reason(&body.reason)?;
    let kept = known(&app, &source, &id).await?;
    let other = app.service.store.learner_by_external(&source, &body.also).await?;
    let other = other.ok_or_else(|| Problem::new(Kind::Invalid, "the source knows nobody by this").at("/also"))?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    let merged = store.merge_learners(&source, (other.id, kept.id), reason, now).await?;
    app.service.wake.notify_waiters();
    tell(merged, "the two are one learner already")
}

/// Whom to part a learner from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The one who was merged, as `merged_from` of `known_as` names it.
    merged_from: LearnerId,
    /// Why.
    reason: String,
}

/// `POST /api/v1/learners/{source}/{id}/part`: undoes a merge, for good.
pub(super) async fn part(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(body): StrictJson<Part>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    own_source(&app, &caller, &source).await?;
    let reason = reason(&body.reason)?;
    let learner = known(&app, &source, &id).await?;
    let stood_for = app.service.store.learner(body.merged_from).await?.map(|found| found.id);
    if stood_for != Some(learner.id) || body.merged_from == learner.id {
        return Err(Problem::new(Kind::Invalid, "this learner stands for nobody of that id").at("/merged_from"));
    }
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    let parted = store.part_learner(&source, body.merged_from, reason, now).await?;
    app.service.wake.notify_waiters();
    tell(parted, "the two are two learners already")
}

/// The right name, and the right address if that was wrong too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    name: PersonName,
    #[serde(default)]
    email: Option<Email>,
    reason: String,
}

/// `POST /api/v1/learners/{source}/{id}/correct`: puts the name right, and has each award of the issuer that carries the old one made
/// anew. Answers what comes of each.
pub(super) async fn correct(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(body): StrictJson<Correction>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    caller.needs(Scope::AwardsWrite)?;
    own_source(&app, &caller, &source).await?;
    let reason = reason(&body.reason)?;
    let learner = known(&app, &source, &id).await?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    // An address that is not named stays.
    let email = body.email.as_ref().or(learner.email.as_ref());
    let update = LearnerUpdate::Replace;
    store.put_learner(&source, &learner.external_id, Some(&body.name), email, update, now).await?;
    let noted = Entry::new(now, Action::NameCorrected, Object::new("source", &source));
    store.note(noted.of_issuer(&caller.issuer).about(learner.id).saying(reason)).await?;
    let filter =
        AwardFilter { learner: Some(learner.id), issuer: Some(caller.issuer.clone()), ..AwardFilter::default() };
    let mut awards = Vec::new();
    for award in store.awards(&filter, &Page { limit: 500, after: None }).await?.items {
        let (outcome, detail) = match app.service.reissue(award.id, caller.actor()).await? {
            Reissue::Planned(credential) => ("reissued", Some(json!(app.service.url.credential(credential)))),
            Reissue::Revoked => ("revoked", None),
            Reissue::NotIssued | Reissue::NotFound => ("not_issued_yet", None),
            Reissue::Blocked(reasons) => {
                let texts: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                ("blocked", Some(json!(texts)))
            }
        };
        awards.push(json!({ "award": award.id, "session": award.session, "outcome": outcome, "detail": detail }));
    }
    app.service.wake.notify_waiters();
    Ok(Json(json!({ "source": source, "id": learner.external_id, "awards": awards })).into_response())
}

fn tell(merged: Merged, already: &str) -> Result<Response, Problem> {
    match merged {
        Merged::Done => Ok(Json(json!({ "status": "done" })).into_response()),
        Merged::Already => Err(Problem::new(Kind::Conflict, already)),
        Merged::NotFound => Err(Problem::not_found("learner")),
    }
}

/// A reason as somebody wrote it: there must be one.
pub(super) fn reason(text: &str) -> Result<&str, Problem> {
    let text = text.trim();
    let refuse = |detail: &str| Err(Problem::new(Kind::Invalid, detail).at("/reason"));
    match text.chars().count() {
        0 => refuse("say why"),
        count if count > MAX_REASON => refuse("at most 2000 characters"),
        _ if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) => refuse("no control characters"),
        _ => Ok(text),
    }
}

async fn own_source(app: &App, caller: &Caller, source: &Code) -> Result<(), Problem> {
    let known = app.service.store.source(source).await?.ok_or_else(|| Problem::not_found("source"))?;
    caller.acts_for(&known.issuer)
}

async fn known(app: &App, source: &Code, id: &ExternalId) -> Result<LearnerRecord, Problem> {
    let found = app.service.store.learner_by_external(source, id).await?;
    found.ok_or_else(|| Problem::not_found("learner"))
}
