//! `GET /api/v1/audit`: an issuer's part of the audit trail, for its officers.
//!
//! The whole chain, with which it can be checked, is an operator's (`sceau audit`): it speaks of every issuer.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer;
use super::auth::{Caller, Scope};
use super::extract::{Asked, asked};
use super::problem::{Kind, Problem};
use crate::audit::{Action, Entry, Object};
use crate::store::AuditFilter;

/// Which entries are asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    action: Option<String>,
    after: Option<u64>,
    limit: Option<u32>,
}

/// `GET /api/v1/audit?action=&after=&limit=`: entries in the order of the chain, and the number after which the next part starts.
/// Reading is an entry too.
pub(super) async fn list(State(app): State<App>, caller: Caller, wanted: Asked<Wanted>) -> Result<Response, Problem> {
    caller.needs(Scope::AuditRead)?;
    let wanted = asked(wanted)?;
    let known = |word: &str| Action::ALL.iter().copied().find(|action| action.as_str() == word);
    let action = match wanted.action.as_deref() {
        None => None,
        Some(word) => Some(known(word).ok_or_else(|| Problem::new(Kind::BadRequest, "there is no such action"))?),
    };
    let limit = wanted.limit.unwrap_or(100).clamp(1, 500);
    let store = app.service.store.by(caller.actor());
    let read = Entry::new(app.service.clock.now(), Action::TrailRead, Object::new("issuer", &caller.issuer));
    store.note(read.of_issuer(&caller.issuer).with("after", wanted.after.unwrap_or(0))).await?;
    let filter = AuditFilter { issuer: Some(caller.issuer.clone()), action, learner: None };
    let found = store.audit_entries(&filter, wanted.after.unwrap_or(0), limit).await?;
    let next = found.last().filter(|_| found.len() == limit as usize).map(|last| last.sequence);
    let entries = found.iter().map(|record| {
        let mut entry: Value = serde_json::from_str(&record.sealed.document).unwrap_or_default();
        entry["hash"] = json!(record.sealed.hash);
        if let Some((_, text)) = &record.text {
            entry["text"] = json!(text);
        }
        entry
    });
    Ok(answer::list("entries", entries, next))
}
