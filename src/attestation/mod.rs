//! The attestation: a credential's signed content as a PDF that people print, archive and hear read aloud.
//!
//! PDF/A-3a and PDF/UA-1, always; the signed credential is attached. A pure function of its input: no clock, no system font,
//! so the same award gives the same bytes for ever (under one template, one krilla and one parley).
//!
//! The way of a document: a `template` (Markdown, placeholders, a style sheet) says what it holds as `document` blocks, `layout` sets
//! them (with `typeset`) as strips and names their `tags`, `paginate` puts strips on pages, `draw` writes the PDF. krilla instead of
//! printpdf: docs/adr/0002-krilla-replaces-printpdf.md; templates: docs/adr/0020-templates-as-documents.md. Not here: signing, storing,
//! sealing.

mod colour;
mod document;
mod draw;
pub mod inspect;
mod layout;
mod paginate;
mod picture;
mod repertoire;
mod tags;
mod template;
#[cfg(test)]
mod agreement;
#[cfg(test)]
mod gallery;
#[cfg(test)]
mod tests;
mod typeset;

use std::rc::Rc;

use krilla::embed::AssociationKind;
use krilla::metadata::DateTime;

use self::colour::{Ink, Palette};
use self::document::Block;
use self::draw::{A4, Attachment, Description, Page};
use self::layout::{Column, Layout, Mark};
use self::paginate::{Frame, paginate};
use self::tags::Structure;
use self::template::read::{Reading, clean};
use self::typeset::{Paragraph, with_typesetter};
use crate::credential::CredentialView;
use crate::mentions;
use crate::qr::{QrError, QrMatrix};
use crate::text::PersonName;
use crate::time::{Timestamp, Zone};

pub use self::colour::parse as parse_colour;
pub use self::inspect::{CREDENTIAL_FILE, TOKEN_FILE};
pub use self::repertoire::undrawable;
pub use self::template::{SampleOf, Template, TemplateError, TemplateFiles, Templates, preview};

/// What an attestation is made of.
#[derive(Debug, Clone, Copy)]
pub struct AttestationInput<'a> {
    /// What the credential signs; the attestation says nothing else but the name. Its language is the document's.
    pub content: &'a CredentialView,
    /// The exact signed bytes, attached as `credential.json`.
    pub credential_json: &'a str,
    /// The same credential as a token, where one was made; attached as `credential.jwt`.
    pub credential_jwt: Option<&'a str>,
    /// The learner.
    pub recipient: &'a PersonName,
    /// What opens the credential's commitment to the name; printed where there is such a commitment.
    pub name_secret: &'a [u8; 16],
    /// What the QR code and the printed link open.
    pub verification_url: &'a str,
    /// Where days begin.
    pub zone: &'a Zone,
    /// The issuer's colour; darkened where text in it would not be legible. A style sheet may name another.
    pub accent: [u8; 3],
    /// What it says in which order, and how it looks.
    pub template: &'a Template,
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
    /// The template does not work on this award.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A text would stand outside the margins: lists, panels or tables are nested too deep for their width.
    #[error("a text would stand outside the margins: {0}…")]
    Outside(
        /// How it begins.
        String,
    ),
    /// The PDF library refused: the document would not keep to PDF/A-3a or PDF/UA-1.
    #[error("the PDF would break its standards: {0}")]
    Pdf(String),
}

/// Points above the text of every page but the first.
const TOP_MARGIN: f32 = 54.0;
/// Points from the end of the text to the baseline of the footer.
const FOOTER_DROP: f32 = 20.0;
/// Points by which a line may exceed its column: a space that hangs, an italic overhang.
const TOLERANCE: f32 = 2.0;
/// Points between the verification panel and the text above it, at least.
const PANEL_GAP: f32 = 16.0;
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
    let (template, qr_code) = (input.template, QrMatrix::encode(input.verification_url)?);
    let reading = template.read(input, qr_code)?;
    let mut structure = Structure::new();
    let pages = with_typesetter(template.fonts(), |typesetter| {
        compose(input, &reading, &mut Layout::new(typesetter, &mut structure, template.sheet()))
    });
    stay_inside(&pages, template)?;
    let palette = Palette::new(template.sheet().accent.unwrap_or(input.accent), template.sheet().inks);
    draw::draw(pages, structure, &palette, describe(input))
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

