//! Every rule has a document that it accepts and one that it refuses, in `tests/lint/`: `{code}.pass.json` and `{code}.fail.json`.
//!
//! Each is a change of a base document, `tests/lint/base/{base}.json`: `set` puts values at JSON Pointers, `remove` takes members
//! away. The documents that come of it are written to `target/tmp/lint/`, so that one can look at them, or give them to `sceau lint`.

#![expect(clippy::unwrap_used, reason = "a test that cannot read its files has nothing to say")]

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use sceau::lint::{self, Severity, rules};
use serde::Deserialize;
use serde_json::{Value, json};

/// One of the files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    /// The document that is changed.
    base: String,
    /// What is put where, by JSON Pointer; `-` at its end appends to an array.
    #[serde(default)]
    set: BTreeMap<String, Value>,
    /// What is taken away.
    #[serde(default)]
    remove: Vec<String>,
    /// Other rules that can't but find the same document at fault.
    #[serde(default)]
    also: Vec<String>,
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lint"))
}

fn read<T: serde::de::DeserializeOwned>(file: &str) -> T {
    let path = folder().join(file);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn build(change: &Change) -> Value {
    let mut document: Value = read(&format!("base/{}.json", change.base));
    for pointer in &change.remove {
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let gone = document.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|it| it.shift_remove(name));
        assert!(gone.is_some(), "there is no {pointer} to remove");
    }
    for (pointer, value) in &change.set {
        let Some((parent, name)) = pointer.rsplit_once('/') else {
            document = value.clone();
            continue;
        };
        match document.pointer_mut(parent).unwrap_or_else(|| panic!("there is no {parent}")) {
            Value::Array(items) if name == "-" => items.push(value.clone()),
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value.clone(),
            Value::Object(fields) => drop(fields.insert(name.to_owned(), value.clone())),
            other => panic!("{parent} is {other}"),
        }
    }
    document
}

/// Everything that any rule finds, with our own rules where the document is one of ours.
fn codes(change: &Change, document: &Value) -> BTreeSet<String> {
    let found = lint::check_all(document, change.base.starts_with("issued"));
    found.into_iter().map(|finding| finding.code.to_owned()).collect()
}

fn case(code: &str, outcome: &str) -> (Change, Value) {
    let name = format!("{code}.{outcome}.json");
    let change: Change = read(&name);
    let document = build(&change);
    let out = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("lint");
    std::fs::create_dir_all(&out).unwrap();
    std::fs::write(out.join(name), format!("{document:#}\n")).unwrap();
    (change, document)
}

