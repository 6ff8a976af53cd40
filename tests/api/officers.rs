//! What officers do: look at who would get what, change criteria while a session runs, decide by hand, work in bulk, close a session,
//! put a name right.

use axum::http::{Method, StatusCode};
use sceau::audit::Action;
use sceau::http::Scope;
use sceau::store::AuditFilter;
use serde_json::{Value, json};

use crate::app::{ACTIVITIES, Reply, SESSION, TestApp, completion, text};
use crate::on_both_engines;

/// Three learners: one did everything, one lacks an activity, one lacks two.
async fn cohort(app: &TestApp) {
    for (learner, done) in [("1", 3), ("2", 2), ("3", 1)] {
        let who = json!({ "id": learner, "name": format!("Agent {learner}") });
        app.deliver(&completion(who, &ACTIVITIES[..done])).await;
    }
    app.work().await;
}

fn path(rest: &str) -> String {
    format!("/api/v1/sessions/{SESSION}/{rest}")
}

/// Starts an operation and works until it is over or asks.
async fn operate(app: &TestApp, rest: &str, body: &Value) -> Value {
    let started = app.post(&path(rest), body).await.expect(202);
    let address = started.header("location").to_owned();
    app.work().await;
    app.read(&address).await.expect(200).json()
}

async fn rows(app: &TestApp, operation: &Value) -> Vec<(String, String)> {
    let reply = app.read(text(operation, "/links/rows")).await.expect(200).json();
    let rows = reply["rows"].as_array().expect("a list").clone();
    let mut rows: Vec<_> =
        rows.iter().map(|row| (text(row, "/learner/id").to_owned(), text(row, "/outcome").to_owned())).collect();
    rows.sort();
    rows
}

fn expected(rows: &[(&str, &str)]) -> Vec<(String, String)> {
    rows.iter().map(|(learner, outcome)| ((*learner).to_owned(), (*outcome).to_owned())).collect()
}

fn activity(code: &str) -> Value {
    json!({ "participation": { "rule": { "activity": { "code": code } } } })
}

