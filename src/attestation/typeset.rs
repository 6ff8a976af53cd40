//! Text to glyphs and lines: our fonts, parley's shaping and line breaking, krilla's glyphs.
//!
//! Fonts are parsed once per thread, system fonts never looked at: the same text gives the same lines on every machine.
//! Not here: where lines stand on a page (`layout`), what may be drawn at all (`repertoire`).

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;
use std::sync::Arc;

use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, Collection, CollectionOptions, FontInfoOverride, SourceCache};
use parley::{
    FontContext, FontFamily, FontFamilyName, FontWeight, LayoutContext, LineHeight, OverflowWrap, StyleProperty,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::colour::Ink;

/// Our font files, in the order in which a character is looked for; `templates/fonts/README.md` tells where they are from.
static FILES: [&[u8]; 3] = [
    include_bytes!("../../templates/fonts/NotoSans-Regular.ttf"),
    include_bytes!("../../templates/fonts/NotoSans-Bold.ttf"),
    include_bytes!("../../templates/fonts/DejaVuSans.ttf"),
];

/// The name under which a template's own font is known here, whatever it calls itself.
const OWN: &str = "Sceau template";
/// Where a character is looked for: a template's own font, then ours.
const FAMILIES: [FontFamilyName<'static>; 3] = [
    FontFamilyName::Named(Cow::Borrowed(OWN)),
    FontFamilyName::Named(Cow::Borrowed("Noto Sans")),
    FontFamilyName::Named(Cow::Borrowed("DejaVu Sans")),
];
/// The largest font file of a template, in bytes.
pub(super) const MAX_FONT_BYTES: usize = 2 * 1024 * 1024;
/// How many templates' fonts a thread keeps parsed.
const MAX_KEPT: usize = 8;

/// The fonts of a template: its own before ours, or only ours.
#[derive(Debug, Clone, Default)]
pub(super) struct Fonts(Option<Arc<OwnFonts>>);

#[derive(Debug)]
struct OwnFonts {
    regular: Arc<Vec<u8>>,
    bold: Arc<Vec<u8>>,
    key: [u8; 32],
}

impl Fonts {
    /// From two font files; in words why they are refused.
    pub(super) fn new(regular: Vec<u8>, bold: Vec<u8>) -> Result<Self, String> {
        let key = Sha256::new().chain_update(Sha256::digest(&regular)).chain_update(&bold).finalize().into();
        for file in [&regular, &bold] {
            if file.len() > MAX_FONT_BYTES {
                return Err("a font file is too large".to_owned());
            }
        }
        let (regular, bold) = (Arc::new(regular), Arc::new(bold));
        for file in [&regular, &bold] {
            Font::new(Arc::clone(file).into(), 0).ok_or("not a TrueType or OpenType font")?;
        }
        Ok(Self(Some(Arc::new(OwnFonts { regular, bold, key }))))
    }

    fn key(&self) -> [u8; 32] {
        self.0.as_ref().map_or([0; 32], |own| own.key)
    }
}

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Weight {
    /// Running text.
    #[default]
    Regular,
    /// Titles and what must be found at a glance.
    Bold,
}

/// How a text looks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Look {
    /// Font size in points.
    pub(super) size: f32,
    /// Distance between baselines, as a multiple of `size`.
    pub(super) leading: f32,
    /// How heavy.
    pub(super) weight: Weight,
    /// What colour.
    pub(super) ink: Ink,
}

/// A text and its look.
pub(super) type Styled<'a> = (&'a str, Look);

/// Lines of shaped text.
#[derive(Debug, Default)]
pub(super) struct Paragraph {
    /// The whole text, to which the glyphs' ranges refer.
    pub(super) text: String,
    /// Its lines, top to bottom.
    pub(super) lines: Vec<Line>,
}

/// A line; lengths in points.
#[derive(Debug)]
pub(super) struct Line {
    /// From the top of this line to the top of the next.
    pub(super) height: f32,
    /// From the top of this line to its baseline.
    pub(super) baseline: f32,
    /// Without the space at its end.
    pub(super) width: f32,
    /// Glyphs, left to right.
    pub(super) runs: Vec<Run>,
}

/// Glyphs of one face and one look.
#[derive(Debug)]
pub(super) struct Run {
    /// Which of the texts given to [`Typesetter::set`] they come from.
    pub(super) source: usize,
    /// Where the first one starts, from the left of the line, in points.
    pub(super) x: f32,
    /// Together, in points.
    pub(super) width: f32,
    /// The face.
    pub(super) font: Font,
    /// The font size in points.
    pub(super) size: f32,
    /// The glyphs, lengths as multiples of `size`.
    pub(super) glyphs: Vec<KrillaGlyph>,
}

