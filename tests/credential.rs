//! The credential from award to verified badge: golden documents, the official schema, and what a verifier says of tampering.

#[path = "credential/results.rs"]
mod results;
mod support;

use ed25519_dalek::SigningKey;
use sceau::award::Award;
use sceau::credential::{CredentialView, Draft, StatusPlace, compose};
use sceau::criteria::{CountedBy, EffectiveDuration};
use sceau::ids::{CredentialId, StatusListId};
use sceau::lint::{Linted, lint};
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::did::{self, PublishedKey};
use sceau::proof::key::Signer as _;
use sceau::status_list::{self, Bitstring};
use sceau::text::PersonName;
use sceau::verify::{CheckCode, Materials, Outcome, OwnRecord, Trust, Verdict, prepare};
use serde_json::{Value, json};

const SECRET: [u8; 16] = [0x5e; 16];
const INDEX: u32 = 40_213;

fn unsigned() -> Value {
    composed(&support::award())
}

fn composed(award: &Award) -> Value {
    let (url, entropy) = (support::url(), support::Counter::new(100));
    compose(&Draft {
        url: &url,
        award,
        id: CredentialId::random(&entropy),
        status: StatusPlace { list: StatusListId::random(&entropy), index: INDEX },
        valid_from: "2026-03-27T17:12:10Z".parse().unwrap(),
        email_salt: "00112233445566778899aabbccddeeff",
        name_secret: &SECRET,
    })
}

fn key() -> SigningKey {
    SigningKey::from_bytes(&[42; 32])
}

fn method() -> String {
    support::url().issuer_did(&"dgafp".parse().unwrap()).key(&key().public_key().thumbprint())
}

fn published() -> PublishedKey {
    let jwk_url = "https://sceau.example/keys/1".to_owned();
    PublishedKey { id: method(), jwk_url, public: key().public_key(), revoked: None }
}

fn sign(document: &Linted, created: &str) -> Value {
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, created, &method());
    data_integrity::sign(document.document(), &options, &key()).unwrap()
}

fn signed() -> Value {
    sign(&lint(unsigned()).unwrap(), "2026-03-27T17:12:10Z")
}

/// The issuer's keys, without its status list.
fn keys() -> Materials {
    let document = did_document();
    Materials::new().with(document["id"].as_str().unwrap(), document.to_string().as_bytes(), Trust::Domain)
}

fn did_document() -> Value {
    did::document(&support::url().issuer_did(&"dgafp".parse().unwrap()), &[published()])
}

fn materials(revoked: &[u32]) -> Materials {
    status_list(revoked, |_| {})
}

/// The same, with a status list altered after it was signed.
fn status_list(revoked: &[u32], alter: impl Fn(&mut Value)) -> Materials {
    let mut list = signed_list(revoked);
    alter(&mut list);
    keys().with(list["id"].as_str().unwrap(), list.to_string().as_bytes(), Trust::Domain)
}

fn signed_list(revoked: &[u32]) -> Value {
    let did = support::url().issuer_did(&"dgafp".parse().unwrap());
    let list = signed().pointer("/credentialStatus/statusListCredential").unwrap().as_str().unwrap().to_owned();
    let list =
        status_list::compose(&list, did.as_str(), &Bitstring::new(revoked), "2026-03-28T08:00:00Z".parse().unwrap());
    sign(&sceau::lint::lint_status_list(list).unwrap(), "2026-03-28T08:00:00Z")
}

fn verdict(document: &Value, materials: &Materials) -> Verdict {
    let now: sceau::time::Timestamp = "2026-03-28T09:00:00Z".parse().unwrap();
    prepare(document.to_string().as_bytes()).conclude(materials, now).verdict
}

