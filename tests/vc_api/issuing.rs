//! What the instance issues, in each form, verifies there and nowhere else once it was touched.

use sceau::status_list::Bitstring;
use serde_json::{Value, json};

use crate::documents::{V1, badge, credential, credential_1_1, flip, payload, token_of, with};
use crate::instance::{
    Instance, MALFORMED, METHOD, PARSING, PROOF, SECURITY, TRANSFORMATION, get_trusting_what_is_presented, run,
};

const SUITES: [&str; 2] = ["eddsa-rdfc-2022", "eddsa-jcs-2022"];

/// Each combination of what may be asked for.
fn options() -> Vec<Option<Value>> {
    let mut all = vec![None, Some(Value::Null), Some(json!({})), Some(json!({"somethingElse": [1]}))];
    for suite in SUITES {
        for status in [false, true] {
            for envelope in [false, true] {
                all.push(Some(json!({"cryptosuite": suite, "status": status, "envelope": envelope})));
            }
        }
        all.push(Some(json!({"cryptosuite": suite})));
    }
    all.extend(
        [json!({"status": true}), json!({"envelope": true}), json!({"envelope": true, "status": true})].map(Some),
    );
    all
}

fn flag(options: Option<&Value>, name: &str) -> bool {
    options.is_some_and(|options| options[name] == true)
}

#[test]
fn the_first_line_says_where_and_who() {
    let instance = Instance::start();
    assert!(instance.issuer().starts_with("did:key:z6Mk"));
    for (endpoint, path) in [
        ("issue", "/vc/credentials/issue"),
        ("verify_credential", "/vc/credentials/verify"),
        ("verify_presentation", "/vc/presentations/verify"),
    ] {
        let address = instance.announced()[endpoint].as_str().unwrap();
        assert!(address.starts_with("http://127.0.0.1:") && address.ends_with(path), "{address}");
        assert_eq!((instance.get(endpoint, ""), instance.get(endpoint, "/more")), (405, 404));
    }
}

#[test]
fn it_listens_on_loopback_only() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let output = run(&["--listen", address]);
        assert!(!output.status.success() && output.stdout.is_empty(), "{address}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("loopback"), "{output:?}");
    }
    assert!(!run(&["--listen", "somewhere"]).status.success());
}

#[test]
fn each_form_of_each_document_verifies() {
    let instance = Instance::start();
    for document in [credential(instance.issuer()), badge(instance.issuer()), credential_1_1(instance.issuer())] {
        for options in options() {
            let options = options.as_ref();
            let (status, envelope) = (flag(options, "status"), flag(options, "envelope"));
            if (envelope || status) && document["@context"][0] == V1 {
                let (refused, _) = instance.try_issue(&document, options);
                assert_eq!(refused, 400, "envelopes and status entries are of the data model 2.0");
                continue;
            }
            let issued = instance.issue(&document, options);
            instance.accepts(&issued);
            let content = if envelope { check_envelope(&issued) } else { check_proof(&issued, options) };
            assert_eq!(
                content["credentialStatus"]["type"] == "BitstringStatusListEntry",
                status,
                "{options:?}: {issued}"
            );
            for member in ["id", "type", "issuer", "credentialSubject"] {
                assert_eq!(content[member], document[member], "{options:?}");
            }
        }
    }
}

/// One proof of the suite that was asked for; a document of 1.1 gets the context that defines it.
fn check_proof(issued: &Value, options: Option<&Value>) -> Value {
    let suite = options.and_then(|options| options["cryptosuite"].as_str()).unwrap_or("eddsa-rdfc-2022");
    let proofs = issued["proof"].as_array().unwrap();
    assert_eq!((proofs.len(), &proofs[0]["cryptosuite"]), (1, &json!(suite)), "{issued}");
    let contexts = issued["@context"].as_array().unwrap();
    assert!(contexts[0] != V1 || contexts.contains(&json!("https://w3id.org/security/data-integrity/v2")), "{issued}");
    issued.clone()
}

fn check_envelope(issued: &Value) -> Value {
    assert_eq!(issued["type"], "EnvelopedVerifiableCredential");
    assert!(issued["id"].as_str().unwrap().starts_with("data:application/vc+jwt,eyJ") && issued.get("proof").is_none());
    payload(token_of(issued))
}

