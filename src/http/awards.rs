//! The awards API: what the LMS shows its learners, and what officers do to awards.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer;
use super::auth::{Caller, Scope};
use super::extract::{Asked, Named, StrictJson, asked, page};
use super::problem::{Kind, Problem};
use crate::award::{Award, AwardState, RevocationCategory};
use crate::ids::{AwardId, Code, CredentialId, ExternalId, LearnerId};
use crate::issuance::block_reason_text;
use crate::reissue::Reissue;
use crate::store::{AwardFilter, AwardStateName, Revoked};
use crate::text::Lang;

/// Which awards are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    session: Option<Code>,
    /// With `learner`: the source that knows the learner by that id, where several do.
    source: Option<Code>,
    learner: Option<ExternalId>,
    state: Option<AwardStateName>,
    after: Option<String>,
    limit: Option<u32>,
}

/// `GET /api/v1/awards?session=&source=&learner=&state=&after=&limit=`: states and links, newest first.
pub(super) async fn list(State(app): State<App>, caller: Caller, wanted: Asked<Wanted>) -> Result<Response, Problem> {
    caller.needs(Scope::AwardsRead)?;
    let wanted = asked(wanted)?;
    let store = &app.service.store;
    let learner = match &wanted.learner {
        Some(id) => match learner(&app, &caller, wanted.source.as_ref(), id).await? {
            Some(learner) => Some(learner),
            None => return Ok(Json(json!({ "awards": [] })).into_response()),
        },
        None if wanted.source.is_some() => return Err(Problem::new(Kind::BadRequest, "source goes with learner")),
        None => None,
    };
    let filter =
        AwardFilter { session: wanted.session, learner, issuer: Some(caller.issuer.clone()), state: wanted.state };
    let page = page(wanted.after, wanted.limit)?;
    let found = store.awards(&filter, &page).await?;
    let mut awards = Vec::with_capacity(found.items.len());
    for award in &found.items {
        awards.push(describe(&app, award).await?);
    }
    Ok(answer::list("awards", awards, found.next.map(|next| next.to_string())))
}

/// The learner meant by an id: of the source named, else of the one source of the caller's issuer that knows it.
pub(super) async fn learner(
    app: &App,
    caller: &Caller,
    source: Option<&Code>,
    id: &ExternalId,
) -> Result<Option<LearnerId>, Problem> {
    let store = &app.service.store;
    let serves = async |code: &Code| {
        Ok::<_, Problem>(store.source(code).await?.is_some_and(|source| source.serves(&caller.issuer)))
    };
    if let Some(source) = source {
        let known = if serves(source).await? { store.learner_by_external(source, id).await? } else { None };
        return Ok(known.map(|learner| learner.id));
    }
    let mut found = Vec::new();
    for learner in store.learners_by_external(id).await? {
        if serves(&learner.source).await? {
            found.push(learner.id);
        }
    }
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(*one)),
        _ => Err(Problem::new(Kind::BadRequest, "several sources know a learner of this id; name one by source=")),
    }
}

async fn describe(app: &App, award: &Award) -> Result<Value, Problem> {
    let service = &app.service;
    let learner = service.store.learner(award.learner).await?;
    let mut answer = json!({
        "id": award.id,
        "session": award.session,
        "learner": learner.map(|learner| json!({ "source": learner.source, "id": learner.external_id })),
        "kind": award.kind,
        "awarded": award.awarded,
        "time": award.snapshot.time,
    });
    let state = match &award.state {
        AwardState::Blocked { reasons } => {
            let text = |lang| reasons.iter().map(|reason| block_reason_text(reason, lang)).collect::<Vec<_>>();
            answer["reasons"] = json!({ "codes": reasons, "fr": text(Lang::Fr), "en": text(Lang::En) });
            AwardStateName::Blocked
        }
        AwardState::Issuing => AwardStateName::Issuing,
        AwardState::Issued => AwardStateName::Issued,
    };
    answer["state"] = json!(state);
    let Some(current) = service.store.current_credential(award.id).await? else { return Ok(answer) };
    let links = service.award_links(award, &current).await?;
    answer["credential"] = json!({
        "id": service.url.credential(current.id),
        "version": current.version,
        "valid_from": current.valid_from,
        "revoked": current.revocation.map(|revocation| json!({ "at": revocation.at, "category": revocation.category })),
    });
    if let Some(links) = links {
        answer["links"] = json!(links);
    }
    Ok(answer)
}