/// A signed credential of a format, as it was once issued, and what is needed to verify it: files that never change.
fn golden(format: u32) -> (String, Materials) {
    let read = |file: &str| {
        let path = format!("{}/tests/golden/credential-v{format}{file}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
    };
    let supply = |materials: Materials, file| {
        let document: Value = serde_json::from_str(&read(file)).unwrap();
        materials.with(document["id"].as_str().unwrap(), read(file).as_bytes(), Trust::Domain)
    };
    (read(""), supply(supply(Materials::new(), ".did"), ".status-list"))
}

const FORMATS: [u32; 3] = [1, 2, 3];

#[test]
fn golden_credentials_of_every_format_verify_for_ever() {
    for format in FORMATS {
        let (text, materials) = golden(format);
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(verdict(&document, &materials), Verdict::Valid, "format {format}");
        let mut altered = document.clone();
        altered["credentialSubject"]["achievement"]["name"] = json!("Autre chose");
        assert_eq!(verdict(&altered, &materials), Verdict::Invalid, "format {format}");
    }
}

#[test]
fn what_is_composed_today_is_the_newest_golden_credential_byte_for_byte() {
    assert_eq!(signed().to_string(), golden(FORMATS[FORMATS.len() - 1]).0);
}

#[test]
fn every_format_says_the_same_to_people() {
    let [first, second, new] = FORMATS.map(|format| {
        let document = serde_json::from_str(&golden(format).0).unwrap();
        CredentialView::read(&document).unwrap()
    });
    assert_eq!(first, second);
    // Format 3 says how long it took the learner, which no format before it could.
    let effective = EffectiveDuration { duration: "PT3H10M".parse().unwrap(), basis: CountedBy::Credited };
    assert_eq!((new.effective, first.effective), (Some(effective), None));
    assert_eq!(CredentialView { effective: None, ..new.clone() }, first);
    assert_eq!(new.names(&PersonName::new("Zoé Lefèvre-Nguyễn").unwrap(), &SECRET), Some(true));
}

/// What was composed before an upgrade and not signed yet is linted and signed after it, in the form that it has.
#[test]
fn an_intent_of_any_format_can_still_be_signed() {
    for format in FORMATS {
        let (text, _) = golden(format);
        let mut intent: Value = serde_json::from_str(&text).unwrap();
        intent.as_object_mut().unwrap().shift_remove("proof");
        let linted = lint(intent).unwrap_or_else(|findings| panic!("format {format}: {findings:#?}"));
        assert_eq!(sign(&linted, "2026-03-27T17:12:10Z").to_string(), text, "format {format}");
    }
}

#[test]
fn formats_do_not_mix() {
    let (text, _) = golden(1);
    let old: Value = serde_json::from_str(&text).unwrap();
    let ours = sceau::lint::schema_of_issued_credentials();
    for pointer in ["/credentialSubject", "/credentialSubject/achievement", "/@context", "/@context/2"] {
        let mut mixed = signed();
        *mixed.pointer_mut(pointer).unwrap() = old.pointer(pointer).unwrap().clone();
        assert!(!ours.is_valid(&mixed), "{pointer}");
    }
    let mut mixed = old;
    mixed["refreshService"] = signed()["refreshService"].clone();
    assert!(!ours.is_valid(&mixed));
}

#[test]
fn the_official_schema_accepts_it_unsigned_and_signed() {
    let Some(path) = support::shared("vectors/1edtech/ob_v3p0_achievementcredential_schema.json") else { return };
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let official = jsonschema::options().should_validate_formats(true).build(&schema).unwrap();
    for document in [unsigned(), signed(), composed(&results::passed_certificate())] {
        let errors: Vec<_> = official.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
    }
    let mut wrong = unsigned();
    wrong["credentialSubject"]["achievement"]["criteria"] = json!("none");
    assert!(!official.is_valid(&wrong), "the judge can refuse");
}

#[test]
fn our_own_schema_accepts_both_and_nothing_that_it_does_not_name() {
    let ours = sceau::lint::schema_of_issued_credentials();
    assert!(ours.is_valid(&unsigned()) && ours.is_valid(&signed()));
    let places = [
        "",
        "/issuer",
        "/credentialSubject",
        "/credentialSubject/achievement",
        "/credentialSubject/achievement/alignment/0",
        "/credentialSubject/achievement/resultDescription/0",
        "/credentialSubject/identifier/1",
        "/credentialSubject/achievement/resultDescription/1",
        "/credentialSubject/result/0",
        "/credentialSubject/result/1",
        "/credentialStatus",
        "/refreshService",
    ];
    for pointer in places {
        let mut extended = unsigned();
        extended.pointer_mut(pointer).unwrap()["surplus"] = json!("x");
        assert!(!ours.is_valid(&extended), "{pointer}");
    }
}

#[test]
fn the_six_mentions_are_signed_for_people_and_for_machines() {
    let document = signed();
    let view = CredentialView::read(&document).unwrap();
    assert_eq!(view.title, "Les fondamentaux de la laïcité");
    assert_eq!(view.duration.unwrap().to_string(), "PT3H30M");
    assert_eq!(view.objectives.len(), 2);
    assert_eq!(view.competencies[0].code.as_deref(), Some("VAL-01"));
    assert_eq!(view.issuer.name, "Direction générale de l’administration et de la fonction publique");
    assert!(view.criteria.contains("activités attendues"));
    assert_eq!(view.description, "Comprendre le principe de laïcité et l’appliquer dans le service public.");
    let description = document.pointer("/credentialSubject/achievement/description").unwrap().as_str().unwrap();
    assert!(description.contains("3\u{a0}h\u{a0}30\u{a0}min") && description.contains("- Situer la laïcité"));
}

#[test]
fn the_learner_is_a_pseudonym_and_two_commitments() {
    let text = signed().to_string();
    assert!(!text.contains("Lefèvre") && !text.contains("zoe.lefevre"));
    let view = CredentialView::read(&signed()).unwrap();
    assert_eq!(view.names(&PersonName::new("Zoé Lefèvre-Nguyễn").unwrap(), &SECRET), Some(true));
    assert_eq!(view.names(&PersonName::new("Zoé Lefevre").unwrap(), &SECRET), Some(false));
    assert_eq!(view.names(&PersonName::new("Zoé Lefèvre-Nguyễn").unwrap(), &[0; 16]), Some(false));
}

#[test]
fn a_verifier_says_valid_revoked_expired_or_not_ours() {
    let document = signed();
    assert_eq!(verdict(&document, &materials(&[])), Verdict::Valid);
    assert_eq!(verdict(&document, &materials(&[INDEX])), Verdict::Revoked);
    assert_eq!(verdict(&document, &materials(&[INDEX + 1])), Verdict::Valid);
    let stranger = Materials::default();
    assert_eq!(verdict(&document, &stranger), Verdict::Unverifiable);
    assert_eq!(verdict(&document, &keys()), Verdict::Unverifiable, "no list");
    let altered_list =
        status_list(&[INDEX], |list| list["credentialSubject"]["encodedList"] = json!(Bitstring::new(&[]).encode()));
    assert_eq!(verdict(&document, &altered_list), Verdict::Unverifiable, "an unsigned change of the list");
    let early: sceau::time::Timestamp = "2026-03-01T00:00:00Z".parse().unwrap();
    let ahead = sign(&lint(unsigned()).unwrap(), "2026-02-28T00:00:00Z");
    let report = prepare(ahead.to_string().as_bytes()).conclude(&materials(&[]), early);
    assert_eq!(report.outcome(CheckCode::Validity), Some(Outcome::Fail));
    assert_eq!(report.verdict, Verdict::NotYetValid);
}

#[test]
fn every_change_of_a_signed_value_is_found_out() {
    let original = signed();
    let materials = materials(&[]);
    let mut leaves = Vec::new();
    collect(&original, String::new(), &mut leaves);
    assert!(leaves.len() > 40, "{}", leaves.len());
    for pointer in leaves {
        let mut tampered = original.clone();
        let value = tampered.pointer_mut(&pointer).unwrap();
        *value = match &*value {
            Value::String(text) => json!(format!("{text}x")),
            Value::Bool(value) => json!(!value),
            other => panic!("{pointer} is {other}"),
        };
        assert_ne!(verdict(&tampered, &materials), Verdict::Valid, "{pointer}");
    }
    for pointer in [
        "/credentialSubject/identifier",
        "/credentialSubject/result",
        "/credentialSubject/achievement/alignment",
        "/credentialStatus",
        "/refreshService",
    ] {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let mut tampered = original.clone();
        tampered.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        assert_eq!(verdict(&tampered, &materials), Verdict::Invalid, "{pointer} removed");
    }
    let mut extended = original.clone();
    extended["credentialSubject"]["achievement"]["mention"] = json!("très bien");
    assert_eq!(verdict(&extended, &materials), Verdict::Invalid, "a term that no context defines");
}

fn collect(value: &Value, at: String, leaves: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                collect(field, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), leaves);
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, item)| collect(item, format!("{at}/{i}"), leaves))
        }
        _ => leaves.push(at),
    }
}