#[test]
fn every_rule_accepts_one_document_and_refuses_another() {
    let mut wrong = Vec::new();
    for rule in rules() {
        let (change, document) = case(rule.code, "pass");
        let found = codes(&change, &document);
        if !found.is_empty() {
            wrong.push(format!("{}.pass: {found:?}", rule.code));
        }
        let (change, document) = case(rule.code, "fail");
        let expected: BTreeSet<_> = change.also.iter().cloned().chain([rule.code.to_owned()]).collect();
        let found = codes(&change, &document);
        if found != expected {
            wrong.push(format!("{}.fail: expected {expected:?}, found {found:?}", rule.code));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_file_is_of_a_rule() {
    let expected: BTreeSet<_> =
        rules().flat_map(|rule| ["pass", "fail"].map(|it| format!("{}.{it}.json", rule.code))).collect();
    let names = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let found: BTreeSet<_> = names.filter(|name| name.ends_with(".json")).collect();
    assert_eq!(found, expected);
}

#[test]
fn every_rule_has_a_code_of_its_own_and_says_what_it_demands() {
    let codes: BTreeSet<_> = rules().map(|rule| rule.code).collect();
    assert_eq!(codes.len(), rules().count());
    for rule in rules() {
        let (standard, name) = rule.code.split_once('.').unwrap();
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        assert!(plain(standard) && plain(name), "{}", rule.code);
        assert!(rule.demand.ends_with('.') && !rule.section.is_empty(), "{}", rule.code);
        assert!(lint::rule(rule.code).is_some_and(|found| std::ptr::eq(found, rule)));
    }
}

#[test]
fn every_base_document_is_clean() {
    for entry in std::fs::read_dir(folder().join("base")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let document: Value = read(&format!("base/{name}"));
        assert_eq!(lint::check_all(&document, name.starts_with("issued")), [], "{name}");
    }
}

/// Whoever verifies strangers' documents judges them by their own data model, and knows errors from advice.
#[test]
fn a_credential_that_is_no_badge_is_judged_by_the_data_model_alone() {
    let credential: Value = read("base/credential.json");
    assert!(!lint::is_open_badge(&credential));
    assert_eq!(lint::check_any(&credential), []);
    let badge: Value = read("base/badge.json");
    assert!(lint::is_open_badge(&badge));
    for (document, expected) in [(&credential, vec![]), (&badge, vec!["obv3.issuer-is-profile"])] {
        let mut document = document.clone();
        document["issuer"] = json!("did:web:x.example");
        let found: Vec<_> = lint::check_any(&document).into_iter().map(|finding| finding.code).collect();
        assert_eq!(found, expected);
    }
    let mut terse = credential;
    terse["credentialSubject"] = json!({ "id": "did:example:subject" });
    assert_eq!(lint::check_any(&terse), []);
    assert_eq!(lint::warnings(&terse)[0].code, "vcdm.subject-claims");
    assert_eq!(lint::rule("vcdm.subject-claims").unwrap().severity, Severity::Warning);
}

#[test]
fn a_presentation_is_judged_as_one_even_where_it_does_not_say_so() {
    let presentation: Value = read("base/presentation.json");
    assert_eq!((lint::check_presentation(&presentation), lint::check_any(&presentation)), (vec![], vec![]));
    let credential: Value = read("base/credential.json");
    let found: Vec<_> = lint::check_presentation(&credential).into_iter().map(|finding| finding.code).collect();
    assert_eq!(found, ["vp.type"]);
}

#[test]
fn the_form_of_proofs_is_judged_apart() {
    let mut signed: Value = read("base/signed-badge.json");
    assert_eq!(lint::check_proofs(&signed), []);
    signed["proof"][0]["created"] = json!("yesterday");
    assert_eq!(lint::check_any(&signed), []);
    assert_eq!(lint::check_proofs(&signed)[0].pointer, "/proof/0/created");
}

#[test]
fn only_what_every_rule_accepts_can_be_signed() {
    let credential: Value = read("base/credential.json");
    assert!(lint::any(credential.clone()).is_ok(), "a credential of any kind");
    assert!(lint::any(read("base/credential-1.1.json")).is_ok());
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut document = credential.clone();
        change(&mut document);
        lint::any(document).unwrap_err().into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(refused(&|it| it["credentialSubject"]["invented"] = json!("x")), ["ours.every-term-expands"]);
    assert_eq!(refused(&|it| it["issuer"] = json!("nobody")), ["vcdm.issuer", "ours.every-term-expands"]);
    // What may be signed for others is no badge of ours.
    assert!(lint::lint(credential.clone()).unwrap_err().iter().any(|finding| finding.code == "ours.schema"));
    assert!(lint::lint_status_list(credential).is_err());
    assert!(lint::lint_status_list(read("base/status-list.json")).is_ok());
    assert!(lint::lint(read("base/issued.json")).is_ok());
}

/// The W3C's own signed documents: rules that found fault with them would misread the standards.
#[test]
fn the_test_vectors_of_the_w3c_are_clean() {
    let Some(vectors) = support::shared("vectors/w3c-vc-di-eddsa") else { return };
    let files = [
        "unsigned.json",
        "employmentAuth.json",
        "eddsa-rdfc-2022/signedDataInt.json",
        "eddsa-rdfc-2022/employ/signedDataInt.json",
        "eddsa-jcs-2022/signedJCS.json",
        "proof-set-chain/signedProofSet2.json",
        "proof-set-chain/signedProofChain2.json",
    ];
    for file in files {
        let document: Value = serde_json::from_str(&std::fs::read_to_string(vectors.join(file)).unwrap()).unwrap();
        assert_eq!(lint::check_all(&document, false), [], "{file}");
    }
}

/// Anything may come in by a public endpoint: no rule may stumble over it.
#[test]
fn rules_find_fault_with_nonsense_and_never_stumble() {
    let nonsense = [json!(null), json!([]), json!("x"), json!(1), json!({}), json!([{}]), json!({ "type": [[]] })];
    let bases = ["badge", "signed-badge", "presentation", "status-list", "credential-1.1", "issued"];
    for base in bases {
        let document: Value = read(&format!("base/{base}.json"));
        for name in document.as_object().unwrap().keys() {
            for value in &nonsense {
                let mut broken = document.clone();
                broken[name] = value.clone();
                lint::check_all(&broken, true);
                lint::check_presentation(&broken);
            }
        }
    }
    for value in &nonsense {
        assert!(!lint::check_any(value).is_empty(), "{value}");
        lint::check_all(value, true);
    }
}

/// `sceau lint`, as somebody types it.
fn command(arguments: &[&str]) -> (Option<i32>, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_sceau")).arg("lint").args(arguments).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_command_explains_what_it_finds() {
    let base = |name: &str| folder().join("base").join(name).to_str().unwrap().to_owned();
    let (status, said) = command(&[&base("signed-badge.json")]);
    assert_eq!((status, said.as_str()), (Some(0), "Open Badge: no errors, no warnings\n"));
    let (status, _) = command(&["--ours", &base("issued.json")]);
    assert_eq!(status, Some(0));

    let broken = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("broken.json");
    let mut document: Value = read("base/badge.json");
    document["credentialSubject"]["achievement"]["alignment"] = json!([{ "type": ["Alignment"], "targetName": "T" }]);
    std::fs::write(&broken, document.to_string()).unwrap();
    let (status, said) = command(&[broken.to_str().unwrap()]);
    assert_eq!(status, Some(1));
    for words in
        ["✗ obv3.alignment at /credentialSubject/achievement/alignment/0", "targetUrl", "Open Badges 3.0", "1 error"]
    {
        assert!(said.contains(words), "{words} in {said}");
    }
    let (status, said) = command(&["--json", broken.to_str().unwrap()]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (status, &said["clean"], &said["findings"][0]["code"]),
        (Some(1), &json!(false), &json!("obv3.alignment"))
    );

    let (status, said) = command(&["--rules"]);
    assert!(status == Some(0) && rules().all(|rule| said.contains(rule.code) && said.contains(rule.demand)));
    let (status, said) = command(&["--explain", "vcdm.issuer"]);
    assert!(status == Some(0) && said.contains("Verifiable Credentials Data Model 2.0, 4.7"), "{said}");
    for wrong in [&[][..], &["--explain", "no.such-rule"], &["/no/such/file"]] {
        let (status, said) = command(wrong);
        assert!(status != Some(0) && said.is_empty(), "{wrong:?}: {said}");
    }
}
