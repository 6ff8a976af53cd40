//! `/xapi/{source}/…`: what clients of an xAPI 1.0.3 record store need of one to report to us (part 3): they send statements, ask for
//! one of their own by its id, and ask which versions are spoken. It is no record store: statements are not listed, and how something
//! went is never given back.
//!
//! No CORS, on purpose: a page that could post here would hold the source's password, with which anybody reports anything about
//! anybody. Content in browsers reports to its LMS, which forwards. For the same reason the alternate request syntax (part 3, 1.3),
//! which is for browsers of before CORS, is refused.

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::App;
use super::answer::{self, Keep};
use super::extract::{Body, Named};
use super::problem::{Kind, Problem};
use crate::catalog::Source;
use crate::ids::{Code, DeliveryId, StatementId};
use crate::intake::MAX_BODY_BYTES;
use crate::intake::secrets::Proof;
use crate::intake::xapi::{self, BatchError, Statement};
use crate::json::{self, Limits};
use crate::store::{KeptStatements, NewStatement, Standing};

type Parameters = Result<Query<Vec<(String, String)>>, QueryRejection>;

/// The parameters of the standard for asking (part 3, 2.1.3).
const LISTING: [&str; 14] = [
    "statementId",
    "voidedStatementId",
    "agent",
    "verb",
    "activity",
    "registration",
    "related_activities",
    "related_agents",
    "since",
    "until",
    "limit",
    "format",
    "attachments",
    "ascending",
];

const VERSION_HEADER: HeaderName = HeaderName::from_static("x-experience-api-version");
const CONSISTENT_HEADER: HeaderName = HeaderName::from_static("x-experience-api-consistent-through");

/// `POST /xapi/{source}/statements`: one statement, or a list of which all are taken or none.
pub(super) async fn post_statements(
    State(app): State<App>,
    Named(source): Named<String>,
    headers: HeaderMap,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    let source = admitted(&app, &source, &headers).await?;
    let parameters = named(parameters)?;
    if parameters.iter().any(|(name, _)| name == "method") {
        let detail = "the alternate request syntax is not spoken here: send the request itself";
        return Err(Problem::new(Kind::BadRequest, detail));
    }
    only(&parameters, &[])?;
    let kept = keep(&app, &source, parsed(&headers, &body)?).await?;
    Ok(Json(kept.iter().map(|statement| statement.id).collect::<Vec<_>>()).into_response())
}

