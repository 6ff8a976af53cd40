//! Signs whatever a case asks for, malformed options included, so that a document is refused for its form and not for a signature that
//! never held. Then has it verified.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sceau::proof::data_integrity::{self, HashSteps, ProofError, Suite};
use sceau::proof::key::{PublicKey, Signer as _};
use sceau::proof::{SplitError, split};
use sceau::time::Timestamp;
use sceau::verify::{Materials, Question};
use serde_json::{Value, json};

use crate::cases::{Cases, change, fill, verdict};
use crate::verifier::{NOW, asked as asked_about};

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

/// Who issues with it.
pub fn issuer() -> String {
    key().public_key().to_did_key().unwrap()
}

/// A key of another kind.
pub fn p256() -> PublicKey {
    let bytes: Vec<u8> =
        (0..66).step_by(2).map(|at| u8::from_str_radix(&P256_GENERATOR[at..at + 2], 16).unwrap()).collect();
    PublicKey::from_p256(&bytes).unwrap()
}

/// Judges each case of a file of proofs, with each suite that it names: by the proof alone, for the reason that the case gives under
/// `why`, and by the whole verifier.
pub fn run(cases: &Cases) {
    cases.judge(|case| {
        let names = case.get("suites").and_then(Value::as_array);
        let suites: Vec<Suite> = match names {
            Some(names) => names.iter().map(|name| Suite::named(name.as_str().unwrap()).unwrap()).collect(),
            None => Suite::ALL.to_vec(),
        };
        let (key, why) = (case["key"].as_str(), case["why"].as_str());
        let mut accepted = true;
        for suite in suites {
            let signed = build(cases, case, suite);
            if why.is_some() || case["expect"] == "accept" {
                let outcome = judge(&signed, key.unwrap_or("own"));
                if outcome.as_ref().err().map(String::as_str) != why {
                    return Some(format!("{outcome:?} with {}", suite.name()));
                }
                accepted &= outcome.is_ok();
            }
            // The verifier finds the key by itself.
            if key.is_none() {
                let asked = case.get("asked");
                let text = |name: &str| asked.and_then(|asked| asked[name].as_str()).map(str::to_owned);
                let question = Question {
                    challenge: text("challenge"),
                    domain: text("domain"),
                    ..NOW.parse::<Timestamp>().unwrap().into()
                };
                let report = asked_about(&signed, &Materials::new(), question);
                if report.is_verified() != (case["expect"] == "accept") {
                    return Some(format!("{} by the verifier, with {}", verdict(report.is_verified()), suite.name()));
                }
                accepted &= report.is_verified();
            }
        }
        Some(verdict(accepted))
    });
}

/// The signed document of a case.
pub fn build(cases: &Cases, case: &Value, suite: Suite) -> Value {
    let make = |name: &str| match name {
        "suite" => Some(json!(suite.name())),
        "method" => Some(json!(method())),
        "issuer" => Some(json!(issuer())),
        _ => None,
    };
    let mut document = fill(&cases.file["document"], &make);
    change(&mut document, case.get("document").map(|set| fill(set, &make)).as_ref(), None);
    let mut options = fill(&cases.file["options"], &make);
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
