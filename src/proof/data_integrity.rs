//! Data Integrity proofs (VC Data Integrity 1.0) of the cryptosuites `eddsa-rdfc-2022` and `eddsa-jcs-2022` (Data Integrity EdDSA
//! Cryptosuites 1.0 §3.2, §3.3): Ed25519 over the RDF meaning of a document, or over its canonical JSON.
//!
//! Signed are 64 bytes: SHA-256 of the canonical proof options, then SHA-256 of the canonical document without the proof. In a chain,
//! the document keeps the proofs that `previousProof` names (VC Data Integrity 1.0 §4.5).
//!
//! A further cryptosuite is a further [`Suite`]: its transformation in [`hash_steps`], its kind of key in [`Suite::key_kind`].
//!
//! Not here: whether the key belongs to the issuer (`did`), whether the proof or the document has expired (a clock would be needed).

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::key::{KeyKind, PublicKey, Signer, SigningFailed};
use super::split;
use crate::json::{self, JsonError};
use crate::jsonld::{JsonLdError, canonize};
use crate::time::Timestamp;

/// The `type` of every data-integrity proof.
pub const PROOF_TYPE: &str = "DataIntegrityProof";
/// The `proofPurpose` of issuers.
pub const ASSERTION_METHOD: &str = "assertionMethod";
/// The `proofPurpose` of holders who present credentials.
pub const AUTHENTICATION: &str = "authentication";

/// The most proofs in one document that are looked at.
pub const MAX_PROOFS: usize = 8;

/// The cryptosuites made and verified here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Suite {
    /// `eddsa-rdfc-2022`, the one that Open Badges certification accepts.
    EddsaRdfc2022,
    /// `eddsa-jcs-2022`.
    EddsaJcs2022,
}

impl Suite {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::EddsaRdfc2022, Self::EddsaJcs2022];

    /// The value of `cryptosuite`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EddsaRdfc2022 => "eddsa-rdfc-2022",
            Self::EddsaJcs2022 => "eddsa-jcs-2022",
        }
    }

    /// The suite of that name, if it is supported.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    /// The kind of key that it takes.
    pub const fn key_kind(self) -> KeyKind {
        match self {
            Self::EddsaRdfc2022 | Self::EddsaJcs2022 => KeyKind::Ed25519,
        }
    }
}

/// What the signer says about the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofOptions {
    /// The cryptosuite.
    pub suite: Suite,
    /// An absolute URL by which later proofs can name this one.
    pub id: Option<String>,
    /// When it was made: an XSD `dateTimeStamp` (RFC 3339 with `T` and a zone).
    pub created: Option<String>,
    /// Absolute URL of the public key, such as `did:web:example.org:issuers:x#thumbprint`.
    pub verification_method: String,
    /// [`ASSERTION_METHOD`] or [`AUTHENTICATION`].
    pub purpose: &'static str,
    /// The verifier's challenge that a presentation answers.
    pub challenge: Option<String>,
    /// The domain that a presentation is meant for.
    pub domain: Option<String>,
    /// The ids of proofs that this one covers too.
    pub previous: Vec<String>,
}

impl ProofOptions {
    /// An issuer's proof.
    pub fn assertion(suite: Suite, created: &str, verification_method: &str) -> Self {
        Self {
            suite,
            id: None,
            created: Some(created.to_owned()),
            verification_method: verification_method.to_owned(),
            purpose: ASSERTION_METHOD,
            challenge: None,
            domain: None,
            previous: Vec::new(),
        }
    }
}

/// The hashes that are signed, and the texts that they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashSteps {
    /// Canonical form of the document without the proof.
    pub canonical_document: String,
    /// Canonical form of the proof options.
    pub canonical_options: String,
    /// SHA-256 of `canonical_document`.
    pub document_hash: [u8; 32],
    /// SHA-256 of `canonical_options`.
    pub options_hash: [u8; 32],
}

impl HashSteps {
    fn of(canonical_document: String, canonical_options: String) -> Self {
        let hash = |text: &str| Sha256::digest(text).into();
        Self {
            document_hash: hash(&canonical_document),
            options_hash: hash(&canonical_options),
            canonical_document,
            canonical_options,
        }
    }

    /// The 64 bytes that are signed: the hash of the options, then that of the document (§3.2.4).
    pub fn hash_data(&self) -> [u8; 64] {
        let mut data = [0; 64];
        data[..32].copy_from_slice(&self.options_hash);
        data[32..].copy_from_slice(&self.document_hash);
        data
    }
}

