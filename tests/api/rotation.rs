//! Rotations and compromises: what the DID document says, what is made anew, what stays as it was.

use sceau::audit::Actor;
use sceau::award::BlockReason;
use sceau::ids::hex;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::jwt;
use sceau::proof::key::{KeyKind, Signer};
use sceau::reissue::{Swept, SweptOutcome};
use sceau::service::Compromise;
use sceau::store::{StoreError, Task};
use sceau::time::Clock as _;
use sceau::verify::{self, CheckCode, Materials, Reason, Report, Trust, Verdict};
use sceau::worker::{self, Turn};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::app::{ACTIVITIES, Reply, TestApp, code, completion, text, zoe};

/// A learner of the session.
fn learner(id: &str) -> Value {
    json!({ "id": id, "name": format!("Agent {id}") })
}

/// The signed credential of a learner's award, as it is now.
async fn credential(app: &TestApp, learner: &str) -> Reply {
    app.get(text(&app.award(learner).await, "/credential/id")).await.expect(200)
}

/// The key that signed a credential.
fn key_of(credential: &Reply) -> String {
    text(&credential.json(), "/proof/0/verificationMethod").to_owned()
}

async fn logged(app: &TestApp, credential: &Reply, key_id: &str) -> bool {
    app.service.store.signing_log_contains(&hex(&Sha256::digest(&credential.body)), key_id).await.unwrap()
}

async fn did_document(app: &TestApp) -> Value {
    app.get("/issuers/dgafp/did.json").await.expect(200).json()
}

/// The published keys by their DID URLs, and since when each is revoked.
fn keys_of(document: &Value) -> Vec<(String, Option<String>)> {
    let methods = document["verificationMethod"].as_array().unwrap().iter();
    let revoked = |method: &Value| method.get("revoked").map(|since| since.as_str().unwrap().to_owned());
    methods.map(|method| (text(method, "/id").to_owned(), revoked(method))).filter(|(id, _)| id.contains('#')).collect()
}

async fn compromise(app: &TestApp, key_id: &str) -> Compromise {
    let thumbprint = key_id.split_once('#').unwrap().1;
    app.service.compromise_key(&code("dgafp"), thumbprint).await.unwrap()
}

async fn sweep(app: &TestApp) -> Vec<Swept> {
    let mut told = Vec::new();
    app.service.reissue_compromised(&code("dgafp"), &Actor::System, |swept| told.push(swept.clone())).await.unwrap();
    told
}

/// The verdict of somebody who has what is published and nothing else.
async fn stranger(app: &TestApp, credential: &[u8]) -> Report {
    let mut materials = Materials::new();
    materials.supply(&app.get("/issuers/dgafp/did.json").await.expect(200).body, Trust::Domain).unwrap();
    let document: Value = serde_json::from_slice(credential).unwrap_or_default();
    if let Some(list) = document.pointer("/credentialStatus/statusListCredential").and_then(Value::as_str) {
        materials.supply(&app.get(list).await.expect(200).body, Trust::Domain).unwrap();
    }
    verify::prepare(credential).conclude(&materials, app.clock.now())
}

/// Why a check of a report came out as it did.
fn reason<'a>(report: &'a Value, code: &str) -> &'a str {
    let check = report["checks"].as_array().unwrap().iter().find(|check| check["code"] == code);
    check.and_then(|check| check["reason"].as_str()).unwrap_or_else(|| panic!("no {code} in {report}"))
}

/// What a thief signs with a stolen key: longer hours under the same id and under another, dated before the theft; the same as a
/// token; a credential without any status.
fn forgeries(original: &Reply, key_id: &str, thief: &dyn Signer) -> Vec<String> {
    let mut document = original.json();
    document.as_object_mut().unwrap().remove("proof");
    let longer: Value = serde_json::from_str(&document.to_string().replace("PT3H30M", "PT9H30M")).unwrap();
    let mut other = longer.clone();
    other["id"] = json!("https://sceau.example/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e");
    let mut statusless = other.clone();
    statusless.as_object_mut().unwrap().remove("credentialStatus");
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, text(&document, "/validFrom"), key_id);
    let prove = |document: &Value| data_integrity::sign(document, &options, thief).unwrap().to_string();
    let mut forged: Vec<_> = [&longer, &other, &statusless].map(prove).into();
    forged.push(jwt::sign(&longer, jwt::CREDENTIAL_TYPE, key_id, thief).unwrap());
    // Even the very content, signed once more: it is not what stands in the log.
    forged.push(jwt::sign(&document, jwt::CREDENTIAL_TYPE, key_id, thief).unwrap());
    forged
}

