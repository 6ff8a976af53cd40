//! Blocks to strips: every block becomes a stack of strips as high as a line of text, each with what stands in it and the
//! element it belongs to. Strips are what `paginate` distributes and `draw` paints, so nothing is ever cut.

use std::rc::Rc;

use super::colour::Ink;
use super::document::{Block, Bond, Fact, Item, Span};
use super::tags::{ElementId, Role, Structure};
use super::typeset::{Look, Paragraph, Styled, Typesetter};
use crate::qr::QrMatrix;

/// Points from a bullet to the text of its item.
const LIST_INDENT: f32 = 14.0;
/// Points between two items of a list.
const ITEM_GAP: f32 = 2.5;
/// Points above and below the text of a table row.
const CELL_PADDING: f32 = 4.5;
/// Share of a table's width that its left column takes.
const LABEL_SHARE: f32 = 0.31;
/// Points of a line between rows.
const HAIRLINE: f32 = 0.6;

/// A part of a page that is never divided, over the whole width of its column. Lengths in points.
#[derive(Debug)]
pub(super) struct Strip {
    /// Space above, dropped at the top of a page.
    pub(super) gap: f32,
    /// Without the gap.
    pub(super) height: f32,
    /// Whether a page may end after it.
    pub(super) bond: Bond,
    /// What stands in it.
    pub(super) marks: Vec<Mark>,
}

/// Something to paint, at `x` from the left of the page and `y` from the top of its strip.
#[derive(Debug)]
pub(super) enum Mark {
    /// A line of text.
    Line {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// The paragraph it is part of.
        text: Rc<SetText>,
        /// Which line of it.
        index: usize,
    },
    /// A rectangle that means nothing.
    Box {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// From left to right.
        width: f32,
        /// From top to bottom.
        height: f32,
        /// Its colour.
        ink: Ink,
    },
    /// A QR code on paper, light margin included.
    QrCode {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// Per side.
        side: f32,
        /// The code.
        matrix: QrMatrix,
        /// Its Figure.
        element: ElementId,
    },
}

/// Lines of text, and for each of its texts the element and the colour.
#[derive(Debug)]
pub(super) struct SetText {
    /// The lines.
    pub(super) paragraph: Paragraph,
    /// Who holds the text and how it is painted, by the index of the text.
    pub(super) sources: Vec<(ElementId, Ink)>,
}

/// Where a stack of strips stands on the page, in points from its left edge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    /// Left edge.
    pub(super) x: f32,
    /// From left to right.
    pub(super) width: f32,
}

/// Lays blocks out and names their elements.
pub(super) struct Layout<'a> {
    typesetter: &'a mut Typesetter,
    structure: &'a mut Structure,
    density: f32,
}

impl<'a> Layout<'a> {
    /// A layout that adds to `structure`, with `density` (0 to 1) of the white space that the blocks ask for.
    pub(super) fn new(typesetter: &'a mut Typesetter, structure: &'a mut Structure, density: f32) -> Self {
        Self { typesetter, structure, density }
    }