/// `PUT /xapi/{source}/statements?statementId=…`: one statement under the id that the address names.
pub(super) async fn put_statement(
    State(app): State<App>,
    Named(source): Named<String>,
    headers: HeaderMap,
    parameters: Parameters,
    Body(body): Body,
) -> Result<Response, Problem> {
    let source = admitted(&app, &source, &headers).await?;
    let parameters = named(parameters)?;
    only(&parameters, &["statementId"])?;
    let id = statement_id(&parameters, "statementId")?;
    let id = id.ok_or_else(|| Problem::new(Kind::BadRequest, "statementId is missing"))?;
    let mut statement = parsed(&headers, &body)?;
    let Some(object) = statement.as_object_mut() else {
        return Err(Problem::new(Kind::BadRequest, "one statement is put at a time").at(""));
    };
    let stated = object.entry("id").or_insert_with(|| json!(id));
    if stated.as_str().is_none_or(|stated| !stated.eq_ignore_ascii_case(&id.to_string())) {
        return Err(Problem::new(Kind::BadRequest, "the id of the statement is not statementId").at("/id"));
    }
    keep(&app, &source, statement).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// `GET /xapi/{source}/statements?statementId=…` or `?voidedStatementId=…`: one statement of this source, without results.
pub(super) async fn get_statement(
    State(app): State<App>,
    Named(source): Named<String>,
    headers: HeaderMap,
    parameters: Parameters,
) -> Result<Response, Problem> {
    let source = admitted(&app, &source, &headers).await?;
    let parameters = named(parameters)?;
    only(&parameters, &LISTING)?;
    let asked = (statement_id(&parameters, "statementId")?, statement_id(&parameters, "voidedStatementId")?);
    let (id, standing) = match asked {
        (Some(id), None) => (id, Standing::Stands),
        (None, Some(id)) => (id, Standing::Voided),
        (Some(_), Some(_)) => {
            return Err(Problem::new(Kind::BadRequest, "statementId and voidedStatementId exclude each other"));
        }
        (None, None) => {
            let detail = "statements are not listed here: ask for one by statementId or voidedStatementId";
            return Err(Problem::new(Kind::Forbidden, detail));
        }
    };
    only(&parameters, &["statementId", "voidedStatementId", "format", "attachments"])?;
    let plain = |(name, value): &(String, String)| match name.as_str() {
        "format" => value == "exact",
        "attachments" => value == "false",
        _ => true,
    };
    if !parameters.iter().all(plain) {
        return Err(Problem::new(
            Kind::BadRequest,
            "statements are given back as format=exact, attachments=false only",
        ));
    }
    let unknown = || Problem::not_found("statement");
    let kept = app.service.store.statement(&source.code, id).await?;
    let kept = kept.filter(|kept| kept.standing == standing).ok_or_else(unknown)?;
    let served = xapi::served(&kept.body, id).ok_or_else(unknown)?;
    let mut response = answer::typed("application/json", Keep::Never, served);
    if let Ok(stored) = HeaderValue::from_str(&kept.stored.http_date()) {
        response.headers_mut().insert(header::LAST_MODIFIED, stored);
    }
    Ok(response)
}

/// `GET /xapi/{source}/about`: the versions that are spoken. Open to all, and whatever version the client speaks.
pub(super) async fn about(State(app): State<App>, Named(source): Named<String>) -> Result<Response, Problem> {
    source_of(&app, &source).await?;
    Ok(Json(json!({ "version": [xapi::VERSION, "1.0.2", "1.0.1", "1.0.0"] })).into_response())
}

/// Marks every answer with the version, those of errors included; and those of statements with the moment up to which all of them are
/// there: a request that is still under way ends within its time limit.
pub(super) async fn mark(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (ours, of_statements) = (path.starts_with("/xapi/"), path.ends_with("/statements"));
    let mut response = next.run(request).await;
    if ours {
        response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(xapi::VERSION));
        let longest = i64::try_from(super::MAX_DURATION.as_secs()).unwrap_or(i64::MAX);
        let through = app.service.clock.now().to_whole_second().plus_seconds(-longest);
        if let Some(through) = HeaderValue::from_str(&through.to_string()).ok().filter(|_| of_statements) {
            response.headers_mut().insert(CONSISTENT_HEADER, through);
        }
    }
    response
}

async fn source_of(app: &App, code: &str) -> Result<Source, Problem> {
    let unknown = || Problem::not_found("source");
    let code: Code = code.parse().map_err(|_| unknown())?;
    let source = app.service.store.source(&code).await?.ok_or_else(unknown)?;
    if Proof::of(source.form) == Proof::Basic {
        Ok(source)
    } else {
        Err(Problem::new(Kind::BadRequest, format!("this source sends no xAPI statements: post to /intake/{code}")))
    }
}

