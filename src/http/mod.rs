//! HTTP: translates requests into calls of the flow, and answers into documents, pages and problems. Decides nothing.
//!
//! One file per audience: `intake` and `xapi` (the LMS), `catalog`, `learners`, `awards`, `webhooks`, `messages` and `audit` (the API), `public` (machines that verify),
//! `links` (people who hold a link), `verify`
//! (programs that hand in a document), `verify_page` (people who do). Every error becomes a problem in `problem.rs`.

mod alerts;
mod answer;
mod audit;
mod auth;
mod awards;
mod catalog;
mod extract;
mod intake;
mod layers;
mod learners;
mod links;
mod officers;
mod operations;
mod messages;
mod problem;
mod progress;
mod public;
mod server;
mod sessions;
pub(crate) mod sources;
pub(crate) mod vc_api;
mod verify;
mod verify_page;
mod webhooks;
mod xapi;

pub(crate) use extract::Body;
pub(crate) use layers::harden;

pub use auth::{Scope, new_token, token_hash};
pub(crate) use learners::document as learner_document;
pub use problem::{Kind, Problem};
pub use server::serve;
pub use vc_api::document as vc_api_document;
pub use verify::document as report_document;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

use crate::pages::Pages;
use crate::service::Service;

/// The largest body of an API request, in bytes.
const MAX_API_BYTES: usize = 1024 * 1024;
/// The largest list of learners for work in bulk, and the largest file of evidence, in bytes.
const MAX_BULK_BYTES: usize = 4 * 1024 * 1024;
/// The largest document or image to verify, in bytes.
const MAX_VERIFY_BYTES: usize = crate::verification::MAX_FILE_BYTES + 64 * 1024;
/// How long an answer may take.
const MAX_DURATION: Duration = Duration::from_secs(20);

/// What every handler works with.
#[derive(Clone)]
pub struct App {
    service: Arc<Service>,
    pages: Arc<Pages>,
}

impl App {
    /// From the flow and the pages.
    pub fn new(service: Arc<Service>, pages: Arc<Pages>) -> Self {
        Self { service, pages }
    }
}

