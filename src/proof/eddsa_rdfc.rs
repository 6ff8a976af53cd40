//! The cryptosuite `eddsa-rdfc-2022` (Data Integrity EdDSA Cryptosuites 1.0 §3.2): Ed25519 over the RDF meaning of a document.
//!
//! Signed are 64 bytes: SHA-256 of the canonical proof options, then SHA-256 of the canonical document without its proof. The options
//! are canonicalised with the document's own `@context` and carry none themselves.
//!
//! Not here: whether the key belongs to the issuer, whether the proof or the document has expired (a clock would be needed; see
//! [`Proof::expires`]), chains of proofs (refused).

use ed25519_dalek::{Signature, VerifyingKey};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::SignBytes;
use crate::jsonld::{JsonLdError, canonize};

/// The `type` of every data-integrity proof.
pub const PROOF_TYPE: &str = "DataIntegrityProof";
/// The `cryptosuite` of the proofs made and verified here.
pub const CRYPTOSUITE: &str = "eddsa-rdfc-2022";
/// The only `proofPurpose` with which a credential is signed.
pub const ASSERTION_METHOD: &str = "assertionMethod";

/// What the signer says about the signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofOptions {
    /// When it was made: an XSD `dateTimeStamp` (RFC 3339 with `T` and a zone).
    pub created: String,
    /// Absolute URL of the public key, such as `did:web:example.org:issuers:x#thumbprint`.
    pub verification_method: String,
    /// Must be [`ASSERTION_METHOD`].
    pub proof_purpose: String,
}

/// The hashes that are signed, and the texts that they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashSteps {
    /// Canonical N-Quads of the document without proof.
    pub canonical_document: String,
    /// Canonical N-Quads of the proof options.
    pub canonical_options: String,
    /// SHA-256 of `canonical_document`.
    pub document_hash: [u8; 32],
    /// SHA-256 of `canonical_options`.
    pub options_hash: [u8; 32],
}

impl HashSteps {
    /// The 64 bytes that are signed: the hash of the options, then that of the document (§3.2.4).
    pub fn hash_data(&self) -> [u8; 64] {
        let mut data = [0; 64];
        data[..32].copy_from_slice(&self.options_hash);
        data[32..].copy_from_slice(&self.document_hash);
        data
    }
}

/// A proof whose form is that of this cryptosuite; nothing is said about its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// When it was made.
    pub created: Option<String>,
    /// When it expires, if ever; the caller has to compare.
    pub expires: Option<String>,
    /// Absolute URL of the public key.
    pub verification_method: String,
    /// The Ed25519 signature.
    pub signature: [u8; 64],
}

