//! The pages that say little: the home page, a link that leads nowhere, an error.

use serde::Serialize;

use super::engine::{PageError, Pages};
use crate::ids::PublicUrl;
use crate::text::Lang;

/// The home page: what the service is and how to verify a document.
#[derive(Debug, Clone)]
pub struct HomePage<'a> {
    /// Where the service is reached.
    pub public_url: &'a PublicUrl,
    /// The language of the page.
    pub lang: Lang,
}

/// An error for people; machines get RFC 9457 instead.
#[derive(Debug, Clone)]
pub struct ErrorPage<'a> {
    /// The HTTP status.
    pub status: u16,
    /// What went wrong, in a few words of the page's language.
    pub title: &'a str,
    /// What to do, where there is something to say.
    pub detail: Option<&'a str>,
    /// The language of the page.
    pub lang: Lang,
}

#[derive(Serialize)]
struct HomeContext<'a> {
    public_url: &'a str,
}

#[derive(Serialize)]
struct ErrorContext<'a> {
    status: u16,
    title: &'a str,
    detail: Option<&'a str>,
}

#[derive(Serialize)]
struct NoContext {}

impl Pages {
    /// `GET /`.
    pub fn home(&self, page: &HomePage<'_>) -> Result<String, PageError> {
        self.render("home.html", page.lang, HomeContext { public_url: page.public_url.as_str() })
    }

    /// `GET /v/{qr-token}` where the token opens nothing: never issued, mistyped or ended; the page can't say which.
    pub fn unknown_link(&self, lang: Lang) -> Result<String, PageError> {
        self.render("unknown_link.html", lang, NoContext {})
    }

    /// Any error that a person meets.
    pub fn error(&self, page: &ErrorPage<'_>) -> Result<String, PageError> {
        let context = ErrorContext { status: page.status, title: page.title, detail: page.detail };
        self.render("error.html", page.lang, context)
    }
}
