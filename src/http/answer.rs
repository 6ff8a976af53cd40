//! Answers with their media types and caching, so that each is spelt once.

use axum::Json;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use serde::Serialize;
use serde_json::{Value, json};

use super::App;
use crate::text::Lang;

/// The media type of credentials (VCDM 2.0 § C.1).
pub(super) const CREDENTIAL_TYPE: &str = "application/vc";
const EARLIER_CREDENTIAL_TYPE: &str = "application/vc+ld+json";

/// How long others may keep an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// Not at all: it is for whoever holds a link.
    Never,
    /// For so many seconds.
    Seconds(u32),
    /// For ever: it is named by its content or never changes.
    Forever,
}

impl Keep {
    fn header(self) -> HeaderValue {
        match self {
            Self::Never => HeaderValue::from_static("no-store"),
            Self::Seconds(seconds) => HeaderValue::from_str(&format!("public, max-age={seconds}"))
                .unwrap_or_else(|_| HeaderValue::from_static("no-store")),
            Self::Forever => HeaderValue::from_static("public, max-age=31536000, immutable"),
        }
    }
}

/// A body of a media type.
pub(super) fn typed(media_type: &'static str, keep: Keep, body: impl IntoResponse) -> Response {
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    response.headers_mut().insert(header::CACHE_CONTROL, keep.header());
    response
}

/// A part of a list under its name, and where the next part starts, if there is one.
pub(super) fn list(name: &str, entries: impl IntoIterator<Item = Value>, next: Option<impl Serialize>) -> Response {
    let mut answer = json!({ name: entries.into_iter().collect::<Vec<_>>() });
    if let Some(next) = next {
        answer["next"] = json!(next);
    }
    Json(answer).into_response()
}

/// The same, for machines of any origin (verifiers in browsers fetch keys, statuses and credentials).
pub(super) fn public(media_type: &'static str, keep: Keep, body: impl IntoResponse) -> Response {
    let mut response = typed(media_type, keep, body);
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// A page, under the policy that allows it nothing but its own style sheet.
pub(super) fn page(app: &App, keep: Keep, html: String) -> Response {
    under(app.pages.content_security_policy(), keep, html)
}

/// The same with a form, which may be sent to us.
pub(super) fn form(app: &App, html: String) -> Response {
    under(app.pages.content_security_policy_with_form(), Keep::Never, html)
}

/// A page that the sites named, and no other, may show in a frame.
pub(super) fn fragment(app: &App, sites: &[String], html: String) -> Response {
    let mut response = under(app.pages.content_security_policy_in_frames_of(sites), Keep::Never, html);
    response.extensions_mut().insert(MayBeFramed);
    response
}

/// Marks an answer whose policy says by whom it may be framed.
#[derive(Debug, Clone, Copy)]
pub(super) struct MayBeFramed;

fn under(policy: String, keep: Keep, html: String) -> Response {
    let mut response = typed("text/html; charset=utf-8", keep, html);
    let policy = HeaderValue::from_str(&policy).unwrap_or_else(|_| HeaderValue::from_static("default-src 'none'"));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    headers.insert(header::VARY, HeaderValue::from_static("accept, accept-language"));
    response
}

/// A file to save under a name.
pub(super) fn file(media_type: &'static str, name: &str, body: impl IntoResponse) -> Response {
    let mut response = typed(media_type, Keep::Never, body);
    // An SVG opened by itself is a document of our origin: it may load and run nothing.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    if let Ok(disposition) = HeaderValue::from_str(&format!("inline; filename=\"{name}\"")) {
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

/// How much the asker wants one of the media types that are named.
fn quality(headers: &HeaderMap, wanted: fn(&str) -> bool) -> f32 {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or("");
    let ranges = accept.split(',').take(32).filter_map(|range| {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next()?.to_ascii_lowercase();
        let quality = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok()).unwrap_or(1.0);
        wanted(&name).then_some(quality)
    });
    ranges.fold(0.0_f32, f32::max)
}

fn is_page(name: &str) -> bool {
    name == "text/html" || name == "application/xhtml+xml"
}

fn is_document(name: &str) -> bool {
    name.ends_with("json") || name.ends_with("/vc")
}

fn is_token(name: &str) -> bool {
    name == "application/vc+jwt" || name == "application/jwt"
}

/// Whether a person asks: HTML is wanted, and wanted at least as much as anything a machine would ask for.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    let html = quality(headers, is_page);
    html > 0.0 && html >= quality(headers, is_document)
}

