//! What learners are told by e-mail: subject, text and HTML, in French or English, from templates that an operator may replace.
//!
//! A letter is made from an award and its links, never from what a template could look up. Sending it is the business of `mailer`.
//!
//! Architecture invariant: a letter loads nothing from elsewhere: no image, no style, no script. So nobody learns who opens it.

use std::collections::BTreeMap;

use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;

use crate::catalog::{AwardKind, MailEvent};
use crate::mentions;
use crate::pages::{Escaping, PageError, environment};
use crate::text::{Lang, capitalised};

/// The templates, by the name under which they are replaced; texts and HTML apart, since one is escaped and the other not.
const TEXTS: [(&str, &str); 2] = [
    ("subject.txt", include_str!("../templates/mail/subject.txt")),
    ("message.txt", include_str!("../templates/mail/message.txt")),
];
const HTML: [(&str, &str); 1] = [("message.html", include_str!("../templates/mail/message.html"))];

/// What a letter may not contain, in lower case: each would have a mail reader load something.
const LOADS: [&str; 8] = ["<img", "<link", "<script", "<iframe", "<object", "url(", "@import", " background="];

/// What a letter says.
#[derive(Debug, Clone, Serialize)]
pub struct Letter {
    /// What happened.
    pub event: MailEvent,
    /// To whom it is written.
    pub name: Option<String>,
    /// What the award attests.
    pub kind: AwardKind,
    /// The training's title.
    pub title: String,
    /// When it was followed, in words.
    pub dates: Option<String>,
    /// Who awards.
    pub issuer: String,
    /// Whom to ask: an address, of the web or of mail.
    pub contact: String,
    /// Why it was withdrawn, in words; empty where it was not.
    pub reason: String,
    /// Where things are.
    pub links: LetterLinks,
}

/// The links of a letter.
#[derive(Debug, Clone, Serialize)]
pub struct LetterLinks {
    /// The PDF.
    pub attestation: String,
    /// The badge.
    pub badge: String,
    /// The page that verifies.
    pub verification: String,
}

/// A letter in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// One line.
    pub subject: String,
    /// For readers without HTML.
    pub text: String,
    /// For the others.
    pub html: String,
}

/// Every letter of the service.
#[derive(Debug)]
pub struct Letters {
    french: Templates,
    english: Templates,
}

#[derive(Debug)]
struct Templates {
    texts: Environment<'static>,
    html: Environment<'static>,
}

impl Letters {
    /// Takes our templates, and `overrides` (name → source) instead of those they name. Renders every letter with sample data, so that
    /// a template that does not work, or would load something, is refused here and not when something is to be told.
    pub fn new(overrides: &BTreeMap<String, String>) -> Result<Self, PageError> {
        let known = TEXTS.iter().chain(&HTML).map(|(name, _)| *name);
        if let Some(name) = overrides.keys().find(|name| !known.clone().any(|known| known == *name)) {
            return Err(PageError::UnknownTemplate { name: name.clone(), known: known.collect::<Vec<_>>().join(", ") });
        }
        let templates = |lang| {
            Ok::<_, PageError>(Templates {
                texts: environment(lang, Escaping::None, &TEXTS, overrides)?,
                html: environment(lang, Escaping::Html, &HTML, overrides)?,
            })
        };
        let letters = Self { french: templates(Lang::Fr)?, english: templates(Lang::En)? };
        for (_, letter) in letters.samples()? {
            let html = letter.html.to_lowercase();
            if let Some(found) = LOADS.iter().find(|loads| html.contains(*loads)) {
                return Err(PageError::Loads { found: (*found).to_owned() });
            }
        }
        Ok(letters)
    }

    /// A letter in words.
    pub fn render(&self, letter: &Letter, lang: Lang) -> Result<Rendered, PageError> {
        #[derive(Serialize)]
        struct Context<'a> {
            #[serde(flatten)]
            letter: &'a Letter,
            label: &'static str,
            issued_by: String,
            subject: &'a str,
        }
        let templates = match lang {
            Lang::Fr => &self.french,
            Lang::En => &self.english,
        };
        let say = |of: &Environment<'_>, name: &str, subject: &str| {
            let issued_by = capitalised(mentions::issued_by(Some(letter.kind), lang));
            let label = letter.kind.label(lang);
            let context = Context { letter, label, issued_by, subject };
            Ok::<_, PageError>(of.get_template(name)?.render(Serde(context))?)
        };
        // One line whatever the template does: a line break would end the header.
        let subject = say(&templates.texts, "subject.txt", "")?;
        let subject = subject.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Rendered {
            text: say(&templates.texts, "message.txt", &subject)?,
            html: say(&templates.html, "message.html", &subject)?,
            subject,
        })
    }

    /// A letter with sample data.
    pub fn sample(&self, event: MailEvent, lang: Lang) -> Result<Rendered, PageError> {
        self.render(&sample(event, AwardKind::Participation, lang), lang)
    }

    /// Every letter with sample data, in both languages: a name and the words.
    pub fn samples(&self) -> Result<Vec<(String, Rendered)>, PageError> {
        let mut samples = Vec::new();
        for lang in [Lang::Fr, Lang::En] {
            for event in MailEvent::ALL {
                for kind in AwardKind::ALL {
                    let name = format!("{}.{}.{}", event.as_str(), kind.as_str(), lang.tag());
                    samples.push((name, self.render(&sample(event, kind, lang), lang)?));
                }
            }
        }
        let bare = Letter { name: None, dates: None, ..sample(MailEvent::Issued, AwardKind::Participation, Lang::Fr) };
        samples.push(("bare.fr".into(), self.render(&bare, Lang::Fr)?));
        Ok(samples)
    }
}

