//! What strict expansion accepts and refuses, document by document.

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
            Value::Object(entries) => entries.iter().rev().map(|(key, item)| (key.clone(), reversed(item))).collect(),
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
    let scoped = json!([CREDENTIALS_V2, OPEN_BADGES_3_0_3, {"x": {"@id": "https://example.org/x", "@context": url}}]);
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
    let context = json!({"g": {"@id": "https://example.org/g", "@container": "@graph"}, "v": "https://example.org/v"});
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
        nquads
            .contains("\"{\\\"a\\\":\\\"é\\\",\\\"b\\\":[1,1.5]}\"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#JSON>"),
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
            nest(31, |inner| if inner.is_string() { json!({"p": inner}) } else { json!({"g": inner, "@type": "T"}) }),
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
