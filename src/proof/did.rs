//! DID documents and what a key must satisfy to speak for an issuer (Controlled Identifiers 1.0 §3.3, DID Core §5.3, did:web, did:key).
//!
//! Whoever can sign is not thereby the issuer. A key speaks for `issuer.id` where the issuer itself says so: its DID document, or the
//! document at its https address, lists the key for the purpose; or the key lies at the issuer's own origin and names it as its
//! controller. A `did:key` says only that somebody signed.
//!
//! Not here: fetching those documents, and whether they can be trusted.

use serde_json::{Value, json};

use super::key::{KeyError, PublicKey};
use crate::ids::Did;
use crate::json::items;
use crate::time::Timestamp;

/// One of our keys, as it is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedKey {
    /// The issuer's DID, `#` and the thumbprint.
    pub id: String,
    /// The address that answers the bare JWK; `kid` of VC-JWT.
    pub jwk_url: String,
    /// The key.
    pub public: PublicKey,
    /// Since when nothing that it signed can be relied on.
    pub revoked: Option<Timestamp>,
}

/// The DID document of one of our issuers: every key still needed to verify what it signed.
///
/// Each key stands there twice, since one method may not carry two forms of a key (DID Core §5.2.1): as a Multikey (RSA and P-256: as
/// a JWK) under its DID URL, and as a JWK under its own address. A compromised one is marked `revoked` and asserts nothing.
pub fn document(did: &Did, keys: &[PublishedKey]) -> Value {
    let mut methods = Vec::new();
    let mut asserting = Vec::new();
    for key in keys {
        let jwk =
            |id: &str| json!({"id": id, "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.public.to_jwk()});
        let by_did_url = match (&key.public, key.public.to_multikey()) {
            (PublicKey::Ed25519(_), Some(multikey)) => {
                json!({"id": key.id, "type": "Multikey", "controller": did, "publicKeyMultibase": multikey})
            }
            _ => jwk(&key.id),
        };
        for mut method in [by_did_url, jwk(&key.jwk_url)] {
            match key.revoked {
                Some(since) => method["revoked"] = json!(since.to_whole_second().to_string()),
                None => asserting.push(method["id"].clone()),
            }
            methods.push(method);
        }
    }
    json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": methods,
        "assertionMethod": asserting,
    })
}

/// What a key is used for, as the list in a DID document is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relationship {
    /// Issuing: `assertionMethod`.
    Assertion,
    /// Presenting: `authentication`.
    Authentication,
}

impl Relationship {
    /// The list's name, which is also the `proofPurpose`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Assertion => super::data_integrity::ASSERTION_METHOD,
            Self::Authentication => super::data_integrity::AUTHENTICATION,
        }
    }
}

/// A key that speaks for a controller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundKey {
    /// The key.
    pub public: PublicKey,
    /// Since when it is revoked, if it is.
    pub revoked: Option<Timestamp>,
    /// When it expires, if ever.
    pub expires: Option<Timestamp>,
}

/// Why a key does not speak for a controller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DidError {
    /// The proof names a key of somebody else.
    #[error("the key {method} is not of {controller}")]
    Foreign {
        /// The proof's `verificationMethod`.
        method: String,
        /// The controller it should be of.
        controller: String,
    },
    /// The document is about another subject.
    #[error("the document is not that of {0}")]
    OtherSubject(String),
    /// The document does not list the key for this use.
    #[error("{0} is not among the keys that may be used for this")]
    NotListed(String),
    /// The key is not described, not controlled by its subject, or not of a form that can be read.
    #[error("{method} is not a key that can be used: {why}")]
    Unusable {
        /// The key's address.
        method: String,
        /// What is wrong.
        why: String,
    },
    /// The identifier's method is not one that can be resolved here.
    #[error("identifiers such as {0} cannot be resolved here")]
    UnsupportedMethod(String),
    /// The identifier is malformed.
    #[error("{0} is not a well-formed identifier")]
    Malformed(String),
}

/// The documents that may be needed to find out whether `method` speaks for `controller`, by their DID or address.
pub fn documents_needed(controller: &str, method: &str) -> Vec<String> {
    if controller.starts_with("did:key:") {
        return Vec::new();
    }
    let mut needed = vec![controller.to_owned()];
    let at = without_fragment(method);
    if controller.starts_with("https://") && at.starts_with("https://") && at != controller {
        needed.push(at.to_owned());
    }
    needed
}

