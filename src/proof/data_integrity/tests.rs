//! Tests of making and verifying proofs, apart from the published vectors (`tests/vectors.rs`).

use ed25519_dalek::SigningKey;
use serde_json::json;

use super::super::split;
use super::*;
use crate::jsonld::contexts::CREDENTIALS_V2;

fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

fn options() -> ProofOptions {
    let method = key().public_key().did_key_method().expect("Ed25519 has a did:key");
    ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-31T12:00:00Z", &method)
}

fn document() -> Value {
    json!({
        "@context": [CREDENTIALS_V2, {"teaches": "https://schema.org/teaches"}],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential"],
        "issuer": "https://example.org/issuer",
        "validFrom": "2026-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:subject", "teaches": "Écouter"}
    })
}

fn signed() -> (Value, Value) {
    let signed = sign(&document(), &options(), &key()).expect("signable");
    let (document, mut proofs) = split(&signed).expect("has a proof");
    (document, proofs.remove(0))
}

fn verdict(document: &Value, proof: &Value) -> Result<(), ProofError> {
    verify(document, std::slice::from_ref(proof), proof, &key().public_key())
}

fn with(value: &Value, member: &str, changed: Value) -> Value {
    let mut value = value.clone();
    value[member] = changed;
    value
}

#[test]
fn a_signed_document_verifies_and_carries_an_array_of_one_proof_without_context() {
    let document_and_proof = sign(&document(), &options(), &key()).expect("signable");
    assert_eq!(document_and_proof["proof"].as_array().map(Vec::len), Some(1));
    assert_eq!(document_and_proof["proof"][0].get("@context"), None);
    let (document, proof) = signed();
    assert_eq!(verdict(&document, &proof), Ok(()));
    // Another layout of the same meaning is the same document.
    let reordered: Value =
        document.as_object().expect("object").iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect();
    assert_eq!(verdict(&reordered, &proof), Ok(()));
}

#[test]
fn any_change_of_document_options_or_key_is_found() {
    let (document, proof) = signed();
    assert_eq!(
        verdict(&with(&document, "validFrom", json!("2026-01-01T00:00:01Z")), &proof),
        Err(ProofError::Signature)
    );
    let subject = json!({"id": "did:example:subject", "teaches": "Ecouter"});
    assert_eq!(verdict(&with(&document, "credentialSubject", subject), &proof), Err(ProofError::Signature));
    assert_eq!(verdict(&document, &with(&proof, "created", json!("2026-01-31T12:00:01Z"))), Err(ProofError::Signature));
    assert_eq!(
        verdict(&document, &with(&proof, "verificationMethod", json!("did:example:other#key"))),
        Err(ProofError::Signature)
    );
    assert_eq!(verdict(&document, &with(&proof, "expires", json!("2030-01-01T00:00:00Z"))), Err(ProofError::Signature));
    let other = SigningKey::from_bytes(&[8; 32]);
    assert_eq!(verify(&document, &[], &proof, &other.public_key()), Err(ProofError::Signature));
    // Remapping an inline term changes the meaning, not the values.
    let remapped = json!([CREDENTIALS_V2, {"teaches": "https://schema.org/knows"}]);
    assert_eq!(verdict(&with(&document, "@context", remapped), &proof), Err(ProofError::Signature));
}

#[test]
fn an_added_term_that_no_context_defines_is_found() {
    let (document, proof) = signed();
    let undefined = |term: &str| JsonLdError::UndefinedTerm { term: term.to_owned() };
    assert_eq!(
        verdict(&with(&document, "unsigned", json!("x")), &proof),
        Err(ProofError::Document(undefined("unsigned")))
    );
    assert_eq!(
        verdict(&document, &with(&proof, "unsigned", json!("x"))),
        Err(ProofError::Options(undefined("unsigned")))
    );
}

#[test]
fn a_proof_of_another_form_is_refused_naming_the_member() {
    let (document, proof) = signed();
    let value = proof["proofValue"].as_str().expect("text").to_owned();
    for (member, changed) in [
        ("type", json!(["DataIntegrityProof"])),
        ("proofPurpose", json!(["assertionMethod"])),
        ("created", json!("2026-01-31T12:00:00")),
        ("created", json!("2026-01-31 12:00:00Z")),
        ("created", json!("2026-02-30T12:00:00Z")),
        ("created", json!("2026-01-31T12:00:00Z[Europe/Paris]")),
        ("created", json!(5)),
        ("expires", json!("tomorrow")),
        ("previousProof", json!(5)),
        ("verificationMethod", json!("#key")),
        ("verificationMethod", json!({"id": "did:example:x"})),
        ("proofValue", json!(value[1..])),
        ("proofValue", json!(format!("u{}", &value[1..]))),
        ("proofValue", json!(value[..value.len() - 3])),
        ("proofValue", json!(format!("{value}1111111111"))),
        ("proofValue", json!(null)),
    ] {
        match verdict(&document, &with(&proof, member, changed.clone())) {
            Err(ProofError::Member { member: named, .. }) => assert_eq!(named, member),
            other => panic!("{member} = {changed}: {other:?}"),
        }
    }
}

