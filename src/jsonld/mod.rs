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
mod tests {
    use serde_json::json;

    use super::contexts::{CREDENTIALS_V2, OPEN_BADGES_3_0_3};
    use super::*;

    fn badge() -> Value {
        json!({
            "@context": [CREDENTIALS_V2, OPEN_BADGES_3_0_3, {
                "timeRequired": {"@id": "https://schema.org/timeRequired"},
                "teaches": {"@id": "https://schema.org/teaches", "@container": "@set"},
                "recipientNameDigest": "https://example.org/ns#recipientNameDigest"
            }],
            "id": "https://example.org/credentials/1",
            "type": ["VerifiableCredential", "OpenBadgeCredential"],
            "issuer": {"id": "did:web:example.org:issuers:x", "type": ["Profile"], "name": "Direction interministérielle"},
            "validFrom": "2026-01-01T00:00:00+01:00",
            "awardedDate": "2026-01-01T00:00:00+01:00",
            "name": "Accueillir le public",
            "credentialSubject": {
                "id": "urn:uuid:0f6b2c1e-7a39-4a0b-9b0c-5d1f3f0a7e11",
                "type": ["AchievementSubject"],
                "recipientNameDigest": "sha256$00",
                "creditsEarned": 1.5,
                "achievement": {
                    "id": "https://example.org/achievements/1",
                    "type": ["Achievement"],
                    "name": "Accueillir le public",
                    "description": "Texte",
                    "criteria": {"narrative": "Tout terminer"},
                    "timeRequired": "PT7H",
                    "teaches": ["Écouter", "Orienter"],
                    "tag": ["accueil"],
                    "alignment": [
                        {"type": ["Alignment"], "targetName": "A", "targetUrl": "https://example.org/a"},
                        {"type": ["Alignment"], "targetName": "B", "targetUrl": "https://example.org/b"}
                    ]
                }
            }
        })
    }

    /// The badge with one member replaced or added.
    fn badge_with(pointer: &str, key: &str, value: Value) -> Value {
        let mut badge = badge();
        let target = badge.pointer_mut(pointer).and_then(Value::as_object_mut).expect("an object there");
        target.insert(key.to_owned(), value);
        badge
    }

    fn refusal(document: &Value) -> JsonLdError {
        canonize(document).expect_err("must be refused")
    }

    #[test]
    fn a_badge_with_our_inline_terms_has_all_of_them_in_its_quads() {
        let nquads = canonize(&badge()).expect("valid");
        for line in [
            "<https://example.org/achievements/1> <https://schema.org/timeRequired> \"PT7H\" .\n",
            "<https://example.org/achievements/1> <https://schema.org/teaches> \"Écouter\" .\n",
            "<https://example.org/achievements/1> <https://schema.org/teaches> \"Orienter\" .\n",
            "<https://example.org/ns#recipientNameDigest> \"sha256$00\" .\n",
            "\"2026-01-01T00:00:00+01:00\"^^<xsd:dateTime> .\n",
            "\"1.5E0\"^^<",
        ] {
            assert!(nquads.contains(line), "{line} in\n{nquads}");
        }
    }

    #[test]
    fn the_canonical_form_does_not_depend_on_the_order_of_keys() {
        fn reversed(value: &Value) -> Value {
            match value {
                Value::Object(entries) => {
                    entries.iter().rev().map(|(key, item)| (key.clone(), reversed(item))).collect()
                }
                other => other.clone(),
            }
        }
        assert_eq!(canonize(&reversed(&badge())), canonize(&badge()));
    }

    #[test]
    fn a_base_direction_is_signed_with_its_text() {
        let in_arabic = json!({"@value": "شهادة", "@language": "ar", "@direction": "rtl"});
        let nquads = canonize(&badge_with("", "name", in_arabic)).expect("valid");
        assert!(nquads.contains("\"شهادة\"^^<https://www.w3.org/ns/i18n#ar_rtl> .\n"), "{nquads}");
        let without_language = json!({"@value": "شهادة", "@direction": "rtl"});
        let nquads = canonize(&badge_with("", "name", without_language)).expect("valid");
        assert!(nquads.contains("^^<https://www.w3.org/ns/i18n#_rtl> .\n"), "{nquads}");
        assert!(canonize(&badge_with("", "name", json!({"@value": "x", "@direction": "up"}))).is_err());
    }

