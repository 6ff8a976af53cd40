//! Progress: what the LMS reads, what the learner sees behind a link, and what may be shown in a frame, where.

use axum::http::Method;
use sceau::http::Scope;
use serde_json::{Value, json};

use crate::app::{ACTIVITIES, TestApp, URL, activity, completion, event, text, zoe};

const PATH: &str = "/api/v1/sessions/laicite-2026-03/learners/892/progress";

impl TestApp {
    async fn progress(&self) -> Value {
        self.read(PATH).await.expect(200).json()
    }

    /// Lets an LMS at a site be the source.
    async fn give_the_source_a_site(&self, site: &str) {
        let source =
            json!({ "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "completion-event", "site": site });
        self.put("/api/v1/sources/mentor", &source).await.expect(200);
    }
}

crate::on_both_engines! {
    async fn progress_goes_from_what_remains_to_the_award(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        let first = app.progress().await;
        let kind = &first["kinds"][0];
        // Three activities, and an hour of three: one of the four parts, and a third of another.
        assert_eq!((&kind["kind"], &kind["state"], &kind["percent"]), (&json!("participation"), &json!("open"), &json!(33)));
        assert_eq!((&kind["steps"][0]["state"], &kind["steps"][0]["done_at"]), (&json!("done"), &json!("2026-03-20T08:00:00Z")));
        assert_eq!((&kind["steps"][1]["state"], text(kind, "/steps/1/label/en")), (&json!("open"), "complete the activity “Cas pratiques”"));
        assert_eq!(kind["steps"][3]["time"]["seconds"], 3600);
        assert_eq!((&kind["award"], &first["learner"]["id"]), (&Value::Null, &json!("892")));

        let address = text(&first, "/links/page");
        assert_eq!(app.progress().await["links"], first["links"], "one link for each session and learner");
        for (language, words) in [("fr", ["Il vous reste 3 étapes", "33\u{a0}%", "Terminer l’activité"]), ("en", ["3 steps remain", "33%", "Complete the activity"])] {
            let page = app.page(address, language).await.expect(200);
            let shown = page.text().replace("&#x27;", "'");
            words.iter().for_each(|words| assert!(shown.contains(words), "{words}: {shown}"));
            assert!(shown.contains("<progress max=\"100\" value=\"33\""));
        }

        app.complete(zoe()).await;
        let last = app.progress().await;
        let kind = &last["kinds"][0];
        assert_eq!((&kind["state"], &kind["percent"], &kind["award"]["state"]), (&json!("done"), &json!(100), &json!("issued")));
        let award = app.award("892").await;
        assert_eq!((&kind["award"]["id"], &kind["award"]["links"]), (&award["id"], &award["links"]));
        let page = app.page(address, "fr").await.expect(200);
        assert!(page.text().contains("Obtenue le 27\u{a0}mars\u{a0}2026.") && page.text().contains("attestation.pdf"));
        assert!(!page.text().contains("<progress"), "an award says more than a bar");
    }

    async fn no_page_behind_the_link_shows_a_name_or_a_result(app: &TestApp) {
        let mut failed = activity("cas", "failed", "2026-03-20T09:00:00+01:00");
        failed["activity"]["score"] = json!(0.123);
        app.deliver(&event(zoe(), vec![activity("video", "completed", "2026-03-19T09:00:00+01:00"), failed])).await;
        app.work().await;
        let links = app.progress().await["links"].clone();
        for link in ["page", "embed", "json"] {
            let reply = app.page(text(&links, &format!("/{link}")), "fr").await.expect(200);
            for secret in ["Zoé", "Lefèvre", "zoe.lefevre", "0.123", "0,123", "\"892\""] {
                assert!(!reply.text().contains(secret), "{link} shows {secret}");
            }
            assert_eq!((reply.header("cache-control"), reply.header("referrer-policy")), ("no-store", "no-referrer"), "{link}");
            assert!(reply.header("x-robots-tag").contains("noindex") && reply.header("set-cookie").is_empty(), "{link}");
        }
    }

    async fn only_the_issuers_own_sites_may_frame_the_fragment_or_read_the_json(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        let links = app.progress().await["links"].clone();
        let (page, embed, json) = (text(&links, "/page"), text(&links, "/embed"), text(&links, "/json"));
        let policy = async || app.page(embed, "fr").await.header("content-security-policy").to_owned();
        assert!(policy().await.ends_with("frame-ancestors 'none'"), "no source has a site yet");

        app.give_the_source_a_site("https://LMS.example/moodle").await;
        assert!(policy().await.ends_with("frame-ancestors https://lms.example"), "{}", policy().await);
        let framed = app.page(embed, "fr").await;
        assert!(framed.header("x-frame-options").is_empty() && framed.text().contains("target=\"_blank\""));
        let whole = app.page(page, "fr").await;
        assert_eq!(whole.header("x-frame-options"), "DENY");
        assert!(whole.header("content-security-policy").contains("frame-ancestors 'none'"));

        for (origin, allowed) in [("https://lms.example", "https://lms.example"), ("https://evil.example", ""), ("null", "")] {
            let reply = app.call(Method::GET, json).header("origin", origin).send().await.expect(200);
            assert_eq!((reply.header("access-control-allow-origin"), reply.header("vary")), (allowed, "origin"), "{origin}");
            assert!(reply.header("access-control-allow-credentials").is_empty());
        }
    }

    async fn an_officer_can_end_a_link_and_the_next_is_another(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        let first = app.progress().await["links"].clone();
        let end = || app.call(Method::DELETE, &format!("{PATH}/link")).bearer(&app.officer);
        end().send().await.expect(204);
        for link in ["page", "embed", "json"] {
            app.get(text(&first, &format!("/{link}"))).await.problem(404, "unknown-link");
        }
        let told = app.page(text(&first, "/page"), "fr").await.expect(404);
        assert!(told.text().contains("Ce lien de suivi n’est pas ou n’est plus actif"));
        end().send().await.problem(404, "not-found");
        let next = app.progress().await["links"].clone();
        assert_ne!(next["page"], first["page"]);
        app.get(text(&next, "/page")).await.expect(200);
        let ended = app.read("/api/v1/audit?action=progress.link_ended").await.expect(200).json();
        assert_eq!(ended["entries"].as_array().map(Vec::len), Some(1));
    }

    /// Whoever was refused is told so, and not that the document is on its way; why is the officers' business.
    async fn what_officers_decide_shows_and_their_reasons_do_not(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        let refuse = json!({ "kind": "participation", "verdict": "refuse", "reason": "Fraude présumée" });
        app.post("/api/v1/sessions/laicite-2026-03/learners/892/decision?source=mentor", &refuse).await.expect(202);
        app.complete(zoe()).await;
        let found = app.progress().await;
        assert_eq!((&found["kinds"][0]["by_hand"], &found["kinds"][0]["award"]), (&json!("refuse"), &Value::Null));
        let page = app.page(text(&found, "/links/page"), "fr").await.expect(200);
        assert!(page.text().contains("a décidé de ne pas délivrer") && !page.text().contains("Fraude"));
        assert!(!found.to_string().contains("Fraude"));
    }

    async fn who_may_read_progress(app: &TestApp) {
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        app.get(PATH).await.problem(401, "unauthenticated");
        let reader = app.token("dgafp", &[Scope::AwardsRead]).await;
        app.call(Method::GET, PATH).bearer(&reader).send().await.problem(403, "forbidden").says("progress:read");
        app.put("/api/v1/issuers/autre", &json!({ "code": "autre", "name": "Autre", "url": "https://autre.example" })).await.problem(403, "forbidden");
        app.read("/api/v1/sessions/nowhere/learners/892/progress").await.problem(404, "not-found").says("session");
        app.read("/api/v1/sessions/laicite-2026-03/learners/1/progress").await.problem(404, "not-found").says("learner");
        app.read(&format!("{PATH}?source=nobody")).await.problem(404, "not-found");
        app.read(&format!("{PATH}?sauce=mentor")).await.problem(400, "bad-request");
        app.get(&format!("{URL}/p/not-a-token")).await.problem(404, "unknown-link");
    }
}
