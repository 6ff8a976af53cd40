//! VC-JWT: a credential or presentation as the payload of a compact JWS (Securing VCs using JOSE and COSE §3.1, Open Badges 3.0 §8.2).
//!
//! The payload is the document itself, with the registered claims that mirror it: `iss`, `jti`, `sub`, `nbf`, `exp`. A verifier must
//! compare each, or the two halves could say different things.
//!
//! Which key verifies is never taken from the token: `kid` names it, and `did` says whether it speaks for the issuer. An embedded key
//! proves that somebody signed, not who; `alg` must be that of the key's kind.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::key::{PublicKey, Signer, SigningFailed};
use crate::json::{self, JsonError, Limits};
use crate::time::Timestamp;

/// Media type and `typ` of a credential (§6.1.1).
pub const CREDENTIAL_TYPE: &str = "vc+jwt";
/// Media type and `typ` of a presentation (§6.1.2).
pub const PRESENTATION_TYPE: &str = "vp+jwt";

/// A compact JWS, read; nothing is said about its signature.
#[derive(Debug, Clone, PartialEq)]
pub struct Jws {
    /// The `alg` of the header.
    pub algorithm: String,
    /// The `kid` of the header: where the key is.
    pub key_id: Option<String>,
    /// The `typ` of the header.
    pub kind: Option<String>,
    /// The header's `jwk`, if it embeds one.
    pub embedded: Option<Value>,
    /// The payload, an object.
    pub payload: Map<String, Value>,
    signing_input: String,
    signature: Vec<u8>,
}

/// What is wrong with a token.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    /// Not three parts of base64url without padding.
    #[error("it is not a compact JWS")]
    Malformed,
    /// Header or payload are not strict JSON.
    #[error("the {part} cannot be read: {error}")]
    Json {
        /// Which part.
        part: &'static str,
        /// Why not.
        error: JsonError,
    },
    /// `alg` is `none`: nobody signed.
    #[error("the algorithm is none: nobody signed it")]
    Unsigned,
    /// An algorithm that is not supported here: nothing is known of the token.
    #[error("the algorithm {0} is not supported")]
    UnsupportedAlgorithm(String),
    /// A header member that is absent or not what it must be.
    #[error("the header's {member} must be {expected}")]
    Header {
        /// Its name.
        member: &'static str,
        /// What it must be.
        expected: &'static str,
    },
    /// The key is of another kind than the algorithm says.
    #[error("the key is not of the kind that the algorithm takes")]
    KeyKind,
    /// A registered claim that disagrees with the document.
    #[error("the claim {0} disagrees with the document")]
    Claim(&'static str),
    /// The signature is not one of this key over this token.
    #[error("the signature does not match the token")]
    Signature,
    /// The key could not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}

/// Whether a text may be a compact JWS: what else could be verified begins otherwise.
pub fn looks_like_one(text: &str) -> bool {
    let text = text.trim();
    text.starts_with("eyJ") && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Reads a compact JWS (RFC 7515 §5.2, steps 1 to 5), with what its header may not say.
///
/// # Errors
/// [`JwtError`]; the algorithm is compared with the key in [`Jws::verify`].
pub fn parse(text: &str, limits: &Limits) -> Result<Jws, JwtError> {
    let text = text.trim();
    let mut parts = text.split('.');
    let (Some(header), Some(payload), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(JwtError::Malformed);
    };
    let bytes = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed);
    let object = |part: &'static str, encoded: &str| match json::parse_strict(&bytes(encoded)?, limits) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(JwtError::Malformed),
        Err(error) => Err(JwtError::Json { part, error }),
    };
    let signature = bytes(signature)?;
    let header_members = object("header", header)?;
    let member = |member: &'static str| match header_members.get(member) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(JwtError::Header { member, expected: "a text" }),
    };
    let algorithm = member("alg")?.ok_or(JwtError::Header { member: "alg", expected: "the name of an algorithm" })?;
    if algorithm.eq_ignore_ascii_case("none") {
        return Err(JwtError::Unsigned);
    }
    // Extensions that must be understood (RFC 7515 §4.1.11); none is. An unencoded payload (RFC 7797) is one of them.
    for extension in ["crit", "b64"] {
        if header_members.contains_key(extension) {
            return Err(JwtError::Header { member: extension, expected: "absent" });
        }
    }
    let payload_members = object("payload", payload)?;
    Ok(Jws {
        key_id: member("kid")?,
        kind: member("typ")?,
        embedded: header_members.get("jwk").cloned(),
        algorithm,
        payload: payload_members,
        signing_input: text[..header.len() + 1 + payload.len()].to_owned(),
        signature,
    })
}

