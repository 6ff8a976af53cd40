//! Findings of a hostile review: each test says what must hold, and failed when it was written.

#[path = "hostile/forge.rs"]
#[expect(dead_code, reason = "shared with the hostile documents")]
mod forge;

use forge::*;
use sceau::proof::data_integrity::{self, ProofOptions};
use sceau::proof::key::Signer as _;
use sceau::status_list::Bitstring;
use sceau::verify::{CheckCode, Materials, NeedKind, Outcome, Question, Reason, Report, Trust, Verdict, prepare};
use serde_json::{Value, json};

const V1: &str = "https://www.w3.org/2018/credentials/v1";
const V2: &str = "https://www.w3.org/ns/credentials/v2";
const EXTENSIONS: &str = "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json";
const REVOCATIONS: &str = "https://issuer.example/revocations";

fn judge(document: &Value, materials: &Materials) -> Report {
    judge_bytes(document.to_string().as_bytes(), materials, question())
}

fn judge_bytes(bytes: &[u8], materials: &Materials, question: Question) -> Report {
    prepare(bytes).conclude(materials, question)
}

/// Materials in which the badge is revoked.
fn revoked() -> Materials {
    let mut list = list();
    list["credentialSubject"]["encodedList"] = json!(Bitstring::new(&[u32::try_from(INDEX).unwrap()]).encode());
    with_list(&signed_list(&list))
}

/// A credential under a list of revoked ids, in which it stands.
fn revoked_by_id() -> (Value, Materials) {
    let mut document = badge();
    document["@context"].as_array_mut().unwrap().push(json!(EXTENSIONS));
    document["credentialStatus"] = json!({"id": REVOCATIONS, "type": "1EdTechRevocationList"});
    let list = json!({"issuer": ISSUER, "revokedCredential": [{"id": "https://issuer.example/credentials/1", "revoked": true}]});
    (document, keys().with(REVOCATIONS, list.to_string().as_bytes(), Trust::Domain))
}

// ---- revocation hidden without breaking the signature

/// RDF knows sets: the same entry nine times has the same signature as once. Nine are "too many", which VC-API took for good.
#[test]
fn a_revoked_entry_repeated_is_still_revoked() {
    let mut document = sign(&badge());
    assert_eq!(judge(&document, &revoked()).verdict, Verdict::Revoked);
    document["credentialStatus"] = json!(vec![document["credentialStatus"].clone(); 9]);
    let report = judge(&document, &revoked());
    assert_eq!(report.outcome(CheckCode::Proof), Some(Outcome::Pass));
    assert!(!report.is_verified(), "{report:#?}");
}

/// The type as its IRI means the same to the signature, and nothing to whoever looks for the name.
#[test]
fn a_status_type_written_as_its_iri_is_known() {
    let (document, materials) = revoked_by_id();
    let mut document = sign(&document);
    assert_eq!(judge(&document, &materials).verdict, Verdict::Revoked);
    document["credentialStatus"]["type"] =
        json!("https://purl.imsglobal.org/spec/vcrl/v1p0/context.json#1EdTechRevocationList");
    let report = judge(&document, &materials);
    assert!(!report.is_verified(), "{report:#?}");
}

/// The same through a term of one's own for it.
#[test]
fn a_status_type_under_an_alias_is_known() {
    let (document, materials) = revoked_by_id();
    let mut document = sign(&document);
    document["@context"].as_array_mut().unwrap().push(json!({"Harmless": "1EdTechRevocationList"}));
    document["credentialStatus"]["type"] = json!("Harmless");
    let report = judge(&document, &materials);
    assert!(!report.is_verified(), "{report:#?}");
}

/// `@id` is signed as `id` is. A list of revoked ids was compared with no id at all.
#[test]
fn a_revoked_id_is_found_under_its_keyword() {
    let (mut document, materials) = revoked_by_id();
    document["type"] = json!(["VerifiableCredential"]);
    document["credentialSubject"] = json!({"id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e"});
    let mut document = sign(&document);
    assert_eq!(judge(&document, &materials).verdict, Verdict::Revoked);
    let id = document.as_object_mut().unwrap().remove("id").unwrap();
    document["@id"] = id;
    let report = judge(&document, &materials);
    assert_ne!(report.verdict, Verdict::Valid, "{report:#?}");
    assert!(!report.is_verified());
}

