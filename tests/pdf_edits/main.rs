//! An attestation that was edited, in some sixty ways: none is ever called valid, neither by the instance that issued it nor by
//! any other, and each is given its reason. The same by other tools: `tests/judges/pdf_edits.py`.

#[path = "../support/app.rs"]
mod app;
mod edits;
#[path = "../support/engines.rs"]
mod engines;
mod pdf;
mod seals;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;

use app::{TestApp, text, zoe};
use sceau::http::report_document;
use sceau::time::Clock as _;
use sceau::verification::{SealTrust, prepare_any, prepare_trusting};
use sceau::verify::{Materials, Trust};
use serde_json::Value;

/// What a stranger says, with nothing but what is published.
struct Stranger {
    materials: Materials,
    now: sceau::time::Timestamp,
}

impl Stranger {
    fn report(&self, pdf: &[u8]) -> Value {
        report_document(&prepare_any(pdf).conclude(&self.materials, self.now))
    }

    fn report_trusting(&self, pdf: &[u8], trust: &SealTrust) -> Value {
        report_document(&prepare_trusting(pdf, trust).conclude(&self.materials, self.now))
    }
}

/// An attestation as it was issued, and a stranger to judge it.
async fn issued(app: &TestApp) -> (Vec<u8>, Stranger) {
    app.complete(zoe()).await;
    let award = app.award("892").await;
    let pdf = app.get(text(&award, "/links/attestation")).await.expect(200).body.to_vec();
    let credential = app.get(text(&award, "/credential/id")).await.expect(200).json();
    let list = app.get(text(&credential, "/credentialStatus/statusListCredential")).await.expect(200);
    let mut materials = Materials::new();
    for published in [app.get("/issuers/dgafp/did.json").await.expect(200), list] {
        materials.supply(&published.body, Trust::Domain).unwrap();
    }
    (pdf, Stranger { materials, now: app.clock.now() })
}

fn said(report: &Value) -> (&str, &str, &str) {
    let form = &report["checks"][0];
    (text(report, "/verdict"), text(form, "/outcome"), text(form, "/reason"))
}

#[tokio::test]
async fn what_was_issued_passes_here_and_elsewhere() {
    app::on_sqlite(|app| async move {
        let (pdf, stranger) = issued(&app).await;
        assert_eq!(said(&app.verify(&pdf).await), ("valid", "pass", "pdf_as_issued"));
        assert_eq!(said(&stranger.report(&pdf)), ("valid", "pass", "pdf_as_rendered"));
    })
    .await;
}

