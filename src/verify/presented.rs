//! What was handed in, taken apart: a credential or a presentation, with its proofs or in its token, out of an envelope if it came in
//! one. Nothing is judged here but whether it can be read.

use serde_json::Value;

use super::MAX_CREDENTIAL_BYTES;
use super::reason::Reason;
use crate::json::{self, JsonError, Limits};
use crate::lint;
use crate::proof::jwt::{self, Jws, JwtError};
use crate::proof::{self, SplitError};

/// A document and what secures it.
#[derive(Debug, Clone)]
pub(super) struct Secured {
    /// The document without its proofs, or the payload of its token without the registered claims.
    pub document: Value,
    /// What secures it.
    pub by: Securing,
    /// As it was handed in: the whole JSON document, or the token as a JSON string.
    pub original: Value,
}

/// What secures a document.
#[derive(Debug, Clone)]
pub(super) enum Securing {
    /// Nothing.
    Nothing,
    /// Embedded proofs, one at least.
    Proofs(Vec<Value>),
    /// A `proof` that cannot be taken out.
    Unreadable(SplitError),
    /// A token.
    Token(Box<Jws>),
}

/// Whether a document has a type.
pub(super) fn has_type(document: &Value, name: &str) -> bool {
    match document.get("type").or_else(|| document.get("@type")) {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

/// Why something could not be read: the reason, and a technical detail.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unreadable(pub Reason, pub String);

/// Reads a text: JSON, or a compact JWS.
pub(super) fn read(text: &[u8]) -> Result<Secured, Unreadable> {
    if let Ok(token) = std::str::from_utf8(text)
        && jwt::looks_like_one(token)
    {
        if token.len() > MAX_CREDENTIAL_BYTES * 4 / 3 {
            return Err(Unreadable(Reason::TooLarge, format!("{} bytes", token.len())));
        }
        return from_token(token.trim());
    }
    match json::parse_strict(text, &limits()) {
        Ok(document) => open(document),
        Err(error) => Err(from_json_error(&error)),
    }
}

/// Takes a document out of its envelope, if it is in one (VCDM 2.0 § 4.12, 4.13); one deep, since a token holds a document.
pub(super) fn open(document: Value) -> Result<Secured, Unreadable> {
    let enveloped = [
        ("EnvelopedVerifiableCredential", ["data:application/vc+jwt,", "data:application/jwt,"]),
        ("EnvelopedVerifiablePresentation", ["data:application/vp+jwt,", "data:application/jwt,"]),
    ];
    for (kind, prefixes) in enveloped {
        if has_type(&document, kind) {
            let malformed = |why: &str| Unreadable(Reason::EnvelopeMalformed, why.to_owned());
            if let Some(finding) = lint::check_envelope(&document).first() {
                return Err(malformed(&finding.to_string()));
            }
            let id = document.get("id").and_then(Value::as_str).ok_or_else(|| malformed("it has no id"))?;
            let token = prefixes.into_iter().find_map(|prefix| id.strip_prefix(prefix));
            let token = token.ok_or_else(|| malformed("its id is no data: URL of a token"))?;
            return from_token(token);
        }
    }
    if !document.is_object() {
        return Err(Unreadable(Reason::Unreadable, "it is not a JSON object".into()));
    }
    Ok(match proof::split(&document) {
        Ok((bare, proofs)) => Secured { document: bare, by: Securing::Proofs(proofs), original: document },
        Err(SplitError::NoProof) if document.get("proof").is_none() => {
            Secured { document: document.clone(), by: Securing::Nothing, original: document }
        }
        Err(error) => Secured { document: document.clone(), by: Securing::Unreadable(error), original: document },
    })
}

/// Reads a compact JWS.
pub(super) fn from_token(token: &str) -> Result<Secured, Unreadable> {
    match jwt::parse(token, &limits()) {
        Ok(jws) => Ok(Secured {
            document: jws.document(),
            by: Securing::Token(Box::new(jws)),
            original: Value::String(token.to_owned()),
        }),
        Err(JwtError::Unsigned) => Err(Unreadable(Reason::JwtUnsigned, "alg is none".into())),
        Err(JwtError::Json { error: error @ JsonError::DuplicateKey { .. }, .. }) => Err(from_json_error(&error)),
        Err(error) => Err(Unreadable(Reason::JwtMalformed, error.to_string())),
    }
}

fn limits() -> Limits {
    Limits { max_bytes: MAX_CREDENTIAL_BYTES, ..Limits::default() }
}

fn from_json_error(error: &JsonError) -> Unreadable {
    let reason = match error {
        JsonError::TooLarge { .. } | JsonError::TooDeep { .. } => Reason::TooLarge,
        JsonError::DuplicateKey { .. } => Reason::DuplicateKey,
        _ => Reason::Unreadable,
    };
    Unreadable(reason, error.to_string())
}

impl Secured {
    /// Whether it is a presentation.
    pub fn is_presentation(&self) -> bool {
        has_type(&self.document, "VerifiablePresentation")
    }

    /// Whoever should have signed: the issuer of a credential, the holder of a presentation.
    pub fn controller(&self) -> Option<&str> {
        let of = |name: &str| {
            let value = self.document.get(name)?;
            value.as_str().or_else(|| value.get("id").and_then(Value::as_str))
        };
        if self.is_presentation() { of("holder") } else { of("issuer") }
    }

    /// The addresses of the keys that are said to have signed.
    pub fn methods(&self) -> Vec<&str> {
        match &self.by {
            Securing::Proofs(proofs) => proofs
                .iter()
                .take(proof::data_integrity::MAX_PROOFS)
                .filter_map(|proof| proof.get("verificationMethod").and_then(Value::as_str))
                .collect(),
            Securing::Token(jws) => jws.key_id.as_deref().into_iter().collect(),
            Securing::Nothing | Securing::Unreadable(_) => Vec::new(),
        }
    }
}
