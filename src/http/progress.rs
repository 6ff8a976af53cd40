//! Progress: for the LMS by the API; for the learner behind a link, as a page, as a fragment that the LMS shows in a frame, and as
//! JSON that its own pages read.
//!
//! Nothing here shows a name or a result. The fragment may be framed, and the JSON be read by scripts, on the sites of the issuer's
//! sources alone.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Keep};
use super::auth::{Caller, Scope};
use super::awards;
use super::extract::{Asked, Named, asked};
use super::problem::{Kind, Problem};
use crate::award::{AwardState, BlockReason, Verdict};
use crate::catalog::EffectiveSession;
use crate::ids::{CapabilityToken, Code, ExternalId, LearnerId};
use crate::pages::{AwardShown, KindShown, ProgressPage, ShownIn};
use crate::progress::{AwardMade, KindProgress, SessionProgress};
use crate::text::Lang;

/// Which source knows the learner by that id, where several do.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KnownTo {
    source: Option<Code>,
}

type Known = Asked<KnownTo>;

/// `GET /api/v1/sessions/{code}/learners/{learner}/progress?source=`.
pub(super) async fn of_learner(
    State(app): State<App>,
    caller: Caller,
    Named((code, id)): Named<(Code, ExternalId)>,
    known: Known,
) -> Result<Response, Problem> {
    caller.needs(Scope::ProgressRead)?;
    let (session, learner) = session_and_learner(&app, &caller, &code, &id, known).await?;
    let service = &app.service;
    let found = service.session_progress(&session.session.code, learner).await?;
    let found = found.ok_or_else(|| Problem::not_found("session"))?;
    let mut document = document(&app, &found);
    for (shown, kind) in document["kinds"].as_array_mut().into_iter().flatten().zip(&found.kinds) {
        if let Some(made) = &kind.award {
            shown["award"]["id"] = json!(made.award.id);
        }
    }
    let record = service.store.learner(learner).await?;
    document["learner"] = json!(record.map(|learner| json!({ "source": learner.source, "id": learner.external_id })));
    let token = service.progress_link(&code, learner).await?;
    document["links"] = json!({
        "page": service.url.progress(&token),
        "embed": service.url.progress_embed(&token),
        "json": service.url.progress_json(&token),
    });
    Ok(answer::typed("application/json", Keep::Never, document.to_string()))
}

