//! The attestation: a credential's signed content as a PDF that people print, archive and hear read aloud.
//!
//! PDF/A-3a and PDF/UA-1, always; the signed credential is attached. A pure function of its input: no clock, no system font,
//! so the same award gives the same bytes for ever (under one [`TEMPLATE_VERSION`] and one krilla).
//!
//! The way of a document: `template` says what it holds as `document` blocks, `layout` sets them (with `typeset`) as strips and
//! names their `tags`, `paginate` puts strips on pages, `draw` writes the PDF. krilla instead of printpdf:
//! docs/adr/0002-krilla-replaces-printpdf.md. Not here: signing, storing, sealing.

mod colour;
mod document;
mod draw;
pub mod inspect;
mod labels;
mod layout;
mod paginate;
mod repertoire;
mod tags;
mod template;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod tests;
mod typeset;

use krilla::metadata::DateTime;

use self::colour::{Ink, Palette};
use self::document::{Block, Bond};
use self::draw::{A4, Description, Page};
use self::layout::{Column, Layout, Mark, Strip};
use self::paginate::{Frame, paginate};
use self::tags::Structure;
use self::typeset::{Paragraph, with_typesetter};
use crate::credential::CredentialView;
use crate::mentions;
use crate::qr::{QrError, QrMatrix};
use crate::text::PersonName;
use crate::time::{Timestamp, Zone};

pub use self::inspect::{CREDENTIAL_FILE, TOKEN_FILE};
pub use self::repertoire::undrawable;

/// Grows by one with every change that makes an old award's attestation look or read otherwise. Part of the document's id.
pub const TEMPLATE_VERSION: u32 = 1;

/// What an attestation is made of.
#[derive(Debug, Clone, Copy)]
pub struct AttestationInput<'a> {
    /// What the credential signs; the attestation says nothing else but the name. Its language is the document's.
    pub content: &'a CredentialView,
    /// The exact signed bytes, attached as `credential.json`.
    pub credential_json: &'a str,
    /// The learner.
    pub recipient: &'a PersonName,
    /// What opens the credential's commitment to the name; printed where there is such a commitment.
    pub name_secret: &'a [u8; 16],
    /// What the QR code and the printed link open.
    pub verification_url: &'a str,
    /// Where days begin.
    pub zone: &'a Zone,
    /// The issuer's colour; darkened where text in it would not be legible.
    pub accent: [u8; 3],
}

/// Why there is no attestation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttestationError {
    /// Texts hold characters that no embedded font draws; a missing glyph is never an answer.
    #[error("no embedded font draws {}", undrawable_list(.0))]
    Undrawable(
        /// Fields and their characters, as [`check_drawable`] gives them.
        Vec<(String, Vec<char>)>,
    ),
    /// The credential commits to another name, or the secret is another one's.
    #[error("the credential does not commit to this name with this secret")]
    Name,
    /// The verification link has no QR code.
    #[error(transparent)]
    Qr(#[from] QrError),
    /// The PDF library refused: the document would not keep to PDF/A-3a or PDF/UA-1.
    #[error("the PDF would break its standards: {0}")]
    Pdf(String),
}

/// Points left and right of the text.
const SIDE_MARGIN: f32 = 60.0;
/// Points above the text of page 1, and of the others.
const TOP_MARGINS: [f32; 2] = [50.0, 54.0];
/// Points from the top of the page to the end of its text.
const TEXT_BOTTOM: f32 = A4.1 - 58.0;
/// Points from the top of the page to the baseline of its footer.
const FOOTER_BASELINE: f32 = A4.1 - 33.0;
/// Points between the verification panel and the text above it, at least.
const PANEL_GAP: f32 = 16.0;
/// Points inside the panel around its content.
const PANEL_PADDING: f32 = 12.0;
/// Shares of the template's white space to try, until the document is one page; one that stays longer gets all of it.
const DENSITIES: [f32; 4] = [1.0, 0.88, 0.75, 0.62];
/// A panel that would leave less than this to the text of page 1 goes to the end of the document instead.
const LEAST_TEXT: f32 = 420.0;

