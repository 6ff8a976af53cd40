//! A PDF that anybody may have made, opened within bounds: its objects, and the credential attached to it.
//!
//! Not here: whether the credential is genuine, and what the pages show.

use std::collections::BTreeMap;

use lopdf::{Dictionary, Document, Error, LoadOptions, Object};

use crate::json::{self, Limits};
use crate::proof::{self, jwt};

/// The largest PDF that is read, in bytes: an attestation has some fifty thousand, one with logos and a seal a few hundred thousand.
pub const MAX_PDF_BYTES: usize = 4 * 1024 * 1024;
/// The most streams: fonts, pages and pictures. Each may be a bomb of [`MAX_STRUCTURE_BYTES`].
const MAX_STREAMS: usize = 256;
/// The most objects: the longest attestation of ours has some two thousand.
const MAX_OBJECTS: usize = 20_000;
/// The most that any one stream of its structure may expand to, in bytes: ours has no compressed structure at all.
const MAX_STRUCTURE_BYTES: usize = 64 * 1024;
/// How deep arrays and dictionaries are looked into.
const MAX_DEPTH: usize = 16;
/// The largest credential that is taken out, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 1024 * 1024;
/// The name under which it is attached.
pub const CREDENTIAL_FILE: &str = "credential.json";
/// The name under which the same credential is attached as a token, where one was made.
pub const TOKEN_FILE: &str = "credential.jwt";

/// Keys of dictionaries that make a viewer do something by itself (ISO 32000-1 § 12.6.3, § 12.6.4.16, § 12.7.8).
const ACTIVE_KEYS: [&[u8]; 4] = [b"JS", b"JavaScript", b"AA", b"XFA"];
/// Types of actions that do more than to show another place or address (ISO 32000-1 § 12.6.4, table 198).
const ACTIVE_ACTIONS: [&[u8]; 13] = [
    b"JavaScript",
    b"Launch",
    b"SubmitForm",
    b"ResetForm",
    b"ImportData",
    b"GoToE",
    b"Rendition",
    b"RichMediaExecute",
    b"Sound",
    b"Movie",
    b"Hide",
    b"SetOCGState",
    b"GoTo3DView",
];

/// Why no credential is read from a PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// Larger than is read.
    #[error("the PDF has {bytes} bytes, the limit is {MAX_PDF_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// More in it than is read.
    #[error("the PDF has more than {limit} {what}")]
    TooMuch {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// Encrypted (ISO 32000-1 § 7.6), with or without a password.
    #[error("the PDF is encrypted")]
    Encrypted,
    /// Truncated or damaged, or not written as the standard has it.
    #[error("the PDF cannot be read: {0}")]
    Damaged(String),
    /// It runs something, or would make its viewer act.
    #[error("the PDF holds active content: {0}")]
    Active(String),
    /// More than one attachment under the credential's name.
    #[error("the PDF carries {count} credentials, there must be exactly one")]
    Several {
        /// How many.
        count: usize,
    },
}

/// A PDF that was opened, with a credential attached.
#[derive(Debug)]
pub struct Opened {
    pub(super) document: Document,
    pub(super) credential: String,
    /// The same as a token, where there is one.
    pub(super) token: Option<String>,
    /// Names of files attached that are not ours: a token that says something else than the credential is none of ours.
    pub(super) other_files: Vec<String>,
    /// Whether it was written in more than one go (ISO 32000-1 § 7.5.6).
    pub(super) revised: bool,
}

impl Opened {
    /// The text of the credential attached under [`CREDENTIAL_FILE`].
    pub fn credential(&self) -> &str {
        &self.credential
    }
}

