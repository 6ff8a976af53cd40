//! Tables to strips: rows whose cells stand side by side, hairlines between them.

use std::rc::Rc;

use super::{Column, Header, Layout, Mark, SetText, Strip};
use crate::attestation::colour::Ink;
use crate::attestation::document::{Bond, Fact, Span};
use crate::attestation::tags::{ElementId, Role, Structure};
use crate::attestation::template::style::Style;

/// Points above and below the text of a row.
const CELL_PADDING: f32 = 4.5;
/// Points between two columns.
const COLUMN_GAP: f32 = 8.0;
/// Points of a line between rows.
const HAIRLINE: f32 = 0.6;
/// Points of the line below headers.
const HEAD_LINE: f32 = 1.2;

/// A cell that is set: its text, and where its column is.
type Cell = (Rc<SetText>, Column);

impl Layout<'_> {
    /// A table of two columns without headers.
    pub(super) fn facts(&mut self, strips: &mut Vec<Strip>, rows: &[Fact], column: Column, style: &Style) {
        let table = self.structure.add(Structure::ROOT, Role::Table);
        let label = Column { x: column.x, width: column.width * self.sheet.label_share };
        let value_x = label.x + label.width + COLUMN_GAP;
        let value = Column { x: value_x, width: column.x + column.width - value_x };
        for (index, row) in rows.iter().enumerate() {
            let element = self.structure.add(table, Role::Row);
            let cells = [(&row.label, label), (&row.value, value)]
                .map(|(spans, column)| (self.cell(element, Role::Cell, spans, column), column));
            let gap = if index == 0 { style.before } else { 0.0 };
            let start = strips.len();
            row_of(strips, &cells, gap, column);
            if index == 0
                && let Some(first) = strips.get_mut(start)
            {
                first.marks.push(hairline(column, 0.0, HAIRLINE));
            }
            keep_with_last(strips, start, (index, rows.len()));
        }
    }

    /// A table with headers, which stand above its rows on every page.
    pub(super) fn table(
        &mut self,
        strips: &mut Vec<Strip>,
        (head, rows): (&[Vec<Span>], &[Vec<Vec<Span>>]),
        column: Column,
        style: &Style,
    ) {
        let table = self.structure.add(Structure::ROOT, Role::Table);
        let columns = self.columns(head, rows, column);
        let mut header = None;
        for (index, row) in std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).enumerate() {
            let element = self.structure.add(table, Role::Row);
            let role = if index == 0 { Role::Header } else { Role::Cell };
            let cells: Vec<Cell> = row
                .iter()
                .zip(&columns)
                .map(|(spans, column)| (self.cell(element, role.clone(), spans, *column), *column))
                .collect();
            let start = strips.len();
            row_of(strips, &cells, if index == 0 { style.before } else { 0.0 }, column);
            if index == 0 {
                if let Some(last) = strips.last_mut() {
                    last.marks.push(hairline(column, last.height - HEAD_LINE, HEAD_LINE));
                }
                header = Some(Rc::new(repeated(&strips[start..])));
                // Headers alone say nothing.
                strips[start..].iter_mut().for_each(|strip| strip.bond = Bond::WithNext);
            } else {
                strips[start..].iter_mut().for_each(|strip| strip.header.clone_from(&header));
            }
            keep_with_last(strips, start, (index, rows.len() + 1));
        }
    }

    fn cell(&mut self, row: ElementId, role: Role, spans: &[Span], column: Column) -> Rc<SetText> {
        let cell = self.structure.add(row, role);
        self.spans(cell, spans, column.width)
    }

    /// How wide columns are: as wide as their longest cell where all have room, else the wide ones share what the others leave.
    fn columns(&mut self, head: &[Vec<Span>], rows: &[Vec<Vec<Span>>], column: Column) -> Vec<Column> {
        let count = head.len().max(1);
        let room = column.width - COLUMN_GAP * (count - 1) as f32;
        let natural: Vec<f32> = (0..head.len())
            .map(|place| {
                let cells =
                    std::iter::once(head).chain(rows.iter().map(Vec::as_slice)).filter_map(|row| row.get(place));
                let widths = cells.map(|spans| self.natural_width(spans)).collect::<Vec<_>>();
                widths.into_iter().fold(24.0, f32::max)
            })
            .collect();
        let widths = shared(&natural, room);
        let mut x = column.x;
        widths
            .into_iter()
            .map(|width| {
                let place = Column { x, width };
                x += width + COLUMN_GAP;
                place
            })
            .collect()
    }

    fn natural_width(&mut self, spans: &[Span]) -> f32 {
        let texts: Vec<_> = spans.iter().map(|span| (span.text.as_str(), span.look)).collect();
        let set = self.typesetter.set(&texts, f32::INFINITY);
        set.lines.iter().map(|line| line.width).fold(0.0, f32::max) + 0.5
    }
}

