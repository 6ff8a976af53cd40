//! Webhooks to an LMS: at least once, under one id, signed, with back-off, and nobody held up by anybody else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::http::Method;
use sceau::config::SystemClock;
use sceau::fetch::{FetchPolicy, Fetcher};
use sceau::intake::standard_webhooks::{WebhookHeaders, WebhookKey, WebhookSecret, authenticate};
use sceau::time::Clock as _;
use sceau::worker::{Turn, send_turn};
use serde_json::{Value, json};

use crate::app::{SESSION, TestApp, text, written_secret, zoe};
use crate::on_both_engines;
use crate::receiver::{Answer, Receiver, Request};

const EVENTS: [&str; 4] = ["credential.issued", "credential.replaced", "credential.revoked", "award.blocked"];

/// The service, allowed to post to loopback.
async fn open(app: &TestApp) -> TestApp {
    let policy = FetchPolicy {
        allowed_private: vec!["127.0.0.1".parse().unwrap()],
        // The slowest machine answers in this time; what is held is let go sooner.
        post_timeout: std::time::Duration::from_secs(30),
        ..FetchPolicy::default()
    };
    let fetcher = Fetcher::new(policy, Arc::new(SystemClock)).unwrap();
    app.with(|service| service.with_fetcher(fetcher)).await
}

async fn subscribe(app: &TestApp, name: &str, url: &str, events: &[&str]) -> String {
    let path = format!("/api/v1/issuers/dgafp/webhooks/{name}");
    let answer = app.put(&path, &json!({ "url": url, "events": events })).await.expect(201).json();
    text(&answer, "/secret").to_owned()
}

pub async fn messages(app: &TestApp, query: &str) -> Vec<Value> {
    let found = app.read(&format!("/api/v1/messages?{query}")).await.expect(200).json();
    found["messages"].as_array().unwrap().clone()
}

/// Works, and lets time pass, until nothing is left to send; how often time passed.
pub async fn until_all_is_told(app: &TestApp) -> u32 {
    for turns in 0..100 {
        app.work().await;
        if messages(app, "state=pending").await.is_empty() {
            return turns;
        }
        app.clock.advance(3_600);
    }
    panic!("messages are left: {:?}", messages(app, "state=pending").await);
}

fn authentic(request: &Request, secret: &str) -> bool {
    let headers = WebhookHeaders {
        id: Some(&request.id),
        timestamp: Some(&request.timestamp),
        signature: Some(&request.signature),
    };
    let secret = WebhookSecret::parse(secret).unwrap();
    let sent = sceau::time::Timestamp::from_unix_seconds(request.timestamp.parse().unwrap()).unwrap();
    authenticate(headers, &request.body, &[WebhookKey::Shared(secret)], sent).is_ok()
}

fn body(request: &Request) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn once_each(requests: &[Request]) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for request in requests {
        let first = found.entry(request.id.clone()).or_insert_with(|| request.body.clone());
        assert_eq!(*first, request.body, "every attempt of a message sends the same bytes");
    }
    found
}

