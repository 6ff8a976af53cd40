//! Bitstring Status List 1.0: what a verifier makes of an entry and its list, and what we publish.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use sceau::ids::PublicUrl;
use sceau::jsonld::canonize;
use sceau::lint;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::status_list::{self, Bitstring, ENTRIES, StatusListError};
use sceau::verify::{CheckCode, Materials, Outcome, Reason, Trust};
use serde_json::{Map, Value, json};

use crate::cases::{self, Cases, change, fill, verdict};
use crate::proofs::{issuer, key, method};
use crate::verifier::report;

const BYTES: usize = ENTRIES as usize / 8;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `u` and base64url of a gzip stream, made here and not by the code under test.
fn encoded(bytes: &[u8]) -> String {
    format!("u{}", URL_SAFE_NO_PAD.encode(gzip(bytes)))
}

fn with_bit(index: usize) -> Vec<u8> {
    let mut bytes = vec![0; BYTES];
    bytes[index / 8] = 0b1000_0000 >> (index % 8);
    bytes
}

fn made(name: &str) -> Option<Value> {
    let zeros = vec![0; BYTES];
    Some(json!(match name {
        "list" => encoded(&zeros),
        "list-with-7" => encoded(&with_bit(7)),
        "list-with-first" => encoded(&with_bit(0)),
        "list-with-last" => encoded(&with_bit(ENTRIES as usize - 1)),
        "list-twice-as-long" => encoded(&vec![0; 2 * BYTES]),
        "list-one-byte-short" => encoded(&zeros[1..]),
        "list-without-header" => URL_SAFE_NO_PAD.encode(gzip(&zeros)),
        "list-in-base58" => format!("z{}", bs58::encode(gzip(&zeros)).into_string()),
        "list-with-padding" => {
            // As many bits at its far end as leave padding to write, however the list is packed.
            let ended = |count: usize| {
                let mut bytes = zeros.clone();
                bytes.iter_mut().rev().take(count).zip(1..).for_each(|(byte, bits)| *byte = bits);
                gzip(&bytes)
            };
            let stream = (0..64).map(ended).find(|stream| stream.len() % 3 != 0)?;
            format!("u{}", URL_SAFE.encode(stream))
        }
        "list-not-compressed" => format!("u{}", URL_SAFE_NO_PAD.encode(&zeros)),
        "list-in-zlib" => {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&zeros).unwrap();
            format!("u{}", URL_SAFE_NO_PAD.encode(encoder.finish().unwrap()))
        }
        "list-cut-off" => {
            let stream = gzip(&zeros);
            format!("u{}", URL_SAFE_NO_PAD.encode(&stream[..stream.len() - 9]))
        }
        "issuer" => issuer(),
        _ => return None,
    }))
}

/// Signs a document, and then makes the changes of its proof that a case names.
fn signed(document: &Value) -> Value {
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-02T00:00:00Z", &method());
    data_integrity::sign(document, &options, &key()).unwrap_or_else(|_| document.clone())
}

/// The signed credential and the signed list of a case.
pub fn build(cases: &Cases, case: &Value) -> Value {
    let bases = json!({"credential": cases.file["credential"], "list": cases.file["list"]});
    let mut both = fill(&bases, &made);
    let set = fill(case.get("set").unwrap_or(&json!({})), &made);
    let of_proof = |pointer: &str| pointer.contains("/proof");
    let (later, set): (Map<_, _>, Map<_, _>) =
        set.as_object().unwrap().clone().into_iter().partition(|(pointer, _)| of_proof(pointer));
    let (drop, remove): (Vec<Value>, Vec<Value>) = case["remove"]
        .as_array()
        .cloned()
        .unwrap_or_default()
        .into_iter()
        .partition(|pointer| of_proof(pointer.as_str().unwrap()));
    change(&mut both, Some(&Value::Object(set)), Some(&json!(remove)));
    for document in ["credential", "list"] {
        both[document] = signed(&both[document]);
    }
    change(&mut both, Some(&Value::Object(later)), Some(&json!(drop)));
    both
}

