//! What is painted on a page, read out of its content stream (ISO 32000-1 § 7.8.2) by the grammar that krilla writes for us: marked
//! content one level deep, texts in fonts with two-byte codes, filled rectangles. Everything else is foreign; what is foreign and
//! shows text besides makes the page unreadable, since a text that was not read may say anything.

use std::collections::HashMap;
use std::rc::Rc;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Foreign;
use super::font::Font;
use crate::attestation::colour::{Rgb, contrast};

/// The largest content of a page, in bytes: the densest of ours has a tenth.
const MAX_CONTENT_BYTES: usize = 512 * 1024;
/// The least contrast of a text with what is behind it; ours have 4.5 at least.
const LEAST_CONTRAST: f32 = 3.0;
/// The smallest text, in points; ours is half as large again.
const SMALLEST: f32 = 5.0;
/// The most texts of a page, each compared with all others: the densest of ours has some two hundred.
const MAX_TEXTS: usize = 2_000;
/// The most rectangles of a page, each compared with all texts: a QR code has some thousand.
const MAX_FILLS: usize = 8_000;
/// The most fonts of a page.
const MAX_FONTS: usize = 32;
/// How far two things may overlap, in points, before one is over the other: more than rounding, less than a letter.
const TOUCH: f32 = 1.5;

/// A text as it was painted.
#[derive(Debug)]
pub(super) struct Piece {
    /// The number by which the structure names it (ISO 32000-1 § 14.7.4.2); none of an artifact.
    pub(super) mcid: Option<i64>,
    /// What it says.
    pub(super) text: String,
    /// Points from the top of the page to its baseline.
    pub(super) baseline: f32,
}

/// A page as it was painted.
#[derive(Debug, Default)]
pub(super) struct Painted {
    /// Its texts, in the order in which they were painted.
    pub(super) pieces: Vec<Piece>,
    /// The colours of its fills.
    pub(super) colours: Vec<Rgb>,
    /// What is not ours.
    pub(super) foreign: Vec<Foreign>,
    /// Whether all of its text was read.
    pub(super) readable: bool,
}

#[derive(Debug, Clone, Copy)]
struct Area {
    left: f32,
    top: f32,
    right: f32,
    bottom: f32,
}

impl Area {
    fn overlaps(&self, other: &Self) -> bool {
        let across = self.right.min(other.right) - self.left.max(other.left);
        let down = self.bottom.min(other.bottom) - self.top.max(other.top);
        across > TOUCH && down > TOUCH
    }

    fn holds(&self, x: f32, y: f32) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }
}

/// Marked content that is open (ISO 32000-1 § 14.6).
#[derive(Debug)]
struct Mark {
    mcid: Option<i64>,
    /// The text that stands for its glyphs (ISO 32000-1 § 14.9.4), and what they say themselves.
    actual: Option<(String, String)>,
}

#[derive(Debug, Clone, Default)]
struct State {
    colour: Rgb,
    font: Option<(Vec<u8>, f32)>,
}

struct Reader {
    fonts: HashMap<Vec<u8>, Option<Rc<Font>>>,
    size: (f32, f32),
    state: State,
    saved: Vec<State>,
    marks: Vec<Mark>,
    at: Option<(f32, f32)>,
    path: Vec<Area>,
    corners: Vec<(f32, f32)>,
    /// Where texts are, and the content that they are of.
    texts: Vec<(Area, Option<i64>)>,
    fills: Vec<(Area, Rgb)>,
    /// How many texts there were, blank ones too.
    shown: usize,
    painted: Painted,
}

/// Reads a page.
pub(super) fn read(page: &Dictionary, document: &Document, known: &mut Fonts) -> Painted {
    let unreadable = |why: &str| Painted { foreign: vec![Foreign(why.to_owned())], ..Painted::default() };
    let stream = page.get_deref(b"Contents", document).and_then(Object::as_stream);
    let Ok(bytes) = stream.and_then(|stream| stream.get_plain_content_with_limit(MAX_CONTENT_BYTES)) else {
        return unreadable("a page whose content is not one stream, or too long");
    };
    let Ok(content) = Content::decode_strict(&bytes) else { return unreadable("a page whose content cannot be read") };
    let mut reader = Reader {
        fonts: fonts_of(page, document, known),
        size: size_of(page, document),
        state: State::default(),
        saved: Vec::new(),
        marks: Vec::new(),
        at: None,
        path: Vec::new(),
        corners: Vec::new(),
        texts: Vec::new(),
        fills: Vec::new(),
        shown: 0,
        painted: Painted { readable: true, ..Painted::default() },
    };
    content.operations.iter().for_each(|operation| reader.operation(operation));
    if !reader.marks.is_empty() || !reader.saved.is_empty() {
        reader.note("marked content without an end");
    }
    reader.painted
}

/// The fonts of a document, each read once.
pub(super) type Fonts = HashMap<ObjectId, Option<Rc<Font>>>;

