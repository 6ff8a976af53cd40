//! What an award says of its learner: how long the training took, and that what had to be passed was; on the credential, the page and
//! in storage, and nothing more than that.

use serde_json::{Value, json};

use crate::app::{ACTIVITIES, SESSION, TestApp, activity, completion, event, text, zoe};
use crate::support;

const MOMENT: &str = "2026-03-20T10:00:00+01:00";

/// The training of every test as a certifying one, whose case study must be passed.
fn certifying() -> Value {
    let mut training = json!(support::training());
    training["assessment"] = json!("certifying");
    training["units"][0]["activities"][1]["kind"] = json!("assessment");
    let pass = json!({ "activity": { "code": "cas", "reached": "passed" } });
    training["criteria"]["certificate"] = json!({ "rule": { "all": [{ "activity": { "code": "video" } }, pass] } });
    training
}

impl TestApp {
    async fn award_of(&self, learner: &str, kind: &str) -> Value {
        let awards = self.awards(learner).await;
        awards.into_iter().find(|award| award["kind"] == kind).expect("an award of this kind")
    }

    /// The results of a credential, by the last part of what describes them.
    async fn results(&self, award: &Value) -> Vec<(String, String)> {
        let document = self.get(text(award, "/credential/id")).await.expect(200).json();
        let results = document["credentialSubject"]["result"].as_array().unwrap().clone();
        let said = |result: &Value| result.get("value").or(result.get("status")).unwrap().as_str().unwrap().to_owned();
        let of = |result: &Value| result["resultDescription"].as_str().unwrap().rsplit('#').next().unwrap().to_owned();
        results.iter().map(|result| (of(result), said(result))).collect()
    }
}

fn results(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(what, value)| ((*what).to_owned(), (*value).to_owned())).collect()
}

crate::on_both_engines! {
    async fn a_participation_says_how_long_it_took_and_how_that_was_counted(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credited = ("effective-duration-credited", "PT3H30M");
        assert_eq!(app.results(&award).await, results(&[("duration", "PT3H30M"), credited]));
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        for words in ["Durée effective", "3\u{a0}h\u{a0}30\u{a0}min (temps crédité pour les activités terminées)"] {
            assert!(page.text().contains(words), "{words}");
        }
        assert!(!page.text().contains("Résultat"));
        // A correction keeps it: it is of the award, not of the moment.
        app.reissue(&award).await;
        app.work().await;
        let corrected = app.award("892").await;
        assert_ne!(corrected["credential"]["id"], award["credential"]["id"]);
        assert_eq!(app.results(&corrected).await, results(&[("duration", "PT3H30M"), credited]));
        // At its public address the achievement describes every way, and nobody's time.
        let document = app.get(text(&award, "/credential/id")).await.json();
        let achievement = text(&document, "/credentialSubject/achievement/id").to_owned();
        let public = app.get(&achievement).await.expect(200).json();
        let described = public["resultDescription"].as_array().unwrap();
        assert_eq!(described.len(), 5);
        for one in document["credentialSubject"]["achievement"]["resultDescription"].as_array().unwrap() {
            assert!(described.contains(one), "{one}");
        }
    }

    async fn a_certificate_says_that_it_was_passed_and_no_score(app: &TestApp) {
        app.put("/api/v1/trainings/laicite", &certifying()).await.expect(200);
        let mut passed = activity("cas", "passed", MOMENT);
        passed["activity"]["score"] = json!(0.73917);
        let evidence = ["video", "bilan"].map(|code| activity(code, "completed", MOMENT));
        app.deliver(&event(zoe(), evidence.into_iter().chain([passed]).collect())).await;
        app.work().await;
        let certificate = app.award_of("892", "certificate").await;
        let stated = app.results(&certificate).await;
        assert_eq!(stated, results(&[("duration", "PT3H30M"), ("effective-duration-credited", "PT3H30M"), ("passed", "Completed")]));
        let participation = app.award_of("892", "participation").await;
        assert_eq!(app.results(&participation).await.len(), 2, "a participation says nothing of it");
        let text_of = app.get(text(&certificate, "/credential/id")).await;
        let page = app.page(text(&certificate, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Réussite aux évaluations demandées"));
        for shown in [text_of.text(), page.text()] {
            assert!(!shown.contains("73917"), "no score: {shown}");
        }
        app.reissue(&certificate).await;
        app.work().await;
        assert_eq!(app.results(&app.award_of("892", "certificate").await).await, stated);
    }

    /// An officer's word stands for the criteria; it does not say that something was passed.
    async fn a_certificate_by_hand_claims_no_pass(app: &TestApp) {
        app.put("/api/v1/trainings/laicite", &certifying()).await.expect(200);
        app.deliver(&completion(zoe(), &ACTIVITIES[..1])).await;
        app.work().await;
        let body = json!({ "kind": "certificate", "verdict": "award", "reason": "Épreuve passée sur papier." });
        app.post(&format!("/api/v1/sessions/{SESSION}/learners/892/decision?source=mentor"), &body).await.expect(202);
        app.work().await;
        let certificate = app.award_of("892", "certificate").await;
        assert_eq!(app.results(&certificate).await, results(&[("duration", "PT3H30M"), ("effective-duration-credited", "PT1H")]));
        let page = app.page(text(&certificate, "/links/verification"), "fr").await.expect(200);
        assert!(!page.text().contains("Réussite aux évaluations"));
    }
}
