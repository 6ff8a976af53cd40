//! The learners API: what a learner is called, and who turned out to be one person or two.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::auth::{Caller, Scope};
use super::catalog::answer;
use super::extract::{Named, StrictJson};
use super::problem::{Kind, Problem};
use crate::catalog::Source;
use crate::correction::{self, Corrected, CorrectedOutcome, CorrectionError, Right, Shown};
use crate::ids::{Code, ExternalId, LearnerId, PublicUrl};
use crate::issuance::block_reason_text;
use crate::store::LearnerUpdate;
use crate::text::{Email, Lang, PersonName, Reason};

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
    let source = own_source(&app, &caller, &source).await?;
    let store = app.service.store.by(caller.actor());
    let shown = correction::show(&store, &source, &id, app.service.clock.now()).await?;
    Ok(Json(document(&shown)).into_response())
}

/// A learner, and everything that leads there.
pub(crate) fn document(shown: &Shown) -> Value {
    let learner = &shown.learner;
    let known_as = shown.known_as.iter().map(|known| {
        let mut entry = json!({ "kind": known.kind, "value": known.value, "since": known.since });
        if known.learner != learner.id {
            entry["merged_from"] = json!(known.learner);
        }
        entry
    });
    json!({
        "source": learner.source,
        "id": learner.external_id,
        "name": learner.name,
        "email": learner.email,
        "known_as": known_as.collect::<Vec<_>>(),
    })
}

/// Who else a learner is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Merge {
    /// What the same source calls the other one.
    also: ExternalId,
    /// Why.
    reason: Reason,
}

/// `POST /api/v1/learners/{source}/{id}/merge`: from now on this learner stands for the other one too.
pub(super) async fn merge(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(body): StrictJson<Merge>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    let source = own_source(&app, &caller, &source).await?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    correction::merge(&store, &source, (&id, &body.also), &body.reason, now).await?;
    app.service.wake.notify_waiters();
    Ok(Json(json!({ "status": "done" })).into_response())
}

/// Whom to part a learner from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    /// The one who was merged, as `merged_from` of `known_as` names it.
    merged_from: LearnerId,
    /// Why.
    reason: Reason,
}

/// `POST /api/v1/learners/{source}/{id}/part`: undoes a merge, for good.
pub(super) async fn part(
    State(app): State<App>,
    caller: Caller,
    Named((source, id)): Named<(Code, ExternalId)>,
    StrictJson(body): StrictJson<Part>,
) -> Result<Response, Problem> {
    caller.needs(Scope::LearnersWrite)?;
    let source = own_source(&app, &caller, &source).await?;
    let (store, now) = (app.service.store.by(caller.actor()), app.service.clock.now());
    correction::part(&store, &source, (&id, body.merged_from), &body.reason, now).await?;
    app.service.wake.notify_waiters();
    Ok(Json(json!({ "status": "done" })).into_response())
}

/// The right name, and the right address if that was wrong too.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Correction {
    name: PersonName,
    #[serde(default)]
    email: Option<Email>,
    reason: Reason,
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
    let source = own_source(&app, &caller, &source).await?;
    let right = Right { name: &body.name, email: body.email.as_ref(), reason: &body.reason };
    let mut awards = Vec::new();
    let told = |award: Corrected| awards.push(corrected(&award, &app.service.url));
    let (issuer, by) = (Some(&caller.issuer), &caller.actor());
    let learner = app.service.correct_learner(&source, &id, right, (issuer, by), told).await?;
    Ok(Json(json!({ "source": source.code, "id": learner.external_id, "awards": awards })).into_response())
}

/// What comes of an award whose learner's name was put right.
fn corrected(award: &Corrected, url: &PublicUrl) -> Value {
    let detail = match &award.outcome {
        CorrectedOutcome::Reissued(credential) => json!(url.credential(*credential)),
        CorrectedOutcome::Blocked(reasons) => {
            reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect::<Vec<_>>().into()
        }
        CorrectedOutcome::AlreadyRight | CorrectedOutcome::NotIssuedYet | CorrectedOutcome::Revoked => Value::Null,
    };
    json!({ "award": award.award, "session": award.session, "outcome": award.outcome.as_str(), "detail": detail })
}

impl From<CorrectionError> for Problem {
    fn from(error: CorrectionError) -> Self {
        let said = error.to_string();
        match error {
            CorrectionError::Unknown(_) => Self::not_found("learner"),
            CorrectionError::OtherUnknown => Self::new(Kind::Invalid, said).at("/also"),
            CorrectionError::StandsForNobody => Self::new(Kind::Invalid, said).at("/merged_from"),
            CorrectionError::OneAlready | CorrectionError::TwoAlready => Self::new(Kind::Conflict, said),
            CorrectionError::Service(error) => error.into(),
        }
    }
}

async fn own_source(app: &App, caller: &Caller, source: &Code) -> Result<Source, Problem> {
    let known = app.service.store.source(source).await?.ok_or_else(|| Problem::not_found("source"))?;
    caller.acts_for(&known.issuer)?;
    Ok(known)
}