// ---- dates that nobody read

/// VCDM 1.1 has both names in its context. As an array the end means the same to the signature; the reader saw no text and no end.
#[test]
fn an_end_of_version_1_in_an_array_still_ends() {
    let document = json!({
        "@context": [V1, "https://w3id.org/security/data-integrity/v2"],
        "id": "https://issuer.example/credentials/2", "type": ["VerifiableCredential"], "issuer": ISSUER,
        "issuanceDate": "2020-01-01T00:00:00Z", "validUntil": "2021-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e"},
    });
    let mut document = sign(&document);
    assert_eq!(judge(&document, &materials()).verdict, Verdict::Expired);
    document["validUntil"] = json!(["2021-01-01T00:00:00Z"]);
    let report = judge(&document, &materials());
    assert_eq!(report.outcome(CheckCode::Proof), Some(Outcome::Pass));
    assert_ne!(report.verdict, Verdict::Valid, "{report:#?}");
    assert!(!report.is_verified());
}

/// What the rules of form take for a date and the clock cannot read is not "no end".
#[test]
fn an_end_that_cannot_be_compared_is_not_taken_for_none() {
    for end in ["2026-01-31T24:00:00Z", "-0001-01-01T00:00:00Z"] {
        let mut document = badge_with("", "validUntil", json!(end));
        document.as_object_mut().unwrap().remove("credentialStatus");
        document["validFrom"] =
            json!(if end.starts_with('-') { "-0002-01-01T00:00:00Z" } else { "2026-01-01T00:00:00Z" });
        let report = judge(&sign(&document), &materials());
        assert_ne!(report.verdict, Verdict::Valid, "{end}: {report:#?}");
    }
}

/// RFC 7519 §4.1.4: a token must not be accepted after `exp`, whatever the document in it says.
#[test]
fn a_token_ends_when_it_says() {
    let mut document = json!({
        "@context": [V1], "id": "https://issuer.example/credentials/2", "type": ["VerifiableCredential"], "issuer": ISSUER,
        "issuanceDate": "2020-01-01T00:00:00Z", "expirationDate": "2030-01-01T00:00:00Z",
        "credentialSubject": {"id": "urn:uuid:0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e"},
    });
    document["exp"] = json!(1_609_459_200);
    let header = json!({"alg": "ES256", "kid": format!("{ISSUER}#p256"), "typ": "JWT"});
    let report = judge_bytes(token_of(&header, &document).as_bytes(), &materials(), question());
    assert_ne!(report.verdict, Verdict::Valid, "{report:#?}");
    // Nor where the claim lies beyond any date.
    document.as_object_mut().unwrap().remove("expirationDate");
    for exp in [json!(-1e300), json!(-9e15)] {
        document["exp"] = exp.clone();
        let report = judge_bytes(token_of(&header, &document).as_bytes(), &materials(), question());
        assert_ne!(report.verdict, Verdict::Valid, "{exp}");
    }
}

// ---- presentations

fn presentation() -> Value {
    json!({"@context": [V2], "type": ["VerifiablePresentation"], "holder": ISSUER, "verifiableCredential": [sign(&badge())]})
}

fn holders() -> Materials {
    let mut document = did_document(ISSUER, &key().public_key());
    document["authentication"] = document["assertionMethod"].clone();
    with_did_document(&document).with(LIST, signed_list(&list()).to_string().as_bytes(), Trust::Domain)
}

fn asked() -> Question {
    Question { challenge: Some("c-1".into()), domain: Some("verifier.example".into()), ..question() }
}