/// How a credential is asked for as a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WantsToken {
    /// By `?format=jwt`: nothing else will do.
    Only,
    /// By a media type, before any other: where there is none, another form will do (RFC 9110 § 12.5.1).
    Rather,
    /// Not at all.
    No,
}

/// Whether a token is asked for.
pub(super) fn wants_token(request: &axum::extract::Request) -> WantsToken {
    let query = request.uri().query().unwrap_or("");
    if let Some(format) = query.split('&').find_map(|pair| pair.strip_prefix("format=")) {
        return if format == "jwt" { WantsToken::Only } else { WantsToken::No };
    }
    let headers = request.headers();
    let token = quality(headers, is_token);
    let rather = token > 0.0 && token >= quality(headers, is_page) && token >= quality(headers, is_document);
    if rather { WantsToken::Rather } else { WantsToken::No }
}

/// The media type of credentials (VCDM 2.0 § C.1), or for whoever asks for that name alone, the one from before the Recommendation.
pub(super) fn credential_type(headers: &HeaderMap) -> &'static str {
    let earlier = quality(headers, |name| name == EARLIER_CREDENTIAL_TYPE);
    if earlier > quality(headers, |name| name == CREDENTIAL_TYPE) { EARLIER_CREDENTIAL_TYPE } else { CREDENTIAL_TYPE }
}

/// The same for an address that has both forms, where `?format=json` asks for the document whatever the browser prefers.
pub(super) fn wants_page_at(request: &axum::extract::Request) -> bool {
    let query = request.uri().query().unwrap_or("");
    wants_page(request.headers()) && !query.split('&').any(|pair| pair == "format=json")
}

/// The language to answer in: `?lang=`, else `Accept-Language`.
pub(super) fn language(query: Option<&str>, headers: &HeaderMap) -> Lang {
    let asked = query.unwrap_or("").split('&').find_map(|pair| match pair {
        "lang=fr" => Some(Lang::Fr),
        "lang=en" => Some(Lang::En),
        _ => None,
    });
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("");
    asked.unwrap_or_else(|| Lang::negotiate(accepted))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accept(value: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, value.parse().unwrap());
        wants_page(&headers)
    }

    #[test]
    fn browsers_get_pages_and_machines_get_documents() {
        assert!(accept("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"));
        assert!(!accept("*/*"));
        assert!(!accept("application/vc+ld+json, text/html;q=0.5"));
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn a_token_is_for_whoever_asks_for_one() {
        let asked = |query: &str, accept: &str| {
            let request = axum::http::Request::get(format!("/x{query}")).header("accept", accept);
            wants_token(&request.body(axum::body::Body::empty()).unwrap())
        };
        assert_eq!(asked("", "application/vc+jwt"), WantsToken::Rather);
        assert_eq!(asked("", "application/jwt, application/vc+ld+json;q=0.9"), WantsToken::Rather);
        assert_eq!(asked("", "application/vc+ld+json, application/jwt;q=0.9"), WantsToken::No);
        assert_eq!(asked("", "text/html,*/*;q=0.8"), WantsToken::No);
        assert_eq!(asked("?format=jwt", "text/html"), WantsToken::Only);
        assert_eq!(asked("?format=json", "application/vc+jwt"), WantsToken::No);
    }
}
