//! The problems that the three standards for verifiers speak of, as VC-API tells them: what is refused is refused for reasons of theirs.

use std::collections::BTreeSet;

use sceau::proof::data_integrity::Suite;
use serde_json::{Value, json};

use crate::app::{TestApp, on_sqlite};
use crate::{bitstring, cases, proofs, vcdm};

const DATA_MODEL: &str = "https://www.w3.org/TR/vc-data-model#";
const SECURITY: &str = "https://w3id.org/security#";
const STATUS_LIST: &str = "https://www.w3.org/ns/credentials/status-list#";

/// VCDM 2.0 §7.1; Data Integrity §4.7 and Controlled Identifiers §3.5; Bitstring Status List §3.5.
const TYPES: [(&str, &[&str]); 3] = [
    (DATA_MODEL, &["PARSING_ERROR", "CRYPTOGRAPHIC_SECURITY_ERROR", "MALFORMED_VALUE_ERROR", "RANGE_ERROR"]),
    (
        SECURITY,
        &[
            "PROOF_GENERATION_ERROR",
            "PROOF_VERIFICATION_ERROR",
            "PROOF_TRANSFORMATION_ERROR",
            "INVALID_DOMAIN_ERROR",
            "INVALID_CHALLENGE_ERROR",
            "INVALID_VERIFICATION_METHOD_URL",
            "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT_ID",
            "INVALID_CONTROLLED_IDENTIFIER_DOCUMENT",
            "INVALID_VERIFICATION_METHOD",
            "INVALID_RELATIONSHIP_FOR_VERIFICATION_METHOD",
        ],
    ),
    (STATUS_LIST, &["STATUS_RETRIEVAL_ERROR", "STATUS_VERIFICATION_ERROR", "STATUS_LIST_LENGTH_ERROR"]),
];

/// The types of the problems with a document; none where it is verified. Each has to be a problem as the standards want it.
async fn problems(app: &TestApp, document: &Value, options: &Value) -> BTreeSet<String> {
    let has_type = |name: &str| {
        document["type"] == name || document["type"].as_array().is_some_and(|all| all.contains(&json!(name)))
    };
    let (path, member) = match has_type("VerifiablePresentation") || has_type("EnvelopedVerifiablePresentation") {
        true => ("/vc/presentations/verify", "verifiablePresentation"),
        false => ("/vc/credentials/verify", "verifiableCredential"),
    };
    let reply = app.post(path, &json!({member: document, "options": options})).await;
    let answer = reply.json();
    let details = answer["problemDetails"].as_array().unwrap();
    if answer["verified"] == true {
        assert!(details.is_empty(), "{document}: {answer}");
        return BTreeSet::new();
    }
    assert!(!details.is_empty(), "{document}: {answer}");
    let warnings = answer["warnings"].as_array().unwrap().iter();
    for problem in details.iter().chain(warnings) {
        let text = |name: &str| problem[name].as_str().unwrap_or_default();
        let known =
            |(base, names): &(&str, &[&str])| text("type").strip_prefix(base).is_some_and(|name| names.contains(&name));
        assert!(TYPES.iter().any(known), "{problem}");
        assert!(!text("title").is_empty() && !text("detail").is_empty(), "{problem}");
        assert!(problem.get("code").is_none_or(Value::is_i64), "{problem}");
    }
    details.iter().map(|problem| problem["type"].as_str().unwrap().to_owned()).collect()
}

fn one(base: &str, name: &str) -> BTreeSet<String> {
    BTreeSet::from([format!("{base}{name}")])
}

/// The problem that a case names, if it does, is among those that are told.
#[track_caller]
fn check_named(case: &Value, found: &BTreeSet<String>) {
    if let Some(expected) = case["problem"].as_str() {
        assert!(found.contains(expected), "{}: {found:?}", case["id"]);
    }
}

/// Every document that the cases of three standards hold, whatever becomes of it.
#[tokio::test]
async fn what_is_refused_has_problems_of_the_standards() {
    on_sqlite(|app| async move {
        let mut seen = BTreeSet::new();
        let (data_model, data_integrity, status) =
            (cases::read("vcdm"), cases::read("data-integrity"), cases::read("bitstring"));
        for case in data_model.file["cases"].as_array().unwrap() {
            let found = problems(&app, &vcdm::build(&data_model, case), &json!({})).await;
            check_named(case, &found);
            seen.extend(found);
        }
        for case in data_integrity.file["cases"].as_array().unwrap() {
            let document = proofs::build(&data_integrity, case, Suite::EddsaRdfc2022);
            let found = problems(&app, &document, case.get("asked").unwrap_or(&json!({}))).await;
            check_named(case, &found);
            seen.extend(found);
        }
        for case in status.file["cases"].as_array().unwrap() {
            seen.extend(problems(&app, &bitstring::build(&status, case)["credential"], &json!({})).await);
        }
        for (base, _) in TYPES {
            assert!(seen.iter().any(|kind| kind.starts_with(base)), "{base}: {seen:?}");
        }
    })
    .await;
}

/// Data Integrity §4.7, with the steps of §4.4 that raise them.
#[tokio::test]
async fn proofs_that_fail_are_errors_of_data_integrity() {
    on_sqlite(|app| async move {
        let cases = cases::read("data-integrity");
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "https://holder.example/presentations/1",
            "type": ["VerifiablePresentation"],
            "holder": "$issuer",
        });
        let options = json!({"/proofPurpose": "authentication", "/domain": "verifier.example", "/challenge": "1"});
        let asked = json!({"domain": "verifier.example", "challenge": "1"});
        let document = |after: Value| {
            let case = json!({"document": {"": presentation}, "options": options, "after": after});
            proofs::build(&cases, &case, Suite::EddsaRdfc2022)
        };
        assert_eq!(problems(&app, &document(json!({})), &asked).await, BTreeSet::new());
        for (after, asked, expected) in [
            (json!({"/proof/0": "$tampered"}), &asked, "PROOF_VERIFICATION_ERROR"),
            (json!({"/id": "https://holder.example/presentations/2"}), &asked, "PROOF_VERIFICATION_ERROR"),
            (json!({}), &json!({"domain": "other.example", "challenge": "1"}), "INVALID_DOMAIN_ERROR"),
            (json!({}), &json!({"domain": "verifier.example", "challenge": "2"}), "INVALID_CHALLENGE_ERROR"),
        ] {
            assert_eq!(
                problems(&app, &document(after.clone()), asked).await,
                one(SECURITY, expected),
                "{after} {asked}"
            );
        }
    })
    .await;
}

/// Bitstring Status List §3.2, step 3: a list that can't be had.
#[tokio::test]
async fn a_list_out_of_reach_is_an_error_of_the_status_list() {
    on_sqlite(|app| async move {
        let cases = cases::read("bitstring");
        let credential = &bitstring::build(&cases, &json!({}))["credential"];
        assert_eq!(problems(&app, credential, &json!({})).await, one(STATUS_LIST, "STATUS_RETRIEVAL_ERROR"));
    })
    .await;
}
