//! The hostile documents themselves, each with what a verifier would find when it looks for what the document needs.

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::jwt;
use sceau::proof::key::Signer as _;
use sceau::verify::Materials;
use serde_json::{Value, json};

use crate::forge::*;

/// One of them.
pub struct Hostile {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub materials: Materials,
}

fn one(name: &'static str, bytes: impl Into<Vec<u8>>) -> Hostile {
    Hostile { name, bytes: bytes.into(), materials: materials() }
}

fn document(name: &'static str, document: &Value) -> Hostile {
    one(name, document.to_string())
}

/// Signed by the issuer as it stands, where it can be.
fn signed(name: &'static str, unsigned: &Value) -> Hostile {
    document(name, &sign(unsigned))
}

fn found(name: &'static str, materials: Materials) -> Hostile {
    Hostile { name, bytes: sign(&badge()).to_string().into_bytes(), materials }
}

/// Every one.
pub fn all() -> Vec<Hostile> {
    [texts(), meaning(), proofs(), keys_of_others(), tokens(), dates(), status_lists(), files()]
        .into_iter()
        .flatten()
        .collect()
}

fn texts() -> Vec<Hostile> {
    let text = sign(&badge()).to_string();
    vec![
        one("not_json", "a badge, I swear"),
        one("not_utf8", b"{\"id\": \"\xff\xfe\"}".to_vec()),
        one("too_deep", format!("{}1{}", "[".repeat(200), "]".repeat(200))),
        one("too_large", format!("{{\"x\": \"{}\"}}", "a".repeat(2 * 1024 * 1024))),
        one("duplicate_key", text.replacen("\"name\":\"Accueillir", "\"name\":\"Diriger\",\"name\":\"Accueillir", 1)),
        one("trailing_text", format!("{text} {{}}")),
        document("unsigned", &badge()),
        document("proof_is_null", &with(badge(), "", "proof", json!(null))),
        document("proof_is_empty", &with(badge(), "", "proof", json!([]))),
    ]
}

/// What JSON-LD would drop, or read in another way than people.
fn meaning() -> Vec<Hostile> {
    let contexts = |more: Value| {
        let mut document = badge();
        document["@context"].as_array_mut().unwrap().push(more);
        pretend(&document)
    };
    let jcs = ProofOptions { suite: Suite::EddsaJcs2022, ..options() };
    // Two results that nothing tells apart, each of twelve alignments that nothing tells apart: 12! orders to compare.
    let alignment = json!({"type": ["Alignment"], "targetName": "A", "targetUrl": "https://issuer.example/a"});
    let result = json!({"type": ["Result"], "value": "1", "alignment": vec![alignment; 12]});
    let poison = badge_with("/credentialSubject", "result", json!([result, result]));
    let mut moved = sign(&badge());
    let status = moved.as_object_mut().unwrap().remove("credentialStatus").unwrap();
    moved["https://www.w3.org/2018/credentials#credentialStatus"] = status;
    let undefined = badge_with("/credentialSubject/achievement", "mention", json!("très bien"));
    vec![
        document("unknown_context", &contexts(json!("https://evil.example/context.json"))),
        document("no_context", &with(pretend(&badge()), "", "@context", json!([]))),
        document("relative_id", &pretend(&badge_with("/credentialSubject", "id", json!("me")))),
        document("relative_issuer", &pretend(&badge_with("/issuer", "id", json!("issuer")))),
        document("undefined_term", &pretend(&undefined)),
        document("undefined_term_under_jcs", &data_integrity::sign(&undefined, &jcs, &key()).unwrap()),
        one("undefined_term_in_a_token", token(&undefined)),
        document(
            "protected_term_redefined",
            &contexts(json!({"VerifiableCredential": "https://evil.example/VerifiableCredential"})),
        ),
        document("term_renamed", &contexts(json!({"cs": "https://www.w3.org/2018/credentials#credentialStatus"}))),
        document("term_nullified", &contexts(json!({"hidden": null}))),
        document(
            "scoped_context",
            &contexts(json!({"x": {"@id": "https://evil.example/x", "@context": {"y": "https://evil.example/y"}}})),
        ),
        document("status_under_its_iri", &moved),
        document("poison_graph", &pretend(&poison)),
        document("ambiguous_number", &pretend(&badge_with("/credentialSubject", "creditsEarned", json!(1e-7)))),
        document("not_a_badge", &pretend(&badge_with("/credentialSubject/achievement", "criteria", json!({})))),
        document(
            "wrong_context_order",
            &pretend(&with(
                badge(),
                "",
                "@context",
                json!([
                    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
                    "https://www.w3.org/ns/credentials/v2"
                ]),
            )),
        ),
    ]
}

