//! Pages to a PDF: paints placed strips with krilla, hands marked content to the structure, adds links, outline, metadata and
//! the attached credential, under PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1). krilla refuses to write anything else.

use std::rc::Rc;

use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect, Size, Transform};
use krilla::image::Image;
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{Artifact, ArtifactType, ContentTag, SpanTag};
use krilla::{Document, SerializeSettings};

use super::AttestationError;
use super::colour::{Ink, Palette};
use super::document::Drawing;
use super::layout::{Mark, SetText};
use super::paginate::Placed;
use super::picture::Picture;
use super::tags::{ElementId, Role, Structure};
use super::typeset::Paragraph;
use crate::qr::{QUIET_ZONE_MODULES, QrMatrix};

/// A page of ISO 216 A4, portrait, in points.
pub(super) const A4: (f32, f32) = (595.28, 841.89);

/// What stands on a page.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Behind everything: rectangles that mean nothing.
    pub(super) ground: Vec<Mark>,
    /// The content, in the order in which it is painted.
    pub(super) strips: Vec<Placed>,
    /// At the foot, no part of the structure: left edge and baseline of each line, and its ink.
    pub(super) footer: Vec<(f32, f32, Ink, Rc<Paragraph>)>,
}

/// What is said of the document rather than in it.
#[derive(Debug)]
pub(super) struct Description {
    /// Its title.
    pub(super) title: String,
    /// Who answers for it.
    pub(super) author: String,
    /// BCP 47 tag of its language.
    pub(super) language: &'static str,
    /// What tells it from every other document.
    pub(super) document_id: String,
    /// When its content was made, never when the file was.
    pub(super) made: DateTime,
    /// The files it carries.
    pub(super) attachments: Vec<Attachment>,
}

/// A file that a document carries (ISO 19005-3 § 6.8).
#[derive(Debug)]
pub(super) struct Attachment {
    /// Its name.
    pub(super) name: &'static str,
    /// Its media type.
    pub(super) media_type: &'static str,
    /// What it is.
    pub(super) description: &'static str,
    /// What it is to the pages.
    pub(super) relationship: AssociationKind,
    /// Its bytes.
    pub(super) content: Vec<u8>,
}

/// Writes the PDF.
pub(super) fn draw(
    pages: Vec<Page>,
    mut structure: Structure,
    palette: &Palette,
    description: Description,
) -> Result<Vec<u8>, AttestationError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A3_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .map_err(|error| AttestationError::Pdf(format!("{error:?}")))?;
    let mut document = Document::new_with(SerializeSettings { configuration, ..SerializeSettings::default() });
    let mut headings = Vec::new();
    for (index, page) in pages.into_iter().enumerate() {
        draw_page(&mut document, page, index, &mut structure, palette, &mut headings)?;
    }
    document.set_outline(outline(headings));
    document.set_tag_tree(structure.into_tree(description.language));
    for file in description.attachments {
        attach(&mut document, file, description.made)?;
    }
    document.set_metadata(
        Metadata::new()
            .title(description.title)
            .authors(vec![description.author])
            .language(description.language.to_owned())
            .creator(concat!("Sceau ", env!("CARGO_PKG_VERSION")).to_owned())
            .document_id(description.document_id)
            .creation_date(description.made)
            .text_direction(TextDirection::LeftToRight),
    );
    let bytes = document.finish().map_err(|error| AttestationError::Pdf(format!("{error:?}")))?;
    Ok(with_plain_stream_ends(bytes))
}

/// Makes the end of every stream plain. Between its data and `endstream` stands an end of line that is no part of it (ISO 32000-1
/// § 7.3.8.1). Data that happens to end with a carriage return and then krilla's line feed look like one end of line, so that strict
/// readers count a byte less than `Length` says. A carriage return alone is an end of line, too, and can't be misread; it takes the
/// same room.
fn with_plain_stream_ends(mut bytes: Vec<u8>) -> Vec<u8> {
    const MISREAD: &[u8] = b"\r\nendstream\nendobj";
    let places: Vec<usize> =
        bytes.windows(MISREAD.len()).enumerate().filter(|(_, at)| *at == MISREAD).map(|(place, _)| place).collect();
    for place in places {
        bytes[place + 1] = b'\r';
    }
    bytes
}

