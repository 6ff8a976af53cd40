//! What anyone may fetch: credentials, issuers and their keys, achievements, status lists, criteria, schemas. Served without
//! redirects and to any origin, since verifiers fetch them from wherever they run.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::App;
use super::answer::{self, CREDENTIAL_TYPE, Keep, WantsToken};
use super::extract::Named;
use super::problem::{Kind, Problem};
use crate::catalog::EffectiveSession;
use crate::credential::{self, OB_CONTEXT, VC_CONTEXT};
use crate::criteria;
use crate::ids::{AchievementHash, Code, CredentialId, StatusListId};
use crate::pages::{CredentialPage, CriteriaPage, VerificationLinks};
use crate::schemas;
use crate::status_list::TTL_SECONDS;
use crate::store::SignedDocument;
use crate::text::Lang;

/// The media type of credentials as tokens (Securing VCs using JOSE and COSE § 6.1.1).
pub(super) const TOKEN_TYPE: &str = "application/vc+jwt";
/// The media type of other JSON-LD documents.
const JSON_LD_TYPE: &str = "application/ld+json";

/// `GET /credentials/{id}`: the exact signed bytes, as JSON or as a token, or for people a page that shows them verified, without any name.
pub(super) async fn credential(
    State(app): State<App>,
    Named(id): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    let service = &app.service;
    let unknown = || Problem::not_found("credential");
    let id: CredentialId = id.parse().map_err(|_| unknown())?;
    let record = service.store.credential(id).await?.ok_or_else(unknown)?;
    let signed = record.signed.ok_or_else(unknown)?;
    let successor =
        record.revocation.and_then(|revocation| revocation.replaced_by).map(|id| service.url.credential(id));
    let token = match (answer::wants_token(&request), record.jwt) {
        (WantsToken::No, _) | (WantsToken::Rather, None) => None,
        (WantsToken::Only, None) => return Err(Problem::not_found("token of this credential")),
        (WantsToken::Only | WantsToken::Rather, Some(token)) => Some(token),
    };
    if token.is_some() || !answer::wants_page_at(&request) {
        let (media_type, bytes) =
            token.map_or((answer::credential_type(request.headers()), signed), |token| (TOKEN_TYPE, token));
        let mut response = signed_bytes(media_type, bytes, Keep::Seconds(300));
        let headers = response.headers_mut();
        headers.insert(header::VARY, HeaderValue::from_static("accept"));
        let link = successor.map(|address| HeaderValue::from_str(&format!("<{address}>; rel=\"successor-version\"")));
        if let Some(Ok(link)) = link {
            headers.insert(header::LINK, link);
        }
        return Ok(response);
    }
    let lang = answer::language(request.uri().query(), request.headers());
    let award = service.store.award(record.award).await?.ok_or_else(unknown)?;
    let report = service.verify_own(signed.text).await?;
    let html = app.pages.credential(&CredentialPage {
        report: &report,
        links: VerificationLinks {
            credential_json: "?format=json".to_owned(),
            criteria: Some(service.url.session_criteria(&award.session)),
            replaced_by: successor,
        },
        lang,
        zone: &award.snapshot.issuer.time_zone,
    })?;
    Ok(answer::page(&app, Keep::Never, html))
}

/// `GET /credentials/{id}/current`: the newest signed credential of the same award, for wallets (VCDM 2.0 § 5.4, `refreshService`).
/// A document whoever asks: people have the credential's own address.
pub(super) async fn current_credential(State(app): State<App>, Named(id): Named<String>) -> Result<Response, Problem> {
    let store = &app.service.store;
    let unknown = || Problem::not_found("credential");
    let id: CredentialId = id.parse().map_err(|_| unknown())?;
    let asked = store.credential(id).await?.filter(|record| record.signed.is_some()).ok_or_else(unknown)?;
    let newest = store.current_credential(asked.award).await?.ok_or_else(unknown)?;
    let address = HeaderValue::from_str(&app.service.url.credential(newest.id));
    let mut response = signed_bytes(CREDENTIAL_TYPE, newest.signed.ok_or_else(unknown)?, Keep::Seconds(60));
    if let Ok(address) = address {
        response.headers_mut().insert(header::CONTENT_LOCATION, address);
    }
    Ok(response)
}

