//! Blocks to strips: every block becomes a stack of strips as high as a line of text, each with what stands in it and the
//! element it belongs to. Strips are what `paginate` distributes and `draw` paints, so nothing is ever cut.

mod tables;

use std::rc::Rc;

use super::colour::Ink;
use super::document::{Block, Bond, Drawing, Figure, Item, Span};
use super::tags::{ElementId, Role, Structure};
use super::template::style::{Style, StyleSheet};
use super::typeset::{Look, Paragraph, Styled, Typesetter};

/// Points from a bullet to the text of its item.
const LIST_INDENT: f32 = 14.0;
/// The same for a number.
const NUMBER_INDENT: f32 = 20.0;
/// Points between two items of a list.
const ITEM_GAP: f32 = 2.5;
/// Points inside a panel around its content.
const PANEL_PADDING: f32 = 12.0;
/// Points between a figure and what stands beside it.
const BESIDE_GAP: f32 = 16.0;
/// Points of the accent at the left edge of a panel.
const PANEL_EDGE: f32 = 3.0;
/// The least share of a column's width that is left for texts beside a figure.
const LEAST_BESIDE: f32 = 0.35;
/// Points that a panel may have from top to bottom; a longer one is divided.
const MAX_UNDIVIDED: f32 = 560.0;
/// Points of the short line.
const RULE: (f32, f32) = (44.0, 2.4);
/// Points above the short line.
const RULE_GAP: f32 = 9.0;

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
    /// What stands above it again where it starts a page: the headers of its table.
    pub(super) header: Option<Rc<Header>>,
}

/// Headers of a table, repeated where it goes on.
#[derive(Debug)]
pub(super) struct Header {
    /// Points from top to bottom.
    pub(super) height: f32,
    /// What stands in it, as artifacts: it was read once.
    pub(super) marks: Vec<Mark>,
}

/// Something to paint, at `x` from the left of the page and `y` from the top of its strip.
#[derive(Debug, Clone)]
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
        /// Whether it only repeats what was said before.
        artifact: bool,
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
    /// A figure.
    Figure {
        /// Left edge.
        x: f32,
        /// Top edge.
        y: f32,
        /// From left to right.
        width: f32,
        /// From top to bottom.
        height: f32,
        /// What is drawn.
        drawing: Drawing,
        /// Its Figure.
        element: ElementId,
    },
}

/// Lines of text, and for each of its texts the element and the colour.
#[derive(Debug)]
pub(super) struct SetText {
    /// The lines.
    pub(super) paragraph: Rc<Paragraph>,
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

impl Column {
    fn indented(self, share: f32) -> Self {
        Self { x: self.x + self.width * share, width: self.width * (1.0 - share) }
    }
}

/// Lays blocks out and names their elements.
pub(super) struct Layout<'a> {
    typesetter: &'a mut Typesetter,
    structure: &'a mut Structure,
    sheet: &'a StyleSheet,
}

impl<'a> Layout<'a> {
    /// A layout that adds to `structure`.
    pub(super) fn new(typesetter: &'a mut Typesetter, structure: &'a mut Structure, sheet: &'a StyleSheet) -> Self {
        Self { typesetter, structure, sheet }
    }

    /// Blocks, top to bottom in one column.
    pub(super) fn strips(&mut self, blocks: &[Block], column: Column) -> Vec<Strip> {
        let mut strips = Vec::new();
        for block in blocks {
            self.block(&mut strips, block, column);
        }
        strips
    }

    /// A single line that is no part of the structure, such as a footer.
    pub(super) fn artifact_line(&mut self, text: &str, look: Look) -> Rc<Paragraph> {
        self.typesetter.set(&[(text, look)], f32::INFINITY)
    }

