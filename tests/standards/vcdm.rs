//! Verifiable Credentials Data Model 2.0: the rules of the lint and what JSON-LD refuses.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sceau::jsonld::canonize;
use sceau::jsonld::contexts::{CREDENTIALS_V2, bundled};
use sceau::lint;
use sceau::proof::data_integrity::{AUTHENTICATION, ProofOptions, Suite};
use sceau::proof::{data_integrity, jwt};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::cases::{self, change, fill, verdict};
use crate::proofs::{key, method};

/// Whether a document is a conforming one, as far as its own words tell.
fn conforms(document: &Value) -> bool {
    let broken = lint::check_any(document).iter().any(|finding| finding.code.starts_with("vcdm."));
    !broken && canonize(document).is_ok()
}

fn made(base: &Value, name: &str) -> Option<Value> {
    let signed = || {
        let options = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-02T00:00:00Z", &method());
        data_integrity::sign(base, &options, &key()).unwrap()
    };
    let token = |document: &Value, kind| json!(jwt::sign(document, kind, &method(), &key()).unwrap());
    match name {
        "signed" => Some(signed()),
        "jwt" => Some(token(base, jwt::CREDENTIAL_TYPE)),
        "vp-jwt" => Some(token(
            &json!({"@context": [CREDENTIALS_V2], "type": ["VerifiablePresentation"], "verifiableCredential": [signed()]}),
            jwt::PRESENTATION_TYPE,
        )),
        "digest-of-v2" => {
            let digest = Sha256::digest(bundled(CREDENTIALS_V2)?.text);
            Some(json!(format!("u{}", URL_SAFE_NO_PAD.encode([&[0x12, 0x20][..], &digest].concat()))))
        }
        _ => None,
    }
}

#[test]
fn documents_conform_or_are_refused() {
    let cases = cases::read("vcdm");
    let credential = &cases.file["bases"]["credential"];
    cases.judge(|case| {
        let base = case["base"].as_str().unwrap();
        let make = |name: &str| made(credential, name);
        let mut document = fill(&cases.file["bases"][base], &make);
        change(&mut document, case.get("set").map(|set| fill(set, &make)).as_ref(), case.get("remove"));
        // A presentation is for the whole verifier.
        (base == "credential").then(|| verdict(conforms(&document)))
    });
}

/// §5.10: the reserved properties have the addresses that the standard gives them.
#[test]
fn reserved_properties_have_their_addresses() {
    for property in ["confidenceMethod", "renderMethod"] {
        let mut document = cases::read("vcdm").file["bases"]["credential"].clone();
        document[property] = json!({"id": "https://x.example/method", "type": "https://x.example/types#Method"});
        let expected = format!("<https://www.w3.org/2018/credentials#{property}> <https://x.example/method> .");
        assert!(canonize(&document).unwrap().contains(&expected), "{property}");
    }
}

/// §5.12: each credential of a presentation stands in a graph of its own, so nothing of one is read into another.
#[test]
fn each_credential_of_a_presentation_is_a_graph_of_its_own() {
    let credential = cases::read("vcdm").file["bases"]["credential"].clone();
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
    let (first, second) = (graph("https://issuer.example/credentials/1"), graph("https://issuer.example/credentials/2"));
    assert!(first.starts_with("_:c14n") && second.starts_with("_:c14n") && first != second, "{first} {second}");
}

/// §5.13: a proof over a presentation covers the credentials in it, and their proofs.
#[test]
fn a_proof_over_a_presentation_covers_its_credentials_and_their_proofs() {
    let credential = cases::read("vcdm").file["bases"]["credential"].clone();
    let presentation = json!({
        "@context": [CREDENTIALS_V2],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [made(&credential, "signed").unwrap()],
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
