//! The default template: what an attestation says, in which order, and how it looks.
//!
//! Everything comes from the credential's signed content, except the learner's name, its secret and the verification link,
//! which the credential must not hold in clear.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use unicode_normalization::UnicodeNormalization as _;

use super::AttestationInput;
use super::colour::Ink;
use super::document::{Block, Bond, Fact, Item, Link, Span};
use super::labels::labels;
use super::typeset::{Look, Weight};
use crate::credential::{CompetencyView, CredentialView};
use crate::markdown;
use crate::mentions::{self, Mention, headings};
use crate::qr::QrMatrix;
use crate::text::capitalised;

const BODY: Look = look(9.5, 1.45, Weight::Regular, Ink::Text);
const MUTED: Look = look(9.5, 1.45, Weight::Regular, Ink::Muted);
const STRONG: Look = look(9.5, 1.45, Weight::Bold, Ink::Text);
const ISSUER: Look = look(11.0, 1.3, Weight::Bold, Ink::Text);
const TITLE: Look = look(24.0, 1.2, Weight::Bold, Ink::Accent);
const LEAD: Look = look(10.5, 1.4, Weight::Regular, Ink::Muted);
const NAME: Look = look(19.0, 1.25, Weight::Bold, Ink::Text);
const TRAINING: Look = look(14.0, 1.3, Weight::Bold, Ink::Text);
const SECTION: Look = look(11.5, 1.35, Weight::Bold, Ink::Accent);
const SMALL: Look = look(8.0, 1.4, Weight::Regular, Ink::Text);
const SMALL_MUTED: Look = look(7.5, 1.4, Weight::Regular, Ink::Muted);
const SMALL_LINK: Look = look(8.0, 1.4, Weight::Bold, Ink::Accent);
/// The footer of every page.
pub(super) const FOOTER: Look = look(7.5, 1.3, Weight::Regular, Ink::Muted);

/// Points per side of the QR code, light margin included: modules of about 0.7 mm, which a phone reads off a fold or a screen.
pub(super) const QR_SIDE: f32 = 88.0;

const fn look(size: f32, leading: f32, weight: Weight, ink: Ink) -> Look {
    Look { size, leading, weight, ink }
}

/// What the attestation attests.
pub(super) fn body(input: &AttestationInput<'_>) -> Vec<Block> {
    let content = input.content;
    let lang = content.language;
    let words = labels(lang);
    let mut blocks = Vec::new();
    blocks.push(paragraph(clean(&content.issuer.name), ISSUER, 0.0));
    if let Some(parent) = &content.issuer.parent {
        blocks.push(paragraph(clean(parent), MUTED, 0.0));
    }
    blocks.push(Block::Heading {
        level: 1,
        text: mentions::kind(content.kind, lang).to_owned(),
        look: TITLE,
        space_before: 30.0,
    });
    blocks.push(Block::Rule { width: 44.0, thickness: 2.4, ink: Ink::Accent, space_before: 9.0 });
    blocks.push(lead(mentions::awarded_to(content.kind, lang), 17.0));
    blocks.push(paragraph(clean(input.recipient.as_str()), NAME, 0.0));
    blocks.push(lead(words.for_training, 11.0));
    blocks.push(paragraph(clean(&content.title), TRAINING, 1.0));
    blocks.push(Block::Facts { rows: facts(input), space_before: 18.0 });
    let objectives = content.objectives.iter().filter(|text| !text.trim().is_empty());
    let objectives: Vec<Item> = objectives.map(|text| item(vec![Span::plain(clean(text), BODY)])).collect();
    if !objectives.is_empty() {
        blocks.push(section(headings(lang).objectives));
        blocks.push(Block::List { items: objectives, look: BODY, space_before: 3.0 });
    }
    if !content.competencies.is_empty() {
        blocks.push(section(headings(lang).competencies));
        let items = content.competencies.iter().map(|competency| item(competency_spans(competency)));
        blocks.push(Block::List { items: items.collect(), look: BODY, space_before: 3.0 });
    }
    blocks.extend(criteria(content));
    blocks
}

/// What the verification panel is.
pub(super) fn verification_heading(input: &AttestationInput<'_>) -> Block {
    let text = labels(input.content.language).verification.to_owned();
    Block::Heading { level: 2, text, look: SECTION, space_before: 0.0 }
}

/// How to verify it; stands beside the QR code.
pub(super) fn verification(input: &AttestationInput<'_>) -> Vec<Block> {
    let lang = input.content.language;
    let (words, identifier) = (labels(lang), headings(lang).identifier);
    let link = Link { url: input.verification_url.to_owned(), alt: words.verify_link.to_owned() };
    let mut blocks = vec![
        paragraph(words.how_to_verify, SMALL, 1.0),
        Block::Paragraph {
            spans: vec![Span { text: input.verification_url.to_owned(), look: SMALL_LINK, link: Some(link) }],
            space_before: 2.0,
            bond: Bond::Free,
        },
        paragraph(format!("{identifier}{} {}", lang.colon(), clean(&input.content.id)), SMALL_MUTED, 3.0),
    ];
    // Without a commitment to the name there is nothing that the secret would open.
    if input.content.recipient_name_digest.is_some() {
        let secret = URL_SAFE_NO_PAD.encode(input.name_secret);
        blocks.push(paragraph(format!("{}{secret}", words.name_secret), SMALL_MUTED, 0.0));
    }
    blocks.push(paragraph(words.attached, SMALL_MUTED, 0.0));
    blocks
}

