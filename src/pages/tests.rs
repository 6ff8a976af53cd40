//! Every page, in both languages, with ordinary and with hostile data.

use std::collections::BTreeMap;

use super::sample::{links, narratives, recipient, report, session};
use super::*;
use crate::catalog::{LongText, Name, ShortText};
use crate::credential::CompetencyView;
use crate::ids::PublicUrl;
use crate::text::{Bilingual, Lang};
use crate::time::Zone;
use crate::verify::{Report, Verdict};

const LANGS: [Lang; 2] = [Lang::Fr, Lang::En];

fn pages() -> Pages {
    Pages::new(&BTreeMap::new()).unwrap()
}

/// The start tags of a page: element name and attributes. Sound because every text is escaped: a `<` starts a tag, and no
/// attribute holds a `>`.
fn tags(html: &str) -> Vec<(String, Vec<(String, String)>)> {
    let body: String = html
        .split("<style>")
        .enumerate()
        .map(|(i, part)| if i == 0 { part } else { part.split_once("</style>").unwrap().1 })
        .collect();
    body.split('<')
        .skip(1)
        .filter(|tag| !tag.starts_with(['/', '!']))
        .map(|tag| {
            let tag = tag.split_once('>').unwrap().0;
            let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
            let mut attributes = Vec::new();
            while let Some((name, after)) = rest.split_once("=\"") {
                let (value, after) = after.split_once('"').unwrap();
                attributes.push((name.trim().to_owned(), value.to_owned()));
                rest = after;
            }
            (name.trim_end_matches('/').to_owned(), attributes)
        })
        .collect()
}

/// What holds of every page, whatever it shows.
fn assert_safe(name: &str, html: &str, lang: Lang) {
    assert!(html.starts_with(&format!("<!doctype html>\n<html lang=\"{}\">", lang.tag())), "{name}");
    assert!(html.contains("<meta name=\"robots\" content=\"noindex\">"), "{name}");
    assert!(html.contains("<meta name=\"referrer\" content=\"no-referrer\">"), "{name}");
    assert_eq!(html.matches("<h1").count(), 1, "{name}");
    let allowed = "html head meta title link style body header footer main section article div span p a h1 h2 h3 ul ol li dl dt \
                   dd details summary strong bdi time code pre svg path circle form label input textarea button \
                   progress";
    for (element, attributes) in tags(html) {
        assert!(allowed.split_whitespace().any(|known| known == element), "{name}: <{element}>");
        for (attribute, value) in attributes {
            assert!(!attribute.starts_with("on") && attribute != "style" && attribute != "src", "{name}: {attribute}");
            if attribute == "action" {
                assert!(element == "form" && value == format!("/verify?lang={}", lang.tag()), "{name}: {value}");
            }
            if attribute == "href" {
                let local = value.starts_with('#')
                    || value.starts_with("?lang=")
                    || value.starts_with("&#x2f;")
                    || value == "/"
                    || value == "/verify";
                let web = value.starts_with("https:") || value.starts_with("http:");
                let fine = match element.as_str() {
                    "a" => local || web,
                    "link" => value.starts_with("data:"),
                    _ => false,
                };
                assert!(fine, "{name}: <{element} href={value}>");
            }
        }
    }
    let mut level = 1;
    for (element, _) in tags(html).iter().filter(|(element, _)| element.len() == 2 && element.starts_with('h')) {
        if let Ok(next) = element[1..].parse::<usize>() {
            assert!(next <= level + 1, "{name}: {element} after h{level}");
            level = next;
        }
    }
}