fn signed_bytes(media_type: &'static str, signed: SignedDocument, keep: Keep) -> Response {
    let mut response = answer::public(media_type, keep, signed.text);
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", signed.sha256)) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// `GET /issuers/{code}`: the issuer's profile.
pub(super) async fn issuer(State(app): State<App>, Named(code): Named<String>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("issuer");
    let code: Code = code.parse().map_err(|_| unknown())?;
    let issuer = app.service.store.issuer(&code).await?.ok_or_else(unknown)?;
    let mut profile = json!({ "@context": [VC_CONTEXT, OB_CONTEXT] });
    extend(&mut profile, credential::profile(app.service.url.issuer_did(&code).as_str(), &issuer));
    Ok(answer::public(JSON_LD_TYPE, Keep::Seconds(300), profile.to_string()))
}

/// `GET /issuers/{code}/did.json`: the DID document (did:web method, "Read").
pub(super) async fn did_document(State(app): State<App>, Named(code): Named<String>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("issuer");
    let code: Code = code.parse().map_err(|_| unknown())?;
    let document = app.service.did_document(&code).await?.ok_or_else(unknown)?;
    Ok(answer::public("application/did+json", Keep::Seconds(300), document.to_string()))
}

/// `GET /issuers/{code}/keys/{thumbprint}`: one key as a bare JWK, to which the `kid` of tokens leads (OB 3.0 § 8.2.3).
pub(super) async fn issuer_key(
    State(app): State<App>,
    Named((code, thumbprint)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("key");
    let code: Code = code.parse().map_err(|_| unknown())?;
    let address = app.service.url.issuer_key(&code, &thumbprint);
    let keys = app.service.published_keys(&code).await?;
    let key = keys.into_iter().find(|key| key.jwk_url == address).ok_or_else(unknown)?;
    if key.revoked.is_some() {
        // Whoever dereferences `kid` and nothing else sees no `revoked`: without a key it must refuse, as it should. 410 and not
        // 404, so that a person who looks into the refusal learns why.
        return Err(Problem::new(Kind::Gone, "this key is compromised: nothing that it signed can be relied on"));
    }
    let mut jwk = key.public.to_jwk();
    let parameters = json!({ "kid": address, "alg": key.public.kind().jose_algorithm(), "use": "sig" });
    extend(&mut jwk, parameters);
    Ok(answer::public("application/jwk+json", Keep::Seconds(300), jwk.to_string()))
}

/// `GET /achievements/{hash}`.
pub(super) async fn achievement(State(app): State<App>, Named(hash): Named<String>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("achievement");
    let hash: AchievementHash = hash.parse().map_err(|_| unknown())?;
    let snapshot = app.service.store.achievement(&hash).await?.ok_or_else(unknown)?;
    let mut document = json!({ "@context": [VC_CONTEXT, OB_CONTEXT] });
    extend(&mut document, credential::achievement(&app.service.url, &snapshot));
    Ok(answer::public(JSON_LD_TYPE, Keep::Forever, document.to_string()))
}

/// `GET /achievements/{hash}/image.png`.
pub(super) async fn achievement_image(
    State(app): State<App>,
    Named((hash, image)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("image");
    let hash: AchievementHash = hash.parse().map_err(|_| unknown())?;
    if image != "image.png" {
        return Err(unknown());
    }
    let snapshot = app.service.store.achievement(&hash).await?.ok_or_else(unknown)?;
    Ok(answer::public("image/png", Keep::Forever, app.service.artwork(snapshot).await?))
}

/// `GET /status/{id}`: a status list, signed.
pub(super) async fn status_list(State(app): State<App>, Named(id): Named<String>) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("status list");
    let id: StatusListId = id.parse().map_err(|_| unknown())?;
    let signed = app.service.signed_status_list(id).await?.ok_or_else(unknown)?;
    let keep = u32::try_from(TTL_SECONDS).map_or(Keep::Never, Keep::Seconds);
    Ok(answer::public(CREDENTIAL_TYPE, keep, signed))
}

/// `GET /sessions/{code}/criteria`: the rule, for whoever thinks of enrolling; a page, or JSON.
pub(super) async fn criteria(
    State(app): State<App>,
    Named(code): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    let unknown = || Problem::not_found("session");
    let service = &app.service;
    let code: Code = code.parse().map_err(|_| unknown())?;
    let session = service.store.effective_session(&code).await?.ok_or_else(unknown)?;
    if !answer::wants_page_at(&request) {
        return Ok(answer::public("application/json", Keep::Seconds(60), criteria_document(&session).to_string()));
    }
    let issuer = service.store.issuer(session.issuer()).await?.ok_or_else(unknown)?;
    let lang = answer::language(request.uri().query(), request.headers());
    let narratives: Vec<_> =
        session.kinds().filter_map(|kind| Some((kind, criteria::narrative(&session, kind, lang)?))).collect();
    let html = app.pages.criteria(&CriteriaPage {
        session: &session,
        issuer: &issuer,
        narratives: &narratives,
        json_url: "?format=json",
        lang,
    })?;
    Ok(answer::page(&app, Keep::Seconds(60), html))
}

fn criteria_document(session: &EffectiveSession) -> Value {
    let criteria = session.criteria().iter().map(|(kind, criteria)| {
        let narrative = |lang| criteria::narrative(session, kind, lang);
        json!({
            "kind": kind,
            "rule": criteria.rule,
            "narrative": { "fr": narrative(Lang::Fr), "en": narrative(Lang::En) },
        })
    });
    json!({
        "session": session.session.code,
        "training": session.training.code,
        "title": session.training.title,
        "issuer": session.issuer(),
        "duration": session.duration(),
        "modality": session.modality(),
        "starts": session.session.starts,
        "ends": session.session.ends,
        "objectives": session.training.objectives,
        "competencies": session.training.competencies,
        "criteria": criteria.collect::<Vec<_>>(),
    })
}

/// `GET /schemas/{name}`: our JSON Schemas, as in the folder of the same name.
pub(super) async fn schema(Named(name): Named<String>) -> Result<Response, Problem> {
    let found = schemas::published().into_iter().find(|(known, _)| *known == name);
    let (_, text) = found.ok_or_else(|| Problem::not_found("schema"))?;
    Ok(answer::public("application/schema+json", Keep::Seconds(3600), text))
}

/// `GET /problems`: what each `type` of problem means.
pub(super) async fn problems() -> Response {
    let kinds = Kind::ALL.map(
        |kind| json!({ "id": format!("#{}", kind.slug()), "status": kind.status().as_u16(), "title": kind.title() }),
    );
    Json(kinds).into_response()
}

/// `GET /robots.txt`: nothing here is for search engines.
pub(super) async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}

/// `GET /health`: whether this instance can do its work, and which certificates of seals end within 60 days.
pub(super) async fn health(State(app): State<App>) -> Result<Response, Problem> {
    app.service.store.ping().await?;
    let mut document = json!({ "status": "ok" });
    // Public all the same: every sealed attestation carries the certificate.
    let ending = app.service.ending_seals().await?;
    let seals = ending.iter().map(
        |seal| json!({ "issuer": seal.record.issuer, "expires": seal.record.not_after, "days_left": seal.days_left }),
    );
    if !ending.is_empty() {
        document["seals"] = seals.collect();
    }
    Ok(Json(document).into_response())
}

fn extend(document: &mut Value, with: Value) {
    if let (Some(fields), Value::Object(more)) = (document.as_object_mut(), with) {
        fields.extend(more);
    }
}
