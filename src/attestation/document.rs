//! A document as meaning: headings, paragraphs, lists, tables, figures, panels. What a template says, before any layout.
//!
//! Each kind of block has exactly one tag in the PDF (`tags`), so whatever a template is made of stays accessible. Texts are
//! plain: nothing in them is markup.

use std::sync::Arc;

use super::picture::Picture;
use super::template::style::Style;
use super::typeset::Look;
use crate::qr::QrMatrix;

/// A part of a document, in reading order.
#[derive(Debug)]
pub(super) enum Block {
    /// A heading; level 1 once, at the top.
    Heading {
        /// 1 to 6 (H1 to H6).
        level: u8,
        /// Its text, also its entry in the outline.
        text: String,
        /// How it looks and stands.
        style: Style,
    },
    /// A paragraph.
    Paragraph {
        /// Its texts, one after the other.
        spans: Vec<Span>,
        /// How it stands; each text has its own look.
        style: Style,
    },
    /// A list.
    List {
        /// The number of its first item; none for bullets.
        first: Option<u64>,
        /// Its items.
        items: Vec<Item>,
        /// How bullets look, and how it stands.
        style: Style,
    },
    /// A table of two columns without headers: what something is called, and what it is.
    Facts {
        /// Its rows.
        rows: Vec<Fact>,
        /// How it stands.
        style: Style,
    },
    /// A table whose first row says what its columns are.
    Table {
        /// The headers.
        head: Vec<Vec<Span>>,
        /// The other rows, each as long as `head`.
        rows: Vec<Vec<Vec<Span>>>,
        /// How it stands.
        style: Style,
    },
    /// A figure alone.
    Figure(Figure, Style),
    /// A figure with blocks to its right; on a tinted ground where it is a panel.
    Beside {
        /// The figure; none where only the ground sets the blocks apart.
        figure: Option<Figure>,
        /// What stands beside it.
        blocks: Vec<Block>,
        /// Whether it stands on a tinted ground.
        panel: bool,
        /// How it stands.
        style: Style,
    },
    /// A short line for the eye only.
    Rule,
}

/// A picture, with what it shows in words for who can't see it.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    /// What is drawn.
    pub(super) drawing: Drawing,
    /// Points from left to right.
    pub(super) width: f32,
    /// Points from top to bottom.
    pub(super) height: f32,
    /// The alternative text.
    pub(super) alt: String,
}

/// What a figure draws.
#[derive(Debug, Clone)]
pub(super) enum Drawing {
    /// A QR code, light margin included.
    QrCode(QrMatrix),
    /// Pixels.
    Picture(Arc<Picture>),
}

/// Whether a page may end after something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Bond {
    /// It may.
    #[default]
    Free,
    /// Only if the next thing can't follow on any page.
    WithNext,
}

/// A text inside a paragraph.
#[derive(Debug, Clone)]
pub(super) struct Span {
    /// The text.
    pub(super) text: String,
    /// How it looks.
    pub(super) look: Look,
    /// Where it leads.
    pub(super) link: Option<Link>,
}

impl Span {
    /// A text that leads nowhere.
    pub(super) fn plain(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look, link: None }
    }
}

/// Where a text leads.
#[derive(Debug, Clone)]
pub(super) struct Link {
    /// The address.
    pub(super) url: String,
    /// What a screen reader says.
    pub(super) alt: String,
}

/// An item of a list.
#[derive(Debug)]
pub(super) struct Item {
    /// Its text.
    pub(super) spans: Vec<Span>,
    /// The list inside it.
    pub(super) children: Vec<Item>,
    /// The number of the first item of that list; none for bullets.
    pub(super) first: Option<u64>,
}

/// A row of a key/value table.
#[derive(Debug)]
pub(super) struct Fact {
    /// What it is called.
    pub(super) label: Vec<Span>,
    /// What it is.
    pub(super) value: Vec<Span>,
}