/// Draws an attestation: PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) bytes, the same for the same input.
pub fn render(input: &AttestationInput<'_>) -> Result<Vec<u8>, AttestationError> {
    let problems = check_drawable(input.content, input.recipient);
    if !problems.is_empty() {
        return Err(AttestationError::Undrawable(problems));
    }
    if input.content.names(input.recipient, input.name_secret) == Some(false) {
        return Err(AttestationError::Name);
    }
    let qr_code = template::qr_code(input, QrMatrix::encode(input.verification_url)?);
    let compose_with = |density| {
        let mut structure = Structure::new();
        let pages = with_typesetter(|typesetter| {
            compose(input, &qr_code, &mut Layout::new(typesetter, &mut structure, density))
        });
        (pages, structure)
    };
    let (mut pages, mut structure) = compose_with(DENSITIES[0]);
    // White space alone never makes one page of three.
    if pages.len() == 2
        && let Some(tighter) = DENSITIES[1..].iter().map(|density| compose_with(*density)).find(|(p, _)| p.len() == 1)
    {
        (pages, structure) = tighter;
    }
    draw::draw(pages, structure, &Palette::new(input.accent), describe(input))
}

/// The texts of an attestation that hold characters no embedded font can draw: field (as named in [`CredentialView`]; the
/// learner's name is `recipient`) and characters. Empty means that [`render`] will not fail for it.
pub fn check_drawable(content: &CredentialView, recipient: &PersonName) -> Vec<(String, Vec<char>)> {
    let mut problems = Vec::new();
    let mut check = |field: &dyn Fn() -> String, text: &str| {
        let found = undrawable(text);
        if !found.is_empty() {
            problems.push((field(), found));
        }
    };
    check(&|| "recipient".to_owned(), recipient.as_str());
    check(&|| "id".to_owned(), &content.id);
    check(&|| "title".to_owned(), &content.title);
    check(&|| "issuer.name".to_owned(), &content.issuer.name);
    check(&|| "issuer.parent".to_owned(), content.issuer.parent.as_deref().unwrap_or(""));
    for (index, objective) in content.objectives.iter().enumerate() {
        check(&|| format!("objectives[{index}]"), objective);
    }
    for (index, competency) in content.competencies.iter().enumerate() {
        check(&|| format!("competencies[{index}].name"), &competency.name);
        check(&|| format!("competencies[{index}].framework"), competency.framework.as_deref().unwrap_or(""));
        check(&|| format!("competencies[{index}].code"), competency.code.as_deref().unwrap_or(""));
    }
    check(&|| "criteria".to_owned(), &content.criteria);
    check(&|| "criteria_url".to_owned(), content.criteria_url.as_deref().unwrap_or(""));
    problems
}

/// Lays the document out: the verification panel at the foot of page 1, or at the end where it would leave too little there.
fn compose(input: &AttestationInput<'_>, qr_code: &Block, layout: &mut Layout<'_>) -> Vec<Page> {
    let column = Column { x: SIDE_MARGIN, width: A4.0 - 2.0 * SIDE_MARGIN };
    let mut strips = layout.strips(&template::body(input), column);
    let (mut panel, panel_height) = verification_panel(input, qr_code, layout, column);
    let bottom = TEXT_BOTTOM - panel_height - PANEL_GAP;
    let others = Frame { top: TOP_MARGINS[1], bottom: TEXT_BOTTOM };
    let at_foot = bottom - TOP_MARGINS[0] >= LEAST_TEXT;
    if !at_foot {
        strips.append(&mut panel);
    }
    let first = Frame { top: TOP_MARGINS[0], bottom: if at_foot { bottom } else { TEXT_BOTTOM } };
    let mut pages: Vec<Page> =
        paginate(strips, first, others).into_iter().map(|strips| Page { strips, ..Page::default() }).collect();
    if let Some(page) = pages.first_mut() {
        let mut y = TEXT_BOTTOM - panel_height;
        for (index, strip) in panel.into_iter().enumerate() {
            y += if index == 0 { 0.0 } else { strip.gap };
            let height = strip.height;
            page.strips.push((y, strip));
            y += height;
        }
    }
    let total = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        let thickness = if index == 0 { 9.0 } else { 4.0 };
        page.ground.push(Mark::Box { x: 0.0, y: 0.0, width: A4.0, height: thickness, ink: Ink::Accent });
        page.footer = footer(input, index + 1, total, layout);
    }
    pages
}