fn proofs() -> Vec<Hostile> {
    let genuine = sign(&badge());
    let proof = |member: &str, value: Value| with(genuine.clone(), "/proof/0", member, value);
    let other_suite = ProofOptions { suite: Suite::EddsaJcs2022, ..options() };
    let two = data_integrity::sign(&genuine, &other_suite, &key()).unwrap();
    let chained = ProofOptions { id: Some("urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544".into()), ..options() };
    let first = data_integrity::sign(&badge(), &chained, &key()).unwrap();
    let second = ProofOptions { previous: vec![chained.id.clone().unwrap()], ..options() };
    let mut chain = data_integrity::sign(&first, &second, &key()).unwrap();
    chain["proof"].as_array_mut().unwrap().remove(0);
    let authentication = ProofOptions { purpose: data_integrity::AUTHENTICATION, ..options() };
    vec![
        document("value_changed", &with(genuine.clone(), "/credentialSubject/achievement", "name", json!("Diriger"))),
        document(
            "value_changed_under_jcs",
            &with(data_integrity::sign(&badge(), &other_suite, &key()).unwrap(), "", "name", json!("Diriger")),
        ),
        document("value_removed", &{
            let mut document = genuine.clone();
            document.as_object_mut().unwrap().remove("credentialStatus");
            document
        }),
        document("one_of_two_proofs_altered", &with(two, "/proof/1", "created", json!("2026-01-02T00:00:00Z"))),
        document("chain_without_its_first_link", &chain),
        document("wrong_purpose", &data_integrity::sign(&badge(), &authentication, &key()).unwrap()),
        document("purpose_changed_after_signing", &proof("proofPurpose", json!("authentication"))),
        document("proof_value_of_another_length", &proof("proofValue", json!("z3f"))),
        document("proof_value_in_another_base", &proof("proofValue", json!("uAAAA"))),
        document("created_without_zone", &proof("created", json!("2026-01-01T00:00:00"))),
        document("too_many_proofs", &with(genuine.clone(), "", "proof", json!(vec![genuine["proof"][0].clone(); 9]))),
    ]
}

/// Keys that do not speak for the issuer.
fn keys_of_others() -> Vec<Hostile> {
    let by_stranger = ProofOptions { verification_method: method(STRANGER), ..options() };
    let by_strangers_key = data_integrity::sign(&badge(), &options(), &strangers_key()).unwrap();
    let with_key = |change: &dyn Fn(&mut Value)| {
        let mut described = did_document(ISSUER, &key().public_key());
        change(&mut described);
        with_did_document(&described)
    };
    let no_point = format!("z{}", bs58::encode([&[0xed, 0x01][..], &[2; 32]].concat()).into_string());
    let small_order = format!("z{}", bs58::encode([&[0xed, 0x01][..], &[0; 32]].concat()).into_string());
    let self_named = json!(format!("did:key:{no_point}"));
    let mut by_did_key = pretend(&badge_with("/issuer", "id", self_named.clone()));
    by_did_key["proof"][0]["verificationMethod"] = json!(format!("did:key:{no_point}#{no_point}"));
    vec![
        document(
            "signed_with_a_strangers_key",
            &data_integrity::sign(&badge(), &by_stranger, &strangers_key()).unwrap(),
        ),
        document("signed_by_a_stranger_under_the_issuers_key_id", &by_strangers_key),
        found("key_that_the_issuer_does_not_list", with_key(&|d| d["assertionMethod"] = json!([]))),
        found(
            "key_that_somebody_else_controls",
            with_key(&|d| d["verificationMethod"][0]["controller"] = json!(STRANGER)),
        ),
        found(
            "key_that_is_no_point",
            with_key(&|d| d["verificationMethod"][0]["publicKeyMultibase"] = json!(no_point)),
        ),
        found(
            "key_of_small_order",
            with_key(&|d| d["verificationMethod"][0]["publicKeyMultibase"] = json!(small_order)),
        ),
        found(
            "key_that_was_revoked",
            with_key(&|d| d["verificationMethod"][0]["revoked"] = json!("2026-05-01T00:00:00Z")),
        ),
        found("key_that_expired", with_key(&|d| d["verificationMethod"][0]["expires"] = json!("2026-05-01T00:00:00Z"))),
        found(
            "key_revoked_at_no_readable_time",
            with_key(&|d| d["verificationMethod"][0]["revoked"] = json!("lately")),
        ),
        found("document_of_another_subject", with_key(&|d| d["id"] = json!(STRANGER))),
        document("did_key_that_is_no_point", &by_did_key),
    ]
}

