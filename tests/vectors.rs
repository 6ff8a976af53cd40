//! The W3C's own test vectors: RDFC-1.0, and eddsa-rdfc-2022 at every intermediate value.
//!
//! They live outside the repository, in a directory that `SCEAU_SHARED` names (by default `../shared`); without it these tests say
//! so and pass.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ed25519_dalek::SigningKey;
use sceau::jsonld::nquads::parse;
use sceau::jsonld::rdfc10::{Canonical, HashAlgorithm, TooComplex, WorkLimit, canonicalize};
use sceau::proof::eddsa_rdfc::{self, ProofOptions};
use sceau::proof::multikey;
use serde_json::Value;

/// The directory of vectors of that name, if it is there.
fn vectors(name: &str) -> Option<PathBuf> {
    let shared = std::env::var("SCEAU_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
    let directory = PathBuf::from(shared).join("vectors").join(name);
    if !directory.is_dir() {
        eprintln!("SKIPPED: no {name} vectors; set SCEAU_SHARED to the directory that holds vectors/{name}");
        return None;
    }
    Some(directory)
}

fn text(directory: &std::path::Path, file: &str) -> String {
    let path = directory.join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn json(directory: &std::path::Path, file: &str) -> Value {
    serde_json::from_str(&text(directory, file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn rdfc10_agrees_with_every_test_of_the_w3c() {
    let Some(directory) = vectors("w3c-rdf-canon") else { return };
    let manifest = json(&directory, "manifest.jsonld");
    let entries = manifest["entries"].as_array().expect("a list of tests");
    let mut run = BTreeMap::new();
    for entry in entries {
        let field = |name: &str| entry[name].as_str().unwrap_or_default();
        let algorithm = match entry["hashAlgorithm"].as_str() {
            Some("SHA384") => HashAlgorithm::Sha384,
            None => HashAlgorithm::Sha256,
            Some(other) => panic!("{}: hash algorithm {other}", field("id")),
        };
        let dataset = parse(&text(&directory, field("action"))).expect("valid N-Quads");
        let started = Instant::now();
        let outcome = canonicalize(&dataset, algorithm, WorkLimit::default());
        assert!(started.elapsed() < Duration::from_secs(10), "{} took {:?}", field("id"), started.elapsed());
        let canonical = |outcome: Result<Canonical, TooComplex>| outcome.unwrap_or_else(|error| panic!("{}: {error}", field("id")));
        match field("type") {
            "rdfc:RDFC10EvalTest" => {
                assert_eq!(canonical(outcome).nquads, text(&directory, field("result")), "{} {}", field("id"), field("name"));
            }
            "rdfc:RDFC10MapTest" => {
                let expected: BTreeMap<String, String> = serde_json::from_value(json(&directory, field("result"))).expect("a map");
                assert_eq!(canonical(outcome).labels, expected, "{} {}", field("id"), field("name"));
            }
            "rdfc:RDFC10NegativeEvalTest" => {
                assert!(matches!(outcome, Err(TooComplex::Steps { .. })), "{} must end in an error", field("id"));
            }
            other => panic!("{}: unknown kind of test {other}", field("id")),
        }
        *run.entry(field("type").to_owned()).or_insert(0) += 1;
    }
    assert_eq!(run.values().sum::<usize>(), 86, "{run:?}");
}

/// The W3C's key pair: Multikey form of the public key, seed of the private one.
fn w3c_key(directory: &std::path::Path) -> SigningKey {
    let pair = json(directory, "keyPair.json");
    let secret = pair["privateKeyMultibase"].as_str().and_then(|key| key.strip_prefix('z')).expect("base58-btc");
    let bytes = bs58::decode(secret).into_vec().expect("base58");
    let seed: [u8; 32] = bytes.strip_prefix(&[0x80, 0x26]).expect("an Ed25519 secret key").try_into().expect("32 bytes");
    let key = SigningKey::from_bytes(&seed);
    assert_eq!(multikey::encode(&key.verifying_key()), pair["publicKeyMultibase"]);
    assert_eq!(multikey::decode(pair["publicKeyMultibase"].as_str().expect("text")), Ok(key.verifying_key()));
    key
}

fn agrees_at_every_step(directory: &std::path::Path, unsigned: &Value, key: &SigningKey) {
    let config = json(directory, "proofConfigDataInt.json");
    let field = |name: &str| config[name].as_str().expect("a text").to_owned();
    let options = ProofOptions {
        created: field("created"),
        verification_method: field("verificationMethod"),
        proof_purpose: field("proofPurpose"),
    };
    let steps = eddsa_rdfc::hash_data(unsigned, &options).expect("canonicalisable");
    assert_eq!(steps.canonical_document, text(directory, "canonDocDataInt.txt"));
    assert_eq!(steps.canonical_options, text(directory, "proofCanonDataInt.txt"));
    assert_eq!(hex(&steps.document_hash), text(directory, "docHashDataInt.txt"));
    assert_eq!(hex(&steps.options_hash), text(directory, "proofHashDataInt.txt"));
    assert_eq!(hex(&steps.hash_data()), text(directory, "combinedHashDataInt.txt"));

    let signed = eddsa_rdfc::sign(unsigned, &options, key).expect("signable");
    let expected = json(directory, "signedDataInt.json");
    assert_eq!(signed["proof"][0], expected["proof"]);
    assert_eq!(signed["proof"][0]["proofValue"], text(directory, "sigBTC58DataInt.txt").trim());
    let signature = signed["proof"][0]["proofValue"].as_str().and_then(|value| value.strip_prefix('z')).expect("base58-btc");
    assert_eq!(hex(&bs58::decode(signature).into_vec().expect("base58")), text(directory, "sigHexDataInt.txt"));

    let (document, proofs) = sceau::proof::split(&expected).expect("one proof");
    assert_eq!(eddsa_rdfc::verify(&document, &proofs[0], &key.verifying_key()), Ok(()));
    let (document, proofs) = sceau::proof::split(&signed).expect("one proof");
    assert_eq!(&document, unsigned);
    assert_eq!(eddsa_rdfc::verify(&document, &proofs[0], &key.verifying_key()), Ok(()));
}

#[test]
fn eddsa_rdfc_2022_agrees_with_the_w3c_at_every_step_on_the_alumni_credential() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let key = w3c_key(&directory);
    agrees_at_every_step(&directory.join("eddsa-rdfc-2022"), &json(&directory, "unsigned.json"), &key);
}

#[test]
fn eddsa_rdfc_2022_agrees_with_the_w3c_at_every_step_on_the_employment_credential() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let key = w3c_key(&directory);
    agrees_at_every_step(&directory.join("eddsa-rdfc-2022/employ"), &json(&directory, "employmentAuth.json"), &key);
}

#[test]
fn the_two_open_badges_contexts_differ_in_two_terms_only() {
    let Some(directory) = vectors("1edtech") else { return };
    let other = json(&directory, "context-3.0.3.json");
    let ours = sceau::jsonld::contexts::bundled(sceau::jsonld::contexts::OPEN_BADGES_3_0_3).expect("bundled");
    let mut ours: Value = serde_json::from_str(ours.text).expect("JSON");
    let mut removed = Vec::new();
    remove_terms(&mut ours, &["endorsementJwt", "jti"], &mut removed);
    removed.sort();
    assert_eq!(removed, ["endorsementJwt", "jti"]);
    assert_eq!(ours, other);
}

fn remove_terms(value: &mut Value, terms: &[&str], removed: &mut Vec<String>) {
    if let Value::Object(entries) = value {
        removed.extend(terms.iter().filter(|term| entries.shift_remove(**term).is_some()).map(|term| (*term).to_owned()));
        entries.values_mut().for_each(|entry| remove_terms(entry, terms, removed));
    }
}
