//! What the pages say, in the order of the structure (ISO 32000-1 § 14.7, § 14.8.2.3): passages, each the text of one paragraph,
//! heading, cell or part of a list.

use std::collections::HashMap;

use lopdf::{Document, Object, ObjectId};

use super::Foreign;
use super::content::{self, Painted, Piece};
use crate::attestation::colour::Rgb;

/// The most pages that are read.
const MAX_PAGES: usize = 32;
/// How deep elements are looked into: a list of a list of a list has ten.
const MAX_DEPTH: usize = 48;
/// The most elements that are looked at.
const MAX_ELEMENTS: usize = 20_000;
/// Points at the foot of a page where what is no content may stand: which document this is, and which page of it.
const FOOT: f32 = 60.0;

/// A text that is read as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Passage {
    /// Its type in the structure, such as `P` or `TD`.
    pub(super) role: String,
    /// What it says.
    pub(super) text: String,
}

/// What the pages of a PDF say.
#[derive(Debug, Default)]
pub(super) struct Pages {
    /// In reading order.
    pub(super) passages: Vec<Passage>,
    /// The colours of their fills.
    pub(super) colours: Vec<Rgb>,
    /// What in them is not ours.
    pub(super) foreign: Vec<Foreign>,
    /// Whether all of their text was read.
    pub(super) readable: bool,
}

/// Reads the pages.
pub(super) fn read(document: &Document) -> Pages {
    let mut said = Pages { readable: true, ..Pages::default() };
    let pages = document.get_pages();
    if pages.is_empty() || pages.len() > MAX_PAGES {
        said.readable = false;
        said.foreign.push(Foreign(format!("{} pages", pages.len())));
    }
    // Texts of marked content by page and number, taken out as the structure names them.
    let mut marked: HashMap<(ObjectId, i64), String> = HashMap::new();
    let mut order = Vec::new();
    let mut fonts = content::Fonts::new();
    for id in pages.into_values().take(MAX_PAGES) {
        let Ok(page) = document.get_dictionary(id) else { continue };
        let Painted { pieces, colours, foreign, readable } = content::read(page, document, &mut fonts);
        said.readable &= readable;
        said.foreign.extend(foreign);
        said.colours.extend(colours.into_iter().filter(|colour| !said.colours.contains(colour)).collect::<Vec<_>>());
        let height =
            page.get(b"MediaBox").and_then(Object::as_array).ok().and_then(|sides| sides.get(3)?.as_float().ok());
        for Piece { mcid, text, baseline } in pieces {
            match mcid {
                Some(mcid) => {
                    let text_so_far = marked.entry((id, mcid)).or_insert_with(|| {
                        order.push((id, mcid));
                        String::new()
                    });
                    text_so_far.push_str(&text);
                }
                None if baseline < height.unwrap_or_default() - FOOT => {
                    said.foreign.push(Foreign("a text in no reading order".to_owned()));
                    said.passages.push(Passage { role: "Artifact".to_owned(), text });
                }
                None => {}
            }
        }
    }
    let mut reader = Reader { document, marked: &mut marked, passages: Vec::new(), left: MAX_ELEMENTS };
    let root = document.catalog().and_then(|catalog| catalog.get_deref(b"StructTreeRoot", document));
    if let Ok(root) = root.and_then(Object::as_dict).and_then(|root| root.get(b"K")) {
        reader.children(root, None, MAX_DEPTH);
    }
    let left = reader.left;
    said.passages.splice(0..0, reader.passages);
    if left == 0 {
        said.readable = false;
        said.foreign.push(Foreign("a structure of too many elements".to_owned()));
    }
    // What the structure does not name is shown all the same.
    let unnamed: Vec<String> =
        order.iter().filter_map(|place| marked.remove(place)).filter(|text| !text.trim().is_empty()).collect();
    if !unnamed.is_empty() {
        said.foreign.push(Foreign("a text that the structure does not name".to_owned()));
        said.passages.extend(unnamed.into_iter().map(|text| Passage { role: "P".to_owned(), text }));
    }
    said.passages.retain(|passage| !passage.text.trim().is_empty());
    said.foreign.truncate(16);
    said
}

struct Reader<'a> {
    document: &'a Document,
    marked: &'a mut HashMap<(ObjectId, i64), String>,
    passages: Vec<Passage>,
    left: usize,
}

impl Reader<'_> {
    /// The content and the elements under an element, on the page that it names.
    fn children(&mut self, kids: &Object, page: Option<ObjectId>, depth: usize) {
        if depth == 0 || self.left == 0 {
            self.left = 0;
            return;
        }
        self.left -= 1;
        let Ok((_, kids)) = self.document.dereference(kids) else { return };
        match kids {
            Object::Array(kids) => kids.iter().for_each(|kid| self.children(kid, page, depth - 1)),
            Object::Integer(mcid) => self.content(page, *mcid),
            Object::Dictionary(kid) => {
                let page = kid.get(b"Pg").and_then(Object::as_reference).ok().or(page);
                if let Ok(mcid) = kid.get(b"MCID").and_then(Object::as_i64) {
                    return self.content(page, mcid);
                }
                let role = kid.get(b"S").and_then(Object::as_name).unwrap_or_default();
                // Parts of a paragraph are read with it.
                if !matches!(role, b"Span" | b"Link" | b"Em" | b"Strong") {
                    let role = String::from_utf8_lossy(role).into_owned();
                    self.passages.push(Passage { role, text: String::new() });
                }
                if let Ok(kids) = kid.get(b"K") {
                    self.children(kids, page, depth - 1);
                }
            }
            _ => {}
        }
    }

    fn content(&mut self, page: Option<ObjectId>, mcid: i64) {
        let Some(text) = page.and_then(|page| self.marked.remove(&(page, mcid))) else { return };
        match self.passages.last_mut() {
            Some(passage) => passage.text.push_str(&text),
            None => self.passages.push(Passage { role: String::new(), text }),
        }
    }
}
