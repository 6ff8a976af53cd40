//! Every error as a problem document (RFC 9457), in one place: what a client reads when something is refused.
//!
//! Details name the field and say what to do. Nothing internal shows: what only an operator can mend is logged here and
//! answered without detail.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::catalog::CatalogError;
use crate::ids::IdError;
use crate::intake::standard_webhooks::WebhookError;
use crate::json::JsonError;
use crate::pages::PageError;
use crate::service::ServiceError;
use crate::sheet::Located;
use crate::store::StoreError;
use crate::telling::EndpointError;

/// The kinds of problem: the last part of `type`, its status and its title.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request's form is wrong.
    BadRequest,
    /// A field of the body is wrong.
    Invalid,
    /// No token, or one that does not hold.
    Unauthenticated,
    /// No user name and password, or such as don't hold.
    Password,
    /// The token does not reach that far.
    Forbidden,
    /// There is no such thing.
    NotFound,
    /// The link is not, or no longer, of this service.
    UnknownLink,
    /// There was such a thing, and it may not be used any more.
    Gone,
    /// The path takes other methods.
    Method,
    /// The request contradicts what is stored.
    Conflict,
    /// The entry is not the one that the request was made for.
    Precondition,
    /// The body is too large.
    TooLarge,
    /// The body is of another media type.
    MediaType,
    /// The webhook's signature, timestamp or headers don't hold.
    Webhook,
    /// The award waits for something.
    NotIssuedYet,
    /// The work took too long, or the service is busy.
    Busy,
    /// A defect of ours.
    Internal,
}

impl Kind {
    /// All kinds, for the page that explains them.
    pub const ALL: [Self; 17] = [
        Self::BadRequest,
        Self::Invalid,
        Self::Unauthenticated,
        Self::Password,
        Self::Forbidden,
        Self::NotFound,
        Self::UnknownLink,
        Self::Gone,
        Self::Method,
        Self::Conflict,
        Self::Precondition,
        Self::TooLarge,
        Self::MediaType,
        Self::Webhook,
        Self::NotIssuedYet,
        Self::Busy,
        Self::Internal,
    ];

    const fn facts(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::BadRequest => ("bad-request", StatusCode::BAD_REQUEST, "The request cannot be read"),
            Self::Invalid => ("invalid", StatusCode::UNPROCESSABLE_ENTITY, "A field is not acceptable"),
            Self::Unauthenticated => ("unauthenticated", StatusCode::UNAUTHORIZED, "A valid bearer token is needed"),
            Self::Password => ("password", StatusCode::UNAUTHORIZED, "A valid user name and password are needed"),
            Self::Forbidden => ("forbidden", StatusCode::FORBIDDEN, "The token does not allow this"),
            Self::NotFound => ("not-found", StatusCode::NOT_FOUND, "There is no such thing here"),
            Self::UnknownLink => ("unknown-link", StatusCode::NOT_FOUND, "This link is not, or no longer, in use"),
            Self::Gone => ("gone", StatusCode::GONE, "This may not be used any more"),
            Self::Method => ("method-not-allowed", StatusCode::METHOD_NOT_ALLOWED, "This path takes other methods"),
            Self::Conflict => ("conflict", StatusCode::CONFLICT, "The request contradicts what is stored"),
            Self::Precondition => {
                ("changed-meanwhile", StatusCode::PRECONDITION_FAILED, "Somebody else changed this in the meantime")
            }
            Self::TooLarge => ("too-large", StatusCode::PAYLOAD_TOO_LARGE, "The body is too large"),
            Self::MediaType => ("media-type", StatusCode::UNSUPPORTED_MEDIA_TYPE, "The body is of another media type"),
            Self::Webhook => ("webhook-refused", StatusCode::UNAUTHORIZED, "The webhook is not authentic"),
            Self::NotIssuedYet => ("not-issued-yet", StatusCode::CONFLICT, "The award is not issued yet"),
            Self::Busy => ("busy", StatusCode::SERVICE_UNAVAILABLE, "The service is busy; try again shortly"),
            Self::Internal => ("internal", StatusCode::INTERNAL_SERVER_ERROR, "Something failed on our side"),
        }
    }

    /// The last part of `type`.
    pub const fn slug(self) -> &'static str {
        self.facts().0
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.facts().1
    }

    /// The title.
    pub const fn title(self) -> &'static str {
        self.facts().2
    }
}

/// A problem to answer with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind.
    pub kind: Kind,
    /// What happened this time.
    pub detail: String,
    /// The field at fault, as a JSON Pointer.
    pub pointer: Option<String>,
    /// The rows at fault, of a sheet.
    pub rows: Vec<Located>,
    /// Several fields at fault, each with what is wrong with it.
    pub fields: Vec<(String, String)>,
}

/// The most fields that one problem names: whoever mends a hundred finds the rest by asking again.
const MAX_FIELDS: usize = 100;