impl Jws {
    /// Whether the algorithm is one that is supported here.
    ///
    /// # Errors
    /// [`JwtError::UnsupportedAlgorithm`].
    pub fn check_algorithm(&self) -> Result<(), JwtError> {
        match self.algorithm.as_str() {
            "EdDSA" | "Ed25519" | "ES256" | "RS256" => Ok(()),
            other => Err(JwtError::UnsupportedAlgorithm(other.chars().take(40).collect())),
        }
    }

    /// Verifies the signature with a key whose kind decides the algorithm, not the token (RFC 8725 §3.1).
    ///
    /// # Errors
    /// [`JwtError::KeyKind`], [`JwtError::Signature`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), JwtError> {
        let algorithm = if self.algorithm == "Ed25519" { "EdDSA" } else { &self.algorithm };
        if algorithm != key.kind().jose_algorithm() {
            return Err(JwtError::KeyKind);
        }
        key.verify(self.signing_input.as_bytes(), &self.signature).map_err(|_| JwtError::Signature)
    }

    /// The document in the payload, without the registered claims, which mirror it.
    pub fn document(&self) -> Value {
        let claims = ["iss", "jti", "sub", "nbf", "exp", "iat", "aud", "nonce", "cnf"];
        let members = self.payload.iter().filter(|(name, _)| !claims.contains(&name.as_str()));
        Value::Object(members.map(|(name, value)| (name.clone(), value.clone())).collect())
    }

    /// Compares each registered claim that is there with the document (JOSE and COSE §3.1.3; Open Badges 3.0 §8.2.3).
    ///
    /// # Errors
    /// [`JwtError::Claim`] naming the first that disagrees.
    pub fn check_claims(&self) -> Result<(), JwtError> {
        let at = |pointer: &str| {
            let mut steps = pointer.split('/').skip(1);
            let first = steps.next().and_then(|name| self.payload.get(name));
            steps.fold(first, |value, name| value.and_then(|value| value.get(name)))
        };
        let texts = [
            ("iss", at("/issuer/id").or_else(|| at("/issuer").filter(|issuer| issuer.is_string()))),
            ("jti", at("/id")),
            ("sub", at("/credentialSubject/id")),
        ];
        for (claim, mirrored) in texts {
            let said = self.payload.get(claim);
            // A presentation's `iss` is its holder.
            let mirrored = if claim == "iss" && mirrored.is_none() {
                at("/holder/id").or_else(|| at("/holder"))
            } else {
                mirrored
            };
            if said.is_some_and(|said| !said.is_string() || mirrored.is_some_and(|mirrored| mirrored != said)) {
                return Err(JwtError::Claim(claim));
            }
            // A `sub` that the document does not have would name a subject that nothing else knows.
            if claim == "sub" && said.is_some() && mirrored.is_none() && self.payload.contains_key("credentialSubject")
            {
                return Err(JwtError::Claim(claim));
            }
        }
        for (claim, mirrored) in [("nbf", at("/validFrom")), ("exp", at("/validUntil"))] {
            let Some(said) = self.payload.get(claim) else { continue };
            let seconds = said.as_f64().ok_or(JwtError::Claim(claim))?;
            let Some(mirrored) = mirrored else { continue };
            let moment = mirrored.as_str().and_then(|text| Timestamp::from_date_time(text).ok());
            #[expect(clippy::cast_precision_loss, reason = "seconds since 1970 are far below 2^53")]
            let agrees = moment.is_some_and(|moment| (moment.as_micros() as f64 / 1e6 - seconds).abs() < 1.0);
            if !agrees {
                return Err(JwtError::Claim(claim));
            }
        }
        Ok(())
    }

    /// A moment of a registered claim; none where it is no number. One further away than we can count is the furthest that we can.
    pub fn moment(&self, claim: &str) -> Option<Timestamp> {
        #[expect(clippy::cast_possible_truncation, reason = "a conversion from f64 ends at the bounds of i64")]
        let micros = (self.payload.get(claim)?.as_f64()? * 1e6) as i64;
        Some(Timestamp::from_micros(micros))
    }
}

/// Signs a document as a VC-JWT: the registered claims, then the document as it is.
///
/// The header holds `alg`, `kid` and `typ`, and no key.
///
/// # Errors
/// [`JwtError::Malformed`] for a document that is no object; [`JwtError::Signing`].
pub fn sign(document: &Value, typ: &str, key_id: &str, signer: &dyn Signer) -> Result<String, JwtError> {
    let members = document.as_object().ok_or(JwtError::Malformed)?;
    let header = json!({"alg": signer.public_key().kind().jose_algorithm(), "kid": key_id, "typ": typ});
    let mut payload = claims(document);
    payload.extend(members.iter().map(|(name, value)| (name.clone(), value.clone())));
    let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
    let input = format!("{}.{}", encode(header.to_string()), encode(Value::Object(payload).to_string()));
    let signature = URL_SAFE_NO_PAD.encode(signer.sign(input.as_bytes())?);
    Ok(format!("{input}.{signature}"))
}