/// Why a credential is revoked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Revocation {
    /// Published.
    category: RevocationCategory,
    /// For the issuer's own records; never published.
    #[serde(default)]
    internal_text: String,
}

/// `POST /api/v1/credentials/{id}/revoke`. The page and the status list show it at once.
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<CredentialId>,
    StrictJson(why): StrictJson<Revocation>,
) -> Result<Response, Problem> {
    caller.needs(Scope::AwardsWrite)?;
    if why.internal_text.chars().count() > 2000 {
        return Err(Problem::new(Kind::Invalid, "at most 2000 characters").at("/internal_text"));
    }
    if why.internal_text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\t')) {
        return Err(Problem::new(Kind::Invalid, "no control characters").at("/internal_text"));
    }
    let store = &app.service.store;
    let record = store.credential(id).await?.ok_or_else(|| Problem::not_found("credential"))?;
    caller.acts_for(&record.issuer)?;
    match store
        .by(caller.actor())
        .revoke(id, why.category, &why.internal_text, &caller.label, app.service.clock.now())
        .await?
    {
        Revoked::Revoked | Revoked::AlreadyRevoked => {}
        Revoked::BeingReplaced => {
            let detail = "a new version of this credential is being made and would take its place; revoke that one once it is signed";
            return Err(Problem::new(Kind::Conflict, detail));
        }
        Revoked::NotFound => return Err(Problem::new(Kind::NotIssuedYet, "the credential is not signed yet")),
    }
    tracing::info!(credential.id = %id, revocation.category = why.category.as_str(), token.label = %caller.label, "credential.revoked");
    let revocation = store.credential(id).await?.and_then(|record| record.revocation);
    let revocation = revocation.map(|revocation| json!({ "at": revocation.at, "category": revocation.category }));
    Ok(Json(json!({ "id": app.service.url.credential(id), "revoked": revocation })).into_response())
}

/// `POST /api/v1/awards/{id}/reissue`: the next version of the credential, from the learner's details as known now.
pub(super) async fn reissue(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<AwardId>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    match app.service.reissue(id, caller.actor()).await? {
        Reissue::Planned(credential) => {
            let answer = json!({ "id": app.service.url.credential(credential), "state": AwardStateName::Issuing });
            Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
        }
        Reissue::NotFound => Err(Problem::not_found("award")),
        Reissue::Revoked => Err(Problem::new(Kind::Conflict, "the award was revoked: a correction would undo that")),
        Reissue::NotIssued => Err(Problem::new(Kind::NotIssuedYet, "only an issued award can be corrected")),
        Reissue::Blocked(reasons) => {
            let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
            Err(Problem::new(Kind::Conflict, format!("something must be supplied first: {}", reasons.join("; "))))
        }
    }
}

/// `DELETE /api/v1/awards/{id}/qr`: ends the printed link, for good.
pub(super) async fn end_qr(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<AwardId>,
) -> Result<Response, Problem> {
    of_caller(&app, &caller, id).await?;
    app.service.store.by(caller.actor()).end_qr(id, app.service.clock.now()).await?;
    tracing::info!(award.id = %id, token.label = %caller.label, "award.qr_ended");
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn of_caller(app: &App, caller: &Caller, id: AwardId) -> Result<(), Problem> {
    caller.needs(Scope::AwardsWrite)?;
    let award = app.service.store.award(id).await?.ok_or_else(|| Problem::not_found("award"))?;
    caller.acts_for(&award.snapshot.issuer.code)
}
