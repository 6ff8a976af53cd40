//! Attendance sheets: what trainers hand in, what becomes of it, and what is told of a sheet that can't be read.

use axum::http::Method;
use sceau::audit::Actor;
use sceau::http::Scope;
use sceau::store::DeliveryState;
use serde_json::{Value, json};

use crate::app::{Reply, SESSION, TestApp, activity, code, event, text, zoe};
use crate::support;

const PATH: &str = "/api/v1/sessions/laicite-2026-03/attendance";

impl TestApp {
    /// Gives the session two meetings, half a day each, and asks for four fifths of their time.
    async fn hold_meetings(&self) {
        let meeting = |code: &str, day: u32| json!({ "code": code, "starts": format!("2026-03-{day}T09:00:00+01:00"), "ends": format!("2026-03-{day}T12:00:00+01:00") });
        let mut session = json!(support::session().session);
        session["meetings"] = json!([meeting("m1", 10), meeting("m2", 17)]);
        session["criteria"] = json!({ "participation": { "rule": { "attendance": { "at_least": 80 } } } });
        self.put(&format!("/api/v1/sessions/{SESSION}"), &session).await.expect(200);
    }

    async fn hand_in(&self, query: &str, sheet: &[u8]) -> Reply {
        let call = self.call(Method::POST, &format!("{PATH}{query}")).bearer(&self.officer);
        call.header("content-type", "text/csv").body(sheet.to_vec()).send().await
    }

    /// The same, taken up.
    async fn state(&self, sheet: &str) -> Value {
        let reply = self.hand_in("", sheet.as_bytes()).await.expect(202).json();
        self.work().await;
        reply
    }

    /// The learner 892 is known, and has done nothing that counts here.
    async fn know_zoe(&self) {
        self.deliver(&event(zoe(), vec![activity("video", "completed", "2026-03-03T09:00:00+01:00")])).await;
        self.work().await;
    }
}

