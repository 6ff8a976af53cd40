//! Verifiable Credentials Data Model 2.0: what a verifier accepts and refuses of credentials and presentations.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sceau::jsonld::canonize;
use sceau::jsonld::contexts::{CREDENTIALS_V2, bundled};
use sceau::proof::data_integrity::{ASSERTION_METHOD, AUTHENTICATION, ProofOptions, Suite};
use sceau::proof::{data_integrity, jwt};
use sceau::verify::{Materials, Trust};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cases::{self, Cases, change, fill, verdict};
use crate::proofs::{issuer, key, method};
use crate::verifier::{accepts, report};

fn signed(document: &Value, purpose: &'static str) -> Option<Value> {
    let options =
        ProofOptions { purpose, ..ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-02T00:00:00Z", &method()) };
    data_integrity::sign(document, &options, &key()).ok()
}

/// The document with a proof, even if none can be made over it: then the verifier has to say why, before it looks at the signature.
fn secured(document: &Value) -> Value {
    let is = |name: &str| {
        document["type"] == name || document["type"].as_array().is_some_and(|all| all.contains(&json!(name)))
    };
    if !document.is_object() || is("EnvelopedVerifiablePresentation") {
        return document.clone();
    }
    let purpose = if is("VerifiablePresentation") { AUTHENTICATION } else { ASSERTION_METHOD };
    signed(document, purpose).unwrap_or_else(|| {
        let mut document = document.clone();
        let mut proof = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-02T00:00:00Z", &method()).to_json();
        proof.insert("proofPurpose".to_owned(), json!(purpose));
        proof.insert("proofValue".to_owned(), json!(format!("z{}", bs58::encode([1; 64]).into_string())));
        document["proof"] = json!([proof]);
        document
    })
}

fn credential() -> Value {
    fill(&cases::read("vcdm").file["bases"]["credential"], &|name| (name == "issuer").then(|| json!(issuer())))
}

/// The status list that the cases name, without a bit set.
fn status_list(cases: &Cases) -> Materials {
    let list = fill(&cases.file["bases"]["status-list"], &made);
    let address = list["id"].as_str().unwrap();
    let mut materials = Materials::new();
    materials.insert(address, signed(&list, ASSERTION_METHOD).unwrap().to_string().as_bytes(), Trust::Supplied);
    materials
}

fn made(name: &str) -> Option<Value> {
    let token = |document: &Value, kind| json!(jwt::sign(document, kind, &method(), &key()).unwrap());
    match name {
        "issuer" => Some(json!(issuer())),
        "signed" => signed(&credential(), ASSERTION_METHOD),
        "jwt" => Some(token(&credential(), jwt::CREDENTIAL_TYPE)),
        "vp-jwt" => Some(token(
            &json!({
                "@context": [CREDENTIALS_V2],
                "type": ["VerifiablePresentation"],
                "holder": issuer(),
                "verifiableCredential": [made("signed")],
            }),
            jwt::PRESENTATION_TYPE,
        )),
        "digest-of-v2" => {
            let digest = Sha256::digest(bundled(CREDENTIALS_V2)?.text);
            Some(json!(format!("u{}", URL_SAFE_NO_PAD.encode([&[0x12, 0x20][..], &digest].concat()))))
        }
        _ => None,
    }
}

/// The secured document of a case.
pub fn build(cases: &Cases, case: &Value) -> Value {
    let mut document = fill(&cases.file["bases"][case["base"].as_str().unwrap()], &made);
    let set = case.get("set").map(|set| fill(set, &made));
    let of_proof = |pointer: &str| pointer == "/proof";
    let (after, before): (Vec<&Value>, Vec<&Value>) =
        case["remove"].as_array().into_iter().flatten().partition(|pointer| of_proof(pointer.as_str().unwrap()));
    change(&mut document, set.as_ref(), Some(&json!(before)));
    let mut secured = secured(&document);
    change(&mut secured, None, Some(&json!(after)));
    secured
}

#[test]
fn documents_are_accepted_or_refused() {
    let cases = cases::read("vcdm");
    let list = status_list(&cases);
    cases.judge(|case| Some(verdict(accepts(&report(&build(&cases, case), &list)))));
}

/// §5.10: the reserved properties have the addresses that the standard gives them.
#[test]
fn reserved_properties_have_their_addresses() {
    for property in ["confidenceMethod", "renderMethod"] {
        let mut document = credential();
        document[property] = json!({"id": "https://x.example/method", "type": "https://x.example/types#Method"});
        let expected = format!("<https://www.w3.org/2018/credentials#{property}> <https://x.example/method> .");
        assert!(canonize(&document).unwrap().contains(&expected), "{property}");
    }
}

/// §5.12: each credential of a presentation stands in a graph of its own, so nothing of one is read into another.
#[test]
fn each_credential_of_a_presentation_is_a_graph_of_its_own() {
    let credential = credential();
    let mut second = credential.clone();
    second["id"] = json!("https://issuer.example/credentials/2");
    let presentation = json!({
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [credential, second],
    });
    let nquads = canonize(&presentation).unwrap();
    let graph = |id: &str| {
        let line = nquads.lines().find(|line| line.starts_with(&format!("<{id}> "))).unwrap();
        line.rsplit(' ').nth(1).unwrap().to_owned()
    };
    let (first, second) =
        (graph("https://issuer.example/credentials/1"), graph("https://issuer.example/credentials/2"));
    assert!(first.starts_with("_:c14n") && second.starts_with("_:c14n") && first != second, "{first} {second}");
}

/// §5.13: a proof over a presentation covers the credentials in it, and their proofs.
#[test]
fn a_proof_over_a_presentation_covers_its_credentials_and_their_proofs() {
    let presentation = json!({
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [made("signed").unwrap()],
    });
    for suite in Suite::ALL {
        let options = ProofOptions {
            purpose: AUTHENTICATION,
            ..ProofOptions::assertion(suite, "2026-01-02T00:00:00Z", &method())
        };
        let signed = data_integrity::sign(&presentation, &options, &key()).unwrap();
        assert_eq!(crate::proofs::judge(&signed, "own"), Ok(()));
        for (pointer, value) in [
            ("/verifiableCredential/0/credentialSubject/name", json!("Ali")),
            ("/verifiableCredential/0/proof/0/created", json!("2026-01-03T00:00:00Z")),
        ] {
            let mut altered = signed.clone();
            *altered.pointer_mut(pointer).unwrap() = value;
            assert_eq!(crate::proofs::judge(&altered, "own"), Err("signature".to_owned()), "{pointer}");
        }
    }
}
