//! What officers type: the commands, run as processes of their own on the installation of a test.

use std::io::Write as _;
use std::process::{Output, Stdio};

use sceau::audit::Action;
use sceau::config::SystemClock;
use sceau::store::AuditFilter;
use sceau::time::Clock as _;
use serde_json::{Value, json};

use crate::app::{TestApp, completion, text};
use crate::on_both_engines;

/// Runs a command: its status, what it printed, what it complained of.
fn run(app: &TestApp, arguments: &[&str]) -> (Option<i32>, String, String) {
    told(&app.sceau(arguments).output().expect("it starts"))
}

/// The same, with something on standard input.
fn run_with(app: &TestApp, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut command = app.sceau(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    told(&child.wait_with_output().unwrap())
}

fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

/// Lets the clock of the service under test catch up with that of the commands, so that it sees what they queued.
fn catch_up(app: &TestApp) {
    app.clock.advance(SystemClock.now().as_unix_seconds() - app.clock.now().as_unix_seconds() + 1);
}

/// Who did something, each time that it was done, in a word: `operator`, `token`, `system`.
async fn noted(app: &TestApp, action: Action) -> Vec<String> {
    let filter = AuditFilter { action: Some(action), ..AuditFilter::default() };
    let entries = app.service.store.audit_entries(&filter, 0, 10).await.unwrap();
    let actor = |document: &str| serde_json::from_str::<Value>(document).unwrap()["actor"]["kind"].clone();
    entries.iter().map(|entry| actor(&entry.sealed.document).as_str().unwrap_or("?").to_owned()).collect()
}

on_both_engines! {
    async fn a_learner_is_shown_and_the_trail_says_to_whom(app: &TestApp) {
        catch_up(app);
        app.complete(json!({ "id": "892", "name": "Zoé Lefèvre", "email": "zoe@example.fr" })).await;
        let (status, shown, _) = run(app, &["learners", "show", "mentor", "zoe@example.fr"]);
        assert_eq!(status, Some(0));
        for line in ["learner   892 of mentor", "name      Zoé Lefèvre", "e-mail    zoe@example.fr", "id        892  since "] {
            assert!(shown.contains(line), "{shown}");
        }
        let (_, document, _) = run(app, &["learners", "show", "mentor", "892", "--json"]);
        let document: Value = serde_json::from_str(&document).unwrap();
        assert_eq!(document, app.read("/api/v1/learners/mentor/892").await.expect(200).json());
        assert_eq!(noted(app, Action::NameShown).await, ["operator", "operator", "token"]);

        let (status, _, why) = run(app, &["learners", "show", "mentor", "nobody"]);
        assert_eq!((status, why.contains("the source mentor knows no such learner")), (Some(1), true), "{why}");
    }

    async fn two_learners_are_merged_and_parted(app: &TestApp) {
        catch_up(app);
        app.deliver(&completion(json!({ "id": "1", "name": "Zoé Lefèvre" }), &["video", "cas"])).await;
        app.deliver(&completion(json!({ "id": "2", "name": "Z. Lefèvre" }), &["bilan"])).await;
        app.work().await;
        let merge = ["learners", "merge", "mentor", "1", "--also", "2", "--reason", "Compte créé deux fois"];
        let (status, told, _) = run(app, &merge);
        assert_eq!((status, told.contains("a running server does the rest")), (Some(0), true), "{told}");
        catch_up(app);
        app.work().await;
        assert_eq!(text(&app.award("2").await, "/state"), "issued", "together they did all of it");
        let (status, _, why) = run(app, &merge);
        assert_eq!((status, why.contains("one learner already")), (Some(1), true), "{why}");

        let (_, shown, _) = run(app, &["learners", "show", "mentor", "2"]);
        let (_, merged) = shown.split_once("merged from ").unwrap();
        let merged = merged.lines().next().unwrap();
        let part = ["learners", "part", "mentor", "1", "--merged-from", merged, "--reason", "Deux personnes", "--work"];
        let (status, told, _) = run(app, &part);
        assert_eq!((status, told.contains("2 jobs done")), (Some(0), true), "{told}");
        assert_eq!(text(&app.read("/api/v1/learners/mentor/2").await.expect(200).json(), "/name"), "Z. Lefèvre");
        assert_eq!(run(app, &part).0, Some(1));
        for action in [Action::LearnersMerged, Action::LearnersParted] {
            assert_eq!(noted(app, action).await, ["operator"]);
        }
        let (status, _, why) = run(app, &["learners", "merge", "mentor", "1", "--also", "2", "--reason", " "]);
        assert_eq!((status, why.contains("say why")), (Some(2), true), "{why}");
    }

    async fn a_name_is_put_right_without_being_typed_as_an_argument(app: &TestApp) {
        catch_up(app);
        app.complete(json!({ "id": "892", "name": "Zoe Lefevre" })).await;
        let before = app.award("892").await;
        let ask = ["learners", "correct", "mentor", "892", "--name", "-", "--email", "-", "--reason", "Accents", "--work"];
        let (status, told, why) = run_with(app, &ask, "Zoé Lefèvre\nzoe@example.fr\n");
        assert_eq!(status, Some(0), "{why}");
        assert!(told.contains("made anew: https://sceau.example/credentials/"), "{told}");
        assert!(told.contains("1 made anew, 0 right already\n1 jobs done"), "{told}");
        assert!(!told.contains("Zo") && !why.contains("Zo"), "nothing repeats the name");
        let after = app.award("892").await;
        assert_eq!((&after["state"], &after["credential"]["version"]), (&json!("issued"), &json!(2)));
        let page = app.page(text(&before, "/links/verification"), "fr").await;
        assert!(page.text().contains("Zoé Lefèvre"), "the printed code shows the right name");
        let shown = app.read("/api/v1/learners/mentor/zoe@example.fr").await.expect(200).json();
        assert_eq!(text(&shown, "/id"), "892");

        let (status, told, _) = run_with(app, &ask, "Zoé Lefèvre\nzoe@example.fr\n");
        assert_eq!((status, told.contains("right already")), (Some(0), true), "{told}");
        let (status, _, why) = run_with(app, &ask, "");
        assert_eq!((status, why.contains("no line for the name")), (Some(1), true), "{why}");
        assert_eq!(noted(app, Action::NameCorrected).await.len(), 2);
    }

    async fn an_award_that_can_not_be_made_anew_says_what_it_needs(app: &TestApp) {
        catch_up(app);
        app.complete(json!({ "id": "892", "name": "Zoe Lefevre" })).await;
        let correct = |name: &str| run(app, &["learners", "correct", "mentor", "892", "--name", name, "--reason", "Nom"]);
        let (status, told, _) = correct("ᏣᎳᎩ");
        assert_eq!((status, told.contains("something must be supplied first")), (Some(1), true), "{told}");
        // A correction that is being signed under another name is told to be looked at again.
        assert_eq!(correct("Zoé Lefevre").0, Some(0));
        let (status, told, why) = correct("Zoé Lefèvre");
        assert_eq!((status, told.contains("not issued yet")), (Some(3), true), "{told}");
        assert!(why.contains("run this again"), "{why}");
        catch_up(app);
        app.work().await;
        assert_eq!(correct("Zoé Lefèvre").0, Some(0));
        catch_up(app);
        app.work().await;
        assert_eq!(app.award("892").await["credential"]["version"], 3);
    }
}
