//! Requests that are none: each is refused as a problem of whoever asks, never of ours.

use serde_json::{Value, json};

use crate::documents::{Holder, V2, badge, credential, with};
use crate::instance::{Instance, assert_problem};

/// Bodies that are no request to any endpoint.
fn bodies() -> Vec<Vec<u8>> {
    let texts = [
        "",
        " ",
        "null",
        "true",
        "7",
        "\"x\"",
        "[]",
        "{}",
        "{",
        "{]",
        "{\"credential\":",
        "not json",
        "{'a': 1}",
        "{\"a\": 1, \"a\": 2}",
        "{\"credential\": {}, \"credential\": {}}",
        "{\"a\": NaN}",
        "{\"a\": 01}",
        "{\"a\": 1} x",
        "{\"credential\": {\"x\": \"\\ud800\"}}",
        "\u{feff}{}",
        "{\"options\": {}}",
        "{\"credential\": null}",
        "{\"verifiableCredential\": null}",
        "{\"verifiablePresentation\": null}",
        "{\"credential\": []}",
        "{\"verifiableCredential\": []}",
        "{\"verifiablePresentation\": []}",
        "{\"credential\": \"x\"}",
        "{\"verifiableCredential\": \"x\"}",
        "{\"verifiablePresentation\": \"eyJ\"}",
        "{\"verifiableCredential\": \"eyJ.eyJ.x\"}",
        "{\"verifiableCredential\": 7}",
        "{\"credential\": {}}",
        "{\"verifiableCredential\": {}}",
        "{\"verifiablePresentation\": {}}",
        "{\"verifiableCredential\": {\"type\": 5}}",
        "{\"verifiablePresentation\": {\"type\": \"VerifiablePresentation\"}}",
        "{\"verifiableCredential\": {\"@context\": {\"@vocab\": \"x:\"}, \"type\": \"VerifiableCredential\"}}",
    ];
    let mut bodies: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    bodies.push(b"{\"credential\": \"\xff\xfe\"}".to_vec());
    bodies.push(vec![0; 64]);
    bodies.push(format!("{}{}", "[".repeat(5000), "]".repeat(5000)).into_bytes());
    let deep = format!("{}1{}", "{\"a\":".repeat(500), "}".repeat(500));
    for member in ["credential", "verifiableCredential", "verifiablePresentation"] {
        bodies.push(format!("{{\"{member}\": {deep}}}").into_bytes());
    }
    bodies
}

#[test]
fn bodies_that_are_no_requests_are_refused_everywhere() {
    let (instance, bodies) = (Instance::start(), bodies());
    assert!(bodies.len() >= 40);
    for endpoint in ["issue", "verify_credential", "verify_presentation"] {
        for body in &bodies {
            let (status, answer) = instance.send(endpoint, body);
            let shown = json!(String::from_utf8_lossy(&body[..body.len().min(80)]));
            assert_problem(&shown, status, &answer);
        }
        assert!(instance.send_endless(endpoint, 2 * 1024 * 1024 + 1).starts_with("HTTP/1.1 413 "), "{endpoint}");
    }
}

#[test]
fn options_of_another_form_are_refused() {
    let instance = Instance::start();
    let document = credential(instance.issuer());
    for options in [
        json!("x"),
        json!([]),
        json!(7),
        json!(true),
        json!({"status": "true"}),
        json!({"status": 1}),
        json!({"envelope": "yes"}),
        json!({"envelope": {}}),
        json!({"cryptosuite": "ecdsa-rdfc-2019"}),
        json!({"cryptosuite": ""}),
        json!({"cryptosuite": 5}),
        json!({"cryptosuite": ["eddsa-rdfc-2022"]}),
    ] {
        let (status, answer) = instance.try_issue(&document, Some(&options));
        assert_problem(&options, status, &answer);
    }
    let issued = instance.issue(&document, None);
    let presentation = Holder::ed25519().presentation(std::slice::from_ref(&issued));
    for options in
        [json!("x"), json!([]), json!(7), json!({"challenge": 5}), json!({"domain": {}}), json!({"domain": ["x"]})]
    {
        for (endpoint, member, document) in [
            ("verify_credential", "verifiableCredential", &issued),
            ("verify_presentation", "verifiablePresentation", &presentation),
        ] {
            let request = json!({member: document, "options": options});
            let (status, answer) = instance.send(endpoint, request.to_string().as_bytes());
            assert_problem(&request["options"], status, &answer);
        }
    }
    // A credential is no presentation, and the other way round.
    for (endpoint, member, document) in [
        ("verify_credential", "verifiableCredential", &presentation),
        ("verify_presentation", "verifiablePresentation", &issued),
        ("verify_credential", "verifiablePresentation", &presentation),
        ("verify_credential", "credential", &issued),
    ] {
        let (status, answer) = instance.send(endpoint, json!({member: document}).to_string().as_bytes());
        assert_problem(&json!(endpoint), status, &answer);
    }
}