/// The https address of a DID document or of a controller's own address (did:web method, "Read").
///
/// # Errors
/// [`DidError::Malformed`], [`DidError::UnsupportedMethod`].
pub fn address(identifier: &str) -> Result<String, DidError> {
    let malformed = || DidError::Malformed(identifier.to_owned());
    if identifier.starts_with("https://") {
        return Ok(identifier.to_owned());
    }
    let Some(rest) = identifier.strip_prefix("did:web:") else {
        return Err(DidError::UnsupportedMethod(identifier.chars().take(200).collect()));
    };
    let mut parts = rest.split(':');
    let authority = parts.next().unwrap_or_default();
    let (host, port) = match authority.split_once("%3A").or_else(|| authority.split_once("%3a")) {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let host_holds = !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'));
    // The method has names only: an address of numbers would be nobody's domain.
    let named = host.split('.').next_back().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    let port_holds = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    let path: Vec<&str> = parts.collect();
    let segment_holds = |segment: &&str| {
        !segment.is_empty()
            && *segment != "."
            && *segment != ".."
            && segment.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'%'))
    };
    if !host_holds || !named || !port_holds || !path.iter().all(segment_holds) {
        return Err(malformed());
    }
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if path.is_empty() { ".well-known".to_owned() } else { path.join("/") };
    Ok(format!("https://{host}{port}/{path}/did.json"))
}

/// The key that `method` names, if `controller` vouches for it; `None` where a document is needed and absent.
///
/// `document` gives the document at a DID or address, if it is there. A `did:key` carries its key in its own name (did:key method,
/// "Document Creation Algorithm"), so it needs none.
///
/// # Errors
/// [`DidError`].
pub fn key_for<'a>(
    controller: &str,
    method: &str,
    relationship: Relationship,
    document: impl Fn(&str) -> Option<&'a Value>,
) -> Result<Option<BoundKey>, DidError> {
    let foreign = || DidError::Foreign { method: method.to_owned(), controller: controller.to_owned() };
    let unusable = |why: &dyn std::fmt::Display| DidError::Unusable { method: method.to_owned(), why: why.to_string() };
    if controller.is_empty() {
        return Err(foreign());
    }
    if let Some(multibase) = controller.strip_prefix("did:key:") {
        if method != format!("{controller}#{multibase}") && method != controller {
            return Err(if without_fragment(method) == controller {
                unusable(&KeyError::NotDidKey)
            } else {
                foreign()
            });
        }
        let public = PublicKey::from_did_key(controller).map_err(|error| unusable(&error))?;
        return Ok(Some(BoundKey { public, revoked: None, expires: None }));
    }
    if method.starts_with("did:") && without_fragment(method) != controller {
        return Err(foreign());
    }
    address(controller)?;
    if let Some(described) = document(controller) {
        match listed(described, controller, method, relationship) {
            // Profiles at https addresses seldom list keys: then the key's own address may speak. One that does has said which.
            Err(DidError::NotListed(_))
                if controller.starts_with("https://") && described.get(relationship.name()).is_none() => {}
            Err(DidError::OtherSubject(_)) if controller.starts_with("https://") => {}
            found => return found.map(Some),
        }
    }
    if !controller.starts_with("https://") {
        return Ok(None);
    }
    if origin(controller) != origin(method) {
        return Err(foreign());
    }
    let Some(single) = document(without_fragment(method)) else { return Ok(None) };
    // A single key at the issuer's own origin (Open Badges 3.0 §8.2): whoever runs the origin says whose it is.
    if single.get("kty").is_none() {
        let id = single.get("id").and_then(Value::as_str);
        if id.is_some_and(|id| id != method && id != without_fragment(method)) {
            return Err(unusable(&"it is another key"));
        }
        if single.get("controller").and_then(Value::as_str) != Some(controller) {
            return Err(foreign());
        }
    }
    described_key(single, method).map(Some)
}

/// The addresses of the keys that a document lists for a use, made absolute; a bounded number of them.
pub fn methods_listed(document: &Value, relationship: Relationship) -> Vec<String> {
    const MOST: usize = 64;
    let subject = document.get("id").and_then(Value::as_str).unwrap_or_default();
    let entries = items(document.get(relationship.name())).iter().take(MOST);
    let ids = entries.filter_map(|entry| entry.as_str().or_else(|| entry.get("id").and_then(Value::as_str)));
    ids.map(|id| absolute(id, subject)).collect()
}