/// The source that a request comes from: its code is the user name, its secret the password (RFC 7617).
async fn admitted(app: &App, code: &str, headers: &HeaderMap) -> Result<Source, Problem> {
    let source = source_of(app, code).await?;
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scheme_and_rest = header.and_then(|header| header.split_once(' '));
    let encoded =
        scheme_and_rest.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic")).map(|(_, rest)| rest.trim());
    let decoded =
        encoded.and_then(|encoded| STANDARD.decode(encoded).ok()).and_then(|text| String::from_utf8(text).ok());
    let given = decoded.as_deref().and_then(|text| text.split_once(':'));
    let secrets = app.service.source_secrets(&source.code).await?;
    let admitted = given.is_some_and(|(user, password)| {
        user == source.code.as_str() && secrets.iter().any(|secret| secret.is_password(password))
    });
    if !admitted {
        let detail = "send Authorization: Basic with the source's code as user name and its password";
        return Err(Problem::new(Kind::Password, detail));
    }
    let version = headers.get(VERSION_HEADER).and_then(|value| value.to_str().ok());
    match version {
        Some(version) if version == "1.0" || version.starts_with("1.0.") => Ok(source),
        Some(_) => Err(Problem::new(Kind::BadRequest, "X-Experience-API-Version must be 1.0.x")),
        None => Err(Problem::new(Kind::BadRequest, "the header X-Experience-API-Version is missing")),
    }
}

fn named(parameters: Parameters) -> Result<Vec<(String, String)>, Problem> {
    parameters.map(|Query(all)| all).map_err(|error| Problem::new(Kind::BadRequest, error.body_text()))
}

/// Refuses parameters that are not known (part 3, 3.2), and those that stand twice.
fn only(parameters: &[(String, String)], known: &[&str]) -> Result<(), Problem> {
    for (index, (name, _)) in parameters.iter().enumerate() {
        if !known.contains(&name.as_str()) || parameters[..index].iter().any(|(before, _)| before == name) {
            return Err(Problem::new(
                Kind::BadRequest,
                "a parameter of the address is not known here, or stands twice",
            ));
        }
    }
    Ok(())
}

fn statement_id(parameters: &[(String, String)], name: &str) -> Result<Option<StatementId>, Problem> {
    let given = parameters.iter().find(|(given, _)| given == name).map(|(_, value)| value.to_ascii_lowercase());
    let refused = |_| Problem::new(Kind::BadRequest, format!("{name} is not a UUID"));
    given.map(|id| id.parse().map_err(refused)).transpose()
}

/// The JSON of a request.
fn parsed(headers: &HeaderMap, body: &[u8]) -> Result<Value, Problem> {
    let media_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    match media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase().as_str() {
        "application/json" => {}
        "multipart/mixed" => {
            let detail = "attachments are not taken: send application/json, with a fileUrl for each attachment";
            return Err(Problem::new(Kind::BadRequest, detail));
        }
        _ => return Err(Problem::new(Kind::BadRequest, "send Content-Type: application/json")),
    }
    Ok(json::parse_strict(body, &Limits { max_bytes: MAX_BODY_BYTES, ..Limits::default() })?)
}

/// Keeps what may be kept, once, and has it taken up.
async fn keep(app: &App, source: &Source, body: Value) -> Result<Vec<Statement>, Problem> {
    let service = &app.service;
    let now = service.clock.now();
    let statements = xapi::prepare(body, source, &service.url, now, &*service.entropy)?;
    let new = statements.iter().map(|statement| NewStatement {
        id: statement.id,
        digest: statement.digest.clone(),
        at: statement.at,
        voids: statement.voids,
        document: statement.to_document(),
    });
    let delivery = DeliveryId::random(&*service.entropy);
    match service.store.keep_statements(&source.code, &new.collect::<Vec<_>>(), delivery, now).await? {
        KeptStatements::All(0) => {}
        KeptStatements::All(_) => service.wake.notify_one(),
        KeptStatements::Other(id) => {
            let detail = format!("another statement is kept under the id {id}");
            return Err(Problem::new(Kind::Conflict, detail));
        }
    }
    Ok(statements)
}

impl From<BatchError> for Problem {
    fn from(error: BatchError) -> Self {
        match error {
            BatchError::Refused(refusal) => Self::new(Kind::BadRequest, refusal.problem).at(refusal.pointer),
            BatchError::TooMany(_) => Self::new(Kind::TooLarge, error.to_string()),
        }
    }
}
