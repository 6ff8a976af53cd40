//! Deliveries: repeats, rotation of secrets, and the Moodle plugin's own form.

use axum::http::Method;
use sceau::store::DeliveryState;
use serde_json::json;

use crate::app::{ACTIVITIES, SESSION, TestApp, code, completion, text, written_secret, zoe};

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
}
