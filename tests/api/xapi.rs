//! xAPI statements over HTTP, as the Moodle plugin logstore_xapi and cmi5 content send them: what they lead to, and what is refused.

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sceau::store::{DeliveryFilter, Page};
use serde_json::{Value, json};

use crate::app::{Call, SESSION, TestApp, code, text, written_password};

const SITE: &str = "https://lms.example/moodle";
const COMPLETED: &str = "http://adlnet.gov/expapi/verbs/completed";
const PASSED: &str = "http://adlnet.gov/expapi/verbs/passed";
const FAILED: &str = "http://adlnet.gov/expapi/verbs/failed";
const TERMINATED: &str = "http://adlnet.gov/expapi/verbs/terminated";
const VOIDED: &str = "http://adlnet.gov/expapi/verbs/voided";
const UNCOMPLETED: &str = "https://xapi.edlm/profiles/edlm-lms/concepts/verbs/uncompleted";

/// A source that speaks xAPI, with the modules and the content of the session.
async fn connect(app: &TestApp) {
    let source = json!({
        "code": "lrs", "issuer": "dgafp", "name": "Mentor (xAPI)", "form": "xapi", "site": SITE,
        "courses": { "4": { "session": SESSION, "modules": { "11": "video", "12": "cas", "13": "bilan" } } },
        "activities": {
            "https://contenu.example/laicite/video": { "session": SESSION, "activity": "video" },
            "https://contenu.example/laicite/cas": { "session": SESSION, "activity": "cas" },
            "https://contenu.example/laicite/bilan": { "session": SESSION, "activity": "bilan" },
        },
    });
    app.put("/api/v1/sources/lrs", &source).await.expect(201);
    app.put("/api/v1/sources/lrs/secrets", &json!({ "secrets": [written_password(5)] })).await.expect(204);
}

fn call<'a>(app: &'a TestApp, method: Method, query: &str) -> Call<'a> {
    let credentials = STANDARD.encode(format!("lrs:{}", written_password(5)));
    app.call(method, &format!("/xapi/lrs/statements{query}"))
        .header("authorization", &format!("Basic {credentials}"))
        .header("x-experience-api-version", "1.0.3")
}

async fn post(app: &TestApp, body: &Value) -> Vec<String> {
    let reply = call(app, Method::POST, "").json(body).send().await.expect(200);
    serde_json::from_slice(&reply.body).expect("a list of ids")
}

fn actor() -> Value {
    json!({ "name": "Zoé Lefèvre", "account": { "homePage": SITE, "name": "892" } })
}

/// What the plugin sends of a course module.
fn module(id: u32, result: Value, at: &str) -> Value {
    json!({
        "actor": actor(),
        "verb": { "id": COMPLETED, "display": { "en": "Completed" } },
        "object": { "id": format!("{SITE}/mod/book/view.php?id={id}"), "definition": { "name": { "fr": "Livre" } } },
        "result": result, "timestamp": at,
        "context": { "platform": "Moodle", "language": "fr", "contextActivities": {
            "parent": [{ "id": format!("{SITE}/course/view.php?id=4") }], "category": [{ "id": SITE }] } },
    })
}

/// What content says of itself.
fn of_content(verb: &str, activity: &str, result: Value, at: &str) -> Value {
    json!({
        "actor": actor(), "verb": { "id": verb }, "result": result, "timestamp": at,
        "object": { "objectType": "Activity", "id": format!("https://contenu.example/laicite/{activity}") },
        "context": { "registration": "ec531277-b57b-4c15-8d91-d292c5b2b8f7", "contextActivities": {
            "category": [{ "id": "https://w3id.org/xapi/cmi5/context/categories/cmi5" }] } },
    })
}

fn voiding(id: &str) -> Value {
    json!({ "actor": actor(), "verb": { "id": VOIDED }, "object": { "objectType": "StatementRef", "id": id },
        "timestamp": "2026-03-21T09:00:00Z" })
}

async fn awards(app: &TestApp) -> Vec<Value> {
    app.work().await;
    let reply = app.read("/api/v1/awards?source=lrs&learner=892").await.expect(200);
    reply.json()["awards"].as_array().expect("a list").clone()
}

async fn deliveries(app: &TestApp) -> usize {
    let filter = DeliveryFilter { source: Some(code("lrs")), state: None };
    app.service.store.deliveries(&filter, &Page { limit: 100, after: None }).await.expect("reads").items.len()
}

