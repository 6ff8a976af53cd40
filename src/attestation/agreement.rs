//! A manager reads the attestation beside the page behind its QR code: both say the same in the same words.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::template::sample::{SECRET, URL, english, french};
use super::tests::{name, template_of};
use super::*;
use crate::catalog::AwardKind;
use crate::markdown::escape;
use crate::pages::{Pages, RecipientLine, VerificationLinks, VerificationPage};
use crate::verify::{Report, Verdict};

/// What the eye reads of a page: no tags, no style, one space between words, as browsers show it.
fn read_page(pages: &Pages, content: &CredentialView) -> String {
    let report = Report {
        verdict: Verdict::Valid,
        checked_at: content.valid_from,
        checks: Vec::new(),
        revocation: None,
        trust: None,
        credentials: Vec::new(),
        content: Some(content.clone()),
    };
    let html = pages.verification(&VerificationPage {
        report: &report,
        recipient: Some(RecipientLine { name: name().as_str().to_owned(), matches_commitment: Some(true) }),
        links: VerificationLinks::default(),
        lang: content.language,
        zone: &Zone::default(),
    });
    let html = html.unwrap();
    let body = html.split_once("</style>").unwrap().1;
    let texts = body.split('<').map(|tag| tag.split_once('>').map_or(tag, |(_, text)| text));
    let text = texts.collect::<Vec<_>>().join(" ");
    let characters = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#x27;", "'"), ("&#x2f;", "/"), ("&amp;", "&")];
    one_space(&characters.iter().fold(text, |text, (escaped, character)| text.replace(escaped, character)))
}

/// What the attestation says, block by block.
fn read_attestation(content: &CredentialView) -> Vec<String> {
    fn of_items(items: &[document::Item]) -> String {
        items.iter().map(|item| format!("{} {} ", of_spans(&item.spans), of_items(&item.children))).collect()
    }
    fn of_spans(spans: &[document::Span]) -> String {
        spans.iter().map(|span| span.text.as_str()).collect()
    }
    let recipient = name();
    let zone = Zone::default();
    let template = template_of(content);
    let input = AttestationInput {
        content,
        credential_json: "{}",
        credential_jwt: None,
        recipient: &recipient,
        name_secret: &SECRET,
        verification_url: URL,
        zone: &zone,
        accent: [0; 3],
        template: &template,
    };
    let reading = template.read(&input, QrMatrix::encode(URL).unwrap()).unwrap();
    // How to verify is only said here.
    let body = &reading.blocks[..reading.blocks.len() - 1];
    let of_block = |block: &Block| match block {
        Block::Heading { text, .. } => vec![text.clone()],
        Block::Paragraph { spans, .. } => vec![of_spans(spans)],
        Block::List { items, .. } => vec![of_items(items)],
        Block::Facts { rows, .. } => {
            rows.iter().map(|row| format!("{} {}", of_spans(&row.label), of_spans(&row.value))).collect()
        }
        Block::Table { .. } | Block::Figure(..) | Block::Beside { .. } | Block::Rule => Vec::new(),
    };
    body.iter().flat_map(of_block).map(|text| one_space(&text)).collect()
}

/// No-break spaces stay what they are: they are part of what both say.
fn one_space(text: &str) -> String {
    text.split([' ', '\t', '\n']).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A text without the published criteria's address at its end: the page links there instead.
fn without_address(text: &str, content: &CredentialView) -> String {
    let address = content.criteria_url.clone().unwrap_or_default();
    text.strip_suffix(&address).map_or(text, |text| text.trim_end().trim_end_matches([':', '\u{a0}'])).to_owned()
}

#[test]
fn the_page_says_what_the_attestation_says() {
    let pages = Pages::new(&BTreeMap::new()).unwrap();
    let certificate = CredentialView { kind: Some(AwardKind::Certificate), ..french() };
    let foreign = CredentialView { kind: None, criteria_url: None, ..english() };
    for content in [french(), english(), certificate, foreign] {
        let page = read_page(&pages, &content);
        for said in read_attestation(&content) {
            // The page sets small things under each other that the attestation puts in brackets or in a sentence.
            let said = without_address(&said, &content);
            if page.contains(&said) {
                continue;
            }
            let said = said.replace(['(', ')'], "");
            if said == content.language.pick("pour la formation", "for the training") {
                continue;
            }
            // Inside a sentence there, a label here.
            let awarded_to = mentions::awarded_to(content.kind, content.language);
            let said = if said == awarded_to { crate::text::capitalised(&said) } else { said };
            assert!(page.contains(&said), "{said:?} is not on the page:\n{page}");
        }
    }
}

/// What is known of the learner's own results stands on both, with how time was counted.
#[test]
fn both_show_how_long_it_took_and_that_it_was_passed() {
    let pages = Pages::new(&BTreeMap::new()).unwrap();
    let wordings = [
        (french(), "Durée effective 3\u{a0}h\u{a0}10\u{a0}min (temps mesuré)", None),
        (
            english(),
            "Effective duration 3\u{a0}h\u{a0}45\u{a0}min (time credited for completed activities)",
            Some("Result Required assessments passed"),
        ),
    ];
    for (content, effective, result) in wordings {
        let page = read_page(&pages, &content);
        let attestation = read_attestation(&content);
        for said in [Some(effective), result].into_iter().flatten() {
            assert!(page.contains(said), "{said:?} is not on the page:\n{page}");
            assert!(attestation.iter().any(|line| line == said), "{said:?} is not in {attestation:#?}");
        }
        assert_eq!(page.contains("Résultat") || page.contains("Result "), result.is_some());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn both_show_the_same_criteria(
        narrative in "([-*] |  [-*] |\t|\n\n?|\\\\[-*_`\\[<&~\\\\]|[a-zé<&*_`#.]){0,60}",
        title in "[-a-zé\\\\`*_\\[\\]<>~&#; ]{1,30}",
    ) {
        thread_local!(static PAGES: Pages = Pages::new(&BTreeMap::new()).unwrap());
        let criteria = format!("il faut «{}» :\n\n- lire «{}»\n{narrative}", escape(&title), escape(&title));
        let content = CredentialView { criteria, criteria_url: None, ..french() };
        let said = read_attestation(&content);
        let start = said.iter().position(|text| text == mentions::headings(content.language).criteria).unwrap();
        let shown = one_space(&said[start..].join(" "));
        let read = one_space(&format!("lire «{title}»"));
        prop_assert!(shown.contains(&read), "{shown:?} lacks {read:?}");
        let page = PAGES.with(|pages| read_page(pages, &content));
        prop_assert!(page.contains(&format!("{shown} ")), "{shown:?} is not on the page:\n{page}");
    }
}
