//! Our canonical form against that of jsonld.js (npm), over generated documents.
//!
//! A round trip with oneself proves nothing: a term dropped by signer and verifier alike goes unnoticed. So another implementation
//! judges. Where both accept a document they must agree to the byte; what we accept it must accept. Where we alone refuse, it must be
//! for a reason that [`JsonLdError`] documents as stricter than the recommendation, and the document must give that reason.
//!
//! Needs `node`, and `SCEAU_NODE_MODULES` naming a `node_modules` directory with the package `jsonld`; without them the test says so
//! and passes.

use std::collections::BTreeMap;
use std::process::Command;

use sceau::json::{Limits, parse_strict};
use sceau::jsonld::{JsonLdError, canonize};

const SEED: &str = "20260131";
const DOCUMENTS: usize = 1500;

/// What became of the documents of one kind.
#[derive(Debug, Default)]
struct Tally {
    agreed: usize,
    refused_by_both: usize,
    refused_by_us: BTreeMap<&'static str, usize>,
}

#[test]
fn jsonld_js_gives_every_accepted_document_the_same_canonical_form() {
    let has_modules = std::env::var_os("SCEAU_NODE_MODULES").is_some();
    if !has_modules || Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: needs node, and SCEAU_NODE_MODULES naming a node_modules directory with jsonld");
        return;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/jsonld-differential.mjs");
    let output = Command::new("node").args([script, SEED, &DOCUMENTS.to_string()]).output().expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let mut kinds: BTreeMap<String, Tally> = BTreeMap::new();
    for line in lines.lines() {
        let answer = parse_strict(line.as_bytes(), &Limits { max_depth: 64, ..Limits::default() }).expect("JSON");
        let document = &answer["document"];
        let tally = kinds.entry(answer["kind"].as_str().expect("a kind").to_owned()).or_default();
        match (canonize(document), answer["canonical"].as_str()) {
            (Ok(ours), Some(theirs)) => {
                assert_eq!(ours, theirs, "{document}");
                tally.agreed += 1;
            }
            (Ok(ours), None) => panic!("we accept what jsonld.js refuses ({}): {document}\n{ours}", answer["error"]),
            (Err(error), Some(theirs)) => match strictness(&error, theirs) {
                Some(reason) => *tally.refused_by_us.entry(reason).or_default() += 1,
                None => panic!("we alone refuse, without being stricter on purpose: {error}: {document}\n{theirs}"),
            },
            (Err(_), None) => tally.refused_by_both += 1,
        }
    }
    let sum = |count: fn(&Tally) -> usize| kinds.values().map(count).sum::<usize>();
    let (agreed, refused_by_both) = (sum(|tally| tally.agreed), sum(|tally| tally.refused_by_both));
    let refused_by_us = sum(|tally| tally.refused_by_us.values().sum());
    for (kind, tally) in &kinds {
        eprintln!("{kind}: {tally:?}");
    }
    eprintln!("{DOCUMENTS} documents: {agreed} agreed, {refused_by_both} refused by both, {refused_by_us} by us alone");
    assert_eq!(agreed + refused_by_both + refused_by_us, DOCUMENTS);
    assert!(agreed > DOCUMENTS / 2, "too few comparisons to mean anything: {agreed}");
    for (kind, tally) in &kinds {
        // Almost nothing of what is called "anything" is JSON-LD.
        assert!(
            tally.agreed > 100 || kind == "anything",
            "too few documents of the kind {kind} were compared: {tally:?}"
        );
    }
    assert!(refused_by_both > DOCUMENTS / 10, "too few are wrong to mean anything: {refused_by_both}");
}

/// The documented reason for refusing what the recommendation allows, or none: then both implementations must refuse.
fn strictness(error: &JsonLdError, canonical: &str) -> Option<&'static str> {
    match error {
        JsonLdError::AmbiguousNumber { .. } => Some("a number that implementations write differently"),
        JsonLdError::LanguageTag { .. } => Some("a language tag with capitals"),
        JsonLdError::Empty if canonical.is_empty() => Some("a document that says nothing"),
        JsonLdError::Noncharacter => Some("a noncharacter"),
        JsonLdError::ForbiddenDefinition { .. } => Some("a definition that loses values or renames keywords"),
        JsonLdError::Dropped { what, .. } => Some(what),
        // jsonld.js takes these characters for part of an IRI; RFC 3987 doesn't.
        JsonLdError::RelativeIri { text } if text.contains("://") && (text.contains('|') || text.contains("%zz")) => {
            Some("an IRI with a forbidden character")
        }
        _ => None,
    }
}