fn sample(event: MailEvent, kind: AwardKind, lang: Lang) -> Letter {
    Letter {
        event,
        name: Some("Zoé Lefèvre-Nguyễn".into()),
        kind,
        title: lang.pick("Les fondamentaux de la laïcité & du service public", "Secularism & public service").into(),
        dates: Some(lang.pick("Du 2 au 27 mars 2026", "From 2 to 27 March 2026").into()),
        issuer: "Direction générale de l’administration et de la fonction publique".into(),
        contact: "formation@dgafp.example".into(),
        reason: lang.pick("attribution par erreur", "awarded by mistake").into(),
        links: LetterLinks {
            attestation: "https://sceau.example/a/AAAAAAAAAAAAAAAAAAAAAA/attestation.pdf".into(),
            badge: "https://sceau.example/a/AAAAAAAAAAAAAAAAAAAAAA/badge.png".into(),
            verification: "https://sceau.example/v/BBBBBBBBBBBBBBBBBBBBBB".into(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, source: &str) -> Result<Letters, PageError> {
        Letters::new(&BTreeMap::from([(name.to_owned(), source.to_owned())]))
    }

    #[test]
    fn every_letter_says_what_by_whom_where_and_whom_to_ask() {
        let letters = Letters::new(&BTreeMap::new()).unwrap();
        for (name, letter) in letters.samples().unwrap() {
            let text = letter.text.as_str();
            let html = letter.html.replace("&#x2f;", "/");
            let english = name.ends_with("en");
            for words in ["Direction générale", "formation@dgafp.example", "https://sceau.example/v/BBBB"] {
                assert!(text.contains(words) && html.contains(words), "{name}: {words}");
            }
            assert!(
                letter.html.contains(if english { "Secularism &amp; public" } else { "laïcité &amp; du" }),
                "{name}"
            );
            assert!(text.contains(if english { "Secularism & public" } else { "laïcité & du" }), "{name}");
            let offers = text.contains("attestation.pdf") && html.contains("attestation.pdf");
            assert_eq!(offers, !name.starts_with("revoked"), "{name}: a withdrawn document is not offered");
            assert!(!letter.subject.contains('\n') && letter.subject.len() > 20, "{name}: {:?}", letter.subject);
            assert!(english || text.contains("question\u{202f}?"), "{name}: French is set as French");
            assert!(english || letter.subject.contains("\u{a0}: "), "{name}: in the subject too");
        }
    }

    #[test]
    fn what_people_wrote_is_text_in_both_parts() {
        let letters = Letters::new(&BTreeMap::new()).unwrap();
        let title = "<b>\u{e9}t\u{e9}</b>\r\nBcc: all@example.org".to_owned();
        let letter = Letter { title, ..sample(MailEvent::Issued, AwardKind::Certificate, Lang::Fr) };
        let rendered = letters.render(&letter, Lang::Fr).unwrap();
        assert!(rendered.html.contains("&lt;b&gt;") && !rendered.html.contains("<b>"));
        assert!(rendered.text.contains("<b>été</b>"));
        assert!(!rendered.subject.contains(['\r', '\n']));
    }

    #[test]
    fn a_template_is_tried_before_it_is_needed() {
        assert!(with("message.txt", "{{ nobody }}").is_err(), "a value that is not there");
        assert!(with("message.html", "{% if %}").is_err());
        assert!(matches!(with("issued.html", ""), Err(PageError::UnknownTemplate { .. })));
        for loads in ["<IMG src=\"https://x.example/pixel\">", "<p style=\"background: url(https://x.example)\">"] {
            assert!(matches!(with("message.html", loads), Err(PageError::Loads { .. })), "{loads}");
        }
        let own = with("subject.txt", "{{ title }}\n\n({{ issuer }})").unwrap();
        assert!(own.samples().unwrap().iter().all(|(_, letter)| letter.subject.contains(" (Direction")));
    }
}