#[test]
fn every_sample_page_is_whole_safe_and_in_its_language() {
    let samples = pages().samples().unwrap();
    assert!(samples.len() >= 30, "{}", samples.len());
    for (name, html) in samples {
        let lang = if name.ends_with(".en.html") { Lang::En } else { Lang::Fr };
        assert_safe(&name, &html, lang);
        let other = lang.pick("href=\"?lang=en\" hreflang=\"en\"", "href=\"?lang=fr\" hreflang=\"fr\"");
        // Whoever shows the short form in a frame chooses its language.
        assert!(html.contains(other) || name.starts_with("progress-embed"), "{name} must lead to the other language");
        if lang == Lang::Fr {
            let text = html.split_once("</style>").unwrap().1;
            for loose in [" ;", " :", " ?", " !", "« ", " »"] {
                assert!(!text.contains(loose), "{name}: {loose:?} breaks at a line end");
            }
        }
    }
}

/// Texts that attack the page, its direction or its layout.
fn hostile() -> [String; 5] {
    [
        "<script>alert(1)</script>".into(),
        "\"><img src=x onerror=alert(1)>'".into(),
        "{{ 7 * 7 }}{% include 'style.css' %}</style><!--".into(),
        "شهادة المشاركة عربي".into(),
        "Très long ".repeat(40),
    ]
}

fn hostile_report(verdict: Verdict, text: &str) -> Report {
    let mut report = report(verdict);
    for check in &mut report.checks {
        (check.message, check.detail) = (Bilingual::new(text, text), Some(text.to_owned()));
    }
    let view = report.content.as_mut().unwrap();
    for field in [&mut view.id, &mut view.title, &mut view.description, &mut view.issuer.id, &mut view.issuer.name] {
        *field = text.to_owned();
    }
    view.criteria = format!("{text}\n\n- {text}\n  - {text}");
    view.issuer.parent = Some(text.to_owned());
    view.issuer.url = Some(format!("javascript:{text}"));
    view.criteria_url = Some(format!("data:text/html,{text}"));
    view.objectives = vec![text.to_owned(); 60];
    let place = Some(text.to_owned());
    let competency =
        |url: String| CompetencyView { name: text.to_owned(), framework: place.clone(), code: place.clone(), url };
    view.competencies = vec![competency(format!("javascript:{text}")), competency(format!("https://x/{text}"))];
    report
}

#[test]
fn hostile_texts_are_shown_and_do_nothing() {
    let (pages, zone) = (pages(), Zone::default());
    let public_url: PublicUrl = "https://sceau.example".parse().unwrap();
    for text in hostile() {
        for lang in LANGS {
            let mut made = Vec::new();
            for verdict in [Verdict::Valid, Verdict::Revoked] {
                let report = hostile_report(verdict, &text);
                let mut recipient = recipient(Some(true));
                recipient.name.clone_from(&text);
                let links = links(verdict);
                let page = VerificationPage {
                    report: &report,
                    recipient: Some(recipient),
                    links: links.clone(),
                    lang,
                    zone: &zone,
                };
                made.push(("verification", pages.verification(&page).unwrap()));
                let page = CredentialPage { report: &report, links, lang, zone: &zone };
                made.push(("credential", pages.credential(&page).unwrap()));
                let mut presentation = report.clone();
                presentation.credentials = vec![report.clone(), report.clone()];
                for report in [&report, &presentation] {
                    made.push(("result", pages.result(&ResultPage { report, lang, zone: &zone }).unwrap()));
                }
            }
            let (mut session, mut issuer) = session();
            session.training.title = ShortText::new(&text).unwrap();
            session.training.description = LongText::new(&text).unwrap();
            session.training.objectives = vec![ShortText::new(&text).unwrap(); 60];
            session.session.context = Some(LongText::new(&text).unwrap());
            issuer.name = Name::new(&text.chars().take(200).collect::<String>()).unwrap();
            let narratives: Vec<_> = narratives().into_iter().map(|(kind, _)| (kind, format!("- {text}"))).collect();
            let page =
                CriteriaPage { session: &session, issuer: &issuer, narratives: &narratives, json_url: "/x", lang };
            made.push(("criteria", pages.criteria(&page).unwrap()));
            for (name, html) in super::progress_sample::hostile(&pages, &text, lang) {
                made.push((name, html));
            }
            made.push((
                "error",
                pages.error(&ErrorPage { status: 400, title: &text, detail: Some(&text), lang }).unwrap(),
            ));
            made.push(("home", pages.home(&HomePage { public_url: &public_url, lang }).unwrap()));
            for (name, html) in made {
                assert_safe(name, &html, lang);
                assert!(!html.contains("<script") && !html.contains("<img"), "{name}");
                assert!(!html.to_lowercase().contains("href=\"javascript:"), "{name}");
                if name != "home" {
                    let shown = minijinja::HtmlEscape(text.trim()).to_string();
                    assert!(html.contains(&shown), "{name} must show {shown}");
                }
            }
        }
    }
}