impl Problem {
    /// A problem with its detail.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), pointer: None, rows: Vec::new(), fields: Vec::new() }
    }

    /// A problem with several fields, by their JSON Pointers; of very many, the first.
    pub fn fields(kind: Kind, detail: &str, wrong: Vec<(String, impl Into<String>)>) -> Self {
        let detail = match wrong.len() {
            count if count > MAX_FIELDS => format!("{detail} ({count} in all; the first {MAX_FIELDS} are listed)"),
            _ => detail.to_owned(),
        };
        let fields = wrong.into_iter().take(MAX_FIELDS).map(|(pointer, problem)| (pointer, problem.into()));
        Self { fields: fields.collect(), ..Self::new(kind, detail) }
    }

    /// The same, about one field.
    pub fn at(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }

    /// The same, about rows of a sheet.
    pub fn located(mut self, rows: Vec<Located>) -> Self {
        self.rows = rows;
        self
    }

    /// No such thing.
    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, format!("no {what} of this name is known"))
    }

    /// The document of RFC 9457 § 3.
    pub fn document(&self) -> Value {
        let mut document = json!({
            "type": format!("/problems#{}", self.kind.slug()),
            "title": self.kind.title(),
            "status": self.kind.status().as_u16(),
            "detail": self.detail,
        });
        if let Some(pointer) = &self.pointer {
            document["errors"] = json!([{ "pointer": pointer, "detail": self.detail }]);
        }
        if !self.rows.is_empty() {
            document["errors"] = self.rows.iter().map(located).collect();
        }
        if !self.fields.is_empty() {
            let errors = self.fields.iter().map(|(pointer, detail)| json!({ "pointer": pointer, "detail": detail }));
            document["errors"] = errors.collect();
        }
        document
    }
}

/// Something about one place of a sheet: `detail` in English, `detail_fr` in French.
pub(super) fn located(place: &Located) -> Value {
    let mut located = json!({ "row": place.row, "detail": place.detail.en, "detail_fr": place.detail.fr });
    if let Some(column) = &place.column {
        located["column"] = json!(column);
    }
    located
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.kind.status(), self.document().to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match self.kind {
            Kind::Busy => headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5")),
            Kind::Unauthenticated => headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Kind::Password => {
                let challenge = HeaderValue::from_static(r#"Basic realm="xapi", charset="UTF-8""#);
                headers.insert(header::WWW_AUTHENTICATE, challenge)
            }
            _ => None,
        };
        // Pages take the problem from here to show it in plain words.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Reference => {
                Self::new(Kind::Invalid, "it refers to an entry that does not exist; create that one first")
            }
            StoreError::Stale => Self::new(
                Kind::Precondition,
                "read the entry again, and send your change with its new ETag in If-Match",
            ),
            StoreError::Transient(_) => {
                tracing::warn!(error = %error, "storage.transient");
                Self::new(Kind::Busy, "the database cannot answer now")
            }
            _ => {
                tracing::error!(error = %error, "storage.failed");
                Self::new(Kind::Internal, "storage failed; the operator's log says more")
            }
        }
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Store(error) => error.into(),
            ServiceError::Busy => Self::new(Kind::Busy, error.to_string()),
            error => {
                tracing::error!(error = %error, "service.failed");
                Self::new(Kind::Internal, "the operator's log says more")
            }
        }
    }
}

impl From<EndpointError> for Problem {
    fn from(error: EndpointError) -> Self {
        match error {
            EndpointError::Form(error) => error.into(),
            EndpointError::Address(error) => Self::new(Kind::Invalid, error.to_string()).at("/url"),
            EndpointError::TooMany => Self::new(Kind::Conflict, error.to_string()),
            EndpointError::Service(error) => error.into(),
        }
    }
}

impl From<PageError> for Problem {
    fn from(error: PageError) -> Self {
        tracing::error!(error = %error, "page.failed");
        Self::new(Kind::Internal, "the operator's log says more")
    }
}

impl From<CatalogError> for Problem {
    fn from(error: CatalogError) -> Self {
        Self::new(Kind::Invalid, error.problem).at(error.pointer)
    }
}

impl From<IdError> for Problem {
    fn from(error: IdError) -> Self {
        Self::new(Kind::BadRequest, error.to_string())
    }
}

impl From<JsonError> for Problem {
    fn from(error: JsonError) -> Self {
        let kind = if matches!(error, JsonError::TooLarge { .. }) { Kind::TooLarge } else { Kind::BadRequest };
        let problem = Self::new(kind, error.to_string());
        match error {
            JsonError::TooDeep { pointer, .. }
            | JsonError::DuplicateKey { pointer }
            | JsonError::InexactInteger { pointer, .. } => problem.at(pointer),
            _ => problem,
        }
    }
}

impl From<WebhookError> for Problem {
    fn from(error: WebhookError) -> Self {
        let kind = match error {
            WebhookError::Header(_) => Kind::BadRequest,
            WebhookError::Secret | WebhookError::PublicKey => Kind::Invalid,
            WebhookError::Stale | WebhookError::Signature => Kind::Webhook,
        };
        Self::new(kind, error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_status_and_field() {
        let problem: Problem = CatalogError::new("/criteria", "nothing there").into();
        let document = problem.document();
        assert_eq!((document["status"].as_u64(), document["type"].as_str()), (Some(422), Some("/problems#invalid")));
        assert_eq!(document["errors"][0]["pointer"], "/criteria");
    }

    #[test]
    fn kinds_have_distinct_names() {
        let names: std::collections::HashSet<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        assert_eq!(names.len(), Kind::ALL.len());
    }

    #[test]
    fn what_storage_says_stays_inside() {
        let problem: Problem = StoreError::Permanent("23505: secret table".into()).into();
        assert!(!problem.document().to_string().contains("secret"));
    }
}
