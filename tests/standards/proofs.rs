//! Signs whatever a case asks for, malformed options included, so that a document is refused for its form and not for a signature that
//! never held. Then has it verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sceau::proof::data_integrity::{self, HashSteps, ProofError, Suite};
use sceau::proof::key::{PublicKey, Signer as _};
use sceau::proof::{SplitError, split};
use serde_json::{Value, json};

use crate::cases::{Cases, change, fill, verdict};

/// A point of P-256, compressed: the generator (SEC 2 §2.4.2).
const P256_GENERATOR: &str = "036b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";

/// The key that signs.
pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// Its address.
pub fn method() -> String {
    key().public_key().did_key_method().unwrap()
}

/// A key of another kind.
pub fn p256() -> PublicKey {
    let bytes: Vec<u8> =
        (0..66).step_by(2).map(|at| u8::from_str_radix(&P256_GENERATOR[at..at + 2], 16).unwrap()).collect();
    PublicKey::from_p256(&bytes).unwrap()
}

/// Judges each case of a file of proofs, with each suite that it names.
pub fn run(cases: &Cases) {
    cases.judge(|case| {
        // What depends on the clock, on what a verifier expects, or on rules of documents is for the whole verifier.
        if case.get("pending").is_some() {
            return None;
        }
        let names = case.get("suites").and_then(Value::as_array);
        let suites: Vec<Suite> = match names {
            Some(names) => names.iter().map(|name| Suite::named(name.as_str().unwrap()).unwrap()).collect(),
            None => Suite::ALL.to_vec(),
        };
        let key = case.get("key").and_then(Value::as_str).unwrap_or("own");
        for suite in suites {
            let outcome = judge(&build(cases, case, suite), key);
            let reason = outcome.as_ref().err().map(String::as_str);
            let wanted = case.get("why").and_then(Value::as_str);
            if reason != wanted {
                return Some(format!("{outcome:?} with {}", suite.name()));
            }
        }
        Some(verdict(case.get("why").is_none()))
    });
}

/// The signed document of a case.
fn build(cases: &Cases, case: &Value, suite: Suite) -> Value {
    let mut document = cases.file["document"].clone();
    change(&mut document, case.get("document"), None);
    let mut options = fill(&cases.file["options"], &|name| match name {
        "suite" => Some(json!(suite.name())),
        "method" => Some(json!(method())),
        _ => None,
    });
    if suite == Suite::EddsaJcs2022 {
        options["@context"] = document["@context"].clone();
    }
    change(&mut options, case.get("options"), case.get("remove"));
    // Options or a document without a canonical form can't be signed; a verifier must find that out by itself.
    let steps = data_integrity::hash_steps(suite, &document, options.as_object().unwrap().clone()).ok();
    let data = steps.as_ref().map_or([0; 64], HashSteps::hash_data);
    let signature = key().sign(&data).unwrap();
    let proof = with_value(&options, &base58(&signature));
    let mut signed = document;
    signed["proof"] = json!([proof]);
    let make = |name: &str| {
        Some(match name {
            "proof" => proof.clone(),
            "tampered" => with_value(&options, &base58(&key().sign(b"another message").unwrap())),
            "other-suite" => json!(Suite::ALL.into_iter().find(|other| *other != suite)?.name()),
            "value-without-header" => json!(base58(&signature)[1..]),
            "value-in-base64url" => json!(format!("u{}", URL_SAFE_NO_PAD.encode(&signature))),
            "value-of-63-bytes" => json!(base58(&signature[..63])),
            "value-of-65-bytes" => json!(base58(&[&signature[..], &[0]].concat())),
            "value-over-the-canonical-document" => {
                json!(base58(&key().sign(steps.as_ref()?.canonical_document.as_bytes()).unwrap()))
            }
            "value-over-swapped-hashes" => json!(base58(&key().sign(&[&data[32..], &data[..32]].concat()).unwrap())),
            _ => return None,
        })
    };
    change(&mut signed, case.get("after").map(|after| fill(after, &make)).as_ref(), case.get("drop"));
    signed
}

fn with_value(options: &Value, value: &str) -> Value {
    let mut proof = options.clone();
    proof["proofValue"] = json!(value);
    proof
}

fn base58(bytes: &[u8]) -> String {
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Verifies every proof of a document with one key (`own`, `other` or `p256`), and names in a few words why one does not hold.
pub fn judge(signed: &Value, with: &str) -> Result<(), String> {
    let public = match with {
        "own" => key().public_key(),
        "other" => SigningKey::from_bytes(&[8; 32]).public_key(),
        "p256" => p256(),
        other => panic!("no key is called {other}"),
    };
    let (bare, proofs) = split(signed).map_err(|error| {
        match error {
            SplitError::NotAnObject => "not an object",
            SplitError::NoProof => "no proof",
            SplitError::ProofNotAnObject { .. } => "proof not an object",
        }
        .to_owned()
    })?;
    for proof in &proofs {
        data_integrity::verify(&bare, &proofs, proof, &public).map_err(|error| reason(&error))?;
    }
    Ok(())
}

/// A proof error in the words that the case files use.
pub fn reason(error: &ProofError) -> String {
    match error {
        ProofError::NotAnObject => "not an object",
        ProofError::UnsupportedSuite(_) => "unsupported",
        ProofError::Member { member, .. } => return format!("member {member}"),
        ProofError::ContextMismatch => "context",
        ProofError::MissingPrevious(_) => "missing previous",
        ProofError::KeyKind => "key kind",
        ProofError::Document(_) => "document",
        ProofError::Options(_) => "options",
        ProofError::Json(_) => "json",
        ProofError::Signature => "signature",
        ProofError::Signing(_) => "signing",
    }
    .to_owned()
}