/// A font beyond the most of a document is as good as unreadable.
fn fonts_of(page: &Dictionary, document: &Document, known: &mut Fonts) -> HashMap<Vec<u8>, Option<Rc<Font>>> {
    let fonts = page.get_deref(b"Resources", document).and_then(Object::as_dict);
    let fonts = fonts.and_then(|resources| resources.get_deref(b"Font", document)).and_then(Object::as_dict);
    let mut read = |font: &Object| {
        // Ours are objects of their own.
        let (id, font) = document.dereference(font).ok()?;
        let id = id?;
        if let Some(known) = known.get(&id) {
            return known.clone();
        }
        if known.len() >= MAX_FONTS {
            return None;
        }
        let font = font.as_dict().ok().and_then(|font| Font::read(font, document)).map(Rc::new);
        known.insert(id, font.clone());
        font
    };
    fonts
        .map(|fonts| fonts.iter().take(MAX_FONTS).map(|(name, font)| (name.clone(), read(font))).collect())
        .unwrap_or_default()
}

fn size_of(page: &Dictionary, document: &Document) -> (f32, f32) {
    let sides = page.get_deref(b"MediaBox", document).and_then(Object::as_array);
    let sides: Vec<f32> = sides.into_iter().flatten().filter_map(|side| side.as_float().ok()).collect();
    match sides[..] {
        [0.0, 0.0, width, height] => (width, height),
        _ => (0.0, 0.0),
    }
}

impl Reader {
    fn note(&mut self, what: impl Into<String>) {
        if self.painted.foreign.len() < 16 {
            self.painted.foreign.push(Foreign(what.into()));
        }
    }

    fn operation(&mut self, operation: &Operation) {
        let operands = operation.operands.as_slice();
        let numbers: Vec<f32> = operands.iter().filter_map(|operand| operand.as_float().ok()).collect();
        match (operation.operator.as_str(), numbers.as_slice(), operands) {
            ("q", [], []) => self.saved.push(self.state.clone()),
            ("Q", [], []) => match self.saved.pop() {
                Some(state) => self.state = state,
                None => self.note("a state that was never saved"),
            },
            // Our coordinates start at the top of the page.
            ("cm", [1.0, 0.0, 0.0, -1.0, 0.0, height], _) if *height == self.size.1 => {}
            ("cs", [], [Object::Name(_)]) | ("Tr", [0.0], [_]) => {}
            ("scn", [red, green, blue], [_, _, _]) => {
                self.state.colour = [red, green, blue].map(|channel| (channel * 255.0).round() as u8);
                if !self.painted.colours.contains(&self.state.colour) && self.painted.colours.len() < 32 {
                    self.painted.colours.push(self.state.colour);
                }
            }
            ("BT", [], []) => self.at = Some((0.0, 0.0)),
            ("ET", [], []) => self.at = None,
            ("Tf", [size], [Object::Name(name), _]) => self.state.font = Some((name.clone(), *size)),
            ("Tm", [1.0, 0.0, 0.0, -1.0, x, y], _) => self.at = Some((*x, *y)),
            ("Tj", [], [Object::String(..)]) => self.show(operands),
            ("TJ", [], [Object::Array(items)]) => self.show(items),
            ("m" | "l", [x, y], _) => {
                if operation.operator == "m" {
                    self.corners.clear();
                }
                self.corners.push((*x, *y));
            }
            ("re", [x, y, width, height], _) => {
                self.path.push(Area { left: *x, top: *y, right: x + width, bottom: y + height });
            }
            ("h", [], []) => self.close(),
            ("f", [], []) => self.fill(),
            ("BDC", [], [Object::Name(tag), Object::Dictionary(properties)]) => self.begin(tag, properties),
            ("EMC", [], []) => self.end(),
            (operator, ..) => {
                // What may show text, or stand for something that does, leaves the page unread.
                let shows = matches!(operator, "'" | "\"" | "Tj" | "TJ" | "Tf" | "Tm" | "BT");
                self.painted.readable &= !shows;
                self.note(match operator {
                    "Do" => "a picture or form on a page".to_owned(),
                    "BI" => "an inline picture on a page".to_owned(),
                    "BDC" | "BMC" => "marked content of another kind on a page".to_owned(),
                    operator => format!("the operator {operator} on a page, or its operands"),
                });
            }
        }
    }

    fn begin(&mut self, tag: &[u8], properties: &Dictionary) {
        let actual = properties.get(b"ActualText").ok();
        let mcid = properties.get(b"MCID").and_then(Object::as_i64).ok();
        let fits = match (tag, self.marks.len()) {
            (b"Artifact", 0) => mcid.is_none() && actual.is_none(),
            (b"Span", 0) => mcid.is_some() && actual.is_none(),
            // Inside a text, for glyphs that stand for other characters than elsewhere.
            (b"Span", 1) => mcid.is_none() && actual.is_some(),
            (_, 0) => mcid.is_some() && actual.is_none(),
            _ => false,
        };
        if !fits || properties.has(b"OC") {
            self.note("marked content of another kind on a page");
        }
        let actual = actual.and_then(|text| lopdf::decode_text_string(text).ok()).map(|text| (text, String::new()));
        self.marks.push(Mark { mcid, actual });
    }

