//! What a forger might hand in. Each document is a named failing check, as its report says: a snapshot for each, under
//! `tests/hostile/snapshots/`, so that a change of what is said of one is seen.

#[path = "../support/mod.rs"]
mod support;

mod documents;
mod forge;

use std::collections::BTreeSet;

use documents::{Hostile, all};
use sceau::http::report_document;
use sceau::verification::prepare_any;
use sceau::verify::{Outcome, Report, Verdict};

fn report(hostile: &Hostile) -> Report {
    let mut prepared = prepare_any(&hostile.bytes);
    // As the service does: what is asked for is there, or is missing.
    for need in prepared.needs(&hostile.materials, &forge::question()) {
        assert!(!need.id.is_empty());
    }
    prepared.conclude(&hostile.materials, forge::question())
}

#[test]
fn the_untouched_document_is_valid() {
    for (name, bytes) in forge::genuine() {
        let report = prepare_any(&bytes).conclude(&forge::materials(), forge::question());
        assert_eq!(report.verdict, Verdict::Valid, "{name}: {report:#?}");
    }
}

#[test]
fn each_hostile_document_is_a_named_failing_check() {
    let mut names = BTreeSet::new();
    for hostile in all() {
        assert!(names.insert(hostile.name), "{} stands twice", hostile.name);
        let report = report(&hostile);
        assert_ne!(report.verdict, Verdict::Valid, "{}", hostile.name);
        assert!(report.checks.iter().any(|check| check.outcome == Outcome::Fail), "{}: {report:#?}", hostile.name);
        insta::assert_json_snapshot!(hostile.name, report_document(&report));
    }
    assert!(names.len() >= 50, "{}", names.len());
}

/// Neither our report nor what it quotes grows with the input, and nothing of it is markup.
#[test]
fn no_report_grows_with_its_document() {
    for hostile in all() {
        assert!(report_document(&report(&hostile)).to_string().len() < 8192, "{}", hostile.name);
    }
}
