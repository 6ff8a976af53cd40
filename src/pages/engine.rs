//! The template engine: our templates, those that replace them, and the checks that both pass before any is served.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, HtmlEscape, Output, State, UndefinedBehavior, Value};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::sample;
use super::wording::say;
use crate::mentions::headings;
use crate::text::Lang;

/// The templates, by the name under which they are replaced.
const TEMPLATES: [(&str, &str); 11] = [
    ("layout.html", include_str!("../../templates/pages/layout.html")),
    ("parts.html", include_str!("../../templates/pages/parts.html")),
    ("report.html", include_str!("../../templates/pages/report.html")),
    ("verification.html", include_str!("../../templates/pages/verification.html")),
    ("verify.html", include_str!("../../templates/pages/verify.html")),
    ("unknown_link.html", include_str!("../../templates/pages/unknown_link.html")),
    ("criteria.html", include_str!("../../templates/pages/criteria.html")),
    ("progress.html", include_str!("../../templates/pages/progress.html")),
    ("progress_embed.html", include_str!("../../templates/pages/progress_embed.html")),
    ("home.html", include_str!("../../templates/pages/home.html")),
    ("error.html", include_str!("../../templates/pages/error.html")),
];

/// The style sheet, put into every page.
const STYLE: (&str, &str) = ("style.css", include_str!("../../templates/pages/style.css"));

/// Why pages can't be made.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// A replacement for a template that does not exist.
    #[error("{name} replaces no template; those that can be replaced are {known}")]
    UnknownTemplate {
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// A template that can't be read or rendered.
    #[error("{name}, line {line}: {problem}")]
    Template {
        /// The template.
        name: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        problem: String,
    },
    /// A letter that would have its reader load something from elsewhere.
    #[error("message.html would load something from elsewhere, and so tell who reads it: it contains {found:?}")]
    Loads {
        /// What was found.
        found: String,
    },
    /// A style sheet that would leave its element.
    #[error("style.css, line {line}: a style sheet can't contain \"</\"")]
    Style {
        /// The line, from 1.
        line: usize,
    },
    /// A layout without the style sheet as it stands, which browsers would refuse (its hash is announced).
    #[error("layout.html must contain <style>{{{{ style }}}}</style>, with nothing else inside")]
    StyleMissing,
}

impl From<minijinja::Error> for PageError {
    fn from(error: minijinja::Error) -> Self {
        let mut problem =
            error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
        // The first error names the template that was asked for; what caused it may stand in one that it includes.
        let (mut name, mut line) = (error.name().unwrap_or("template").to_owned(), error.line().unwrap_or(1));
        let mut cause = std::error::Error::source(&error);
        while let Some(inner) = cause {
            if let Some(inner) = inner.downcast_ref::<minijinja::Error>() {
                name = inner.name().unwrap_or(&name).to_owned();
                line = inner.line().unwrap_or(line);
            }
            let _ = write!(problem, ": {inner}");
            cause = inner.source();
        }
        Self::Template { name, line, problem }
    }
}

/// Every page of the service.
#[derive(Debug)]
pub struct Pages {
    french: Environment<'static>,
    english: Environment<'static>,
    style: String,
    style_csp_hash: String,
}