/// Opens a PDF; none where nothing is attached under the credential's name.
///
/// # Errors
/// [`OpenError`].
pub fn open(pdf: &[u8]) -> Result<Option<Opened>, OpenError> {
    if pdf.len() > MAX_PDF_BYTES {
        return Err(OpenError::TooLarge { bytes: pdf.len() });
    }
    // Each stream has the word twice. Counted before any is expanded.
    if count(pdf, b"stream") > 2 * MAX_STREAMS {
        return Err(OpenError::TooMuch { what: "streams", limit: MAX_STREAMS });
    }
    let options =
        LoadOptions { strict: true, max_decompressed_size: Some(MAX_STRUCTURE_BYTES), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(pdf, options).map_err(|error| match error {
        Error::InvalidPassword | Error::Decryption(_) | Error::UnsupportedSecurityHandler(_) => OpenError::Encrypted,
        error => damaged(&error),
    })?;
    if document.is_encrypted() || document.was_encrypted() {
        return Err(OpenError::Encrypted);
    }
    if document.objects.len() > MAX_OBJECTS {
        return Err(OpenError::TooMuch { what: "objects", limit: MAX_OBJECTS });
    }
    let mut specifications = Vec::new();
    let mut active = None;
    for object in document.objects.values() {
        visit(object, MAX_DEPTH, &mut |dictionary| {
            active = active.take().or_else(|| acts(dictionary, &document));
            if dictionary.has(b"EF") {
                specifications.push(file_of(dictionary, &document));
            }
        });
    }
    if let Some(what) = active {
        return Err(OpenError::Active(what));
    }
    let mut files: BTreeMap<&str, Vec<_>> = BTreeMap::new();
    let mut other_files = Vec::new();
    for (names, stream) in specifications {
        match [CREDENTIAL_FILE, TOKEN_FILE].into_iter().find(|ours| names.iter().any(|name| name == ours)) {
            Some(ours) => files.entry(ours).or_default().push(stream),
            None => other_files.push(names.into_iter().next().unwrap_or_default()),
        }
    }
    let mut take = |name: &str| match files.remove(name).unwrap_or_default().as_slice() {
        [] => Ok(None),
        [stream] => {
            let stream = stream.ok_or_else(|| damaged(&"an attachment without its file"))?;
            let stream = document.get_object(stream).and_then(Object::as_stream).map_err(|error| damaged(&error))?;
            let bytes = stream.get_plain_content_with_limit(MAX_CREDENTIAL_BYTES).map_err(|error| damaged(&error))?;
            String::from_utf8(bytes).map(Some).map_err(|error| damaged(&error))
        }
        several => Err(OpenError::Several { count: several.len() }),
    };
    let (credential, token) = (take(CREDENTIAL_FILE)?, take(TOKEN_FILE)?);
    if let (Some(credential), Some(token)) = (&credential, &token)
        && !says_the_same(token, credential)
    {
        other_files.push(TOKEN_FILE.to_owned());
    }
    // Every revision ends with where its table of objects is.
    let revised = document.trailer.has(b"Prev") || count(pdf, b"startxref") != 1 || !ends_at_once(pdf);
    Ok(credential.map(|credential| Opened { document, credential, token, other_files, revised }))
}

/// Whether a token carries the document that the credential is, whoever signed either.
fn says_the_same(token: &str, credential: &str) -> bool {
    let limits = Limits { max_bytes: MAX_CREDENTIAL_BYTES, ..Limits::default() };
    let Ok(token) = jwt::parse(token.trim(), &limits) else { return false };
    let Ok(document) = json::parse_strict(credential.as_bytes(), &limits) else { return false };
    proof::split(&document).is_ok_and(|(bare, _)| bare == token.document())
}

fn damaged(why: &dyn std::fmt::Display) -> OpenError {
    OpenError::Damaged(why.to_string())
}

fn count(bytes: &[u8], word: &[u8]) -> usize {
    bytes.windows(word.len()).filter(|found| *found == word).count()
}

/// Whether nothing follows the mark of the file's end.
fn ends_at_once(pdf: &[u8]) -> bool {
    pdf.trim_ascii_end().ends_with(b"%%EOF")
}

/// Calls for every dictionary in an object, those of streams included; references are not followed.
fn visit<'a>(object: &'a Object, depth: usize, call: &mut impl FnMut(&'a Dictionary)) {
    if depth == 0 {
        return;
    }
    let dictionary = match object {
        Object::Dictionary(dictionary) => dictionary,
        Object::Stream(stream) => &stream.dict,
        Object::Array(items) => return items.iter().for_each(|item| visit(item, depth - 1, call)),
        _ => return,
    };
    call(dictionary);
    dictionary.iter().for_each(|(_, value)| visit(value, depth - 1, call));
}

/// What in a dictionary makes a viewer act by itself, if anything does.
fn acts(dictionary: &Dictionary, document: &Document) -> Option<String> {
    let said = |what: &[u8]| Some(format!("/{}", String::from_utf8_lossy(what)));
    if let Some(key) = ACTIVE_KEYS.into_iter().find(|key| dictionary.has(key)) {
        return said(key);
    }
    // An array is a place to open at; anything else is an action.
    if let Ok(opening) = dictionary.get_deref(b"OpenAction", document)
        && opening.as_array().is_err()
    {
        return said(b"OpenAction");
    }
    let kind = dictionary.get_deref(b"S", document).and_then(Object::as_name).ok()?;
    ACTIVE_ACTIONS.contains(&kind).then(|| said(kind))?
}

/// The names of a file specification (ISO 32000-1 § 7.11.3) and the stream that it embeds.
fn file_of(dictionary: &Dictionary, document: &Document) -> (Vec<String>, Option<lopdf::ObjectId>) {
    let keys: [&[u8]; 5] = [b"UF", b"F", b"Unix", b"DOS", b"Mac"];
    let name = |key: &&[u8]| lopdf::decode_text_string(dictionary.get_deref(key, document).ok()?).ok();
    let names = keys.iter().filter_map(name).collect();
    let embedded = dictionary.get_deref(b"EF", document).and_then(Object::as_dict).ok();
    let streams: Vec<_> =
        embedded.into_iter().flat_map(|files| files.iter()).map(|(_, file)| file.as_reference().ok()).collect();
    // Two names may lead to two files: then no viewer can be trusted to show the one that was read.
    let one = streams.first().copied().flatten().filter(|one| streams.iter().all(|other| *other == Some(*one)));
    (names, one)
}