fn tokens() -> Vec<Hostile> {
    let (kid, stranger) = (format!("{ISSUER}#p256"), strangers_key());
    let header = |alg: &str| json!({"alg": alg, "kid": kid, "typ": "vc+jwt"});
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let unsigned = format!("{}.{}.", encode(&json!({"alg": "none"})), encode(&badge()));
    let embedded = json!({"alg": "EdDSA", "typ": "vc+jwt", "jwk": stranger.public_key().to_jwk()});
    let input = format!("{}.{}", encode(&embedded), encode(&badge()));
    let brought = format!("{input}.{}", URL_SAFE_NO_PAD.encode(stranger.sign(input.as_bytes()).unwrap()));
    let elsewhere = jwt::sign(&badge(), jwt::CREDENTIAL_TYPE, &format!("{STRANGER}#ed"), &stranger).unwrap();
    let by_address = jwt::sign(&badge(), jwt::CREDENTIAL_TYPE, "https://evil.example/key.jwk", &stranger).unwrap();
    let mut off_curve = did_document(ISSUER, &key().public_key());
    off_curve["verificationMethod"][1]["publicKeyJwk"]["y"] = json!("AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE");
    let mut private = did_document(ISSUER, &key().public_key());
    private["verificationMethod"][1]["publicKeyJwk"]["d"] = json!("AQ");
    let altered = {
        let genuine = token(&badge());
        let (head, rest) = genuine.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        format!("{head}.{}.{signature}", encode(&badge_with("", "name", json!("Diriger"))))
    };
    let claiming = |claim: &str, value: Value| token_of(&header("ES256"), &with(badge(), "", claim, value));
    let both = json!({"alg": "ES256", "kid": kid, "typ": "vc+jwt", "jwk": stranger.public_key().to_jwk()});
    vec![
        one("jwt_alg_none", unsigned),
        one("jwt_with_an_embedded_key", brought),
        one("jwt_with_a_kid_and_another_embedded_key", token_of(&both, &badge())),
        one("jwt_whose_kid_points_to_a_stranger", elsewhere),
        one("jwt_whose_kid_is_an_address_elsewhere", by_address),
        one("jwt_with_hs256", token_of(&header("HS256"), &badge())),
        one("jwt_whose_alg_is_not_the_keys", token_of(&header("EdDSA"), &badge())),
        one("jwt_of_another_type", token_of(&with(header("ES256"), "", "typ", json!("at+jwt")), &badge())),
        one("jwt_with_crit", token_of(&with(header("ES256"), "", "crit", json!(["exp"])), &badge())),
        one("jwt_without_kid", token_of(&json!({"alg": "ES256"}), &badge())),
        one("jwt_payload_changed", altered),
        one("jwt_iss_is_another", claiming("iss", json!(STRANGER))),
        one("jwt_jti_is_another", claiming("jti", json!("urn:x:y"))),
        one("jwt_sub_is_another", claiming("sub", json!("urn:x:y"))),
        one("jwt_nbf_is_another", claiming("nbf", json!(1))),
        Hostile {
            name: "jwt_key_off_the_curve",
            bytes: token(&badge()).into_bytes(),
            materials: with_did_document(&off_curve),
        },
        Hostile {
            name: "jwt_key_published_with_its_secret",
            bytes: token(&badge()).into_bytes(),
            materials: with_did_document(&private),
        },
        document(
            "envelope_of_nothing",
            &json!({
            "@context": "https://www.w3.org/ns/credentials/v2", "id": "data:application/vc+jwt,", "type": "EnvelopedVerifiableCredential"}),
        ),
        document(
            "envelope_of_something_else",
            &json!({
            "@context": "https://www.w3.org/ns/credentials/v2", "id": "data:text/html,<script>", "type": "EnvelopedVerifiableCredential"}),
        ),
    ]
}

fn dates() -> Vec<Hostile> {
    let tomorrow = ProofOptions { created: Some("2026-06-02T12:00:00Z".into()), ..options() };
    let mut expired = badge_with("", "validUntil", json!("2026-05-01T00:00:00Z"));
    expired["validFrom"] = json!("2026-01-01T00:00:00Z");
    let mut proof_expired = sign(&badge());
    proof_expired["proof"][0]["expires"] = json!("2026-05-01T00:00:00Z");
    vec![
        signed("valid_from_tomorrow", &badge_with("", "validFrom", json!("2026-06-02T12:00:00Z"))),
        signed("expired", &expired),
        document("proof_made_tomorrow", &data_integrity::sign(&badge(), &tomorrow, &key()).unwrap()),
        document("proof_expired", &proof_expired),
        document(
            "valid_until_before_valid_from",
            &pretend(&badge_with("", "validUntil", json!("2025-01-01T00:00:00Z"))),
        ),
        document("valid_from_without_zone", &pretend(&badge_with("", "validFrom", json!("2026-01-01T00:00:00")))),
    ]
}