#[test]
fn without_the_token_no_page_shows_a_name() {
    let (pages, zone) = (pages(), Zone::default());
    for lang in LANGS {
        let mut report = report(Verdict::Valid);
        report.content.as_mut().unwrap().recipient_name = Some("Prénom Nommé-Enclair".into());
        let page = CredentialPage { report: &report, links: links(Verdict::Valid), lang, zone: &zone };
        assert!(!pages.credential(&page).unwrap().contains("Nommé-Enclair"));
        assert!(!pages.result(&ResultPage { report: &report, lang, zone: &zone }).unwrap().contains("Nommé-Enclair"));
    }
}

#[test]
fn a_name_is_shown_as_verified_only_where_it_was() {
    let (pages, zone, report) = (pages(), Zone::default(), report(Verdict::Valid));
    let show = |matches_commitment| {
        let recipient = Some(recipient(matches_commitment));
        let page =
            VerificationPage { report: &report, recipient, links: links(Verdict::Valid), lang: Lang::Fr, zone: &zone };
        pages.verification(&page).unwrap()
    };
    let confirmed = show(Some(true));
    assert!(
        confirmed.contains("Amélie Nguyễn-Lefèvre") && confirmed.contains("c’est bien celui que l’organisme a signé")
    );
    assert!(confirmed.contains("class=\"verdict valid\"") && confirmed.contains(">Attestation authentique</h1>"));
    let unsigned = show(None);
    assert!(unsigned.contains("Amélie Nguyễn-Lefèvre") && unsigned.contains("non couvert par la signature"));
    let contradicted = show(Some(false));
    assert!(!contradicted.contains("Amélie") && !contradicted.contains("class=\"verdict valid\""));
    assert!(contradicted.contains(">Nom non confirmé</h1>"));
}

#[test]
fn what_no_signature_covers_is_not_shown() {
    let (pages, zone, report) = (pages(), Zone::default(), report(Verdict::Invalid));
    assert_eq!(report.content, None);
    let page = VerificationPage {
        report: &report,
        recipient: Some(recipient(None)),
        links: links(Verdict::Invalid),
        lang: Lang::Fr,
        zone: &zone,
    };
    let html = pages.verification(&page).unwrap();
    assert!(html.contains(">Document non authentique</h1>") && !html.contains("Amélie") && !html.contains("<article"));
}

