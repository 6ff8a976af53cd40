//! From a JSON-LD document to RDF quads, losing nothing on the way.
//!
//! JSON-LD drops what it doesn't understand: a term that no context defines, a relative identifier, a malformed language tag, an
//! index. What is dropped is not signed, yet a reader still sees it in the JSON, so whoever holds a credential could change it.
//! Here anything that would be dropped is an error, and so is anything on which implementations disagree. Three passes:
//! 1. the document and its inline contexts are read for constructs that the processor would drop in silence ([`check_document`]);
//! 2. json-ld expands it under a policy that rejects undefined terms;
//! 3. the expanded form is walked into quads, and whatever cannot become a quad is refused ([`quads`](super::quads)).
//!
//! Not here: the quads themselves, canonicalisation, and whether the document makes a good credential.

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Waker};

use json_ld::context_processing::algorithm::Action;
use json_ld::expansion::{Options, Policy};
use json_ld::syntax::{NumberBuf, Object as LdObject, TryFromJson, Value as LdValue};
use json_ld::{Context, Expand, ExpandedDocument, Process, context_processing, syntax};
use serde_json::{Map, Value};

use super::JsonLdError;
use super::contexts::{BundledLoader, UnknownContext, bundled, bundled_terms};
use crate::json::items;

/// Expands a document under the strict policy. The result still has to pass through `quads`.
///
/// # Errors
/// [`JsonLdError`], except for what only the walk over the expanded form can find.
pub(super) fn expand(document: &Value) -> Result<ExpandedDocument, JsonLdError> {
    let Value::Object(entries) = document else { return Err(JsonLdError::NotAnObject) };
    let context = entries.get("@context").ok_or(JsonLdError::NoContext)?;
    // Outside a property these have no subject to belong to.
    if let Some(keyword) = ["@value", "@set", "@list"].into_iter().find(|keyword| entries.contains_key(*keyword)) {
        return Err(JsonLdError::dropped("a keyword that has no place here", keyword));
    }
    check_document(document, &mut String::new())?;
    let mut context = context.clone();
    drop_repeated_terms(&mut context);
    let context = processed(&context)?;
    let mut body: Map<_, _> =
        entries.iter().filter(|(key, _)| *key != "@context").map(|(k, v)| (k.clone(), v.clone())).collect();
    body.values_mut().for_each(drop_repeated_terms_within);
    let policy = Policy { invalid: Action::Reject, vocab: Action::Keep, allow_undefined: false };
    let options = Options { policy, ..Options::default() };
    let body = to_ld(&Value::Object(body));
    block_on(body.expand_full(&mut (), Context::clone(&context), None, &BundledLoader, options, ()))
        .map_err(|error| explain(&error))
}

/// Leaves out of each bundled context in a list what a bundled one before it has said in the same words, and protected.
///
/// Protected terms may be defined again in the same words (JSON-LD 1.1 §4.1.11), and `data-integrity/v2` does that after
/// `credentials/v2`; but json-ld takes two scoped contexts for different when their keys come in another order or when they come from two
/// addresses. So only terms that have a scoped context are left out.
fn drop_repeated_terms(contexts: &mut Value) {
    let Value::Array(list) = contexts else { return };
    let mut said: Vec<&Map<String, Value>> = vec![];
    for item in list {
        let Some(terms) = item.as_str().and_then(bundled_terms).and_then(Value::as_object) else { continue };
        let is_repeated = |term: &str, meaning: &Value| {
            let in_the_same_words = |earlier: &&Map<String, Value>| {
                earlier.get("@protected") == Some(&Value::Bool(true)) && earlier.get(term) == Some(meaning)
            };
            meaning.get("@context").is_some() && said.iter().any(in_the_same_words)
        };
        let rest: Map<_, _> = terms
            .iter()
            .filter(|(term, meaning)| !is_repeated(term, meaning))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect();
        said.push(terms);
        if rest.len() < terms.len() {
            *item = Value::Object(rest);
        }
    }
}