/// A key that the controller's document lists for a use.
fn listed(document: &Value, controller: &str, method: &str, relationship: Relationship) -> Result<BoundKey, DidError> {
    if document.get("id").and_then(Value::as_str) != Some(controller) {
        return Err(DidError::OtherSubject(controller.to_owned()));
    }
    let absolute = |id: &str| absolute(id, controller);
    let id_of = |entry: &Value| entry.as_str().or_else(|| entry.get("id").and_then(Value::as_str)).map(absolute);
    let list = |name: &str| items(document.get(name));
    let named = |name: &str| list(name).iter().find(|entry| id_of(entry).as_deref() == Some(method));
    let described = named("verificationMethod").filter(|entry| entry.is_object());
    let Some(listed) = named(relationship.name()) else {
        // A revoked key asserts nothing any more; that it did is worth knowing.
        return match described {
            Some(described) if described.get("revoked").is_some() => described_key(described, method),
            _ => Err(DidError::NotListed(method.to_owned())),
        };
    };
    let unusable = |why: &str| DidError::Unusable { method: method.to_owned(), why: why.to_owned() };
    let described =
        if listed.is_object() { listed } else { described.ok_or_else(|| unusable("it is not described"))? };
    if described.get("controller").and_then(Value::as_str).map(absolute).as_deref() != Some(controller) {
        return Err(unusable("somebody else controls it"));
    }
    described_key(described, method)
}

/// Reads a verification method, or a bare JWK.
fn described_key(described: &Value, method: &str) -> Result<BoundKey, DidError> {
    let unusable = |why: &dyn std::fmt::Display| DidError::Unusable { method: method.to_owned(), why: why.to_string() };
    let text = |name: &str| described.get(name).and_then(Value::as_str);
    if !type_fits(described) {
        return Err(unusable(&"its type is not that of the key in it"));
    }
    let public = match (text("publicKeyMultibase"), described.get("publicKeyJwk")) {
        (Some(multikey), None) => PublicKey::from_multikey(multikey),
        (None, Some(jwk)) => PublicKey::from_jwk(jwk),
        (None, None) if described.get("kty").is_some() => PublicKey::from_jwk(described),
        (Some(_), Some(_)) => return Err(unusable(&"it has two forms")),
        (None, None) => return Err(unusable(&"it has no public key")),
    };
    let public = public.map_err(|error| unusable(&error))?;
    let moment = |name: &str| match described.get(name) {
        None => Ok(None),
        // A moment that can't be read must not make a revoked key pass for a good one.
        Some(value) => {
            let read =
                value.as_str().and_then(|text| Timestamp::from_date_time_stamp(text).or_else(|_| text.parse()).ok());
            read.map(Some).ok_or_else(|| unusable(&format!("{name} is not a date and time")))
        }
    };
    Ok(BoundKey { public, revoked: moment("revoked")?, expires: moment("expires")? })
}

/// Whether a verification method has the type of its key (Controlled Identifiers 1.0 §2.2), or is a bare JWK. The types of 2020 have
/// the same forms of keys.
fn type_fits(described: &Value) -> bool {
    match described.get("type") {
        None => described.get("kty").is_some(),
        Some(kind) => match kind.as_str() {
            Some("Multikey" | "Ed25519VerificationKey2020") => described.get("publicKeyMultibase").is_some(),
            Some("JsonWebKey" | "JsonWebKey2020") => described.get("publicKeyJwk").is_some(),
            _ => false,
        },
    }
}

/// A DID URL that may be written as a bare fragment of its subject's.
pub fn absolute(url: &str, subject: &str) -> String {
    if url.starts_with('#') { format!("{subject}{url}") } else { url.to_owned() }
}

/// The address of the document that a DID URL or another URL points into.
pub fn without_fragment(url: &str) -> &str {
    url.split('#').next().unwrap_or_default()
}