/// The signature covers what names mean, not how they are spelt: a holder who could spell one otherwise would hide it from whoever
/// reads names.
#[test]
fn a_revocation_cannot_be_hidden_by_spelling_it_otherwise() {
    let revoked = materials(&[INDEX]);
    let original = signed();
    assert_eq!(verdict(&original, &revoked), Verdict::Revoked);
    const STATUS: &str = "https://www.w3.org/2018/credentials#credentialStatus";
    let moved = |to: &str| {
        let mut document = original.clone();
        let status = document.as_object_mut().unwrap().shift_remove("credentialStatus").unwrap();
        document[to] = status;
        document
    };
    let renamed = |context: Value| {
        let mut document = moved("cs");
        document["@context"].as_array_mut().unwrap().push(context);
        document
    };
    let mut included = original.clone();
    let status = included.as_object_mut().unwrap().shift_remove("credentialStatus").unwrap();
    included["@included"] = json!([{ "id": included["id"], "credentialStatus": status }]);
    for document in [
        moved(STATUS),
        renamed(json!({ "cs": { "@id": STATUS, "@type": "@id" } })),
        renamed(json!({ "cs": STATUS })),
        renamed(json!({ "@vocab": "https://www.w3.org/2018/credentials#credentialStatu" })),
        included,
    ] {
        assert_eq!(verdict(&document, &revoked), Verdict::Invalid, "{document}");
    }
}

