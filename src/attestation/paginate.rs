//! Strips to pages: as much as fits, never a heading alone at the end of a page, never a first or last line alone, and several
//! pages about as full as each other.

use std::rc::Rc;

use super::document::Bond;
use super::layout::{Header, Strip};

/// The part of a page that text may use, in points from its top.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Frame {
    /// Where it starts.
    pub(super) top: f32,
    /// Where it ends.
    pub(super) bottom: f32,
}

impl Frame {
    /// The upper `share` of it.
    fn upper(self, share: f32) -> Self {
        Self { bottom: self.top + (self.bottom - self.top) * share, ..self }
    }
}

/// A strip and where its top is, in points from the top of its page.
pub(super) type Placed = (f32, Strip);

/// Shares of the white space to try, until everything is on one page; a document that stays longer gets all of it.
const DENSITIES: [f32; 4] = [1.0, 0.85, 0.7, 0.55];
/// Shares of a page's height to try, until a document of several pages would get one more: its last page is not left nearly empty.
const FILLS: [f32; 5] = [0.7, 0.76, 0.82, 0.88, 0.94];

/// Below this share of its height, a last page looks left over, and the pages are filled evenly instead.
const LEAST_LAST_FILL: f32 = 0.3;

/// Where a strip stands.
struct Place {
    page: usize,
    top: f32,
    /// The headers of its table stand above it again.
    header: bool,
}

/// Distributes strips over pages, the first in `first`, the others in `others`. At least one page.
///
/// A strip goes with those it is bound to, unless no page could hold them together: then they are divided where they must be.
pub(super) fn paginate(strips: Vec<Strip>, first: Frame, others: Frame) -> Vec<Vec<Placed>> {
    let count = |places: &[Place]| places.last().map_or(1, |last| last.page + 1);
    let mut places = plan(&strips, DENSITIES[0], first, others);
    match count(&places) {
        1 => {}
        // White space alone never makes one page of three.
        2 if let Some(tighter) =
            DENSITIES[1..].iter().map(|it| plan(&strips, *it, first, others)).find(|it| count(it) == 1) =>
        {
            places = tighter;
        }
        pages if last_fill(&strips, &places, others) < LEAST_LAST_FILL => {
            let even = |share: &f32| plan(&strips, DENSITIES[0], first.upper(share.max(0.8)), others.upper(*share));
            if let Some(balanced) = FILLS.iter().map(even).find(|it| count(it) == pages) {
                places = balanced;
            }
        }
        _ => {}
    }
    let mut pages: Vec<Vec<Placed>> = Vec::new();
    pages.resize_with(count(&places), Vec::new);
    for (strip, place) in strips.into_iter().zip(places) {
        let page = &mut pages[place.page];
        if let (true, Some(header)) = (place.header, &strip.header) {
            page.push((place.top - header.height, again(header)));
        }
        page.push((place.top, strip));
    }
    pages
}

/// How much of the last page is filled, 0 to 1.
fn last_fill(strips: &[Strip], places: &[Place], frame: Frame) -> f32 {
    let end = strips.last().zip(places.last()).map_or(frame.top, |(strip, place)| place.top + strip.height);
    (end - frame.top) / (frame.bottom - frame.top)
}

/// From the top of the first strip to the bottom of the last, the gap above the first left out.
pub(super) fn height(strips: &[Strip], density: f32) -> f32 {
    let gaps: f32 = strips.iter().skip(1).map(|strip| strip.gap * density).sum();
    gaps + strips.iter().map(|strip| strip.height).sum::<f32>()
}

fn again(header: &Rc<Header>) -> Strip {
    Strip { gap: 0.0, height: header.height, bond: Bond::WithNext, marks: header.marks.clone(), header: None }
}

/// Where each strip stands, with `density` of the white space that they ask for.
fn plan(strips: &[Strip], density: f32, first: Frame, others: Frame) -> Vec<Place> {
    let mut places = Vec::with_capacity(strips.len());
    let (mut page, mut frame, mut y, mut is_empty) = (0, first, first.top, true);
    let mut start = 0;
    while start < strips.len() {
        let bound = strips[start..].iter().take_while(|strip| strip.bond == Bond::WithNext).count();
        let group = &strips[start..(start + bound + 1).min(strips.len())];
        start += group.len();
        let whole = height(group, density);
        let gap = if is_empty { 0.0 } else { group[0].gap * density };
        let header = group[0].header.as_ref().map_or(0.0, |header| header.height);
        if y + gap + whole > frame.bottom && whole + header <= others.bottom - others.top && !is_empty {
            (page, frame, y, is_empty) = (page + 1, others, others.top, true);
        }
        for strip in group {
            let gap = if is_empty { 0.0 } else { strip.gap * density };
            if y + gap + strip.height > frame.bottom && !is_empty {
                (page, frame, y, is_empty) = (page + 1, others, others.top, true);
            } else {
                y += gap;
            }
            // On the first page of all, the headers themselves stand there.
            let header = strip.header.as_ref().filter(|_| is_empty && page > 0);
            y += header.map_or(0.0, |header| header.height);
            places.push(Place { page, top: y, header: header.is_some() });
            y += strip.height;
            is_empty = false;
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIRST: Frame = Frame { top: 10.0, bottom: 60.0 };
    const OTHERS: Frame = Frame { top: 0.0, bottom: 100.0 };

    fn strip(height: f32, gap: f32, bond: Bond) -> Strip {
        Strip { gap, height, bond, marks: Vec::new(), header: None }
    }

    #[test]
    fn a_heading_moves_with_what_it_announces() {
        let strips = vec![strip(30.0, 0.0, Bond::Free), strip(15.0, 5.0, Bond::WithNext), strip(20.0, 5.0, Bond::Free)];
        let pages = paginate(strips, FIRST, OTHERS);
        let tops: Vec<Vec<f32>> = pages.iter().map(|page| page.iter().map(|(top, _)| *top).collect()).collect();
        assert_eq!(tops, vec![vec![10.0], vec![0.0, 20.0]]);
    }

    #[test]
    fn a_last_page_that_would_look_left_over_gets_more() {
        // 50 points on the first page, then 100: three lines of 14, seven, and one that is left.
        let strips = || (0..11).map(|_| strip(14.0, 0.0, Bond::Free)).collect::<Vec<_>>();
        let lines: Vec<usize> = paginate(strips(), FIRST, OTHERS).iter().map(Vec::len).collect();
        assert_eq!(lines, [2, 5, 4]);
        let unbalanced = plan(&strips(), 1.0, FIRST, OTHERS);
        assert_eq!(unbalanced.iter().filter(|place| place.page == 2).count(), 1);
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