/// What an entry must be and no step of §3.2 looks at, the linter says (`"by": "linter"`); the rest is for the verifier. Where a case
/// names the `problem`, VC-API tells that one and no other.
#[test]
fn a_credential_stands_as_its_list_says() {
    let cases = cases::read("bitstring");
    cases.judge(|case| {
        let both = build(&cases, case);
        if case["by"] == "linter" {
            let found = lint::check_all(&both["credential"], false);
            let is_error = |code| lint::rule(code).is_some_and(|rule| rule.severity == lint::Severity::Error);
            return Some(verdict(!found.iter().any(|finding| is_error(finding.code))));
        }
        let mut materials = Materials::new();
        if both["list"].is_object() {
            materials.insert("https://issuer.example/status/1", both["list"].to_string().as_bytes(), Trust::Supplied);
        }
        let report = report(&both["credential"], &materials);
        if let Some(expected) = case["problem"].as_str() {
            let (_, answer) = sceau::http::vc_api_document(&report);
            let details = answer["problemDetails"].as_array().unwrap();
            let types: Vec<&str> = details.iter().map(|problem| problem["type"].as_str().unwrap()).collect();
            if types != [expected] {
                return Some(format!("{types:?}"));
            }
        }
        let reason = report.reason(CheckCode::Status);
        Some(match report.outcome(CheckCode::Status) {
            Some(Outcome::Pass | Outcome::Warn) => verdict(report.is_verified()),
            Some(Outcome::Fail) if reason == Some(Reason::Revoked) => "revoked".to_owned(),
            Some(Outcome::Fail) if reason == Some(Reason::Suspended) => "suspended".to_owned(),
            _ => verdict(false),
        })
    });
}

/// §2.2, §3.4: the example of the standard is a list of 16 KB without a bit set.
#[test]
fn the_example_of_the_standard_is_read() {
    let example = "uH4sIAAAAAAAAA-3BMQEAAADCoPVPbQwfoAAAAAAAAAAAAAAAAAAAAIC3AYbSVKsAQAAA";
    let bits = Bitstring::decode(example).unwrap();
    assert_eq!(bits, Bitstring::new(&[]));
    assert_eq!((bits.get(0), bits.get(131_071)), (Ok(false), Ok(false)));
    assert_eq!(bits.get(131_072), Err(StatusListError::OutOfRange(131_072)));
}

/// §2.2, §3.3: what we encode is base64url without padding of gzip, at least 16 KB, the first index left-most.
#[test]
fn what_we_encode_is_what_the_standard_says() {
    use std::io::Read as _;
    let text = Bitstring::new(&[0, 7, 131_071]).encode();
    let stream = URL_SAFE_NO_PAD.decode(text.strip_prefix('u').unwrap()).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(stream.as_slice()).read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes.len(), 16 * 1024);
    assert_eq!((bytes[0], bytes[16 * 1024 - 1]), (0b1000_0001, 1));
    assert!(bytes[1..16 * 1024 - 1].iter().all(|byte| *byte == 0));
}

fn ours() -> Value {
    let url: PublicUrl = "https://sceau.example".parse().unwrap();
    let did = url.issuer_did(&"dgafp".parse().unwrap());
    let now = "2026-01-01T00:00:00Z".parse().unwrap();
    status_list::compose("https://sceau.example/status/1", did.as_str(), &Bitstring::new(&[7]), now)
}

/// §2.2, §3.1: the list that we publish is a conforming credential with the members that the standard demands.
#[test]
fn the_list_that_we_publish_has_its_form() {
    let list = ours();
    assert!(lint::lint_status_list(list.clone()).is_ok());
    assert_eq!(list["type"], json!(["VerifiableCredential", "BitstringStatusListCredential"]));
    let subject = &list["credentialSubject"];
    assert_eq!((&subject["type"], &subject["statusPurpose"]), (&json!("BitstringStatusList"), &json!("revocation")));
    assert!(Bitstring::decode(subject["encodedList"].as_str().unwrap()).unwrap().get(7).unwrap());
    assert!(subject["ttl"].is_u64());
}

/// §5.1: in RDF, the terms have the addresses of the standard.
#[test]
fn terms_have_the_addresses_of_the_standard() {
    let nquads = canonize(&ours()).unwrap();
    for term in ["BitstringStatusListCredential", "BitstringStatusList", "statusPurpose", "encodedList", "ttl"] {
        let expected = format!("<https://www.w3.org/ns/credentials/status#{term}>");
        assert!(nquads.contains(&expected), "{term} in\n{nquads}");
    }
    let mut credential = fill(&cases::read("bitstring").file["credential"], &made);
    credential["credentialStatus"]["statusSize"] = json!(1);
    let nquads = canonize(&credential).unwrap();
    for term in ["BitstringStatusListEntry", "statusPurpose", "statusListIndex", "statusListCredential", "statusSize"] {
        let expected = format!("<https://www.w3.org/ns/credentials/status#{term}>");
        assert!(nquads.contains(&expected), "{term} in\n{nquads}");
    }
}
