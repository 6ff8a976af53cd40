//! Deliveries: repeats, rotation of secrets, and the forms of the Moodle plugins.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signer as _, SigningKey};
use sceau::store::DeliveryState;
use sceau::time::Clock as _;
use serde_json::json;

use crate::app::{ACTIVITIES, SESSION, TestApp, code, completion, text, written_password, written_secret, zoe};

crate::on_both_engines! {
    async fn a_repeated_delivery_is_answered_the_same_and_does_nothing(app: &TestApp) {
        let body = completion(zoe(), &ACTIVITIES).to_string();
        let first = app.signed("msg-1", body.as_bytes()).send().await.expect(202);
        app.work().await;
        let award = app.award("892").await;
        let facts = async || {
            let learner = app.service.store.learner_by_external(&code("mentor"), &"892".parse().unwrap()).await.unwrap().unwrap();
            app.service.store.ledger(&code(SESSION), learner.id).await.unwrap().evidence.len()
        };
        assert_eq!(facts().await, 3);

        app.clock.advance(3600);
        let again = app.signed("msg-1", body.as_bytes()).send().await.expect(202);
        assert_eq!(again.body, first.body);
        assert_eq!(app.work().await, 0, "nothing was queued");
        // The same facts under another id are known already.
        app.signed("msg-2", body.as_bytes()).send().await.expect(202);
        app.work().await;
        assert_eq!(facts().await, 3);
        assert_eq!(app.award("892").await, award);
    }

    async fn the_same_id_with_another_body_is_refused(app: &TestApp) {
        app.signed("msg-1", completion(zoe(), &ACTIVITIES[..1]).to_string().as_bytes()).send().await.expect(202);
        let other = completion(zoe(), &ACTIVITIES).to_string();
        app.signed("msg-1", other.as_bytes()).send().await.problem(409, "conflict").says("another body");
        app.work().await;
        assert_eq!(app.awards("892").await.len(), 0);
    }

    /// Both secrets hold while they rotate; afterwards only the new one.
    async fn a_secret_can_be_rotated_without_losing_a_delivery(app: &TestApp) {
        let path = "/api/v1/sources/mentor/secrets";
        app.put(path, &json!({ "secrets": [written_secret(8), written_secret(7)] })).await.expect(204);
        app.deliver(&completion(zoe(), &ACTIVITIES)).await;
        app.put(path, &json!({ "secrets": [written_secret(8)] })).await.expect(204);
        app.signed("late", b"{}").send().await.problem(401, "webhook-refused");
        app.work().await;
        app.call(Method::GET, path).bearer(&app.officer).send().await.problem(405, "method-not-allowed");
    }

    /// Two spellings in one delivery: the last one holds, and a delivery that waits is not taken up for its own change.
    async fn two_spellings_of_one_name_in_one_delivery_are_settled_once(app: &TestApp) {
        let record = |name: &str, session: &str| {
            let mut record = completion(json!({ "id": "892", "name": name }), &["video"])["record"].clone();
            record["session"] = json!(session);
            record
        };
        let records = [record("Zoe Lefevre", SESSION), record("Zoé Lefèvre", "autre"), record("Zoé LEFÈVRE", SESSION)];
        let delivery = app.deliver(&json!({ "version": 1, "records": records })).await;
        assert!(app.work().await < 20, "taken up, decided, and then left alone");
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Parked);
        let learner = app.read("/api/v1/learners/mentor/892").await.expect(200).json();
        assert_eq!(text(&learner, "/name"), "Zoé LEFÈVRE");
        app.service.store.replay_delivery(delivery, sceau::time::Clock::now(&*app.clock)).await.unwrap();
        assert!(app.work().await < 20);
        assert_eq!(app.count("select count(*) from learners").await, 1);
    }

    /// Course and module ids mean nothing until the source's configuration says what they stand for.
    async fn a_moodle_event_waits_for_its_module_to_be_mapped(app: &TestApp) {
        let source = |modules| json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "moodle-webhookengine",
            "courses": { "4": { "session": SESSION, "modules": modules } },
        });
        app.put("/api/v1/sources/mentor", &source(json!({ "11": "video", "12": "cas" }))).await.expect(200);
        let event = |module: u32| json!({
            "eventname": "\\core\\event\\course_module_completion_updated",
            "event": { "courseid": 4, "contextinstanceid": module, "userid": 2, "relateduserid": 892,
                "timecreated": 1_774_000_000, "other": { "completionstate": 1 } },
            "relateduser": { "id": 892, "firstname": "Zoé", "lastname": "Lefèvre" },
        });
        let mut last = None;
        for module in [11, 12, 13] {
            last = Some(app.deliver(&event(module)).await);
        }
        app.work().await;
        let record = app.delivery(last.unwrap()).await;
        assert_eq!(record.state, DeliveryState::Parked);
        assert!(record.reason.unwrap().contains("module 13 of course 4"));
        assert_eq!(app.awards("892").await.len(), 0);

        app.put("/api/v1/sources/mentor", &source(json!({ "11": "video", "12": "cas", "13": "bilan" }))).await.expect(200);
        app.work().await;
        assert_eq!(app.delivery_state(last.unwrap()).await, DeliveryState::Processed);
        let award = app.award("892").await;
        assert_eq!(award["state"], "issued");
        let page = app.page(text(&award, "/links/verification"), "fr").await;
        assert!(page.text().contains("Zoé Lefèvre"));
    }

    /// tool_trigger sends texts behind a token, and takes exactly 200 for success.
    async fn a_bearer_delivery_is_answered_200_and_counts_once(app: &TestApp) {
        let source = json!({
            "code": "declencheur", "issuer": "dgafp", "name": "Déclencheur", "form": "bearer",
            "courses": { "4": { "session": SESSION, "modules": { "11": "video", "12": "cas", "13": "bilan" } } },
        });
        app.put("/api/v1/sources/declencheur", &source).await.expect(201);
        let token = written_password(3);
        app.put("/api/v1/sources/declencheur/secrets", &json!({ "secrets": [token] })).await.expect(204);
        let post = |module: &str, bearer: &str| {
            let body = json!({
                "eventname": "\\core\\event\\course_module_completion_updated", "courseid": "4", "contextinstanceid": module,
                "relateduserid": "892", "timecreated": "1774000000", "completionstate": "1", "firstname": "Zoé", "lastname": "Lefèvre",
            });
            app.call(Method::POST, "/intake/declencheur").json(&body).bearer(bearer)
        };
        post("11", &written_password(4)).send().await.problem(401, "unauthenticated");
        post("11", &token).without("authorization").send().await.problem(401, "unauthenticated");
        let first = post("11", &token).send().await.expect(200);
        assert_eq!(post("11", &token).send().await.expect(200).body, first.body, "a repeat is the same delivery");
        for module in ["12", "13"] {
            post(module, &token).send().await.expect(200);
        }
        app.work().await;
        let awards = app.read("/api/v1/awards?source=declencheur&learner=892").await.expect(200).json();
        assert_eq!((awards["awards"].as_array().unwrap().len(), text(&awards, "/awards/0/state")), (1, "issued"));
    }

    /// Where the LMS signs with a key of its own, we hold nothing that could forge its webhooks.
    async fn a_source_may_sign_with_its_own_key(app: &TestApp) {
        let key = SigningKey::from_bytes(&[9; 32]);
        let public = format!("whpk_{}", STANDARD.encode(key.verifying_key().to_bytes()));
        let path = "/api/v1/sources/mentor/secrets";
        app.put(path, &json!({ "secrets": [written_secret(7), public] })).await.expect(204);
        let body = completion(zoe(), &ACTIVITIES).to_string();
        let message = format!("msg-1.{}.{body}", app.clock.now().as_unix_seconds());
        let signature = format!("v1a,{}", STANDARD.encode(key.sign(message.as_bytes()).to_bytes()));
        let sent = || app.signed("msg-1", body.as_bytes()).header("webhook-signature", &signature);
        sent().body(b"{}".to_vec()).send().await.problem(401, "webhook-refused");
        sent().send().await.expect(202);
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
        app.put(path, &json!({ "secrets": [written_secret(7)] })).await.expect(204);
        app.signed("msg-2", body.as_bytes()).header("webhook-signature", &signature).send().await.problem(401, "webhook-refused");
    }

    async fn a_source_takes_the_kind_of_secret_that_its_form_needs(app: &TestApp) {
        let put = async |secret: &str| app.put("/api/v1/sources/mentor/secrets", &json!({ "secrets": [secret] })).await;
        for bad in [written_password(1).as_str(), "whpk_AAAA", "whsec_c2hvcnQ=", "hunter2"] {
            put(bad).await.problem(422, "invalid").at("/secrets/0");
        }
        let site = |site: &str| json!({
            "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "bearer", "site": site,
        });
        app.put("/api/v1/sources/mentor", &site("https://lms.example/")).await.problem(422, "invalid").at("/site");
        app.put("/api/v1/sources/mentor", &site("https://lms.example")).await.expect(200);
        put(&written_secret(7)).await.problem(422, "invalid").at("/secrets/0");
        put(&written_password(1)).await.expect(204);
        // What was signed for the form before is no token of this one.
        app.signed("msg-1", b"{}").send().await.problem(401, "unauthenticated");
    }
}
