//! What officers do to awards: corrections, revocations, ended links, new keys.

use axum::http::Method;
use sceau::status_list::Bitstring;
use serde_json::{Value, json};

use crate::app::{TestApp, code, text, zoe};

/// Whether the bit of a credential is set in the status list that it names.
async fn is_revoked(app: &TestApp, credential: &Value) -> bool {
    let list = app.get(text(credential, "/credentialStatus/statusListCredential")).await.expect(200).json();
    let bits = Bitstring::decode(text(&list, "/credentialSubject/encodedList")).unwrap();
    bits.get(text(credential, "/credentialStatus/statusListIndex").parse().unwrap()).unwrap()
}

crate::on_both_engines! {
    /// A correction is a new version of the same award: another credential, of the same day and for the same pseudonym.
    async fn a_corrected_name_makes_a_second_version_that_the_first_leads_to(app: &TestApp) {
        app.complete(zoe()).await;
        let before = app.award("892").await;
        let first = app.get(text(&before, "/credential/id")).await.expect(200).json();
        app.clock.advance(90_000);
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre" })).await.expect(200);
        app.work().await;
        assert_eq!(app.award("892").await, before, "a new name changes nothing by itself");

        let planned = app.reissue(&before).await;
        let after = app.award("892").await;
        assert_eq!(after["credential"]["id"], planned["id"]);
        assert_eq!(after["credential"]["version"], 2);
        for kept in ["/id", "/awarded", "/links/verification", "/links/attestation"] {
            assert_eq!(text(&after, kept), text(&before, kept));
        }
        let second = app.get(text(&after, "/credential/id")).await.expect(200).json();
        assert_eq!(second["awardedDate"], first["awardedDate"]);
        assert_eq!(second["credentialSubject"]["id"], first["credentialSubject"]["id"]);
        assert!(text(&second, "/validFrom") > text(&first, "/validFrom"));
        assert_ne!(second["id"], first["id"]);
        assert_ne!(second["credentialStatus"]["statusListIndex"], first["credentialStatus"]["statusListIndex"]);
        let commitment = |credential: &Value| {
            let identifiers = credential["credentialSubject"]["identifier"].as_array().unwrap().clone();
            identifiers.into_iter().find(|it| it["identityType"] == "ext:CommittedName").unwrap()["identityHash"].clone()
        };
        assert_ne!(commitment(&second), commitment(&first));

        assert!(is_revoked(app, &first).await && !is_revoked(app, &second).await);
        assert_eq!(app.verify(first.to_string().as_bytes()).await["verdict"], "revoked");
        assert_eq!(app.verify(second.to_string().as_bytes()).await["verdict"], "valid");

        // The old address says so, to machines and to people; the printed code leads to the new version.
        let old = app.get(text(&first, "/id")).await.expect(200);
        assert_eq!(old.header("link"), format!("<{}>; rel=\"successor-version\"", text(&second, "/id")));
        assert_eq!(app.get(text(&second, "/id")).await.header("link"), "");
        let page = app.page(text(&first, "/id"), "fr").await.expect(200);
        assert!(page.text().contains("Attestation révoquée") && page.text().contains("informations corrigées"));
        assert!(page.text().replace("&#x2f;", "/").contains(&format!("href=\"{}\"", text(&second, "/id"))));
        let page = app.page(text(&before, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Attestation authentique") && page.text().contains("Zoé Lefèvre<"));
        assert!(!page.text().contains("Nguyễn"));
    }

    /// What a wallet asks for by the `refreshService` of any version: the newest one, signed, as a document.
    async fn a_wallet_finds_the_newest_version_from_any(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let first = app.get(text(&award, "/credential/id")).await.expect(200);
        let refresh = text(&first.json(), "/refreshService/id").to_owned();
        assert_eq!(first.json()["refreshService"]["type"], "1EdTechCredentialRefresh");
        assert_eq!(refresh, format!("{}/current", text(&award, "/credential/id")));
        let current = app.get(&refresh).await.expect(200);
        assert_eq!(current.body, first.body);
        assert_eq!(current.header("content-type"), "application/vc");
        assert_eq!(current.header("access-control-allow-origin"), "*");
        assert_eq!(current.header("content-location"), text(&award, "/credential/id"));

        // While a correction waits to be signed, the signed one is the newest.
        let path = format!("/api/v1/awards/{}/reissue", text(&award, "/id"));
        let planned = app.post(&path, &json!({})).await.expect(202).json();
        assert_eq!(app.get(&refresh).await.expect(200).body, first.body);
        app.get(&format!("{}/current", text(&planned, "/id"))).await.problem(404, "not-found");
        app.work().await;

        let second = app.get(text(&planned, "/id")).await.expect(200);
        let replaced = app.page(&refresh, "fr").await.expect(200);
        assert_eq!(replaced.body, second.body, "a browser too gets the document");
        assert_eq!(app.get(text(&second.json(), "/refreshService/id")).await.expect(200).body, second.body);
        assert!(!app.get(text(&first.json(), "/id")).await.header("link").is_empty());
        assert_eq!(app.verify(&replaced.body).await["verdict"], "valid");
        for unknown in ["/credentials/x/current", "/credentials/00000000-0000-4000-8000-000000000000/current"] {
            app.get(unknown).await.problem(404, "not-found");
        }
    }

    async fn a_correction_within_the_same_second_is_still_the_newer_one(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        app.reissue(&award).await;
        app.reissue(&award).await;
        let third = app.award("892").await;
        assert_eq!(third["credential"]["version"], 3);
        assert!(text(&third, "/credential/valid_from") > text(&award, "/credential/valid_from"));
        let first = app.get(text(&award, "/credential/id")).await;
        assert!(!first.header("link").is_empty());
    }

    async fn an_award_without_a_name_can_not_be_corrected(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        app.put("/api/v1/learners/mentor/892", &json!({})).await.expect(200);
        let path = format!("/api/v1/awards/{}/reissue", text(&award, "/id"));
        let reply = app.call(Method::POST, &path).bearer(&app.officer).send().await;
        reply.problem(409, "conflict").says("name is not known");
        assert_eq!(app.award("892").await["credential"], award["credential"]);
    }

    async fn a_blocked_award_can_not_be_corrected(app: &TestApp) {
        app.complete(json!({ "id": "892", "email": "zoe@agents.example" })).await;
        let path = format!("/api/v1/awards/{}/reissue", text(&app.award("892").await, "/id"));
        app.call(Method::POST, &path).bearer(&app.officer).send().await.problem(409, "not-issued-yet");
    }

    async fn a_revocation_shows_at_once_and_its_internal_text_nowhere(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.expect(200).json();
        assert!(!is_revoked(app, &credential).await);

        let path = format!("{}/revoke", text(&award, "/credential/id").replace("/credentials/", "/api/v1/credentials/"));
        let why = json!({ "category": "awarded_in_error", "internal_text": "dossier 4711, vu avec Mme Martin" });
        let revoked = app.post(&path, &why).await.expect(200).json();
        assert_eq!(revoked["revoked"], json!({ "at": "2026-03-27T17:12:09Z", "category": "awarded_in_error" }));

        assert!(is_revoked(app, &credential).await);
        let report = app.verify(credential.to_string().as_bytes()).await;
        assert_eq!((&report["verdict"], &report["revocation"]["category"]), (&json!("revoked"), &json!("awarded_in_error")));
        let french = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        assert!(french.text().contains("Attestation révoquée") && french.text().contains("attribution par erreur"));
        let english = app.page(text(&award, "/credential/id"), "en").await.expect(200);
        assert!(english.text().contains("awarded by mistake"));
        let after = app.award("892").await;
        assert_eq!(after["credential"]["revoked"]["category"], "awarded_in_error");
        for shown in [revoked.to_string(), report.to_string(), french.text().into(), english.text().into(), after.to_string()] {
            assert!(!shown.contains("4711"), "{shown}");
        }

        // Once revoked, another reason changes nothing.
        app.clock.advance(60);
        let again = app.post(&path, &json!({ "category": "key_compromise" })).await.expect(200).json();
        assert_eq!(again, revoked);
        // The signed bytes stay where they were.
        assert_eq!(app.get(text(&award, "/credential/id")).await.expect(200).json(), credential);
    }

    /// An officer revoked; the correction that follows is in force, and the first keeps its reason.
    async fn a_revoked_award_can_be_corrected(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let path = format!("{}/revoke", text(&award, "/credential/id").replace("/credentials/", "/api/v1/credentials/"));
        app.post(&path, &json!({ "category": "details_corrected" })).await.expect(200);
        app.reissue(&award).await;
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Attestation authentique"));
        assert!(!app.get(text(&award, "/credential/id")).await.header("link").is_empty());
    }

    /// What an officer took back stays taken back, whoever asks for a correction, before or after.
    async fn a_correction_never_undoes_a_revocation(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let revoke = format!("{}/revoke", text(&award, "/credential/id").replace("/credentials/", "/api/v1/credentials/"));
        let reissue = format!("/api/v1/awards/{}/reissue", text(&award, "/id"));
        let why = json!({ "category": "awarded_in_error" });
        app.post(&reissue, &json!({})).await.expect(202);
        app.post(&revoke, &why).await.problem(409, "conflict");
        app.work().await;
        let award = app.award("892").await;
        let revoke = format!("{}/revoke", text(&award, "/credential/id").replace("/credentials/", "/api/v1/credentials/"));
        app.post(&revoke, &why).await.expect(200);
        app.post(&reissue, &json!({})).await.problem(409, "conflict");
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Attestation révoquée"));
    }

    async fn an_ended_printed_link_leads_nowhere_and_the_files_stay(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let path = format!("/api/v1/awards/{}/qr", text(&award, "/id"));
        for _ in 0..2 {
            app.call(Method::DELETE, &path).bearer(&app.officer).send().await.expect(204);
            app.get(text(&award, "/links/verification")).await.problem(404, "unknown-link");
        }
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(404);
        assert!(page.text().contains("Lien inconnu") && !page.text().contains("Zoé"));
        app.get(text(&award, "/links/credential")).await.expect(200);
        let credential = app.get(text(&award, "/credential/id")).await.expect(200);
        assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
    }

    /// What a retired key signed stays verifiable; what comes after is signed by the new one.
    async fn a_new_key_takes_over_and_the_old_one_still_verifies(app: &TestApp) {
        app.complete(zoe()).await;
        let old = app.get(text(&app.award("892").await, "/credential/id")).await.expect(200);
        app.clock.advance(3600);
        let new_key = app.add_key("dgafp").await;
        app.complete(json!({ "id": "893", "name": "Ada Martin" })).await;
        let new = app.get(text(&app.award("893").await, "/credential/id")).await.expect(200);
        let method = |reply: &crate::app::Reply| text(&reply.json(), "/proof/0/verificationMethod").to_owned();
        assert_eq!(method(&new), new_key);
        assert_ne!(method(&old), new_key);
        for credential in [&old, &new] {
            assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
        }
        let document = app.get("/issuers/dgafp/did.json").await.expect(200).json();
        assert_eq!(document["verificationMethod"].as_array().unwrap().len(), 4, "two keys, each under two names");
        assert_eq!(app.service.store.keys(&code("dgafp")).await.unwrap().len(), 2);
    }
}
