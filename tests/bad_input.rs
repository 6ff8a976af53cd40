//! What goes wrong, line by line: each gets a clear problem (RFC 9457, status and field named), or is kept and shown harmless.
//! Nothing is lost, nothing is half-issued.

#[path = "support/app.rs"]
mod app;
#[path = "support/engines.rs"]
mod engines;
mod support;

use app::{ACTIVITIES, Call, Reply, SESSION, TestApp, activity, completion, event, text, written_secret, zoe};
use axum::http::Method;
use sceau::intake::standard_webhooks::WebhookSecret;
use sceau::store::{DeliveryFilter, DeliveryState, Page, Replayed};
use sceau::time::Clock as _;
use serde_json::{Value, json};

/// What people paste into texts. Each must come out as text, wherever it is shown.
const MARKUP: &str = "<b onclick=\"x()\">Gras</b> & <script>alert(1)</script> <svg onload=\"x()\"/> *étoile* [lien](javascript:x) \
                      {{ 7 * 7 }} {% raw %} %s ' -- 𝄞";
/// The same, of characters that our fonts draw.
const DRAWABLE_MARKUP: &str =
    "<b onclick=\"x()\">Gras</b> & <script>alert(1)</script> *étoile* [lien](javascript:x) {{ 7 * 7 }} ' --";

/// Nothing was let in.
async fn assert_nothing_kept(app: &TestApp) {
    let kept = app.service.store.deliveries(&DeliveryFilter::default(), &Page::default()).await.unwrap();
    assert_eq!(kept.items, []);
}

/// A delivery that was let in and can't be understood: kept as it came, listed, with the reason, and it can be replayed.
async fn assert_kept_dead(app: &TestApp, body: &[u8], reason: &str) {
    let id = app.deliver_bytes(body).await;
    for _ in 0..2 {
        app.work().await;
        let delivery = app.service.store.delivery(id).await.unwrap().unwrap();
        assert_eq!((delivery.record.state, &*delivery.body), (DeliveryState::Dead, body));
        let why = delivery.record.reason.unwrap();
        assert!(why.contains(reason), "{why:?} does not say {reason:?}");
        let dead = DeliveryFilter { state: Some(DeliveryState::Dead), ..DeliveryFilter::default() };
        let listed = app.service.store.deliveries(&dead, &Page::default()).await.unwrap();
        assert!(listed.items.iter().any(|record| record.id == id));
        let replayed = app.service.store.replay_delivery(id, app.clock.now()).await.unwrap();
        assert_eq!(replayed, Some(Replayed::Queued));
    }
    app.work().await;
}

/// The training, changed in one place.
fn training_with(pointer: &str, value: Value) -> Value {
    let mut training = json!(support::training());
    set(&mut training, pointer, value);
    training
}

/// Puts a value at a JSON Pointer, which may be a new field of an object.
fn set(document: &mut Value, pointer: &str, value: Value) {
    let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
    match document.pointer_mut(parent).expect("a place") {
        Value::Array(items) => items[field.parse::<usize>().expect("an index")] = value,
        object => object[field] = value,
    }
}