#[test]
fn a_revoked_document_says_why_since_when_and_what_replaces_it() {
    let (pages, zone, report) = (pages(), Zone::default(), report(Verdict::Revoked));
    let page = VerificationPage {
        report: &report,
        recipient: None,
        links: links(Verdict::Revoked),
        lang: Lang::Fr,
        zone: &zone,
    };
    let html = pages.verification(&page).unwrap();
    for expected in [
        ">Attestation révoquée</h1>",
        "Révocation le 1er\u{a0}juin\u{a0}2026. Motif\u{a0}: informations corrigées.",
        "credentials&#x2f;5d9b8f0e-1f0a-4a53-9f0b-0f9a3f6f1c77\">Voir le document qui le remplace",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn the_six_mentions_stand_on_the_page() {
    let (pages, zone, report) = (pages(), Zone::default(), report(Verdict::Valid));
    let page = CredentialPage { report: &report, links: links(Verdict::Valid), lang: Lang::Fr, zone: &zone };
    let html = pages.credential(&page).unwrap();
    for expected in [
        "Laïcité et neutralité dans les services publics",
        "3\u{a0}h\u{a0}30\u{a0}min",
        "Situer le cadre juridique de la laïcité",
        "Appliquer les règles de déontologie",
        "École de la transformation publique",
        "remettre le questionnaire d’évaluation de la formation",
        "Du 2 au\u{a0}27\u{a0}mars\u{a0}2026",
        "En vigueur",
        "22\u{a0}novembre\u{a0}2026 à\u{a0}10\u{a0}h\u{a0}41",
    ] {
        assert!(html.contains(expected), "{expected}");
    }
}

#[test]
fn the_style_is_the_one_whose_hash_is_announced() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let pages = pages();
    let html = pages.unknown_link(Lang::Fr).unwrap();
    let style = html.split_once("<style>").unwrap().1.split_once("</style>").unwrap().0;
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(style.as_bytes()));
    assert_eq!(pages.style_csp_hash(), format!("'sha256-{hash}'"));
    assert!(pages.content_security_policy().starts_with("default-src 'none'; style-src 'sha256-"));
    assert!(pages.content_security_policy().contains("form-action 'none'"));
    let with_form = pages.content_security_policy_with_form();
    assert_eq!(with_form.replace("form-action 'self'", "form-action 'none'"), pages.content_security_policy());
    assert!(!style.contains("url(") && !style.contains("@import"));
}

fn replaced(name: &str, source: &str) -> Result<Pages, PageError> {
    Pages::new(&BTreeMap::from([(name.to_owned(), source.to_owned())]))
}

#[test]
fn a_template_may_be_replaced() {
    let source = "{% extends 'layout.html' %}{% block title %}x{% endblock %}{% block main %}<h1>Perdu : {{ lang }}</h1>{% endblock %}";
    let pages = replaced("unknown_link.html", source).unwrap();
    assert!(pages.unknown_link(Lang::En).unwrap().contains("<h1>Perdu : en</h1>"));
    let pages = replaced("style.css", "body{color:#000}\r\n").unwrap();
    assert!(pages.unknown_link(Lang::Fr).unwrap().contains("<style>body{color:#000}\n</style>"));
}

#[test]
fn a_broken_replacement_is_refused_with_its_line() {
    for (name, source, line) in [
        ("error.html", "<p>\n\n{% if %}", 3),
        ("error.html", "<p>\n{{ no_such_value }}", 2),
        ("error.html", "<p>{{ title }}\n\n{{ title|safe }}", 3),
        ("error.html", "\n{{ t('seul') }}", 2),
        ("parts.html", "{% macro icon(name) %}\n{{ name.nothing.there }}{% endmacro %}", 2),
        ("style.css", "a{}\n</style><script>", 2),
    ] {
        let error = replaced(name, source).unwrap_err();
        let text = error.to_string();
        match error {
            PageError::Template { name: at, line: found, .. } => {
                assert_eq!((at.as_str(), found), (name, line), "{text}")
            }
            PageError::Style { line: found } => assert_eq!((name, found), ("style.css", line)),
            other => panic!("{other}"),
        }
    }
    assert!(matches!(replaced("verifcation.html", ""), Err(PageError::UnknownTemplate { .. })));
    assert!(matches!(replaced("layout.html", "<style> {{ style }}</style>"), Err(PageError::StyleMissing)));
}

#[test]
fn a_replacement_cannot_switch_escaping_off() {
    let source = "{% extends 'layout.html' %}{% block main %}{% autoescape false %}<h1>{{ title }}</h1>{% set x %}{{ detail }}{% endset %}{{ x }}{% endautoescape %}{% endblock %}";
    let pages = replaced("error.html", source).unwrap();
    let text = "<script>alert(1)</script>";
    let html = pages.error(&ErrorPage { status: 400, title: text, detail: Some(text), lang: Lang::Fr }).unwrap();
    assert!(!html.contains("<script"), "{html}");
}