/// What a paragraph depends on: its texts with the bits of their looks, and the bits of its width.
type Key = (Vec<(String, [u32; 2], Weight)>, u32);

/// The most bytes of text whose paragraphs a thread keeps; a glyph takes some sixty bytes.
const MAX_SET_BYTES: usize = 64 * 1024;

/// Fonts and scratch space of one thread.
pub(super) struct Typesetter {
    /// Paragraphs as they were set: the attestations of a session say the same in all but the name.
    set: HashMap<Key, Rc<Paragraph>>,
    /// The bytes of their texts.
    set_bytes: usize,
    fonts: FontContext,
    scratch: LayoutContext<usize>,
    /// Each of [`FILES`] as krilla knows it, by the id under which parley knows it.
    faces: Vec<(u64, Font)>,
}

/// Lends the thread's typesetter for some fonts, made on first use.
pub(super) fn with_typesetter<T>(fonts: &Fonts, work: impl FnOnce(&mut Typesetter) -> T) -> T {
    thread_local!(static KEPT: RefCell<Vec<([u8; 32], Typesetter)>> = const { RefCell::new(Vec::new()) });
    KEPT.with_borrow_mut(|kept| {
        let place = kept.iter().position(|(key, _)| *key == fonts.key()).unwrap_or_else(|| {
            kept.truncate(MAX_KEPT - 1);
            kept.push((fonts.key(), Typesetter::new(fonts)));
            kept.len() - 1
        });
        work(&mut kept[place].1)
    })
}

impl Typesetter {
    fn new(fonts: &Fonts) -> Self {
        let mut collection = Collection::new(CollectionOptions { shared: false, system_fonts: false });
        let mut faces = Vec::new();
        for bytes in FILES {
            let blob = Blob::new(Arc::new(bytes));
            let font = Font::new(bytes.into(), 0).expect("our font files are sound: the tests set text in each");
            faces.push((blob.id(), font));
            collection.register_fonts(blob, None);
        }
        for (file, weight) in
            fonts.0.iter().flat_map(|own| [(&own.regular, FontWeight::NORMAL), (&own.bold, FontWeight::BOLD)])
        {
            let blob = Blob::new(Arc::clone(file) as Arc<dyn AsRef<[u8]> + Send + Sync>);
            let Some(font) = Font::new(Arc::clone(file).into(), 0) else { continue };
            faces.push((blob.id(), font));
            let named =
                FontInfoOverride { family_name: Some(OWN), weight: Some(weight), ..FontInfoOverride::default() };
            collection.register_fonts(blob, Some(named));
        }
        Self {
            set: HashMap::new(),
            set_bytes: 0,
            fonts: FontContext { collection, source_cache: SourceCache::default() },
            scratch: LayoutContext::new(),
            faces,
        }
    }