/// The QR code and, to its right, how to verify; with its height.
fn verification_panel(
    input: &AttestationInput<'_>,
    qr_code: &Block,
    layout: &mut Layout<'_>,
    column: Column,
) -> (Vec<Strip>, f32) {
    let inner = Column { x: column.x + PANEL_PADDING, width: column.width - 2.0 * PANEL_PADDING };
    let aside = template::QR_SIDE + 16.0;
    let beside = Column { x: inner.x + aside, width: inner.width - aside };
    // Laid out in reading order: the heading, the code, what to do with it.
    let mut texts = layout.strips(&[template::verification_heading(input)], beside);
    let figure = layout.strips(std::slice::from_ref(qr_code), inner);
    texts.extend(layout.strips(&template::verification(input), beside));
    let text_height = paginate::height(&texts);
    let height = text_height.max(template::QR_SIDE) + 2.0 * PANEL_PADDING;
    let ground = Mark::Box { x: column.x, y: 0.0, width: column.width, height, ink: Ink::Tint };
    let edge = Mark::Box { x: column.x, y: 0.0, width: 3.0, height, ink: Ink::Accent };
    // A strip of no height carries what stands behind the texts; the texts follow in the middle of the panel.
    let drop = PANEL_PADDING + (height - 2.0 * PANEL_PADDING - text_height) / 2.0;
    let mut marks = vec![ground, edge];
    marks.extend(figure.into_iter().flat_map(|strip| strip.marks).map(|mark| lowered(mark, PANEL_PADDING)));
    if let Some(first) = texts.first_mut() {
        first.gap = drop;
    }
    texts.iter_mut().for_each(|strip| strip.bond = Bond::WithNext);
    texts.insert(0, Strip { gap: PANEL_GAP, height: 0.0, bond: Bond::WithNext, marks });
    if let Some(last) = texts.last_mut() {
        last.bond = Bond::Free;
    }
    (texts, height)
}

fn lowered(mark: Mark, by: f32) -> Mark {
    match mark {
        Mark::QrCode { x, y, side, matrix, element } => Mark::QrCode { x, y: y + by, side, matrix, element },
        other => other,
    }
}

/// Which document this is, and which page of it.
fn footer(
    input: &AttestationInput<'_>,
    number: usize,
    total: usize,
    layout: &mut Layout<'_>,
) -> Vec<(f32, f32, Ink, Paragraph)> {
    let words = labels::labels(input.content.language);
    let left = layout.artifact_line(&template::footer(input.content), template::FOOTER);
    let right = layout.artifact_line(&format!("{} {number}/{total}", words.page), template::FOOTER);
    let right_x = A4.0 - SIDE_MARGIN - right.lines.first().map_or(0.0, |line| line.width);
    vec![(SIDE_MARGIN, FOOTER_BASELINE, Ink::Muted, left), (right_x, FOOTER_BASELINE, Ink::Muted, right)]
}

fn describe(input: &AttestationInput<'_>) -> Description {
    let content = input.content;
    let lang = content.language;
    Description {
        title: format!("{}{} {}", mentions::kind(content.kind, lang), lang.colon(), template::clean(&content.title)),
        author: template::clean(&content.issuer.name),
        language: lang.tag(),
        document_id: format!("{} template {TEMPLATE_VERSION}", content.id),
        made: date_time(content.valid_from),
        attachment: (
            "credential.json",
            labels::labels(lang).attachment.to_owned(),
            input.credential_json.as_bytes().to_vec(),
        ),
    }
}

/// A moment in UTC, to the second.
fn date_time(moment: Timestamp) -> DateTime {
    let utc = jiff::Timestamp::from_microsecond(moment.as_micros())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_zoned(jiff::tz::TimeZone::UTC);
    DateTime::new(utc.year().unsigned_abs())
        .month(utc.month().unsigned_abs())
        .day(utc.day().unsigned_abs())
        .hour(utc.hour().unsigned_abs())
        .minute(utc.minute().unsigned_abs())
        .second(utc.second().unsigned_abs())
        .utc_offset_hour(0)
        .utc_offset_minute(0)
}

fn undrawable_list(problems: &[(String, Vec<char>)]) -> String {
    let field = |(field, characters): &(String, Vec<char>)| {
        let codes: Vec<String> = characters.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect();
        format!("{} in {field}", codes.join(" "))
    };
    problems.iter().map(field).collect::<Vec<_>>().join("; ")
}