impl Pages {
    /// Takes our templates, and `overrides` (name → source) instead of those they name. Renders every page with sample data
    /// in both languages, so that a template that does not work is refused here and not when someone needs it.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, PageError> {
        let is_known = |name: &str| name == STYLE.0 || TEMPLATES.iter().any(|(known, _)| *known == name);
        if let Some(name) = overrides.keys().find(|name| !is_known(name)) {
            let known = TEMPLATES.iter().map(|(name, _)| *name).chain([STYLE.0]).collect::<Vec<_>>().join(", ");
            return Err(PageError::UnknownTemplate { name: name.clone(), known });
        }
        // Browsers hash the text after they normalised its line ends (HTML, "preprocessing the input stream").
        let style = overrides.get(STYLE.0).map_or(STYLE.1, String::as_str).replace("\r\n", "\n").replace('\r', "\n");
        if let Some(line) = style.lines().position(|line| line.contains("</")) {
            return Err(PageError::Style { line: line + 1 });
        }
        let style_csp_hash = format!("'sha256-{}'", STANDARD.encode(Sha256::digest(style.as_bytes())));
        let pages = Self {
            french: page_environment(Lang::Fr, overrides, &style)?,
            english: page_environment(Lang::En, overrides, &style)?,
            style,
            style_csp_hash,
        };
        let whole = format!("<style>{}</style>", pages.style);
        for (_, html) in pages.samples()? {
            if !html.contains(&whole) {
                return Err(PageError::StyleMissing);
            }
        }
        Ok(pages)
    }

    /// The source expression of the style sheet for `Content-Security-Policy: style-src`, quotes included (CSP 3 §2.3.1).
    pub fn style_csp_hash(&self) -> &str {
        &self.style_csp_hash
    }

    /// The `Content-Security-Policy` under which every page works but those with a form.
    pub fn content_security_policy(&self) -> String {
        self.policy("'none'", "'none'")
    }

    /// The same for a page that some origins, and no others, may show in a frame.
    pub fn content_security_policy_in_frames_of(&self, origins: &[String]) -> String {
        let none = ["'none'".to_owned()];
        self.policy("'none'", &(if origins.is_empty() { &none } else { origins }).join(" "))
    }

    /// The same for a page with a form of ours, which may be sent to us and to nobody else.
    pub fn content_security_policy_with_form(&self) -> String {
        self.policy("'self'", "'none'")
    }

    fn policy(&self, form_action: &str, frame_ancestors: &str) -> String {
        format!(
            "default-src 'none'; style-src {}; img-src data:; base-uri 'none'; form-action {form_action}; frame-ancestors {frame_ancestors}",
            self.style_csp_hash
        )
    }

    /// Every page with sample data, in both languages: a file name and the HTML. For previews and tests.
    pub fn samples(&self) -> Result<Vec<(String, String)>, PageError> {
        sample::render_all(self)
    }

    pub(super) fn render(&self, name: &str, lang: Lang, context: impl Serialize) -> Result<String, PageError> {
        let environment = match lang {
            Lang::Fr => &self.french,
            Lang::En => &self.english,
        };
        Ok(environment.get_template(name)?.render(Serde(context))?)
    }
}

/// How what templates write is escaped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escaping {
    /// For HTML, whatever a template does.
    Html,
    /// Not at all: plain text.
    None,
}

/// The environment of pages.
fn page_environment(
    lang: Lang,
    overrides: &BTreeMap<String, String>,
    style: &str,
) -> Result<Environment<'static>, PageError> {
    let mut environment = environment(lang, Escaping::Html, &TEMPLATES, overrides)?;
    environment.add_global("style", Value::from_safe_string(style.to_owned()));
    environment.add_global("headings", Value::from(Serde(headings(lang))));
    Ok(environment)
}

/// One environment per language, so that `t("…", "…")` needs no argument for it. Unknown values are refused.
pub(crate) fn environment(
    lang: Lang,
    escaping: Escaping,
    templates: &[(&'static str, &'static str)],
    overrides: &BTreeMap<String, String>,
) -> Result<Environment<'static>, PageError> {
    let mut environment = Environment::new();
    let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
    environment.set_syntax(syntax?);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    match escaping {
        Escaping::Html => {
            environment.set_auto_escape_callback(|_| AutoEscape::Html);
            environment.set_formatter(write_escaped);
        }
        Escaping::None => {
            environment.set_auto_escape_callback(|_| AutoEscape::None);
            environment.set_formatter(write_plain);
        }
    }
    environment.remove_filter("safe");
    environment.add_global("lang", lang.tag());
    environment.add_function("t", move |fr: &str, en: &str| say(lang, fr, en));
    for (name, source) in templates {
        match overrides.get(*name) {
            Some(source) => environment.add_template_owned(*name, source.clone())?,
            None => environment.add_template(name, source)?,
        }
    }
    Ok(environment)
}

/// Escapes whatever a template writes, even inside `{% autoescape false %}`: only markup that a template itself wrote (the
/// result of a macro) and the style sheet pass as they are.
fn write_escaped(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    let Some(text) = shown(value)? else { return Ok(()) };
    if value.is_safe() {
        out.write_str(&text)?;
    } else {
        write!(out, "{}", HtmlEscape(&text))?;
    }
    Ok(())
}

/// Writes values as they are.
fn write_plain(out: &mut Output<'_>, _: &mut State<'_, '_>, value: &Value) -> Result<(), minijinja::Error> {
    Ok(shown(value)?.map_or(Ok(()), |text| out.write_str(&text))?)
}

/// The text of a value; none of `none`.
fn shown(value: &Value) -> Result<Option<String>, minijinja::Error> {
    if value.is_undefined() {
        return Err(minijinja::Error::new(minijinja::ErrorKind::UndefinedError, "the value has no such name"));
    }
    Ok((!value.is_none()).then(|| value.to_string()))
}
