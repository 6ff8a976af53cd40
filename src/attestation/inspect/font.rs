//! What the codes of a font stand for: its ToUnicode map (ISO 32000-1 § 9.10.3), and how wide its glyphs are.
//!
//! A map says what a program reads, not what an eye sees: whoever edits a PDF can change one and leave the other. So nothing that
//! was read through one is ever a proof of what the page looks like.

use std::collections::HashMap;

use lopdf::{Dictionary, Document, Object};

/// The largest map that is read, in bytes: a font of ours with two thousand glyphs has some forty thousand.
const MAX_MAP_BYTES: usize = 64 * 1024;
/// The most entries of a list of widths.
const MAX_WIDTHS: usize = 16 * 1024;
/// The most codes that a map or a list of widths may speak of, those it repeats included: as many as there are.
const MAX_CODES: usize = 1 << 16;

/// A font with two-byte codes (Identity-H, ISO 32000-1 § 9.7.5.2).
#[derive(Debug, Default)]
pub(super) struct Font {
    texts: HashMap<u16, String>,
    widths: HashMap<u16, f32>,
}

impl Font {
    /// Reads a font; none where it is not of that kind or its map cannot be read.
    pub(super) fn read(font: &Dictionary, document: &Document) -> Option<Self> {
        let name = |key: &[u8]| font.get_deref(key, document).and_then(Object::as_name).unwrap_or_default();
        if name(b"Subtype") != b"Type0" || name(b"Encoding") != b"Identity-H" {
            return None;
        }
        let map = font.get_deref(b"ToUnicode", document).and_then(Object::as_stream).ok()?;
        let map = map.get_plain_content_with_limit(MAX_MAP_BYTES).ok()?;
        let descendant = font.get_deref(b"DescendantFonts", document).and_then(Object::as_array).ok()?;
        let [descendant] = descendant.as_slice() else { return None };
        let (_, descendant) = document.dereference(descendant).ok()?;
        let widths = descendant.as_dict().and_then(|font| font.get_deref(b"W", document)).and_then(Object::as_array);
        Some(Self {
            texts: texts(std::str::from_utf8(&map).ok()?)?,
            widths: widths_of(widths.ok().filter(|widths| widths.len() <= MAX_WIDTHS)?)?,
        })
    }

    /// What the codes of a string say, and how wide they are in thousandths of the font's size. None where a code stands for nothing.
    pub(super) fn decode(&self, string: &[u8]) -> (Option<String>, f32) {
        let (codes, rest) = string.as_chunks::<2>();
        let codes = || codes.iter().map(|code| u16::from_be_bytes(*code));
        let text: Option<String> = codes().map(|code| self.texts.get(&code).map(String::as_str)).collect();
        let width = codes().map(|code| self.widths.get(&code).copied().unwrap_or(0.0)).sum();
        (text.filter(|_| rest.is_empty()), width)
    }
}

/// The pairs of a map. Ranges are written by others than us; both forms of them are read, an array within one is not.
fn texts(map: &str) -> Option<HashMap<u16, String>> {
    let mut texts = HashMap::new();
    let mut left = MAX_CODES;
    let mut section: Option<usize> = None;
    let mut row: Vec<&str> = Vec::new();
    for token in map.split_ascii_whitespace().flat_map(|word| word.split_inclusive('>')) {
        match token {
            "beginbfchar" => section = Some(2),
            "beginbfrange" => section = Some(3),
            "endbfchar" | "endbfrange" => {
                if !row.is_empty() {
                    return None;
                }
                section = None;
            }
            _ => {
                let Some(width) = section else { continue };
                row.push(token.strip_prefix('<')?.strip_suffix('>')?);
                if row.len() == width {
                    let code = |text: &str| u16::from_str_radix(Some(text).filter(|text| text.len() == 4)?, 16).ok();
                    let (first, last) = (code(row[0])?, code(row[width - 2])?);
                    left = left.checked_sub(usize::from(last.saturating_sub(first)) + 1)?;
                    let text = utf16(row[width - 1])?;
                    for (offset, at) in (first..=last).enumerate() {
                        texts.insert(at, later(&text, u32::try_from(offset).ok()?)?);
                    }
                    row.clear();
                }
            }
        }
    }
    Some(texts)
}

