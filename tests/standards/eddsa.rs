//! Data Integrity EdDSA Cryptosuites 1.0.

use ed25519_dalek::{Signature, Verifier as _};
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::key::{PublicKey, SigningFailed};
use serde_json::{Value, json};

use crate::cases;
use crate::proofs::{issuer, key, method, p256, reason, run};

#[test]
fn proofs_hold_or_are_refused() {
    run(&cases::read("eddsa"));
}

fn document() -> Value {
    cases::fill(&cases::read("eddsa").file["document"], &|name| (name == "issuer").then(|| json!(issuer())))
}

/// §2.2.1, §3.2.6, §3.3.6: pure Ed25519 over the hash of the options and the hash of the document, in base58-btc with its header.
#[test]
fn the_value_is_a_pure_ed25519_signature_over_two_hashes() {
    for suite in Suite::ALL {
        let options = ProofOptions::assertion(suite, "2026-01-02T00:00:00Z", &method());
        let signed = data_integrity::sign(&document(), &options, &key()).unwrap();
        let mut members = signed["proof"][0].as_object().unwrap().clone();
        let value = members.shift_remove("proofValue").unwrap();
        assert_eq!((&members["type"], &members["cryptosuite"]), (&json!("DataIntegrityProof"), &json!(suite.name())));
        let base58 = value.as_str().unwrap().strip_prefix('z').unwrap();
        let signature = Signature::from_slice(&bs58::decode(base58).into_vec().unwrap()).unwrap();
        let steps = data_integrity::hash_steps(suite, &document(), members).unwrap();
        let hash_data = [steps.options_hash, steps.document_hash].concat();
        assert!(key().verifying_key().verify(&hash_data, &signature).is_ok());
        assert_eq!(steps.hash_data().as_slice(), hash_data);
    }
}

/// §3.3.1, step 2: the proof names the contexts that it covers, so that it can be put into a set or a chain.
#[test]
fn a_jcs_proof_names_the_contexts_of_its_document() {
    let options = ProofOptions::assertion(Suite::EddsaJcs2022, "2026-01-02T00:00:00Z", &method());
    let signed = data_integrity::sign(&document(), &options, &key()).unwrap();
    assert_eq!(signed["proof"][0]["@context"], document()["@context"]);
}

/// §2.1.1: keys are written as base58-btc with its header, and nothing else is read.
#[test]
fn public_keys_are_multikeys_in_base58_btc() {
    let multikey = key().verifying_key();
    let written = PublicKey::Ed25519(multikey).to_multikey().unwrap();
    let bytes = bs58::decode(written.strip_prefix('z').unwrap()).into_vec().unwrap();
    assert_eq!((bytes.len(), &bytes[..2]), (34, &[0xed, 0x01][..]));
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    for other in [written[1..].to_owned(), format!("f{hex}"), format!("m{}", &written[1..]), String::new()] {
        assert!(PublicKey::from_multikey(&other).is_err(), "{other}");
    }
}

struct OfAnotherKind;

impl sceau::proof::key::Signer for OfAnotherKind {
    fn public_key(&self) -> PublicKey {
        p256()
    }

    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        panic!("a key of another kind must not be asked to sign");
    }
}

/// §3.2.6, §3.3.6: only an Ed25519 key makes these proofs.
#[test]
fn a_key_of_another_kind_makes_no_proof() {
    for suite in Suite::ALL {
        let options = ProofOptions::assertion(suite, "2026-01-02T00:00:00Z", &method());
        let refused = data_integrity::sign(&document(), &options, &OfAnotherKind).unwrap_err();
        assert_eq!(reason(&refused), "key kind");
    }
}