/// Shares `room` out: nobody gets less than it needs while another has more than a fair share; what is left over is spread.
fn shared(natural: &[f32], room: f32) -> Vec<f32> {
    let total: f32 = natural.iter().sum();
    if total <= room {
        return natural.iter().map(|width| width * room / total.max(1.0)).collect();
    }
    let mut order: Vec<usize> = (0..natural.len()).collect();
    order.sort_by(|a, b| natural[*a].total_cmp(&natural[*b]));
    let (mut widths, mut left) = (vec![0.0; natural.len()], room);
    for (done, place) in order.into_iter().enumerate() {
        let fair = left / (natural.len() - done) as f32;
        widths[place] = natural[place].min(fair);
        left -= widths[place];
    }
    widths
}

/// The strips of a row: one for each line of its longest cell, kept together. Cells share the baseline of their first lines.
fn row_of(strips: &mut Vec<Strip>, cells: &[Cell], gap: f32, column: Column) {
    let start = strips.len();
    let lines = cells.iter().map(|(set, _)| set.paragraph.lines.len()).max().unwrap_or(0).max(1);
    for index in 0..lines {
        let of_line = || cells.iter().filter_map(|(set, column)| Some((set, column, set.paragraph.lines.get(index)?)));
        let baseline = of_line().map(|(_, _, line)| line.baseline).fold(0.0, f32::max);
        let height = of_line().map(|(_, _, line)| line.height + baseline - line.baseline).fold(0.0, f32::max);
        let marks = of_line().map(|(set, column, line)| Mark::Line {
            x: column.x,
            y: baseline - line.baseline,
            text: Rc::clone(set),
            index,
            artifact: false,
        });
        let bond = if index + 1 == lines { Bond::Free } else { Bond::WithNext };
        strips.push(Strip {
            gap: if index == 0 { gap } else { 0.0 },
            height,
            bond,
            marks: marks.collect(),
            header: None,
        });
    }
    if let Some(first) = strips.get_mut(start) {
        first.pad_top(CELL_PADDING);
    }
    if let Some(last) = strips.last_mut() {
        last.height += CELL_PADDING;
        let y = last.height - HAIRLINE;
        last.marks.push(hairline(column, y, HAIRLINE));
    }
}

/// The last row of a table never starts a page alone.
fn keep_with_last(strips: &mut [Strip], start: usize, (index, count): (usize, usize)) {
    if index + 2 == count {
        strips[start..].iter_mut().for_each(|strip| strip.bond = Bond::WithNext);
    }
}

/// The same strips as one header, which is not read again.
fn repeated(strips: &[Strip]) -> Header {
    let (mut height, mut marks) = (0.0, Vec::new());
    for strip in strips {
        marks.extend(strip.marks.iter().cloned().map(|mark| match mark.lowered(height) {
            Mark::Line { x, y, text, index, .. } => Mark::Line { x, y, text, index, artifact: true },
            other => other,
        }));
        height += strip.height;
    }
    Header { height, marks }
}

fn hairline(column: Column, y: f32, height: f32) -> Mark {
    Mark::Box { x: column.x, y, width: column.width, height, ink: Ink::Hairline }
}

#[cfg(test)]
mod tests {
    use super::shared;

    #[test]
    fn columns_get_what_they_need_before_others_get_more() {
        assert_eq!(shared(&[50.0, 50.0], 200.0), [100.0, 100.0]);
        assert_eq!(shared(&[30.0, 400.0, 400.0], 330.0), [30.0, 150.0, 150.0]);
        assert_eq!(shared(&[400.0, 60.0], 200.0), [140.0, 60.0]);
    }
}
