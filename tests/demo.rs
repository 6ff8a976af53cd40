//! Runs the demo twice on the same data, as a newcomer would, and looks at what it wrote.
#![expect(clippy::unwrap_used, reason = "a test that cannot read the demo's output has failed")]

use std::collections::BTreeMap;
use std::path::Path;

use sceau::config::SystemClock;
use sceau::demo::{self, DemoOptions};
use sceau::seal::{self, TrustAnchor};
use sceau::text::Lang;
use sceau::time::Clock as _;
use serde_json::Value;

const FILES: [&str; 5] = ["attestation.pdf", "badge.png", "badge.svg", "credential.json", "credential.jwt"];
const AWARDS: [&str; 6] = [
    "documents-guichets-participation-hoa",
    "documents-libre-participation-zoe",
    "tensions-lyon-certificate-ines",
    "tensions-lyon-participation-ines",
    "tensions-lyon-participation-theo",
    "tensions-rennes-participation-aissatou",
];

/// How many of them the issuer with a seal issued.
const SEALED: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_newcomer_sees_the_whole_promise_and_may_run_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let options = |port, lang| DemoOptions {
        data: folder.path().join("data"),
        output: folder.path().join("output"),
        port,
        serve: false,
        lang,
    };
    demo::run(&options(Some(0), Lang::Fr)).await.unwrap();
    let first = output(&folder.path().join("output"));
    demo::run(&options(None, Lang::En)).await.unwrap();
    let second = output(&folder.path().join("output"));
    for award in AWARDS {
        for file in FILES {
            let path = format!("{award}/{file}");
            assert!(!first[&path].is_empty(), "{path}");
            assert!(first[&path] == second[&path], "{path} is another after the second run");
        }
    }
    let credentials =
        |files: &BTreeMap<String, Vec<u8>>| files.keys().filter(|path| path.ends_with("credential.json")).count();
    // Who is missing something, or had a completion withdrawn, has nothing.
    assert_eq!((credentials(&first), credentials(&second)), (AWARDS.len(), AWARDS.len()));

    let json = |files: &BTreeMap<String, Vec<u8>>, path: &str| serde_json::from_slice::<Value>(&files[path]).unwrap();
    for issuer in ["dinfo", "ecole-accueil"] {
        let document = json(&second, &format!("did-{issuer}.json"));
        assert!(document["id"].as_str().unwrap().ends_with(&format!(":issuers:{issuer}")));
        let keys = |files| json(files, &format!("did-{issuer}.json"))["verificationMethod"].as_array().unwrap().len();
        assert_eq!(keys(&first), keys(&second), "a second run makes no second key");
    }
    let anchors = TrustAnchor::from_pem(std::str::from_utf8(&first["seal-ca.pem"]).unwrap()).unwrap();
    assert!(first["seal-ca.pem"] == second["seal-ca.pem"], "a second run makes no second authority");
    let sealed = AWARDS.map(|award| {
        let found = seal::check(&first[&format!("{award}/attestation.pdf")], &anchors, SystemClock.now()).unwrap();
        found.map(|found| found.is_valid())
    });
    // One issuer seals, the other does not.
    assert_eq!(sealed.iter().filter(|sealed| **sealed == Some(true)).count(), SEALED, "{sealed:?}");
    assert_eq!(sealed.iter().filter(|sealed| sealed.is_none()).count(), AWARDS.len() - SEALED, "{sealed:?}");
    let urls = json(&second, "urls.json");
    for page in ["home", "criteria", "valid", "revoked", "unknown"] {
        assert!(urls[page].as_str().unwrap().starts_with("http://localhost:"), "{page}");
    }
    let revoked = |files: &BTreeMap<String, Vec<u8>>| {
        AWARDS.map(|award| is_revoked(&json(files, &format!("{award}/credential.json")), files))
    };
    assert_eq!(revoked(&first), [false, false, false, false, true, false]);
    assert_eq!(revoked(&second), revoked(&first));
}

#[tokio::test]
async fn a_folder_of_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("thesis.odt"), "years of work").unwrap();
    let options = DemoOptions {
        data: folder.path().into(),
        output: folder.path().join("output"),
        port: Some(0),
        serve: false,
        lang: Lang::En,
    };
    let refusal = demo::run(&options).await.unwrap_err().to_string();
    assert!(refusal.contains("--data"), "{refusal}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

fn is_revoked(credential: &Value, files: &BTreeMap<String, Vec<u8>>) -> bool {
    let urls: Value = serde_json::from_slice(&files["urls.json"]).unwrap();
    let status = &credential["credentialStatus"];
    let list = urls["status_lists"][status["statusListCredential"].as_str().unwrap()].as_str().unwrap();
    let list: Value = serde_json::from_slice(&files[list]).unwrap();
    let bits = list["credentialSubject"]["encodedList"].as_str().unwrap();
    let index = status["statusListIndex"].as_str().unwrap().parse().unwrap();
    sceau::status_list::Bitstring::decode(bits).unwrap().get(index).unwrap()
}

/// Every file under a folder, by its path there.
fn output(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(output(&path).into_iter().map(|(inner, content)| (format!("{name}/{inner}"), content)));
        } else {
            files.insert(name, std::fs::read(path).unwrap());
        }
    }
    files
}