    fn block(&mut self, strips: &mut Vec<Strip>, block: &Block, column: Column) {
        match block {
            Block::Heading { level, text, style } => {
                let element = self.structure.add(Structure::ROOT, Role::Heading(*level, text.clone()));
                let column = column.indented(style.indent);
                let set = self.line_up(&[(text, style.look)], vec![(element, style.look.ink)], column.width);
                stack(strips, &set, column.x, style.before, Bond::WithNext);
                bind_last(strips, set.paragraph.lines.len());
            }
            Block::Paragraph { spans, style } => {
                let element = self.structure.add(Structure::ROOT, Role::Paragraph);
                let column = column.indented(style.indent);
                let set = self.spans(element, spans, column.width);
                stack(strips, &set, column.x, style.before, style.bond);
                if style.bond == Bond::WithNext {
                    bind_last(strips, set.paragraph.lines.len());
                }
            }
            Block::List { first, items, style } => {
                let element = self.structure.add(Structure::ROOT, Role::List(first.is_some()));
                self.list(strips, element, (*first, items), style, column.indented(style.indent));
            }
            Block::Facts { rows, style } => self.facts(strips, rows, column, style),
            Block::Table { head, rows, style } => self.table(strips, (head, rows), column, style),
            Block::Figure(figure, style) => {
                let element = self.structure.add(Structure::ROOT, Role::Figure(figure.alt.clone()));
                let (drawing, column) = (placed(figure, column), column.indented(style.indent));
                let mark = figure_mark(&figure.drawing, column.x, 0.0, drawing, element);
                strips.push(Strip {
                    gap: style.before,
                    height: drawing.1,
                    bond: style.bond,
                    marks: vec![mark],
                    header: None,
                });
            }
            Block::Beside { figure, blocks, panel, style } => {
                self.beside(strips, figure.as_ref(), blocks, (*panel, style), column);
            }
            Block::Rule => {
                let mark = Mark::Box { x: column.x, y: 0.0, width: RULE.0, height: RULE.1, ink: Ink::Accent };
                strips.push(Strip {
                    gap: RULE_GAP,
                    height: RULE.1,
                    bond: Bond::WithNext,
                    marks: vec![mark],
                    header: None,
                });
            }
        }
    }

    /// Blocks with a figure to their left, on a tinted ground where they are a panel; kept on one page.
    fn beside(
        &mut self,
        strips: &mut Vec<Strip>,
        figure: Option<&Figure>,
        blocks: &[Block],
        (panel, style): (bool, &Style),
        column: Column,
    ) {
        let padding = if panel { PANEL_PADDING } else { 0.0 };
        let inner = Column { x: column.x + padding, width: column.width - 2.0 * padding };
        let size = figure.map(|figure| placed(figure, inner));
        let aside = size.map_or(0.0, |(width, _)| width + BESIDE_GAP);
        // Beside a figure that takes nearly all there is, nobody could read: it stands above then.
        let above = inner.width - aside < inner.width * LEAST_BESIDE;
        let aside = if above { 0.0 } else { aside };
        let beside = Column { x: inner.x + aside, width: inner.width - aside };
        // Read in this order: a heading, the figure, what to do with it.
        let leading = blocks.iter().take_while(|block| matches!(block, Block::Heading { .. })).count();
        let mut texts = self.strips(&blocks[..leading], beside);
        let drawn = figure.map(|figure| self.structure.add(Structure::ROOT, Role::Figure(figure.alt.clone())));
        texts.extend(self.strips(&blocks[leading..], beside));
        let text_height = super::paginate::height(&texts, 1.0);
        let inner_height = text_height.max(size.map_or(0.0, |(_, height)| height));
        let height = inner_height + 2.0 * padding;
        if above || height > MAX_UNDIVIDED {
            // Too much for one place: no ground, one thing after the other.
            if let (Some(figure), Some(element), Some(size)) = (figure, drawn, size) {
                let mark = figure_mark(&figure.drawing, inner.x, 0.0, size, element);
                strips.push(Strip {
                    gap: style.before,
                    height: size.1,
                    bond: Bond::WithNext,
                    marks: vec![mark],
                    header: None,
                });
            }
            strips.append(&mut texts);
            return;
        }
        let mut marks = Vec::new();
        if panel {
            marks.push(Mark::Box { x: column.x, y: 0.0, width: column.width, height, ink: Ink::Tint });
            marks.push(Mark::Box { x: column.x, y: 0.0, width: PANEL_EDGE, height, ink: Ink::Accent });
        }
        if let (Some(figure), Some(element), Some(size)) = (figure, drawn, size) {
            let y = padding + (inner_height - size.1) / 2.0;
            marks.push(figure_mark(&figure.drawing, inner.x, y, size, element));
        }
        // One strip: what stands beside each other is never divided.
        let mut y = padding + (inner_height - text_height) / 2.0;
        for (index, strip) in texts.into_iter().enumerate() {
            y += if index == 0 { 0.0 } else { strip.gap };
            marks.extend(strip.marks.into_iter().map(|mark| mark.lowered(y)));
            y += strip.height;
        }
        strips.push(Strip { gap: style.before, height, bond: style.bond, marks, header: None });
    }