crate::on_both_engines! {
    async fn completions_of_modules_end_in_an_award_and_count_once(app: &TestApp) {
        connect(app).await;
        let done = json!({ "completion": true });
        let batch = json!([
            module(11, done.clone(), "2026-03-20T09:00:00.000Z"),
            module(12, json!({ "completion": true, "success": true, "score": { "raw": 50, "min": 0, "max": 100, "scaled": 0.0 } }),
                "2026-03-20T10:00:00.000Z"),
            module(13, done, "2026-03-20T11:00:00.000Z"),
        ]);
        let ids = post(app, &batch).await;
        assert_eq!((ids.len(), awards(app).await.len()), (3, 1));
        assert_eq!(text(&awards(app).await[0], "/state"), "issued");
        // Without ids of their own they get the same ones again, and nothing new is to be read.
        assert_eq!(post(app, &batch).await, ids);
        assert_eq!((deliveries(app).await, app.work().await), (1, 0));

        // Asked for by its id, a statement says nothing of how it went.
        let reply = call(app, Method::GET, &format!("?statementId={}", ids[1])).send().await.expect(200);
        let served = reply.json();
        assert_eq!((text(&served, "/id"), text(&served, "/version")), (ids[1].as_str(), "1.0.0"));
        assert_eq!(text(&served, "/authority/account/name"), "lrs");
        assert_eq!(served["result"], json!({ "completion": true }));
        assert_eq!(reply.header("last-modified"), "Fri, 27 Mar 2026 17:12:09 GMT");
        assert!(served["stored"].is_string() && reply.header("x-experience-api-consistent-through") < text(&served, "/stored"));
    }

    /// The plugin's batch size, sent again after a time-out, and again with one statement more.
    async fn thirty_statements_sent_twice_are_thirty(app: &TestApp) {
        connect(app).await;
        let seen = |minute: usize| {
            let mut seen = module(11, json!({}), &format!("2026-03-20T09:{minute:02}:00Z"));
            seen["verb"]["id"] = json!("http://id.tincanapi.com/verb/viewed");
            seen.as_object_mut().unwrap().remove("result");
            seen
        };
        let batch: Vec<Value> = (0..30).map(seen).collect();
        let ids = post(app, &json!(batch)).await;
        assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 30);
        assert_eq!(post(app, &json!(batch)).await, ids);
        let more: Vec<Value> = (0..31).map(seen).collect();
        assert_eq!(post(app, &json!(more)).await[..30], ids);
        assert_eq!(deliveries(app).await, 2, "the second brings what is new");
        // Twice in one request is once, too: nobody gave them an id to tell them apart by.
        let twice = post(app, &json!([seen(40), seen(40)])).await;
        assert_eq!(twice[0], twice[1]);
        assert_eq!(awards(app).await, Vec::<Value>::new(), "everything else is acknowledged and left aside");
    }

    async fn a_batch_sent_four_times_at_once_is_one(app: &TestApp) {
        connect(app).await;
        let done = |id| module(id, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        let (forth, back) = (json!([done(11), done(12), done(13)]), json!([done(13), done(12), done(11)]));
        let (one, two, three, four) = tokio::join!(post(app, &forth), post(app, &back), post(app, &forth), post(app, &back));
        assert_eq!((&one, &two), (&three, &four));
        assert_eq!(one.iter().rev().collect::<Vec<_>>(), two.iter().collect::<Vec<_>>());
        assert_eq!((deliveries(app).await, awards(app).await.len()), (1, 1));
    }

    async fn of_a_batch_with_one_bad_statement_nothing_is_kept(app: &TestApp) {
        connect(app).await;
        let mut good = module(11, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        good["id"] = json!("fd41c918-b88b-4b20-a0a5-a4c32391aaa0");
        let mut bad = module(12, json!({ "completion": "true" }), "2026-03-20T09:00:00Z");
        bad["id"] = json!("fd41c918-b88b-4b20-a0a5-a4c32391aaa1");
        let reply = call(app, Method::POST, "").json(&json!([good, bad])).send().await;
        assert_eq!(reply.header("x-experience-api-version"), "1.0.3");
        reply.problem(400, "bad-request").at("/1/result/completion").says("true or false");
        call(app, Method::GET, "?statementId=fd41c918-b88b-4b20-a0a5-a4c32391aaa0").send().await.problem(404, "not-found");
        let twin = call(app, Method::POST, "").json(&json!([good, good])).send().await;
        twin.problem(400, "bad-request").at("/1/id").says("two statements");
        assert_eq!(deliveries(app).await, 0);
    }

    async fn one_id_is_one_statement(app: &TestApp) {
        connect(app).await;
        let id = "fd41c918-b88b-4b20-a0a5-a4c32391aaa0";
        let query = format!("?statementId={}", id.to_uppercase());
        let put = async |statement: &Value| call(app, Method::PUT, &query).json(statement).send().await;
        let statement = module(11, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        put(&statement).await.expect(204);
        let mut same = statement.clone();
        same["id"] = json!(id);
        same["verb"]["display"] = json!({ "fr": "a terminé" });
        same["object"].as_object_mut().unwrap().remove("definition");
        same["timestamp"] = json!("2026-03-20T10:00:00+01:00");
        put(&same).await.expect(204);
        assert_eq!(post(app, &same).await, [id]);
        same.as_object_mut().unwrap().remove("timestamp");
        put(&same).await.expect(204);
        for (pointer, other) in [
            ("/result/completion", json!(false)),
            ("/verb/id", json!(PASSED)),
            ("/actor/account/name", json!("893")),
        ] {
            let mut changed = same.clone();
            *changed.pointer_mut(pointer).unwrap() = other;
            put(&changed).await.problem(409, "conflict").says(id);
            call(app, Method::POST, "").json(&json!([changed])).send().await.problem(409, "conflict");
        }
        let mut later = statement;
        later["timestamp"] = json!("2026-03-20T09:00:01Z");
        put(&later).await.problem(409, "conflict");
        later["id"] = json!("fd41c918-b88b-4b20-a0a5-a4c32391aaa9");
        put(&later).await.problem(400, "bad-request").at("/id");
        put(&json!([later])).await.problem(400, "bad-request").says("one statement");
        assert_eq!(deliveries(app).await, 1);
        app.work().await;
    }

    async fn who_asks_and_how_is_looked_at_first(app: &TestApp) {
        connect(app).await;
        let statement = module(11, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        let sent = || call(app, Method::POST, "").json(&statement);
        for credentials in ["", "lrs", "lrs:", "mentor:intake_x", &format!("mentor:{}", written_password(5)), &format!("lrs:{}", written_password(6))] {
            let header = format!("Basic {}", STANDARD.encode(credentials));
            let reply = sent().header("authorization", &header).send().await;
            assert!(reply.header("www-authenticate").starts_with("Basic realm="), "{credentials}");
            assert_eq!(reply.header("x-experience-api-version"), "1.0.3");
            reply.problem(401, "password");
        }
        sent().header("authorization", "Basic é%").send().await.problem(401, "password");
        sent().bearer(&written_password(5)).send().await.problem(401, "password");
        sent().without("authorization").send().await.problem(401, "password");
        sent().without("x-experience-api-version").send().await.problem(400, "bad-request").says("missing");
        for version in ["0.95", "1.1.0", "2.0.0", "1", "10.0"] {
            sent().header("x-experience-api-version", version).send().await.problem(400, "bad-request").says("1.0.x");
        }
        for version in ["1.0", "1.0.0", "1.0.9"] {
            sent().header("x-experience-api-version", version).send().await.expect(200);
        }
        sent().to("/xapi/mentor/statements").send().await.problem(400, "bad-request").says("/intake/mentor");
        sent().to("/xapi/nowhere/statements").send().await.problem(404, "not-found");
        sent().to("/intake/lrs").send().await.problem(400, "bad-request").says("/xapi/lrs/statements");
        call(app, Method::DELETE, "").send().await.problem(405, "method-not-allowed");
        let about = app.call(Method::GET, "/xapi/lrs/about").send().await.expect(200);
        assert_eq!((about.json()["version"][0].clone(), about.header("x-experience-api-version")), (json!("1.0.3"), "1.0.3"));
        app.work().await;
    }

    async fn requests_of_another_form_are_refused_clearly(app: &TestApp) {
        connect(app).await;
        let statement = module(11, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        let text = statement.to_string();
        let send = async |body: &[u8]| call(app, Method::POST, "").header("content-type", "application/json").body(body.to_vec()).send().await;
        send(b"{").await.problem(400, "bad-request").says("malformed");
        send(b"\xff").await.problem(400, "bad-request").says("UTF-8");
        send(text.replace("\"verb\"", "\"actor\":{},\"verb\"").as_bytes()).await.problem(400, "bad-request").at("/actor").says("twice");
        send(&vec![b' '; 1024 * 1024 + 1]).await.problem(413, "too-large");
        let deep = format!("{}{}", "[".repeat(60), "]".repeat(60));
        let deep = text.replace("\"platform\":\"Moodle\"", &format!("\"platform\":\"Moodle\",\"extensions\":{{\"https://x/e\":{deep}}}"));
        send(deep.as_bytes()).await.problem(400, "bad-request").says("deeper");
        send(json!(vec![statement.clone(); 501]).to_string().as_bytes()).await.problem(413, "too-large").says("500");
        assert_eq!(send(b"[]").await.expect(200).text(), "[]");
        let form = call(app, Method::POST, "").header("content-type", "application/x-www-form-urlencoded");
        form.body(text.clone().into_bytes()).send().await.problem(400, "bad-request").says("application/json");
        let parts = call(app, Method::POST, "").header("content-type", "multipart/mixed; boundary=x").body(text.into_bytes());
        parts.send().await.problem(400, "bad-request").says("attachments");
        let mut attached = statement;
        attached["attachments"] = json!([{ "usageType": "https://x/u", "display": { "fr": "Pièce" }, "contentType": "text/plain",
            "length": 1, "sha2": "495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a" }]);
        let post = async |statement: &Value| call(app, Method::POST, "").json(statement).send().await;
        post(&attached).await.problem(400, "bad-request").at("/attachments/0").says("fileUrl");
        attached["attachments"][0]["fileUrl"] = json!("https://x/f");
        post(&attached).await.expect(200);
        attached["attachments"][0]["usageType"] = json!("http://adlnet.gov/expapi/attachments/signature");
        post(&attached).await.problem(400, "bad-request").says("signed statements");

        let get = async |query: &str| call(app, Method::GET, query).send().await;
        let id = "fd41c918-b88b-4b20-a0a5-a4c32391aaa0";
        get("").await.problem(403, "forbidden").says("not listed");
        get(&format!("?statementId={id}&voidedStatementId={id}")).await.problem(400, "bad-request");
        get(&format!("?statementId={id}&verb=x")).await.problem(400, "bad-request");
        get("?verb=http://adlnet.gov/expapi/verbs/completed").await.problem(403, "forbidden").says("not listed");
        get(&format!("?statementid={id}")).await.problem(400, "bad-request").says("parameter");
        get("?statementId=12").await.problem(400, "bad-request").says("UUID");
        get(&format!("?statementId={id}&attachments=true")).await.problem(400, "bad-request");
        get(&format!("?statementId={id}&format=exact")).await.problem(404, "not-found");
        let method = call(app, Method::POST, "?method=PUT").send().await;
        method.problem(400, "bad-request").says("alternate");
        call(app, Method::POST, "?a=b").json(&attached).send().await.problem(400, "bad-request").says("parameter");
        call(app, Method::PUT, "").json(&attached).send().await.problem(400, "bad-request").says("statementId");
        app.work().await;
    }

    /// Whichever comes first, the statement that is voided does not count.
    async fn what_is_voided_does_not_count(app: &TestApp) {
        connect(app).await;
        let done = json!({ "completion": true, "success": true });
        let mut last = module(13, done.clone(), "2026-03-20T11:00:00Z");
        last["id"] = json!("fd41c918-b88b-4b20-a0a5-a4c32391aaa0");
        let before = post(app, &voiding("fd41c918-b88b-4b20-a0a5-a4c32391aaa0")).await.remove(0);
        let ids = post(app, &json!([
            module(11, done.clone(), "2026-03-20T09:00:00Z"), module(12, done.clone(), "2026-03-20T10:00:00Z"), last,
        ])).await;
        assert_eq!(awards(app).await.len(), 0, "one of three is voided");
        let get = async |query: &str, id: &str| call(app, Method::GET, &format!("?{query}={id}")).send().await;
        get("statementId", &ids[2]).await.problem(404, "not-found");
        assert_eq!(text(&get("voidedStatementId", &ids[2]).await.expect(200).json(), "/id"), ids[2]);
        get("voidedStatementId", &ids[0]).await.problem(404, "not-found");

        // Said again under a new id, at another moment, it counts: then one of the others is voided.
        post(app, &module(13, done, "2026-03-20T11:30:00Z")).await;
        post(app, &voiding(&ids[0])).await;
        assert_eq!(awards(app).await.len(), 0);
        // What voids can't be voided.
        post(app, &voiding(&before)).await;
        get("statementId", &before).await.expect(200);
        post(app, &module(11, json!({ "completion": true }), "2026-03-20T12:00:00Z")).await;
        assert_eq!(awards(app).await.len(), 1);
        // After the award it changes nothing by itself, and is brought to an officer's attention.
        post(app, &voiding(&ids[1])).await;
        assert_eq!(text(&awards(app).await[0], "/state"), "issued");
        let alerts = app.service.store.alerts(&Default::default()).await.unwrap();
        assert_eq!(alerts.len(), 1);
    }

    /// Statements are forgotten with their deliveries; what they reported stays, and counts once all the same.
    async fn what_is_purged_is_forgotten_and_counts_once(app: &TestApp) {
        connect(app).await;
        let done = |id| module(id, json!({ "completion": true }), "2026-03-20T09:00:00Z");
        let batch = json!([done(11), done(12), done(13)]);
        let ids = post(app, &batch).await;
        let before = awards(app).await;
        app.clock.advance(8 * 24 * 3600);
        assert_eq!(app.service.store.purge_deliveries(7, app.service.clock.now()).await.unwrap(), 1);
        call(app, Method::GET, &format!("?statementId={}", ids[0])).send().await.problem(404, "not-found");
        assert_eq!(post(app, &batch).await, ids);
        assert_eq!(awards(app).await, before);
    }

    /// In a certifying training a completion is no pass, whoever says it; and a completion after a pass takes nothing back.
    async fn completion_and_success_are_two_things(app: &TestApp) {
        connect(app).await;
        let mut training = json!(crate::support::training());
        training["assessment"] = json!("certifying");
        training["units"][0]["activities"][2]["kind"] = json!("assessment");
        training["criteria"] = json!({
            "participation": { "rule": { "time_spent": { "at_least": "PT1H", "basis": "measured" } } },
            "certificate": { "rule": { "activity": { "code": "bilan", "reached": "passed" } } },
        });
        app.put("/api/v1/trainings/laicite", &training).await.expect(200);
        let timed = |minutes: u32| json!({ "completion": true, "duration": format!("PT{minutes}M0.5S") });
        // Three statements of one launch tell of the same forty minutes; twenty more make the hour.
        post(app, &json!([
            of_content(COMPLETED, "bilan", timed(39), "2026-03-20T09:39:00Z"),
            of_content(FAILED, "bilan", json!({ "success": false, "duration": "PT40M", "score": { "scaled": 0.2 } }), "2026-03-20T09:40:00Z"),
            of_content(TERMINATED, "bilan", json!({ "duration": "PT40M" }), "2026-03-20T09:40:00Z"),
            module(13, json!({ "completion": true }), "2026-03-20T09:41:00Z"),
        ])).await;
        assert_eq!(awards(app).await.len(), 0);
        post(app, &of_content(PASSED, "bilan", json!({ "success": true, "duration": "PT20M" }), "2026-03-20T14:20:00Z")).await;
        post(app, &of_content(COMPLETED, "bilan", json!({ "completion": true, "duration": "PT20M" }), "2026-03-20T14:20:00Z")).await;
        let mut kinds: Vec<_> = awards(app).await.iter().map(|award| text(award, "/kind").to_owned()).collect();
        kinds.sort();
        assert_eq!(kinds, ["certificate", "participation"]);
    }

    async fn a_completion_that_moodle_withdraws_counts_no_more(app: &TestApp) {
        connect(app).await;
        let done = json!({ "completion": true });
        let mut withdrawn = module(11, json!({}), "2026-03-20T12:00:00Z");
        withdrawn["verb"]["id"] = json!(UNCOMPLETED);
        withdrawn.as_object_mut().unwrap().remove("result");
        let older = module(12, json!({ "completion": false }), "2026-03-20T12:00:00Z");
        let batch: Vec<Value> = (11..=13).map(|id| module(id, done.clone(), "2026-03-20T09:00:00Z")).collect();
        post(app, &json!([withdrawn, older])).await;
        post(app, &json!(batch)).await;
        assert_eq!(awards(app).await.len(), 0);
        post(app, &json!([module(11, done.clone(), "2026-03-20T13:00:00Z"), module(12, done, "2026-03-20T13:00:00Z")])).await;
        assert_eq!(awards(app).await.len(), 1);
    }
}
