//! The objects of a PDF against the list of those that our renderer writes: every key of every dictionary that a viewer can reach
//! (ISO 32000-1 § 7.7). What is not on the list is foreign, whatever it does: a list of what is dangerous would never be complete.
//!
//! The grammar of krilla's output is this table and that of `content`; nowhere else.

use std::collections::HashSet;

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::Foreign;
use Kind::*;

/// What a dictionary must be, by where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Trailer,
    Catalog,
    Information,
    /// Numbers, names and texts.
    Value,
    Tree,
    Page,
    Resources,
    ColourSpaces,
    Fonts,
    Font,
    Descendant,
    Descriptor,
    /// A stream of bytes that shows nothing by itself: a font, a colour profile, metadata, the text of a font's glyphs.
    Bytes,
    Content,
    Annotation,
    Action,
    Structure,
    Element,
    /// An element or the root above it.
    Above,
    ParentTree,
    Outlines,
    Names,
    EmbeddedFiles,
    File,
    Embedded,
    Intent,
}

/// The name of a kind in a finding.
fn said(kind: Kind) -> &'static str {
    match kind {
        Trailer => "the trailer",
        Catalog => "the catalog",
        Information => "the information dictionary",
        Value => "a value",
        Tree => "the page tree",
        Page => "a page",
        Resources | ColourSpaces | Fonts => "the resources of a page",
        Font | Descendant | Descriptor => "a font",
        Bytes | Content => "a stream",
        Annotation => "an annotation",
        Action => "an action",
        Structure | Element | Above | ParentTree => "the structure",
        Outlines => "the outline",
        Names | EmbeddedFiles | File | Embedded => "the attachments",
        Intent => "the output intent",
    }
}