/// The QR code of the verification link.
pub(super) fn qr_code(input: &AttestationInput<'_>, matrix: QrMatrix) -> Block {
    let alt = format!("{}{}", labels(input.content.language).qr_code, input.verification_url);
    Block::QrCode { matrix, alt, side: QR_SIDE }
}

/// What stands left in the footer: enough to put loose sheets back together.
pub(super) fn footer(content: &CredentialView) -> String {
    let kind = mentions::kind(content.kind, content.language);
    match content.id.rsplit('/').next() {
        Some(last) if (1..=64).contains(&last.chars().count()) => format!("{kind} · {}", clean(last)),
        _ => kind.to_owned(),
    }
}

/// A text on one line, in NFC.
pub(super) fn clean(text: &str) -> String {
    text.nfc().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect()
}

fn facts(input: &AttestationInput<'_>) -> Vec<Fact> {
    let content = input.content;
    let lang = content.language;
    let organisation = match &content.issuer.parent {
        Some(parent) => format!("{} ({})", clean(&content.issuer.name), clean(parent)),
        None => clean(&content.issuer.name),
    };
    let fact =
        |label: &str, value: String| Fact { label: Span::plain(label, MUTED), value: vec![Span::plain(value, STRONG)] };
    let facts = mentions::facts(content, input.zone, lang).into_iter();
    let mut rows: Vec<Fact> = facts.map(|Mention { label, value }| fact(label, value)).collect();
    rows.push(fact(&capitalised(mentions::issued_by(content.kind, lang)), organisation));
    rows
}

fn criteria(content: &CredentialView) -> Vec<Block> {
    let (lang, words) = (content.language, headings(content.language));
    let passages = markdown::blocks(&content.criteria);
    if passages.is_empty() && content.criteria_url.is_none() {
        return Vec::new();
    }
    let mut blocks = vec![section(words.criteria)];
    for (index, passage) in passages.iter().enumerate() {
        match passage {
            markdown::Block::Paragraph(text) => {
                // What announces a list stays with it.
                let announces = matches!(passages.get(index + 1), Some(markdown::Block::List(_)));
                let bond = if announces && text.chars().count() <= 200 { Bond::WithNext } else { Bond::Free };
                for (line, text) in text.lines().enumerate() {
                    let space_before = if line == 0 { 3.0 } else { 0.0 };
                    blocks.push(Block::Paragraph { spans: vec![Span::plain(clean(text), BODY)], space_before, bond });
                }
            }
            markdown::Block::List(items) => {
                blocks.push(Block::List { items: items.iter().map(bullet).collect(), look: BODY, space_before: 3.0 });
            }
        }
    }
    if let Some(url) = &content.criteria_url {
        // Anything but a web address stays text that leads nowhere.
        let leads = url.starts_with("https://") || url.starts_with("http://");
        let link = leads.then(|| Link { url: url.clone(), alt: words.published_criteria.to_owned() });
        let spans = vec![
            Span::plain(format!("{}{} ", words.published_criteria, lang.colon()), SMALL_MUTED),
            Span { text: clean(url), look: look(7.5, 1.4, Weight::Regular, Ink::Accent), link },
        ];
        blocks.push(Block::Paragraph { spans, space_before: 4.0, bond: Bond::Free });
    }
    blocks
}

fn bullet(item: &markdown::Item) -> Item {
    Item { spans: vec![Span::plain(clean(&item.text), BODY)], children: item.items.iter().map(bullet).collect() }
}

fn competency_spans(competency: &CompetencyView) -> Vec<Span> {
    let mut spans = vec![Span::plain(clean(&competency.name), BODY)];
    if let Some(place) = mentions::place(competency.framework.as_deref(), competency.code.as_deref()) {
        spans.push(Span::plain(format!(" ({})", clean(&place)), MUTED));
    }
    spans
}

fn section(text: &str) -> Block {
    Block::Heading { level: 2, text: text.to_owned(), look: SECTION, space_before: 15.0 }
}

/// A line that announces what follows, and stays with it.
fn lead(text: &str, space_before: f32) -> Block {
    Block::Paragraph { spans: vec![Span::plain(text, LEAD)], space_before, bond: Bond::WithNext }
}

fn paragraph(text: impl Into<String>, look: Look, space_before: f32) -> Block {
    Block::Paragraph { spans: vec![Span::plain(text, look)], space_before, bond: Bond::Free }
}

fn item(spans: Vec<Span>) -> Item {
    Item { spans, children: Vec::new() }
}