fn status_lists() -> Vec<Hostile> {
    let listed = |name, list: Value| found(name, with_list(&list));
    let with_bits = |encoded: String| signed_list(&with(list(), "/credentialSubject", "encodedList", json!(encoded)));
    let gzip = |bytes: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(bytes).unwrap();
        format!("u{}", URL_SAFE_NO_PAD.encode(gzip.finish().unwrap()))
    };
    let revoked = sceau::status_list::Bitstring::new(&[u32::try_from(INDEX).unwrap()]).encode();
    let by_stranger = with(list(), "", "issuer", json!(STRANGER));
    let stranger = ProofOptions { verification_method: method(STRANGER), ..options() };
    let mut altered = signed_list(&list());
    altered["credentialSubject"]["encodedList"] = json!(gzip(&[0; 16_384]));
    let mut beyond = badge();
    beyond["credentialStatus"]["statusListIndex"] = json!("99999999");
    let mut no_number = badge();
    no_number["credentialStatus"]["statusListIndex"] = json!("first");
    vec![
        listed("revoked", with_bits(revoked)),
        listed("status_list_unsigned", list()),
        listed("status_list_altered", altered),
        listed("status_list_stale", signed_list(&with(list(), "", "validUntil", json!("2026-06-01T06:00:00Z")))),
        listed("status_list_of_tomorrow", signed_list(&with(list(), "", "validFrom", json!("2026-06-02T00:00:00Z")))),
        listed(
            "status_list_of_another_issuer",
            data_integrity::sign(&by_stranger, &stranger, &strangers_key()).unwrap(),
        ),
        listed("status_list_signed_by_another", data_integrity::sign(&list(), &stranger, &strangers_key()).unwrap()),
        listed(
            "status_list_under_another_id",
            signed_list(&with(list(), "", "id", json!("https://issuer.example/status/2"))),
        ),
        listed(
            "status_list_of_another_purpose",
            signed_list(&with(list(), "/credentialSubject", "statusPurpose", json!("suspension"))),
        ),
        listed("status_list_too_short", with_bits(gzip(&[0; 1024]))),
        listed("status_list_gzip_bomb", with_bits(gzip(&vec![0; 64 * 1024 * 1024]))),
        listed("status_list_of_nonsense", with_bits("u!!".into())),
        listed("status_list_is_a_badge", sign(&with(badge(), "", "id", json!(LIST)))),
        signed("status_index_beyond_the_list", &beyond),
        signed("status_index_is_no_number", &no_number),
    ]
}

fn files() -> Vec<Hostile> {
    let text = sign(&badge()).to_string();
    let plain = |inner: &str| {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:openbadges=\"https://purl.imsglobal.org/ob/v3p0\">{inner}</svg>"
        )
    };
    let element = format!("<openbadges:credential><![CDATA[{text}]]></openbadges:credential>");
    let chunk = |text: &str| png_chunk(b"iTXt", &[b"openbadgecredential\0\0\0\0\0", text.as_bytes()].concat());
    let with_chunks = |chunks: &[Vec<u8>]| {
        let blank = blank_png();
        let (before, end) = blank.split_at(blank.len() - 12);
        [before, &chunks.concat(), end].concat()
    };
    let bomb = {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(&vec![b' '; 64 * 1024 * 1024]).unwrap();
        png_chunk(b"iTXt", &[b"openbadgecredential\0\x01\0\0\0", zlib.finish().unwrap().as_slice()].concat())
    };
    let mut wrong_crc = png(&text);
    let at = wrong_crc.len() - 20;
    wrong_crc[at] ^= 1;
    let entities = "<!DOCTYPE svg [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>";
    vec![
        one("png_without_a_credential", blank_png()),
        one("png_with_two_credentials", with_chunks(&[chunk(&text), chunk(&text)])),
        one("png_bomb", with_chunks(&[bomb])),
        one("png_truncated", png(&text)[..60].to_vec()),
        one("png_with_a_wrong_crc", wrong_crc),
        one("png_with_a_forgery", png(&text.replace("Accueillir", "Diriger"))),
        one("svg_without_a_credential", plain("")),
        one("svg_with_two_credentials", plain(&element.repeat(2))),
        one("svg_with_a_script", plain(&format!("{element}<script>alert(1)</script>"))),
        one("svg_with_a_handler", plain(&format!("{element}<g onload=\"alert(1)\"/>"))),
        one("svg_with_entities", format!("{entities}{}", plain("&b;"))),
        one("svg_bomb", plain(&"<g>".repeat(50_000))),
        one("svg_of_nested_groups", plain(&format!("{}{}", "<g>".repeat(5_000), "</g>".repeat(5_000)))),
        one("svg_with_a_forgery", svg(&text.replace("Accueillir", "Diriger"))),
    ]
}
