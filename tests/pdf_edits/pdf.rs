//! A PDF of ours under the knife: what an editor would change, changed on the objects.

use std::collections::HashMap;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId, Stream, StringFormat, dictionary};

/// A PDF that is being edited.
pub struct Pdf(pub Document);

impl Pdf {
    pub fn open(bytes: &[u8]) -> Self {
        Self(Document::load_mem(bytes).expect("ours can be read"))
    }

    /// Written anew, as a whole.
    pub fn bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.0.save_to(&mut bytes).expect("is written");
        bytes
    }

    pub fn page(&self) -> ObjectId {
        self.0.get_pages()[&1]
    }

    pub fn page_dictionary(&mut self) -> &mut Dictionary {
        let page = self.page();
        self.0.get_dictionary_mut(page).expect("a page")
    }

    pub fn catalog(&mut self) -> &mut Dictionary {
        self.0.catalog_mut().expect("a catalog")
    }

    pub fn resources(&mut self) -> &mut Dictionary {
        let id = self.page_dictionary().get(b"Resources").and_then(Object::as_reference).expect("resources");
        self.0.get_dictionary_mut(id).expect("resources")
    }

    fn content_id(&self) -> ObjectId {
        let page = self.0.get_dictionary(self.page()).expect("a page");
        page.get(b"Contents").and_then(Object::as_reference).expect("one stream")
    }

    pub fn content(&self) -> Content {
        let stream = self.0.get_object(self.content_id()).and_then(Object::as_stream).expect("content");
        Content::decode(&stream.get_plain_content().expect("inflates")).expect("operations")
    }

    pub fn set_content(&mut self, content: &Content) {
        let id = self.content_id();
        let bytes = content.encode().expect("is written");
        self.0.objects.insert(id, Object::Stream(Stream::new(Dictionary::new(), bytes)));
    }

    /// Operations at the end of the page's content.
    pub fn append(&mut self, operations: &str) {
        let mut content = self.content();
        content.operations.extend(Content::decode(operations.as_bytes()).expect("operations").operations);
        self.set_content(&content);
    }

    fn font(&self, name: &[u8]) -> &Dictionary {
        let page = self.0.get_dictionary(self.page()).expect("a page");
        let resources = page.get_deref(b"Resources", &self.0).and_then(Object::as_dict).expect("resources");
        let fonts = resources.get_deref(b"Font", &self.0).and_then(Object::as_dict).expect("fonts");
        fonts.get_deref(name, &self.0).and_then(Object::as_dict).expect("a font")
    }

    /// The stream of a font's ToUnicode map.
    pub fn map_id(&self, name: &str) -> ObjectId {
        self.font(name.as_bytes()).get(b"ToUnicode").and_then(Object::as_reference).expect("a map")
    }

    /// What the codes of a font stand for.
    pub fn map(&self, name: &[u8]) -> HashMap<u16, String> {
        let map = self.font(name).get_deref(b"ToUnicode", &self.0).and_then(Object::as_stream).expect("a map");
        let map = String::from_utf8(map.get_plain_content().expect("inflates")).expect("ASCII");
        let pairs = map.lines().filter_map(|line| {
            let (code, text) = line.strip_prefix('<')?.strip_suffix('>')?.split_once("> <")?;
            let units =
                text.as_bytes().chunks(4).map(|unit| u16::from_str_radix(std::str::from_utf8(unit).ok()?, 16).ok());
            let text = String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()?;
            Some((u16::from_str_radix(code, 16).ok()?, text))
        });
        pairs.filter(|(code, text)| (*code, text.as_str()) != (0, "\u{ffff}")).collect()
    }

    /// The codes of a text in a font, letter by letter.
    pub fn encoded(&self, font: &[u8], text: &str) -> Vec<u8> {
        let map = self.map(font);
        let code = |c: char| {
            let found = map.iter().find(|(_, text)| text.chars().eq([c]));
            found.unwrap_or_else(|| panic!("the subset of {} has no {c:?}", String::from_utf8_lossy(font))).0
        };
        text.chars().flat_map(|c| code(c).to_be_bytes()).collect()
    }

    /// Changes each text that has these words, and what shows it.
    pub fn shows(&mut self, words: &str, mut change: impl FnMut(&Self, &[u8], &str) -> Vec<Operation>) {
        let mut font = Vec::new();
        let mut changed = Vec::new();
        let mut found = false;
        for operation in self.content().operations {
            if operation.operator == "Tf" {
                font = operation.operands[0].as_name().expect("a font").to_vec();
            }
            let text = self.text_of(&font, &operation);
            if text.replace('\u{a0}', " ").contains(words) {
                found = true;
                changed.extend(change(self, &font, &text));
            } else {
                changed.push(operation);
            }
        }
        assert!(found, "{words:?} is on no line");
        self.set_content(&Content { operations: changed });
    }

    fn text_of(&self, font: &[u8], operation: &Operation) -> String {
        let items = match (operation.operator.as_str(), operation.operands.as_slice()) {
            ("Tj", operands) => operands,
            ("TJ", [Object::Array(items)]) => items,
            _ => return String::new(),
        };
        let map = self.map(font);
        let codes = items.iter().filter_map(|item| item.as_str().ok()).flat_map(|string| string.as_chunks::<2>().0);
        codes.map(|code| map.get(&u16::from_be_bytes(*code)).cloned().unwrap_or_default()).collect()
    }

    /// Other words for these, wherever they stand, in the glyphs that the font has.
    pub fn rewrite(&mut self, words: &str, others: &str) {
        self.shows(words, |pdf, font, text| {
            let text = text.replace('\u{a0}', " ").replace(words, others);
            let text: String =
                text.chars().map(|c| if c == ' ' && pdf.lacks_space(font) { '\u{a0}' } else { c }).collect();
            vec![show(pdf.encoded(font, &text))]
        });
    }

    fn lacks_space(&self, font: &[u8]) -> bool {
        self.map(font).values().all(|text| text != " ")
    }

    /// Adds a file under a name, with or without the type that marks a file specification.
    pub fn attach(&mut self, name: &str, content: &[u8], typed: bool) {
        let stream = Stream::new(dictionary! { "Type" => "EmbeddedFile" }, content.to_vec());
        let stream = self.0.add_object(stream);
        let mut file = dictionary! {
            "F" => Object::string_literal(name), "UF" => Object::string_literal(name),
            "EF" => dictionary! { "F" => stream, "UF" => stream },
        };
        if typed {
            file.set("Type", "Filespec");
        }
        let file = self.0.add_object(file);
        let names = self.catalog().get_mut(b"Names").and_then(Object::as_dict_mut).expect("names");
        let files = names.get_mut(b"EmbeddedFiles").and_then(Object::as_dict_mut).expect("files");
        let files = files.get_mut(b"Names").and_then(Object::as_array_mut).expect("a list");
        files.extend([Object::string_literal(name), file.into()]);
    }

    /// An annotation beside those that the page has.
    pub fn annotate(&mut self, annotation: Dictionary) {
        let id = self.0.add_object(annotation);
        let annotations = self.page_dictionary().get_mut(b"Annots").and_then(Object::as_array_mut).expect("links");
        annotations.push(id.into());
    }

    /// A form that shows a white rectangle.
    pub fn form(&mut self) -> ObjectId {
        let dictionary = dictionary! {
            "Type" => "XObject", "Subtype" => "Form", "BBox" => vec![0.into(), 0.into(), 200.into(), 20.into()],
        };
        self.0.add_object(Stream::new(dictionary, b"1 g 0 0 200 20 re f".to_vec()))
    }
}

