//! Controlled Identifiers 1.0, as far as VC Data Integrity 1.0 and the cryptosuites lean on it: reading a key out of the document of
//! whoever controls it (§2.2, §2.3, §3.3), and what ours says.

use sceau::ids::PublicUrl;
use sceau::proof::did::{self, PublishedKey, Relationship};
use sceau::proof::key::{PublicKey, Signer as _};
use serde_json::{Value, json};

use crate::cases::{self, change, fill, verdict};
use crate::proofs::{key, p256};

const CONTROLLER: &str = "did:web:issuer.example";

fn multikey(bytes: &[u8]) -> Value {
    json!(format!("z{}", bs58::encode(bytes).into_string()))
}

fn made(name: &str) -> Option<Value> {
    let raw = key().verifying_key().to_bytes();
    let written = key().public_key().to_multikey()?;
    Some(match name {
        "multikey" => json!(written),
        "jwk" => key().public_key().to_jwk(),
        "multikey-without-header" => json!(written[1..]),
        "multikey-in-base64url" => {
            use base64::Engine as _;
            let bytes = [&[0xed, 0x01][..], &raw].concat();
            json!(format!("u{}", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)))
        }
        "multikey-of-31-bytes" => multikey(&[&[0xed, 0x01][..], &raw[..31]].concat()),
        "multikey-of-33-bytes" => multikey(&[&[0xed, 0x01][..], &raw, &[0]].concat()),
        "multikey-with-another-prefix" => multikey(&[&[0xec, 0x01][..], &raw].concat()),
        "secret-multikey" => multikey(&[&[0x80, 0x26][..], &[7; 32]].concat()),
        "p256-multikey" => json!(p256().to_multikey()?),
        // x = 5 is the abscissa of a point; x = 1 is of none that this prefix could mean on P-256 (SEC 1 §2.3.4).
        "p256-multikey-no-point" => multikey(&[&[0x80, 0x24, 0x02][..], &[0xff; 32]].concat()),
        _ => return None,
    })
}

#[test]
fn keys_speak_for_their_controller_or_are_refused() {
    let cases = cases::read("controlled-identifiers");
    cases.judge(|case| {
        let mut document = fill(&cases.file["document"], &made);
        change(&mut document, case.get("set").map(|set| fill(set, &made)).as_ref(), case.get("remove"));
        let relationship = match case["relationship"].as_str().unwrap() {
            "assertionMethod" => Relationship::Assertion,
            "authentication" => Relationship::Authentication,
            other => panic!("{other}"),
        };
        let method = case["method"].as_str().unwrap();
        let found = did::key_for(CONTROLLER, method, relationship, |id| (id == CONTROLLER).then_some(&document));
        Some(match found.ok().flatten() {
            Some(key) if key.revoked.is_some() => "revoked".to_owned(),
            Some(key) if key.expires.is_some() => "expires".to_owned(),
            found => verdict(found.is_some()),
        })
    });
}

fn ours(revoked: bool) -> (String, Value) {
    let url: PublicUrl = "https://sceau.example".parse().unwrap();
    let did = url.issuer_did(&"dgafp".parse().unwrap());
    let revoked = revoked.then(|| "2026-02-01T00:00:00Z".parse().unwrap());
    let publish = |public: PublicKey, number: u8| PublishedKey {
        id: did.key(&public.thumbprint()),
        jwk_url: format!("https://sceau.example/keys/{number}"),
        public,
        revoked,
    };
    let document = did::document(&did, &[publish(key().public_key(), 1), publish(p256(), 2)]);
    (did.as_str().to_owned(), document)
}

/// §2.1, §2.2, §2.3 of our own documents: every key has what the standard demands, one form of material, and nothing private.
#[test]
fn what_we_publish_is_a_conforming_document() {
    for revoked in [false, true] {
        let (did, document) = ours(revoked);
        assert_eq!(document["id"], json!(did));
        let methods = document["verificationMethod"].as_array().unwrap();
        assert!(!methods.is_empty());
        for method in methods {
            let text = |name: &str| method[name].as_str().unwrap_or_else(|| panic!("{name} of {method}"));
            assert!(text("id").starts_with(&did) || text("id").starts_with("https://"));
            assert_eq!(text("controller"), did);
            let material = match text("type") {
                "Multikey" => "publicKeyMultibase",
                "JsonWebKey" => "publicKeyJwk",
                other => panic!("{other}"),
            };
            let present: Vec<&str> = ["publicKeyMultibase", "publicKeyJwk", "secretKeyMultibase", "secretKeyJwk"]
                .into_iter()
                .filter(|name| method.get(name).is_some())
                .collect();
            assert_eq!(present, [material]);
            for private in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
                assert_eq!(method["publicKeyJwk"].get(private), None, "{private}");
            }
            assert_eq!(method.get("revoked").and_then(Value::as_str), revoked.then_some("2026-02-01T00:00:00Z"));
        }
        let asserting = document["assertionMethod"].as_array().unwrap();
        assert_eq!(asserting.is_empty(), revoked);
        assert!(asserting.iter().all(|id| methods.iter().any(|method| method["id"] == *id)));
        assert_eq!(document.get("authentication"), None, "our keys issue, and log in nowhere");
    }
}
