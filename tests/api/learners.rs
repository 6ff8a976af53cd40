//! What a learner is called, and who turned out to be one person or two.

use axum::http::Method;
use sceau::audit::Action;
use sceau::http::Scope;
use sceau::store::AuditFilter;
use sceau::time::Clock as _;
use serde_json::json;

use crate::app::{ACTIVITIES, TestApp, completion, text};
use crate::on_both_engines;

/// Two sources of one site, beside the one that tests start from.
async fn two_sources(app: &TestApp) {
    for name in ["events", "statements"] {
        let source = json!({
            "code": name, "issuer": "dgafp", "name": name, "form": "completion-event", "site": "https://lms.example"
        });
        app.put(&format!("/api/v1/sources/{name}"), &source).await.expect(201);
    }
}

on_both_engines! {
    async fn a_learner_is_read_with_everything_it_is_known_by(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoé Lefèvre", "email": "zoe.lefevre@example.fr" })).await;
        let learner = app.read("/api/v1/learners/mentor/892").await.expect(200).json();
        assert_eq!((text(&learner, "/name"), text(&learner, "/id")), ("Zoé Lefèvre", "892"));
        assert_eq!(learner["known_as"].as_array().unwrap().len(), 2);
        let same = app.read("/api/v1/learners/mentor/zoe.lefevre@example.fr").await.expect(200).json();
        assert_eq!(text(&same, "/id"), "892");
        app.read("/api/v1/learners/mentor/893").await.expect(404);
        let writer = app.token("dgafp", &[Scope::LearnersWrite]).await;
        app.call(Method::GET, "/api/v1/learners/mentor/892").bearer(&writer).send().await.expect(403);

        let shown = AuditFilter { action: Some(Action::NameShown), ..AuditFilter::default() };
        assert_eq!(app.service.store.audit_entries(&shown, 0, 10).await.unwrap().len(), 2, "each access to a name");
    }

    async fn two_learners_are_merged_and_parted_by_hand_with_a_reason(app: &TestApp) {
        app.deliver(&completion(json!({ "id": "1", "name": "Zoé Lefèvre" }), &["video", "cas"])).await;
        app.deliver(&completion(json!({ "id": "2", "name": "Z. Lefèvre" }), &["bilan"])).await;
        app.work().await;
        assert_eq!(app.awards("1").await.len() + app.awards("2").await.len(), 0);

        let merge = json!({ "also": "2", "reason": "Compte créé deux fois." });
        app.post("/api/v1/learners/mentor/1/merge", &merge).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.award("1").await, "/state"), "issued", "together they did all of it");
        assert_eq!(app.award("1").await, app.award("2").await);
        app.post("/api/v1/learners/mentor/1/merge", &merge).await.expect(409);

        let learner = app.read("/api/v1/learners/mentor/2").await.expect(200).json();
        assert_eq!((text(&learner, "/id"), text(&learner, "/name")), ("1", "Zoé Lefèvre"));
        let merged = learner["known_as"].as_array().unwrap().iter().find_map(|known| known.get("merged_from")).unwrap();
        let part = json!({ "merged_from": merged, "reason": "Deux personnes." });
        app.post("/api/v1/learners/mentor/1/part", &part).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.read("/api/v1/learners/mentor/2").await.expect(200).json(), "/name"), "Z. Lefèvre");
        assert_eq!(app.awards("1").await.len(), 1, "nothing is withdrawn by itself");
        assert_eq!(app.awards("2").await.len(), 0);

        for (path, body, pointer) in [
            ("merge", json!({ "also": "9", "reason": "x" }), "/also"),
            ("merge", json!({ "also": "2", "reason": " " }), "/reason"),
            ("part", part.clone(), "/merged_from"),
        ] {
            let problem = app.post(&format!("/api/v1/learners/mentor/1/{path}"), &body).await.expect(422).json();
            assert_eq!(text(&problem, "/errors/0/pointer"), pointer);
        }
    }

    async fn evidence_over_two_sources_and_three_names_is_one_award(app: &TestApp) {
        two_sources(app).await;
        // The second source knows the person by an address alone, which the first one names with the id.
        app.deliver_from("events", &completion(json!({ "id": "892", "email": "zoe@example.fr" }), &["video"])).await;
        app.deliver_from("statements", &completion(json!({ "id": "email:zoe@example.fr" }), &["cas"])).await;
        app.deliver_from("events", &completion(json!({ "id": "892", "name": "Zoé Lefèvre" }), &["bilan"])).await;
        app.work().await;
        let reply = app.read("/api/v1/awards?source=statements&learner=892").await.expect(200).json();
        assert_eq!(reply["awards"].as_array().unwrap().len(), 1);
        assert_eq!(text(&reply, "/awards/0/state"), "issued");
    }

    /// Only what an officer names is this learner's: the address that stays may be somebody else's by now.
    async fn a_corrected_name_takes_no_address_back(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoe Lefevre", "email": "accueil@example.fr" })).await;
        app.complete(json!({ "id": "893", "name": "Malik Haddad", "email": "accueil@example.fr" })).await;
        let correction = json!({ "name": "Zoé Lefèvre", "reason": "Accents." });
        app.post("/api/v1/learners/mentor/892/correct", &correction).await.expect(200);
        let found = app.read("/api/v1/learners/mentor/accueil@example.fr").await.expect(200).json();
        assert_eq!(text(&found, "/id"), "893");
        assert_eq!(text(&app.read("/api/v1/learners/mentor/892").await.expect(200).json(), "/email"), "accueil@example.fr");

        let correction = json!({ "name": "Zoé Lefèvre", "email": "zoe@example.fr", "reason": "Adresse." });
        app.post("/api/v1/learners/mentor/892/correct", &correction).await.expect(200);
        let found = app.read("/api/v1/learners/mentor/zoe@example.fr").await.expect(200).json();
        assert_eq!(text(&found, "/id"), "892");
        app.work().await;
    }

    async fn a_correction_made_twice_makes_each_award_anew_once(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoe Lefevre" })).await;
        let correction = json!({ "name": "Zoé Lefèvre", "reason": "Accents." });
        let correct = || app.post("/api/v1/learners/mentor/892/correct", &correction);
        assert_eq!(text(&correct().await.expect(200).json(), "/awards/0/outcome"), "reissued");
        assert_eq!(text(&correct().await.expect(200).json(), "/awards/0/outcome"), "already_right", "under way");
        app.work().await;
        assert_eq!(text(&correct().await.expect(200).json(), "/awards/0/outcome"), "already_right", "signed");
        app.work().await;
        assert_eq!(app.award("892").await["credential"]["version"], 2);
        let noted = AuditFilter { action: Some(Action::NameCorrected), ..AuditFilter::default() };
        assert_eq!(app.service.store.audit_entries(&noted, 0, 10).await.unwrap().len(), 3);
    }

    async fn a_correction_reaches_every_award_however_many_there_are(app: &TestApp) {
        let sessions: Vec<String> = (0..205).map(|number| format!("s{number}")).collect();
        let mut records = Vec::new();
        for code in &sessions {
            let session = serde_json::from_value(json!({ "code": code, "training": "laicite" })).unwrap();
            app.service.store.put_session(&session, app.clock.now()).await.unwrap();
            let mut record = completion(json!({ "id": "892", "email": "zoe@example.fr" }), &ACTIVITIES)["record"].take();
            record["session"] = json!(code);
            records.push(record);
        }
        app.deliver(&json!({ "version": 1, "records": records })).await;
        app.work().await;
        // No embedded font draws this name: the awards stay blocked, and nothing is signed for the test.
        let correction = json!({ "name": "ᏣᎳᎩ", "reason": "Nom." });
        let reply = app.post("/api/v1/learners/mentor/892/correct", &correction).await.expect(200).json();
        assert_eq!(reply["awards"].as_array().unwrap().len(), sessions.len());
        app.work().await;
    }

    async fn what_a_late_delivery_says_of_a_name_counts_no_more_once_it_was_corrected(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoé Lefevre" })).await;
        // This one waits for its session, and is taken up after the correction.
        let mut late = completion(json!({ "id": "892", "name": "Zoé Lefevre" }), &["video"]);
        late["record"]["session"] = json!("autre-session");
        app.deliver(&late).await;
        app.work().await;
        app.clock.advance(60);
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre" })).await.expect(200);
        app.clock.advance(60);
        let session = json!({ "code": "autre-session", "training": "laicite" });
        app.put("/api/v1/sessions/autre-session", &session).await.expect(201);
        app.work().await;
        let learner = app.read("/api/v1/learners/mentor/892").await.expect(200).json();
        assert_eq!(text(&learner, "/name"), "Zoé Lefèvre");
    }
}