    #[test]
    fn equal_unnamed_objects_stay_two() {
        let same = json!({"type": ["Alignment"], "targetName": "A", "targetUrl": "https://example.org/a"});
        let nquads =
            canonize(&badge_with("/credentialSubject/achievement", "alignment", json!([same, same]))).expect("valid");
        assert_eq!(nquads.matches("/targetName>").count(), 2, "{nquads}");
    }

    #[test]
    fn an_undefined_term_is_refused_by_name_wherever_it_stands() {
        for (pointer, key) in
            [("", "unknown"), ("/issuer", "surprise"), ("/credentialSubject/achievement", "tags"), ("", "")]
        {
            assert_eq!(refusal(&badge_with(pointer, key, json!("x"))), JsonLdError::UndefinedTerm { term: key.into() });
        }
        let type_error = refusal(&badge_with("", "type", json!(["VerifiableCredential", "NoSuchType"])));
        assert!(matches!(type_error, JsonLdError::Expansion { .. } | JsonLdError::RelativeIri { .. }), "{type_error}");
    }

    #[test]
    fn a_relative_identifier_is_refused() {
        for (pointer, key) in [("", "id"), ("/issuer", "id"), ("/credentialSubject", "id"), ("/issuer", "url")] {
            for text in ["relative", "/credentials/1", "#x", "", "https://example.org/a b", "https://example.org/<x>"] {
                let document = badge_with(pointer, key, json!(text));
                if key == "url" {
                    // A typed literal, not an identifier: kept as it is.
                    assert!(canonize(&document).is_ok());
                } else {
                    assert_eq!(refusal(&document), JsonLdError::RelativeIri { text: text.into() });
                }
            }
        }
    }

