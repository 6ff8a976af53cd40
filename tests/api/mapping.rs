//! Connecting an LMS: trying a payload, what unknown ids may stand for, the mapping one by one and as a table, the source's health.

use std::future::Future;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sceau::audit::Action;
use sceau::http::Scope;
use sceau::ids::DeliveryId;
use sceau::store::{AuditFilter, DeliveryState};
use serde_json::{Value, json};

use crate::app::{ACTIVITIES, Reply, SESSION, TestApp, activity, completion, event, text, written_password, zoe};

/// The source `mentor` as one that carries Moodle's own ids.
async fn moodle(app: &TestApp, courses: Value) {
    let source = json!({
        "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "moodle-webhookengine", "courses": courses,
    });
    app.put("/api/v1/sources/mentor", &source).await.expect(200);
}

/// An activity of course 4 is done, as the plugin tells it.
fn done(module: u32) -> Value {
    json!({
        "eventname": "\\core\\event\\course_module_completion_updated",
        "event": { "courseid": 4, "contextinstanceid": module, "userid": 2, "relateduserid": 892,
            "timecreated": 1_774_000_000, "other": { "completionstate": 1 } },
        "relateduser": { "id": 892, "username": "zlefevre", "firstname": "Zoé", "lastname": "Lefèvre", "email": "zoe@example.fr" },
        "course": { "id": 4, "shortname": "LAI-2026", "fullname": "Les fondamentaux de la laicité" },
    })
}

async fn rehearse(app: &TestApp, body: &Value) -> Value {
    app.post("/api/v1/sources/mentor/test", body).await.expect(200).json()
}

async fn proposals(app: &TestApp, query: &str) -> Vec<Value> {
    let reply = app.read(&format!("/api/v1/sources/mentor/proposals{query}")).await.expect(200).json();
    reply["proposals"].as_array().unwrap().clone()
}

async fn put_table(app: &TestApp, table: &[u8]) -> Reply {
    let call = app.call(Method::PUT, "/api/v1/sources/mentor/mapping").bearer(&app.officer);
    call.header("content-type", "text/csv; charset=utf-8").body(table.to_vec()).send().await
}

async fn noted(app: &TestApp, action: Action) -> usize {
    let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
    app.service.store.audit_entries(&filter, 0, 100).await.unwrap().len()
}