crate::on_both_engines! {
    async fn a_sheet_ends_in_an_award_that_says_how_time_was_counted(app: &TestApp) {
        app.hold_meetings().await;
        app.know_zoe().await;
        let sheet = "identifiant;nom;m1;m2\n892;Zoé;présent;présent\n";
        let reply = app.state(sheet).await;
        assert_eq!((&reply["status"], &reply["present"], &reply["source"]), (&json!("accepted"), &json!(2), &json!("mentor")));
        let award = app.award("892").await;
        assert_eq!(award["state"], "issued");
        let counted = json!([{ "basis": "attendance", "seconds": 21_600, "asked_seconds": 17_280 }]);
        assert_eq!(award["time"]["counted"], counted);
        assert_eq!(award["time"]["measured_seconds"], 21_600);

        let again = app.state(sheet).await;
        assert_eq!((&again["status"], &again["delivery"]), (&json!("repeat"), &reply["delivery"]));
        app.clock.advance(60);
        assert_eq!(app.state(sheet).await["status"], "repeat", "whenever it comes");
        assert_eq!(app.award("892").await, award);
        let credential = app.get(text(&award, "/links/credential")).await.expect(200);
        assert!(!credential.text().contains("21600") && !credential.text().contains("attendance\":"));
    }

    async fn a_corrected_sheet_replaces_the_one_before(app: &TestApp) {
        app.hold_meetings().await;
        app.know_zoe().await;
        app.state("id;m1\n892;1\n").await;
        app.clock.advance(60);
        app.state("id;m1;m2\n892;0;1\n").await;
        assert_eq!(app.awards("892").await.len(), 0, "three hours of six");
        app.clock.advance(60);
        app.state("id;séance;arrivée;départ\n892;m1;9:30;12:00\n").await;
        let counted = &app.award("892").await["time"]["counted"][0];
        assert_eq!(counted["seconds"], 19_800);
    }

    async fn a_sheet_from_a_french_spreadsheet_is_read_and_one_with_a_mistake_is_refused_whole(app: &TestApp) {
        app.hold_meetings().await;
        app.know_zoe().await;
        let windows = |text: &str| text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect::<Vec<_>>();
        let sheet = windows("Identifiant;Séance;Présence\r\n892;m1;Présent\r\n893;m2;peut-être\r\n894;m9;absent\r\n");
        let refused = app.hand_in("", &sheet).await;
        let document = refused.expect(422).json();
        assert_eq!(document["type"], "/problems#invalid");
        let places: Vec<_> = document["errors"].as_array().unwrap().iter().map(|error| (&error["row"], &error["column"])).collect();
        assert_eq!(places, [(&json!(3), &json!("Présence")), (&json!(4), &json!("Séance"))]);
        assert!(text(&document, "/errors/0/detail").starts_with("write") && text(&document, "/errors/0/detail_fr").starts_with("écrivez"));
        assert_eq!(app.work().await, 0, "nothing of it was kept");

        let mended = windows("Identifiant;Séance;Présence\r\n892;m1;Présent\r\n892;m2;Présent\r\n");
        let checked = app.hand_in("?check=true", &mended).await.expect(200).json();
        assert_eq!((&checked["status"], &checked["present"]), (&json!("checked"), &json!(2)));
        assert_eq!(app.work().await, 0, "nor of a dry reading");
        app.hand_in("", &mended).await.expect(202);
        app.work().await;
        assert_eq!(app.award("892").await["state"], "issued");
    }

    async fn a_learner_who_is_not_known_yet_waits(app: &TestApp) {
        app.hold_meetings().await;
        app.know_zoe().await;
        let reply = app.state("id;e-mail;m1;m2\n777;;1;1\n;zoe.lefevre@agents.example;1;1\n").await;
        let delivery = text(&reply, "/delivery").parse().unwrap();
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Parked);
        assert_eq!(app.award("892").await["state"], "issued", "found by address, as the LMS once named it");
        app.put("/api/v1/learners/mentor/777", &json!({ "name": "Malik Haddad" })).await.expect(201);
        app.work().await;
        assert_eq!(app.delivery_state(delivery).await, DeliveryState::Processed);
        assert_eq!(app.award("777").await["state"], "issued");
    }

    async fn who_may_hand_in_a_sheet_and_about_what(app: &TestApp) {
        let sheet = b"id;m1\n892;1\n";
        app.hand_in("", sheet).await.problem(422, "invalid").says("no meetings");
        app.read(&format!("{PATH}/sheet.csv")).await.problem(422, "invalid").says("no meetings");
        app.hold_meetings().await;
        let other = app.token("dgafp", &[Scope::CatalogWrite, Scope::LearnersWrite]).await;
        let call = || app.call(Method::POST, PATH).header("content-type", "text/csv").body(sheet.to_vec());
        call().bearer(&other).send().await.problem(403, "forbidden").says("evidence:write");
        call().bearer(&app.officer).header("content-type", "application/json").send().await.problem(415, "media-type");
        app.hand_in("?source=nobody", sheet).await.problem(400, "bad-request").says("no source nobody");
        app.hand_in("?meeting=m7", sheet).await.problem(400, "bad-request").says("no meeting m7");
        app.hand_in("?sauce=mentor", sheet).await.problem(400, "bad-request");
        app.hand_in("", &vec![b'x'; 1024 * 1024 + 1]).await.problem(413, "too-large");
        let unknown = app.call(Method::POST, "/api/v1/sessions/nowhere/attendance").bearer(&app.officer);
        unknown.header("content-type", "text/csv").body(sheet.to_vec()).send().await.problem(404, "not-found");
        let source = json!({ "code": "campus", "issuer": "dgafp", "name": "Campus", "form": "moodle-webhookengine" });
        app.put("/api/v1/sources/campus", &source).await.expect(201);
        app.hand_in("", sheet).await.problem(400, "bad-request").says("several sources");
        app.hand_in("?source=campus", sheet).await.expect(202);
        app.work().await;
    }

    /// The form of a sheet is read on behalf of any source, and an LMS may send it by itself.
    async fn an_lms_may_state_attendance_by_itself(app: &TestApp) {
        app.hold_meetings().await;
        let stated = |meeting: &str, day: u32| json!({
            "at": format!("2026-03-{day}T12:00:00+01:00"),
            "attendance": { "meeting": meeting, "stated": "2026-03-18T09:00:00+01:00", "intervals": [
                { "from": format!("2026-03-{day}T08:30:00+01:00"), "until": format!("2026-03-{day}T12:30:00+01:00") }
            ] },
        });
        app.deliver(&event(zoe(), vec![stated("m1", 10), stated("m2", 17)])).await;
        app.work().await;
        assert_eq!(app.award("892").await["time"]["counted"][0]["seconds"], 21_600, "the meetings alone count");
    }

    async fn an_empty_sheet_lists_who_is_known_and_reads_back(app: &TestApp) {
        app.hold_meetings().await;
        app.know_zoe().await;
        let session = app.service.store.effective_session(&code(SESSION)).await.unwrap().unwrap();
        let sheet = String::from_utf8(app.service.empty_sheet(&session, Actor::System).await.unwrap()).unwrap();
        assert!(sheet.contains("identifiant;nom;m1 (10\u{a0}mars\u{a0}2026 à\u{a0}9\u{a0}h\u{a0}00)"), "{sheet}");
        app.state(&sheet.replace("892;Zoé Lefèvre-Nguyễn;;", "892;Zoé Lefèvre-Nguyễn;P;P")).await;
        assert_eq!(app.award("892").await["state"], "issued");
        let path = format!("{PATH}/sheet.csv");
        let reply = app.read(&path).await.expect(200);
        assert_eq!((reply.text(), reply.header("content-type")), (sheet.as_str(), "text/csv; charset=utf-8"));
        assert_eq!(reply.header("content-disposition"), "attachment; filename=\"laicite-2026-03.csv\"");
        let weak = app.token("dgafp", &[Scope::EvidenceWrite]).await;
        app.call(Method::GET, &path).bearer(&weak).send().await.problem(403, "forbidden").says("learners:read");
        let shown = app.read("/api/v1/audit?action=learner.name_shown").await.expect(200).json();
        assert_eq!(shown["entries"][0]["details"]["learners"], 1, "{shown}");
        let stated = app.read("/api/v1/audit?action=attendance.stated").await.expect(200).json();
        assert_eq!(stated["entries"][0]["details"]["present"], 2, "{stated}");
    }
}
