//! RDF Dataset Canonicalization 1.0: the form of canonical N-Quads, the hash as a parameter, bounded work. Its algorithms are held by
//! the W3C's own tests (`tests/vectors.rs`).

use sceau::jsonld::nquads::parse;
use sceau::jsonld::rdfc10::{Canonical, HashAlgorithm, TooComplex, WorkLimit, canonicalize};

fn canonical(text: &str) -> Canonical {
    canonicalize(&parse(text).unwrap(), HashAlgorithm::Sha256, WorkLimit::default()).unwrap()
}

/// §5: blank nodes have their canonical labels, statements stand in the order of code points, and the form ends each with a line feed.
#[test]
fn statements_are_labelled_sorted_and_ended() {
    let found =
        canonical("_:x <urn:p:q> \"b\" .\n\n# a comment\n<urn:a:b>   <urn:p:q>\t_:x .\n_:x <urn:p:q> \"B\" .\n");
    assert_eq!(found.nquads, "<urn:a:b> <urn:p:q> _:c14n0 .\n_:c14n0 <urn:p:q> \"B\" .\n_:c14n0 <urn:p:q> \"b\" .\n");
    assert_eq!(found.labels, [("x".to_owned(), "c14n0".to_owned())].into());
    // U+FF5E comes after U+1D11E in UTF-16, and before it in code points.
    let found = canonical("<urn:a:b> <urn:p:q> \"\u{1d11e}\" .\n<urn:a:b> <urn:p:q> \"\u{ff5e}\" .\n");
    assert_eq!(found.nquads, "<urn:a:b> <urn:p:q> \"\u{ff5e}\" .\n<urn:a:b> <urn:p:q> \"\u{1d11e}\" .\n");
}

/// Appendix A: one space between the parts, none elsewhere; the graph's label like the rest.
#[test]
fn there_is_one_space_between_parts_and_none_elsewhere() {
    let found = canonical("  <urn:a:b>\t\t<urn:p:q>   \"x\"  <urn:g:h>   .  # why not\n");
    assert_eq!(found.nquads, "<urn:a:b> <urn:p:q> \"x\" <urn:g:h> .\n");
}

/// Appendix A: a text has no datatype, a language keeps its tag, other literals keep their datatype.
#[test]
fn plain_texts_have_no_datatype() {
    let found = canonical(
        "<urn:a:b> <urn:p:q> \"x\"^^<http://www.w3.org/2001/XMLSchema#string> .\n<urn:a:b> <urn:p:r> \"x\"@fr .\n\
         <urn:a:b> <urn:p:s> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n",
    );
    assert_eq!(
        found.nquads,
        "<urn:a:b> <urn:p:q> \"x\" .\n<urn:a:b> <urn:p:r> \"x\"@fr .\n\
         <urn:a:b> <urn:p:s> \"1\"^^<http://www.w3.org/2001/XMLSchema#integer> .\n"
    );
}

/// Appendix A: seven characters have an escape of their own, other controls are numbered in capitals, and all else stands as it is.
#[test]
fn characters_are_escaped_where_they_must_be_and_nowhere_else() {
    let literal = |text: &str| canonical(&format!("<urn:a:b> <urn:p:q> \"{text}\" .\n")).nquads;
    let expected = |text: &str| format!("<urn:a:b> <urn:p:q> \"{text}\" .\n");
    for (numbered, written) in [
        ("\\u0008", "\\b"),
        ("\\u0009", "\\t"),
        ("\\u000a", "\\n"),
        ("\\u000C", "\\f"),
        ("\\u000D", "\\r"),
        ("\\u0022", "\\\""),
        ("\\u005c", "\\\\"),
        ("\\u0000", "\\u0000"),
        ("\\u0007", "\\u0007"),
        ("\\u000b", "\\u000B"),
        ("\\u001f", "\\u001F"),
        ("\\u007f", "\\u007F"),
        ("\\u0041", "A"),
        ("\\u00e9", "é"),
        ("\\U0001D11E", "𝄞"),
        ("\\'", "'"),
    ] {
        assert_eq!(literal(numbered), expected(written), "{numbered}");
    }
    assert_eq!(canonical("<urn:a:\\u00e9> <urn:p:q> <urn:x:y> .\n").nquads, "<urn:a:é> <urn:p:q> <urn:x:y> .\n");
}

/// §3.1: the hash is a parameter, SHA-256 or SHA-384, and it labels differently where labels depend on it.
#[test]
fn the_hash_is_a_parameter() {
    let ring: String = (0..7)
        .map(|at| format!("_:n{at} <urn:p:next> _:n{} .\n_:n{at} <urn:p:value> \"{at}\" .\n", (at + 1) % 7))
        .collect();
    let dataset = parse(&ring).unwrap();
    let labels = |algorithm| canonicalize(&dataset, algorithm, WorkLimit::default()).unwrap().labels;
    assert_eq!(HashAlgorithm::default(), HashAlgorithm::Sha256);
    assert_ne!(labels(HashAlgorithm::Sha256), labels(HashAlgorithm::Sha384));
}

/// §4.4.3: a poisoned dataset ends in an error, soon.
#[test]
fn a_poisoned_dataset_ends_in_an_error() {
    let mut clique = String::new();
    for from in 0..12 {
        for to in (0..12).filter(|to| *to != from) {
            clique.push_str(&format!("_:n{from} <urn:p:q> _:n{to} .\n"));
        }
    }
    // How soon, a number of steps says and no clock.
    let outcome = canonicalize(&parse(&clique).unwrap(), HashAlgorithm::Sha256, WorkLimit::default());
    assert!(matches!(outcome, Err(TooComplex::Steps { .. })));
}

/// §4.4: what two isomorphic datasets are called does not show, nor in which order they come, nor how often they say a thing.
#[test]
fn isomorphic_datasets_have_one_form() {
    let one = "_:a <urn:p:q> _:b .\n_:b <urn:p:q> _:a .\n_:a <urn:p:r> \"x\" _:g .\n";
    let other = "_:g2 <urn:p:q> _:z .\n_:g2 <urn:p:r> \"x\" _:y .\n_:z <urn:p:q> _:g2 .\n_:g2 <urn:p:q> _:z .\n";
    assert_eq!(canonical(one).nquads, canonical(other).nquads);
    let different = "_:a <urn:p:q> _:b .\n_:b <urn:p:q> _:a .\n_:b <urn:p:r> \"y\" _:g .\n";
    assert_ne!(canonical(one).nquads, canonical(different).nquads);
}