/// The keys that a dictionary may have, and what stands under each. `None` for a dictionary of freely chosen names.
fn keys(kind: Kind) -> &'static [(&'static str, Kind)] {
    match kind {
        Trailer => &[
            ("Size", Value),
            ("Root", Catalog),
            ("Info", Information),
            ("ID", Value),
            // Of a cross-reference stream (ISO 32000-1 § 7.5.8), which other writers make of the same objects.
            ("Type", Value),
            ("W", Value),
            ("Index", Value),
            ("Length", Value),
            ("Filter", Value),
            ("DecodeParms", Value),
        ],
        Catalog => &[
            ("Type", Value),
            ("Version", Value),
            ("Pages", Tree),
            ("Outlines", Outlines),
            ("Names", Names),
            ("AF", File),
            ("StructTreeRoot", Structure),
            ("MarkInfo", Value),
            ("Lang", Value),
            ("ViewerPreferences", Value),
            ("Metadata", Bytes),
            ("OutputIntents", Intent),
        ],
        Information => &[
            ("Title", Value),
            ("Author", Value),
            ("Creator", Value),
            ("Producer", Value),
            ("CreationDate", Value),
            ("ModDate", Value),
        ],
        Tree => &[("Type", Value), ("Count", Value), ("Kids", Tree), ("Parent", Tree)],
        Page => &[
            ("Type", Value),
            ("Parent", Tree),
            ("MediaBox", Value),
            ("Resources", Resources),
            ("Contents", Content),
            ("Annots", Annotation),
            ("StructParents", Value),
            ("Tabs", Value),
        ],
        Resources => &[("ColorSpace", ColourSpaces), ("Font", Fonts), ("ProcSet", Value)],
        Font => &[
            ("Type", Value),
            ("Subtype", Value),
            ("BaseFont", Value),
            ("Encoding", Value),
            ("DescendantFonts", Descendant),
            ("ToUnicode", Bytes),
        ],
        Descendant => &[
            ("Type", Value),
            ("Subtype", Value),
            ("BaseFont", Value),
            ("CIDSystemInfo", Value),
            ("CIDToGIDMap", Value),
            ("FontDescriptor", Descriptor),
            ("DW", Value),
            ("W", Value),
        ],
        Descriptor => &[
            ("Type", Value),
            ("FontName", Value),
            ("Flags", Value),
            ("FontBBox", Value),
            ("ItalicAngle", Value),
            ("Ascent", Value),
            ("Descent", Value),
            ("CapHeight", Value),
            ("StemV", Value),
            ("CIDSet", Bytes),
            ("FontFile2", Bytes),
            ("FontFile3", Bytes),
        ],
        Bytes | Content => &[
            ("Type", Value),
            ("Subtype", Value),
            ("Length", Value),
            ("Length1", Value),
            ("Filter", Value),
            ("DecodeParms", Value),
            ("N", Value),
            ("Range", Value),
            ("WMode", Value),
            ("CMapName", Value),
            ("CIDSystemInfo", Value),
        ],
        Annotation => &[
            ("Type", Value),
            ("Subtype", Value),
            ("Rect", Value),
            ("Border", Value),
            ("A", Action),
            ("Contents", Value),
            ("F", Value),
            ("StructParent", Value),
        ],
        Action => &[("Type", Value), ("S", Value), ("URI", Value)],
        Structure => &[
            ("Type", Value),
            ("K", Element),
            ("RoleMap", Value),
            ("ParentTree", ParentTree),
            ("ParentTreeNextKey", Value),
            ("IDTree", Value),
        ],
        ParentTree => &[("Nums", Element)],
        Above | Element => &[
            ("Type", Value),
            ("S", Value),
            ("P", Above),
            ("K", Element),
            ("Pg", Page),
            ("Obj", Annotation),
            ("MCID", Value),
            ("T", Value),
            ("Alt", Value),
            ("Lang", Value),
            ("ID", Value),
            ("A", Value),
        ],
        Outlines => &[
            ("Type", Value),
            ("First", Outlines),
            ("Last", Outlines),
            ("Next", Outlines),
            ("Prev", Outlines),
            ("Parent", Outlines),
            ("Count", Value),
            ("Title", Value),
            ("Dest", Page),
        ],
        Names => &[("EmbeddedFiles", EmbeddedFiles)],
        EmbeddedFiles => &[("Names", File)],
        File => &[
            ("Type", Value),
            ("F", Value),
            ("UF", Value),
            ("EF", Embedded),
            ("Desc", Value),
            ("AFRelationship", Value),
        ],
        // The dictionary of streams, and each stream.
        Embedded => &[
            ("F", Embedded),
            ("UF", Embedded),
            ("Type", Value),
            ("Subtype", Value),
            ("Params", Value),
            ("Length", Value),
            ("Filter", Value),
            ("DecodeParms", Value),
        ],
        Intent => &[
            ("Type", Value),
            ("DestOutputProfile", Bytes),
            ("S", Value),
            ("OutputConditionIdentifier", Value),
            ("OutputCondition", Value),
            ("RegistryName", Value),
            ("Info", Value),
        ],
        // Chosen by the writer: each name stands for a font, or a colour space.
        Value | ColourSpaces | Fonts => &[],
    }
}

/// What under names of the writer's choice must be; of a colour space only its profile is a dictionary.
fn under_any_name(kind: Kind) -> Option<Kind> {
    match kind {
        Fonts => Some(Font),
        ColourSpaces => Some(Bytes),
        Value => Some(Value),
        _ => None,
    }
}

/// What a walk over the objects found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// Where links lead.
    pub(super) links: Vec<String>,
    /// What is not ours.
    pub(super) foreign: Vec<Foreign>,
}

