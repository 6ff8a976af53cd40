//! Evidence out of files, by API and by command: what is taken, what is refused by its line, and what comes of it.

use axum::http::Method;
use sceau::http::Scope;
use serde_json::{Value, json};

use crate::app::{ACTIVITIES, Reply, SESSION, TestApp, text};

const PATH: &str = "/api/v1/sessions/laicite-2026-03/evidence";

/// Everything that a learner did, a line for each activity.
fn lines(learner: &str) -> String {
    let line = |activity: &str| {
        let learner = json!({ "id": learner, "name": format!("Agent {learner}") });
        let evidence =
            json!([{ "at": "2026-03-20T09:00:00+01:00", "activity": { "code": activity, "state": "completed" } }]);
        format!("{}\n", json!({ "learner": learner, "evidence": evidence }))
    };
    ACTIVITIES.map(line).concat()
}

async fn send(app: &TestApp, query: &str, media_type: &str, file: &str) -> Reply {
    let call = app.call(Method::POST, &format!("{PATH}{query}")).bearer(&app.officer);
    call.header("content-type", media_type).body(file.as_bytes().to_vec()).send().await
}

crate::on_both_engines! {
    async fn lines_of_json_become_evidence_once(app: &TestApp) {
        let file = lines("1") + &lines("2");
        let checked = send(app, "?check=true", "application/x-ndjson", &file).await.expect(200).json();
        assert_eq!((&checked["status"], &checked["lines"]), (&json!("checked"), &json!(6)));
        assert_eq!(app.work().await, 0, "nothing was kept");

        let taken = send(app, "", "application/x-ndjson", &file).await.expect(202).json();
        let expected = json!({
            "session": SESSION, "source": "mentor", "status": "accepted", "lines": 6, "deliveries": 1, "repeats": 0
        });
        assert_eq!(taken, expected);
        app.work().await;
        for learner in ["1", "2"] {
            assert_eq!(text(&app.award(learner).await, "/state"), "issued");
        }
        let again = send(app, "", "application/jsonl", &file).await.expect(202).json();
        assert_eq!((&again["deliveries"], &again["repeats"]), (&json!(0), &json!(1)));
        assert_eq!(app.work().await, 0);

        let noted = app.read("/api/v1/audit?action=evidence.imported").await.expect(200).json();
        assert_eq!(noted["entries"].as_array().map(Vec::len), Some(1), "what was kept before is not kept again");
        assert_eq!(noted["entries"][0]["actor"]["kind"], "token");
        assert_eq!(noted["entries"][0]["details"]["learners"], 2);
    }

    async fn a_wrong_line_is_told_and_nothing_is_taken(app: &TestApp) {
        let file = lines("1") + "{\"learner\": {\"id\": \"2\"}}\n" + &lines("3").replace("2026-03-20", "2027-03-20");
        let refused = send(app, "", "application/x-ndjson", &file).await.expect(422).json();
        assert_eq!(refused["type"], "/problems#invalid");
        let rows: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|error| &error["row"]).collect();
        assert_eq!(rows, [4, 5, 6, 7], "{refused}");
        assert!(text(&refused, "/errors/1/detail").contains("more than 24 h"), "{refused}");
        let sheet = "id;activity;at\n1;video;2026-03-20 09:00\n1;vidéo;2026-03-20 09:00\n";
        let refused = send(app, "", "text/csv; charset=utf-8", sheet).await.expect(422).json();
        assert_eq!((&refused["errors"][0]["row"], &refused["errors"][0]["column"]), (&json!(3), &json!("activité")));
        assert!(text(&refused, "/errors/0/detail_fr").contains("pas d’activité"));
        assert_eq!(app.work().await, 0);
    }

    /// The file is in our own form, whatever the LMS sends.
    async fn a_file_is_read_so_on_behalf_of_any_source(app: &TestApp) {
        let source = json!({ "code": "campus", "issuer": "dgafp", "name": "Campus", "form": "moodle-webhookengine" });
        app.put("/api/v1/sources/campus", &source).await.expect(201);
        send(app, "", "application/x-ndjson", &lines("1")).await.problem(400, "bad-request").says("several sources");
        send(app, "?source=campus", "application/x-ndjson", &lines("1")).await.expect(202);
        app.work().await;
        let sheet = ACTIVITIES.map(|activity| format!("2;Agent 2;{activity};2026-03-20 09:00\n")).concat();
        send(app, "?source=campus", "text/csv", &format!("id;nom;activité;date\n{sheet}")).await.expect(202);
        app.work().await;
        for learner in ["1", "2"] {
            let found = app.read(&format!("/api/v1/awards?source=campus&learner={learner}")).await.expect(200).json();
            assert_eq!(text(&found, "/awards/0/state"), "issued", "{found}");
        }
    }

    async fn who_may_hand_in_a_file_and_how_large(app: &TestApp) {
        let weak = app.token("dgafp", &[Scope::SessionsOperate]).await;
        let call = || app.call(Method::POST, PATH).header("content-type", "text/csv").body(b"id;at\n".to_vec());
        call().bearer(&weak).send().await.problem(403, "forbidden").says("evidence:write");
        let other = app.token("autre", &[Scope::EvidenceWrite]).await;
        call().bearer(&other).send().await.problem(403, "forbidden");
        send(app, "", "application/json", "{}").await.problem(415, "media-type").says("application/x-ndjson");
        send(app, "?source=nobody", "text/csv", "id;at\n").await.problem(400, "bad-request").says("no source nobody");
        send(app, "?sauce=mentor", "text/csv", "id;at\n").await.problem(400, "bad-request");
        send(app, "", "text/csv", &"x".repeat(4 * 1024 * 1024 + 1)).await.problem(413, "too-large").says("4 MiB");
        // Longer than other requests may be.
        let many: String = (0..20_000).map(|number| format!("{number};video;2026-03-20 09:00;Agent {number} {}\n", "x".repeat(40))).collect();
        assert!(many.len() > 1024 * 1024);
        let taken = send(app, "?check=true", "text/csv", &format!("id;activity;at;name\n{many}")).await.expect(200).json();
        assert_eq!(taken["lines"], 20_000);
    }

    async fn the_command_takes_the_same_file(app: &TestApp) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("completions.ndjson");
        std::fs::write(&file, lines("1")).unwrap();
        let output = app.sceau(&["sessions", "import", SESSION, file.to_str().unwrap(), "--work"]).output().unwrap();
        let told = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && told.contains("3 lines in 1 deliveries, 0 kept before"), "{told}");
        assert_eq!(text(&app.award("1").await, "/state"), "issued");
        let repeated = send(app, "", "application/x-ndjson", &lines("1")).await.expect(202).json();
        assert_eq!(repeated["repeats"], 1, "of the command's");
        let noted: Value = app.read("/api/v1/audit?action=evidence.imported").await.expect(200).json();
        assert_eq!(noted["entries"][0]["actor"]["kind"], "operator");
    }
}