/// Why a proof could not be made, or does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The document to sign or verify is not a JSON object.
    #[error("a document to sign or verify must be a JSON object")]
    NotAnObject,
    /// The document still has, or already has, a `proof`.
    #[error("the document to sign or verify must come without its proof")]
    HasProof,
    /// A member of the proof is absent or not what this cryptosuite demands.
    #[error("the proof's {member} must be {expected}")]
    Member {
        /// Its name.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The proof carries an `@context` other than the document's.
    #[error("the proof's @context is not the document's")]
    ContextMismatch,
    /// The document has no canonical form.
    #[error("the document cannot be canonicalised: {0}")]
    Document(#[source] JsonLdError),
    /// The proof options have no canonical form.
    #[error("the proof options cannot be canonicalised: {0}")]
    Options(#[source] JsonLdError),
    /// The signature is not one of this key over this document and these options.
    #[error("the signature does not match the document")]
    Signature,
}

/// Signs a document: answers it with a `proof` that is an array of one object, as the Open Badges schema wants it.
///
/// `document` comes without `proof` and keeps its members and their order.
///
/// # Errors
/// [`ProofError`] for a document or options that cannot be signed.
pub fn sign(document: &Value, options: &ProofOptions, signer: &dyn SignBytes) -> Result<Value, ProofError> {
    let signature = signer.sign(&hash_data(document, options)?.hash_data());
    let mut proof = options.to_json();
    proof.insert("proofValue".to_owned(), Value::String(format!("z{}", bs58::encode(signature).into_string())));
    let mut signed = document.as_object().cloned().ok_or(ProofError::NotAnObject)?;
    signed.insert("proof".to_owned(), Value::Array(vec![Value::Object(proof)]));
    Ok(Value::Object(signed))
}

/// Verifies one proof over a document from which all proofs have been taken out (§3.2.2; see [`super::split`]).
///
/// The signature is verified strictly: no small-order keys, no second encodings.
///
/// # Errors
/// [`ProofError`] when the proof has another form, the document or the options have no canonical form, or the signature is wrong.
pub fn verify(document: &Value, proof: &Value, key: &VerifyingKey) -> Result<(), ProofError> {
    let signature = Signature::from_bytes(&parse(proof)?.signature);
    let mut options = proof.as_object().cloned().unwrap_or_default();
    options.shift_remove("proofValue");
    if let Some(context) = options.shift_remove("@context")
        && Some(&context) != document.get("@context")
    {
        return Err(ProofError::ContextMismatch);
    }
    let steps = hash_steps(document, options)?;
    key.verify_strict(&steps.hash_data(), &signature).map_err(|_| ProofError::Signature)
}

/// Checks the form of a proof and takes out what a verifier needs to find the key.
///
/// # Errors
/// [`ProofError::Member`] naming the member that is not as this cryptosuite demands.
pub fn parse(proof: &Value) -> Result<Proof, ProofError> {
    let text = |member: &'static str| proof.get(member).and_then(Value::as_str);
    let demand = |holds: bool, member, expected| if holds { Ok(()) } else { Err(ProofError::Member { member, expected }) };
    demand(text("type") == Some(PROOF_TYPE), "type", PROOF_TYPE)?;
    demand(text("cryptosuite") == Some(CRYPTOSUITE), "cryptosuite", CRYPTOSUITE)?;
    demand(text("proofPurpose") == Some(ASSERTION_METHOD), "proofPurpose", ASSERTION_METHOD)?;
    demand(proof.get("previousProof").is_none(), "previousProof", "absent: chains of proofs are not supported")?;
    for member in ["created", "expires"] {
        let holds = proof.get(member).is_none_or(|time| time.as_str().is_some_and(is_date_time_stamp));
        demand(holds, member, "a date and time with a zone")?;
    }
    let verification_method = text("verificationMethod").unwrap_or_default().to_owned();
    demand(is_absolute_url(&verification_method), "verificationMethod", "an absolute URL")?;
    let signature = text("proofValue").and_then(decode_signature);
    let signature = signature.ok_or(ProofError::Member { member: "proofValue", expected: "64 bytes in multibase base58-btc" })?;
    let owned = |member| text(member).map(str::to_owned);
    Ok(Proof { created: owned("created"), expires: owned("expires"), verification_method, signature })
}

/// The hashes to sign for a document without proof, with the texts that they are of.
///
/// # Errors
/// [`ProofError`] for a document or options that cannot be signed.
pub fn hash_data(document: &Value, options: &ProofOptions) -> Result<HashSteps, ProofError> {
    if options.proof_purpose != ASSERTION_METHOD {
        return Err(ProofError::Member { member: "proofPurpose", expected: ASSERTION_METHOD });
    }
    if !is_date_time_stamp(&options.created) {
        return Err(ProofError::Member { member: "created", expected: "a date and time with a zone" });
    }
    if !is_absolute_url(&options.verification_method) {
        return Err(ProofError::Member { member: "verificationMethod", expected: "an absolute URL" });
    }
    hash_steps(document, options.to_json())
}

impl ProofOptions {
    fn to_json(&self) -> Map<String, Value> {
        [
            ("type", PROOF_TYPE),
            ("cryptosuite", CRYPTOSUITE),
            ("created", &self.created),
            ("verificationMethod", &self.verification_method),
            ("proofPurpose", &self.proof_purpose),
        ]
        .into_iter()
        .map(|(key, value)| (key.to_owned(), Value::String(value.to_owned())))
        .collect()
    }
}

/// Transformation, proof configuration and hashing (§3.2.3 to §3.2.5); `options` come without `proofValue` and `@context`.
fn hash_steps(document: &Value, mut options: Map<String, Value>) -> Result<HashSteps, ProofError> {
    let entries = document.as_object().ok_or(ProofError::NotAnObject)?;
    if entries.contains_key("proof") {
        return Err(ProofError::HasProof);
    }
    let context = entries.get("@context").cloned().ok_or(ProofError::Document(JsonLdError::NoContext))?;
    options.insert("@context".to_owned(), context);
    let canonical_document = canonize(document).map_err(ProofError::Document)?;
    let canonical_options = canonize(&Value::Object(options)).map_err(ProofError::Options)?;
    Ok(HashSteps {
        document_hash: Sha256::digest(&canonical_document).into(),
        options_hash: Sha256::digest(&canonical_options).into(),
        canonical_document,
        canonical_options,
    })
}

fn decode_signature(multibase: &str) -> Option<[u8; 64]> {
    // Base58 takes quadratic time; 64 bytes never need more than 88 characters.
    let base58 = multibase.strip_prefix('z').filter(|base58| base58.len() <= 88)?;
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

/// XSD 1.1 `dateTimeStamp` with a four-digit year: `2026-01-31T12:00:00Z`, with an optional fraction, and `±hh:mm` instead of `Z`.
/// The form is checked here, since time parsers accept more; the calendar by jiff.
fn is_date_time_stamp(text: &str) -> bool {
    let shape: String = text.chars().map(|character| if character.is_ascii_digit() { '0' } else { character }).collect();
    let Some(rest) = shape.strip_prefix("0000-00-00T00:00:00") else { return false };
    let zone = rest.strip_prefix('.').map_or(Some(rest), |fraction| {
        let zone = fraction.trim_start_matches('0');
        (zone.len() < fraction.len()).then_some(zone)
    });
    matches!(zone, Some("Z" | "+00:00" | "-00:00")) && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::SigningKey;
    use serde_json::json;

    use super::super::{multikey, split};
    use super::*;
    use crate::jsonld::contexts::CREDENTIALS_V2;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn options() -> ProofOptions {
        ProofOptions {
            created: "2026-01-31T12:00:00Z".to_owned(),
            verification_method: multikey::did_key_verification_method(&key().verifying_key()),
            proof_purpose: ASSERTION_METHOD.to_owned(),
        }
    }

    fn document() -> Value {
        json!({
            "@context": [CREDENTIALS_V2, {"teaches": "https://schema.org/teaches"}],
            "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
            "type": ["VerifiableCredential"],
            "issuer": "https://example.org/issuer",
            "validFrom": "2026-01-01T00:00:00Z",
            "credentialSubject": {"id": "did:example:subject", "teaches": "Écouter"}
        })
    }

    fn signed() -> (Value, Value) {
        let signed = sign(&document(), &options(), &key()).expect("signable");
        let (document, mut proofs) = split(&signed).expect("has a proof");
        (document, proofs.remove(0))
    }

    fn verdict(document: &Value, proof: &Value) -> Result<(), ProofError> {
        verify(document, proof, &key().verifying_key())
    }

    fn with(value: &Value, member: &str, changed: Value) -> Value {
        let mut value = value.clone();
        value[member] = changed;
        value
    }

    #[test]
    fn a_signed_document_verifies_and_carries_an_array_of_one_proof_without_context() {
        let document_and_proof = sign(&document(), &options(), &key()).expect("signable");
        assert_eq!(document_and_proof["proof"].as_array().map(Vec::len), Some(1));
        assert_eq!(document_and_proof["proof"][0].get("@context"), None);
        let (document, proof) = signed();
        assert_eq!(verdict(&document, &proof), Ok(()));
        // Another layout of the same meaning is the same document.
        let reordered: Value = document.as_object().expect("object").iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect();
        assert_eq!(verdict(&reordered, &proof), Ok(()));
    }

    #[test]
    fn any_change_of_document_options_or_key_is_found() {
        let (document, proof) = signed();
        assert_eq!(verdict(&with(&document, "validFrom", json!("2026-01-01T00:00:01Z")), &proof), Err(ProofError::Signature));
        let subject = json!({"id": "did:example:subject", "teaches": "Ecouter"});
        assert_eq!(verdict(&with(&document, "credentialSubject", subject), &proof), Err(ProofError::Signature));
        assert_eq!(verdict(&document, &with(&proof, "created", json!("2026-01-31T12:00:01Z"))), Err(ProofError::Signature));
        assert_eq!(verdict(&document, &with(&proof, "verificationMethod", json!("did:example:other#key"))), Err(ProofError::Signature));
        assert_eq!(verdict(&document, &with(&proof, "expires", json!("2030-01-01T00:00:00Z"))), Err(ProofError::Signature));
        let other = SigningKey::from_bytes(&[8; 32]);
        assert_eq!(verify(&document, &proof, &other.verifying_key()), Err(ProofError::Signature));
        // Remapping an inline term changes the meaning, not the values.
        let remapped = json!([CREDENTIALS_V2, {"teaches": "https://schema.org/knows"}]);
        assert_eq!(verdict(&with(&document, "@context", remapped), &proof), Err(ProofError::Signature));
    }

    #[test]
    fn an_added_term_that_no_context_defines_is_found() {
        let (document, proof) = signed();
        let undefined = |term: &str| JsonLdError::UndefinedTerm { term: term.to_owned() };
        assert_eq!(verdict(&with(&document, "unsigned", json!("x")), &proof), Err(ProofError::Document(undefined("unsigned"))));
        assert_eq!(verdict(&document, &with(&proof, "unsigned", json!("x"))), Err(ProofError::Options(undefined("unsigned"))));
    }

    #[test]
    fn a_proof_of_another_form_is_refused_naming_the_member() {
        let (document, proof) = signed();
        let value = proof["proofValue"].as_str().expect("text").to_owned();
        for (member, changed) in [
            ("type", json!("Ed25519Signature2020")),
            ("type", json!(["DataIntegrityProof"])),
            ("cryptosuite", json!("eddsa-jcs-2022")),
            ("proofPurpose", json!("authentication")),
            ("created", json!("2026-01-31T12:00:00")),
            ("created", json!("2026-01-31 12:00:00Z")),
            ("created", json!("2026-02-30T12:00:00Z")),
            ("created", json!("2026-01-31T12:00:00Z[Europe/Paris]")),
            ("created", json!(5)),
            ("expires", json!("tomorrow")),
            ("previousProof", json!("urn:x:y")),
            ("verificationMethod", json!("#key")),
            ("verificationMethod", json!({"id": "did:example:x"})),
            ("proofValue", json!(value[1..])),
            ("proofValue", json!(format!("u{}", &value[1..]))),
            ("proofValue", json!(value[..value.len() - 3])),
            ("proofValue", json!(format!("{value}1111111111"))),
            ("proofValue", json!(null)),
        ] {
            match verdict(&document, &with(&proof, member, changed.clone())) {
                Err(ProofError::Member { member: named, .. }) => assert_eq!(named, member),
                other => panic!("{member} = {changed}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_context_of_the_proof_must_be_the_documents() {
        let (document, proof) = signed();
        assert_eq!(verdict(&document, &with(&proof, "@context", document["@context"].clone())), Ok(()));
        assert_eq!(verdict(&document, &with(&proof, "@context", json!(CREDENTIALS_V2))), Err(ProofError::ContextMismatch));
    }

    #[test]
    fn what_cannot_be_signed_is_refused() {
        let refusal = |document: &Value, options: &ProofOptions| sign(document, options, &key()).expect_err("must be refused");
        assert_eq!(refusal(&with(&document(), "proof", json!([])), &options()), ProofError::HasProof);
        assert_eq!(refusal(&json!([]), &options()), ProofError::NotAnObject);
        assert_eq!(refusal(&json!({"id": "urn:x:y"}), &options()), ProofError::Document(JsonLdError::NoContext));
        let wrong = ProofOptions { created: "2026-01-31".to_owned(), ..options() };
        assert!(matches!(refusal(&document(), &wrong), ProofError::Member { member: "created", .. }));
        let wrong = ProofOptions { proof_purpose: "authentication".to_owned(), ..options() };
        assert!(matches!(refusal(&document(), &wrong), ProofError::Member { member: "proofPurpose", .. }));
        let wrong = ProofOptions { verification_method: "key-1".to_owned(), ..options() };
        assert!(matches!(refusal(&document(), &wrong), ProofError::Member { member: "verificationMethod", .. }));
    }

    #[test]
    fn times_with_fractions_and_offsets_are_times() {
        for text in ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.123456+02:00", "2026-01-31T12:00:00-11:30"] {
            assert!(is_date_time_stamp(text), "{text}");
        }
        for text in ["", "2026-01-31T12:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T25:00:00Z", "+002026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T12:00:00+0200"] {
            assert!(!is_date_time_stamp(text), "{text}");
        }
    }
}