#[test]
fn tampered_copies_are_refused_with_the_problem_of_the_standard() {
    let instance = Instance::start();
    let stranger = json!("did:key:z6MkmM42vxfqZQsv4ehtTjFFxQ4sQKS2w6WR7emozFAn5cxu");
    for suite in SUITES {
        let options = json!({"cryptosuite": suite, "status": true});
        let issued = instance.issue(&credential(instance.issuer()), Some(&options));
        let value = issued["proof"][0]["proofValue"].as_str().unwrap();
        let other_suite = SUITES.into_iter().find(|other| *other != suite).unwrap();
        let unknown_context = if suite == "eddsa-jcs-2022" { MALFORMED } else { TRANSFORMATION };
        for (changes, kinds) in [
            (vec![("/credentialSubject/degree/name", json!("Doctorat"))], vec![PROOF]),
            (vec![("/validFrom", json!("2011-01-01T00:00:00Z"))], vec![PROOF]),
            (vec![("/validFrom", json!("hier"))], vec![MALFORMED, PROOF]),
            (vec![("/id", json!("urn:uuid:00000000-0000-4000-8000-000000000000"))], vec![PROOF]),
            (vec![("/credentialStatus", Value::Null)], vec![PROOF]),
            (vec![("/credentialStatus/statusListIndex", json!("1"))], vec![PROOF]),
            (vec![("/issuer", stranger.clone())], vec![METHOD]),
            (vec![("/proof/0/created", json!("2001-01-01T00:00:00Z"))], vec![PROOF]),
            (vec![("/proof/0/created", json!("2999-01-01T00:00:00Z"))], vec![PROOF]),
            (vec![("/proof/0/expires", json!("2001-01-01T00:00:00Z"))], vec![PROOF]),
            (vec![("/proof/0/proofPurpose", json!("authentication"))], vec![PROOF]),
            (vec![("/proof/0/cryptosuite", json!(other_suite))], vec![PROOF]),
            (vec![("/proof/0/cryptosuite", json!("made-up-2022"))], vec![PROOF]),
            (vec![("/proof/0/type", json!("Ed25519Signature2020"))], vec![PROOF]),
            (vec![("/proof/0/proofValue", json!(flip(value, 20)))], vec![PROOF]),
            (vec![("/proof/0/proofValue", json!(value[1..]))], vec![PROOF]),
            (vec![("/proof/0/proofValue", Value::Null)], vec![PROOF]),
            (vec![("/proof/0/verificationMethod", json!(format!("{}#x", instance.issuer())))], vec![METHOD]),
            (vec![("/proof/0/verificationMethod", Value::Null)], vec![PROOF]),
            (vec![("/proof", Value::Null)], vec![PROOF]),
            (vec![("/proof", json!([]))], vec![PROOF]),
            (vec![("/proof", json!("x"))], vec![MALFORMED, PROOF]),
            (vec![("/type", json!(["ExampleDegreeCredential"]))], vec![MALFORMED, PROOF]),
            (vec![("/@context/-", json!("https://unknown.example/v1"))], vec![unknown_context]),
        ] {
            let copy = with(&issued, &changes);
            instance.refuses(&copy, &kinds);
        }
        // A second proof counts too: every one must hold.
        let false_proof = with(&issued["proof"][0], &[("/proofValue", json!(flip(value, 20)))]);
        instance.refuses(&with(&issued, &[("/proof/-", false_proof)]), &[PROOF]);
    }
}

#[test]
fn tampered_envelopes_are_refused() {
    let instance = Instance::start();
    let issued = instance.issue(&badge(instance.issuer()), Some(&json!({"envelope": true})));
    let token = token_of(&issued);
    let in_envelope = |token: &str| with(&issued, &[("/id", json!(format!("data:application/vc+jwt,{token}")))]);
    let parts: Vec<&str> = token.split('.').collect();
    let [header, body, signature] = parts[..] else { unreachable!() };
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoidmMrand0In0";
    instance.accepts(&json!(token));
    for (copy, kinds) in [
        (in_envelope(&format!("{header}.{body}.{}", flip(signature, 10))), vec![PROOF]),
        (in_envelope(&format!("{header}.{body}.")), vec![PROOF]),
        (in_envelope(&format!("{header}.{body}")), vec![PARSING]),
        (in_envelope(&format!("{}.{body}.{signature}", &header[1..])), vec![PARSING]),
        (in_envelope(&format!("{unsigned}.{body}.")), vec![SECURITY]),
        (in_envelope(""), vec![MALFORMED]),
        (with(&issued, &[("/@context", Value::Null)]), vec![MALFORMED]),
        (with(&issued, &[("/@context", json!("https://unknown.example/v1"))]), vec![MALFORMED]),
        (
            with(&issued, &[("/type", json!(["EnvelopedVerifiableCredential", "VerifiableCredential"]))]),
            vec![MALFORMED],
        ),
        (with(&issued, &[("/id", Value::Null)]), vec![MALFORMED]),
        (with(&issued, &[("/id", json!(5))]), vec![MALFORMED]),
        (with(&issued, &[("/id", json!(format!("data:text/plain,{token}")))]), vec![MALFORMED]),
    ] {
        instance.refuses(&copy, &kinds);
    }
    // Each byte of the payload is signed.
    for at in (0..body.len() - 1).step_by(97) {
        let (status, answer) = instance.verdict(&in_envelope(&format!("{header}.{}.{signature}", flip(body, at))));
        assert!(status == 400 || flip(body, at) == body, "{at}: {answer}");
    }
}

/// The list is served over https, names itself, and verifies; nothing in it is set.
#[test]
fn the_status_list_is_there_over_https() {
    let instance = Instance::start();
    let issued = instance.issue(&badge(instance.issuer()), Some(&json!({"status": true})));
    let entry = &issued["credentialStatus"];
    let address = entry["statusListCredential"].as_str().unwrap();
    let (head, body) = get_trusting_what_is_presented(address);
    assert!(head.starts_with("http/1.1 200") && head.contains("content-type: application/vc"), "{head}");
    let list: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((&list["id"], &list["issuer"]), (&json!(address), &json!(instance.issuer())));
    assert_eq!(list["credentialSubject"]["statusPurpose"], entry["statusPurpose"]);
    instance.accepts(&list);
    let bits = Bitstring::decode(list["credentialSubject"]["encodedList"].as_str().unwrap()).unwrap();
    assert_eq!(bits.get(entry["statusListIndex"].as_str().unwrap().parse().unwrap()), Ok(false));

    // An entry of its own stays beside ours; the list that it names is out of reach.
    let own = json!({
        "id": "https://issuer.example/status/1#7", "type": "BitstringStatusListEntry", "statusPurpose": "suspension",
        "statusListIndex": "7", "statusListCredential": "https://issuer.example/status/1",
    });
    let with_own = with(&badge(instance.issuer()), &[("/credentialStatus", own)]);
    let issued = instance.issue(&with_own, Some(&json!({"status": true})));
    assert_eq!(issued["credentialStatus"].as_array().unwrap().len(), 2);
    instance.refuses(&issued, &["https://www.w3.org/ns/credentials/status-list#STATUS_RETRIEVAL_ERROR"]);
}
