//! What the public suites try of the data model, each issued and verified, or refused with its reason.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::SigningKey;
use sceau::jsonld::contexts::bundled;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::key::Signer as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

use crate::documents::{V2, credential, credential_1_1, with};
use crate::instance::{DOMAIN, Instance, MALFORMED, PROOF, RANGE, SECURITY, TRANSFORMATION};

/// Issues a document with changes, in each suite, and has it verified.
#[track_caller]
fn holds(instance: &Instance, changes: &[(&str, Value)]) {
    for suite in Suite::ALL {
        let document = with(&credential(instance.issuer()), changes);
        let issued = instance.issue(&document, Some(&json!({"cryptosuite": suite.name()})));
        instance.accepts(&issued);
    }
}

#[test]
fn what_the_data_model_allows_is_issued_and_verifies() {
    let instance = Instance::start();
    let issuer = json!(instance.issuer());
    let words = json!({"@value": "مثال", "@language": "ar", "@direction": "rtl"});
    let digest = format!("sha384-{}", STANDARD.encode(Sha384::digest(bundled(V2).unwrap().text)));
    for changes in [
        vec![("/issuer", json!({"id": issuer, "name": "École"}))],
        vec![("/issuer", json!({"id": issuer, "name": words, "description": [words]}))],
        vec![("/name", words.clone()), ("/description", json!([words, {"@value": "exemple", "@language": "fr"}]))],
        vec![("/type", json!("VerifiableCredential"))],
        vec![
            ("/@context", json!(V2)),
            ("/type", json!("VerifiableCredential")),
            ("/credentialSubject", json!({"id": "did:example:s", "name": "Zoé"})),
        ],
        vec![("/id", Value::Null)],
        vec![("/validFrom", Value::Null)],
        vec![("/validUntil", json!("2999-12-31T23:59:59.999+14:00"))],
        vec![("/validUntil", json!("12000-01-01T00:00:00Z"))],
        vec![("/validFrom", json!("-0044-03-15T12:00:00Z"))],
        vec![(
            "/credentialSubject",
            json!([{"id": "did:example:a", "name": "A"}, {"id": "did:example:b", "name": "B"}]),
        )],
        vec![("/credentialSubject/id", Value::Null)],
        vec![("/credentialSchema", json!({"id": "https://x.example/schema.json", "type": "JsonSchema"}))],
        vec![(
            "/credentialSchema",
            json!([{"id": "https://x.example/a", "type": "JsonSchema"}, {"id": "https://x.example/b", "type": ["JsonSchema"]}]),
        )],
        vec![
            ("/termsOfUse", json!({"type": "https://x.example/Policy"})),
            ("/evidence", json!([{"type": "https://x.example/Visit"}])),
        ],
        vec![("/refreshService", json!({"type": "https://x.example/Refresh", "id": "https://x.example/refresh"}))],
        vec![("/relatedResource", json!([{"id": V2, "digestSRI": digest, "mediaType": "application/ld+json"}]))],
        vec![("/relatedResource", json!({"id": "https://x.example/logo.png", "digestSRI": digest}))],
        vec![
            ("/renderMethod", json!({"type": "https://x.example/Svg"})),
            ("/confidenceMethod", json!({"type": "https://x.example/Biometric"})),
        ],
    ] {
        holds(&instance, &changes);
    }
    // Data model 1.1, whatever its dates are.
    let old = credential_1_1(instance.issuer());
    for changes in [
        vec![],
        vec![("/expirationDate", json!("2999-01-01T00:00:00Z"))],
        vec![("/issuer", json!({"id": instance.issuer()}))],
        vec![("/@context/-", json!("https://w3id.org/security/data-integrity/v2"))],
    ] {
        for suite in Suite::ALL {
            instance.accepts(&instance.issue(&with(&old, &changes), Some(&json!({"cryptosuite": suite.name()}))));
        }
    }
}

