//! What officers do to a session: look at who would get what, change its criteria, decide by hand, work in bulk, close it.
//!
//! What takes long is an operation (`operations`): the answer is 202, with the address to follow it at.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::auth::{Caller, Scope};
use super::catalog::Seen;
use super::extract::{Asked, Named, StrictJson, asked};
use super::operations::describe;
use super::problem::{Kind, Problem};
use crate::award::{RevocationCategory, Verdict};
use crate::catalog::{AwardKind, CriteriaByKind, EffectiveSession};
use crate::ids::{Code, ExternalId, LearnerId, OperationId};
use crate::operation::{Orphans, Request, RowOutcome};
use crate::store::{AwardFilter, AwardStateName, Closing, ManualDecision, entry_hash};
use crate::text::Reason;

/// The most learners that one request names.
pub(super) const MAX_LEARNERS: usize = 50_000;

/// The criteria to look at; none for the session's own.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DryRun {
    #[serde(default)]
    criteria: Option<CriteriaByKind>,
}

/// `POST /api/v1/sessions/{code}/dry-run`: who has or would get what, and who misses what. Nothing is changed.
pub(super) async fn dry_run(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    StrictJson(body): StrictJson<DryRun>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    if let Some(criteria) = &body.criteria {
        session.under(criteria)?;
    }
    start(&app, &caller, &session, Request::DryRun { criteria: body.criteria }).await
}

/// The criteria to put in force.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Criteria {
    criteria: CriteriaByKind,
    reason: Reason,
    #[serde(default)]
    orphans: Orphans,
}

/// `POST /api/v1/sessions/{code}/criteria`: looks at every learner first; asks where awards would lose what covers them; then puts
/// the criteria in force. With `If-Match`, only where nobody else changed the session.
pub(super) async fn change_criteria(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    seen: Seen,
    StrictJson(body): StrictJson<Criteria>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    caller.needs(Scope::CatalogWrite)?;
    session.under(&body.criteria)?;
    let reason = String::from(body.reason);
    let known = entry_hash(&session.session);
    if seen.hash.is_some_and(|seen| seen != known) {
        return Err(crate::store::StoreError::Stale.into());
    }
    let Criteria { criteria, orphans, .. } = body;
    start(&app, &caller, &session, Request::ChangeCriteria { criteria, session_sha256: known, reason, orphans }).await
}

/// What an officer decides about one learner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    kind: AwardKind,
    verdict: VerdictWord,
    reason: Reason,
}

/// A decision by hand, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum VerdictWord {
    /// Award, whatever the criteria say.
    Award,
    /// Don't, whatever they say.
    Refuse,
    /// Give them their say back.
    Automatic,
}

impl VerdictWord {
    const fn verdict(self) -> Option<Verdict> {
        match self {
            Self::Award => Some(Verdict::Award),
            Self::Refuse => Some(Verdict::Refuse),
            Self::Automatic => None,
        }
    }
}

/// Which source a learner's id is of.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OfSource {
    source: Code,
}

/// `POST /api/v1/sessions/{code}/learners/{learner}/decision?source=`.
pub(super) async fn decide(
    State(app): State<App>,
    caller: Caller,
    Named((code, learner)): Named<(Code, ExternalId)>,
    of: Asked<OfSource>,
    StrictJson(body): StrictJson<Decision>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    let OfSource { source } = asked(of)?;
    let reason = String::from(body.reason);
    granted(&session, body.kind, "/kind")?;
    let learner = learner_of(&app, &session, &source, &learner).await?;
    let learner = learner.ok_or_else(|| Problem::not_found("learner"))?;
    let store = app.service.store.by(caller.actor());
    let (kind, issuer) = (body.kind, session.issuer().clone());
    let decision =
        ManualDecision { session: code.clone(), issuer, learner, kind, verdict: body.verdict.verdict(), reason };
    store.decide_by_hand(&decision, app.service.clock.now()).await?;
    app.service.wake.notify_waiters();
    let award = store.award_of(&code, learner, body.kind).await?;
    let mut answer = json!({ "status": "recorded" });
    if let (Some(award), VerdictWord::Refuse) = (award, body.verdict) {
        answer["award"] = json!(award.id);
        answer["note"] = json!(
            "the learner has this award already, and it stands: revoke its credential to end it (POST /api/v1/credentials/{id}/revoke)"
        );
    }
    Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
}