/// A heading that was drawn: its element, level, text, and where.
type Mention = (ElementId, u8, String, XyzDestination);

fn draw_page(
    document: &mut Document,
    page: Page,
    index: usize,
    structure: &mut Structure,
    palette: &Palette,
    headings: &mut Vec<Mention>,
) -> Result<(), AttestationError> {
    let settings = PageSettings::from_wh(A4.0, A4.1).ok_or_else(|| AttestationError::Pdf("page size".to_owned()))?;
    let mut sheet = document.start_page_with(settings);
    let mut painter = Painter { surface: sheet.surface(), palette, structure, links: Vec::new() };
    for mark in &page.ground {
        painter.mark(mark, 0.0);
    }
    for (top, strip) in &page.strips {
        for mark in &strip.marks {
            painter.mark(mark, *top);
            if let Mark::Line { text, index: 0, artifact: false, .. } = mark
                && let Some((element, _)) = text.sources.first()
                && let Role::Heading(level, title) = painter.structure.role(*element)
            {
                let place = XyzDestination::new(index, Point::from_xy(0.0, (top - 12.0).max(0.0)));
                headings.push((*element, *level, title.clone(), place));
            }
        }
    }
    for (x, baseline, ink, paragraph) in &page.footer {
        painter.footer(*x, *baseline, *ink, paragraph);
    }
    for (element, area) in painter.finish() {
        let Role::Link(link) = structure.role(element).clone() else { continue };
        let target = Target::Action(LinkAction::new(link.url).into());
        let annotation = Annotation::new_link(LinkAnnotation::new(area, target), Some(link.alt));
        let identifier = sheet.add_tagged_annotation(annotation);
        structure.push(element, identifier);
    }
    sheet.finish();
    Ok(())
}

/// Paints one page.
struct Painter<'s, 'a> {
    surface: Surface<'s>,
    palette: &'a Palette,
    structure: &'a mut Structure,
    /// The links on the page and where they are.
    links: Vec<(ElementId, Rect)>,
}

impl Painter<'_, '_> {
    /// Ends the page's painting; gives its links.
    fn finish(self) -> Vec<(ElementId, Rect)> {
        self.surface.finish();
        self.links
    }

    fn mark(&mut self, mark: &Mark, top: f32) {
        match mark {
            Mark::Line { x, y, text, index, artifact: false } => self.line(text, *index, *x, top + y),
            Mark::Line { x, y, text, index, artifact: true } => self.repeated(text, *index, *x, top + y),
            Mark::Box { x, y, width, height, ink } => {
                self.artifact(ArtifactType::Layout);
                self.rectangles(*ink, Rect::from_xywh(*x, top + y, *width, *height));
                self.surface.end_tagged();
            }
            Mark::Figure { x, y, width, height, drawing, element } => {
                let content = self.surface.start_tagged(ContentTag::Other);
                self.structure.push(*element, content);
                match drawing {
                    Drawing::QrCode(matrix) => {
                        self.rectangles(Ink::Paper, Rect::from_xywh(*x, top + y, *width, *height));
                        self.qr_code(matrix, *x, top + y, *width);
                    }
                    Drawing::Picture(picture) => self.picture(picture, (*x, top + y), (*width, *height)),
                }
                self.surface.end_tagged();
            }
        }
    }