fn utf16(hex: &str) -> Option<String> {
    let units: Option<Vec<u16>> =
        hex.as_bytes().chunks(4).map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok()).collect();
    String::from_utf16(&units?).ok()
}

/// The text whose last character comes so much later.
fn later(text: &str, offset: u32) -> Option<String> {
    if offset == 0 {
        return Some(text.to_owned());
    }
    let mut characters: Vec<char> = text.chars().collect();
    let last = characters.last_mut()?;
    *last = char::from_u32(u32::from(*last) + offset)?;
    Some(characters.into_iter().collect())
}

/// Widths (ISO 32000-1 § 9.7.4.3): `first [w w …]`, or `first last w`.
fn widths_of(items: &[Object]) -> Option<HashMap<u16, f32>> {
    let mut widths = HashMap::new();
    let mut left = MAX_CODES;
    let mut rest = items;
    let code = |object: &Object| object.as_i64().ok().and_then(|code| u16::try_from(code).ok());
    loop {
        match rest {
            [first, Object::Array(each), more @ ..] => {
                left = left.checked_sub(each.len())?;
                let codes = code(first).into_iter().flat_map(|first| first..);
                widths.extend(codes.zip(each.iter().filter_map(|width| width.as_float().ok())));
                rest = more;
            }
            [first, last, width, more @ ..] => {
                if let (Some(first), Some(last), Ok(width)) = (code(first), code(last), width.as_float()) {
                    left = left.checked_sub(usize::from(last.saturating_sub(first)) + 1)?;
                    widths.extend((first..=last).map(|code| (code, width)));
                }
                rest = more;
            }
            _ => return Some(widths),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_read_or_refused() {
        let read = |map: &str| texts(map).map(|texts| texts.into_iter().collect::<std::collections::BTreeMap<_, _>>());
        let said = |pairs: &[(u16, &str)]| Some(pairs.iter().map(|(code, text)| (*code, (*text).to_owned())).collect());
        assert_eq!(read("2 beginbfchar\n<0001> <00C9>\n<0014> <00660069>\nendbfchar"), said(&[(1, "É"), (20, "fi")]));
        assert_eq!(read("1 beginbfrange <0001><0003><0061> endbfrange"), said(&[(1, "a"), (2, "b"), (3, "c")]));
        assert_eq!(read("1 beginbfchar <0001> <D83DDE00> endbfchar"), said(&[(1, "😀")]));
        for broken in [
            "beginbfchar <0001> endbfchar",
            "beginbfchar <0001> <D83D> endbfchar",
            "beginbfchar <00011> <0041> endbfchar",
            "beginbfchar 1 <0041> endbfchar",
            "beginbfrange <0001> <0002> [<0041> <0042>] endbfrange",
        ] {
            assert_eq!(read(broken), None, "{broken}");
        }
    }

    #[test]
    fn a_font_that_speaks_of_its_codes_again_and_again_is_not_read() {
        let range = "<0000> <7fff> <0041> ";
        assert_eq!(texts(&format!("beginbfrange {} endbfrange", range.repeat(3))), None);
        assert_eq!(
            texts(&format!("beginbfrange <0000> <07ff> <0041> {} endbfrange", "<0000> <07ff> <0041> ".repeat(32))),
            None
        );
        let widths: Vec<Object> = [0, 65535, 500, 0, 65535, 500].map(Object::from).to_vec();
        assert_eq!(widths_of(&widths), None);
        assert_eq!(widths_of(&widths[..3]).map(|widths| widths.len()), Some(1 << 16));
    }

    #[test]
    fn widths_have_two_forms() {
        let of =
            |items: Vec<Object>| widths_of(&items).unwrap().into_iter().collect::<std::collections::BTreeMap<_, _>>();
        let items = vec![1.into(), Object::Array(vec![500.into(), 600.into()]), 7.into(), 8.into(), 250.into()];
        assert_eq!(of(items).into_iter().collect::<Vec<_>>(), [(1, 500.0), (2, 600.0), (7, 250.0), (8, 250.0)]);
    }
}