fn drop_repeated_terms_within(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(drop_repeated_terms_within),
        Value::Object(entries) => {
            for (key, item) in entries {
                if key == "@context" { drop_repeated_terms(item) } else { drop_repeated_terms_within(item) }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The outcome of context processing for a whole `@context` value, which is the same for thousands of documents and slow to compute.
fn processed(context: &Value) -> Result<Arc<Context>, JsonLdError> {
    /// Enough for our own documents; a stranger's contexts can at worst empty the cache.
    const CACHED_CONTEXTS: usize = 64;
    static CACHE: LazyLock<Mutex<HashMap<String, Arc<Context>>>> = LazyLock::new(Mutex::default);

    let key = context.to_string();
    if let Some(found) = CACHE.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(found));
    }
    let local = syntax::context::Context::try_from_json(to_ld(context))
        .map_err(|error| JsonLdError::InvalidContext { reason: error.to_string() })?;
    let options = context_processing::Options::default();
    let initial = Context::default();
    let processed = block_on(local.process_full(&mut (), &initial, &BundledLoader, None, options, ()))
        .map_err(|error| explain_context(&error))?
        .into_processed();
    let processed = Arc::new(processed);
    let mut cache = CACHE.lock().unwrap_or_else(PoisonError::into_inner);
    if cache.len() >= CACHED_CONTEXTS {
        cache.clear();
    }
    cache.insert(key, Arc::clone(&processed));
    Ok(processed)
}

fn explain(error: &json_ld::expansion::Error) -> JsonLdError {
    use json_ld::expansion::Error;
    match error {
        Error::KeyExpansionFailed(term) => JsonLdError::UndefinedTerm { term: term.clone() },
        Error::ContextProcessing(error) => explain_context(error),
        Error::ContextSyntax(error) => JsonLdError::InvalidContext { reason: error.to_string() },
        other => JsonLdError::Expansion { reason: other.to_string() },
    }
}

fn explain_context(error: &context_processing::Error) -> JsonLdError {
    match error {
        context_processing::Error::ContextLoadingFailed(failure) => {
            UnknownContext { url: failure.target.to_string() }.into()
        }
        context_processing::Error::ProtectedTermRedefinition => JsonLdError::ProtectedTerm,
        other => JsonLdError::InvalidContext { reason: other.to_string() },
    }
}

/// Refuses what JSON-LD processing would drop in silence, in one document or part of it.
///
/// Besides keywords, only the document's own inline contexts need a look: the bundled ones are known to be harmless.
fn check_document(value: &Value, pointer: &mut String) -> Result<(), JsonLdError> {
    match value {
        Value::Null => Err(JsonLdError::dropped("a null", pointer)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                within(pointer, &index.to_string(), |pointer| check_document(item, pointer))?;
            }
            Ok(())
        }
        Value::Object(entries) => check_object(entries, pointer),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn check_object(entries: &Map<String, Value>, pointer: &mut String) -> Result<(), JsonLdError> {
    let is_value = entries.contains_key("@value");
    for (key, value) in entries {
        within(pointer, key, |pointer| match key.as_str() {
            "@context" => check_context(value, Author::Document, pointer),
            "@type" if is_value => Ok(()), // "@json" among others
            "@type" | "type" => check_types(value, pointer),
            "@id" | "id" => check_names(value, pointer),
            // json-ld flattens these, which the recommendation keeps nested (JSON-LD 1.1 §4.3.1).
            "@list" if value.as_array().is_some_and(|items| items.iter().any(Value::is_array)) => {
                Err(JsonLdError::dropped("a list in a list", pointer))
            }
            "@value" | "@set" | "@list" => check_document(value, pointer),
            "@language" | "@direction" if is_value => check_document(value, pointer),
            // The same property under another name, such as its IRI: whoever reads names would not see what the signature covers.
            name if name.contains(':') => Err(JsonLdError::dropped("a property that no term names", pointer)),
            // The rest has no RDF form (@index), no use in a credential, or is not a keyword at all.
            keyword if keyword.starts_with('@') => {
                Err(JsonLdError::dropped("a keyword that has no place here", pointer))
            }
            _ => check_document(value, pointer),
        })?;
    }
    Ok(())
}

/// Refuses names and types such as "@x", which would leave the object without them. (A property's value "@x", coerced to an
/// identifier, becomes an object that says nothing, which `quads` refuses.)
fn check_names(names: &Value, pointer: &mut String) -> Result<(), JsonLdError> {
    if items(Some(names)).iter().filter_map(Value::as_str).any(is_keyword_like) {
        return Err(JsonLdError::dropped("a name that looks like a keyword", pointer));
    }
    check_document(names, pointer)
}

/// The same, and refuses a type of the standards that is written as its IRI: whoever looks for its name would not see it.
fn check_types(types: &Value, pointer: &mut String) -> Result<(), JsonLdError> {
    if items(Some(types)).iter().filter_map(Value::as_str).any(|name| name.contains(':') && may_rename(name)) {
        return Err(JsonLdError::dropped("a type that no term names", pointer));
    }
    check_names(types, pointer)
}

/// Who wrote a context.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Author {
    /// Whoever wrote the document: bounded, and kept from renaming what standards name.
    Document,
    /// A standards body; bundled, and held to the rest of the rules by a test.
    #[cfg(test)]
    Standard,
}

/// Inline contexts may define terms, but neither undefine them nor give keywords new names: [`check_object`] looks for keywords by
/// their own names.
fn check_context(context: &Value, author: Author, pointer: &mut String) -> Result<(), JsonLdError> {
    match context {
        Value::String(url) if bundled(url).is_none() => Err(UnknownContext { url: url.clone() }.into()),
        // Forgetting every context is safe, since undefined terms are refused; json-ld sees to it that nothing protected is forgotten.
        Value::String(_) | Value::Null => Ok(()),
        Value::Array(items) => {
            if author == Author::Document && items.len() > MAX_CONTEXTS {
                return Err(JsonLdError::InvalidContext {
                    reason: format!("more than {MAX_CONTEXTS} contexts in one list"),
                });
            }
            for (index, item) in items.iter().enumerate() {
                within(pointer, &index.to_string(), |pointer| check_context(item, author, pointer))?;
            }
            Ok(())
        }
        Value::Object(terms) => {
            if author == Author::Document && terms.len() > MAX_TERMS {
                return Err(JsonLdError::InvalidContext {
                    reason: format!("more than {MAX_TERMS} terms in one context"),
                });
            }
            for (term, definition) in terms {
                within(pointer, term, |pointer| check_definition(term, definition, author, pointer))?;
            }
            Ok(())
        }
        Value::Bool(_) | Value::Number(_) => {
            Err(JsonLdError::InvalidContext { reason: format!("{context} is no context") })
        }
    }
}

fn check_definition(term: &str, definition: &Value, author: Author, pointer: &mut String) -> Result<(), JsonLdError> {
    // What has no colon is another term, and this one would be a second name for it.
    let may_rename = |iri: &str| author == Author::Document && (!iri.contains(':') || may_rename(iri));
    let refuse = |pointer: &str| Err(JsonLdError::ForbiddenDefinition { pointer: pointer.to_owned() });
    match (term, definition) {
        ("@version" | "@protected" | "@propagate" | "@language", value) if !value.is_null() => Ok(()),
        ("@vocab", Value::String(vocabulary)) if vocabulary.contains(':') && !may_rename(vocabulary) => Ok(()),
        // @base would make relative identifiers look absolute, a relative @vocab leaves terms relative; @import and @direction have no use here.
        (keyword, _) if keyword.starts_with('@') => refuse(pointer),
        ("id", Value::String(target)) if target == "@id" => Ok(()),
        ("type", Value::String(target)) if target == "@type" => Ok(()),
        (_, Value::String(target)) if !target.starts_with('@') && !may_rename(target) => Ok(()),
        (_, Value::Object(parts)) => {
            let names_an_iri =
                parts.get("@id").is_none_or(|id| id.as_str().is_some_and(|id| !id.starts_with('@') && !may_rename(id)));
            let containers = match parts.get("@container") {
                None => vec![],
                Some(Value::Array(kinds)) => kinds.iter().map(Value::as_str).collect(),
                Some(kind) => vec![kind.as_str()],
            };
            let container_is_lossless = containers.iter().all(|kind| kind.is_some_and(is_lossless_container));
            // A typed language map: implementations choose between the type and the languages.
            let is_ambiguous = containers.contains(&Some("@language")) && parts.contains_key("@type");
            // No `@context`: a scoped context is processed again at every use, so that a small document could cost hours.
            let known = ["@id", "@type", "@container", "@protected", "@prefix", "@language"];
            let scoped = parts.get("@context").filter(|_| author != Author::Document);
            if !names_an_iri
                || !container_is_lossless
                || is_ambiguous
                || parts.keys().any(|part| !(known.contains(&part.as_str()) || part == "@context" && scoped.is_some()))
            {
                return refuse(pointer);
            }
            scoped
                .map_or(Ok(()), |scoped| within(pointer, "@context", |pointer| check_context(scoped, author, pointer)))
        }
        _ => refuse(pointer),
    }
}

/// The most contexts in one list, and the most terms in one inline context.
const MAX_CONTEXTS: usize = 8;
const MAX_TERMS: usize = 64;

/// Whether an IRI, or what it may become as a prefix of names, is one of those that verifiers look for by their standard terms. A
/// document that could rename `credentialStatus` would keep its signature and lose its revocation (VC Data Integrity 1.0 §2.4.1).
fn may_rename(iri: &str) -> bool {
    const NAMED_BY_STANDARDS: [&str; 6] = [
        "https://www.w3.org/2018/credentials#",
        "https://www.w3.org/ns/credentials/status#",
        "https://w3id.org/security#",
        "https://purl.imsglobal.org/spec/vc/ob/vocab.html#",
        "https://purl.imsglobal.org/spec/ob/",
        // Of status, refresh and schema types: vcrl, vccr, vccs.
        "https://purl.imsglobal.org/spec/vc",
    ];
    NAMED_BY_STANDARDS.iter().any(|known| iri.starts_with(known) || known.starts_with(iri))
}

/// Containers that keep every part of their value in the quads; an index, for one, is dropped.
fn is_lossless_container(kind: &str) -> bool {
    matches!(kind, "@set" | "@list" | "@language" | "@graph")
}

/// JSON-LD 1.1 §1.7: an `@` followed by letters only, reserved, and ignored where it is not a keyword.
fn is_keyword_like(text: &str) -> bool {
    text.strip_prefix('@').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

fn within<T>(pointer: &mut String, step: &str, visit: impl FnOnce(&mut String) -> T) -> T {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&crate::json::pointer_step(step));
    let outcome = visit(pointer);
    pointer.truncate(length);
    outcome
}

/// The same JSON in the type that json-ld reads.
pub(super) fn to_ld(value: &Value) -> LdValue {
    match value {
        Value::Null => LdValue::Null,
        Value::Bool(flag) => LdValue::Boolean(*flag),
        Value::Number(number) => LdValue::Number(
            NumberBuf::new(number.to_string().into_bytes().into()).expect("serde_json writes JSON numbers"),
        ),
        Value::String(text) => LdValue::String(text.as_str().into()),
        Value::Array(items) => LdValue::Array(items.iter().map(to_ld).collect()),
        Value::Object(entries) => {
            let mut object = LdObject::new();
            for (key, item) in entries {
                object.push(key.as_str().into(), to_ld(item));
            }
            LdValue::Object(object)
        }
    }
}

/// Runs a future that never waits: json-ld is asynchronous only for its loaders, and ours answers from memory.
fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    match future.as_mut().poll(&mut TaskContext::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => unreachable!("json-ld awaits nothing but the loader, which answers at once"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::contexts::BUNDLED;
    use super::*;

    /// [`check_object`] and [`check_context`] rely on this for the contexts that they don't look into.
    #[test]
    fn the_bundled_contexts_make_no_definition_that_loses_values() {
        for context in BUNDLED {
            let json: Value = serde_json::from_str(context.text).expect("JSON");
            assert_eq!(
                check_context(&json["@context"], Author::Standard, &mut String::new()),
                Ok(()),
                "{}",
                context.file
            );
        }
    }

    #[test]
    fn a_context_is_processed_once() {
        let context = json!([super::super::contexts::CREDENTIALS_V2, {"once": "https://example.org/once"}]);
        let first = processed(&context).expect("valid");
        assert!(Arc::ptr_eq(&first, &processed(&context).expect("valid")));
    }

    #[test]
    fn a_context_that_repeats_protected_terms_is_no_redefinition() {
        use super::super::contexts::{CREDENTIALS_V2, DATA_INTEGRITY_V2, OPEN_BADGES_3_0_3};

        let term = json!({"level": "https://example.org/level"});
        let mut list = json!([CREDENTIALS_V2, term, DATA_INTEGRITY_V2]);
        drop_repeated_terms(&mut list);
        assert_eq!((&list[0], &list[1]), (&json!(CREDENTIALS_V2), &term));
        let rest: Vec<&String> = list[2].as_object().expect("what remains").keys().collect();
        assert_eq!(rest, ["id", "type", "@protected", "proof"]);
        // What repeats nothing, or nothing that json-ld misjudges, stays as it is.
        for kept in [json!([DATA_INTEGRITY_V2]), json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3]), json!(CREDENTIALS_V2)] {
            let mut list = kept.clone();
            drop_repeated_terms(&mut list);
            assert_eq!(list, kept);
        }
        let document = |contexts: Value| {
            json!({"@context": contexts, "type": "VerifiablePresentation", "verifiableCredential": {
                "@context": contexts, "type": "VerifiableCredential", "issuer": "urn:x:y",
                "proof": {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}
            }})
        };
        let canonical = super::super::canonize(&document(json!([CREDENTIALS_V2, DATA_INTEGRITY_V2]))).expect("valid");
        assert_eq!(canonical, super::super::canonize(&document(json!([CREDENTIALS_V2]))).expect("valid"));
    }

    #[test]
    fn keyword_like_is_an_at_sign_and_letters() {
        assert!(is_keyword_like("@id") && is_keyword_like("@Home"));
        assert!(
            !is_keyword_like("@") && !is_keyword_like("@id2") && !is_keyword_like("a@b") && !is_keyword_like("@été")
        );
    }
}