on_both_engines! {
    async fn an_lms_is_told_of_what_becomes_of_an_award(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        let secret = subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        subscribe(&app, "revocations", &receiver.url(), &["credential.revoked"]).await;

        app.complete(json!({ "id": "892", "email": "zoe@agents.example" })).await;
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre" })).await.expect(200);
        app.work().await;
        let award = app.award("892").await;
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre-Nguyễn" })).await.expect(200);
        app.reissue(&award).await;
        let first = text(&award, "/credential/id").to_owned();
        let award = app.award("892").await;
        let id = text(&award, "/credential/id").rsplit_once('/').unwrap().1.to_owned();
        app.post(&format!("/api/v1/credentials/{id}/revoke"), &json!({ "category": "awarded_in_error" })).await.expect(200);
        app.work().await;

        let received = receiver.received();
        let types: Vec<_> = received.iter().map(|request| text(&body(request), "/type").to_owned()).collect();
        assert_eq!(types, ["award.blocked", "credential.issued", "credential.replaced", "credential.revoked", "credential.revoked"]);
        assert_eq!(once_each(&received).len(), 5);
        let schema: Value = serde_json::from_str(include_str!("../../schemas/webhook-message.schema.json")).unwrap();
        let schema = jsonschema::validator_for(&schema).unwrap();
        for request in &received {
            assert!(schema.is_valid(&body(request)), "{:?}", body(request));
            assert!(!String::from_utf8_lossy(&request.body).contains("Lef"), "no name leaves");
            assert!(!String::from_utf8_lossy(&request.body).contains("agents.example"), "no address leaves");
            assert!(request.head.to_ascii_lowercase().contains("content-type: application/json\r\n"));
        }
        assert_eq!(received.iter().filter(|request| authentic(request, &secret)).count(), 4, "each endpoint has its own secret");

        let [blocked, issued, replaced, revoked, _] = &received[..] else { unreachable!() };
        let blocked = body(blocked);
        assert_eq!(blocked["data"]["reasons"], json!(["name_missing"]));
        assert_eq!(blocked["data"]["learner"], json!({ "source": "mentor", "id": "892" }));
        assert!(blocked["data"].get("links").is_none());
        let issued = body(issued);
        assert_eq!(issued["data"]["award"], award["id"]);
        assert_eq!((&issued["data"]["session"], &issued["data"]["kind"]), (&json!(SESSION), &json!("participation")));
        assert_eq!(issued["data"]["credential"]["id"], first);
        assert_eq!(issued["data"]["links"], award["links"], "the links are those of the API");
        let replaced = body(replaced);
        assert_eq!((&replaced["data"]["replaces"], &replaced["data"]["credential"]["version"]), (&json!(first), &json!(2)));
        assert_eq!(body(revoked)["data"]["category"], "awarded_in_error");
    }

    /// An award that still waits for the same is no news; one that waits for something else is.
    async fn a_blocked_award_is_told_of_once_for_each_reason(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &["award.blocked"]).await;
        app.complete(json!({ "id": "892" , "email": "zoe@agents.example" })).await;
        app.put("/api/v1/learners/mentor/892", &json!({ "email": "z@agents.example" })).await.expect(200);
        app.work().await;
        assert_eq!(receiver.received().len(), 1);
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "زهراء" })).await.expect(200);
        app.work().await;
        let reasons: Vec<_> = receiver.received().iter().map(|request| body(request)["data"]["reasons"].clone()).collect();
        assert_eq!(reasons, [json!(["name_missing"]), json!(["undrawable"])]);
        assert!(!String::from_utf8_lossy(&receiver.received()[1].body).contains("U+"), "no letter of a name leaves");
    }

    /// Must show 6: the receiver is killed and comes back, hangs up, fails, redirects; the sender is interrupted between sending and
    /// recording. In the end each message is there, once for each id.
    async fn each_message_arrives_once_after_deduplication(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        let secret = subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        let learner = |number: u32| json!({ "id": number.to_string(), "name": format!("Agent {number}") });
        receiver.answers([
            Answer::Hangup,
            Answer::Status("500 Internal Server Error", ""),
            Answer::Status("302 Found", "location: http://127.0.0.1:9/\r\n"),
            Answer::Hangup,
            Answer::Status("429 Too Many Requests", "retry-after: 30\r\n"),
        ]);
        for number in 0..6 {
            app.complete(learner(number)).await;
        }
        let killed = receiver.kill();
        for number in 6..12 {
            app.complete(learner(number)).await;
        }
        app.clock.advance(60);
        app.work().await;
        let receiver = killed.restart();
        // Cut off after the receiver took it and before that is known here.
        app.clock.advance(3_600);
        receiver.answers([Answer::Held]);
        let before = receiver.received().len();
        app.complete(learner(12)).await_held(&app, &receiver, before).await;
        until_all_is_told(&app).await;

        let received = receiver.received();
        let told = once_each(&received);
        let mut awards = BTreeSet::new();
        for bytes in told.values() {
            let message: Value = serde_json::from_slice(bytes).unwrap();
            assert!(awards.insert(text(&message, "/data/award").to_owned()), "one message for each award");
        }
        assert_eq!(awards.len(), 13);
        assert!(received.len() > told.len(), "some came twice, under one id");
        assert!(received.iter().all(|request| authentic(request, &secret)));
        assert_eq!(messages(&app, "state=sent&limit=500").await.len(), 13);
        assert_eq!(messages(&app, "state=dead").await, Vec::<Value>::new());
    }

    async fn a_receiver_that_stays_away_for_three_days_makes_dead_letters_which_can_be_replayed(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        let killed = receiver.kill();
        app.complete(zoe()).await;
        app.complete(json!({ "id": "893", "name": "Ada" })).await;
        let begun = app.clock.now();
        until_all_is_told(&app).await;
        let hours = (app.clock.now().as_unix_seconds() - begun.as_unix_seconds()) / 3600;
        assert!((60..=80).contains(&hours), "given up after {hours} hours");
        let dead = messages(&app, "state=dead&channel=webhook").await;
        assert_eq!(dead.len(), 2);
        assert_eq!((&dead[0]["error"], &dead[0]["endpoint"]), (&json!("unreachable"), &json!("lms")));
        assert!(dead[0]["attempts"].as_u64().unwrap() >= 10);

        let receiver = killed.restart();
        let first = text(&dead[0], "/id").to_owned();
        app.post(&format!("/api/v1/messages/{first}/replay"), &json!({})).await.expect(202);
        app.work().await;
        assert_eq!(receiver.received()[0].id, first, "under its old id");
        app.post(&format!("/api/v1/messages/{first}/replay"), &json!({})).await.expect(202);
        app.post(&format!("/api/v1/messages/{first}/replay"), &json!({})).await.problem(409, "conflict");
        let answer = app.post("/api/v1/messages/replay", &json!({ "state": "dead", "endpoint": "lms" })).await.expect(202);
        assert_eq!(answer.json(), json!({ "replayed": 1, "more": false }));
        app.post("/api/v1/messages/replay", &json!({ "state": "pending" })).await.problem(422, "invalid").at("/state");
        app.work().await;
        assert_eq!(once_each(&receiver.received()).len(), 2);
        assert_eq!(messages(&app, "state=sent").await.len(), 2);
    }

    async fn a_receiver_that_is_gone_is_told_of_nothing_more_until_it_is_saved_again(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        receiver.answers([Answer::Status("410 Gone", "")]);
        app.complete(zoe()).await;
        let path = "/api/v1/issuers/dgafp/webhooks/lms";
        assert_eq!(app.read(path).await.expect(200).json()["state"], "disabled");
        app.complete(json!({ "id": "893", "name": "Ada" })).await;
        assert_eq!(receiver.received().len(), 1);
        assert_eq!(messages(&app, "").await.len(), 1, "nothing is written for an endpoint that is gone");
        let saved = app.put(path, &json!({ "url": receiver.url(), "events": EVENTS })).await.expect(200).json();
        assert_eq!((&saved["state"], saved.get("secret")), (&json!("active"), None));
        app.complete(json!({ "id": "894", "name": "Grace" })).await;
        assert_eq!(receiver.received().len(), 2);
    }

    async fn a_pause_that_the_receiver_asks_for_is_kept(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        receiver.answers([Answer::Status("503 Service Unavailable", "retry-after: 900\r\n")]);
        app.complete(zoe()).await;
        app.clock.advance(890);
        app.work().await;
        assert_eq!(receiver.received().len(), 1);
        app.clock.advance(200);
        app.work().await;
        assert_eq!(receiver.received().len(), 2);
    }

    /// An endpoint that answers nothing takes its own places, and nobody else's.
    async fn a_slow_endpoint_holds_up_nobody_else(app: &TestApp) {
        let app = Arc::new(open(app).await);
        let (slow, quick) = (Receiver::start(), Receiver::start());
        subscribe(&app, "slow", &slow.url(), &EVENTS).await;
        subscribe(&app, "quick", &quick.url(), &EVENTS).await;
        slow.answers(std::iter::repeat_n(Answer::Held, 8));
        for number in 0..8 {
            app.deliver(&crate::app::completion(json!({ "id": number.to_string(), "name": "Ada" }), &crate::app::ACTIVITIES)).await;
        }
        while sceau::worker::turn(&app.service, "w").await.unwrap() == Turn::Worked {}
        let mut sends = tokio::task::JoinSet::new();
        loop {
            let claimed = app.service.store.claim_send("s", app.clock.now(), 60).await.unwrap();
            let Some(job) = claimed else {
                if quick.received().len() == 8 { break }
                tokio::task::yield_now().await;
                continue;
            };
            let sceau::store::Task::Send { message } = job.task.clone() else { panic!("not a message") };
            let service = Arc::clone(&app.service);
            sends.spawn(async move { service.send(&job, message).await.unwrap() });
        }
        assert!(slow.received().len() <= 3, "{}", slow.received().len());
        // Answered at last, the rest of them go.
        slow.answer_all();
        while let Some(sent) = sends.join_next().await {
            sent.unwrap();
        }
        until_all_is_told(&app).await;
        assert_eq!(once_each(&slow.received()).len(), 8);
    }

    /// After several failures in a row its lane rests: messages of an endpoint that is down are not all tried in vain.
    async fn an_endpoint_that_is_down_is_not_asked_for_each_message(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        receiver.answers(std::iter::repeat_n(Answer::Status("503 Service Unavailable", ""), 500));
        for number in 0..12 {
            app.complete(json!({ "id": number.to_string(), "name": "Ada" })).await;
        }
        assert_eq!(receiver.received().len(), 5);
        app.clock.advance(20);
        app.work().await;
        assert_eq!(receiver.received().len(), 6, "one tries whether it is back");
        receiver.answer_all();
        until_all_is_told(&app).await;
        assert_eq!(once_each(&receiver.received()).len(), 12);
    }

    async fn while_a_secret_is_replaced_both_sign(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        let old = subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        let path = "/api/v1/issuers/dgafp/webhooks/lms";
        let new = app.post(&format!("{path}/secret"), &json!({})).await.expect(201).json();
        let new = text(&new, "/secret");
        let ping = async || {
            let answer = app.post(&format!("{path}/test"), &json!({})).await.expect(202).json();
            app.work().await;
            let message = app.read(&format!("/api/v1/messages/{}", text(&answer, "/message"))).await.expect(200).json();
            assert_eq!((&message["state"], &message["event"]), (&json!("sent"), &json!("ping")));
            receiver.received().pop().unwrap()
        };
        let first = ping().await;
        assert_eq!(body(&first)["type"], "ping");
        assert!(authentic(&first, &old) && authentic(&first, new));
        app.clock.advance(24 * 3600 + 1);
        let second = ping().await;
        assert!(!authentic(&second, &old) && authentic(&second, new));
        assert!(!app.read(path).await.expect(200).text().contains("whsec_"), "a secret is shown once");
    }

    async fn endpoints_are_refused_with_the_field_at_fault(app: &TestApp) {
        let app = open(app).await;
        let path = "/api/v1/issuers/dgafp/webhooks/lms";
        let put = async |url: &str, events: Value| app.put(path, &json!({ "url": url, "events": events })).await;
        for url in [
            "http://lms.example/hook",
            "http://localhost:8080/hook",
            "https://10.0.0.1/hook",
            "https://169.254.169.254/latest",
            "https://[::1]/hook",
            "https://user:secret@lms.example/",
            "https://127.1/hook",
        ] {
            put(url, json!(EVENTS)).await.problem(422, "invalid").at("/url");
        }
        put("https://lms.example/hook", json!([])).await.problem(422, "invalid").at("/events");
        put("https://lms.example/hook", json!(["ping"])).await.problem(422, "invalid").at("/events");
        put("https://lms.example/hook", json!(["credential.lost"])).await.problem(422, "invalid").at("/events/0");
        put("https://lms.example/hook", json!(EVENTS)).await.expect(201);
        for number in 1..10 {
            subscribe(&app, &format!("lms-{number}"), "https://lms.example/hook", &EVENTS).await;
        }
        app.put("/api/v1/issuers/dgafp/webhooks/lms-10", &json!({ "url": "https://lms.example/hook", "events": EVENTS }))
            .await
            .problem(409, "conflict");
        let listed = app.read("/api/v1/issuers/dgafp/webhooks").await.expect(200).json();
        assert_eq!(listed["webhooks"].as_array().unwrap().len(), 10);

        let reader = app.token("dgafp", &[sceau::http::Scope::CatalogWrite]).await;
        app.call(Method::GET, path).bearer(&reader).send().await.problem(403, "forbidden");
        let other = app.token("prefecture", &sceau::http::Scope::ALL).await;
        app.call(Method::GET, path).bearer(&other).send().await.problem(403, "forbidden");
        app.read("/api/v1/issuers/dgafp/webhooks/none").await.problem(404, "not-found");
        assert_ne!(written_secret(7), "");
    }

    async fn what_waits_for_an_endpoint_that_is_removed_is_given_up(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        receiver.answers([Answer::Status("500 Internal Server Error", "")]);
        app.complete(zoe()).await;
        app.call(Method::DELETE, "/api/v1/issuers/dgafp/webhooks/lms").bearer(&app.officer).send().await.expect(204);
        assert_eq!(until_all_is_told(&app).await, 0);
        let [dead] = messages(&app, "state=dead").await.try_into().unwrap();
        assert_eq!(dead["error"], "endpoint_removed");
        app.call(Method::DELETE, "/api/v1/issuers/dgafp/webhooks/lms").bearer(&app.officer).send().await.problem(404, "not-found");
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        app.post(&format!("/api/v1/messages/{}/replay", text(&dead, "/id")), &json!({})).await.expect(202);
        app.work().await;
        assert_eq!(once_each(&receiver.received()).len(), 1);
    }

    async fn a_service_that_may_not_call_out_takes_no_endpoint(app: &TestApp) {
        let answer = app.put("/api/v1/issuers/dgafp/webhooks/lms", &json!({ "url": "https://lms.example/", "events": EVENTS })).await;
        answer.problem(422, "invalid").at("/url").says("off");
    }

    async fn the_trail_tells_of_endpoints_and_dead_letters(app: &TestApp) {
        let app = open(app).await;
        let receiver = Receiver::start();
        subscribe(&app, "lms", &receiver.url(), &EVENTS).await;
        receiver.answers([Answer::Status("410 Gone", "")]);
        app.complete(zoe()).await;
        let dead = messages(&app, "state=dead").await;
        app.post(&format!("/api/v1/messages/{}/replay", text(&dead[0], "/id")), &json!({})).await.expect(202);
        app.work().await;
        let entries = app.read("/api/v1/audit?limit=500").await.expect(200).json();
        let actions: Vec<_> = entries["entries"].as_array().unwrap().iter().map(|entry| text(entry, "/action")).collect();
        for action in ["webhook.saved", "webhook.disabled", "message.dead", "message.replayed"] {
            assert!(actions.contains(&action), "{action}");
        }
    }
}

/// Interrupting a send in mid-flight.
trait AwaitHeld {
    async fn await_held(self, app: &TestApp, receiver: &Receiver, before: usize);
}

impl<F: Future> AwaitHeld for F {
    /// Has the message sent that this causes, and drops the attempt when the receiver has read it and not answered.
    async fn await_held(self, app: &TestApp, receiver: &Receiver, before: usize) {
        let caused = async {
            self.await;
            // Whoever comes after it finds the lease gone.
            while send_turn(&app.service, "interrupted").await.unwrap() == Turn::Worked {}
        };
        let read = async {
            while receiver.received().len() == before {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        };
        tokio::select! {
            () = caused => panic!("it was answered"),
            () = read => {}
        }
        receiver.let_go();
        app.clock.advance(61);
    }
}
