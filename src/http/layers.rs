//! What holds for every request: a time limit, headers that protect people, a log line without secrets, and problems shown as
//! pages to whoever asked for a page.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;

use super::answer::{self, Keep, MayBeFramed};
use super::problem::{Kind, Problem};
use super::{App, MAX_DURATION, xapi};
use crate::pages::ErrorPage;
use crate::text::Lang;

/// Wraps a router in what keeps any server up: a time limit, and a problem instead of a cut line where a defect shows.
pub(crate) fn harden<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router.layer(CatchPanicLayer::custom(panicked)).layer(middleware::from_fn(limit_time))
}

/// Wraps a router in everything that holds for all of it.
pub(super) fn apply(router: Router<App>, app: App) -> Router<App> {
    harden(router)
        .layer(middleware::from_fn_with_state(app.clone(), show_problems_as_pages))
        .layer(middleware::from_fn_with_state(app, xapi::mark))
        .layer(middleware::from_fn(protect_and_log))
}

/// No path of ours.
pub(super) async fn no_such_path() -> Problem {
    Problem::new(Kind::NotFound, "there is nothing at this path")
}

/// A path of ours, by another method.
pub(super) async fn no_such_method() -> Problem {
    Problem::new(Kind::Method, "this path does not take this method")
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    tracing::error!("http.panicked");
    Problem::new(Kind::Internal, "the operator's log says more").into_response()
}

async fn limit_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(MAX_DURATION, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::new(Kind::Busy, "the answer took too long").into_response(),
    }
}

async fn show_problems_as_pages(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let by_machine = ["/api/", "/intake/", "/xapi/", "/vc/"].into_iter().any(|start| path.starts_with(start))
        || !answer::wants_page(request.headers());
    let place = Place::of(path);
    let lang = answer::language(request.uri().query(), request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| !by_machine) else { return response };
    let html = if place == Place::QrLink && problem.kind == Kind::UnknownLink {
        app.pages.unknown_link(lang)
    } else {
        let (title, detail) = for_people(problem.kind, place, lang);
        let page = ErrorPage { status: problem.kind.status().as_u16(), title, detail: Some(detail), lang };
        app.pages.error(&page)
    };
    match html {
        Ok(html) => (problem.kind.status(), answer::page(&app, Keep::Never, html)).into_response(),
        Err(error) => {
            tracing::error!(error = %error, "page.failed");
            response
        }
    }
}

/// Where a person met a problem, as far as the words depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    QrLink,
    DownloadLink,
    ProgressLink,
    Credential,
    Elsewhere,
}

impl Place {
    fn of(path: &str) -> Self {
        let places = [
            ("/v/", Self::QrLink),
            ("/a/", Self::DownloadLink),
            ("/p/", Self::ProgressLink),
            ("/credentials/", Self::Credential),
        ];
        places.into_iter().find(|(start, _)| path.starts_with(start)).map_or(Self::Elsewhere, |(_, place)| place)
    }
}

/// A problem in plain words.
fn for_people(kind: Kind, place: Place, lang: Lang) -> (&'static str, &'static str) {
    match kind {
        Kind::UnknownLink if place == Place::DownloadLink => (
            lang.pick("Lien inconnu", "Unknown link"),
            lang.pick(
                "Ce lien de téléchargement n’est pas ou n’est plus actif. Ouvrez de nouveau votre attestation depuis votre \
                 plateforme de formation.",
                "This download link is not, or no longer, active. Open your attestation again from your training platform.",
            ),
        ),
        Kind::UnknownLink if place == Place::ProgressLink => (
            lang.pick("Lien inconnu", "Unknown link"),
            lang.pick(
                "Ce lien de suivi n’est pas ou n’est plus actif. Ouvrez de nouveau votre progression depuis votre plateforme de \
                 formation.",
                "This link to a progress page is not, or no longer, active. Open your progress again from your training platform.",
            ),
        ),
        Kind::NotFound if place == Place::Credential => (
            lang.pick("Badge inconnu", "Unknown badge"),
            lang.pick(
                "Aucun badge ne porte cet identifiant sur ce site : le document présenté n’est pas vérifié.",
                "No badge on this site has this identifier: the document you were shown is not verified.",
            ),
        ),
        Kind::NotFound | Kind::UnknownLink | Kind::Method => (
            lang.pick("Page introuvable", "Page not found"),
            lang.pick("Vérifiez l’adresse saisie.", "Check the address."),
        ),
        Kind::NotIssuedYet => (
            lang.pick("Document pas encore disponible", "Document not available yet"),
            lang.pick(
                "L’attestation est en cours de préparation. Réessayez dans quelques instants.",
                "The attestation is being prepared. Try again in a moment.",
            ),
        ),
        Kind::Busy => (
            lang.pick("Service momentanément surchargé", "Service busy"),
            lang.pick("Réessayez dans quelques instants.", "Try again in a moment."),
        ),
        Kind::Internal => (
            lang.pick("Une erreur est survenue", "Something went wrong"),
            lang.pick(
                "L’incident a été enregistré. Réessayez plus tard.",
                "The incident was recorded. Try again later.",
            ),
        ),
        _ => (
            lang.pick("Demande non valable", "The request is not valid"),
            lang.pick("Vérifiez l’adresse ou le document transmis.", "Check the address or the document sent."),
        ),
    }
}

async fn protect_and_log(request: Request, next: Next) -> Response {
    let (started, method) = (Instant::now(), request.method().clone());
    // The route, never the path: paths carry capability tokens.
    let route = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let mut response = next.run(request).await;
    let protections = [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::HeaderName::from_static("x-robots-tag"), "noindex"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    // `X-Frame-Options` can't name who may frame a page; where the policy does, it would only be in the way.
    let framed = response.extensions().get::<MayBeFramed>().is_some();
    for (name, value) in protections.into_iter().filter(|(name, _)| !framed || name != header::X_FRAME_OPTIONS) {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let status = response.status().as_u16();
    let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
    let route = route.as_deref().unwrap_or("-");
    if method == Method::GET && route == "/health" {
        tracing::debug!(http.route = route, http.status = status, "http.request");
    } else {
        tracing::info!(http.method = %method, http.route = route, http.status = status, http.micros = micros, "http.request");
    }
    response
}