/// What an issuer must not sign.
#[test]
fn credentials_that_break_a_rule_are_not_issued() {
    let instance = Instance::start();
    let (document, badge) = (credential(instance.issuer()), badge(instance.issuer()));
    let null = Value::Null;
    let proof =
        json!({"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022", "proofPurpose": "assertionMethod"});
    let changes: Vec<(&Value, &str, Value)> = vec![
        (&document, "/@context", null.clone()),
        (&document, "/@context", json!([])),
        (&document, "/@context", json!(5)),
        (&document, "/@context/0", json!("https://www.w3.org/ns/credentials/examples/v2")),
        (&document, "/@context/-", json!("https://unknown.example/v1")),
        (&document, "/@context/-", json!(7)),
        (&document, "/@context/-", json!({"VerifiableCredential": "https://x.example/other"})),
        (&document, "/@context", json!([V2, V2])),
        (&document, "/type", null.clone()),
        (&document, "/type", json!(["ExampleDegreeCredential"])),
        (&document, "/type", json!([])),
        (&document, "/type/-", json!(5)),
        (&document, "/type/-", json!("not a term")),
        (&document, "/id", json!("not a url")),
        (&document, "/id", json!(5)),
        (&document, "/id", json!(["urn:x:y"])),
        (&document, "/issuer", null.clone()),
        (&document, "/issuer", json!("did:web:other.example")),
        (&document, "/issuer", json!({"name": "x"})),
        (&document, "/issuer", json!({"id": "not a url"})),
        (&document, "/issuer", json!([instance.issuer()])),
        (&document, "/validFrom", json!("2010-01-01")),
        (&document, "/validFrom", json!("2010-01-01T19:23:24")),
        (&document, "/validFrom", json!("2010-02-30T19:23:24Z")),
        (&document, "/validFrom", json!(1262373804)),
        (&document, "/validUntil", json!("2009-01-01T00:00:00Z")),
        (&document, "/validUntil", json!("never")),
        (&document, "/credentialSubject", null.clone()),
        (&document, "/credentialSubject", json!({})),
        (&document, "/credentialSubject", json!([])),
        (&document, "/credentialSubject", json!("did:example:subject")),
        (&document, "/credentialSubject/id", json!("relative")),
        (&document, "/credentialStatus", json!({"id": "https://x.example/1"})),
        (&document, "/credentialStatus", json!("x")),
        (&document, "/credentialSchema", json!({"type": "JsonSchema"})),
        (&document, "/credentialSchema", json!({"id": "https://x.example/1"})),
        (&document, "/termsOfUse", json!({"id": "https://x.example/1"})),
        (&document, "/evidence", json!({"id": "https://x.example/1"})),
        (&document, "/evidence", json!("x")),
        (&document, "/refreshService", json!({"id": "https://x.example/1"})),
        (&document, "/renderMethod", json!({"id": "https://x.example/1"})),
        (&document, "/confidenceMethod", json!("x")),
        (&document, "/relatedResource", json!({"id": V2})),
        (&document, "/relatedResource", json!([{"id": V2, "digestSRI": "sha384-x"}])),
        (&document, "/name", json!(5)),
        (&document, "/description", json!({"@value": "x", "@direction": "up"})),
        (&document, "/name", json!({"@language": "fr"})),
        (&document, "/proof", json!("x")),
        (&document, "/proof", json!({})),
        (&document, "/proof", proof),
        (&badge, "/credentialSubject/motto", json!("x")),
        (&badge, "/credentialSubject/achievement", null.clone()),
        (&badge, "/credentialSubject/achievement/criteria", null.clone()),
        (&badge, "/id", null),
    ];
    for (base, pointer, value) in changes {
        let (status, answer) = instance.try_issue(&with(base, &[(pointer, value.clone())]), None);
        assert!(matches!(status, 400 | 422), "{pointer} {value}: {status} {answer}");
        assert_problem(&value, status, &answer);
    }
}
