//! The credential attached to an attestation, out of a PDF that anybody may have made.
//!
//! What the PDF shows is not what was signed: whoever verifies has to say so, or to compare (see `verification`).
//!
//! Not here: whether the credential is genuine, and what the pages say.

use lopdf::{Document, LoadOptions, Object};

/// The largest PDF that is read, in bytes: an attestation has some fifty thousand.
pub const MAX_PDF_BYTES: usize = 1024 * 1024;
/// The most that any one stream of its structure may expand to, in bytes: ours has no compressed structure at all.
const MAX_STRUCTURE_BYTES: usize = 64 * 1024;
/// The largest credential that is taken out, in bytes.
const MAX_CREDENTIAL_BYTES: usize = 1024 * 1024;
/// The name under which it is attached.
pub const CREDENTIAL_FILE: &str = "credential.json";
/// The name under which the same credential as a token is attached.
pub const TOKEN_FILE: &str = "credential.jwt";

/// Why no credential can be read from a PDF.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachedError {
    /// Larger than is read.
    #[error("the PDF has {bytes} bytes, the limit is {MAX_PDF_BYTES}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Encrypted, truncated, damaged or made to exhaust its reader.
    #[error("the PDF cannot be read: {0}")]
    Unreadable(String),
    /// More than one attachment of that name.
    #[error("the PDF carries {count} credentials, there must be exactly one")]
    Several {
        /// How many.
        count: usize,
    },
}

/// The text of the credential attached to a PDF; none where nothing is attached under its name.
///
/// # Errors
/// [`AttachedError`].
pub fn attached_credential(pdf: &[u8]) -> Result<Option<String>, AttachedError> {
    if pdf.len() > MAX_PDF_BYTES {
        return Err(AttachedError::TooLarge { bytes: pdf.len() });
    }
    let unreadable = |why: &dyn std::fmt::Display| AttachedError::Unreadable(why.to_string());
    let options =
        LoadOptions { strict: true, max_decompressed_size: Some(MAX_STRUCTURE_BYTES), ..LoadOptions::default() };
    let document = Document::load_mem_with_options(pdf, options).map_err(|error| unreadable(&error))?;
    if document.is_encrypted() {
        return Err(unreadable(&"it is encrypted"));
    }
    let mut found = Vec::new();
    for object in document.objects.values() {
        let Ok(specification) = object.as_dict() else { continue };
        let named = |key: &[u8]| {
            let name = specification.get(key).and_then(Object::as_str);
            name.is_ok_and(|name| name == CREDENTIAL_FILE.as_bytes())
        };
        if specification.has_type(b"Filespec") && (named(b"F") || named(b"UF")) {
            found.push(specification);
        }
    }
    let specification = match found[..] {
        [] => return Ok(None),
        [one] => one,
        _ => return Err(AttachedError::Several { count: found.len() }),
    };
    let embedded = specification.get(b"EF").and_then(Object::as_dict).map_err(|error| unreadable(&error))?;
    let stream = embedded.get(b"F").or_else(|_| embedded.get(b"UF")).and_then(Object::as_reference);
    let stream = stream.and_then(|id| document.get_object(id)).and_then(Object::as_stream);
    let stream = stream.map_err(|error| unreadable(&error))?;
    let bytes = stream.get_plain_content_with_limit(MAX_CREDENTIAL_BYTES).map_err(|error| unreadable(&error))?;
    String::from_utf8(bytes).map(Some).map_err(|error| unreadable(&error))
}