/// A proof whose form is that of a supported cryptosuite; nothing is said about its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The cryptosuite.
    pub suite: Suite,
    /// By which other proofs name it.
    pub id: Option<String>,
    /// When it was made, as its maker says.
    pub created: Option<String>,
    /// When it expires, if ever; the caller has to compare.
    pub expires: Option<String>,
    /// Absolute URL of the public key.
    pub verification_method: String,
    /// What the key is used for; the caller has to compare.
    pub purpose: String,
    /// The challenge that it answers.
    pub challenge: Option<String>,
    /// The domains that it is meant for.
    pub domain: Vec<String>,
    /// The ids of the proofs that it covers too.
    pub previous: Vec<String>,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

/// Why a proof could not be made, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The document to sign or verify is not a JSON object, or its `proof` holds something else than objects.
    #[error("a document to sign or verify must be a JSON object")]
    NotAnObject,
    /// A type of proof or cryptosuite that is not supported here: nothing is known of the proof.
    #[error("{0} is not supported")]
    UnsupportedSuite(String),
    /// A member of the proof is absent or not what its cryptosuite demands.
    #[error("the proof's {member} must be {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The proof carries an `@context` that is not the document's.
    #[error("the proof's @context is not the document's")]
    ContextMismatch,
    /// A proof names another that the document does not carry.
    #[error("the proof builds on {0}, which the document does not carry")]
    MissingPrevious(String),
    /// The key is of another kind than the cryptosuite takes.
    #[error("the key is not of the kind that the cryptosuite takes")]
    KeyKind,
    /// The document has no canonical form.
    #[error("the document cannot be canonicalised: {0}")]
    Document(#[source] JsonLdError),
    /// The proof options have no canonical form.
    #[error("the proof options cannot be canonicalised: {0}")]
    Options(#[source] JsonLdError),
    /// The document or the options have no canonical JSON.
    #[error("there is no canonical JSON form: {0}")]
    Json(#[from] JsonError),
    /// The signature is not one of this key over this document and these options.
    #[error("the signature does not match the document")]
    Signature,
    /// The key could not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

/// Signs a document: answers it with one more proof in a `proof` that is an array, as the Open Badges schema wants it.
///
/// Proofs that the document has already stay, and are covered where `options.previous` names them. The document keeps its members and
/// their order.
///
/// # Errors
/// [`ProofError`] for a document or options that cannot be signed.
pub fn sign(document: &Value, options: &ProofOptions, signer: &dyn Signer) -> Result<Value, ProofError> {
    let (bare, mut proofs) = match split(document) {
        Ok(parts) => parts,
        Err(super::SplitError::NoProof) if document.get("proof").is_none() => (document.clone(), Vec::new()),
        Err(_) => return Err(ProofError::NotAnObject),
    };
    if signer.public_key().kind() != options.suite.key_kind() {
        return Err(ProofError::KeyKind);
    }
    let input = with_previous(&bare, &proofs, &options.previous)?;
    let mut proof = options.to_json();
    if options.suite == Suite::EddsaJcs2022
        && let Some(context) = bare.get("@context")
    {
        proof.insert("@context".to_owned(), context.clone()); // §3.3.1
    }
    let signature = signer.sign(&hash_steps(options.suite, &input, proof.clone())?.hash_data())?;
    proof.insert("proofValue".to_owned(), Value::String(format!("z{}", bs58::encode(signature).into_string())));
    let proof = Value::Object(proof);
    parse(&proof)?; // options of another form than we would accept
    proofs.push(proof);
    let mut signed = bare;
    signed["proof"] = Value::Array(proofs);
    Ok(signed)
}

/// Verifies one proof of a secured document that was taken apart by [`split`]: `bare` without any proof, `proofs` all of them.
///
/// # Errors
/// [`ProofError`] when the proof has another form, the document or the options have no canonical form, or the signature is wrong.
pub fn verify(bare: &Value, proofs: &[Value], proof: &Value, key: &PublicKey) -> Result<(), ProofError> {
    verify_among(bare, proofs, proof, key, &mut None)
}

/// The same for one of several proofs: `canonical` keeps the canonical N-Quads of the document without any proof, which is slow to
/// make and the same for all of them.
///
/// # Errors
/// As [`verify`].
pub fn verify_among(
    bare: &Value,
    proofs: &[Value],
    proof: &Value,
    key: &PublicKey,
    canonical: &mut Option<Result<String, JsonLdError>>,
) -> Result<(), ProofError> {
    let parsed = parse(proof)?;
    if key.kind() != parsed.suite.key_kind() {
        return Err(ProofError::KeyKind);
    }
    let mut input = with_previous(bare, proofs, &parsed.previous)?;
    let mut options = proof.as_object().cloned().unwrap_or_default();
    options.shift_remove("proofValue");
    if let Some(context) = options.get("@context").cloned() {
        match parsed.suite {
            Suite::EddsaRdfc2022 => {
                if Some(&context) != bare.get("@context") {
                    return Err(ProofError::ContextMismatch);
                }
                options.shift_remove("@context");
            }
            // §3.3.2: contexts may have been appended to the document since; the signature covers those that the proof names.
            Suite::EddsaJcs2022 => {
                if !starts_with(bare.get("@context"), &context) {
                    return Err(ProofError::ContextMismatch);
                }
                input["@context"] = context;
            }
        }
    }
    let steps = if parsed.suite == Suite::EddsaRdfc2022 && parsed.previous.is_empty() {
        let document = canonical.get_or_insert_with(|| canonize(bare)).clone().map_err(ProofError::Document)?;
        let context = bare.get("@context").cloned().ok_or(ProofError::Document(JsonLdError::NoContext))?;
        options.insert("@context".to_owned(), context);
        HashSteps::of(document, canonize(&Value::Object(options)).map_err(ProofError::Options)?)
    } else {
        hash_steps(parsed.suite, &input, options)?
    };
    key.verify(&steps.hash_data(), &parsed.signature).map_err(|_| ProofError::Signature)
}

/// Checks the form of a proof and takes out what a verifier needs to find the key.
///
/// # Errors
/// [`ProofError::UnsupportedSuite`] for proofs of other kinds; [`ProofError::Member`] naming the member that is not as it must be.
pub fn parse(proof: &Value) -> Result<Proof, ProofError> {
    let text = |member: &'static str| proof.get(member).and_then(Value::as_str);
    let demand =
        |holds: bool, member, expected| if holds { Ok(()) } else { Err(ProofError::Member { member, expected }) };
    let kind = text("type").ok_or(ProofError::Member { member: "type", expected: PROOF_TYPE })?;
    if kind != PROOF_TYPE {
        return Err(ProofError::UnsupportedSuite(kind.to_owned()));
    }
    let name = text("cryptosuite").ok_or(ProofError::Member { member: "cryptosuite", expected: "a name" })?;
    let suite = Suite::named(name).ok_or_else(|| ProofError::UnsupportedSuite(name.to_owned()))?;
    let purpose = text("proofPurpose").unwrap_or_default().to_owned();
    demand(!purpose.is_empty(), "proofPurpose", "a text")?;
    for member in ["created", "expires"] {
        let holds = proof.get(member).is_none_or(|time| time.as_str().is_some_and(is_date_time_stamp));
        demand(holds, member, "a date and time with a zone")?;
    }
    for member in ["challenge", "nonce"] {
        demand(proof.get(member).is_none_or(Value::is_string), member, "a text")?;
    }
    demand(proof.get("id").is_none_or(|id| id.as_str().is_some_and(is_absolute_url)), "id", "an absolute URL")?;
    let domain = texts(proof.get("domain")).ok_or(ProofError::Member { member: "domain", expected: "texts" })?;
    let previous = texts(proof.get("previousProof"));
    let previous = previous.ok_or(ProofError::Member { member: "previousProof", expected: "ids of proofs" })?;
    let verification_method = text("verificationMethod").unwrap_or_default().to_owned();
    demand(is_absolute_url(&verification_method), "verificationMethod", "an absolute URL")?;
    let signature = text("proofValue").and_then(decode_signature);
    let signature =
        signature.ok_or(ProofError::Member { member: "proofValue", expected: "64 bytes in multibase base58-btc" })?;
    let owned = |member| text(member).map(str::to_owned);
    Ok(Proof {
        suite,
        id: owned("id"),
        created: owned("created"),
        expires: owned("expires"),
        verification_method,
        purpose,
        challenge: owned("challenge"),
        domain,
        previous,
        signature,
    })
}

/// The hashes to sign for a document, with the texts that they are of. `options` come without `proofValue`; for `eddsa-rdfc-2022`
/// they are read with the document's `@context` (§3.2.5), for `eddsa-jcs-2022` they are taken as they are (§3.3.5).
///
/// # Errors
/// [`ProofError`] for a document or options without a canonical form.
pub fn hash_steps(suite: Suite, document: &Value, mut options: Map<String, Value>) -> Result<HashSteps, ProofError> {
    let entries = document.as_object().ok_or(ProofError::NotAnObject)?;
    match suite {
        Suite::EddsaRdfc2022 => {
            let context = entries.get("@context").cloned().ok_or(ProofError::Document(JsonLdError::NoContext))?;
            options.insert("@context".to_owned(), context);
            let canonical_document = canonize(document).map_err(ProofError::Document)?;
            let canonical_options = canonize(&Value::Object(options)).map_err(ProofError::Options)?;
            Ok(HashSteps::of(canonical_document, canonical_options))
        }
        Suite::EddsaJcs2022 => {
            Ok(HashSteps::of(json::canonical_string(document)?, json::canonical_string(&Value::Object(options))?))
        }
    }
}

impl ProofOptions {
    /// As members of a proof, without a signature.
    pub fn to_json(&self) -> Map<String, Value> {
        let text = |text: &str| Some(Value::String(text.to_owned()));
        let previous = match self.previous.as_slice() {
            [] => None,
            [one] => text(one),
            several => Some(several.to_vec().into()),
        };
        [
            ("type", text(PROOF_TYPE)),
            ("id", self.id.as_deref().and_then(text)),
            ("cryptosuite", text(self.suite.name())),
            ("created", self.created.as_deref().and_then(text)),
            ("verificationMethod", text(&self.verification_method)),
            ("proofPurpose", text(self.purpose)),
            ("challenge", self.challenge.as_deref().and_then(text)),
            ("domain", self.domain.as_deref().and_then(text)),
            ("previousProof", previous),
        ]
        .into_iter()
        .filter_map(|(member, value)| Some((member.to_owned(), value?)))
        .collect()
    }
}

/// The document that a proof covers: the bare one, with the proofs that it builds on put back (VC Data Integrity 1.0 §4.5).
fn with_previous(bare: &Value, proofs: &[Value], previous: &[String]) -> Result<Value, ProofError> {
    let mut input = bare.clone();
    if previous.is_empty() {
        return Ok(input);
    }
    let id = |proof: &Value| proof.get("id").and_then(Value::as_str).map(str::to_owned);
    for wanted in previous {
        // Two proofs of one id would let a holder choose which one is covered.
        if proofs.iter().filter(|proof| id(proof).as_ref() == Some(wanted)).count() != 1 {
            return Err(ProofError::MissingPrevious(wanted.clone()));
        }
    }
    let named = proofs.iter().filter(|proof| id(proof).is_some_and(|id| previous.contains(&id)));
    input["proof"] = Value::Array(named.cloned().collect());
    Ok(input)
}

/// Whether a document's contexts begin with those of a proof.
fn starts_with(document: Option<&Value>, proof: &Value) -> bool {
    let list = |value: &Value| match value {
        Value::Array(items) => items.clone(),
        other => vec![other.clone()],
    };
    document.is_some_and(|document| list(document).starts_with(&list(proof)))
}

/// No text, one, or several of them; none where it is something else.
fn texts(value: Option<&Value>) -> Option<Vec<String>> {
    match value {
        None => Some(Vec::new()),
        Some(Value::String(one)) => Some(vec![one.clone()]),
        Some(Value::Array(several)) if several.len() <= MAX_PROOFS => {
            several.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Some(_) => None,
    }
}

/// 64 bytes in multibase base58-btc.
fn decode_signature(text: &str) -> Option<[u8; 64]> {
    let base58 = text.strip_prefix('z')?;
    // Base58 takes quadratic time; 64 bytes never need more characters than this.
    if base58.len() > 88 {
        return None;
    }
    bs58::decode(base58).into_vec().ok()?.try_into().ok()
}

/// A scheme, a colon, and something after it; canonicalisation then checks that it is an IRI.
fn is_absolute_url(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
            && !rest.is_empty()
    })
}

/// XSD 1.1 `dateTimeStamp`: `2026-01-31T12:00:00Z`, with an optional fraction, and `±hh:mm` instead of `Z`.
fn is_date_time_stamp(text: &str) -> bool {
    Timestamp::from_date_time_stamp(text).is_ok()
}

#[cfg(test)]
mod tests;
