//! Which characters an attestation can show: Latin, Greek and Cyrillic with their accents, punctuation and common symbols.
//!
//! Two tests, both needed: the character is in a block that our fonts are meant for (DejaVu Sans has Arabic and Hebrew
//! glyphs too, but an attestation in those scripts would need a right-to-left layout that was looked at by readers), and
//! shaping finds a glyph in every weight, so that a combination of accents that no font composes is found as well.

use std::cell::RefCell;
use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::typeset::{Fonts, with_typesetter};

/// First and last code point of each admitted range, in order.
const ADMITTED: &[(u32, u32)] = &[
    (0x0020, 0x007e), // Basic Latin
    (0x00a0, 0x052f), // Latin-1 to Cyrillic Supplement: Latin, phonetic, modifiers, combining marks, Greek, Cyrillic
    (0x1c80, 0x1c8f), // Cyrillic Extended-C
    (0x1d00, 0x1fff), // phonetic extensions, combining marks, Latin Extended Additional (Vietnamese), Greek Extended
    (0x2000, 0x200a), // spaces
    (0x2010, 0x2027), // punctuation
    (0x202f, 0x205f), // narrow no-break space, punctuation
    (0x2070, 0x218b), // superscripts, currencies, combining marks for symbols, letter-like signs, number forms
    (0x2190, 0x23ff), // arrows, mathematical and technical signs
    (0x2460, 0x27bf), // enclosed letters, boxes, geometric shapes, symbols, dingbats
    (0x27c0, 0x27ff), // more mathematical signs and arrows
    (0x2900, 0x2bff), // more arrows and symbols
    (0x2c60, 0x2c7f), // Latin Extended-C
    (0x2de0, 0x2e7f), // Cyrillic Extended-A, supplemental punctuation
    (0xa640, 0xa69f), // Cyrillic Extended-B
    (0xa700, 0xa7ff), // modifier tone letters, Latin Extended-D
    (0xab30, 0xab6f), // Latin Extended-E
    (0xfb00, 0xfb06), // Latin ligatures
];

/// The characters of a text that no embedded font can draw, each once, in order; empty means drawable. The text is taken in
/// NFC. Line breaks and tabs are layout, not characters to draw.
pub fn undrawable(text: &str) -> Vec<char> {
    let text: String = text.nfc().filter(|c| !matches!(c, '\n' | '\r' | '\t')).collect();
    let mut found: Vec<char> = Vec::new();
    let mut note = |c: char| {
        if !found.contains(&c) {
            found.push(c);
        }
    };
    let admitted: String = text
        .chars()
        .filter(|c| {
            is_admitted(*c) || {
                note(*c);
                false
            }
        })
        .collect();
    // Printable ASCII and Latin-1 are in every weight (a test shapes them all), and are nearly every text. Marks depend on what they
    // stand on, so a text with some is shaped as a whole; without any, each character is asked for once.
    if admitted.chars().any(is_combining_mark) {
        with_typesetter(&Fonts::default(), |typesetter| typesetter.missing(&admitted)).into_iter().for_each(note);
    } else {
        let unknown: String = admitted.chars().filter(|c| u32::from(*c) > 0xff && !is_known(*c)).collect();
        if !unknown.is_empty() {
            let missing = with_typesetter(&Fonts::default(), |typesetter| typesetter.missing(&unknown));
            KNOWN.with_borrow_mut(|known| known.extend(unknown.chars().filter(|c| !missing.contains(c))));
            missing.into_iter().for_each(note);
        }
    }
    found
}

thread_local! {
    /// Characters beyond Latin-1 that were found in every weight: some thousands at the most, those that are admitted.
    static KNOWN: RefCell<BTreeSet<char>> = const { RefCell::new(BTreeSet::new()) };
}

fn is_known(c: char) -> bool {
    KNOWN.with_borrow(|known| known.contains(&c))
}

fn is_admitted(c: char) -> bool {
    let code = u32::from(c);
    let after = ADMITTED.partition_point(|(first, _)| *first <= code);
    // U+00AD and U+034F are invisible; a reader could not tell two texts apart.
    after > 0 && code <= ADMITTED[after - 1].1 && !matches!(code, 0xad | 0x34f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_greek_and_cyrillic_names_are_drawable() {
        for name in [
            "Zoé Lefèvre-Ångström",
            "Nguyễn Thị Ngọc Ánh",
            "Đặng Hữu Phước",
            "Ștefan Țurcanu",
            "Łukasz Żółć",
            "Þórður Ægisson",
            "Ἀλέξανδρος Παπαδόπουλος",
            "Дмитро Ґалаґан",
            "Ђорђе Љубић",
            "Ọlábísí Ọbáfẹ́mi",
            "J\u{30c}ana X\u{323}\u{302}",
            "O’Brien « le » — “x” … 10\u{202f}€ n\u{ba}\u{a0}1 œ",
            "A → B ≥ 3 ✓ ½ №",
        ] {
            assert_eq!(undrawable(name), Vec::<char>::new(), "{name}");
        }
    }

    #[test]
    fn other_scripts_emoji_and_hidden_characters_are_reported_once() {
        assert_eq!(undrawable("Ana محمد"), vec!['م', 'ح', 'د']);
        assert_eq!(undrawable("李小龍李"), vec!['李', '小', '龍']);
        assert_eq!(undrawable("שלום Δ"), vec!['ש', 'ל', 'ו', 'ם']);
        assert_eq!(undrawable("ok 🎓👩\u{200d}🏫"), vec!['🎓', '👩', '\u{200d}', '🏫']);
        assert_eq!(undrawable("a\u{0}b\u{ad}c\u{202e}d\u{feff}"), vec!['\u{0}', '\u{ad}', '\u{202e}', '\u{feff}']);
        assert_eq!(undrawable("ligne\nsuivante\t."), Vec::<char>::new());
    }

    #[test]
    fn what_was_drawable_once_is_not_so_with_every_mark() {
        // Known now, each alone.
        assert_eq!(undrawable("ŵ’→"), Vec::<char>::new());
        let all = "→\u{1dc4}\u{20d6}";
        let shaped = with_typesetter(&Fonts::default(), |typesetter| typesetter.missing(all));
        assert_eq!(undrawable(all), shaped);
        assert_eq!(undrawable("ŵ’→漢"), vec!['漢']);
    }

    #[test]
    fn the_latin_1_short_cut_is_true() {
        let all: String = (0x20..=0x7e).chain(0xa0..=0xac).chain(0xae..=0xff).filter_map(char::from_u32).collect();
        assert!(with_typesetter(&Fonts::default(), |typesetter| typesetter.missing(&all)).is_empty());
    }
}