    /// Blocks, top to bottom in one column.
    pub(super) fn strips(&mut self, blocks: &[Block], column: Column) -> Vec<Strip> {
        let mut strips = Vec::new();
        for block in blocks {
            match block {
                Block::Heading { level, text, look, space_before } => {
                    let element = self.structure.add(Structure::ROOT, Role::Heading(*level, text.clone()));
                    let set = self.line_up(&[(text, *look)], vec![(element, look.ink)], column.width);
                    stack(&mut strips, &set, column.x, space_before * self.density, Bond::WithNext);
                    bind_all(&mut strips, set.paragraph.lines.len());
                }
                Block::Paragraph { spans, space_before, bond } => {
                    let element = self.structure.add(Structure::ROOT, Role::Paragraph);
                    let set = self.spans(element, spans, column.width);
                    stack(&mut strips, &set, column.x, space_before * self.density, *bond);
                    if *bond == Bond::WithNext {
                        bind_all(&mut strips, set.paragraph.lines.len());
                    }
                }
                Block::List { items, look, space_before } => {
                    let element = self.structure.add(Structure::ROOT, Role::List);
                    self.list(&mut strips, element, items, *look, column, *space_before);
                }
                Block::Facts { rows, space_before } => self.facts(&mut strips, rows, column, *space_before),
                Block::QrCode { matrix, alt, side } => {
                    let element = self.structure.add(Structure::ROOT, Role::Figure(alt.clone()));
                    let mark = Mark::QrCode { x: column.x, y: 0.0, side: *side, matrix: matrix.clone(), element };
                    strips.push(Strip { gap: 0.0, height: *side, bond: Bond::WithNext, marks: vec![mark] });
                }
                Block::Rule { width, thickness, ink, space_before } => {
                    let mark = Mark::Box { x: column.x, y: 0.0, width: *width, height: *thickness, ink: *ink };
                    strips.push(Strip {
                        gap: space_before * self.density,
                        height: *thickness,
                        bond: Bond::WithNext,
                        marks: vec![mark],
                    });
                }
            }
        }
        strips
    }

    /// A single line that is no part of the structure, such as a footer.
    pub(super) fn artifact_line(&mut self, text: &str, look: Look) -> Paragraph {
        self.typesetter.set(&[(text, look)], f32::INFINITY)
    }

    /// A list in `list`; a nested list is inside the body of its item.
    fn list(
        &mut self,
        strips: &mut Vec<Strip>,
        list: ElementId,
        items: &[Item],
        look: Look,
        column: Column,
        space_before: f32,
    ) {
        let inner = Column { x: column.x + LIST_INDENT, width: column.width - LIST_INDENT };
        for (index, item) in items.iter().enumerate() {
            let element = self.structure.add(list, Role::ListItem);
            let label = self.structure.add(element, Role::Label);
            let body = self.structure.add(element, Role::Body);
            let bullet = self.line_up(&[("•", look)], vec![(label, look.ink)], LIST_INDENT);
            // Content beside elements would leave their order open, so the text has its own element where a list follows.
            let holder = if item.children.is_empty() { body } else { self.structure.add(body, Role::Paragraph) };
            let set = self.spans(holder, &item.spans, inner.width);
            let first = strips.len();
            let gap = self.density * if index == 0 { space_before } else { ITEM_GAP };
            let bond = if item.children.is_empty() { Bond::Free } else { Bond::WithNext };
            stack(strips, &set, inner.x, gap, bond);
            if let (Some(strip), Some(line)) = (strips.get_mut(first), set.paragraph.lines.first()) {
                // The bullet sits on the baseline of the first line, and is read before it.
                let y = line.baseline - bullet.paragraph.lines.first().map_or(0.0, |line| line.baseline);
                strip.marks.insert(0, Mark::Line { x: column.x + 2.0, y, text: bullet, index: 0 });
            }
            if !item.children.is_empty() {
                let nested = self.structure.add(body, Role::List);
                self.list(strips, nested, &item.children, look, inner, ITEM_GAP);
            }
        }
    }