/// A token that answers no challenge may be anybody's old one.
#[test]
fn a_token_must_answer_the_challenge_and_name_the_domain() {
    let header = json!({"alg": "ES256", "kid": format!("{ISSUER}#p256"), "typ": "vp+jwt"});
    let report = |nonce: Option<&str>, audience: Option<&str>| {
        let mut payload = presentation();
        payload["verifiableCredential"][0] = json!({
            "@context": V2, "id": format!("data:application/vc+jwt,{}", token(&badge())), "type": "EnvelopedVerifiableCredential"});
        if let Some(nonce) = nonce {
            payload["nonce"] = json!(nonce);
        }
        if let Some(audience) = audience {
            payload["aud"] = json!(audience);
        }
        judge_bytes(token_of(&header, &payload).as_bytes(), &holders(), asked())
    };
    let good = report(Some("c-1"), Some("verifier.example"));
    assert_eq!(good.verdict, Verdict::Valid, "{good:#?}");
    for (nonce, audience, reason) in [
        (None, Some("verifier.example"), Reason::ChallengeMismatch),
        (Some("c-1"), None, Reason::DomainMismatch),
        (Some("c-1"), Some("other.example"), Reason::DomainMismatch),
    ] {
        let report = report(nonce, audience);
        assert!(!report.is_verified(), "{nonce:?} {audience:?}");
        assert_eq!(report.reason(CheckCode::Proof), Some(reason));
    }
}

/// Whoever takes the proof off a presentation answers no challenge.
#[test]
fn an_unsigned_presentation_answers_no_challenge() {
    assert!(judge_bytes(presentation().to_string().as_bytes(), &holders(), question()).is_verified());
    let report = judge_bytes(presentation().to_string().as_bytes(), &holders(), asked());
    assert!(!report.is_verified(), "{report:#?}");
}

/// A document that is a presentation too was judged as one: signed by its holder, in the name of any issuer.
#[test]
fn a_presentation_is_no_credential() {
    let mut document = badge();
    document["type"] = json!(["VerifiableCredential", "VerifiablePresentation"]);
    document["@context"] = json!([V2, "https://stranger.example/context"]);
    document["holder"] = json!(STRANGER);
    let header = json!({"alg": "ES256", "kid": format!("{STRANGER}#p256"), "typ": "JWT"});
    let mut strangers = did_document(STRANGER, &strangers_key().public_key());
    strangers["authentication"] = strangers["assertionMethod"].clone();
    let materials = materials().with(STRANGER, strangers.to_string().as_bytes(), Trust::Domain);
    let report = judge_bytes(token_of(&header, &document).as_bytes(), &materials, question());
    assert!(!report.is_verified(), "{report:#?}");
    assert_eq!(report.verdict, Verdict::Invalid);
}

// ---- keys

/// A profile that lists its keys has said which they are: a file of somebody else at the same origin is none of them.
#[test]
fn a_file_at_the_origin_does_not_add_to_the_keys_that_a_profile_lists() {
    const PROFILE: &str = "https://host.example/alice";
    const UPLOAD: &str = "https://host.example/mallory/key.json";
    let mut document = badge();
    document["issuer"]["id"] = json!(PROFILE);
    document.as_object_mut().unwrap().remove("credentialStatus");
    let mut profile = did_document(PROFILE, &key().public_key());
    profile["type"] = json!("Profile");
    let materials = Materials::new().with(PROFILE, profile.to_string().as_bytes(), Trust::Domain).with(
        UPLOAD,
        strangers_key().public_key().to_jwk().to_string().as_bytes(),
        Trust::Domain,
    );
    let good = ProofOptions { verification_method: format!("{PROFILE}#ed"), ..options() };
    let good = data_integrity::sign(&document, &good, &key()).unwrap();
    assert_eq!(judge(&good, &materials).verdict, Verdict::Valid);
    let forged = ProofOptions { verification_method: UPLOAD.to_owned(), ..options() };
    let forged = data_integrity::sign(&document, &forged, &strangers_key()).unwrap();
    let report = judge(&forged, &materials);
    assert_eq!(report.reason(CheckCode::IssuerKey), Some(Reason::KeyNotListed), "{report:#?}");
}