    fn line(&mut self, set: &SetText, index: usize, x: f32, top: f32) {
        let Some(line) = set.paragraph.lines.get(index) else { return };
        for runs in line.runs.chunk_by(|a, b| a.source == b.source) {
            let Some((element, ink)) = set.sources.get(runs[0].source).copied() else { continue };
            let content = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
            self.structure.push(element, content);
            self.fill(ink);
            for run in runs {
                let start = Point::from_xy(x + run.x, top + line.baseline);
                self.surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &set.paragraph.text, run.size, false);
            }
            self.surface.end_tagged();
            if let Role::Link(_) = self.structure.role(element) {
                let left = x + runs[0].x;
                let right = runs.last().map_or(left, |run| (run.x + run.width).min(line.width) + x);
                self.links.extend(Rect::from_ltrb(left, top, right, top + line.height).map(|area| (element, area)));
            }
        }
    }

    /// A line that was read before: headers of a table that goes on.
    fn repeated(&mut self, set: &SetText, index: usize, x: f32, top: f32) {
        let Some(line) = set.paragraph.lines.get(index) else { return };
        self.artifact(ArtifactType::Layout);
        for run in &line.runs {
            self.fill(set.sources.get(run.source).map_or(Ink::Text, |(_, ink)| *ink));
            let start = Point::from_xy(x + run.x, top + line.baseline);
            self.surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &set.paragraph.text, run.size, false);
        }
        self.surface.end_tagged();
    }

    fn picture(&mut self, picture: &Picture, (x, y): (f32, f32), (width, height): (f32, f32)) {
        let image = Image::from_rgba8(picture.rgba.clone(), picture.width, picture.height);
        if let Some(size) = Size::from_wh(width, height) {
            self.surface.push_transform(&Transform::from_translate(x, y));
            self.surface.draw_image(image, size);
            self.surface.pop();
        }
    }

    fn footer(&mut self, x: f32, baseline: f32, ink: Ink, paragraph: &Paragraph) {
        self.artifact(ArtifactType::Footer);
        self.fill(ink);
        for run in paragraph.lines.iter().take(1).flat_map(|line| &line.runs) {
            let start = Point::from_xy(x + run.x, baseline);
            self.surface.draw_glyphs(start, &run.glyphs, run.font.clone(), &paragraph.text, run.size, false);
        }
        self.surface.end_tagged();
    }

    fn qr_code(&mut self, matrix: &QrMatrix, x: f32, y: f32, side: f32) {
        let module = side / (matrix.size() + 2 * QUIET_ZONE_MODULES) as f32;
        let at = |modules: usize| (modules + QUIET_ZONE_MODULES) as f32 * module;
        let dark = matrix.rectangles().filter_map(|rect| {
            Rect::from_xywh(x + at(rect.x), y + at(rect.y), rect.width as f32 * module, rect.height as f32 * module)
        });
        self.rectangles(Ink::Text, dark);
    }

    fn rectangles(&mut self, ink: Ink, areas: impl IntoIterator<Item = Rect>) {
        let mut path = PathBuilder::new();
        areas.into_iter().for_each(|area| path.push_rect(area));
        if let Some(path) = path.finish() {
            self.fill(ink);
            self.surface.draw_path(&path);
        }
    }

    fn artifact(&mut self, kind: ArtifactType) {
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(kind)));
    }

    fn fill(&mut self, ink: Ink) {
        let [red, green, blue] = self.palette.colour(ink);
        let paint = rgb::Color::new(red, green, blue).into();
        self.surface.set_fill(Some(Fill { paint, opacity: NormalizedF32::ONE, rule: FillRule::default() }));
    }
}

/// Headings in reading order, the deeper ones under the one of level 1 before them.
fn outline(mut headings: Vec<Mention>) -> Outline {
    headings.sort_by_key(|(element, ..)| *element);
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for (_, level, text, place) in headings {
        let node = OutlineNode::new(text, place);
        match &mut open {
            Some(parent) if level > 1 => parent.push_child(node),
            _ => {
                open.replace(node.with_open(true)).into_iter().for_each(|done| outline.push_child(done));
            }
        }
    }
    open.into_iter().for_each(|done| outline.push_child(done));
    outline
}

fn attach(document: &mut Document, file: Attachment, made: DateTime) -> Result<(), AttestationError> {
    let file = EmbeddedFile {
        path: file.name.to_owned(),
        mime_type: MimeType::new(file.media_type),
        description: Some(file.description.to_owned()),
        association_kind: file.relationship,
        data: file.content.into(),
        modification_date: Some(made),
        compress: Some(true),
        location: None,
    };
    document.embed_file(file).ok_or_else(|| AttestationError::Pdf("an attachment was refused".to_owned()))
}