/// `DELETE /api/v1/sessions/{code}/learners/{learner}/progress/link?source=`: the link opens nothing any more.
pub(super) async fn end_link(
    State(app): State<App>,
    caller: Caller,
    Named((code, id)): Named<(Code, ExternalId)>,
    known: Known,
) -> Result<Response, Problem> {
    caller.needs(Scope::AwardsWrite)?;
    let (session, learner) = session_and_learner(&app, &caller, &code, &id, known).await?;
    let ended = app.service.end_progress_link(&session, learner, caller.actor()).await?;
    ended.ok_or_else(|| Problem::not_found("progress link"))?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn session_and_learner(
    app: &App,
    caller: &Caller,
    code: &Code,
    id: &ExternalId,
    known: Known,
) -> Result<(EffectiveSession, LearnerId), Problem> {
    let known = asked(known)?;
    let session = app.service.store.effective_session(code).await?.ok_or_else(|| Problem::not_found("session"))?;
    caller.acts_for(session.issuer())?;
    let learner = awards::learner(app, caller, known.source.as_ref(), id).await?;
    Ok((session, learner.ok_or_else(|| Problem::not_found("learner"))?))
}

/// What both the API and the learner's link tell.
fn document(app: &App, found: &SessionProgress) -> Value {
    let session = &found.session;
    let kinds = found.kinds.iter().map(|KindProgress { progress, by_hand, award }| {
        let mut kind = json!(progress);
        kind["by_hand"] = json!(by_hand.map(Verdict::as_str));
        kind["award"] = json!(award.as_ref().map(award_told));
        kind
    });
    json!({
        "session": session.session.code,
        "title": session.training.title,
        "issuer": session.issuer(),
        "starts": session.session.starts,
        "ends": session.session.ends,
        "closed": found.closed,
        "at": found.at,
        "criteria": app.service.url.session_criteria(&session.session.code),
        "kinds": kinds.collect::<Vec<_>>(),
    })
}

fn award_told(made: &AwardMade) -> Value {
    let state = match made.award.state {
        AwardState::Blocked { .. } => "blocked",
        AwardState::Issuing => "issuing",
        AwardState::Issued => "issued",
    };
    let revocation = made.credential.as_ref().and_then(|credential| credential.revocation.as_ref());
    let revoked = revocation.map(|revocation| json!({ "at": revocation.at, "category": revocation.category }));
    json!({ "state": state, "awarded": made.award.awarded, "revoked": revoked, "links": made.links })
}

/// `GET /p/{token}`: the learner's own page.
pub(super) async fn page(
    State(app): State<App>,
    Named(token): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (found, token) = behind(&app, &token).await?;
    let html = render(&app, &found, &token, &request, ShownIn::Page)?;
    Ok(answer::page(&app, Keep::Never, html))
}

/// `GET /p/{token}/embed`: the same in short, for a frame on the LMS's own pages.
pub(super) async fn embed(
    State(app): State<App>,
    Named(token): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (found, token) = behind(&app, &token).await?;
    let html = render(&app, &found, &token, &request, ShownIn::Frame)?;
    let sites = app.service.framing_sites(found.session.issuer()).await?;
    Ok(answer::fragment(&app, &sites, html))
}

/// `GET /p/{token}/progress.json`: the same for scripts on the LMS's own pages.
pub(super) async fn json(
    State(app): State<App>,
    Named(token): Named<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let (found, _) = behind(&app, &token).await?;
    let sites = app.service.framing_sites(found.session.issuer()).await?;
    let mut response = answer::typed("application/json", Keep::Never, Json(document(&app, &found)));
    let origin = headers.get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    let allowed = origin.filter(|origin| sites.iter().any(|site| site == origin));
    if let Some(Ok(origin)) = allowed.map(HeaderValue::from_str) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("origin"));
    Ok(response)
}

/// What a link opens.
async fn behind(app: &App, token: &str) -> Result<(SessionProgress, CapabilityToken), Problem> {
    let unknown = || Problem::new(Kind::UnknownLink, "no progress in use has this link");
    let token: CapabilityToken = token.parse().map_err(|_| unknown())?;
    let (session, learner) = app.service.store.progress_by_lookup(&token.lookup()).await?.ok_or_else(unknown)?;
    let found = app.service.session_progress(&session, learner).await?.ok_or_else(unknown)?;
    Ok((found, token))
}

fn render(
    app: &App,
    found: &SessionProgress,
    token: &CapabilityToken,
    request: &Request,
    shown_in: ShownIn,
) -> Result<String, Problem> {
    let lang: Lang = answer::language(request.uri().query(), request.headers());
    let kinds: Vec<KindShown<'_>> = found.kinds.iter().map(kind_shown).collect();
    let url = &app.service.url;
    Ok(app.pages.progress(&ProgressPage {
        session: &found.session,
        issuer: &found.issuer,
        kinds: &kinds,
        at: found.at,
        closed: found.closed,
        page_url: &url.progress(token),
        criteria_url: &url.session_criteria(&found.session.session.code),
        shown_in,
        lang,
    })?)
}

fn kind_shown(kind: &KindProgress) -> KindShown<'_> {
    let award = match &kind.award {
        None if kind.by_hand == Some(Verdict::Refuse) => AwardShown::Refused,
        None => AwardShown::None,
        Some(AwardMade { award, credential: Some(credential), links: Some(links) }) => match &credential.revocation {
            Some(revocation) => AwardShown::Revoked { at: revocation.at },
            None => AwardShown::Issued {
                at: award.awarded,
                attestation: &links.attestation,
                badge: &links.badge_png,
                credential: &links.credential,
                verification: &links.verification,
            },
        },
        Some(AwardMade { award, .. }) => match &award.state {
            AwardState::Blocked { .. } if kind.by_hand == Some(Verdict::Refuse) => AwardShown::Refused,
            AwardState::Blocked { reasons } if reasons.contains(&BlockReason::SessionClosed) => {
                AwardShown::AfterClosing
            }
            _ => AwardShown::Preparing,
        },
    };
    KindShown { progress: &kind.progress, award }
}
