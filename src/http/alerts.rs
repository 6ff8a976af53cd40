//! What calls for an officer's attention, and its settling.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::App;
use super::auth::{Caller, Scope};
use super::extract::{Asked, Named, StrictJson, asked};
use super::problem::{Kind, Problem};
use crate::ids::{AwardId, Code};
use crate::store::{AlertFilter, AlertKind, AlertState, SettledAlerts};
use crate::text::Reason;

/// Which alerts are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    session: Option<Code>,
    #[serde(default)]
    settled: bool,
}

/// `GET /api/v1/alerts?session=&settled=true`: oldest first.
pub(super) async fn list(State(app): State<App>, caller: Caller, wanted: Asked<Wanted>) -> Result<Response, Problem> {
    caller.needs(Scope::AwardsRead)?;
    let wanted = asked(wanted)?;
    let settled = if wanted.settled { SettledAlerts::Shown } else { SettledAlerts::Hidden };
    let issuer = Some(caller.issuer.clone());
    let filter = AlertFilter { session: wanted.session, award: None, issuer, settled };
    let mut alerts = Vec::new();
    for alert in app.service.store.alerts(&filter).await? {
        let learner = app.service.store.learner(alert.learner).await?;
        let settled = match alert.state {
            AlertState::Open => None,
            AlertState::Settled(at) => Some(at),
        };
        alerts.push(json!({
            "kind": alert.kind,
            "award": alert.award,
            "session": alert.session,
            "learner": learner.map(|learner| json!({ "source": learner.source, "id": learner.external_id })),
            "text": alert.text,
            "raised": alert.raised,
            "settled": settled,
        }));
    }
    Ok(Json(json!({ "alerts": alerts })).into_response())
}

/// What was done about it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settling {
    reason: Reason,
}

/// `POST /api/v1/alerts/{kind}/{award}/settle`.
pub(super) async fn settle(
    State(app): State<App>,
    caller: Caller,
    Named((kind, award)): Named<(AlertKind, AwardId)>,
    StrictJson(body): StrictJson<Settling>,
) -> Result<Response, Problem> {
    caller.needs(Scope::AwardsWrite)?;
    let found = app.service.store.award(award).await?.ok_or_else(|| Problem::not_found("award"))?;
    caller.acts_for(&found.snapshot.issuer.code)?;
    let store = app.service.store.by(caller.actor());
    let settled = store.settle_alert(kind, award, body.reason.as_str(), app.service.clock.now()).await?;
    settled.ok_or_else(|| Problem::new(Kind::NotFound, "this award has no open alert of this kind"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