on_both_engines! {
    async fn a_delivery_that_is_not_authentic_is_refused_at_the_door(app: &TestApp) {
        let body = completion(zoe(), &ACTIVITIES).to_string();
        let call = || app.signed("msg-1", body.as_bytes());
        for header in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
            call().without(header).send().await.problem(400, "bad-request").says(header);
        }
        call().header("webhook-timestamp", "yesterday").send().await.problem(400, "bad-request").says("webhook-timestamp");
        call().header("webhook-id", "a b").send().await.problem(400, "bad-request").says("webhook-id");
        let refused = async |call: Call<'_>| {
            call.send().await.problem(401, "webhook-refused").says("signature");
        };
        refused(call().header("webhook-id", "msg-2")).await;
        refused(call().header("webhook-signature", "v1,AAAA")).await;
        refused(call().header("webhook-signature", "nonsense")).await;
        refused(call().body(completion(zoe(), &ACTIVITIES[..1]).to_string().into_bytes())).await;
        let now = app.clock.now().as_unix_seconds();
        let other = WebhookSecret::parse(&written_secret(99)).unwrap().sign("msg-1", now, body.as_bytes());
        refused(call().header("webhook-signature", &other)).await;
        assert_nothing_kept(app).await;
    }

    async fn a_stale_or_early_timestamp_is_refused(app: &TestApp) {
        let body = completion(zoe(), &ACTIVITIES).to_string();
        for drift in [-301, 301, -86_400] {
            app.clock.advance(drift);
            let call = app.signed("msg-1", body.as_bytes());
            app.clock.advance(-drift);
            call.send().await.problem(401, "webhook-refused").says("300 seconds");
        }
        assert_nothing_kept(app).await;
        app.clock.advance(-299);
        let call = app.signed("msg-1", body.as_bytes());
        app.clock.advance(299);
        call.send().await.expect(202);
        app.work().await;
    }

    async fn a_source_that_is_not_known_or_has_no_secret_takes_nothing(app: &TestApp) {
        let body = completion(zoe(), &ACTIVITIES).to_string();
        for path in ["/intake/nobody", "/intake/NOBODY", "/intake/a%20b"] {
            app.signed("m", body.as_bytes()).to(path).send().await.problem(404, "not-found").says("source");
        }
        let source = json!({ "code": "lms-2", "issuer": "dgafp", "name": "LMS", "form": "completion-event" });
        app.put("/api/v1/sources/lms-2", &source).await.expect(201);
        app.signed("m", body.as_bytes()).to("/intake/lms-2").send().await.problem(401, "webhook-refused");
        for (secrets, pointer) in [
            (json!([]), "/secrets"),
            (json!([written_secret(1), "whsec_c2hvcnQ="]), "/secrets/1"),
            (json!("whsec_"), "/secrets"),
        ] {
            let reply = app.put("/api/v1/sources/lms-2/secrets", &json!({ "secrets": secrets })).await;
            reply.problem(422, "invalid").at(pointer);
        }
        assert_nothing_kept(app).await;
    }

    async fn a_body_of_ten_megabytes_is_refused_on_every_path(app: &TestApp) {
        let large = vec![b' '; 10 * 1024 * 1024];
        app.signed("msg-1", &large).send().await.problem(413, "too-large");
        assert_nothing_kept(app).await;
        let put = app.call(Method::PUT, "/api/v1/trainings/laicite").bearer(&app.officer);
        put.header("content-type", "application/json").body(large.clone()).send().await.problem(413, "too-large");
        app.call(Method::POST, "/api/v1/verify").body(large).send().await.problem(413, "too-large");
    }

    /// The same over a connection: the server answers and goes on.
    async fn a_client_that_sends_too_much_or_too_little_harms_nobody(app: &TestApp) {
        let server = app.listen().await;
        let exchange = move |bytes: Vec<u8>| {
            use std::io::{Read as _, Write as _};
            let mut stream = std::net::TcpStream::connect(server).expect("connects");
            // The server may stop reading before the client stops writing.
            let _ = stream.write_all(&bytes);
            let mut answer = Vec::new();
            let _ = stream.take(4096).read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        };
        let talk = tokio::task::spawn_blocking(move || {
            let head = "POST /intake/mentor HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10485760\r\n\r\n";
            exchange([head.as_bytes(), &vec![b'x'; 10 * 1024 * 1024]].concat());
            // Half a request, left hanging while others come.
            let mut half = std::net::TcpStream::connect(server).expect("connects");
            std::io::Write::write_all(&mut half, b"POST /intake/mentor HTTP/1.1\r\nContent-Le").expect("writes");
            let nonsense = exchange(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".to_vec());
            let long = exchange(format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", "a".repeat(100_000)).into_bytes());
            let health = exchange(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".to_vec());
            (nonsense, long, health)
        });
        let (nonsense, long, health) = talk.await.unwrap();
        assert!(nonsense.is_empty() || nonsense.starts_with("HTTP/1.1 400"), "{nonsense}");
        assert!(long.is_empty() || long.starts_with("HTTP/1.1 4"), "{long}");
        assert!(health.starts_with("HTTP/1.1 200"), "{health}");
    }

    /// An authentic sender's nonsense is an operator's to look at: a refusal would only make the sender try for days.
    async fn a_delivery_that_can_not_be_understood_is_kept_dead_and_can_be_replayed(app: &TestApp) {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let good = completion(zoe(), &ACTIVITIES);
        let with = |pointer: &str, value: Value| {
            let mut body = good.clone();
            set(&mut body, pointer, value);
            body.to_string()
        };
        let facts = |fact: Value| event(zoe(), vec![fact]).to_string();
        let at = "2026-03-20T09:00:00+01:00";
        for (body, reason) in [
            ("not json at all".to_owned(), "malformed at line 1"),
            (String::new(), "malformed"),
            ("\u{feff}{}".to_owned(), "malformed"),
            (deep, "nested deeper than 32"),
            (r#"{"version":1,"version":1,"record":null}"#.to_owned(), "\"/version\" twice"),
            (r#"{"version":1,"record":{"session":"\ud800"}}"#.to_owned(), "malformed"),
            ("{\"version\":1}".to_owned(), "exactly one of record and records"),
            ("{\"version\":2,\"records\":[]}".to_owned(), "version 2 is not known"),
            (with("/surprise", json!(1)), "unknown field `surprise`"),
            (with("/record/surprise", json!(1)), "at record.surprise: unknown field"),
            (with("/record/session", json!("Not A Code")), "at record.session"),
            (with("/record/learner/id", json!("")), "at record.learner.id"),
            (with("/record/evidence/1/at", json!("2026-03-20T09:00:00")), "at record.evidence[1].at: a moment is written as RFC 3339 with its zone"),
            (with("/record/evidence/0/at", json!(1_700_000_000)), "at record.evidence[0].at"),
            (with("/record/evidence/0/activity/state", json!("finished")), "unknown variant `finished`"),
            (facts(json!({ "at": at, "time": { "basis": "measured", "duration": "PT0S" } })), "above zero"),
            (facts(json!({ "at": at, "time": { "basis": "credited", "duration": "PT1H" } })), "unknown variant `credited`"),
            (facts(json!({ "at": at })), "exactly one of activity, unit, course, time and attendance"),
            (facts(json!({ "at": at, "activity": { "code": "video", "state": "passed", "score": 17 } })), "between -1 and 1"),
            (facts(json!({ "at": at, "attendance": { "meeting": "m1", "stated": at, "intervals": [{ "from": at, "until": at }] } })), "ends after it starts"),
            (facts(json!({ "at": at, "attendance": { "meeting": "m1", "intervals": [] } })), "missing field `stated`"),
            (with("/form", json!("xapi")), "at form: unknown variant"),
        ] {
            assert_kept_dead(app, body.as_bytes(), reason).await;
        }
        assert_kept_dead(app, b"{\"version\":1,\"x\":\"\xff\"}", "not valid UTF-8 at byte 18").await;
        assert_kept_dead(app, b"\0\0\0", "malformed").await;
        assert_eq!(app.read("/api/v1/awards").await.json(), json!({ "awards": [] }));
        app.complete(zoe()).await;
        assert_eq!(app.award("892").await["state"], "issued", "and the rest goes on");
    }

    async fn a_delivery_that_was_dead_counts_once_it_can_be_understood(app: &TestApp) {
        let mut source = json!({ "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "moodle-webhookengine" });
        app.put("/api/v1/sources/mentor", &source).await.expect(200);
        let id = app.complete(zoe()).await;
        assert_eq!(app.delivery_state(id).await, DeliveryState::Dead);
        source["form"] = json!("completion-event");
        app.put("/api/v1/sources/mentor", &source).await.expect(200);
        app.service.store.replay_delivery(id, app.clock.now()).await.unwrap();
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
    }

    async fn api_bodies_are_read_strictly(app: &TestApp) {
        let path = "/api/v1/learners/mentor/892";
        let raw = async |body: &str| -> Reply {
            let call = app.call(Method::PUT, path).bearer(&app.officer).header("content-type", "application/json");
            call.body(body.as_bytes().to_vec()).send().await
        };
        raw("").await.problem(400, "bad-request").says("malformed");
        raw("{\"name\": \"A\", \"name\": \"B\"}").await.problem(400, "bad-request").says("\"/name\" twice");
        raw(&format!("{}{}", "[".repeat(50_000), "]".repeat(50_000))).await.problem(400, "bad-request").says("nested deeper");
        raw("{\"nom\": \"A\"}").await.problem(422, "invalid").says("unknown field `nom`");
        raw("{\"name\": 7}").await.problem(422, "invalid").at("/name");
        raw("{\"name\": \"\"}").await.problem(422, "invalid").at("/name");
        raw("{\"name\": \"a\u{202e}b\"}").await.problem(422, "invalid").at("/name").says("control characters");
        raw("{\"email\": \"nobody\"}").await.problem(422, "invalid").at("/email");
        let call = app.call(Method::PUT, path).bearer(&app.officer).body(b"{}".to_vec());
        call.header("content-type", "text/plain").send().await.problem(415, "media-type");
        app.put("/api/v1/learners/nobody/1", &json!({})).await.problem(404, "not-found");
    }

    /// Every refusal of a catalog entry names the field.
    async fn a_catalog_entry_that_does_not_hold_is_refused_with_its_field(app: &TestApp) {
        let rule = |rule: Value| json!({ "participation": { "rule": rule } });
        for (pointer, value, blamed, says) in [
            ("/criteria", rule(json!({ "activity": { "code": "nowhere" } })), "/criteria/participation/rule/activity/code", "no activity nowhere"),
            ("/criteria", rule(json!({ "all": [{ "course": {} }, { "unit": { "code": "u9" } }] })), "/criteria/participation/rule/all/1/unit/code", "no unit u9"),
            ("/criteria", rule(json!({ "all": [] })), "/criteria/participation/rule/all", "empty"),
            ("/criteria", rule(json!({ "at_least": { "n": 3, "of": [{ "course": {} }] } })), "/criteria/participation/rule/at_least/n", "between 1 and"),
            ("/criteria", rule(json!({ "time_spent": { "at_least": "PT40H", "basis": "credited" } })), "/criteria/participation/rule/time_spent/at_least", "210 min"),
            ("/criteria", json!({}), "/criteria", "are needed"),
            ("/criteria", json!({ "certificate": { "rule": { "course": {} } } }), "/criteria/certificate", "certifying"),
            ("/duration", json!("PT0S"), "/duration", "above zero"),
            ("/duration", json!("P1D"), "/duration", "hours and minutes"),
            ("/units/0/activities/1/duration", json!("PT0M"), "/units/0/activities/1/duration", "above zero"),
            ("/units/0/activities/1/code", json!("video"), "/units/0/activities/1/code", "twice"),
            ("/units/0/activities/1/surprise", json!(1), "/units/0/activities/1/surprise", "unknown field"),
            ("/objectives", json!([]), "/objectives", "from 1 to 60"),
            ("/objectives/1", json!("a\u{202e}b"), "/objectives/1", "U+202E"),
            ("/title", json!("a\nb"), "/title", "U+000A"),
            ("/title", json!("x".repeat(401)), "/title", "1 to 400"),
            ("/title", json!(" "), "/title", "1 to 400"),
            ("/modality", json!("telepathy"), "/modality", "unknown variant"),
            ("/competencies/0/url", json!("javascript:alert(1)"), "/competencies/0/url", "http or https"),
            ("/badge_image", json!("https://example.org/badge.png"), "/badge_image", "data URI"),
            ("/surprise", json!(true), "/surprise", "unknown field"),
            ("/code", json!("other"), "/code", "not that of the path"),
        ] {
            let reply = app.put("/api/v1/trainings/laicite", &training_with(pointer, value)).await;
            reply.problem(422, "invalid").at(blamed).says(says);
        }
        use base64::Engine as _;
        let svg = |text: &str| {
            json!(format!("data:image/svg+xml;base64,{}", base64::engine::general_purpose::STANDARD.encode(text)))
        };
        for artwork in [
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"https://example.org/x.png\"/></svg>",
            "<!DOCTYPE svg [<!ENTITY x \"y\">]><svg xmlns=\"http://www.w3.org/2000/svg\"/>",
        ] {
            let reply = app.put("/api/v1/trainings/laicite", &training_with("/badge_image", svg(artwork))).await;
            reply.problem(422, "invalid").at("/badge_image");
        }

        let session = json!(support::session().session);
        for (pointer, value, blamed, says) in [
            ("/starts", json!("2026-03-02T09:00:00"), "/starts", "with its zone"),
            ("/starts", json!("2026-03-02"), "/starts", "with its zone"),
            ("/ends", json!("2026-03-01T09:00:00Z"), "/ends", "before it starts"),
            ("/duration", json!("PT0H"), "/duration", "above zero"),
            ("/training", json!("none"), "/training", "no such training"),
            ("/criteria", rule(json!({ "questionnaire": { "code": "none" } })), "/criteria/participation/rule/questionnaire/code", "no activity none"),
        ] {
            let mut changed = session.clone();
            set(&mut changed, pointer, value);
            let path = format!("/api/v1/sessions/{SESSION}");
            app.put(&path, &changed).await.problem(422, "invalid").at(blamed).says(says);
        }
        for (path, entry, blamed) in [
            ("/api/v1/issuers/dgafp", json!({ "code": "dgafp", "name": "D", "url": "ftp://x" }), "/url"),
            ("/api/v1/issuers/dgafp", json!({ "code": "dgafp", "name": "D", "url": "https://x.example", "time_zone": "Mars/Olympus" }), "/time_zone"),
            ("/api/v1/issuers/dgafp", json!({ "code": "dgafp", "name": "D", "url": "https://x.example", "colour": "red" }), "/colour"),
            ("/api/v1/sources/mentor", json!({ "code": "mentor", "issuer": "dgafp", "name": "M", "form": "carrier-pigeon" }), "/form"),
        ] {
            app.put(path, &entry).await.problem(422, "invalid").at(blamed);
        }
        // None of it was kept.
        assert_eq!(app.read("/api/v1/trainings/laicite").await.json(), json!(support::training()));
        assert_eq!(app.read(&format!("/api/v1/sessions/{SESSION}")).await.json(), session);
    }

    /// A training can't take away what the criteria of its sessions rest on.
    async fn a_change_that_would_break_a_session_is_refused(app: &TestApp) {
        let mut session = json!(support::session().session);
        session["criteria"] = json!({ "participation": { "rule": { "activity": { "code": "video" } } } });
        app.put(&format!("/api/v1/sessions/{SESSION}"), &session).await.expect(200);
        let mut training = training_with("/units/0/activities/0/code", json!("film"));
        training["criteria"] = json!({ "participation": { "rule": { "course": {} } } });
        app.put("/api/v1/trainings/laicite", &training).await.problem(409, "conflict").says(SESSION);
        app.work().await;
    }

    /// Markup in every text that a catalog entry or a learner has: issued all the way, it is text on the page, in the badge and
    /// in the PDF.
    async fn markup_in_every_text_is_issued_as_text(app: &TestApp) {
        issue_with(app, DRAWABLE_MARKUP).await;
        let award = app.award("892").await;
        assert_eq!(award["state"], "issued", "{award}");
        let credential = app.get(text(&award, "/credential/id")).await.expect(200);
        assert_eq!(app.verify(&credential.body).await["verdict"], "valid");
        let document = credential.json();
        assert_eq!(document["issuer"]["name"], DRAWABLE_MARKUP);
        assert_eq!(document["credentialSubject"]["achievement"]["name"], DRAWABLE_MARKUP);
        assert_eq!(document["credentialSubject"]["achievement"]["alignment"][1]["targetName"], DRAWABLE_MARKUP);
        assert!(app.get(text(&award, "/links/attestation")).await.expect(200).body.starts_with(b"%PDF-"));
        for link in ["badge_png", "badge_svg"] {
            let image = app.get(text(&award, &format!("/links/{link}"))).await.expect(200);
            assert_eq!(app.verify(&image.body).await["verdict"], "valid", "{link}");
        }
        let svg = app.get(text(&award, "/links/badge_svg")).await;
        let elements = roxmltree::Document::parse(svg.text()).unwrap();
        assert!(elements.descendants().all(|node| node.tag_name().name() != "script" && node.attribute("onload").is_none()));
        for (address, name) in [("/links/verification", true), ("/credential/id", false)] {
            for language in ["fr", "en"] {
                let page = app.page(text(&award, address), language).await.expect(200);
                assert_harmless(page.text());
                let escaped = "&lt;script&gt;alert(1)&lt;&#x2f;script&gt;";
                assert!(page.text().matches(escaped).count() >= if name { 5 } else { 4 }, "{}", page.text());
                assert!(page.text().contains("{{ 7 * 7 }}"));
            }
        }
        let criteria = app.page(&format!("/sessions/{SESSION}/criteria"), "fr").await.expect(200);
        assert_harmless(criteria.text());
    }

    /// What no font draws waits, with a reason for each text; nothing is half-issued.
    async fn what_no_font_draws_in_any_text_is_listed_field_by_field(app: &TestApp) {
        issue_with(app, MARKUP).await;
        let award = app.award("892").await;
        assert_eq!(award["state"], "blocked");
        assert!(award.get("credential").is_none() && award.get("links").is_none());
        let reasons = award["reasons"]["codes"].as_array().unwrap();
        let fields: Vec<_> = reasons.iter().map(|reason| text(reason, "/field")).collect();
        for field in ["recipient", "title", "issuer.name", "objectives[0]", "competencies[0].name", "criteria"] {
            assert!(fields.contains(&field), "{field} in {fields:?}");
        }
        for reason in reasons {
            assert_eq!(reason["characters"], json!(["U+1D11E"]), "{reason}");
        }
        for language in ["fr", "en"] {
            assert_harmless(app.page(&format!("/sessions/{SESSION}/criteria"), language).await.expect(200).text());
        }

        // Mended, it is issued.
        issue_with(app, DRAWABLE_MARKUP).await;
        assert_eq!(app.award("892").await["state"], "issued");
    }

    /// A script from right to left that no embedded font draws: kept, listed, and the page that shows it keeps its directions apart.
    async fn right_to_left_texts_are_kept_apart(app: &TestApp) {
        let arabic = "أساسيات العلمانية";
        app.put("/api/v1/trainings/laicite", &training_with("/title", json!(arabic))).await.expect(200);
        app.complete(zoe()).await;
        let award = app.award("892").await;
        assert_eq!(award["reasons"]["codes"][0]["field"], "title");
        let page = app.page(&format!("/sessions/{SESSION}/criteria"), "fr").await.expect(200);
        assert!(page.text().contains(arabic) && page.text().contains("dir=\"auto\""));
    }

    /// A name that hides or reorders text is not one; the evidence that came with it counts all the same.
    async fn a_name_that_reorders_text_costs_no_evidence(app: &TestApp) {
        let bad = json!({ "id": "892", "name": "Zoé \u{202e}erveL", "email": "zoe@agents.example" });
        app.complete(bad).await;
        assert_eq!(app.award("892").await["reasons"]["codes"], json!([{ "reason": "name_missing" }]));
        app.put("/api/v1/learners/mentor/892", &json!({ "name": "Zoé Lefèvre" })).await.expect(200);
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
    }

    async fn an_activity_that_the_training_lacks_is_kept_and_earns_nothing(app: &TestApp) {
        app.deliver(&event(zoe(), vec![activity("unheard-of", "completed", "2026-03-20T09:00:00+01:00")])).await;
        app.work().await;
        assert_eq!(app.awards("892").await, Vec::<Value>::new());
        app.complete(zoe()).await;
        assert_eq!(app.award("892").await["state"], "issued");
    }

    async fn revocations_are_read_strictly(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let path = format!("{}/revoke", text(&award, "/credential/id").replace("/credentials/", "/api/v1/credentials/"));
        app.post(&path, &json!({})).await.problem(422, "invalid").says("category");
        app.post(&path, &json!({ "category": "because" })).await.problem(422, "invalid").at("/category");
        app.post(&path, &json!({ "category": "learner_request", "text": "x" })).await.problem(422, "invalid").says("unknown field");
        let long = json!({ "category": "learner_request", "internal_text": "x".repeat(2001) });
        app.post(&path, &long).await.problem(422, "invalid").at("/internal_text");
        assert_eq!(app.award("892").await, award);
        let markup = json!({ "category": "learner_request", "internal_text": MARKUP });
        app.post(&path, &markup).await.expect(200);
    }

    /// Whatever is handed in to be verified, the answer is a report.
    async fn anything_can_be_handed_in_to_be_verified(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.text().to_owned();
        let png = app.get(text(&award, "/links/badge_png")).await.body;
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        let twice = credential.replacen('{', "{\"name\":\"other\",", 1);
        for bytes in [
            b"nonsense".to_vec(),
            b"{}".to_vec(),
            b"null".to_vec(),
            b"\xff\xfe".to_vec(),
            deep.into_bytes(),
            twice.into_bytes(),
            png[..png.len() / 2].to_vec(),
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(),
            b"<!DOCTYPE svg [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><svg>&b;</svg>".to_vec(),
            b"%PDF-1.7".to_vec(),
        ] {
            let report = app.verify(&bytes).await;
            assert_eq!(report["verdict"], "invalid", "{report}");
            assert_eq!(report["credential"], Value::Null);
        }
        // Somebody else's issuer, out of our reach: neither confirmed nor refuted, and nothing is fetched.
        let elsewhere = credential.replace("did:web:sceau.example", "did:web:elsewhere.example");
        assert_eq!(app.verify(elsewhere.as_bytes()).await["verdict"], "unverifiable");
    }
}

/// No markup of the input is markup of the page.
fn assert_harmless(html: &str) {
    for harm in ["<script", "<b onclick", "<svg onload", "href=\"javascript:"] {
        assert!(!html.contains(harm), "{harm} in {html}");
    }
}

/// Puts a text in every place of the catalog and of the learner, and reports a completion.
async fn issue_with(app: &TestApp, words: &str) {
    let mut issuer = json!(support::issuer());
    for pointer in ["/name", "/description", "/parent/name"] {
        set(&mut issuer, pointer, json!(words));
    }
    let mut training = json!(support::training());
    for pointer in [
        "/title",
        "/description",
        "/objectives/0",
        "/objectives/1",
        "/competencies/0/name",
        "/competencies/0/framework",
        "/competencies/0/code",
        "/units/0/title",
        "/units/0/activities/0/title",
        "/units/0/activities/1/title",
        "/criteria/participation/narrative",
    ] {
        set(&mut training, pointer, json!(words));
    }
    let mut session = json!(support::session().session);
    session["context"] = json!(words);
    app.put("/api/v1/issuers/dgafp", &issuer).await.expect(200);
    app.put("/api/v1/trainings/laicite", &training).await.expect(200);
    app.put(&format!("/api/v1/sessions/{SESSION}"), &session).await.expect(200);
    app.complete(json!({ "id": "892", "name": words })).await;
}
