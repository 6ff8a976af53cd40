//! DID documents: ours, one per issuer (did:web), and what a key must satisfy to speak for an issuer.

use ed25519_dalek::VerifyingKey;
use serde_json::{Value, json};

use super::multikey;
use crate::ids::Did;

/// Why a key does not speak for an issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// The proof names a key of somebody else.
    #[error("the key {method} is not of {issuer}")]
    Foreign {
        /// The proof's `verificationMethod`.
        method: String,
        /// The issuer.
        issuer: String,
    },
    /// The issuer's DID document is about another subject.
    #[error("the DID document is not that of {0}")]
    OtherSubject(String),
    /// The DID document does not list the key for assertions.
    #[error("{0} is not among the issuer's assertion methods")]
    NotAsserting(String),
    /// The key is not described, not controlled by the issuer, or not an Ed25519 Multikey.
    #[error("{0} is not described as an Ed25519 Multikey that the issuer controls")]
    Unusable(String),
}

/// The DID document of one of our issuers: every key still needed to verify what it signed.
/// `keys` holds each key by its DID URL.
pub fn document(did: &Did, keys: &[(String, VerifyingKey)]) -> Value {
    let methods: Vec<_> = keys
        .iter()
        .map(|(id, public)| {
            json!({
                "id": id,
                "type": "Multikey",
                "controller": did,
                "publicKeyMultibase": multikey::encode(public),
            })
        })
        .collect();
    let ids: Vec<_> = keys.iter().map(|(id, _)| id).collect();
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": ids,
    })
}

/// The key that `method` names, if the issuer vouches for it; `None` where the issuer's DID document is needed and absent.
///
/// A `did:key` carries its key in its own name (did:key method, § "Document Creation Algorithm"), so it needs no document.
pub fn key_for(issuer: &str, method: &str, document: Option<&Value>) -> Result<Option<VerifyingKey>, DidError> {
    let owner = method.split('#').next().unwrap_or("");
    if owner != issuer || issuer.is_empty() {
        return Err(DidError::Foreign { method: method.to_owned(), issuer: issuer.to_owned() });
    }
    let unusable = || DidError::Unusable(method.to_owned());
    let decode = |multibase: &str| multikey::decode(multibase).map_err(|_| unusable());
    if let Some(multibase) = issuer.strip_prefix("did:key:") {
        return if method == format!("{issuer}#{multibase}") { decode(multibase).map(Some) } else { Err(unusable()) };
    }
    let Some(document) = document else { return Ok(None) };
    if document.get("id").and_then(Value::as_str) != Some(issuer) {
        return Err(DidError::OtherSubject(issuer.to_owned()));
    }
    let list = |name: &str| document.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    if !list("assertionMethod").iter().any(|entry| entry.as_str() == Some(method)) {
        return Err(DidError::NotAsserting(method.to_owned()));
    }
    let described = list("verificationMethod").iter().find(|entry| entry.get("id").and_then(Value::as_str) == Some(method));
    let described = described.ok_or_else(unusable)?;
    let text = |name: &str| described.get(name).and_then(Value::as_str);
    if text("type") != Some("Multikey") || text("controller") != Some(issuer) {
        return Err(unusable());
    }
    decode(text("publicKeyMultibase").ok_or_else(unusable)?).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours() -> (Did, String, VerifyingKey) {
        let url: crate::ids::PublicUrl = "https://sceau.example".parse().unwrap();
        let did = url.issuer_did(&"dgafp".parse().unwrap());
        let public = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).verifying_key();
        let id = did.key(&multikey::thumbprint(&public));
        (did, id, public)
    }

    #[test]
    fn a_key_that_the_issuer_lists_speaks_for_it() {
        let (did, id, public) = ours();
        let key = key_for(did.as_str(), &id, Some(&document(&did, &[(id.clone(), public)]))).unwrap().unwrap();
        assert_eq!(key, public);
        assert_eq!(key_for(did.as_str(), &id, None), Ok(None));
    }

    #[test]
    fn a_key_of_somebody_else_does_not() {
        let (did, id, public) = ours();
        let good = document(&did, &[(id.clone(), public)]);
        let foreign = "did:web:evil.example#k";
        assert!(matches!(key_for(did.as_str(), foreign, Some(&good)), Err(DidError::Foreign { .. })));
        let unlisted = did.key("other");
        assert_eq!(key_for(did.as_str(), &unlisted, Some(&good)), Err(DidError::NotAsserting(unlisted)));
        let mut stolen = good.clone();
        stolen["verificationMethod"][0]["controller"] = json!("did:web:evil.example");
        assert_eq!(key_for(did.as_str(), &id, Some(&stolen)), Err(DidError::Unusable(id.clone())));
        let mut other = good;
        other["id"] = json!("did:web:evil.example");
        assert!(matches!(key_for(did.as_str(), &id, Some(&other)), Err(DidError::OtherSubject(_))));
    }

    #[test]
    fn a_did_key_is_its_own_document() {
        let (_, _, public) = ours();
        let multibase = multikey::encode(&public);
        let did = format!("did:key:{multibase}");
        assert!(key_for(&did, &format!("{did}#{multibase}"), None).unwrap().is_some());
        assert!(key_for(&did, &format!("{did}#other"), None).is_err());
    }
}