crate::on_both_engines! {
    /// Two rotations and one compromise: each credential keeps its key and its bytes, and only what the stolen key signed is made
    /// anew, with the same award date and the same pseudonym.
    async fn two_rotations_and_one_compromise(app: &TestApp) {
        let mut keys = vec![keys_of(&did_document(app).await)[0].0.clone()];
        app.complete(learner("1")).await;
        for learner_id in ["2", "3"] {
            app.clock.advance(30 * 24 * 3600);
            keys.push(app.add_key("dgafp").await);
            app.complete(learner(learner_id)).await;
        }
        app.clock.advance(3600);
        let [a, b, c] = [credential(app, "1").await, credential(app, "2").await, credential(app, "3").await];
        assert_eq!([key_of(&a), key_of(&b), key_of(&c)].as_slice(), keys);
        for (credential, key) in [(&a, 0), (&b, 1), (&c, 2)] {
            assert!(logged(app, credential, &keys[key]).await);
            assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
        }
        let published = keys_of(&did_document(app).await);
        assert_eq!(published, keys.iter().map(|key| (key.clone(), None)).collect::<Vec<_>>());

        let thief = app.service.keyring.key(&code("dgafp"), keys[1].split_once('#').unwrap().1).unwrap().unwrap();
        assert_eq!(compromise(app, &keys[1]).await, Compromise::Marked);
        assert_eq!(compromise(app, &keys[1]).await, Compromise::AlreadyMarked);
        assert_eq!(compromise(app, &format!("{}x", keys[1])).await, Compromise::NotFound);
        let document = did_document(app).await;
        let since = app.award("1").await["awarded"].as_str().map(|_| "2026-05-26T18:12:09Z".to_owned());
        assert_eq!(keys_of(&document), [(keys[0].clone(), None), (keys[1].clone(), since), (keys[2].clone(), None)]);
        let asserting = document["assertionMethod"].to_string();
        assert!(asserting.contains(&keys[0]) && asserting.contains(&keys[2]) && !asserting.contains(&keys[1]));
        // Until it is made anew, what tells our credential from a thief's is the log alone; strangers refuse both.
        let report = app.verify(&b.body).await;
        assert_eq!((&report["verdict"], reason(&report, "issuer_key")), (&json!("valid"), "key_revoked_but_logged"));
        let page = app.page(text(&app.award("2").await, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("journal des signatures"), "the page explains it");
        let of_stranger = stranger(app, &b.body).await;
        assert_eq!((of_stranger.verdict, of_stranger.reason(CheckCode::IssuerKey)), (Verdict::Invalid, Some(Reason::KeyRevoked)));
        for forged in forgeries(&b, &keys[1], &*thief) {
            let report = app.verify(forged.as_bytes()).await;
            assert_eq!((&report["verdict"], reason(&report, "issuer_key")), (&json!("invalid"), "key_revoked"), "{report}");
            assert_eq!(stranger(app, forged.as_bytes()).await.verdict, Verdict::Invalid);
        }
        for credential in [&a, &c] {
            assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
            assert_eq!(stranger(app, &credential.body).await.verdict, Verdict::Valid);
        }

        let before = app.award("2").await;
        let told = sweep(app).await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].award.to_string().as_str(), &told[0].outcome), (text(&before, "/id"), &SweptOutcome::Planned));
        assert_eq!(sweep(app).await[0].outcome, SweptOutcome::UnderWay, "planned once");
        app.work().await;
        assert_eq!(sweep(app).await, []);

        let after = app.award("2").await;
        assert_eq!((&after["credential"]["version"], &after["awarded"]), (&json!(2), &before["awarded"]));
        assert_eq!(after["links"], before["links"]);
        let anew = credential(app, "2").await;
        assert_eq!(key_of(&anew), keys[2]);
        let (old, new) = (b.json(), anew.json());
        assert_eq!(new["awardedDate"], old["awardedDate"]);
        assert_eq!(new["credentialSubject"]["id"], old["credentialSubject"]["id"]);
        assert_eq!(new["credentialSubject"]["achievement"], old["credentialSubject"]["achievement"]);
        assert!(text(&new, "/validFrom") > text(&old, "/validFrom"));
        let report = app.verify(&b.body).await;
        assert_eq!((&report["verdict"], &report["revocation"]["category"]), (&json!("revoked"), &json!("key_compromise")));
        assert_eq!(stranger(app, &b.body).await.verdict, Verdict::Invalid);
        let successor = app.get(text(&old, "/id")).await.expect(200);
        assert_eq!(successor.header("link"), format!("<{}>; rel=\"successor-version\"", text(&new, "/id")));
        assert_eq!(successor.body, b.body, "signed bytes never change");

        for (learner, credential) in [("1", &a), ("3", &c)] {
            assert_eq!(app.award(learner).await["credential"]["version"], 1);
            assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
        }
        assert_eq!(app.verify(&anew.body).await["verdict"], "valid");
        assert_eq!(stranger(app, &anew.body).await.verdict, Verdict::Valid);
        for forged in forgeries(&b, &keys[1], &*thief) {
            assert_eq!(app.verify(forged.as_bytes()).await["verdict"], "invalid");
        }
    }

    /// What a key signed is told to be revoked for as long as we keep it, though nobody else needs the key any more.
    async fn a_key_that_is_published_no_more_still_verifies_here(app: &TestApp) {
        app.complete(zoe()).await;
        let first = credential(app, "892").await;
        app.add_key("dgafp").await;
        app.reissue(&app.award("892").await).await;
        assert_eq!(keys_of(&did_document(app).await).len(), 2, "its status lists are about for a day");
        app.clock.advance(25 * 3600);
        assert_eq!(keys_of(&did_document(app).await).len(), 1);
        assert_eq!(app.verify(&first.body).await["verdict"], "revoked");
        assert_eq!(stranger(app, &first.body).await.verdict, Verdict::Invalid);
    }

    /// The key that signs is stolen: there is no moment without one, and nothing that it signed is shown as it was.
    async fn the_key_that_signs_is_compromised(app: &TestApp) {
        app.complete(zoe()).await;
        let first = credential(app, "892").await;
        let list = text(&first.json(), "/credentialStatus/statusListCredential").to_owned();
        let listed = key_of(&app.get(&list).await.expect(200));
        let stolen = key_of(&first);
        assert_eq!(listed, stolen);
        let thumbprint = stolen.split_once('#').unwrap().1;
        let jwk = app.get(&format!("/issuers/dgafp/keys/{thumbprint}")).await.expect(200);
        assert_eq!(jwk.header("content-type"), "application/jwk+json");
        assert_eq!(jwk.header("access-control-allow-origin"), "*");
        assert_eq!((&jwk.json()["alg"], &jwk.json()["use"]), (&json!("EdDSA"), &json!("sig")));
        assert!(jwk.json().get("d").is_none());

        let Compromise::Replaced(successor) = compromise(app, &stolen).await else { panic!("it signed") };
        assert!(app.service.keyring.key(&code("dgafp"), thumbprint).unwrap().is_none(), "its private half is gone");
        app.get(&format!("/issuers/dgafp/keys/{thumbprint}")).await.problem(410, "gone").says("compromised");
        app.get(&format!("/issuers/dgafp/keys/{}", successor.thumbprint)).await.expect(200);
        app.get("/issuers/dgafp/keys/unknown").await.problem(404, "not-found");
        app.get(&format!("/issuers/nobody/keys/{thumbprint}")).await.problem(404, "not-found");
        assert_eq!(key_of(&app.get(&list).await.expect(200)), successor.key_id, "the list is signed anew");

        // An officer revoked it at once: it is made anew all the same.
        let path = format!("{}/revoke", text(&first.json(), "/id").replace("/credentials/", "/api/v1/credentials/"));
        app.post(&path, &json!({ "category": "key_compromise" })).await.expect(200);
        assert_eq!(sweep(app).await[0].outcome, SweptOutcome::Planned);
        app.work().await;
        let second = credential(app, "892").await;
        assert_eq!(key_of(&second), successor.key_id);
        assert_eq!(app.verify(&second.body).await["verdict"], "valid");
        let page = app.page(text(&first.json(), "/id"), "fr").await.expect(200);
        assert!(page.text().contains("clé de signature compromise"), "{}", page.text());
    }

    /// What can't be made anew is told, and done by the next run; what was taken back stays taken back.
    async fn a_sweep_tells_what_it_leaves_out(app: &TestApp) {
        for id in ["1", "2"] {
            app.complete(learner(id)).await;
        }
        let stolen = key_of(&credential(app, "1").await);
        let revoked = credential(app, "2").await.json();
        let path = format!("{}/revoke", text(&revoked, "/id").replace("/credentials/", "/api/v1/credentials/"));
        app.post(&path, &json!({ "category": "evidence_withdrawn" })).await.expect(200);
        let Compromise::Replaced(successor) = compromise(app, &stolen).await else { panic!("it signed") };
        // This instance lost the new key before anything was signed with it.
        app.service.keyring.destroy(&code("dgafp"), &successor.thumbprint).unwrap();
        let [told] = <[_; 1]>::try_from(sweep(app).await).unwrap();
        assert_eq!(told.outcome, SweptOutcome::Blocked(vec![BlockReason::IssuerKeyMissing]));
        assert_eq!(told.session, code("laicite-2026-03"));
        app.add_key("dgafp").await;
        assert_eq!(sweep(app).await[0].outcome, SweptOutcome::Planned);
        app.work().await;
        assert_eq!(app.award("1").await["credential"]["version"], 2);
        assert_eq!(app.award("2").await["credential"]["version"], 1);
    }

    /// A re-issue under a new key is no correction: what is known of the learner meanwhile is for an officer to decide on.
    async fn what_is_made_anew_names_the_same_person(app: &TestApp) {
        app.complete(zoe()).await;
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Quelqu’un d’autre" })).await.expect(200);
        app.work().await;
        let stolen = key_of(&credential(app, "892").await);
        compromise(app, &stolen).await;
        sweep(app).await;
        app.work().await;
        let page = app.page(text(&app.award("892").await, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Zoé Lefèvre-Nguyễn") && page.text().contains("Nom vérifié"));
    }

    /// A key that signs no more does not go on signing what was planned before.
    async fn what_was_planned_is_signed_by_the_key_that_signs_now(app: &TestApp) {
        let old = keys_of(&did_document(app).await)[0].0.clone();
        app.deliver(&completion(zoe(), &ACTIVITIES)).await;
        // The delivery, then the decision; the credential is planned and not signed.
        for _ in 0..2 {
            assert_eq!(worker::turn(&app.service, "test").await.unwrap(), Turn::Worked);
        }
        let award = app.award("892").await;
        assert_eq!(award["state"], "issuing");
        let new = app.add_key("dgafp").await;
        // Its private half may even be gone.
        app.service.keyring.destroy(&code("dgafp"), old.split_once('#').unwrap().1).unwrap();
        app.work().await;
        let signed = credential(app, "892").await;
        assert_eq!(key_of(&signed), new);
        let record = app.service.store.credentials_of(text(&award, "/id").parse().unwrap()).await.unwrap().remove(0);
        assert_eq!(record.key_id, new);
        assert_eq!(app.verify(&signed.body).await["verdict"], "valid");
    }

    /// The same where the worker had signed already: nothing of it is stored, and the next try signs with the new key.
    async fn a_rotation_between_signing_and_storing_is_noticed(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES)).await;
        for _ in 0..2 {
            assert_eq!(worker::turn(&app.service, "test").await.unwrap(), Turn::Worked);
        }
        let store = &app.service.store;
        let now = app.clock.now();
        let job = store.claim_job("slow", now, 60).await.unwrap().unwrap();
        let Task::Issue { credential: id } = job.task else { panic!("{:?}", job.task) };
        let new = app.add_key("dgafp").await;
        let signatures = sceau::store::Signatures { document: "signed by the old key", token: None };
        assert_eq!(store.store_signed(&job, id, &signatures, now).await.unwrap(), sceau::store::Signed::KeyRetired);
        app.service.issue(&job, id).await.unwrap();
        assert_eq!(key_of(&credential(app, "892").await), new);
        assert_eq!(app.signatures("credential").await, 1);
    }

    /// Another kind of key is another matter.
    async fn a_rotation_is_of_one_kind(app: &TestApp) {
        let proof = keys_of(&did_document(app).await)[0].0.clone();
        for kind in [KeyKind::P256, KeyKind::P256] {
            app.add_key_of("dgafp", kind).await;
        }
        app.complete(zoe()).await;
        assert_eq!(key_of(&credential(app, "892").await), proof);
        app.clock.advance(25 * 3600);
        let keys = keys_of(&did_document(app).await);
        assert_eq!(keys.len(), 2, "a retired key that signed nothing is not published for ever");
    }

    /// Nothing that the database keeps secret opens with another data key: a start that would go on in silence is refused.
    async fn a_lost_data_key_is_noticed_at_the_start(app: &TestApp) {
        let refused = app.instance_without_keys().await.err().unwrap();
        assert!(
            matches!(refused, sceau::service::ServiceError::Store(StoreError::DataKeyMismatch)),
            "{refused}"
        );
        app.another_instance(|_| {}).await;
    }
}