/// A key is fetched without redirects, a status list with them. One address asked for as both was fetched as both, and what came last
/// counted: an open redirect at an issuer's origin then speaks for the issuer.
#[test]
fn an_address_is_asked_for_as_one_thing() {
    const REDIRECT: &str = "https://issuer.example/go?to=stranger";
    let own = strangers_key();
    let did = own.public_key().to_did_key().unwrap();
    let mut bait = badge();
    bait["issuer"]["id"] = json!(did);
    bait["credentialStatus"]["statusListCredential"] = json!(REDIRECT);
    let of_own = ProofOptions { verification_method: own.public_key().did_key_method().unwrap(), ..options() };
    let bait = data_integrity::sign(&bait, &of_own, &own).unwrap();
    let mut forged = badge();
    forged["issuer"]["id"] = json!("https://issuer.example/profile");
    let by_redirect = ProofOptions { verification_method: REDIRECT.to_owned(), ..options() };
    let forged = data_integrity::sign(&forged, &by_redirect, &own).unwrap();
    let presented = json!({"@context": [V2], "type": "VerifiablePresentation", "verifiableCredential": [bait, forged]});
    let mut prepared = prepare(presented.to_string().as_bytes());
    let needs = prepared.needs(&Materials::new(), &question());
    let kinds: Vec<NeedKind> = needs.iter().filter(|need| need.id == REDIRECT).map(|need| need.kind).collect();
    assert_eq!(kinds, [NeedKind::Key]);
}

// ---- good ones refused

/// Numbers must be read exactly, or JCS writes others than the signer did.
#[test]
fn numbers_are_read_to_the_last_bit() {
    let mut state = 88_172_645_463_325_252_u64;
    for _ in 0..20_000 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let double = f64::from_bits(state & 0x3fff_ffff_ffff_ffff | 0x3000_0000_0000_0000);
        let text = format!("{double:e}");
        let read = sceau::json::parse_strict(text.as_bytes(), &sceau::json::Limits::default()).unwrap();
        assert_eq!(read.as_f64().map(f64::to_bits), Some(double.to_bits()), "{text}");
    }
}

// ---- one request, bounded work

/// As the service does it: asked for what it needs in several rounds, then judged.
fn judge_in_rounds(bytes: &[u8], materials: &Materials) -> Report {
    let mut prepared = prepare(bytes);
    for _ in 0..4 {
        prepared.needs(materials, &question());
    }
    prepared.conclude(materials, question())
}

/// Whether work was refused for its amount.
fn too_much(report: &Report) -> bool {
    report.checks.iter().any(|check| check.outcome == Outcome::Fail && check.reason == Reason::TooComplex)
}

/// Each context inside a document is processed anew, half a millisecond in release: a mebibyte of them took eleven seconds.
#[test]
fn contexts_inside_a_document_are_bounded() {
    let one = |number: usize| json!({"@context": [V2, badge()["@context"][1]], "id": format!("urn:x:{number}")});
    let document = badge_with("", "credentialSubject", (0..4000).map(one).collect());
    let report = judge_in_rounds(pretend(&document).to_string().as_bytes(), &materials());
    assert!(too_much(&report), "{report:#?}");
}

/// Every object costs a tenth of a millisecond and more, for each of eight proofs: thirty-five seconds.
#[test]
fn many_objects_under_eight_proofs_are_bounded() {
    let one = |number: usize| json!({"type": "Profile", "name": number.to_string()});
    let document = badge_with("", "evidence", (0..15_000).map(one).collect());
    let mut document = pretend(&document);
    document["proof"] = json!(vec![document["proof"][0].clone(); 8]);
    let report = judge_in_rounds(document.to_string().as_bytes(), &materials());
    assert!(too_much(&report), "{report:#?}");
}

/// A list was read again for each entry of each credential of a presentation: nine seconds for one of a mebibyte.
#[test]
fn a_status_list_is_read_once() {
    let mut list = signed_list(&list());
    list["evidence"] = (0..20_000).map(|number| json!({"id": format!("u:{number}")})).collect();
    let entry = |number: usize| {
        let mut entry = badge()["credentialStatus"].clone();
        entry["id"] = json!(format!("{LIST}#{number}"));
        entry
    };
    let one = sign(&badge_with("", "credentialStatus", (0..8).map(entry).collect()));
    let presented = json!({"@context": [V2], "type": "VerifiablePresentation", "verifiableCredential": vec![one; 16]});
    // Read again each time, this would take minutes here: the test would be ended as one that hangs.
    let report = judge_in_rounds(presented.to_string().as_bytes(), &with_list(&list));
    assert_eq!(report.credentials.len(), 16);
    let reasons: Vec<_> = report.credentials.iter().map(|report| report.reason(CheckCode::Status)).collect();
    assert!(reasons.windows(2).all(|pair| pair[0] == pair[1]), "{reasons:?}");
}
