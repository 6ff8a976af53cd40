//! Request bodies and paths, read strictly: every refusal names the field.

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

use super::problem::{Kind, Problem};
use crate::json::{self, Limits};
use crate::store::{CursorError, Page};

/// A JSON body, parsed strictly: no duplicate key, bounded depth, no unknown field.
pub(super) struct StrictJson<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for StrictJson<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let media_type =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
        let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if essence != "application/json" && !essence.ends_with("+json") {
            return Err(Problem::new(Kind::MediaType, "send application/json"));
        }
        let Body(bytes) = Body::from_request(request, state).await?;
        // The route's limit held when the body was read; no route's is larger than this.
        let limits = Limits { max_bytes: super::MAX_BULK_BYTES, ..Limits::default() };
        let value = json::parse_strict(&bytes, &limits)?;
        serde_path_to_error::deserialize(value).map(Self).map_err(|error| {
            let pointer = pointer(error.path());
            Problem::new(Kind::Invalid, error.into_inner().to_string()).at(pointer)
        })
    }
}

/// A body of any type, within the route's limit.
pub(crate) struct Body(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let bytes = Bytes::from_request(request, state).await;
        bytes.map(Self).map_err(|rejection: BytesRejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Problem::new(Kind::TooLarge, "the body exceeds this path's limit"),
            _ => Problem::new(Kind::BadRequest, "the body could not be read"),
        })
    }
}

/// What the path names, each part in its form.
pub(super) struct Named<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let named = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        named.map(|named| Self(named.0)).map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))
    }
}

/// What a query asks, or why it could not be read: told once it is known that the caller may ask at all.
pub(super) type Asked<T> = Result<Query<T>, QueryRejection>;

/// What a query asks.
pub(super) fn asked<T>(query: Asked<T>) -> Result<T, Problem> {
    query.map(|Query(asked)| asked).map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))
}

/// The part of a list that is asked for: a hundred entries unless more are, five hundred at most.
pub(super) fn page(after: Option<String>, limit: Option<u32>) -> Result<Page, Problem> {
    let after = after.map(|cursor| cursor.parse()).transpose();
    let after = after.map_err(|error: CursorError| Problem::new(Kind::BadRequest, error.to_string()))?;
    Ok(Page { limit: limit.unwrap_or(100).clamp(1, 500), after })
}

/// A JSON Pointer (RFC 6901) out of a path in a document.
fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", json::pointer_step(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{variant}")),
            Segment::Unknown => {}
        }
    }
    pointer
}
