//! VC Data Integrity 1.0: the form of proofs, and making them.

use sceau::proof::data_integrity::{self, ProofError, ProofOptions, Suite};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::cases;
use crate::proofs::{issuer, judge, key, method, reason, run};

#[test]
fn proofs_hold_or_are_refused() {
    run(&cases::read("data-integrity"));
}

fn document() -> Value {
    cases::fill(&cases::read("data-integrity").file["document"], &|name| (name == "issuer").then(|| json!(issuer())))
}

fn options(suite: Suite) -> ProofOptions {
    ProofOptions::assertion(suite, "2026-01-02T00:00:00Z", &method())
}

fn refusal(document: &Value, options: &ProofOptions) -> String {
    reason(&data_integrity::sign(document, options, &key()).expect_err("must be refused"))
}

/// §4.2: what a cryptosuite can't do ends in its error, and a proof without what every proof has is not made.
#[test]
fn a_proof_that_would_not_verify_is_not_made() {
    for suite in Suite::ALL {
        let good = options(suite);
        assert_eq!(judge(&data_integrity::sign(&document(), &good, &key()).unwrap(), "own"), Ok(()));
        let without_method = ProofOptions { verification_method: String::new(), ..good.clone() };
        let found = refusal(&document(), &without_method);
        assert!(matches!(found.as_str(), "member verificationMethod" | "options"), "{found}");
        let without_purpose = ProofOptions { purpose: "", ..good.clone() };
        let found = refusal(&document(), &without_purpose);
        assert!(matches!(found.as_str(), "member proofPurpose" | "options"), "{found}");
        let bad_time = ProofOptions { created: Some("yesterday".to_owned()), ..good.clone() };
        assert_eq!(refusal(&document(), &bad_time), "member created");
        assert_eq!(refusal(&json!(["x"]), &good), "not an object");
    }
    let mut dropped = document();
    dropped["motto"] = json!("x");
    assert_eq!(refusal(&dropped, &options(Suite::EddsaRdfc2022)), "document");
}

/// §4.2, steps 3 and 4: the proof has the domain and the challenge that were asked for.
#[test]
fn domain_and_challenge_are_those_that_were_asked_for() {
    for suite in Suite::ALL {
        let asked = ProofOptions {
            domain: Some("verifier.example".to_owned()),
            challenge: Some("1235abcd6789".to_owned()),
            ..options(suite)
        };
        let signed = data_integrity::sign(&document(), &asked, &key()).unwrap();
        assert_eq!(signed["proof"][0]["domain"], "verifier.example");
        assert_eq!(signed["proof"][0]["challenge"], "1235abcd6789");
        for member in ["domain", "challenge"] {
            let mut altered = signed.clone();
            altered["proof"][0][member] = json!("other");
            assert_eq!(judge(&altered, "own"), Err("signature".to_owned()), "{member}");
        }
    }
}

/// §4.3: a proof that builds on one that is not there is not made, be it one or one of several.
#[test]
fn a_chain_is_not_begun_in_the_middle() {
    let present = "urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".to_owned();
    let absent = "urn:uuid:8cc9022b-6b14-4cf3-8571-74972c5feb54".to_owned();
    for suite in Suite::ALL {
        let first = ProofOptions { id: Some(present.clone()), ..options(suite) };
        let once = data_integrity::sign(&document(), &first, &key()).unwrap();
        let next = |previous: Vec<String>| ProofOptions { previous, ..options(suite) };
        let twice = data_integrity::sign(&once, &next(vec![present.clone()]), &key()).unwrap();
        assert_eq!(judge(&twice, "own"), Ok(()));
        for previous in [vec![absent.clone()], vec![present.clone(), absent.clone()]] {
            let refused = data_integrity::sign(&once, &next(previous), &key());
            assert_eq!(refused, Err(ProofError::MissingPrevious(absent.clone())));
        }
    }
}

/// §3.1: in RDF the name of a cryptosuite has a datatype of its own.
#[test]
fn the_cryptosuite_has_its_datatype() {
    let Value::Object(mut members) = json!({"type": "DataIntegrityProof"}) else { unreachable!() };
    members.extend(options(Suite::EddsaRdfc2022).to_json());
    let steps = data_integrity::hash_steps(Suite::EddsaRdfc2022, &document(), members).unwrap();
    let expected = "\"eddsa-rdfc-2022\"^^<https://w3id.org/security#cryptosuiteString>";
    assert!(steps.canonical_options.contains(expected), "{}", steps.canonical_options);
}

/// §4.2, §4.3 here, and §3.2.3, §3.3.3 of the cryptosuites: texts are hashed as UTF-8.
#[test]
fn texts_are_hashed_as_utf_8() {
    for suite in Suite::ALL {
        let mut document = document();
        document["credentialSubject"]["name"] = json!("Zoé 𝄞");
        let members: Map<String, Value> = options(suite).to_json();
        let steps = data_integrity::hash_steps(suite, &document, members).unwrap();
        assert!(steps.canonical_document.contains("Zoé 𝄞"));
        let bytes = steps.canonical_document.as_bytes();
        assert!(
            bytes.windows(2).any(|pair| pair == [0xc3, 0xa9]) && bytes.windows(4).any(|four| four == "𝄞".as_bytes())
        );
        assert_eq!(steps.document_hash, <[u8; 32]>::from(Sha256::digest(bytes)));
        assert_eq!(steps.options_hash, <[u8; 32]>::from(Sha256::digest(steps.canonical_options.as_bytes())));
    }
}

/// §4.5: the order in which a set holds its proofs does not matter.
#[test]
fn a_set_has_no_order() {
    let first = data_integrity::sign(&document(), &options(Suite::EddsaRdfc2022), &key()).unwrap();
    let mut both = data_integrity::sign(&first, &options(Suite::EddsaJcs2022), &key()).unwrap();
    assert_eq!(judge(&both, "own"), Ok(()));
    both["proof"].as_array_mut().unwrap().reverse();
    assert_eq!(judge(&both, "own"), Ok(()));
}