/// The whole service as a router.
pub fn router(app: App) -> Router {
    let api = Router::new()
        .route("/api/v1/issuers/{code}", put(catalog::put_issuer).get(catalog::get_issuer))
        .route("/api/v1/trainings/{code}", put(catalog::put_training).get(catalog::get_training))
        .route("/api/v1/sessions/{code}", put(catalog::put_session).get(catalog::get_session))
        .route("/api/v1/sessions/{code}/learners/{learner}/progress", get(progress::of_learner))
        .route("/api/v1/sessions/{code}/learners/{learner}/progress/link", delete(progress::end_link))
        .route("/api/v1/sessions/{code}/attendance", post(sessions::attendance))
        .route("/api/v1/sessions/{code}/attendance/sheet.csv", get(sessions::empty_sheet))
        .route("/api/v1/sources/{code}", put(catalog::put_source).get(catalog::get_source))
        .route("/api/v1/sources/{code}/secrets", put(catalog::put_secrets))
        .route("/api/v1/sources/{code}/test", post(sources::test))
        .route("/api/v1/sources/{code}/health", get(sources::health))
        .route("/api/v1/sources/{code}/proposals", get(sources::proposals))
        .route("/api/v1/sources/{code}/proposals/{id}", delete(sources::dismiss))
        .route("/api/v1/sources/{code}/proposals/{id}/accept", post(sources::accept))
        .route("/api/v1/sources/{code}/mapping", get(sources::get_mapping).put(sources::put_mapping))
        .route(
            "/api/v1/sources/{code}/courses/{course}",
            get(sources::get_course).put(sources::put_course).delete(sources::delete_course),
        )
        .route("/api/v1/learners/{source}/{id}", put(learners::put).get(learners::get))
        .route("/api/v1/learners/{source}/{id}/merge", post(learners::merge))
        .route("/api/v1/learners/{source}/{id}/part", post(learners::part))
        .route("/api/v1/learners/{source}/{id}/correct", post(learners::correct))
        .route("/api/v1/sessions/{code}/status", get(officers::status))
        .route("/api/v1/sessions/{code}/dry-run", post(officers::dry_run))
        .route("/api/v1/sessions/{code}/criteria", post(officers::change_criteria))
        .route("/api/v1/sessions/{code}/close", post(officers::close))
        .route("/api/v1/sessions/{code}/reopen", post(officers::reopen))
        .route("/api/v1/sessions/{code}/learners/{learner}/decision", post(officers::decide))
        .route("/api/v1/operations", get(operations::list))
        .route("/api/v1/operations/{id}", get(operations::get))
        .route("/api/v1/operations/{id}/{wish}", post(operations::steer))
        .route("/api/v1/operations/{id}/rows", get(operations::rows))
        .route("/api/v1/operations/{id}/report.csv", get(operations::report))
        .route("/api/v1/operations/{id}/events", get(operations::events))
        .route("/api/v1/alerts", get(alerts::list))
        .route("/api/v1/alerts/{kind}/{award}/settle", post(alerts::settle))
        .route("/api/v1/issuers/{code}/webhooks", get(webhooks::list))
        .route("/api/v1/issuers/{code}/webhooks/{name}", put(webhooks::put).get(webhooks::get).delete(webhooks::remove))
        .route("/api/v1/issuers/{code}/webhooks/{name}/secret", post(webhooks::rotate))
        .route("/api/v1/issuers/{code}/webhooks/{name}/test", post(webhooks::test))
        .route("/api/v1/messages", get(messages::list))
        .route("/api/v1/messages/replay", post(messages::replay_many))
        .route("/api/v1/messages/{id}", get(messages::get))
        .route("/api/v1/messages/{id}/replay", post(messages::replay))
        .route("/api/v1/audit", get(audit::list))
        .route("/api/v1/awards", get(awards::list))
        .route("/api/v1/awards/{id}/reissue", post(awards::reissue))
        .route("/api/v1/awards/{id}/qr", delete(awards::end_qr))
        .route("/api/v1/credentials/{id}/revoke", post(awards::revoke))
        .layer(DefaultBodyLimit::max(MAX_API_BYTES));
    // A list of tens of thousands of learners, or what they did, is longer than other requests.
    let bulk = Router::new()
        .route("/api/v1/sessions/{code}/bulk", post(officers::bulk))
        .route("/api/v1/sessions/{code}/evidence", post(sessions::evidence))
        .layer(DefaultBodyLimit::max(MAX_BULK_BYTES));
    let intake = Router::new()
        .route("/intake/{source}", post(intake::receive))
        .layer(DefaultBodyLimit::max(crate::intake::MAX_BODY_BYTES));
    let xapi = Router::new()
        .route(
            "/xapi/{source}/statements",
            post(xapi::post_statements).put(xapi::put_statement).get(xapi::get_statement),
        )
        .route("/xapi/{source}/about", get(xapi::about))
        .layer(DefaultBodyLimit::max(crate::intake::MAX_BODY_BYTES));
    let verification = Router::new()
        .route("/api/v1/verify", post(verify::verify))
        .route("/verify", get(verify_page::form).post(verify_page::submit))
        .layer(DefaultBodyLimit::max(MAX_VERIFY_BYTES));
    let vc_api = Router::new()
        .route("/vc/credentials/verify", post(vc_api::credential))
        .route("/vc/presentations/verify", post(vc_api::presentation))
        .layer(DefaultBodyLimit::max(vc_api::MAX_BYTES));
    let people = Router::new()
        .route("/", get(links::home))
        .route("/v/{token}", get(links::verification))
        .route("/p/{token}", get(progress::page))
        .route("/p/{token}/embed", get(progress::embed))
        .route("/p/{token}/progress.json", get(progress::json))
        .route("/a/{token}/{file}", get(links::download))
        .route("/problems", get(public::problems))
        .route("/robots.txt", get(public::robots));
    let machines = Router::new()
        .route("/credentials/{id}", get(public::credential))
        .route("/credentials/{id}/current", get(public::current_credential))
        .route("/issuers/{code}", get(public::issuer))
        .route("/issuers/{code}/did.json", get(public::did_document))
        .route("/issuers/{code}/keys/{thumbprint}", get(public::issuer_key))
        .route("/achievements/{hash}", get(public::achievement))
        .route("/achievements/{hash}/{image}", get(public::achievement_image))
        .route("/status/{id}", get(public::status_list))
        .route("/sessions/{code}/criteria", get(public::criteria))
        .route("/schemas/{name}", get(public::schema))
        .route("/health", get(public::health));
    let router =
        api.merge(bulk).merge(intake).merge(xapi).merge(verification).merge(vc_api).merge(people).merge(machines);
    layers::apply(
        router.fallback(layers::no_such_path).method_not_allowed_fallback(layers::no_such_method),
        app.clone(),
    )
    .with_state(app)
}