    /// A list in `list`; a nested list is inside the body of its item.
    fn list(
        &mut self,
        strips: &mut Vec<Strip>,
        list: ElementId,
        (number, items): (Option<u64>, &[Item]),
        style: &Style,
        column: Column,
    ) {
        let look = style.look;
        let indent = if number.is_some() { NUMBER_INDENT } else { LIST_INDENT };
        let inner = Column { x: column.x + indent, width: column.width - indent };
        for (index, item) in items.iter().enumerate() {
            let element = self.structure.add(list, Role::ListItem);
            let label = self.structure.add(element, Role::Label);
            let body = self.structure.add(element, Role::Body);
            let sign = number.map_or("•".to_owned(), |first| format!("{}.", first + index as u64));
            let sign = self.line_up(&[(&sign, look)], vec![(label, look.ink)], f32::INFINITY);
            // Content beside elements would leave their order open, so the text has its own element where a list follows.
            let holder = if item.children.is_empty() { body } else { self.structure.add(body, Role::Paragraph) };
            let set = self.spans(holder, &item.spans, inner.width);
            let first = strips.len();
            let gap = if index == 0 { style.before } else { ITEM_GAP };
            let bond = if item.children.is_empty() { Bond::Free } else { Bond::WithNext };
            stack(strips, &set, inner.x, gap, bond);
            if let (Some(strip), Some(line)) = (strips.get_mut(first), set.paragraph.lines.first()) {
                // The sign sits on the baseline of the first line, and is read before it.
                let y = line.baseline - sign.paragraph.lines.first().map_or(0.0, |line| line.baseline);
                strip.marks.insert(0, Mark::Line { x: column.x + 2.0, y, text: sign, index: 0, artifact: false });
            }
            if !item.children.is_empty() {
                let nested = self.structure.add(body, Role::List(item.first.is_some()));
                let style = Style { before: ITEM_GAP, ..*style };
                self.list(strips, nested, (item.first, &item.children), &style, inner);
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
            *mark = mark.clone().lowered(padding);
        }
    }
}

impl Mark {
    /// The same, `by` points further down.
    pub(super) fn lowered(mut self, by: f32) -> Self {
        match &mut self {
            Self::Line { y, .. } | Self::Box { y, .. } | Self::Figure { y, .. } => *y += by,
        }
        self
    }
}

/// Width and height of a figure in a column: no wider than it.
fn placed(figure: &Figure, column: Column) -> (f32, f32) {
    let scale = (column.width / figure.width).min(1.0);
    (figure.width * scale, figure.height * scale)
}

fn figure_mark(drawing: &Drawing, x: f32, y: f32, (width, height): (f32, f32), element: ElementId) -> Mark {
    Mark::Figure { x, y, width, height, drawing: drawing.clone(), element }
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
        let mark = Mark::Line { x, y: 0.0, text: Rc::clone(set), index, artifact: false };
        strips.push(Strip { gap, height: line.height, bond, marks: vec![mark], header: None });
    }
}

/// Binds the last `count` strips to what follows them.
fn bind_last(strips: &mut [Strip], count: usize) {
    let start = strips.len() - count.min(strips.len());
    for strip in &mut strips[start..] {
        strip.bond = Bond::WithNext;
    }
}
