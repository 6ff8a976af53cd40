//! A document as meaning: headings, paragraphs, lists, key/value tables, figures. What a template says, before any layout.
//!
//! Each kind of block has exactly one tag in the PDF (`tags`), so whatever a template is made of stays accessible. Texts are
//! plain: nothing in them is markup.

use super::colour::Ink;
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
        /// How it looks.
        look: Look,
        /// Points above it, unless it starts a page.
        space_before: f32,
    },
    /// A paragraph.
    Paragraph {
        /// Its texts, one after the other.
        spans: Vec<Span>,
        /// Points above it, unless it starts a page.
        space_before: f32,
        /// Whether it may end a page.
        bond: Bond,
    },
    /// A bullet list.
    List {
        /// Its items.
        items: Vec<Item>,
        /// How the bullets look.
        look: Look,
        /// Points above it, unless it starts a page.
        space_before: f32,
    },
    /// A table of two columns: what something is called, and what it is.
    Facts {
        /// Its rows.
        rows: Vec<Fact>,
        /// Points above it, unless it starts a page.
        space_before: f32,
    },
    /// A QR code, with what it does in words for who can't see it.
    QrCode {
        /// The code.
        matrix: QrMatrix,
        /// The alternative text.
        alt: String,
        /// Points per side, light margin included.
        side: f32,
    },
    /// A short line for the eye only.
    Rule {
        /// Points from left to right.
        width: f32,
        /// Points from top to bottom.
        thickness: f32,
        /// Its colour.
        ink: Ink,
        /// Points above it.
        space_before: f32,
    },
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
}

/// A row of a key/value table.
#[derive(Debug)]
pub(super) struct Fact {
    /// What it is called.
    pub(super) label: Span,
    /// What it is.
    pub(super) value: Vec<Span>,
}