/// The registered claims that mirror a document (Open Badges 3.0 §8.2.2).
fn claims(document: &Value) -> Map<String, Value> {
    let text = |pointer: &str| document.pointer(pointer).filter(|value| value.is_string()).cloned();
    let seconds = |name: &str| {
        let moment = Timestamp::from_date_time(document.get(name)?.as_str()?).ok()?;
        Some(json!(moment.as_unix_seconds()))
    };
    let claims = [
        (
            "iss",
            text("/issuer/id").or_else(|| text("/issuer")).or_else(|| text("/holder/id")).or_else(|| text("/holder")),
        ),
        ("jti", text("/id")),
        ("sub", text("/credentialSubject/id")),
        ("nbf", seconds("validFrom")),
        ("exp", seconds("validUntil")),
    ];
    claims.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&[7; 32])
    }

    fn document() -> Value {
        json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
            "type": ["VerifiableCredential"],
            "issuer": {"id": "did:web:example.org"},
            "validFrom": "2026-01-01T00:00:00.5Z",
            "validUntil": "2027-01-01T00:00:00Z",
            "credentialSubject": {"id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e"}
        })
    }

    fn token(header: &Value, payload: &Value, signature: &[u8]) -> String {
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}.{}", encode(header), encode(payload), URL_SAFE_NO_PAD.encode(signature))
    }

    fn read(text: &str) -> Result<Jws, JwtError> {
        parse(text, &Limits::default())
    }

    #[test]
    fn a_signed_document_verifies_and_reads_back() {
        let signed = sign(&document(), CREDENTIAL_TYPE, "did:web:example.org#k", &key()).unwrap();
        assert!(looks_like_one(&signed));
        let jws = read(&signed).unwrap();
        assert_eq!(
            (jws.algorithm.as_str(), jws.key_id.as_deref(), jws.kind.as_deref()),
            ("EdDSA", Some("did:web:example.org#k"), Some("vc+jwt"))
        );
        assert_eq!(jws.document(), document());
        assert_eq!(jws.payload["nbf"], 1_767_225_600);
        assert_eq!((jws.check_claims(), jws.verify(&key().public_key())), (Ok(()), Ok(())));
        let other = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
        assert_eq!(jws.verify(&other.public_key()), Err(JwtError::Signature));
        let (start, end) = signed.split_at(signed.len() / 2);
        let other_letter = if end.starts_with('A') { "B" } else { "A" };
        let altered = read(&format!("{start}{other_letter}{}", &end[1..]));
        assert!(altered.map_or(true, |jws| jws.verify(&key().public_key()).is_err()));
    }

    #[test]
    fn each_claim_must_agree() {
        for (claim, value) in [
            ("iss", json!("did:web:evil.example")),
            ("jti", json!("urn:x")),
            ("sub", json!(5)),
            ("nbf", json!(1)),
            ("exp", json!("soon")),
        ] {
            let mut payload = document();
            payload[claim] = value;
            let jws = read(&token(&json!({"alg": "EdDSA"}), &payload, b"x")).unwrap();
            assert_eq!(jws.check_claims(), Err(JwtError::Claim(claim)));
        }
    }

    #[test]
    fn what_no_token_may_be_is_refused() {
        let with = |header: Value| read(&token(&header, &document(), b"x")).err();
        assert_eq!(with(json!({"alg": "none"})), Some(JwtError::Unsigned));
        assert_eq!(with(json!({"alg": "NoNe"})), Some(JwtError::Unsigned));
        assert!(matches!(with(json!({})), Some(JwtError::Header { member: "alg", .. })));
        assert!(matches!(
            with(json!({"alg": "EdDSA", "crit": ["exp"]})),
            Some(JwtError::Header { member: "crit", .. })
        ));
        assert!(matches!(with(json!({"alg": "EdDSA", "b64": false})), Some(JwtError::Header { member: "b64", .. })));
        assert!(matches!(with(json!({"alg": "EdDSA", "kid": 5})), Some(JwtError::Header { member: "kid", .. })));
        let hs256 = read(&token(&json!({"alg": "HS256"}), &document(), b"x")).unwrap();
        assert_eq!(hs256.check_algorithm(), Err(JwtError::UnsupportedAlgorithm("HS256".into())));
        assert_eq!(hs256.verify(&key().public_key()), Err(JwtError::KeyKind));
        for text in ["", "a.b", "eyJ.eyJ.eyJ.eyJ", "eyJhbGciOiJFZERTQSJ9.e30=.AA", "eyJhbGciOiJFZERTQSJ9.W10.AA"] {
            assert_eq!(read(text), Err(JwtError::Malformed), "{text}");
        }
        let twice = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(r#"{"alg":"EdDSA","alg":"none"}"#));
        assert!(matches!(read(&twice), Err(JwtError::Json { part: "header", .. })));
    }
}
