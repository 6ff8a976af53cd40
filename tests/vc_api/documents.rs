//! What is handed to the instance: unsigned credentials of each kind, and whoever signs beside it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sceau::config::SystemEntropy;
use sceau::keyring::KeyHandle;
use sceau::proof::data_integrity::{self, AUTHENTICATION, ProofOptions, Suite};
use sceau::proof::jwt;
use sceau::proof::key::{KeyKind, Signer};
use serde_json::{Value, json};

pub const V2: &str = "https://www.w3.org/ns/credentials/v2";
pub const V1: &str = "https://www.w3.org/2018/credentials/v1";
pub const EXAMPLES: &str = "https://www.w3.org/ns/credentials/examples/v2";
pub const BADGES: &str = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json";

/// A credential as the W3C's own suites write them.
pub fn credential(issuer: &str) -> Value {
    json!({
        "@context": [V2, EXAMPLES],
        "id": "urn:uuid:9a2c7f0e-1b3d-4e5f-8a6b-7c8d9e0f1a2b",
        "type": ["VerifiableCredential", "ExampleDegreeCredential"],
        "issuer": issuer,
        "validFrom": "2010-01-01T19:23:24Z",
        "credentialSubject": {"id": "did:example:subject", "degree": {"type": "ExampleBachelorDegree", "name": "Licence « Zoé »"}},
    })
}

/// One of the data model 1.1.
pub fn credential_1_1(issuer: &str) -> Value {
    json!({
        "@context": [V1],
        "id": "urn:uuid:86294362-4254-4f36-854f-3952fe42555d",
        "type": ["VerifiableCredential"],
        "issuer": issuer,
        "issuanceDate": "2020-03-16T22:37:26.544Z",
        "credentialSubject": {"id": "did:example:subject"},
    })
}

/// An Open Badge.
pub fn badge(issuer: &str) -> Value {
    json!({
        "@context": [V2, BADGES],
        "id": "urn:uuid:7c0a2b66-4f0e-4e86-8f43-8f7f5f1f3d10",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "Premiers secours",
        "issuer": {"id": issuer, "type": ["Profile"], "name": "École d’à côté", "url": "https://ecole.example"},
        "validFrom": "2026-03-02T10:00:00Z",
        "credentialSubject": {
            "id": "urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://ecole.example/achievements/secours",
                "type": ["Achievement"],
                "name": "Premiers secours",
                "description": "Alerter, protéger, secourir.",
                "criteria": {"narrative": "Réussir les *trois* mises en situation."},
            },
        },
    })
}

/// A document with some of its members changed; a pointer whose last step is `-` adds to a list, a null takes away.
pub fn with(document: &Value, changes: &[(&str, Value)]) -> Value {
    let mut document = document.clone();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap_or_else(|| panic!("nothing at {parent}")) {
            Value::Object(members) if value.is_null() => drop(members.shift_remove(name)),
            Value::Object(members) => drop(members.insert(name.to_owned(), value.clone())),
            Value::Array(items) if name == "-" => items.push(value.clone()),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            other => panic!("{other} has no members"),
        }
    }
    document
}

/// Whoever holds a key and has its `did:key`.
pub struct Holder {
    key: Box<dyn Signer>,
    pub did: String,
    pub method: String,
}

impl Holder {
    pub fn ed25519() -> Self {
        Self::of(Box::new(SigningKey::from_bytes(&[9; 32])))
    }

    pub fn p256() -> Self {
        Self::of(Box::new(KeyHandle::ephemeral(KeyKind::P256, &SystemEntropy).unwrap()))
    }

    fn of(key: Box<dyn Signer>) -> Self {
        let public = key.public_key();
        let (did, method) = (public.to_did_key().unwrap(), public.did_key_method().unwrap());
        Self { key, did, method }
    }

    /// A presentation of credentials, unsigned.
    pub fn presentation(&self, credentials: &[Value]) -> Value {
        json!({
            "@context": [V2],
            "type": ["VerifiablePresentation"],
            "holder": self.did,
            "verifiableCredential": credentials,
        })
    }

    /// Signs a presentation for a verifier.
    pub fn sign(&self, presentation: &Value, suite: Suite, challenge: Option<&str>, domain: Option<&str>) -> Value {
        let options = ProofOptions {
            purpose: AUTHENTICATION,
            challenge: challenge.map(str::to_owned),
            domain: domain.map(str::to_owned),
            ..ProofOptions::assertion(suite, "2026-03-02T10:00:00Z", &self.method)
        };
        data_integrity::sign(presentation, &options, &*self.key).unwrap()
    }

    /// A document as a token with these claims besides, of any type.
    pub fn token(&self, document: &Value, kind: &str, claims: &Value) -> String {
        let mut document = document.clone();
        for (name, value) in claims.as_object().unwrap() {
            document[name] = value.clone();
        }
        jwt::sign(&document, kind, &self.method, &*self.key).unwrap()
    }
}

/// An envelope of a presentation.
pub fn envelope(media_type: &str, token: &str) -> Value {
    json!({"@context": V2, "type": "EnvelopedVerifiablePresentation", "id": format!("data:{media_type},{token}")})
}

/// What stands in a token.
pub fn payload(token: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

/// The token in an envelope.
pub fn token_of(enveloped: &Value) -> &str {
    enveloped["id"].as_str().unwrap().split_once(',').unwrap().1
}

/// Another character of the same alphabets at a place.
pub fn flip(text: &str, at: usize) -> String {
    let other = if &text[at..=at] == "2" { "3" } else { "2" };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}
