//! What the hostile documents are made of: an issuer with its keys, and genuine credentials of it to start from.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::SigningKey;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::jwt;
use sceau::proof::key::{PublicKey, Signer, SigningFailed};
use sceau::status_list::Bitstring;
use sceau::time::Timestamp;
use sceau::verify::{Materials, Question, Trust};
use serde_json::{Value, json};

pub const ISSUER: &str = "did:web:issuer.example";
pub const STRANGER: &str = "did:web:stranger.example";
pub const LIST: &str = "https://issuer.example/status/1";
pub const INDEX: u64 = 40_213;

pub fn now() -> Timestamp {
    "2026-06-01T12:00:00Z".parse().unwrap()
}

pub fn question() -> Question {
    now().into()
}

pub fn key() -> SigningKey {
    SigningKey::from_bytes(&[11; 32])
}

pub fn strangers_key() -> SigningKey {
    SigningKey::from_bytes(&[13; 32])
}

/// A P-256 key that is the same in every run, so that reports are too.
pub struct P256(EcdsaKeyPair);

pub fn p256() -> P256 {
    // The private key one: its public key is the base point, written by aws-lc itself.
    let secret: Vec<u8> = [[0; 31].to_vec(), vec![1]].concat();
    let generator = concat!(
        "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    );
    let public: Vec<u8> =
        (0..generator.len()).step_by(2).map(|at| u8::from_str_radix(&generator[at..at + 2], 16).unwrap()).collect();
    P256(EcdsaKeyPair::from_private_key_and_public_key(&ECDSA_P256_SHA256_FIXED_SIGNING, &secret, &public).unwrap())
}

impl Signer for P256 {
    fn public_key(&self) -> PublicKey {
        PublicKey::from_p256(self.0.public_key().as_ref()).unwrap()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningFailed> {
        Ok(self.0.sign(&SystemRandom::new(), message).map_err(|_| SigningFailed)?.as_ref().to_vec())
    }
}

pub fn method(of: &str) -> String {
    format!("{of}#ed")
}

/// The DID document of an issuer: one Ed25519 key, one P-256 key.
pub fn did_document(did: &str, key: &PublicKey) -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/did/v1"],
        "id": did,
        "verificationMethod": [
            {"id": format!("{did}#ed"), "type": "Multikey", "controller": did, "publicKeyMultibase": key.to_multikey()},
            {"id": format!("{did}#p256"), "type": "JsonWebKey", "controller": did, "publicKeyJwk": p256().public_key().to_jwk()},
        ],
        "assertionMethod": [format!("{did}#ed"), format!("{did}#p256")],
    })
}

pub fn materials() -> Materials {
    with_list(&signed_list(&list()))
}

pub fn with_list(list: &Value) -> Materials {
    keys().with(LIST, list.to_string().as_bytes(), Trust::Domain)
}

pub fn keys() -> Materials {
    with_did_document(&did_document(ISSUER, &key().public_key()))
}

pub fn with_did_document(document: &Value) -> Materials {
    let strangers = did_document(STRANGER, &strangers_key().public_key());
    Materials::new().with(ISSUER, document.to_string().as_bytes(), Trust::Domain).with(
        STRANGER,
        strangers.to_string().as_bytes(),
        Trust::Domain,
    )
}

/// The unsigned status list: nothing is revoked.
pub fn list() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "id": LIST,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": ISSUER,
        "validFrom": "2026-06-01T00:00:00Z",
        "validUntil": "2026-06-02T00:00:00Z",
        "credentialSubject": {
            "id": format!("{LIST}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": Bitstring::new(&[7]).encode(),
        },
    })
}

pub fn signed_list(list: &Value) -> Value {
    sign(list)
}