/// Work on many learners.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Bulk {
    kind: AwardKind,
    action: BulkAction,
    /// For revocations: why, as anyone may read it.
    #[serde(default)]
    category: Option<RevocationCategory>,
    reason: Reason,
    /// Whom, one by one.
    #[serde(default)]
    learners: Option<Vec<BulkLearner>>,
    /// Or whomever an operation's report names with an outcome.
    #[serde(default)]
    reported: Option<Reported>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum BulkAction {
    Award,
    Refuse,
    Automatic,
    Revoke,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BulkLearner {
    source: Code,
    id: ExternalId,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reported {
    operation: OperationId,
    outcome: RowOutcome,
}

/// `POST /api/v1/sessions/{code}/bulk`: award, refuse, give the criteria their say back, or revoke, for many. Whoever is not known, or
/// named twice, is told before anything is done.
pub(super) async fn bulk(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    StrictJson(body): StrictJson<Bulk>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    let reason = String::from(body.reason);
    granted(&session, body.kind, "/kind")?;
    let learners = match (body.learners, body.reported) {
        (Some(named), None) => named_learners(&app, &session, &named).await?,
        (None, Some(Reported { operation, outcome })) => {
            let found = app.service.store.operation(operation).await?.filter(|found| found.session == code);
            let unknown = "there is no such operation on this session";
            found.ok_or_else(|| Problem::new(Kind::Invalid, unknown).at("/reported/operation"))?;
            app.service.store.operation_learners(operation, outcome).await?
        }
        _ => return Err(Problem::new(Kind::Invalid, "exactly one of learners and reported is needed")),
    };
    if learners.is_empty() {
        return Err(Problem::new(Kind::Invalid, "there is nobody to do this for").at("/learners"));
    }
    let (award, action) = (body.kind, body.action);
    let verdict = match action {
        BulkAction::Award => Some(Verdict::Award),
        BulkAction::Refuse => Some(Verdict::Refuse),
        BulkAction::Automatic | BulkAction::Revoke => None,
    };
    let request = match (action, body.category) {
        (BulkAction::Revoke, Some(category)) => {
            caller.needs(Scope::AwardsWrite)?;
            Request::Revoke { award, category, reason, learners }
        }
        (BulkAction::Revoke, None) => {
            return Err(Problem::new(Kind::Invalid, "a revocation says of what category it is").at("/category"));
        }
        (_, Some(_)) => return Err(Problem::new(Kind::Invalid, "only a revocation has a category").at("/category")),
        (_, None) => Request::Decide { award, verdict, reason, learners },
    };
    start(&app, &caller, &session, request).await
}

/// Everybody that a request names, or every entry that is wrong.
async fn named_learners(
    app: &App,
    session: &EffectiveSession,
    named: &[BulkLearner],
) -> Result<Vec<LearnerId>, Problem> {
    if named.len() > MAX_LEARNERS {
        return Err(Problem::new(Kind::Invalid, format!("at most {MAX_LEARNERS} learners at once")).at("/learners"));
    }
    let (mut learners, mut seen, mut wrong) = (Vec::with_capacity(named.len()), BTreeSet::new(), Vec::new());
    for (place, entry) in named.iter().enumerate() {
        match learner_of(app, session, &entry.source, &entry.id).await? {
            None => wrong.push((format!("/learners/{place}"), "this source knows nobody by this id")),
            Some(learner) if !seen.insert(learner) => {
                wrong.push((format!("/learners/{place}"), "this learner is named twice"));
            }
            Some(learner) => learners.push(learner),
        }
    }
    match wrong.is_empty() {
        true => Ok(learners),
        false => Err(Problem::fields(Kind::Invalid, "nothing was done: some entries can't be used", wrong)),
    }
}

/// Why a session is closed or opened again.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: Reason,
}

/// `POST /api/v1/sessions/{code}/close`: what had arrived counts; what arrives from now on is kept, and awards nothing by itself.
pub(super) async fn close(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    StrictJson(why): StrictJson<Why>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    let store = app.service.store.by(caller.actor());
    let closed = store.close_session(&code, session.issuer(), why.reason.as_str(), app.service.clock.now()).await?;
    tell(closed, "the session is closed already", &app, &code).await
}

/// `POST /api/v1/sessions/{code}/reopen`.
pub(super) async fn reopen(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
    StrictJson(why): StrictJson<Why>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    let store = app.service.store.by(caller.actor());
    let opened = store.reopen_session(&code, session.issuer(), why.reason.as_str(), app.service.clock.now()).await?;
    tell(opened, "the session is open", &app, &code).await
}

async fn tell(closing: Closing, already: &str, app: &App, code: &Code) -> Result<Response, Problem> {
    match closing {
        Closing::Done => {
            app.service.wake.notify_waiters();
            Ok(Json(json!({ "closed": app.service.store.session_closed_at(code).await? })).into_response())
        }
        Closing::Already => Err(Problem::new(Kind::Conflict, already)),
        Closing::NotFound => Err(Problem::not_found("session")),
    }
}

/// `GET /api/v1/sessions/{code}/status`: how many learners, awards in each state and open alerts there are, and whether it is closed.
pub(super) async fn status(
    State(app): State<App>,
    caller: Caller,
    Named(code): Named<Code>,
) -> Result<Response, Problem> {
    let session = operated(&app, &caller, &code).await?;
    let store = &app.service.store;
    let mut awards = json!({});
    for state in [AwardStateName::Blocked, AwardStateName::Issuing, AwardStateName::Issued] {
        let filter = AwardFilter { session: Some(code.clone()), state: Some(state), ..AwardFilter::default() };
        awards[state.as_str()] = json!(store.count_awards(&filter).await?);
    }
    let alerts = crate::store::AlertFilter { session: Some(code.clone()), ..Default::default() };
    Ok(Json(json!({
        "session": code,
        "training": session.training.code,
        "closed": store.session_closed_at(&code).await?,
        "learners": store.count_session_learners(&code).await?,
        "awards": awards,
        "open_alerts": store.alerts(&alerts).await?.len(),
    }))
    .into_response())
}

async fn start(app: &App, caller: &Caller, session: &EffectiveSession, request: Request) -> Result<Response, Problem> {
    let operation = app.service.start_operation(session, request, caller.actor()).await?;
    let mut response = (StatusCode::ACCEPTED, Json(describe(&operation))).into_response();
    if let Ok(address) = HeaderValue::from_str(&format!("/api/v1/operations/{}", operation.id)) {
        response.headers_mut().insert(header::LOCATION, address);
    }
    Ok(response)
}

/// The session, where the caller may run it.
pub(super) async fn operated(app: &App, caller: &Caller, code: &Code) -> Result<EffectiveSession, Problem> {
    caller.needs(Scope::SessionsOperate)?;
    let session = app.service.store.effective_session(code).await?.ok_or_else(|| Problem::not_found("session"))?;
    caller.acts_for(session.issuer())?;
    Ok(session)
}

fn granted(session: &EffectiveSession, kind: AwardKind, pointer: &str) -> Result<(), Problem> {
    let grants = session.kinds().any(|granted| granted == kind);
    if grants { Ok(()) } else { Err(Problem::new(Kind::Invalid, "the session does not grant this award").at(pointer)) }
}

/// The learner of a source that reports on the session.
async fn learner_of(
    app: &App,
    session: &EffectiveSession,
    source: &Code,
    id: &ExternalId,
) -> Result<Option<LearnerId>, Problem> {
    let store = &app.service.store;
    if !store.source(source).await?.is_some_and(|source| source.serves(session.issuer())) {
        return Ok(None);
    }
    Ok(store.learner_by_external(source, id).await?.map(|learner| learner.id))
}
