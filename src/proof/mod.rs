//! Data-integrity proofs: the signature in a credential, and the forms of the keys that make it.
//!
//! [`split`] takes a secured document apart, [`eddsa_rdfc`] signs and verifies with the cryptosuite that Open Badges certification
//! accepts, [`multikey`] reads and writes public keys. A further cryptosuite is a further module beside `eddsa_rdfc`, chosen by the
//! `cryptosuite` of a proof; a VC-JWT is no embedded proof and would stand beside them too. Whatever makes a signature does so through
//! [`SignBytes`], so that no module but the keyring touches a private key.
//!
//! Not here: finding the key that a verification method names, or whether it belongs to the issuer (see verification); status and
//! validity of what is signed; private keys at rest.

pub mod did;
pub mod eddsa_rdfc;
pub mod multikey;

use serde_json::{Map, Value};

/// Makes Ed25519 signatures (RFC 8032) without showing the key: a key in memory, or a signer elsewhere.
pub trait SignBytes {
    /// The 64-byte signature of a message.
    fn sign(&self, message: &[u8]) -> [u8; 64];
}

impl SignBytes for ed25519_dalek::SigningKey {
    fn sign(&self, message: &[u8]) -> [u8; 64] {
        ed25519_dalek::Signer::sign(self, message).to_bytes()
    }
}

/// A document has no proof, or not in a form that can be taken out of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// The document is not a JSON object.
    #[error("a secured document must be a JSON object")]
    NotAnObject,
    /// There is no `proof`, or an empty list of them.
    #[error("the document has no proof")]
    NoProof,
    /// A proof is not a JSON object.
    #[error("proof number {number} is not a JSON object")]
    ProofNotAnObject {
        /// Which one, from 1.
        number: usize,
    },
}

/// Splits a secured document into the document without `proof` and its proofs, one at least (VC Data Integrity 1.0 §4.3).
///
/// # Errors
/// See [`SplitError`].
pub fn split(document: &Value) -> Result<(Value, Vec<Value>), SplitError> {
    let Value::Object(entries) = document else { return Err(SplitError::NotAnObject) };
    let proofs = match entries.get("proof") {
        None => return Err(SplitError::NoProof),
        Some(Value::Array(proofs)) if proofs.is_empty() => return Err(SplitError::NoProof),
        Some(Value::Array(proofs)) => proofs.clone(),
        Some(proof) => vec![proof.clone()],
    };
    if let Some(index) = proofs.iter().position(|proof| !proof.is_object()) {
        return Err(SplitError::ProofNotAnObject { number: index + 1 });
    }
    let unsecured: Map<_, _> = entries.iter().filter(|(key, _)| *key != "proof").map(|(k, v)| (k.clone(), v.clone())).collect();
    Ok((Value::Object(unsecured), proofs))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_proof_or_a_list_of_them_are_taken_out() {
        let expected = |proofs: Vec<Value>| Ok((json!({"a": 1, "b": 2}), proofs));
        assert_eq!(split(&json!({"a": 1, "proof": {"x": 1}, "b": 2})), expected(vec![json!({"x": 1})]));
        assert_eq!(split(&json!({"a": 1, "proof": [{"x": 1}, {"y": 2}], "b": 2})), expected(vec![json!({"x": 1}), json!({"y": 2})]));
    }

    #[test]
    fn what_holds_no_proof_is_refused() {
        assert_eq!(split(&json!([])), Err(SplitError::NotAnObject));
        assert_eq!(split(&json!({"a": 1})), Err(SplitError::NoProof));
        assert_eq!(split(&json!({"proof": []})), Err(SplitError::NoProof));
        assert_eq!(split(&json!({"proof": [{}, "x"]})), Err(SplitError::ProofNotAnObject { number: 2 }));
        assert_eq!(split(&json!({"proof": null})), Err(SplitError::ProofNotAnObject { number: 1 }));
    }
}
