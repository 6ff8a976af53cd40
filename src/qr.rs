//! QR codes as pure geometry: a square of modules that the PDF, the pages and the tests draw each in its own way.
//!
//! What: encode a text (in practice a verification link) at error level M (ISO/IEC 18004, 15 % recovery: enough for a
//! sheet folded in four, without the density of Q and H), then hand out the dark areas as few rectangles.
//! Not here: what the link says, where the code stands on a page, any raster form.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Width in modules of the light margin that ISO/IEC 18004 § 6.3.8 demands around the symbol. [`QrMatrix::to_svg`] draws
/// it; whoever draws [`QrMatrix::rectangles`] must leave it.
pub const QUIET_ZONE_MODULES: usize = 4;

/// A QR symbol: `size` × `size` modules, quiet zone not included. A pure function of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrMatrix {
    size: usize,
    /// Row by row, from the top left.
    dark: Vec<bool>,
}

/// A rectangle of dark modules. Unit: one module; origin: top left of the symbol, quiet zone not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QrRect {
    /// Left edge.
    pub x: usize,
    /// Top edge.
    pub y: usize,
    /// Width, at least 1.
    pub width: usize,
    /// Height, at least 1.
    pub height: usize,
}

/// Why a text has no QR code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QrError {
    /// Nothing to encode: a reader would show an empty result.
    #[error("a QR code needs a text, this one is empty")]
    Empty,
    /// Readers guess the encoding of other characters, and guess differently; a link has none of them.
    #[error("a QR code is made of an ASCII link, this text has other characters")]
    NotAscii,
    /// Level M holds at most 2,331 bytes.
    #[error("a text of {bytes} bytes does not fit in a QR code of level M")]
    TooLong {
        /// Length of the text.
        bytes: usize,
    },
    /// The encoder refused for another reason.
    #[error("the QR encoder refused the text: {0}")]
    Encoder(qrcode::types::QrError),
}

impl QrMatrix {
    /// Encodes an ASCII text in the smallest symbol of level M that holds it.
    pub fn encode(text: &str) -> Result<Self, QrError> {
        if text.is_empty() {
            return Err(QrError::Empty);
        }
        if !text.is_ascii() {
            return Err(QrError::NotAscii);
        }
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| match error {
            qrcode::types::QrError::DataTooLong => QrError::TooLong { bytes: text.len() },
            other => QrError::Encoder(other),
        })?;
        let size = code.width();
        let dark = code.into_colors().into_iter().map(|color| color == Color::Dark).collect();
        Ok(Self { size, dark })
    }

    /// Modules per side, quiet zone not included: 21 to 177.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether the module in column `x`, row `y` is dark. Outside of the symbol everything is light.
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        x < self.size && y < self.size && self.dark[y * self.size + x]
    }

    /// The dark modules as disjoint rectangles that cover them exactly: horizontal runs, equal runs of successive rows
    /// merged. Draw them as one path, so that no renderer leaves a hair line between two neighbours.
    pub fn rectangles(&self) -> impl Iterator<Item = QrRect> + '_ {
        let mut done: Vec<QrRect> = Vec::new();
        // Rectangles whose last row is the row above the one being read.
        let mut open: Vec<QrRect> = Vec::new();
        for y in 0..self.size {
            let mut still_open = Vec::with_capacity(open.len());
            for (x, width) in self.runs(y) {
                match open.iter().position(|rect| rect.x == x && rect.width == width) {
                    Some(index) => {
                        let rect = open.swap_remove(index);
                        still_open.push(QrRect { height: rect.height + 1, ..rect });
                    }
                    None => still_open.push(QrRect { x, y, width, height: 1 }),
                }
            }
            done.append(&mut open);
            open = still_open;
        }
        done.append(&mut open);
        done.sort_by_key(|rect| (rect.y, rect.x));
        done.into_iter()
    }

    /// A stand-alone SVG for a page: dark on white whatever the theme (a reader needs the contrast), quiet zone included,
    /// sized by its container. `title` is what a screen reader says, in the page's language.
    pub fn to_svg(&self, title: &str) -> String {
        let side = self.size + 2 * QUIET_ZONE_MODULES;
        let mut path = String::new();
        for QrRect { x, y, width, height } in self.rectangles() {
            let (x, y) = (x + QUIET_ZONE_MODULES, y + QUIET_ZONE_MODULES);
            write!(path, "M{x} {y}h{width}v{height}h-{width}z").expect("a String accepts every write");
        }
        format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" shape-rendering="crispEdges"><title>{}</title><rect width="{side}" height="{side}" fill="#fff"/><path fill="#000" d="{path}"/></svg>"##,
            escape_xml(title)
        )
    }

    /// Horizontal runs of dark modules in row `y`, as (first column, length).
    fn runs(&self, y: usize) -> Vec<(usize, usize)> {
        let row = &self.dark[y * self.size..(y + 1) * self.size];
        row.chunk_by(|a, b| a == b)
            .scan(0, |x, run| {
                let start = *x;
                *x += run.len();
                Some((start, run))
            })
            .filter(|(_, run)| run[0])
            .map(|(start, run)| (start, run.len()))
            .collect()
    }
}

/// A text made safe as XML character data or attribute value; what XML 1.0 § 2.2 forbids becomes U+FFFD, so that a title
/// can never make an image unreadable.
pub(crate) fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LINK: &str = "https://sceau.example/v/Yq3vJ0zq1mYh0m8D4o2bXw";

    #[test]
    fn finder_patterns_stand_in_three_corners() {
        let qr = QrMatrix::encode(LINK).expect("fits");
        let last = qr.size() - 7;
        for (left, top) in [(0, 0), (last, 0), (0, last)] {
            for i in 0..7 {
                assert!(qr.is_dark(left + i, top) && qr.is_dark(left, top + i), "frame of a finder pattern");
            }
            assert!(!qr.is_dark(left + 1, top + 1) && qr.is_dark(left + 3, top + 3));
        }
        assert!(!qr.is_dark(qr.size(), 0), "outside is light");
    }

    #[test]
    fn texts_that_no_reader_would_give_back_are_refused() {
        assert_eq!(QrMatrix::encode(""), Err(QrError::Empty));
        assert_eq!(QrMatrix::encode(&"é".repeat(9)), Err(QrError::NotAscii));
        assert_eq!(QrMatrix::encode(&"e".repeat(2400)), Err(QrError::TooLong { bytes: 2400 }));
    }

    #[test]
    fn svg_is_well_formed_and_its_title_escaped() {
        let svg = QrMatrix::encode(LINK).expect("fits").to_svg("<b>Vérifier & lire\u{1}</b>");
        let doc = roxmltree::Document::parse(&svg).expect("well-formed");
        let title = doc.descendants().find(|n| n.has_tag_name("title")).and_then(|n| n.text());
        assert_eq!(title, Some("<b>Vérifier & lire\u{fffd}</b>"));
        assert_eq!(doc.root_element().attribute("role"), Some("img"));
    }

    proptest! {
        #[test]
        fn rectangles_cover_the_dark_modules_once(text in "[ -~]{1,120}") {
            let qr = QrMatrix::encode(&text).expect("fits");
            let mut painted = vec![0u8; qr.size() * qr.size()];
            for rect in qr.rectangles() {
                for y in rect.y..rect.y + rect.height {
                    for x in rect.x..rect.x + rect.width {
                        painted[y * qr.size() + x] += 1;
                    }
                }
            }
            for y in 0..qr.size() {
                for x in 0..qr.size() {
                    prop_assert_eq!(painted[y * qr.size() + x], u8::from(qr.is_dark(x, y)));
                }
            }
        }
    }
}