    /// Sets texts one after the other as one paragraph, in lines of at most `width` points. A word longer than a line is
    /// broken, so no line is ever wider.
    pub(super) fn set(&mut self, texts: &[Styled<'_>], width: f32) -> Rc<Paragraph> {
        let bits = |look: &Look| [look.size.to_bits(), look.leading.to_bits()];
        let texts_and_looks = texts.iter().map(|(text, look)| ((*text).to_owned(), bits(look), look.weight)).collect();
        let key: Key = (texts_and_looks, width.to_bits());
        if let Some(paragraph) = self.set.get(&key) {
            return Rc::clone(paragraph);
        }
        let paragraph = Rc::new(self.shape(texts, width));
        self.set_bytes += paragraph.text.len();
        if self.set_bytes > MAX_SET_BYTES {
            self.set.clear();
            self.set_bytes = paragraph.text.len();
        }
        self.set.insert(key, Rc::clone(&paragraph));
        paragraph
    }

    fn shape(&mut self, texts: &[Styled<'_>], width: f32) -> Paragraph {
        let text: String = texts.iter().map(|(text, _)| *text).collect();
        let layout = self.layout(&text, texts, width);
        let lines = layout.lines().map(|line| {
            let metrics = line.metrics();
            let mut runs: Vec<Run> = Vec::new();
            let mut x = 0.0;
            for run in line.runs() {
                let font = self.face(run.font().data.id());
                let size = run.font_size();
                let mut fresh = true;
                for cluster in run.visual_clusters() {
                    if cluster.is_ligature_continuation() {
                        if let Some(glyph) = runs.last_mut().and_then(|run| run.glyphs.last_mut()) {
                            glyph.text_range.end = glyph.text_range.end.max(cluster.text_range().end);
                        }
                        continue;
                    }
                    // A line break is where the line ends, nothing to draw.
                    if text[cluster.text_range()].starts_with('\n') {
                        continue;
                    }
                    let source = cluster.style().brush;
                    // Where marks are glyphs of their own, each glyph stands for its character: readers that take the text out
                    // then need no replacement text (ISO 32000-1 § 14.9.4), which many of them ignore.
                    let mut characters = character_ranges(&text, cluster.text_range(), cluster.glyphs().count());
                    for glyph in cluster.glyphs() {
                        let stands_for = characters.next().unwrap_or(cluster.text_range());
                        if fresh || runs.last().is_none_or(|run| run.source != source) {
                            runs.push(Run { source, x, width: 0.0, font: font.clone(), size, glyphs: Vec::new() });
                            fresh = false;
                        }
                        let Some(open) = runs.last_mut() else { continue };
                        open.glyphs.push(KrillaGlyph::new(
                            GlyphId::new(glyph.id),
                            glyph.advance / size,
                            glyph.x / size,
                            -glyph.y / size,
                            0.0,
                            stands_for,
                            None,
                        ));
                        open.width += glyph.advance;
                        x += glyph.advance;
                    }
                }
            }
            Line {
                height: metrics.block_max_coord - metrics.block_min_coord,
                baseline: metrics.baseline - metrics.block_min_coord,
                width: metrics.advance - metrics.hanging_advance,
                runs,
            }
        });
        let lines = lines.collect();
        Paragraph { text, lines }
    }

    /// The characters of `text` for which no face has a glyph, in some weight.
    pub(super) fn missing(&mut self, text: &str) -> Vec<char> {
        let mut found = Vec::new();
        for weight in [Weight::Regular, Weight::Bold] {
            let look = Look { size: 10.0, leading: 1.0, weight, ink: Ink::Text };
            let layout = self.layout(text, &[(text, look)], f32::INFINITY);
            for cluster in layout.lines().flat_map(|line| line.runs().collect::<Vec<_>>()).flat_map(|run| {
                run.visual_clusters()
                    .filter(|cluster| cluster.glyphs().any(|glyph| glyph.id == 0))
                    .map(|cluster| cluster.text_range())
                    .collect::<Vec<_>>()
            }) {
                found.extend(text[cluster].chars().filter(|c| !found.contains(c)).collect::<Vec<_>>());
            }
        }
        found
    }

    /// Shapes and breaks; the brush of a style is the index of its text.
    fn layout(&mut self, text: &str, texts: &[Styled<'_>], width: f32) -> parley::Layout<usize> {
        let mut builder = self.scratch.ranged_builder(&mut self.fonts, text, 1.0, false);
        builder.push_default(StyleProperty::FontFamily(FontFamily::List(Cow::Borrowed(&FAMILIES))));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        // The root style is a strut in every line; the first look keeps it from stretching lines.
        if let Some((_, look)) = texts.first() {
            builder.push_default(StyleProperty::FontSize(look.size));
            builder.push_default(StyleProperty::LineHeight(LineHeight::FontSizeRelative(look.leading)));
        }
        let mut start = 0;
        for (index, (part, look)) in texts.iter().enumerate() {
            let range = start..start + part.len();
            let weight = match look.weight {
                Weight::Regular => FontWeight::NORMAL,
                Weight::Bold => FontWeight::BOLD,
            };
            builder.push(StyleProperty::Brush(index), range.clone());
            builder.push(StyleProperty::FontSize(look.size), range.clone());
            builder.push(StyleProperty::FontWeight(weight), range.clone());
            builder.push(StyleProperty::LineHeight(LineHeight::FontSizeRelative(look.leading)), range.clone());
            start = range.end;
        }
        let mut layout = builder.build(text);
        layout.break_all_lines(width.is_finite().then_some(width));
        layout
    }

    fn face(&self, id: u64) -> Font {
        let (_, font) = self.faces.iter().find(|(face, _)| *face == id).expect("only our fonts are registered");
        font.clone()
    }
}

/// The place of each character of a cluster, where it has as many glyphs; nothing else.
fn character_ranges(text: &str, cluster: Range<usize>, glyphs: usize) -> impl Iterator<Item = Range<usize>> + '_ {
    let characters = &text[cluster.clone()];
    let one_each = glyphs > 1 && characters.chars().count() == glyphs;
    let places = characters.char_indices().map(move |(at, c)| cluster.start + at..cluster.start + at + c.len_utf8());
    places.take(if one_each { glyphs } else { 0 })
}
