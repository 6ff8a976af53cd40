//! Strips to pages: as much as fits, never a heading alone at the end of a page, never a first or last line alone.

use super::document::Bond;
use super::layout::Strip;

/// The part of a page that text may use, in points from its top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// Where it starts.
    pub(super) top: f32,
    /// Where it ends.
    pub(super) bottom: f32,
}

/// A strip and where its top is, in points from the top of its page.
pub(super) type Placed = (f32, Strip);

/// Distributes strips over pages, the first in `first`, the others in `others`. At least one page.
///
/// A strip goes with those it is bound to, unless no page could hold them together: then they are divided where they must be.
pub(super) fn paginate(strips: Vec<Strip>, first: Frame, others: Frame) -> Vec<Vec<Placed>> {
    let mut pages: Vec<Vec<Placed>> = vec![Vec::new()];
    let mut frame = first;
    let mut y = frame.top;
    let groups = groups(strips);
    for group in groups {
        let whole = height(&group);
        let page_is_empty = |pages: &[Vec<Placed>]| pages.last().is_none_or(Vec::is_empty);
        let gap = if page_is_empty(&pages) { 0.0 } else { group.first().map_or(0.0, |strip| strip.gap) };
        if y + gap + whole > frame.bottom && whole <= others.bottom - others.top && !page_is_empty(&pages) {
            pages.push(Vec::new());
            frame = others;
            y = frame.top;
        }
        for strip in group {
            let gap = if page_is_empty(&pages) { 0.0 } else { strip.gap };
            if y + gap + strip.height > frame.bottom && !page_is_empty(&pages) {
                pages.push(Vec::new());
                frame = others;
                y = frame.top;
            } else {
                y += gap;
            }
            let top = y;
            y += strip.height;
            if let Some(page) = pages.last_mut() {
                page.push((top, strip));
            }
        }
    }
    pages
}

/// From the top of the first strip to the bottom of the last, the gap above the first left out.
pub(super) fn height(strips: &[Strip]) -> f32 {
    let gaps: f32 = strips.iter().skip(1).map(|strip| strip.gap).sum();
    gaps + strips.iter().map(|strip| strip.height).sum::<f32>()
}

/// Strips with those they are bound to.
fn groups(strips: Vec<Strip>) -> Vec<Vec<Strip>> {
    let mut groups: Vec<Vec<Strip>> = Vec::new();
    let mut bound = false;
    for strip in strips {
        let next = strip.bond == Bond::WithNext;
        match groups.last_mut() {
            Some(group) if bound => group.push(strip),
            _ => groups.push(vec![strip]),
        }
        bound = next;
    }
    groups
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Frame = Frame { top: 10.0, bottom: 60.0 };
    const OTHERS: Frame = Frame { top: 0.0, bottom: 100.0 };

    fn strip(height: f32, gap: f32, bond: Bond) -> Strip {
        Strip { gap, height, bond, marks: Vec::new() }
    }

    #[test]
    fn a_heading_moves_with_what_it_announces() {
        let strips = vec![strip(30.0, 0.0, Bond::Free), strip(15.0, 5.0, Bond::WithNext), strip(20.0, 5.0, Bond::Free)];
        let pages = paginate(strips, FIRST, OTHERS);
        let tops: Vec<Vec<f32>> = pages.iter().map(|page| page.iter().map(|(top, _)| *top).collect()).collect();
        assert_eq!(tops, vec![vec![10.0], vec![0.0, 20.0]]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_clipped_or_laid_over_another(
            heights in proptest::collection::vec((1.0_f32..40.0, 0.0_f32..12.0, any::<bool>()), 0..120)
        ) {
            let bond = |bound| if bound { Bond::WithNext } else { Bond::Free };
            let strips = heights.iter().map(|(height, gap, bound)| strip(*height, *gap, bond(*bound))).collect();
            let pages = paginate(strips, FIRST, OTHERS);
            prop_assert_eq!(pages.iter().map(Vec::len).sum::<usize>(), heights.len());
            for (index, page) in pages.iter().enumerate() {
                let frame = if index == 0 { FIRST } else { OTHERS };
                let mut y = frame.top;
                for (top, strip) in page {
                    prop_assert!(*top >= y - 0.01);
                    y = top + strip.height;
                }
                prop_assert!(y <= frame.bottom + 0.01);
            }
        }
    }
}
