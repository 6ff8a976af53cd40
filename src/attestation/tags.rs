//! The structure of a document for assistive technology: a tree of tags whose leaves are marked content on pages.
//!
//! Elements are made in reading order while a document is laid out, and get their content when it is drawn, in whatever order
//! that happens: a panel at the foot of page 1 is still read where it belongs. An element holds either elements or content.

use std::num::NonZeroU16;

use krilla::tagging::{Identifier, ListNumbering, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};

use super::document::Link;

/// An element of the tree; ordered as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ElementId(usize);

/// What an element is (ISO 32000-1 § 14.8.4).
#[derive(Debug, Clone)]
pub(super) enum Role {
    /// The whole.
    Document,
    /// H1 to H6, with its text as title.
    Heading(u8, String),
    /// P
    Paragraph,
    /// Span
    Span,
    /// Link, one annotation per line it covers.
    Link(Link),
    /// L; with numbers instead of bullets where this is true
    List(bool),
    /// LI
    ListItem,
    /// Lbl
    Label,
    /// LBody
    Body,
    /// Table
    Table,
    /// TR
    Row,
    /// TH, of its column
    Header,
    /// TD
    Cell,
    /// Figure, with its alternative text.
    Figure(String),
}

#[derive(Debug)]
struct Element {
    role: Role,
    children: Vec<usize>,
    content: Vec<Identifier>,
}

/// The elements of one document.
#[derive(Debug)]
pub(super) struct Structure(Vec<Element>);

impl Structure {
    /// The element that holds all others.
    pub(super) const ROOT: ElementId = ElementId(0);

    /// A document without anything.
    pub(super) fn new() -> Self {
        Self(vec![Element { role: Role::Document, children: Vec::new(), content: Vec::new() }])
    }

    /// Adds an element after the last one in `parent`.
    pub(super) fn add(&mut self, parent: ElementId, role: Role) -> ElementId {
        let id = self.0.len();
        self.0.push(Element { role, children: Vec::new(), content: Vec::new() });
        self.0[parent.0].children.push(id);
        ElementId(id)
    }

    /// What an element is.
    pub(super) fn role(&self, element: ElementId) -> &Role {
        &self.0[element.0].role
    }

    /// Gives drawn content to an element, after what it has.
    pub(super) fn push(&mut self, element: ElementId, content: Identifier) {
        self.0[element.0].content.push(content);
    }

    /// The tree for krilla, which writes the `Document` element itself. Elements without content are left out.
    pub(super) fn into_tree(self, language: &str) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some(language.to_owned()));
        for child in &self.0[Self::ROOT.0].children {
            if let Some(group) = self.group(*child) {
                tree.push(group);
            }
        }
        tree
    }

    fn group(&self, index: usize) -> Option<TagGroup> {
        let element = &self.0[index];
        let tag: TagKind = match &element.role {
            Role::Document => return None,
            Role::Heading(level, text) => {
                let level = NonZeroU16::new(u16::from(*level)).unwrap_or(NonZeroU16::MIN);
                Tag::Hn(level, Some(text.clone())).into()
            }
            Role::Paragraph => Tag::P.into(),
            Role::Span => Tag::Span.into(),
            Role::Link(_) => Tag::Link.into(),
            Role::List(false) => Tag::L(ListNumbering::Disc).into(),
            Role::List(true) => Tag::L(ListNumbering::Decimal).into(),
            Role::Header => Tag::TH(TableHeaderScope::Column).into(),
            Role::ListItem => Tag::LI.into(),
            Role::Label => Tag::Lbl.into(),
            Role::Body => Tag::LBody.into(),
            Role::Table => Tag::Table.into(),
            Role::Row => Tag::TR.into(),
            Role::Cell => Tag::TD.into(),
            Role::Figure(alt) => Tag::Figure(Some(alt.clone())).into(),
        };
        let mut children: Vec<Node> = element.content.iter().copied().map(Node::from).collect();
        children.extend(element.children.iter().filter_map(|child| self.group(*child)).map(Node::from));
        (!children.is_empty()).then(|| TagGroup::with_children(tag, children))
    }
}