crate::on_both_engines! {
    async fn a_payload_is_tried_and_nothing_is_kept(app: &TestApp) {
        let read = rehearse(app, &completion(zoe(), &ACTIVITIES)).await;
        assert_eq!((text(&read, "/outcome"), text(&read, "/records/0/session")), ("processed", SESSION));
        assert_eq!(read["records"][0]["learner"], json!({
            "is": "new", "identifiers": { "id": "8…", "email": "z…@agents.example" }, "named": true,
        }));
        assert_eq!(read["records"][0]["facts"].as_array().unwrap().len(), 3);
        assert!(!read.to_string().contains("Lefèvre"), "names are not repeated");

        let unknown = rehearse(app, &completion(json!({ "id": "892" }), &["video"])).await;
        assert_eq!((text(&unknown, "/outcome"), text(&unknown, "/records/0/learner/is")), ("parked", "unknown"));
        let mut elsewhere = completion(zoe(), &["video"]);
        elsewhere["record"]["session"] = json!("autre");
        let elsewhere = rehearse(app, &elsewhere).await;
        assert_eq!((text(&elsewhere, "/outcome"), &elsewhere["records"][0]["session_known"]), ("parked", &json!(false)));
        let bad = rehearse(app, &json!({ "version": 1, "record": {} })).await;
        assert!(text(&bad, "/reason").contains("session"), "{bad}");

        moodle(app, json!({ "4": { "session": SESSION, "modules": { "11": "video" } } })).await;
        let module = rehearse(app, &done(12)).await;
        assert_eq!(text(&module, "/unmapped/0/missing"), "module 12 of course 4");
        assert!(text(&module, "/reason").contains("no mapping"));
        assert_eq!(text(&rehearse(app, &done(11)).await, "/outcome"), "processed");
        let mut login = done(11);
        login["eventname"] = json!("\\core\\event\\user_loggedin");
        assert_eq!(text(&rehearse(app, &login).await, "/outcome"), "left_aside");

        for table in ["deliveries", "learners", "evidence", "jobs", "mapping_proposals"] {
            assert_eq!(app.count(&format!("select count(*) from {table}")).await, 0, "{table}");
        }
        let writer = app.token("dgafp", &[Scope::CatalogWrite]).await;
        app.call(Method::POST, "/api/v1/sources/mentor/test").bearer(&writer).json(&done(11)).send().await.expect(403);
    }

    /// A test whose result belongs to the learner alone is done, however it went.
    async fn a_trial_does_not_tell_how_a_self_assessment_went(app: &TestApp) {
        let mut training = json!(crate::support::training());
        training["units"][0]["activities"][2]["kind"] = json!("self_assessment");
        app.put("/api/v1/trainings/laicite", &training).await.expect(200);
        let fact = async |code: &str| {
            let mut evidence = activity(code, "failed", "2026-03-20T09:00:00+01:00");
            evidence["activity"]["score"] = json!(0.125);
            rehearse(app, &event(zoe(), vec![evidence])).await["records"][0]["facts"][0].clone()
        };
        let told = fact("bilan").await;
        assert_eq!(text(&told, "/activity/state"), "done");
        assert!(!told.to_string().contains("0.125"));
        assert_eq!(text(&fact("video").await, "/activity/state"), "failed");
        assert_eq!(text(&fact("inconnue").await, "/activity/state"), "done");
        assert!(fact("inconnue").await["ignored"].is_string());
        app.work().await;
    }

    async fn an_unknown_course_is_proposed_with_a_guess_and_accepting_it_frees_what_waits(app: &TestApp) {
        moodle(app, json!({})).await;
        let mut deliveries: Vec<DeliveryId> = Vec::new();
        for module in [11, 12, 13, 11] {
            deliveries.push(app.deliver(&done(module)).await);
        }
        app.work().await;
        let open = proposals(app, "").await;
        assert_eq!(open.len(), 3);
        let of = |module: &str| open.iter().find(|found| found["module"] == module).unwrap().clone();
        assert_eq!((of("11")["waiting"].as_u64(), of("12")["waiting"].as_u64()), (Some(2), Some(1)));
        assert_eq!(of("11")["course_names"], json!(["LAI-2026", "Les fondamentaux de la laicité"]));
        let guess = &of("11")["guess"];
        assert_eq!(guess["session"], json!({ "code": SESSION, "score": 94, "by": "title" }));
        assert_eq!(guess.get("activity"), None, "Moodle's events don't name the module");

        let accept = |module: &str| format!("/api/v1/sources/mentor/proposals/{}/accept", text(&of(module), "/id"));
        app.post(&accept("11"), &json!({ "session": "autre" })).await.problem(422, "invalid").at("/session");
        app.post(&accept("11"), &json!({ "activity": "autre" })).await.problem(422, "invalid").at("/activity");
        let reader = app.token("dgafp", &[Scope::CatalogRead]).await;
        app.call(Method::POST, &accept("11")).bearer(&reader).json(&json!({})).send().await.expect(403);

        // The session as guessed; what the module is, nobody can guess.
        let accepted = app.post(&accept("11"), &json!({ "activity": "video" })).await.expect(200).json();
        assert_eq!(accepted, json!({ "session": SESSION, "activity": "video" }));
        app.post(&accept("11"), &json!({ "activity": "video" })).await.problem(404, "not-found");
        app.work().await;
        assert_eq!(app.delivery_state(deliveries[0]).await, DeliveryState::Processed);
        assert_eq!(app.delivery_state(deliveries[3]).await, DeliveryState::Processed);
        assert_eq!(app.delivery_state(deliveries[1]).await, DeliveryState::Parked);
        app.post(&accept("12"), &json!({})).await.problem(422, "invalid").at("/activity");
        app.post(&accept("12"), &json!({ "activity": "cas" })).await.expect(200);

        // Mapped by another way, it is proposed no more.
        let course = json!({ "session": SESSION, "modules": { "11": "video", "12": "cas", "13": "bilan" } });
        app.put("/api/v1/sources/mentor/courses/4", &course).await.expect(200);
        assert_eq!(proposals(app, "").await, Vec::<Value>::new());
        app.work().await;
        assert_eq!(text(&app.award("892").await, "/state"), "issued");
        assert_eq!((noted(app, Action::MappingAccepted).await, noted(app, Action::MappingChanged).await), (2, 1));
    }

    async fn a_dismissed_proposal_stays_away_however_often_it_is_named(app: &TestApp) {
        moodle(app, json!({})).await;
        app.deliver(&done(11)).await;
        app.work().await;
        let path = format!("/api/v1/sources/mentor/proposals/{}", text(&proposals(app, "").await[0], "/id"));
        app.call(Method::DELETE, &path).bearer(&app.officer).send().await.expect(204);
        app.deliver(&done(11)).await;
        app.work().await;
        assert_eq!(proposals(app, "").await, Vec::<Value>::new());
        assert_eq!(proposals(app, "?state=dismissed").await[0]["waiting"], 2);
        assert_eq!(noted(app, Action::MappingDismissed).await, 1);
        app.call(Method::DELETE, &path.replace("mentor", "autre")).bearer(&app.officer).send().await.expect(404);
        app.read("/api/v1/sources/mentor/proposals?state=fermee").await.problem(400, "bad-request");
        app.read("/api/v1/sources/mentor/proposals?after=x").await.problem(400, "bad-request");
    }

    /// A site gave a course's id to another course: what came of the old one is not taken for the new one.
    async fn an_id_that_now_names_another_course_is_proposed_anew(app: &TestApp) {
        moodle(app, json!({ "4": { "session": SESSION, "named": "AUTRE-2025", "modules": { "11": "cas" } } })).await;
        let delivery = app.deliver(&done(11)).await;
        app.work().await;
        let proposal = proposals(app, "").await.remove(0);
        let path = format!("/api/v1/sources/mentor/proposals/{}/accept", text(&proposal, "/id"));
        app.put("/api/v1/sessions/laicite-2026-04", &json!({ "code": "laicite-2026-04", "training": "laicite" })).await.expect(201);
        app.post(&path, &json!({ "session": "laicite-2026-04", "activity": "video" })).await.expect(200);
        let course = app.read("/api/v1/sources/mentor/courses/4").await.expect(200).json();
        assert_eq!(course, json!({ "session": "laicite-2026-04", "named": "LAI-2026", "modules": { "11": "video" } }));
        app.work().await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Processed);
    }

    /// Statements name what they are about, so that the activity can be guessed too; content is known by an address of its own.
    async fn statements_are_tried_proposed_and_accepted_as_guessed(app: &TestApp) {
        let site = "https://lms.example";
        let source = json!({ "code": "lrs", "issuer": "dgafp", "name": "Mentor (xAPI)", "form": "xapi", "site": site });
        app.put("/api/v1/sources/lrs", &source).await.expect(201);
        app.put("/api/v1/sources/lrs/secrets", &json!({ "secrets": [written_password(5)] })).await.expect(204);
        let credentials = STANDARD.encode(format!("lrs:{}", written_password(5)));
        let statement = |id: &str, name: &str| json!({
            "actor": { "name": "Zoé Lefèvre", "account": { "homePage": site, "name": "892" } },
            "verb": { "id": "http://adlnet.gov/expapi/verbs/completed" },
            "object": { "id": id, "definition": { "name": { "fr": name } } },
            "timestamp": "2026-03-20T09:00:00Z",
            "context": { "contextActivities": { "grouping": [{ "id": format!("{site}/course/view.php?id=4"),
                "definition": { "name": { "fr": "Les Fondamentaux de la Laïcité" } } }] } },
        });
        let (video, content) = ("https://lms.example/mod/page/view.php?id=11", "https://contenu.example/cas");
        let statements = json!([
            statement(video, "Une histoire de la laicité"), statement(video, "Une histoire de la laicité"), statement(content, "CAS PRATIQUES"),
        ]);
        let tried = app.post("/api/v1/sources/lrs/test", &statements).await.expect(200).json();
        assert_eq!((text(&tried, "/outcome"), text(&tried, "/unmapped/2/activity")), ("parked", content));
        let call = app.call(Method::POST, "/xapi/lrs/statements").header("x-experience-api-version", "1.0.3");
        call.header("authorization", &format!("Basic {credentials}")).json(&statements).send().await.expect(200);
        app.work().await;

        let open = app.read("/api/v1/sources/lrs/proposals").await.expect(200).json();
        let open = open["proposals"].as_array().unwrap();
        assert_eq!(open.len(), 2);
        for (proposal, activity) in open.iter().map(|open| (open, if open["module"] == "11" { "video" } else { "cas" })) {
            let guess = json!({
                "session": { "code": SESSION, "score": 94, "by": "title" }, "others_alike": 0,
                "activity": { "code": activity, "score": 94, "by": "title" },
            });
            assert_eq!((&proposal["guess"], &proposal["waiting"]), (&guess, &json!(1)));
            let path = format!("/api/v1/sources/lrs/proposals/{}/accept", text(proposal, "/id"));
            let accepted = app.post(&path, &json!({})).await.expect(200).json();
            assert_eq!(accepted, json!({ "session": SESSION, "activity": activity }));
        }
        app.work().await;
        assert_eq!(app.count("select count(*) from deliveries where state <> 'processed'").await, 0);
        assert_eq!(app.count("select count(*) from evidence").await, 2);
    }

    async fn a_course_is_mapped_by_itself(app: &TestApp) {
        moodle(app, json!({ "5": { "session": SESSION } })).await;
        let path = "/api/v1/sources/mentor/courses/4";
        let course = json!({ "session": SESSION, "modules": { "11": "video" } });
        app.put(path, &course).await.expect(201);
        app.put(path, &course).await.expect(200);
        assert_eq!(app.read(path).await.expect(200).json(), course);
        assert!(app.read("/api/v1/sources/mentor").await.json()["courses"].get("5").is_some(), "the others stay");
        app.put(path, &json!({ "session": "autre" })).await.problem(422, "invalid").at("/session");
        let wrong = json!({ "session": SESSION, "modules": { "11": "autre" } });
        app.put(path, &wrong).await.problem(422, "invalid").at("/modules/11");
        app.put("/api/v1/sources/mentor/courses/a%20b", &course).await.problem(422, "invalid");
        app.call(Method::DELETE, path).bearer(&app.officer).send().await.expect(204);
        app.call(Method::DELETE, path).bearer(&app.officer).send().await.expect(404);
        app.read(path).await.problem(404, "not-found");
    }

    /// Two people at once: what one of them says is not undone by the other.
    async fn courses_mapped_at_once_are_all_kept(app: &TestApp) {
        moodle(app, json!({})).await;
        let course = json!({ "session": SESSION });
        let puts = (0..8).map(|number| {
            let (course, path) = (&course, format!("/api/v1/sources/mentor/courses/{number}"));
            async move { app.put(&path, course).await }
        });
        for reply in futures_join(puts).await {
            reply.expect(201);
        }
        assert_eq!(app.read("/api/v1/sources/mentor").await.json()["courses"].as_object().unwrap().len(), 8);
    }

    async fn a_table_is_taken_in_as_a_whole_or_not_at_all(app: &TestApp) {
        moodle(app, json!({ "5": { "session": SESSION, "modules": { "51": "cas" } } })).await;
        let mut last = None;
        for module in [11, 12, 13] {
            last = Some(app.deliver(&done(module)).await);
        }
        app.work().await;
        let wrong = format!("course;module;session;activity\n4;11;{SESSION};video\n4;12;;autre\n6;;autre;\n4;13;{SESSION};\n");
        let problem = put_table(app, wrong.as_bytes()).await.expect(422).json();
        assert_eq!(problem["errors"][0]["row"], 5, "{problem}");
        assert_eq!(app.read("/api/v1/sources/mentor").await.json()["courses"].as_object().unwrap().len(), 1);
        let wrong = wrong.replace(&format!("4;13;{SESSION};\n"), "");
        let problem = put_table(app, wrong.as_bytes()).await.expect(422).json();
        let rows: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|error| error["row"].as_u64().unwrap()).collect();
        assert_eq!(rows, [3, 4], "{problem}");

        // As a French spreadsheet saves it.
        let (mut table, text) = (Vec::new(), format!("Cours;Module;Session;Activité\r\n4;11;{SESSION};video\r\n4;12;;cas\r\n4;13;;bilan\r\n"));
        table.extend(text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()));
        let done = put_table(app, &table).await.expect(200).json();
        assert_eq!(done, json!({ "rows": 3, "created": 4, "changed": 0, "unchanged": 0 }));
        assert_eq!(put_table(app, &table).await.expect(200).json()["unchanged"], 3);
        app.work().await;
        assert_eq!(app.delivery_state(last.unwrap()).await, DeliveryState::Processed);
        assert_eq!(text_of_mapping(app).await.lines().count(), 7);
        put_table(app, b"PK\x03\x04").await.problem(422, "invalid");
        app.put("/api/v1/sources/mentor/mapping", &json!({})).await.problem(415, "media-type");
    }

    /// A clock that is off by days would award for what has not happened, and no later correction could prevail.
    async fn facts_from_the_future_are_refused_until_their_time_has_come(app: &TestApp) {
        let fact = |at: &str| event(zoe(), vec![activity("video", "completed", at)]);
        let hours = app.deliver(&fact("2026-03-28T17:00:00Z")).await;
        let days = app.deliver(&fact("2026-03-28T17:13:00Z")).await;
        app.work().await;
        assert_eq!(app.delivery_state(hours).await, DeliveryState::Processed);
        let record = app.delivery(days).await;
        assert_eq!(record.state, DeliveryState::Dead);
        let reason = record.reason.unwrap();
        assert!(reason.contains("2026-03-28T17:13:00Z") && reason.contains("clock"), "{reason}");

        app.clock.advance(3600);
        app.service.store.replay_delivery(days, sceau::time::Clock::now(&*app.clock)).await.unwrap();
        app.work().await;
        assert_eq!(app.delivery_state(days).await, DeliveryState::Processed);
    }

    async fn the_health_of_a_source_tells_what_waits_and_how_its_clock_goes(app: &TestApp) {
        let path = "/api/v1/sources/mentor/health";
        let none = app.read(path).await.expect(200).json();
        assert_eq!((&none["last_delivery"], none.get("clock")), (&Value::Null, None));
        // Reported two hours before it happened.
        app.deliver(&event(zoe(), vec![activity("video", "completed", "2026-03-27T19:12:09Z")])).await;
        app.deliver(&event(zoe(), vec![activity("cas", "completed", "2026-03-27T16:12:09Z")])).await;
        for session in ["autre", "autre", "encore-une-autre"] {
            let mut waits = completion(zoe(), &["video"]);
            waits["record"]["session"] = json!(session);
            app.deliver(&waits).await;
        }
        app.deliver(&json!({})).await;
        app.work().await;
        let health = app.read(path).await.expect(200).json();
        assert_eq!(health["deliveries"], json!({ "dead": 1, "parked": 3, "processed": 2 }));
        assert_eq!(text(&health, "/last_delivery"), "2026-03-27T17:12:09Z");
        assert_eq!(health["clock"]["verdict"], "ahead");
        assert_eq!((&health["clock"]["lead_seconds"], &health["clock"]["deliveries"]), (&json!(7200), &json!(2)));
        assert_eq!((&health["reasons"][0]["count"], text(&health, "/reasons/0/state")), (&json!(2), "parked"));
        assert!(text(&health, "/reasons/0/reason").contains("autre"));
    }
}

/// All of them at once, in this task.
async fn futures_join<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = all.map(|one| (Box::pin(one), None)).collect();
    std::future::poll_fn(|context| {
        for (one, reply) in waiting.iter_mut().filter(|(_, reply)| reply.is_none()) {
            if let std::task::Poll::Ready(done) = one.as_mut().poll(context) {
                *reply = Some(done);
            }
        }
        let all_there = waiting.iter().all(|(_, reply)| reply.is_some());
        if all_there { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    waiting.into_iter().filter_map(|(_, reply)| reply).collect()
}

async fn text_of_mapping(app: &TestApp) -> String {
    app.read("/api/v1/sources/mentor/mapping").await.expect(200).text().to_owned()
}