#[test]
fn other_suites_are_named_and_not_judged() {
    let (document, proof) = signed();
    for (member, name) in [("type", "Ed25519Signature2020"), ("cryptosuite", "ecdsa-rdfc-2019")] {
        let refused = verdict(&document, &with(&proof, member, json!(name)));
        assert_eq!(refused, Err(ProofError::UnsupportedSuite(name.to_owned())));
    }
}

#[test]
fn a_context_of_the_proof_must_be_the_documents() {
    let (document, proof) = signed();
    assert_eq!(verdict(&document, &with(&proof, "@context", document["@context"].clone())), Ok(()));
    assert_eq!(verdict(&document, &with(&proof, "@context", json!(CREDENTIALS_V2))), Err(ProofError::ContextMismatch));
}

#[test]
fn what_cannot_be_signed_is_refused() {
    let refusal =
        |document: &Value, options: &ProofOptions| sign(document, options, &key()).expect_err("must be refused");
    assert_eq!(refusal(&with(&document(), "proof", json!([])), &options()), ProofError::NotAnObject);
    assert_eq!(refusal(&json!([]), &options()), ProofError::NotAnObject);
    assert_eq!(refusal(&json!({"id": "urn:x:y"}), &options()), ProofError::Document(JsonLdError::NoContext));
    let wrong = ProofOptions { created: Some("2026-01-31".to_owned()), ..options() };
    assert!(matches!(refusal(&document(), &wrong), ProofError::Member { member: "created", .. }));
    let wrong = ProofOptions { verification_method: "key-1".to_owned(), ..options() };
    assert!(matches!(
        refusal(&document(), &wrong),
        ProofError::Member { member: "verificationMethod", .. } | ProofError::Options(JsonLdError::RelativeIri { .. })
    ));
    let wrong = ProofOptions { previous: vec!["urn:x:absent".to_owned()], ..options() };
    assert_eq!(refusal(&document(), &wrong), ProofError::MissingPrevious("urn:x:absent".to_owned()));
}

#[test]
fn a_jcs_proof_covers_every_byte_of_value_and_the_contexts_that_it_names() {
    let options = ProofOptions { suite: Suite::EddsaJcs2022, ..options() };
    let (document, proofs) = split(&sign(&document(), &options, &key()).expect("signable")).expect("has a proof");
    let proof = &proofs[0];
    assert_eq!(proof["@context"], document["@context"]);
    assert_eq!(verdict(&document, proof), Ok(()));
    assert_eq!(
        verdict(&with(&document, "validFrom", json!("2026-01-01T00:00:00+00:00")), proof),
        Err(ProofError::Signature)
    );
    assert_eq!(verdict(&document, &with(proof, "created", json!("2026-01-31T12:00:01Z"))), Err(ProofError::Signature));
    assert_eq!(verdict(&with(&document, "@context", json!([CREDENTIALS_V2])), proof), Err(ProofError::ContextMismatch));
    let mut appended = document.clone();
    appended["@context"].as_array_mut().expect("an array").push(json!("https://example.org/later"));
    assert_eq!(verdict(&appended, proof), Ok(()), "contexts appended after signing (§3.3.2)");
    let bare = with(proof, "@context", json!(null));
    assert_eq!(verdict(&document, &bare), Err(ProofError::ContextMismatch));
}

#[test]
fn a_chain_holds_only_with_the_proofs_that_it_builds_on() {
    let first = ProofOptions { id: Some("urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".to_owned()), ..options() };
    let id = first.id.clone().expect("an id");
    for suite in Suite::ALL {
        let once = sign(&document(), &ProofOptions { suite, ..first.clone() }, &key()).expect("signable");
        let second = ProofOptions { suite, previous: vec![id.clone()], ..options() };
        let (bare, proofs) = split(&sign(&once, &second, &key()).expect("signable")).expect("has proofs");
        let public = key().public_key();
        for proof in &proofs {
            assert_eq!(verify(&bare, &proofs, proof, &public), Ok(()));
        }
        assert_eq!(verify(&bare, &proofs[1..], &proofs[1], &public), Err(ProofError::MissingPrevious(id.clone())));
        let twice = [proofs[0].clone(), proofs[0].clone(), proofs[1].clone()];
        assert_eq!(verify(&bare, &twice, &proofs[1], &public), Err(ProofError::MissingPrevious(id.clone())));
        let altered = [with(&proofs[0], "created", json!("2026-01-30T12:00:00Z")), proofs[1].clone()];
        assert_eq!(verify(&bare, &altered, &proofs[1], &public), Err(ProofError::Signature));
    }
}

#[test]
fn times_with_fractions_and_offsets_are_times() {
    for text in [
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.5Z",
        "2026-01-31T12:00:00.123456+02:00",
        "2026-01-31T12:00:00-11:30",
        "2026-01-31T12:00:00+14:00",
        "2026-01-31T24:00:00.00Z",
    ] {
        assert!(is_date_time_stamp(text), "{text}");
    }
    for text in [
        "",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T25:00:00Z",
        "+002026-01-31T12:00:00Z",
        "2026-01-31t12:00:00z",
        "2026-01-31T12:00:00+0200",
        "2026-01-31T12:00:00+14:01",
        "2026-01-31T12:00:00+02:60",
        "2026-01-31T24:00:01Z",
        "2026-01-31T24:00:00.1Z",
        "2026-01-31T12:00:00é",
    ] {
        assert!(!is_date_time_stamp(text), "{text}");
    }
}