/// Walks over everything that a viewer can reach.
pub(super) fn walk(document: &Document) -> Walked {
    let mut walked = Walked::default();
    let mut seen: HashSet<(ObjectId, Kind)> = HashSet::new();
    let trailer = Object::Dictionary(document.trailer.clone());
    let mut open: Vec<(&Object, Kind)> = vec![(&trailer, Trailer)];
    while let Some((mut object, mut kind)) = open.pop() {
        if let Object::Reference(id) = object {
            let Ok(found) = document.get_object(*id) else {
                walked.note(format!("a reference to nothing in {}", said(kind)));
                continue;
            };
            object = found;
            kind = as_typed(kind, object);
            if !seen.insert((*id, kind)) {
                continue;
            }
        }
        match object {
            Object::Array(items) => open.extend(items.iter().rev().map(|item| (item, kind))),
            Object::Dictionary(dictionary) if !matches!(kind, Bytes | Content) => {
                walked.dictionary(dictionary, kind, document);
                open.extend(under(dictionary, kind));
            }
            Object::Stream(stream) if matches!(kind, Bytes | Content | Embedded) => {
                walked.dictionary(&stream.dict, kind, document);
                open.extend(under(&stream.dict, kind));
            }
            Object::Dictionary(_) | Object::Stream(_) => {
                walked.note(format!("a dictionary or stream where none stands, in {}", said(kind)));
            }
            _ => {}
        }
    }
    let reached: HashSet<ObjectId> = seen.iter().map(|(id, _)| *id).collect();
    let plumbing = |object: &Object| {
        let kind = object.as_stream().and_then(|stream| stream.dict.get_type());
        kind.is_ok_and(|kind| matches!(kind, b"ObjStm" | b"XRef"))
    };
    if document.objects.iter().any(|(id, object)| !reached.contains(id) && !plumbing(object)) {
        walked.note("an object that nothing uses".to_owned());
    }
    walked
}

/// Where either of two may stand, what it says it is.
fn as_typed(kind: Kind, object: &Object) -> Kind {
    let is = |name: &[u8]| object.as_dict().is_ok_and(|dictionary| dictionary.has_type(name));
    match kind {
        Tree if is(b"Page") => Page,
        Above if is(b"StructTreeRoot") => Structure,
        Above => Element,
        kind => kind,
    }
}

fn under(dictionary: &Dictionary, kind: Kind) -> impl Iterator<Item = (&Object, Kind)> {
    let allowed = keys(kind);
    dictionary.iter().rev().filter_map(move |(key, value)| {
        let known = allowed.iter().find(|(name, _)| name.as_bytes() == key).map(|(_, kind)| *kind);
        Some((value, known.or_else(|| under_any_name(kind))?))
    })
}

impl Walked {
    fn note(&mut self, what: String) {
        // The first few say enough.
        if self.foreign.len() < 16 {
            self.foreign.push(Foreign(what));
        }
    }

    fn dictionary(&mut self, dictionary: &Dictionary, kind: Kind, document: &Document) {
        if under_any_name(kind).is_none() {
            for (key, _) in dictionary {
                if !keys(kind).iter().any(|(name, _)| name.as_bytes() == key) {
                    self.note(format!("/{} in {}", String::from_utf8_lossy(key), said(kind)));
                }
            }
        }
        let name = |key: &[u8]| dictionary.get_deref(key, document).and_then(Object::as_name).unwrap_or_default();
        let mut must = |key: &str, values: &[&[u8]]| {
            let found = name(key.as_bytes());
            if !values.contains(&found) {
                self.note(format!("/{key} /{} in {}", String::from_utf8_lossy(found), said(kind)));
            }
        };
        match kind {
            Annotation => must("Subtype", &[b"Link"]),
            Action => must("S", &[b"URI"]),
            Page => must("Type", &[b"Page"]),
            Font => {
                must("Subtype", &[b"Type0"]);
                must("Encoding", &[b"Identity-H"]);
            }
            Descendant => must("Subtype", &[b"CIDFontType2", b"CIDFontType0"]),
            _ => {}
        }
        match kind {
            Page => {
                let content = dictionary.get(b"Contents").and_then(|object| document.dereference(object));
                if !content.is_ok_and(|(_, object)| object.as_stream().is_ok()) {
                    self.note("a page that is not one stream of content".to_owned());
                }
            }
            Action => {
                let link = dictionary.get_deref(b"URI", document).and_then(Object::as_str).unwrap_or_default();
                self.links.push(String::from_utf8_lossy(link).into_owned());
            }
            _ => {}
        }
    }
}