/// VCDM 2.0 §4.9, §7.1: a credential outside its period is signed and well-formed, and not valid.
#[test]
fn dates_out_of_reach_are_range_errors() {
    let instance = Instance::start();
    let (new, old) = (credential(instance.issuer()), credential_1_1(instance.issuer()));
    for (document, pointer, date) in [
        (&new, "/validFrom", "2999-01-01T00:00:00Z"),
        (&new, "/validFrom", "12000-01-01T00:00:00Z"),
        (&new, "/validUntil", "2011-01-01T00:00:00Z"),
        (&new, "/validUntil", "2011-12-31T24:00:00Z"),
        (&old, "/issuanceDate", "2999-01-01T00:00:00Z"),
        (&old, "/expirationDate", "2021-01-01T00:00:00Z"),
        // Without a zone, as 1.1 allows.
        (&old, "/expirationDate", "2021-01-01T00:00:00"),
    ] {
        for options in [json!({}), json!({"cryptosuite": "eddsa-jcs-2022"}), json!({"envelope": true})] {
            if options["envelope"] == true && document == &old {
                continue;
            }
            let issued = instance.issue(&with(document, &[(pointer, json!(date))]), Some(&options));
            instance.refuses(&issued, &[RANGE]);
        }
    }
}

/// What nobody here would issue is signed by somebody else, and refused.
#[test]
fn what_others_sign_is_held_to_the_same() {
    let instance = Instance::start();
    let key = SigningKey::from_bytes(&[11; 32]);
    let (did, method) = (key.public_key().to_did_key().unwrap(), key.public_key().did_key_method().unwrap());
    let sign = |document: &Value, options: &ProofOptions| data_integrity::sign(document, options, &key);
    let wrong = format!("sha384-{}", STANDARD.encode(Sha384::digest("another text")));
    for suite in Suite::ALL {
        let options = ProofOptions::assertion(suite, "2026-03-02T10:00:00Z", &method);
        let document = credential(&did);
        instance.accepts(&sign(&document, &options).unwrap());
        // A proof without a date, and one that is meant for a domain but is not asked for it.
        instance.accepts(&sign(&document, &ProofOptions { created: None, ..options.clone() }).unwrap());
        let for_domain = ProofOptions { domain: Some("verifier.example".to_owned()), ..options.clone() };
        let signed = sign(&document, &for_domain).unwrap();
        instance.accepts(&signed);
        for (domain, status) in [("verifier.example", 200), ("other.example", 400)] {
            let request = json!({"verifiableCredential": signed, "options": {"domain": domain}});
            let (found, answer) = instance.send("verify_credential", request.to_string().as_bytes());
            assert_eq!(found, status, "{answer}");
            assert!(status == 200 || answer["type"] == DOMAIN, "{answer}");
        }
        // A set and a chain.
        let first =
            ProofOptions { id: Some("urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".to_owned()), ..options.clone() };
        let once = sign(&document, &first).unwrap();
        let chain = ProofOptions { previous: first.id.clone().into_iter().collect(), ..options.clone() };
        for twice in [sign(&once, &options).unwrap(), sign(&once, &chain).unwrap()] {
            instance.accepts(&twice);
        }
        instance.refuses(&with(&sign(&once, &chain).unwrap(), &[("/proof/0/id", Value::Null)]), &[PROOF]);

        let undefined = json!({"@context": V2, "type": ["VerifiableCredential"], "issuer": did, "credentialSubject": {"motto": "x"}});
        let jcs = suite == Suite::EddsaJcs2022;
        for (document, kinds) in [
            (with(&document, &[("/relatedResource", json!([{"id": V2, "digestSRI": wrong}]))]), vec![SECURITY]),
            (with(&document, &[("/relatedResource", json!([{"id": V2, "digestSRI": "sha384-x"}]))]), vec![MALFORMED]),
            (
                with(&document, &[("/@context/-", json!("https://unknown.example/v1"))]),
                vec![if jcs { MALFORMED } else { TRANSFORMATION }],
            ),
            (undefined, vec![if jcs { MALFORMED } else { TRANSFORMATION }]),
            (with(&document, &[("/type", json!(["ExampleDegreeCredential"]))]), vec![MALFORMED]),
            (
                with(&document, &[("/name", json!({"@value": "x", "@language": 5}))]),
                if jcs { vec![MALFORMED] } else { vec![MALFORMED, TRANSFORMATION] },
            ),
        ] {
            // Where it has no canonical form, nothing can be signed: the verifier must find that out before the signature.
            let signed = sign(&document, &options).unwrap_or_else(|_| {
                let mut document = document.clone();
                let mut proof = options.to_json();
                proof.insert("proofValue".to_owned(), json!(format!("z{}", bs58::encode([1; 64]).into_string())));
                document["proof"] = Value::Object(proof);
                document
            });
            instance.refuses(&signed, &kinds);
        }
    }
}
