//! JSON-LD made safe to sign: bundled contexts, strict expansion, canonical N-Quads.
//!
//! A data-integrity proof does not sign JSON but its meaning, the RDF quads that its contexts give it. [`canonize`] computes the
//! text that is hashed: strict expansion (`expand`, `quads`), then RDFC-1.0 (`rdfc10`) and canonical N-Quads (`nquads`). Everything
//! here is pure, and deaf to the network: contexts are compiled in (`contexts`).
//!
//! This is the general path, which takes any document, those of strangers included, and is the oracle for any faster one.
//!
//! Not here: hashing of the result, proofs and keys (see the module `proof`); and no compaction, framing or flattening.

pub mod contexts;
mod expand;
pub mod nquads;
mod quads;
pub mod rdfc10;

use serde_json::Value;

use self::contexts::UnknownContext;
use self::nquads::Dataset;
use self::rdfc10::{HashAlgorithm, TooComplex, WorkLimit};
use crate::json::JsonError;

/// The canonical N-Quads of a JSON-LD document: strict expansion, conversion to RDF, RDFC-1.0 with SHA-256.
///
/// `document` is an object with an `@context`: bundled contexts by address, inline definitions, or an array of both.
///
/// # Errors
/// See [`JsonLdError`]. Whatever JSON-LD would drop, and whatever implementations read differently, is an error.
pub fn canonize(document: &Value) -> Result<String, JsonLdError> {
    let dataset = to_dataset(document)?;
    Ok(rdfc10::canonicalize(&dataset, HashAlgorithm::Sha256, WorkLimit::default())?.nquads)
}

/// Deepest nesting of arrays and objects that is processed, inline contexts included.
pub const MAX_DEPTH: usize = 32;

/// The most objects in a document, each of which costs a tenth of a millisecond and more: its types have contexts of their own.
pub const MAX_OBJECTS: usize = 4096;
/// The most values of any kind.
pub const MAX_VALUES: usize = 32_768;
/// The most contexts inside a document, beside its own: each is processed anew, half a millisecond and more.
pub const MAX_INNER_CONTEXTS: usize = 64;

/// The RDF quads of a JSON-LD document, with arbitrary blank node labels.
///
/// json-ld recurses through large futures, over 100 kB of stack a level in debug builds, more than a server's threads have. So the
/// work is done in a thread with room for [`MAX_DEPTH`] levels: some 50 microseconds in several milliseconds. It also turns a panic
/// inside json-ld, which unwraps in places, into an error.
///
/// # Errors
/// See [`JsonLdError`].
pub fn to_dataset(document: &Value) -> Result<Dataset, JsonLdError> {
    /// Reserved, not used: the system gives pages as they are touched.
    const STACK_BYTES: usize = 32 * 1024 * 1024;

    if nests_deeper_than(document, MAX_DEPTH) {
        return Err(JsonLdError::TooDeep);
    }
    if is_too_much([document]) {
        return Err(JsonLdError::TooMuch);
    }
    std::thread::scope(|scope| {
        let work = || quads::quads(&expand::expand(document)?);
        let thread = std::thread::Builder::new().name("jsonld".to_owned()).stack_size(STACK_BYTES);
        let started = thread.spawn_scoped(scope, work).map_err(|_| JsonLdError::ProcessorFailed)?;
        started.join().map_err(|_| JsonLdError::ProcessorFailed)?
    })
}

/// Whether documents that are processed together are more than is processed of one.
pub fn is_too_much<'a>(documents: impl IntoIterator<Item = &'a Value>) -> bool {
    let mut size = Size::default();
    for document in documents {
        size.count(document);
    }
    size.objects > MAX_OBJECTS || size.values > MAX_VALUES || size.contexts > MAX_INNER_CONTEXTS + 1
}

/// What makes a document slow to process.
#[derive(Default)]
struct Size {
    objects: usize,
    values: usize,
    contexts: usize,
}