/// Lays the document out. A panel that ends it stands at the foot of page 1, or at the end where it would leave too little there.
fn compose(input: &AttestationInput<'_>, reading: &Reading, layout: &mut Layout<'_>) -> Vec<Page> {
    let sheet = input.template.sheet();
    let column = Column { x: sheet.margin_side, width: A4.0 - 2.0 * sheet.margin_side };
    let text_bottom = A4.1 - sheet.margin_bottom;
    let (body, panel) = match reading.blocks.split_last() {
        Some((panel @ Block::Beside { panel: true, .. }, body)) => (body, std::slice::from_ref(panel)),
        _ => (&reading.blocks[..], &[][..]),
    };
    let mut strips = layout.strips(body, column);
    let mut panel = layout.strips(panel, column);
    let bottom = text_bottom - paginate::height(&panel, 1.0) - PANEL_GAP;
    let at_foot = panel.len() == 1 && bottom - sheet.margin_top >= LEAST_TEXT;
    if !at_foot {
        panel.iter_mut().take(1).for_each(|strip| strip.gap = PANEL_GAP);
        strips.append(&mut panel);
    }
    let first = Frame { top: sheet.margin_top, bottom: if at_foot { bottom } else { text_bottom } };
    let others = Frame { top: TOP_MARGIN, bottom: text_bottom };
    let mut pages: Vec<Page> =
        paginate(strips, first, others).into_iter().map(|strips| Page { strips, ..Page::default() }).collect();
    if let (Some(page), Some(strip)) = (pages.first_mut(), panel.pop()) {
        page.strips.push((text_bottom - strip.height, strip));
    }
    let total = pages.len();
    for (index, page) in pages.iter_mut().enumerate() {
        let height = if index == 0 { sheet.band } else { sheet.band.min(4.0) };
        if height > 0.0 {
            page.ground.push(Mark::Box { x: 0.0, y: 0.0, width: A4.0, height, ink: Ink::Accent });
        }
        page.footer = footer(input, reading, (index + 1, total), layout);
    }
    pages
}

/// Refuses what no reader could see: a line of text outside the margins. Layout leaves none; a template must not find a way.
fn stay_inside(pages: &[Page], template: &Template) -> Result<(), AttestationError> {
    let sheet = template.sheet();
    let (left, right) = (sheet.margin_side - TOLERANCE, A4.0 - sheet.margin_side + TOLERANCE);
    let bottom = A4.1 - sheet.margin_bottom + TOLERANCE;
    for (top, mark) in pages
        .iter()
        .flat_map(|page| &page.strips)
        .flat_map(|(top, strip)| strip.marks.iter().map(move |mark| (top, mark)))
    {
        let Mark::Line { x, y, text, index, .. } = mark else { continue };
        let Some(line) = text.paragraph.lines.get(*index) else { continue };
        if *x < left || x + line.width > right || top + y + line.height > bottom {
            return Err(AttestationError::Outside(text.paragraph.text.chars().take(40).collect()));
        }
    }
    Ok(())
}

/// Which document this is, and which page of it.
fn footer(
    input: &AttestationInput<'_>,
    reading: &Reading,
    (number, total): (usize, usize),
    layout: &mut Layout<'_>,
) -> Vec<(f32, f32, Ink, Rc<Paragraph>)> {
    let sheet = input.template.sheet();
    let look = sheet.needed("footer").look;
    let baseline = A4.1 - sheet.margin_bottom + FOOTER_DROP;
    // The word is the same in both languages.
    let right = layout.artifact_line(&format!("Page {number}/{total}"), look);
    let right_x = A4.0 - sheet.margin_side - right.lines.first().map_or(0.0, |line| line.width);
    let mut footer = vec![(right_x, baseline, look.ink, right)];
    if !reading.footer.is_empty() {
        let left = layout.artifact_line(&reading.footer, look);
        footer.insert(0, (sheet.margin_side, baseline, look.ink, left));
    }
    footer
}

fn describe(input: &AttestationInput<'_>) -> Description {
    let content = input.content;
    let lang = content.language;
    let mut attachments = vec![Attachment {
        name: CREDENTIAL_FILE,
        media_type: "application/vc+ld+json",
        description: lang.pick("Badge signé (Open Badges 3.0)", "Signed badge (Open Badges 3.0)"),
        // The pages are a presentation of this file.
        relationship: AssociationKind::Source,
        content: input.credential_json.as_bytes().to_vec(),
    }];
    attachments.extend(input.credential_jwt.map(|token| Attachment {
        name: TOKEN_FILE,
        media_type: "application/vc+jwt",
        description: lang.pick("Le même badge, sous forme de jeton (VC-JWT)", "The same badge as a token (VC-JWT)"),
        relationship: AssociationKind::Alternative,
        content: token.as_bytes().to_vec(),
    }));
    Description {
        title: format!("{}{} {}", mentions::kind(content.kind, lang), lang.colon(), clean(&content.title)),
        author: clean(&content.issuer.name),
        language: lang.tag(),
        // Whatever changes the bytes is named: the credential, its template, and krilla as the file's creator.
        document_id: format!("{} template {}", content.id, input.template.hash()),
        made: date_time(content.valid_from),
        attachments,
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
    let field = |(field, characters): &(String, Vec<char>)| format!("{} in {field}", codes(characters));
    problems.iter().map(field).collect::<Vec<_>>().join("; ")
}

/// Characters by their code points.
fn codes(characters: &[char]) -> String {
    characters.iter().map(|c| format!("U+{:04X}", u32::from(*c))).collect::<Vec<_>>().join(" ")
}