pub fn show(codes: Vec<u8>) -> Operation {
    Operation::new("Tj", vec![Object::String(codes, StringFormat::Hexadecimal)])
}

/// The same file with another one's objects written behind it, as editors that save quickly do (ISO 32000-1 § 7.5.6).
pub fn updated(original: &[u8], edit: impl FnOnce(&mut Pdf)) -> Vec<u8> {
    let before = Pdf::open(original);
    let mut after = Pdf::open(original);
    edit(&mut after);
    let mut bytes = original.to_vec();
    bytes.push(b'\n');
    let mut table = String::from("xref\n0 1\n0000000000 65535 f \n");
    for (id, object) in &after.0.objects {
        if before.0.objects.get(id) == Some(object) {
            continue;
        }
        table.push_str(&format!("{} 1\n{:010} 00000 n \n", id.0, bytes.len()));
        bytes.extend_from_slice(format!("{} 0 obj\n", id.0).as_bytes());
        bytes.extend_from_slice(&written(object));
        bytes.extend_from_slice(b"\nendobj\n");
    }
    let root = after.0.trailer.get(b"Root").and_then(Object::as_reference).expect("a root").0;
    let start = bytes.len();
    bytes.extend_from_slice(table.as_bytes());
    let size = after.0.max_id + 1;
    let identifiers = before.0.trailer.get(b"ID").and_then(Object::as_array).expect("an identifier");
    let hex = |id: &Object| id.as_str().expect("a string").iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let id: String = identifiers.iter().map(|id| format!("<{}>", hex(id))).collect();
    let previous = before.0.xref_start;
    bytes.extend_from_slice(
        format!("trailer\n<</Size {size}/Root {root} 0 R/ID[{id}]/Prev {previous}>>\nstartxref\n{start}\n%%EOF\n")
            .as_bytes(),
    );
    bytes
}

/// An object as it stands in a file: taken out of a file that holds nothing else.
fn written(object: &Object) -> Vec<u8> {
    let mut alone = Document::with_version("1.7");
    alone.add_object(object.clone());
    let mut bytes = Vec::new();
    alone.save_to(&mut bytes).expect("is written");
    let place = |word: &[u8]| bytes.windows(word.len()).position(|found| found == word).expect("stands there");
    let start = place(b"obj") + 3;
    let end = bytes.windows(6).rposition(|found| found == b"endobj").expect("ends");
    bytes[start..end].to_vec()
}