impl Size {
    fn count(&mut self, value: &Value) {
        self.values += 1;
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.count(item)),
            Value::Object(entries) => {
                self.objects += 1;
                self.contexts += usize::from(entries.contains_key("@context"));
                entries.values().for_each(|item| self.count(item));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

fn nests_deeper_than(value: &Value, levels: usize) -> bool {
    let deeper = |item: &Value| nests_deeper_than(item, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(deeper),
        Value::Object(entries) => levels == 0 || entries.values().any(deeper),
        _ => false,
    }
}

/// Why a document has no canonical form here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonLdError {
    /// The document is not a JSON object.
    #[error("a JSON-LD document must be a JSON object")]
    NotAnObject,
    /// The document has no `@context`.
    #[error("the document has no @context")]
    NoContext,
    /// The document says nothing: it has no quads.
    #[error("the document says nothing that could be signed")]
    Empty,
    /// A context is neither bundled nor inline.
    #[error(transparent)]
    UnknownContext(#[from] UnknownContext),
    /// An inline context is malformed, or contradicts the recommendation.
    #[error("the @context is invalid: {reason}")]
    InvalidContext {
        /// The processor's explanation.
        reason: String,
    },
    /// An inline context redefines a term that an earlier context protects (JSON-LD 1.1 §4.1.11).
    #[error("the @context redefines a protected term")]
    ProtectedTerm,
    /// An inline context undefines a term, renames a keyword, or defines a term in a way that loses part of its values.
    #[error("the @context makes a definition that is not accepted at {pointer:?}")]
    ForbiddenDefinition {
        /// JSON pointer of the definition.
        pointer: String,
    },
    /// A property or type that no context defines.
    #[error("no context defines the term {term:?}, so a signature would not cover it")]
    UndefinedTerm {
        /// The term.
        term: String,
    },
    /// An identifier or type that is not an absolute IRI without forbidden characters.
    #[error("{text:?} is not an absolute IRI, so a signature would not cover it")]
    RelativeIri {
        /// The identifier as written.
        text: String,
    },
    /// Something else that JSON-LD processing would drop in silence.
    #[error("{what} has no RDF form, so a signature would not cover it, at {place:?}")]
    Dropped {
        /// What it is.
        what: &'static str,
        /// Where it stands: a JSON pointer, or the text next to it.
        place: String,
    },
    /// A number that implementations write differently: an integer beyond ±(2^53 - 1), or one too large, too small or too precise.
    #[error("implementations write the number {number} differently, so its signature would not verify everywhere")]
    AmbiguousNumber {
        /// The number as written.
        number: String,
    },
    /// A language tag that is malformed, or has capitals, which only some implementations keep.
    #[error("the language tag {tag:?} must be well-formed and lower-case, or implementations read it differently")]
    LanguageTag {
        /// The tag as written.
        tag: String,
    },
    /// A text with U+FFFE or U+FFFF, which only some implementations escape.
    #[error("a text has the noncharacter U+FFFE or U+FFFF, which implementations write differently")]
    Noncharacter,
    /// A JSON literal has no canonical form.
    #[error("a JSON literal has no canonical form: {0}")]
    JsonLiteral(#[from] JsonError),
    /// Another violation of the expansion algorithm.
    #[error("the document is not valid JSON-LD: {reason}")]
    Expansion {
        /// The processor's explanation.
        reason: String,
    },
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`].
    #[error("the document is nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
    /// More objects, values or inner contexts than are processed.
    #[error(
        "the document has more than {MAX_OBJECTS} objects, {MAX_VALUES} values or {MAX_INNER_CONTEXTS} contexts inside it"
    )]
    TooMuch,
    /// The JSON-LD processor panicked, or no thread could be started for it.
    #[error("the JSON-LD processor failed on this document")]
    ProcessorFailed,
    /// The blank nodes are too entangled (a poison graph).
    #[error(transparent)]
    TooComplex(#[from] TooComplex),
}

impl JsonLdError {
    fn dropped(what: &'static str, place: &str) -> Self {
        Self::Dropped { what, place: place.to_owned() }
    }
}

#[cfg(test)]
mod tests;