pub fn badge() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"],
        "id": "https://issuer.example/credentials/1",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": {"id": ISSUER, "type": ["Profile"], "name": "Institut"},
        "validFrom": "2026-01-01T00:00:00Z",
        "name": "Accueillir le public",
        "credentialSubject": {
            "id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e",
            "type": ["AchievementSubject"],
            "achievement": {
                "id": "https://issuer.example/achievements/1",
                "type": ["Achievement"],
                "name": "Accueillir le public",
                "description": "Accueillir et orienter.",
                "criteria": {"narrative": "Terminer les activités."},
            },
        },
        "credentialStatus": {
            "id": format!("{LIST}#{INDEX}"),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": INDEX.to_string(),
            "statusListCredential": LIST,
        },
    })
}

/// The badge with one member changed or added.
pub fn badge_with(pointer: &str, member: &str, value: Value) -> Value {
    with(badge(), pointer, member, value)
}

pub fn with(mut document: Value, pointer: &str, member: &str, value: Value) -> Value {
    document.pointer_mut(pointer).unwrap()[member] = value;
    document
}

pub fn options() -> ProofOptions {
    ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-01-01T00:00:00Z", &method(ISSUER))
}

pub fn sign(document: &Value) -> Value {
    data_integrity::sign(document, &options(), &key()).unwrap()
}

/// A document that no honest signer would sign, with a proof that has the right form.
pub fn pretend(document: &Value) -> Value {
    with(document.clone(), "", "proof", sign(&badge())["proof"].clone())
}

pub fn token(document: &Value) -> String {
    jwt::sign(document, jwt::CREDENTIAL_TYPE, &format!("{ISSUER}#p256"), &p256()).unwrap()
}

/// A token with a header and claims of one's own choice, signed with the issuer's P-256 key.
pub fn token_of(header: &Value, payload: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = URL_SAFE_NO_PAD.encode(p256().sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

/// The same credential in each form, to show that the forgeries fail for what was changed and nothing else.
pub fn genuine() -> Vec<(&'static str, Vec<u8>)> {
    let jcs = ProofOptions { suite: Suite::EddsaJcs2022, ..options() };
    let bytes = |document: &Value| document.to_string().into_bytes();
    let enveloped = json!({
        "@context": "https://www.w3.org/ns/credentials/v2",
        "id": format!("data:application/vc+jwt,{}", token(&badge())),
        "type": "EnvelopedVerifiableCredential",
    });
    vec![
        ("eddsa-rdfc-2022", bytes(&sign(&badge()))),
        ("eddsa-jcs-2022", bytes(&data_integrity::sign(&badge(), &jcs, &key()).unwrap())),
        ("two proofs", bytes(&data_integrity::sign(&sign(&badge()), &jcs, &key()).unwrap())),
        ("VC-JWT", token(&badge()).into_bytes()),
        ("enveloped", bytes(&enveloped)),
        ("PNG", png(&sign(&badge()).to_string())),
        ("SVG", svg(&sign(&badge()).to_string()).into_bytes()),
    ]
}

pub fn svg(credential: &str) -> String {
    let plain = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><circle r=\"4\"/></svg>";
    sceau::badge::svg::bake(plain, credential).unwrap()
}

pub fn png(credential: &str) -> Vec<u8> {
    sceau::badge::png::bake(&blank_png(), credential).unwrap()
}

/// One grey pixel.
pub fn blank_png() -> Vec<u8> {
    let header = [&1_u32.to_be_bytes()[..], &1_u32.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    let pixel = [0x78, 0x01, 0x01, 0x02, 0x00, 0xfd, 0xff, 0x00, 0x80, 0x00, 0x82, 0x00, 0x81];
    let chunks = [png_chunk(b"IHDR", &header), png_chunk(b"IDAT", &pixel), png_chunk(b"IEND", &[])];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

pub fn png_chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(kind);
    hasher.update(data);
    let length = u32::try_from(data.len()).unwrap();
    [&length.to_be_bytes()[..], kind, data, &hasher.finalize().to_be_bytes()].concat()
}
