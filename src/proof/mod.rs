//! Proofs: the signature in or around a credential, and the forms of the keys that make it.
//!
//! [`split`] takes a secured document apart, [`data_integrity`] signs and verifies embedded proofs, [`jwt`] whole documents as tokens,
//! [`key`] reads and writes public keys, [`did`] says which key speaks for whom. Whatever makes a signature does so through
//! [`key::Signer`], so that no module but the keyring touches a private key.
//!
//! Not here: fetching keys; status and validity of what is signed; private keys at rest.

pub mod data_integrity;
pub mod did;
pub mod jwt;
pub mod key;

use serde_json::{Map, Value};

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
    let unsecured: Map<_, _> =
        entries.iter().filter(|(key, _)| *key != "proof").map(|(k, v)| (k.clone(), v.clone())).collect();
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
        assert_eq!(
            split(&json!({"a": 1, "proof": [{"x": 1}, {"y": 2}], "b": 2})),
            expected(vec![json!({"x": 1}), json!({"y": 2})])
        );
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