    #[test]
    fn an_unknown_context_is_refused_by_name() {
        let url = "https://example.org/context.json";
        let unknown = JsonLdError::UnknownContext(UnknownContext { url: url.into() });
        assert_eq!(refusal(&badge_with("", "@context", json!([CREDENTIALS_V2, url]))), unknown);
        assert_eq!(refusal(&badge_with("/issuer", "@context", json!(url))), unknown);
        let scoped =
            json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3, {"x": {"@id": "https://example.org/x", "@context": url}}]);
        let refused = refusal(&badge_with("", "@context", scoped));
        assert_eq!(refused, JsonLdError::ForbiddenDefinition { pointer: "/@context/2/x".into() });
        assert_eq!(refusal(&json!({"id": "urn:x"})), JsonLdError::NoContext);
    }

    #[test]
    fn a_protected_term_cannot_be_redefined() {
        for terms in [
            json!({"VerifiableCredential": "https://example.org/other"}),
            json!({"name": {"@id": "https://example.org/name"}}),
        ] {
            let context = json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3, terms]);
            assert_eq!(refusal(&badge_with("", "@context", context)), JsonLdError::ProtectedTerm);
        }
        // Nor deep inside.
        let nested = badge_with("/issuer", "@context", json!({"VerifiableCredential": "https://example.org/other"}));
        assert_eq!(refusal(&nested), JsonLdError::ProtectedTerm);
        // The same definition again is no redefinition (JSON-LD 1.1 §4.1.11).
        let again = json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3, CREDENTIALS_V2]);
        assert!(canonize(&json!({"@context": again, "id": "urn:x:y", "type": "VerifiableCredential"})).is_ok());
    }

    #[test]
    fn inline_contexts_cannot_hide_values_from_the_signature() {
        for definition in [
            json!(null),
            json!({"@id": null}),
            json!("@id"),
            json!({"@id": "@type"}),
            json!({"@id": "https://example.org/x", "@container": "@index"}),
            json!({"@id": "https://example.org/x", "@container": ["@language", "@set"], "@type": "@json"}),
            json!({"@reverse": "https://example.org/x"}),
            json!("@nest"),
        ] {
            let context = json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3, {"hidden": definition}]);
            let expected = JsonLdError::ForbiddenDefinition { pointer: "/@context/2/hidden".into() };
            assert_eq!(refusal(&badge_with("", "@context", context)), expected);
        }
        let nullified = refusal(&badge_with("/issuer", "@context", json!(null)));
        assert!(matches!(nullified, JsonLdError::InvalidContext { .. }));
        for vocabulary in [json!(""), json!("relative"), json!(null)] {
            let document = badge_with("/issuer", "@context", json!({"@vocab": vocabulary}));
            let expected = JsonLdError::ForbiddenDefinition { pointer: "/issuer/@context/@vocab".into() };
            assert_eq!(refusal(&document), expected);
        }
        let based = badge_with("/issuer", "@context", json!({"@base": "https://example.org/"}));
        assert!(matches!(refusal(&based), JsonLdError::ForbiddenDefinition { .. }));
    }

    #[test]
    fn what_json_ld_would_drop_in_silence_is_refused_with_its_place() {
        let cases = [
            ("/issuer", "name", json!(null), "/issuer/name"),
            ("/issuer", "name", json!({"@value": null}), "/issuer/name/@value"),
            ("/issuer", "id", json!("@home"), "/issuer/id"),
            ("/issuer", "@index", json!("x"), "/issuer/@index"),
            ("/issuer", "@language", json!("fr"), "/issuer/@language"),
            ("/issuer", "@unknown", json!("x"), "/issuer/@unknown"),
            ("", "@graph", json!([]), "/@graph"),
            ("", "@list", json!(["x"]), "@list"),
            ("", "@value", json!("x"), "@value"),
            ("/issuer", "name", json!({"@list": [["x"]]}), "/issuer/name/@list"),
            ("", "@included", json!([]), "/@included"),
            ("", "@reverse", json!({}), "/@reverse"),
            ("/issuer", "@direction", json!("rtl"), "/issuer/@direction"),
        ];
        for (pointer, key, value, expected) in cases {
            match refusal(&badge_with(pointer, key, value)) {
                JsonLdError::Dropped { place, .. } => assert_eq!(place, expected),
                other => panic!("{expected}: {other}"),
            }
        }
        assert!(matches!(
            refusal(&badge_with("/credentialSubject/achievement", "criteria", json!({}))),
            JsonLdError::Dropped { .. }
        ));
        assert_eq!(refusal(&json!({"@context": CREDENTIALS_V2})), JsonLdError::Empty);
        assert_eq!(refusal(&json!({"@context": CREDENTIALS_V2, "id": "urn:x:y"})), JsonLdError::Empty);
        assert_eq!(refusal(&json!([])), JsonLdError::NotAnObject);
    }

    #[test]
    fn a_graph_holds_objects_that_say_something() {
        let context =
            json!({"g": {"@id": "https://example.org/g", "@container": "@graph"}, "v": "https://example.org/v"});
        for (value, place) in
            [(json!("x"), "x"), (json!({"@id": "urn:x:y"}), "urn:x:y"), (json!({"@list": ["x"]}), "@list")]
        {
            match refusal(&json!({"@context": context, "v": "outside", "g": value})) {
                JsonLdError::Dropped { place: found, .. } => assert_eq!(found, place),
                other => panic!("{place}: {other}"),
            }
        }
    }

    #[test]
    fn a_text_may_look_like_a_keyword_where_it_is_only_a_text() {
        assert!(canonize(&badge_with("", "name", json!("@Home"))).expect("valid").contains("\"@Home\""));
        // Where an identifier is expected it would vanish.
        let context = json!([CREDENTIALS_V2, {"ref": {"@id": "https://example.org/ref", "@type": "@id"}}]);
        for value in [json!("@Home"), json!(["@Home"]), json!({"@list": ["@Home"]})] {
            let document = json!({"@context": context, "id": "urn:x:y", "ref": value});
            assert!(matches!(refusal(&document), JsonLdError::Dropped { .. }), "{document}");
        }
    }

    #[test]
    fn language_tags_are_well_formed_and_lower_case() {
        let named = |tag: &str| badge_with("", "name", json!({"@value": "Accueil", "@language": tag}));
        assert!(canonize(&named("fr-fr")).expect("valid").contains("\"Accueil\"@fr-fr ."));
        for tag in ["fr-FR", "français", "fr_fr", ""] {
            assert_eq!(refusal(&named(tag)), JsonLdError::LanguageTag { tag: tag.into() });
        }
    }

    #[test]
    fn numbers_and_characters_that_implementations_write_differently_are_refused() {
        for number in [json!(1_u64 << 53), json!(1e-7), json!(1e20), json!(0.1 + 0.2), json!(u64::MAX)] {
            let error = refusal(&badge_with("/credentialSubject", "creditsEarned", number.clone()));
            assert!(matches!(error, JsonLdError::AmbiguousNumber { .. }), "{number}: {error}");
        }
        assert_eq!(refusal(&badge_with("/issuer", "name", json!("x\u{fffe}"))), JsonLdError::Noncharacter);
    }

    #[test]
    fn lists_graphs_and_json_literals_become_quads() {
        let document = json!({
            "@context": {
                "list": {"@id": "https://example.org/list", "@container": "@list"},
                "graph": {"@id": "https://example.org/graph", "@container": "@graph"},
                "json": {"@id": "https://example.org/json", "@type": "@json"},
                "v": "https://example.org/v"
            },
            "list": ["a", ["b"]],
            "graph": {"v": "inside"},
            "json": {"b": [1, 1.50], "a": "é"},
            "@id": "urn:x:y"
        });
        let nquads = canonize(&document).expect("valid");
        assert!(
            nquads.contains(
                "\"{\\\"a\\\":\\\"é\\\",\\\"b\\\":[1,1.5]}\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>"
            ),
            "{nquads}"
        );
        assert_eq!(nquads.matches("#first>").count(), 3, "{nquads}");
        assert_eq!(nquads.matches("#nil>").count(), 2, "{nquads}");
        assert!(nquads.lines().any(|line| line.contains("\"inside\" _:c14n")), "{nquads}");
    }

    #[test]
    fn named_blank_nodes_keep_their_identity_and_do_not_collide() {
        let document = json!({
            "@context": {"knows": {"@id": "https://example.org/knows", "@type": "@id"}, "v": "https://example.org/v"},
            "@id": "_:b1",
            "knows": [{"v": "unnamed"}, "_:b2", {"@id": "_:b2", "v": "second"}],
            "v": "first"
        });
        assert_eq!(canonize(&document).expect("valid").lines().count(), 5);
    }

    #[test]
    fn the_deepest_accepted_nesting_fits_the_stack_in_every_shape() {
        let nest = |levels: usize, wrap: fn(Value) -> Value| (0..levels).fold(json!("leaf"), |inner, _| wrap(inner));
        let context = json!({
            "p": "https://example.org/p",
            "l": {"@id": "https://example.org/l", "@container": "@list"},
            "g": {"@id": "https://example.org/g", "@container": "@graph"},
            "T": "https://example.org/T"
        });
        let document = |key: &str, value: Value| json!({"@context": context, key: value});
        let deepest = [
            document("p", nest(31, |inner| json!({"p": inner}))),
            document("p", nest(31, |inner| json!({"p": inner, "@type": "T"}))),
            document(
                "g",
                nest(
                    31,
                    |inner| if inner.is_string() { json!({"p": inner}) } else { json!({"g": inner, "@type": "T"}) },
                ),
            ),
            document("l", nest(31, |inner| json!([inner]))),
            document("p", nest(30, |inner| json!({"@context": {"p": "https://example.org/p"}, "p": inner}))),
        ];
        for document in deepest {
            assert!(canonize(&document).is_ok(), "{document}");
            assert_eq!(refusal(&json!({"@context": context, "p": document})), JsonLdError::TooDeep);
        }
        // A context inside a definition is processed again at every use: a small document could cost hours.
        let scoped = json!({"p": {"@id": "https://example.org/p", "@context": [{}]}});
        let refused = refusal(&json!({"@context": scoped, "p": "x"}));
        assert!(matches!(refused, JsonLdError::ForbiddenDefinition { .. }), "{refused}");
    }
}