on_both_engines! {
    async fn a_dry_run_tells_who_has_who_would_get_and_who_misses_what(app: &TestApp) {
        cohort(app).await;
        let awards = app.awards("1").await.len();
        let own = operate(app, "dry-run", &json!({})).await;
        assert_eq!((text(&own, "/state"), own["done"].as_u64(), own["learners"].as_u64()), ("done", Some(3), Some(3)));
        assert_eq!(rows(app, &own).await, expected(&[("1", "keeps"), ("2", "misses"), ("3", "misses")]));

        let other = operate(app, "dry-run", &json!({ "criteria": activity("cas") })).await;
        assert_eq!(rows(app, &other).await, expected(&[("1", "keeps"), ("2", "gains"), ("3", "misses")]));
        let missing = app.read(&format!("{}?outcome=misses", text(&other, "/links/rows"))).await.expect(200).json();
        assert!(text(&missing, "/rows/0/missing/fr/0").contains('«'), "{missing}");
        assert!(text(&missing, "/rows/0/missing/en/0").contains('“'), "{missing}");
        assert_eq!((app.awards("2").await.len(), app.awards("1").await.len()), (0, awards), "nothing was changed");

        let report = app.read(&format!("{}?lang=fr", text(&other, "/links/report"))).await.expect(200);
        assert!(report.text().starts_with('\u{feff}') && report.text().lines().count() == 4, "{}", report.text());
        let nonsense = app.post(&path("dry-run"), &json!({ "criteria": activity("nothing") })).await.expect(422).json();
        assert_eq!(text(&nonsense, "/errors/0/pointer"), "/criteria/participation/rule/activity/code");
    }

    async fn new_criteria_that_would_leave_awards_uncovered_ask_first(app: &TestApp) {
        cohort(app).await;
        // Fewer things to do: who lacked one gains.
        let easier = json!({ "criteria": activity("cas"), "reason": "Une activité est retirée." });
        let done = operate(app, "criteria", &easier).await;
        assert_eq!((text(&done, "/state"), done["outcomes"]["gains"].as_u64()), ("done", Some(1)));
        assert_eq!(text(&app.award("2").await, "/state"), "issued");

        // Another thing to do: one of two awards would be covered no more.
        let harder = json!({ "criteria": activity("bilan"), "reason": "Le bilan suffit." });
        let asked = operate(app, "criteria", &harder).await;
        assert_eq!(text(&asked, "/state"), "needs_confirmation");
        assert_eq!(rows(app, &asked).await, expected(&[("1", "keeps"), ("2", "keeps_though_unmet"), ("3", "misses")]));
        let session = app.read(&path("")[..path("").len() - 1]).await.expect(200).json();
        assert_eq!(text(&session, "/criteria/participation/rule/activity/code"), "cas", "nothing is changed yet");

        app.post(&format!("/api/v1/operations/{}/confirm", text(&asked, "/id")), &json!({})).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.award("2").await, "/state"), "issued", "never a silent withdrawal");
        let alerts = app.read("/api/v1/alerts").await.expect(200).json();
        assert_eq!(text(&alerts, "/alerts/0/learner/id"), "2");
        let (kind, award) = (text(&alerts, "/alerts/0/kind"), text(&alerts, "/alerts/0/award"));
        let settle = format!("/api/v1/alerts/{kind}/{award}/settle");
        app.post(&settle, &json!({ "reason": "" })).await.expect(422);
        app.post(&settle, &json!({ "reason": "Maintenue." })).await.expect(204);
        assert_eq!(app.read("/api/v1/alerts").await.json()["alerts"], json!([]));
        app.post(&settle, &json!({ "reason": "Encore." })).await.expect(404);
    }

    async fn whoever_replaces_a_session_whole_is_asked_too(app: &TestApp) {
        cohort(app).await;
        let address = format!("/api/v1/sessions/{SESSION}");
        let mut session = app.read(&address).await.expect(200).json();
        session["criteria"] = json!({ "participation": { "rule": { "time_spent": { "at_least": "PT90M", "basis": "measured" } } } });
        let refused = app.put(&address, &session).await.expect(409).json();
        assert!(text(&refused, "/detail").contains("orphans=keep"), "{refused}");
        let mut training = app.read("/api/v1/trainings/laicite").await.expect(200).json();
        training["criteria"] = session["criteria"].clone();
        app.put("/api/v1/trainings/laicite", &training).await.expect(409);
        app.put(&format!("{address}?orphans=perhaps"), &session).await.expect(400);
        app.put(&format!("{address}?orphans=keep"), &session).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.award("1").await, "/state"), "issued");
        assert_eq!(app.read("/api/v1/alerts").await.json()["alerts"].as_array().unwrap().len(), 1);
    }

    async fn of_two_officers_at_once_the_second_is_told(app: &TestApp) {
        let address = format!("/api/v1/sessions/{SESSION}");
        let read = app.read(&address).await.expect(200);
        let (tag, session) = (read.header("etag").to_owned(), read.json());
        let put = async |context: &str, tag: &str| {
            let mut changed = session.clone();
            changed["context"] = json!(context);
            app.call(Method::PUT, &address).bearer(&app.officer).header("if-match", tag).json(&changed).send().await
        };
        let first = put("Salle A", &tag).await.expect(200);
        let problem = put("Salle B", &tag).await.expect(412).json();
        assert_eq!(text(&problem, "/type"), "/problems#changed-meanwhile");
        put("Salle B", first.header("etag")).await.expect(200);
        put("Salle C", "W/\"x\"").await.expect(400);

        // The same for criteria that take long to look at: what was seen when they were asked for is what counts.
        cohort(app).await;
        let body = json!({ "criteria": activity("cas"), "reason": "a" });
        let started = app.post(&path("criteria"), &body).await.expect(202);
        let tag = app.read(&address).await.header("etag").to_owned();
        put("Salle D", &tag).await.expect(200);
        app.work().await;
        let failed = app.read(started.header("location")).await.json();
        assert_eq!(text(&failed, "/state"), "failed");
        assert!(text(&failed, "/problem").contains("somebody else"), "{failed}");
        assert_eq!(app.awards("2").await.len(), 0, "nothing was changed");
    }

    async fn an_officer_decides_instead_of_the_criteria(app: &TestApp) {
        cohort(app).await;
        let decide = async |learner: &str, verdict: &str| {
            let body = json!({ "kind": "participation", "verdict": verdict, "reason": "Panne de la plateforme, Mme Lefèvre." });
            let reply = app.post(&path(&format!("learners/{learner}/decision?source=mentor")), &body).await.expect(202);
            app.work().await;
            reply.json()
        };
        decide("2", "award").await;
        assert_eq!(text(&app.award("2").await, "/state"), "issued");
        decide("3", "refuse").await;
        app.deliver(&completion(json!({ "id": "3" }), &ACTIVITIES)).await;
        app.work().await;
        assert_eq!(app.awards("3").await.len(), 0, "met, and withheld");
        let dry_run = operate(app, "dry-run", &json!({})).await;
        assert_eq!(rows(app, &dry_run).await, expected(&[("1", "keeps"), ("2", "keeps"), ("3", "refused")]));
        decide("3", "automatic").await;
        assert_eq!(text(&app.award("3").await, "/state"), "issued", "the criteria have their say back");

        let told = decide("1", "refuse").await;
        assert_eq!(text(&told, "/award"), text(&app.award("1").await, "/id"), "it stands, and the answer says so");
        assert_eq!(app.award("1").await["credential"]["revoked"], Value::Null);
        let bad = json!({ "kind": "certificate", "verdict": "award", "reason": "x" });
        app.post(&path("learners/1/decision?source=mentor"), &bad).await.expect(422);
        let bad = json!({ "kind": "participation", "verdict": "award", "reason": "x" });
        app.post(&path("learners/9/decision?source=mentor"), &bad).await.expect(404);
        app.post(&path("learners/1/decision"), &bad).await.expect(400);

        // The reason is nowhere but in the audit trail's texts, outside the chain.
        let filter = AuditFilter { action: Some(Action::DecidedByHand), ..AuditFilter::default() };
        let entries = app.service.store.audit_entries(&filter, 0, 100).await.unwrap();
        assert_eq!(entries.len(), 4);
        assert!(entries.iter().all(|entry| entry.text.is_some() && !entry.sealed.document.contains("Lefèvre")));
        let credential = app.get(text(&app.award("2").await, "/links/credential")).await;
        assert!(!credential.text().contains("Panne"), "nothing of it is published");
    }

    async fn work_in_bulk_is_checked_before_and_reported_after(app: &TestApp) {
        cohort(app).await;
        let learner = |id: &str| json!({ "source": "mentor", "id": id });
        let bulk = |action: &str, learners: Value| {
            json!({ "action": action, "kind": "participation", "reason": "Décision du comité", "learners": learners })
        };
        let wrong = json!([learner("2"), learner("404"), learner("2"), { "source": "elsewhere", "id": "2" }]);
        let refused = app.post(&path("bulk"), &bulk("award", wrong)).await.expect(422).json();
        let pointers: Vec<_> =
            refused["errors"].as_array().unwrap().iter().map(|error| text(error, "/pointer").to_owned()).collect();
        assert_eq!(pointers, ["/learners/1", "/learners/2", "/learners/3"]);
        assert_eq!(app.awards("2").await.len(), 0, "nothing by halves");

        let awarded = operate(app, "bulk", &bulk("award", json!([learner("2"), learner("3")]))).await;
        assert_eq!((text(&awarded, "/state"), awarded["outcomes"]["decided"].as_u64()), ("done", Some(2)));
        assert_eq!((app.awards("2").await.len(), app.awards("3").await.len()), (1, 1));

        let mut revoke = bulk("revoke", json!([learner("1"), learner("3")]));
        app.post(&path("bulk"), &revoke).await.expect(422);
        revoke["category"] = json!("awarded_in_error");
        let revoked = operate(app, "bulk", &revoke).await;
        assert_eq!(rows(app, &revoked).await, expected(&[("1", "revoked"), ("3", "revoked")]));
        assert_eq!(text(&app.award("3").await, "/credential/revoked/category"), "awarded_in_error");
        let again = operate(app, "bulk", &revoke).await;
        assert_eq!(again["outcomes"]["already_revoked"].as_u64(), Some(2));

        // Whomever a report names.
        let dry_run = operate(app, "dry-run", &json!({})).await;
        let reported = json!({ "action": "refuse", "kind": "participation", "reason": "x",
            "reported": { "operation": dry_run["id"], "outcome": "keeps" } });
        assert_eq!(operate(app, "bulk", &reported).await["outcomes"]["decided"].as_u64(), dry_run["outcomes"]["keeps"].as_u64());
        app.post(&path("bulk"), &json!({ "action": "refuse", "kind": "participation", "reason": "x" })).await.expect(422);
    }

    async fn an_operation_can_be_stopped_and_goes_on_where_it_was(app: &TestApp) {
        cohort(app).await;
        let started = app.post(&path("dry-run"), &json!({})).await.expect(202);
        let address = started.header("location").to_owned();
        let steer = async |wish: &str| app.post(&format!("{address}/{wish}"), &json!({})).await;
        steer("pause").await.expect(200);
        app.work().await;
        let paused = app.read(&address).await.json();
        assert_eq!((text(&paused, "/state"), paused["done"].as_u64()), ("paused", Some(0)));
        steer("pause").await.expect(409);
        steer("confirm").await.expect(409);
        steer("fly").await.expect(404);
        steer("resume").await.expect(200);
        app.work().await;
        assert_eq!(text(&app.read(&address).await.json(), "/state"), "done");
        steer("cancel").await.expect(409);

        let other = app.post(&path("dry-run"), &json!({})).await.expect(202).header("location").to_owned();
        app.post(&format!("{other}/cancel"), &json!({})).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.read(&other).await.json(), "/state"), "cancelled");
        let listed = app.read("/api/v1/operations").await.expect(200).json();
        assert_eq!(listed["operations"].as_array().unwrap().len(), 2);

        let stranger = app.token("autre", &[Scope::SessionsOperate]).await;
        for path in [address.clone(), format!("{address}/rows"), format!("{address}/report.csv"), format!("{address}/events")] {
            app.call(Method::GET, &path).bearer(&stranger).send().await.expect(403);
        }
    }

    async fn progress_is_told_as_events(app: &TestApp) {
        cohort(app).await;
        let done = operate(app, "dry-run", &json!({})).await;
        let events: Reply = app.read(text(&done, "/links/events")).await.expect(200);
        assert_eq!(events.header("content-type"), "text/event-stream");
        let told = events.text();
        assert!(told.starts_with("event: end\nid: 3\n"), "{told}");
        let data = told.lines().find_map(|line| line.strip_prefix("data: ")).expect("data");
        assert_eq!(serde_json::from_str::<Value>(data).unwrap()["state"], "done");
    }

    async fn a_closed_session_awards_what_had_arrived_and_nothing_by_itself_after(app: &TestApp) {
        // Arrived before the closing, taken up after it.
        app.deliver(&completion(json!({ "id": "1", "name": "Agent 1" }), &ACTIVITIES)).await;
        app.clock.advance(10);
        let closed = app.post(&path("close"), &json!({ "reason": "Fin de session." })).await.expect(200).json();
        assert!(closed["closed"].is_string());
        app.post(&path("close"), &json!({ "reason": "Encore." })).await.expect(409);
        app.clock.advance(10);
        app.deliver(&completion(json!({ "id": "2", "name": "Agent 2" }), &ACTIVITIES)).await;
        app.work().await;
        assert_eq!(text(&app.award("1").await, "/state"), "issued");
        let late = app.award("2").await;
        assert_eq!((text(&late, "/state"), text(&late, "/reasons/codes/0/reason")), ("blocked", "session_closed"));
        assert!(text(&late, "/reasons/fr/0").contains("clôture"));

        // An officer's word counts, and corrections and revocations still work.
        let award = json!({ "kind": "participation", "verdict": "award", "reason": "Retard de transmission." });
        app.post(&path("learners/2/decision?source=mentor"), &award).await.expect(202);
        app.work().await;
        assert_eq!(text(&app.award("2").await, "/state"), "issued");
        app.deliver(&completion(json!({ "id": "3", "name": "Agent 3" }), &ACTIVITIES)).await;
        app.work().await;
        assert_eq!(text(&app.award("3").await, "/state"), "blocked");
        let status = app.read(&path("status")).await.expect(200).json();
        assert_eq!((status["learners"].as_u64(), status["awards"]["blocked"].as_u64()), (Some(3), Some(1)));

        app.post(&path("reopen"), &json!({ "reason": "Prolongation." })).await.expect(200);
        app.work().await;
        assert_eq!(text(&app.award("3").await, "/state"), "issued");
        app.post(&path("reopen"), &json!({ "reason": "Prolongation." })).await.expect(409);
    }

    async fn a_list_may_be_longer_than_other_requests(app: &TestApp) {
        let learners = vec![json!({ "source": "mentor", "id": "1" }); 50_001];
        let bulk = json!({ "kind": "participation", "action": "award", "reason": "Liste.", "learners": learners });
        assert!(bulk.to_string().len() > 1024 * 1024);
        app.post(&path("bulk"), &bulk).await.problem(422, "invalid").says("at most 50000 learners");
    }

    async fn a_name_is_put_right_on_every_award_at_once(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoe Lefevre" })).await;
        let before = app.award("892").await;
        let correction = json!({ "name": "Zoé Lefèvre", "reason": "Accents." });
        let reply = app.post("/api/v1/learners/mentor/892/correct", &correction).await.expect(200).json();
        assert_eq!(text(&reply, "/awards/0/outcome"), "reissued");
        app.work().await;
        let after = app.award("892").await;
        assert_eq!(after["credential"]["version"].as_u64(), Some(2));
        let page = app.page(text(&before, "/links/verification"), "fr").await;
        assert!(page.text().contains("Zoé Lefèvre"), "the printed code shows the right name");
        app.post("/api/v1/learners/mentor/892/correct", &json!({ "name": "Z", "reason": " " })).await.expect(422);
        let weak = app.token("dgafp", &[Scope::LearnersWrite]).await;
        let call = app.call(Method::POST, "/api/v1/learners/mentor/892/correct").bearer(&weak).json(&correction);
        assert_eq!(call.send().await.status, StatusCode::FORBIDDEN);
    }
}
