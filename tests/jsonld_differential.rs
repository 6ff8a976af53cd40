//! Our canonical form against that of jsonld.js (npm), over generated documents.
//!
//! A round trip with oneself proves nothing: a term dropped by signer and verifier alike goes unnoticed. So another implementation
//! judges. Where both accept a document they must agree to the byte; what we accept it must accept; we may refuse more.
//!
//! Needs `node`, and `SCEAU_NODE_MODULES` naming a `node_modules` directory with the package `jsonld`; without them the test says so
//! and passes.

use std::process::Command;

use sceau::json::{Limits, parse_strict};
use sceau::jsonld::canonize;

#[test]
fn jsonld_js_gives_every_accepted_document_the_same_canonical_form() {
    let has_modules = std::env::var_os("SCEAU_NODE_MODULES").is_some();
    if !has_modules || Command::new("node").arg("--version").output().is_err() {
        eprintln!("SKIPPED: needs node, and SCEAU_NODE_MODULES naming a node_modules directory with jsonld");
        return;
    }
    let (seed, count) = ("20260131", 600);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judges/jsonld-differential.mjs");
    let output = Command::new("node").args([script, seed, &count.to_string()]).output().expect("node starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let lines = String::from_utf8(output.stdout).expect("UTF-8");
    let (mut agreed, mut refused_by_both, mut refused_by_us) = (0, 0, 0);
    for line in lines.lines() {
        let answer = parse_strict(line.as_bytes(), &Limits { max_depth: 64, ..Limits::default() }).expect("JSON");
        let document = &answer["document"];
        match (canonize(document), answer["canonical"].as_str()) {
            (Ok(ours), Some(theirs)) => {
                assert_eq!(ours, theirs, "{document}");
                agreed += 1;
            }
            (Ok(ours), None) => panic!("we accept what jsonld.js refuses ({}): {document}\n{ours}", answer["error"]),
            (Err(_), Some(_)) => refused_by_us += 1,
            (Err(_), None) => refused_by_both += 1,
        }
    }
    eprintln!("{agreed} agreed, {refused_by_both} refused by both, {refused_by_us} by us alone");
    assert_eq!(agreed + refused_by_both + refused_by_us, count);
    assert!(agreed > count / 4, "too few comparisons to mean anything: {agreed}");
}
