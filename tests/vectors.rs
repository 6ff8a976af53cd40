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
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::key::{PublicKey, Signer as _};
use sceau::proof::split;
use serde_json::Value;

/// The directory of vectors of that name, if it is there.
fn vectors(name: &str) -> Option<PathBuf> {
    let shared =
        std::env::var("SCEAU_SHARED").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").to_owned());
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
        let canonical =
            |outcome: Result<Canonical, TooComplex>| outcome.unwrap_or_else(|error| panic!("{}: {error}", field("id")));
        match field("type") {
            "rdfc:RDFC10EvalTest" => {
                assert_eq!(
                    canonical(outcome).nquads,
                    text(&directory, field("result")),
                    "{} {}",
                    field("id"),
                    field("name")
                );
            }
            "rdfc:RDFC10MapTest" => {
                let expected: BTreeMap<String, String> =
                    serde_json::from_value(json(&directory, field("result"))).expect("a map");
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

/// A key pair as the W3C writes it: Multikey form of the public key, seed of the private one.
fn key_pair(pair: &Value) -> SigningKey {
    let secret = pair["privateKeyMultibase"].as_str().and_then(|key| key.strip_prefix('z')).expect("base58-btc");
    let bytes = bs58::decode(secret).into_vec().expect("base58");
    let seed: [u8; 32] =
        bytes.strip_prefix(&[0x80, 0x26]).expect("an Ed25519 secret key").try_into().expect("32 bytes");
    let key = SigningKey::from_bytes(&seed);
    assert_eq!(key.public_key().to_multikey().as_deref(), pair["publicKeyMultibase"].as_str());
    let read = PublicKey::from_multikey(pair["publicKeyMultibase"].as_str().expect("text"));
    assert_eq!(read, Ok(key.public_key()));
    key
}

/// The options of a published proof or proof configuration.
fn options_of(config: &Value) -> ProofOptions {
    let text = |name: &str| config[name].as_str().map(str::to_owned);
    let previous = match &config["previousProof"] {
        Value::String(one) => vec![one.clone()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    ProofOptions {
        suite: text("cryptosuite").as_deref().and_then(Suite::named).expect("a supported suite"),
        id: text("id"),
        created: text("created"),
        verification_method: text("verificationMethod").expect("a text"),
        purpose: data_integrity::ASSERTION_METHOD,
        challenge: None,
        domain: None,
        previous,
    }
}

/// Every intermediate value of one published signature; `form` is the last part of the files' names.
fn agrees_at_every_step(directory: &std::path::Path, form: &str, unsigned: &Value, key: &SigningKey) {
    let config = json(directory, &format!("proofConfig{form}.json"));
    let file = |name: &str| text(directory, &format!("{name}{form}.txt"));
    let options = options_of(&config);
    let members = config.as_object().expect("an object").clone();
    let steps = data_integrity::hash_steps(options.suite, unsigned, members).expect("canonicalisable");
    assert_eq!(steps.canonical_document, file("canonDoc"));
    assert_eq!(steps.canonical_options, file("proofCanon"));
    assert_eq!(hex(&steps.document_hash), file("docHash"));
    assert_eq!(hex(&steps.options_hash), file("proofHash"));
    assert_eq!(hex(&steps.hash_data()), file("combinedHash"));

    let signed = data_integrity::sign(unsigned, &options, key).expect("signable");
    let expected = json(directory, &format!("signed{form}.json"));
    assert_eq!(signed["proof"][0], expected["proof"]);
    assert_eq!(signed["proof"][0]["proofValue"], file("sigBTC58").trim());
    let signature =
        signed["proof"][0]["proofValue"].as_str().and_then(|value| value.strip_prefix('z')).expect("base58-btc");
    assert_eq!(hex(&bs58::decode(signature).into_vec().expect("base58")), file("sigHex"));
    for document in [&expected, &signed] {
        let (bare, proofs) = split(document).expect("one proof");
        assert_eq!(&bare, unsigned);
        assert_eq!(data_integrity::verify(&bare, &proofs, &proofs[0], &key.public_key()), Ok(()));
    }
}

#[test]
fn eddsa_rdfc_2022_agrees_with_the_w3c_at_every_step_on_the_alumni_credential() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let key = key_pair(&json(&directory, "keyPair.json"));
    let unsigned = json(&directory, "unsigned.json");
    agrees_at_every_step(&directory.join("eddsa-rdfc-2022"), "DataInt", &unsigned, &key);
}

#[test]
fn eddsa_rdfc_2022_agrees_with_the_w3c_at_every_step_on_the_employment_credential() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let key = key_pair(&json(&directory, "keyPair.json"));
    let unsigned = json(&directory, "employmentAuth.json");
    agrees_at_every_step(&directory.join("eddsa-rdfc-2022/employ"), "DataInt", &unsigned, &key);
}

#[test]
fn eddsa_jcs_2022_agrees_with_the_w3c_at_every_step() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let key = key_pair(&json(&directory, "keyPair.json"));
    agrees_at_every_step(&directory.join("eddsa-jcs-2022"), "JCS", &json(&directory, "unsigned.json"), &key);
}

/// A set of two proofs, and a chain of one on top of them and another on top of that: each stage is what the W3C publishes, and
/// every proof of it verifies.
#[test]
fn proof_sets_and_chains_agree_with_the_w3c_at_every_step() {
    let Some(directory) = vectors("w3c-vc-di-eddsa") else { return };
    let directory = directory.join("proof-set-chain");
    let pairs = json(&directory, "multiKeyPairs.json");
    let keys = [1, 2, 3, 4].map(|number| key_pair(&pairs[format!("keyPair{number}")]));
    let stages = [
        ("proofSetConfigSigned1.json", "signedProofSet1.json"),
        ("proofSetConfigSigned2.json", "signedProofSet2.json"),
        ("proofChainConfigSigned1.json", "signedProofChain1.json"),
        ("proofChainConfigSigned2.json", "signedProofChain2.json"),
    ];
    let mut document = json(&directory, "unsigned.json");
    for (key, (config, published)) in keys.iter().zip(stages) {
        let config = json(&directory, config);
        document = data_integrity::sign(&document, &options_of(&config), key).expect("signable");
        let last = document["proof"].as_array().and_then(|proofs| proofs.last()).expect("a proof").clone();
        assert_eq!(last, config, "{published}");
        let published = json(&directory, published);
        let (bare, proofs) = split(&published).expect("proofs");
        assert_eq!(split(&document).expect("proofs"), (bare.clone(), proofs.clone()));
        for (proof, key) in proofs.iter().zip(&keys) {
            assert_eq!(data_integrity::verify(&bare, &proofs, proof, &key.public_key()), Ok(()));
        }
    }
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
        removed
            .extend(terms.iter().filter(|term| entries.shift_remove(**term).is_some()).map(|term| (*term).to_owned()));
        entries.values_mut().for_each(|entry| remove_terms(entry, terms, removed));
    }
}