#[test]
fn our_own_records_outweigh_what_a_copy_says_of_its_status() {
    let revocation = sceau::verify::Revocation {
        category: sceau::award::RevocationCategory::AwardedInError,
        at: "2026-03-28T08:30:00Z".parse().unwrap(),
        replaced_by: None,
    };
    let mut known = materials(&[]);
    let id = signed()["id"].as_str().unwrap().to_owned();
    known.insert_own(&id, OwnRecord { revocation: Some(revocation), signed: vec![] });
    assert_eq!(verdict(&signed(), &known), Verdict::Revoked);
}

#[test]
fn whoever_names_themselves_by_a_key_alone_is_not_vouched_for() {
    let did = key().public_key().to_did_key().unwrap();
    let mut document = unsigned();
    document["issuer"]["id"] = json!(did);
    document.as_object_mut().unwrap().shift_remove("credentialStatus");
    let method = key().public_key().did_key_method().unwrap();
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-03-27T17:12:10Z", &method);
    let signed = data_integrity::sign(&document, &options, &key()).unwrap();
    let now: sceau::time::Timestamp = "2026-03-28T09:00:00Z".parse().unwrap();
    let report = prepare(signed.to_string().as_bytes()).conclude(&Materials::default(), now);
    assert_eq!(report.outcome(CheckCode::Proof), Some(Outcome::Pass));
    assert_eq!(report.outcome(CheckCode::IssuerKey), Some(Outcome::Warn));
    assert_eq!(report.verdict, Verdict::Unverifiable);
}

#[test]
fn nothing_is_signed_that_a_rule_refuses() {
    let refused = |pointer: &str, value: Value| {
        let mut document = unsigned();
        *document.pointer_mut(pointer).unwrap() = value;
        let findings = lint(document).unwrap_err();
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(refused("/credentialStatus/statusListIndex", json!("7")).contains(&"ours.status-id"));
    assert!(refused("/awardedDate", json!("2027-01-01T00:00:00Z")).contains(&"ours.awarded-before-valid"));
    assert!(refused("/issuer/id", json!("did:web:other.example:issuers:dgafp")).contains(&"ours.issuer-at-home"));
    assert!(refused("/credentialSubject/result/0/value", json!("P1D")).contains(&"ours.schema"));
    let elsewhere = format!("https://other.example/achievements/{}", "0".repeat(64));
    assert!(refused("/credentialSubject/achievement/id", json!(elsewhere)).contains(&"ours.one-origin"));
}

/// The order of alignments is not signed, so a holder may change it: objectives are read by their numbers.
#[test]
fn objectives_and_competencies_are_told_apart_in_any_order() {
    let view = CredentialView::read(&signed()).unwrap();
    let mut shuffled = signed();
    shuffled["credentialSubject"]["achievement"]["alignment"].as_array_mut().unwrap().reverse();
    assert_eq!(verdict(&shuffled, &materials(&[])), Verdict::Valid);
    assert_eq!(CredentialView::read(&shuffled).unwrap(), view);
    assert_eq!((view.objectives.len(), view.competencies.len()), (2, 1));
}

/// What tests/golden/README.md says to run for a new format.
#[test]
#[ignore = "writes files that must never change"]
fn write_the_golden_credential() {
    let format = FORMATS[FORMATS.len() - 1];
    let write = |file: &str, text: String| {
        let path = format!("{}/tests/golden/credential-v{format}{file}.json", env!("CARGO_MANIFEST_DIR"));
        assert!(!std::path::Path::new(&path).exists(), "{path} is there already");
        std::fs::write(path, text).unwrap();
    };
    write("", signed().to_string());
    write(".did", did_document().to_string());
    write(".status-list", signed_list(&[]).to_string());
}