/// Scheme, host and port.
fn origin(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url[after..].find(['/', '?', '#']).map_or(url.len(), |at| after + at);
    &url[..end]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::key::Signer as _;

    fn ours() -> (Did, String, PublicKey, Value) {
        let url: crate::ids::PublicUrl = "https://sceau.example".parse().unwrap();
        let did = url.issuer_did(&"dgafp".parse().unwrap());
        let public = ed25519_dalek::SigningKey::from_bytes(&[7; 32]).public_key();
        let id = did.key(&public.thumbprint());
        let jwk_url = "https://sceau.example/keys/1".to_owned();
        let key = PublishedKey { id: id.clone(), jwk_url, public: public.clone(), revoked: None };
        let document = document(&did, &[key]);
        (did, id, public, document)
    }

    fn find(controller: &str, method: &str, document: Option<&Value>) -> Result<Option<BoundKey>, DidError> {
        key_for(controller, method, Relationship::Assertion, |id| document.filter(|_| id == controller))
    }

    #[test]
    fn a_key_that_the_issuer_lists_speaks_for_it() {
        let (did, id, public, document) = ours();
        for method in [id.as_str(), "https://sceau.example/keys/1"] {
            assert_eq!(find(did.as_str(), method, Some(&document)).unwrap().unwrap().public, public);
        }
        assert_eq!(find(did.as_str(), &id, None), Ok(None));
        let other_use = key_for(did.as_str(), &id, Relationship::Authentication, |_| Some(&document));
        assert_eq!(other_use, Err(DidError::NotListed(id)));
    }

    #[test]
    fn a_key_of_somebody_else_does_not() {
        let (did, id, _, good) = ours();
        let find = |method: &str, document: &Value| find(did.as_str(), method, Some(document));
        assert!(matches!(find("did:web:evil.example#k", &good), Err(DidError::Foreign { .. })));
        assert!(matches!(find("https://evil.example/key", &good), Err(DidError::NotListed(_))));
        let unlisted = did.key("other");
        assert_eq!(find(&unlisted, &good), Err(DidError::NotListed(unlisted)));
        let mut stolen = good.clone();
        stolen["verificationMethod"][0]["controller"] = json!("did:web:evil.example");
        assert!(matches!(find(&id, &stolen), Err(DidError::Unusable { .. })));
        let mut other = good;
        other["id"] = json!("did:web:evil.example");
        assert!(matches!(find(&id, &other), Err(DidError::OtherSubject(_))));
    }

    #[test]
    fn a_revoked_key_is_found_with_its_revocation_and_asserts_nothing() {
        let (did, id, public, _) = ours();
        let since: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
        let key = PublishedKey {
            id: id.clone(),
            jwk_url: "https://sceau.example/keys/1".into(),
            public,
            revoked: Some(since),
        };
        let mut document = document(&did, &[key]);
        assert_eq!(document["assertionMethod"], json!([]));
        assert_eq!(find(did.as_str(), &id, Some(&document)).unwrap().unwrap().revoked, Some(since));
        document["verificationMethod"][0]["revoked"] = json!("long ago");
        assert!(matches!(find(did.as_str(), &id, Some(&document)), Err(DidError::Unusable { .. })));
    }

    #[test]
    fn a_did_key_is_its_own_document() {
        let (_, _, public, _) = ours();
        let did = public.to_did_key().unwrap();
        assert!(find(&did, &public.did_key_method().unwrap(), None).unwrap().is_some());
        assert!(matches!(find(&did, &format!("{did}#other"), None), Err(DidError::Unusable { .. })));
        assert!(matches!(find(&did, "did:key:z6MkOther#z6MkOther", None), Err(DidError::Foreign { .. })));
    }

    #[test]
    fn a_key_at_the_issuers_origin_must_name_it() {
        let public = ours().2;
        let (issuer, method) = ("https://other.example/issuer", "https://other.example/keys/1");
        let find = |key: Value, method: &str| {
            key_for(issuer, method, Relationship::Assertion, |id| (id == method).then_some(&key))
                .map(|key| key.is_some())
        };
        let key =
            json!({"id": method, "type": "Multikey", "controller": issuer, "publicKeyMultibase": public.to_multikey()});
        assert_eq!(find(key.clone(), method), Ok(true));
        assert!(matches!(find(key.clone(), "https://evil.example/keys/1"), Err(DidError::Foreign { .. })));
        let mut neighbour = key;
        neighbour["controller"] = json!("https://other.example/neighbour");
        assert!(matches!(find(neighbour, method), Err(DidError::Foreign { .. })));
        assert_eq!(find(public.to_jwk(), method), Ok(true));
    }

    #[test]
    fn did_web_addresses_follow_the_method() {
        assert_eq!(address("did:web:w3c-ccg.github.io").unwrap(), "https://w3c-ccg.github.io/.well-known/did.json");
        assert_eq!(
            address("did:web:example.com%3A3000:user:alice").unwrap(),
            "https://example.com:3000/user/alice/did.json"
        );
        for bad in [
            "did:web:",
            "did:web:a.example:",
            "did:web:a.example:..",
            "did:web:127.0.0.1",
            "did:web:a.example%3A0",
            "did:web:a.example%3Ax",
            "did:web:user@a.example",
            "did:web:a.example/x",
            "did:web:[::1]",
            "did:web:a.example:x?y",
        ] {
            assert!(matches!(address(bad), Err(DidError::Malformed(_))), "{bad}");
        }
        assert!(matches!(address("did:example:x"), Err(DidError::UnsupportedMethod(_))));
    }
}