    fn end(&mut self) {
        let Some(mark) = self.marks.pop() else { return self.note("the end of marked content that never began") };
        let Some((actual, glyphs)) = mark.actual else { return };
        // What is read aloud must be what the glyphs show; each glyph of a letter and its marks stands for all of it.
        let (read, mut shown) = (letters(&actual), letters(&glyphs));
        while let Some(rest) = shown.strip_prefix(&read).filter(|_| !read.is_empty()) {
            shown = rest.to_owned();
        }
        if !shown.is_empty() {
            self.note("a text that stands for other letters than it shows");
        }
        let mcid = self.marks.last().and_then(|mark| mark.mcid);
        let baseline = self.at.map_or(0.0, |(_, y)| y);
        self.painted.pieces.push(Piece { mcid, text: actual, baseline });
    }

    fn show(&mut self, items: &[Object]) {
        let (Some((x, y)), Some((name, size))) = (self.at, self.state.font.clone()) else {
            self.painted.readable = false;
            return self.note("a text without a place or a font");
        };
        self.shown += 1;
        if self.shown > MAX_TEXTS {
            self.painted.readable = false;
            return self.note("a page of too many texts");
        }
        let mut text = String::new();
        let (mut width, mut widest) = (0.0f32, 0.0f32);
        let mut least = 0.0f32;
        let font = self.fonts.get(&name).cloned().flatten();
        let font = font.as_deref();
        let mut read = font.is_some();
        for item in items {
            match (item, font) {
                (Object::String(string, _), Some(font)) => {
                    let (said, advance) = font.decode(string);
                    read &= said.is_some();
                    text.push_str(&said.unwrap_or_default());
                    width += advance;
                }
                (item, _) => width -= item.as_float().unwrap_or(0.0),
            }
            widest = widest.max(width);
            least = least.min(width);
        }
        if !read {
            self.painted.readable = false;
            self.note("a text in a font that is not ours");
        }
        let em = size / 1000.0;
        let area = Area { left: x + least * em, top: y - 0.7 * size, right: x + widest * em, bottom: y + 0.15 * size };
        self.judge_text(area, size, &text);
        self.at = Some((x + width * em, y));
        if self.marks.is_empty() {
            self.note("a text outside the structure");
        }
        match self.marks.last_mut() {
            Some(Mark { actual: Some((_, glyphs)), .. }) => glyphs.push_str(&text),
            mark => {
                let mcid = mark.and_then(|mark| mark.mcid);
                self.painted.pieces.push(Piece { mcid, text, baseline: y });
            }
        }
    }

    /// Whether a text can be seen, and covers no other.
    fn judge_text(&mut self, area: Area, size: f32, text: &str) {
        let (width, height) = self.size;
        let blank = text.chars().all(char::is_whitespace);
        if size < SMALLEST && !blank {
            self.note("a text too small to read");
        }
        if area.left < -TOUCH || area.top < -TOUCH || area.right > width + TOUCH || area.bottom > height + TOUCH {
            self.note("a text outside its page");
        }
        // What one element says twice in one place is read twice, and so are letters and their marks.
        let mcid = self.marks.first().and_then(|mark| mark.mcid);
        if self.texts.iter().any(|(other, of)| other.overlaps(&area) && (mcid.is_none() || *of != mcid)) {
            self.note("a text over another");
        }
        let (x, y) = (f32::midpoint(area.left, area.right), f32::midpoint(area.top, area.bottom));
        let ground = self.fills.iter().rev().find(|(fill, _)| fill.holds(x, y)).map_or([255; 3], |(_, colour)| *colour);
        if contrast(self.state.colour, ground) < LEAST_CONTRAST && !blank {
            self.note("a text that cannot be told from what is behind it");
        }
        if !blank {
            self.texts.push((area, mcid));
        }
    }

    /// Ends a subpath: ours are rectangles.
    fn close(&mut self) {
        match self.corners[..] {
            [(left, top), (right, a), (b, bottom), (c, d)] if a == top && b == right && c == left && d == bottom => {
                self.path.push(Area {
                    left: left.min(right),
                    top: top.min(bottom),
                    right: left.max(right),
                    bottom: top.max(bottom),
                });
            }
            _ => self.note("a drawing that is no rectangle"),
        }
        self.corners.clear();
    }

    fn fill(&mut self) {
        if !self.corners.is_empty() {
            self.note("a drawing that is no rectangle");
            self.corners.clear();
        }
        if self.marks.is_empty() {
            self.note("a drawing outside the structure");
        }
        let colour = self.state.colour;
        for area in std::mem::take(&mut self.path) {
            if self.fills.len() >= MAX_FILLS {
                return self.note("a page of too many drawings");
            }
            if self.texts.iter().any(|(text, _)| text.overlaps(&area)) {
                self.note("a drawing over a text");
            }
            self.fills.push((area, colour));
        }
    }
}

/// The letters and digits of a text, without marks.
fn letters(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    text.nfkd().filter(|c| c.is_alphanumeric()).collect()
}