    /// A table of two columns, hairlines between its rows; lines of a row stay together where a page can hold them.
    fn facts(&mut self, strips: &mut Vec<Strip>, rows: &[Fact], column: Column, space_before: f32) {
        let table = self.structure.add(Structure::ROOT, Role::Table);
        let label_width = column.width * LABEL_SHARE;
        let value_x = column.x + label_width + 8.0;
        let padding = CELL_PADDING * self.density;
        for (index, row) in rows.iter().enumerate() {
            let element = self.structure.add(table, Role::Row);
            let label_cell = self.structure.add(element, Role::Cell);
            let label = self.spans(label_cell, std::slice::from_ref(&row.label), label_width);
            let value_cell = self.structure.add(element, Role::Cell);
            let value = self.spans(value_cell, &row.value, column.width - label_width - 8.0);
            let first = strips.len();
            stack(strips, &value, value_x, if index == 0 { space_before * self.density } else { 0.0 }, Bond::Free);
            let label_lines = label.paragraph.lines.len();
            for line in strips.len() - first..label_lines {
                let height = label.paragraph.lines[line].height;
                strips.push(Strip { gap: 0.0, height, bond: Bond::Free, marks: Vec::new() });
            }
            for (index, strip) in strips[first..].iter_mut().take(label_lines).enumerate() {
                let baseline = match strip.marks.first() {
                    Some(Mark::Line { text, index, .. }) => text.paragraph.lines[*index].baseline,
                    _ => label.paragraph.lines[index].baseline,
                };
                let y = baseline - label.paragraph.lines[index].baseline;
                strip.marks.insert(0, Mark::Line { x: column.x, y, text: Rc::clone(&label), index });
            }
            if let Some(strip) = strips.get_mut(first) {
                strip.pad_top(padding);
                if index == 0 {
                    strip.marks.push(hairline(column, 0.0));
                }
            }
            let count = strips.len() - first;
            if let Some(strip) = strips.last_mut().filter(|_| count > 0) {
                strip.height += padding;
                strip.marks.push(hairline(column, strip.height - HAIRLINE));
            }
            // The lines of a row stay together; a page may end between rows.
            for strip in strips[first..].iter_mut().rev().skip(1) {
                strip.bond = Bond::WithNext;
            }
            if let Some(strip) = strips.last_mut().filter(|_| count > 0) {
                strip.bond = Bond::Free;
            }
        }
    }

    /// A paragraph of spans. One plain span is content of `element` itself; several, or links, are elements inside it.
    fn spans(&mut self, element: ElementId, spans: &[Span], width: f32) -> Rc<SetText> {
        let texts: Vec<Styled<'_>> = spans.iter().map(|span| (span.text.as_str(), span.look)).collect();
        let sources = match spans {
            [only] if only.link.is_none() => vec![(element, only.look.ink)],
            _ => spans
                .iter()
                .map(|span| {
                    let role = span.link.clone().map_or(Role::Span, Role::Link);
                    (self.structure.add(element, role), span.look.ink)
                })
                .collect(),
        };
        self.line_up(&texts, sources, width)
    }

    fn line_up(&mut self, texts: &[Styled<'_>], sources: Vec<(ElementId, Ink)>, width: f32) -> Rc<SetText> {
        Rc::new(SetText { paragraph: self.typesetter.set(texts, width), sources })
    }
}

impl Strip {
    /// Moves everything down by `padding`.
    fn pad_top(&mut self, padding: f32) {
        self.height += padding;
        for mark in &mut self.marks {
            match mark {
                Mark::Line { y, .. } | Mark::Box { y, .. } | Mark::QrCode { y, .. } => *y += padding,
            }
        }
    }
}

/// A strip per line. No page ends after the first line of several, nor starts with the last.
fn stack(strips: &mut Vec<Strip>, set: &Rc<SetText>, x: f32, space_before: f32, last: Bond) {
    let count = set.paragraph.lines.len();
    for (index, line) in set.paragraph.lines.iter().enumerate() {
        let bond = match index {
            _ if index + 1 == count => last,
            _ if index == 0 || index + 2 == count => Bond::WithNext,
            _ => Bond::Free,
        };
        let gap = if index == 0 { space_before } else { 0.0 };
        let mark = Mark::Line { x, y: 0.0, text: Rc::clone(set), index };
        strips.push(Strip { gap, height: line.height, bond, marks: vec![mark] });
    }
}

/// Binds the last `count` strips to what follows them.
fn bind_all(strips: &mut [Strip], count: usize) {
    let start = strips.len() - count.min(strips.len());
    for strip in &mut strips[start..] {
        strip.bond = Bond::WithNext;
    }
}

fn hairline(column: Column, y: f32) -> Mark {
    Mark::Box { x: column.x, y, width: column.width, height: HAIRLINE, ink: Ink::Hairline }
}
