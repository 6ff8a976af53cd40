//! `/verify`: a form for whoever was shown a badge, anybody's, and the page that says what was found.
//!
//! What is posted lives in memory until the page is made: nothing of it is stored, logged, or shown again in the form.

use axum::extract::multipart::{Multipart, MultipartError};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::App;
use super::answer::{self, Keep};
use super::problem::{Kind, Problem};
use crate::ids::CapabilityToken;
use crate::pages::{Mistake, ResultPage, VerifyForm};
use crate::text::{Email, Lang};
use crate::time::Zone;
use crate::verification::MAX_FILE_BYTES;
use crate::verify::Question;

/// What was sent, in any of the three fields.
#[derive(Default)]
struct Sent {
    file: Option<Vec<u8>>,
    text: Option<Vec<u8>>,
    email: Option<Vec<u8>>,
}

/// `GET /verify`.
pub(super) async fn form(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let lang = answer::language(request.uri().query(), request.headers());
    let html = app.pages.verify_form(&VerifyForm { mistake: None, max_bytes: MAX_FILE_BYTES, lang })?;
    Ok(answer::form(&app, html))
}

/// `POST /verify`: 200 whatever was found, since an invalid badge is a result and not an error.
pub(super) async fn submit(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let lang = answer::language(request.uri().query(), request.headers());
    let by_machine = !answer::wants_page(request.headers());
    let sent = match read(request).await {
        Ok(sent) => sent,
        Err(mistake) => return refuse(&app, mistake, by_machine, lang),
    };
    if let Some(page) = sent.text.as_deref().and_then(|text| qr_page(&app, text, lang)) {
        return Ok(page);
    }
    let (document, recipient) = match sent.asked() {
        Ok(asked) => asked,
        Err(mistake) => return refuse(&app, mistake, by_machine, lang),
    };
    let question = Question { recipient, ..Question::from(app.service.clock.now()) };
    let report = app.service.verify(document, question).await?;
    let html = app.pages.result(&ResultPage { report: &report, lang, zone: &Zone::default() })?;
    Ok(answer::page(&app, Keep::Never, html))
}

/// Reads the form: three fields at most, each once, all of it within the limit of this route.
async fn read(request: Request) -> Result<Sent, Mistake> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| Mistake::Unreadable)?;
    let mut sent = Sent::default();
    while let Some(field) = form.next_field().await.map_err(|error| unread(&error))? {
        let place = match field.name() {
            Some("file") => &mut sent.file,
            Some("text") => &mut sent.text,
            Some("email") => &mut sent.email,
            _ => return Err(Mistake::UnknownField),
        };
        if place.is_some() {
            return Err(Mistake::Twice);
        }
        *place = Some(field.bytes().await.map_err(|error| unread(&error))?.to_vec());
    }
    Ok(sent)
}

fn unread(error: &MultipartError) -> Mistake {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE { Mistake::TooLarge } else { Mistake::Unreadable }
}

impl Sent {
    /// The document, and the address that it may have been awarded to. Browsers send a field that was left empty as an empty one.
    fn asked(self) -> Result<(Vec<u8>, Option<String>), Mistake> {
        let given = |field: Option<Vec<u8>>| field.filter(|bytes| !bytes.trim_ascii().is_empty());
        let document = match (given(self.file), given(self.text)) {
            (Some(_), Some(_)) => return Err(Mistake::Both),
            (None, None) => return Err(Mistake::Nothing),
            (Some(file), None) => file,
            (None, Some(text)) => {
                let text = text.trim_ascii();
                if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case(b"http://")) {
                    return Err(Mistake::NotHttps);
                }
                text.to_vec()
            }
        };
        let recipient = match given(self.email) {
            None => None,
            Some(bytes) => {
                let text = std::str::from_utf8(&bytes).map_err(|_| Mistake::Email)?;
                Some(Email::new(text).map_err(|_| Mistake::Email)?.as_str().to_owned())
            }
        };
        Ok((document, recipient))
    }
}

/// The form again with what to mend, for people; a problem for programs, which have `/api/v1/verify`.
fn refuse(app: &App, mistake: Mistake, by_machine: bool, lang: Lang) -> Result<Response, Problem> {
    let kind = match mistake {
        Mistake::TooLarge => Kind::TooLarge,
        Mistake::Email | Mistake::NotHttps => Kind::Invalid,
        _ => Kind::BadRequest,
    };
    if by_machine {
        return Err(Problem::new(kind, mistake.sentence(Lang::En)));
    }
    let html = app.pages.verify_form(&VerifyForm { mistake: Some(mistake), max_bytes: MAX_FILE_BYTES, lang })?;
    Ok((kind.status(), answer::form(app, html)).into_response())
}

/// The address printed beside a QR code of ours is a page already, and says more: it has the name.
fn qr_page(app: &App, text: &[u8], lang: Lang) -> Option<Response> {
    let address = std::str::from_utf8(text).ok()?.trim();
    let rest = address.strip_prefix(app.service.url.as_str())?.strip_prefix("/v/")?;
    let token: CapabilityToken = rest.split(['?', '#']).next()?.parse().ok()?;
    let place = HeaderValue::from_str(&format!("/v/{}?lang={}", token.reveal(), lang.tag())).ok()?;
    let mut response = (StatusCode::SEE_OTHER, [(header::CACHE_CONTROL, "no-store")]).into_response();
    response.headers_mut().insert(header::LOCATION, place);
    Some(response)
}