#[tokio::test]
async fn an_edited_attestation_never_passes_and_is_told_why() {
    app::on_sqlite(|app| async move {
        let (original, stranger) = issued(&app).await;
        let mut names = BTreeSet::new();
        let mut wrong = Vec::new();
        for edits::Edit { name, edit, reason } in edits::on_objects().into_iter().chain(edits::on_bytes()) {
            assert!(names.insert(name), "{name} stands twice");
            let edited = edit(&original);
            assert_ne!(edited, original, "{name}");
            let here = app.verify(&edited).await;
            let elsewhere = stranger.report(&edited);
            for report in [&here, &elsewhere] {
                let (verdict, outcome, given) = said(report);
                assert!(verdict != "valid" && outcome != "pass", "{name}: {report:#}");
                // Refused or refuted is invalid; what is left open is neither that nor valid.
                let expected = if outcome == "fail" { "invalid" } else { "unverifiable" };
                if (verdict, given) != (expected, reason) {
                    wrong.push(format!(
                        "{name}: {verdict} {given}, not {expected} {reason}: {}",
                        report["checks"][0]["detail"]
                    ));
                }
                assert!(!report.to_string().contains("Nguyễn"), "{name}: no name is repeated");
                // What was signed is shown beside pages that show something else.
                let refused =
                    given.starts_with("pdf_") && !matches!(given, "pdf_damaged" | "pdf_encrypted" | "pdf_active");
                assert_eq!(report["credential"].is_object(), refused, "{name}: {report:#}");
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(names.len() >= 60, "{}", names.len());
    })
    .await;
}

/// The credential of one person in the pages of another: each part is genuine.
#[tokio::test]
async fn pages_of_another_award_contradict_the_credential() {
    app::on_sqlite(|app| async move {
        let (_, stranger) = issued(&app).await;
        app.complete(serde_json::json!({ "id": "893", "name": "Noé Autre", "email": "noe@agents.example" })).await;
        let award = app.award("893").await;
        let mut theirs = pdf::Pdf::open(&app.get(text(&award, "/links/attestation")).await.expect(200).body);
        let credential = app.get(text(&app.award("892").await, "/links/credential")).await.expect(200);
        let embedded = |object: &&mut lopdf::Object| {
            object.as_stream().is_ok_and(|stream| stream.dict.has_type(b"EmbeddedFile") || stream.dict.has(b"Params"))
        };
        let file = theirs.0.objects.values_mut().find(embedded).and_then(|object| object.as_stream_mut().ok()).unwrap();
        file.set_plain_content(credential.body.to_vec());
        let edited = theirs.bytes();
        for report in [app.verify(&edited).await, stranger.report(&edited)] {
            assert_eq!(said(&report), ("invalid", "fail", "pdf_other_name"), "{report:#}");
            assert_eq!(report["checks"][2]["reason"], "signature_valid");
        }
    })
    .await;
}

/// Any bit of the file.
#[tokio::test]
async fn no_changed_bit_passes() {
    app::on_sqlite(|app| async move {
        let (original, stranger) = issued(&app).await;
        for at in (0..original.len()).step_by(original.len() / 120) {
            let mut changed = original.clone();
            changed[at] ^= 1 << (at % 8);
            let report = stranger.report(&changed);
            assert!(said(&report).0 != "valid" && said(&report).1 != "pass", "bit of byte {at}: {report:#}");
        }
    })
    .await;
}

/// What a manager reads, in both languages: that the pages were altered, in what, and what was signed.
#[tokio::test]
async fn the_page_tells_what_differs_and_shows_what_was_signed() {
    app::on_sqlite(|app| async move {
        let (original, _) = issued(&app).await;
        let of = |name: &str| {
            let edit = edits::on_objects().into_iter().find(|edit| edit.name == name).unwrap();
            (edit.edit)(&original)
        };
        let cases = [
            (
                of("another_duration"),
                "fr",
                ["PDF modifié", "une autre durée", "Voici ce qui a été signé", "3 h 30 min"],
            ),
            (
                of("another_title"),
                "en",
                ["PDF altered", "another training title", "This is what was signed", "Les fondamentaux de la laïcité"],
            ),
            (
                of("another_name"),
                "fr",
                ["PDF modifié", "un autre nom", "Voici ce qui a été signé", "Les fondamentaux de la laïcité"],
            ),
            (
                of("a_picture"),
                "fr",
                [
                    "Apparence du PDF non vérifiable",
                    "ce que Sceau n’y met pas",
                    "Comparez ces informations",
                    "3 h 30 min",
                ],
            ),
            (of("written_anew"), "en", ["PDF to be compared", "says what was signed", "line by line", "3 h 30 min"]),
            (
                of("a_script_on_opening"),
                "fr",
                ["Fichier refusé", "un programme ou une action automatique", "Que faire", "Demandez"],
            ),
            (original.clone(), "fr", ["Attestation authentique", "à l’octet près", "3 h 30 min", "laïcité"]),
        ];
        for (pdf, language, said) in cases {
            let mut body =
                b"--seam\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n".to_vec();
            body.extend_from_slice(&pdf);
            body.extend_from_slice(b"\r\n--seam--\r\n");
            let call = app
                .call(axum::http::Method::POST, "/verify")
                .header("accept", "text/html")
                .header("accept-language", language);
            let call = call.header("content-type", "multipart/form-data; boundary=seam").body(body);
            let page = call.send().await.expect(200).text().replace(['\u{a0}', '\u{202f}'], " ");
            for words in said {
                assert!(page.contains(words), "{words:?} is not on the page:\n{page}");
            }
            assert!(!page.contains("Nguyễn"));
        }
    })
    .await;
}
