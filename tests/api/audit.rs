//! The audit trail: who did what and when, and that nothing of it can be changed unseen.

use sceau::audit::{Action, Actor, Broken, Entry, Object};
use sceau::http::Scope;
use sceau::store::AuditFilter;
use serde_json::{Value, json};

use crate::app::{TestApp, text};
use crate::on_both_engines;

/// The actions of a part of the trail, with who acted.
async fn told(app: &TestApp) -> Vec<(String, String)> {
    let reply = app.read("/api/v1/audit?limit=500").await.expect(200).json();
    let entries = reply["entries"].as_array().expect("a list").clone();
    entries.iter().map(|entry| (text(entry, "/action").to_owned(), text(entry, "/actor/kind").to_owned())).collect()
}

fn happened(told: &[(String, String)], action: &str, by: &str) -> bool {
    told.iter().any(|(what, who)| what == action && who == by)
}

on_both_engines! {
    async fn everything_that_leads_to_an_award_is_told_and_names_nobody(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoé Lefèvre", "email": "zoe.lefevre@example.fr" })).await;
        let award = app.award("892").await;
        app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        app.get(text(&award, "/links/attestation")).await.expect(200);
        let credential = text(&award, "/credential/id").rsplit('/').next().unwrap().to_owned();
        let why = json!({ "category": "learner_request", "internal_text": "À la demande de Zoé Lefèvre." });
        app.post(&format!("/api/v1/credentials/{credential}/revoke"), &why).await.expect(200);

        let told = told(app).await;
        for (action, by) in [
            ("session.saved", "token"),
            ("source.secrets_replaced", "token"),
            ("learner.saved", "source"),
            ("decision.made", "system"),
            ("award.made", "system"),
            ("credential.planned", "system"),
            ("credential.issued", "system"),
            ("learner.name_shown", "link"),
            ("credential.revoked", "token"),
            ("audit.read", "token"),
        ] {
            assert!(happened(&told, action, by), "{action} by {by} in {told:?}");
        }
        assert_eq!(told.iter().filter(|(action, _)| action == "learner.name_shown").count(), 2, "the page, and the PDF");
        let records = app.service.store.audit_entries(&AuditFilter::default(), 0, 500).await.unwrap();
        for record in &records {
            let document = &record.sealed.document;
            for personal in ["Zoé", "Lefèvre", "zoe.lefevre", "892"] {
                let named = document.split('"').any(|part| part == personal || part.contains("Lefèvre"));
                assert!(!named, "{document} names a person");
            }
        }
        let revoked = records.iter().find(|record| record.sealed.document.contains("credential.revoked")).unwrap();
        assert_eq!(revoked.text.as_ref().unwrap().1, "À la demande de Zoé Lefèvre.");
        app.service.store.verify_audit(vec![], |_, _| {}).await.unwrap().unwrap();
    }

    async fn a_decision_is_told_once_until_it_differs(app: &TestApp) {
        let learner = json!({ "id": "892", "name": "Zoé Lefèvre" });
        app.complete(learner.clone()).await;
        let count = async || told(app).await.iter().filter(|(action, _)| action == "decision.made").count();
        let first = count().await;
        app.complete(learner).await;
        assert_eq!(count().await, first, "the same facts, the same decision");
    }

    async fn a_change_behind_our_back_shows(app: &TestApp) {
        let store = &app.service.store;
        let head = store.audit_head().await.unwrap();
        assert!(head.sequence > 3);
        assert_eq!(store.verify_audit(vec![head.clone()], |_, _| {}).await.unwrap(), Ok(head.clone()));

        app.tamper("update audit_entries set document = replace(document, 'session.saved', 'session.sabed')").await;
        assert!(matches!(store.verify_audit(vec![], |_, _| {}).await.unwrap(), Err(Broken::Altered(_))));
        app.tamper("update audit_entries set document = replace(document, 'session.sabed', 'session.saved')").await;
        assert!(store.verify_audit(vec![], |_, _| {}).await.unwrap().is_ok());

        // Whoever cuts the end off, head and all, leaves a chain that holds by itself: only a head kept elsewhere tells.
        let cut = head.sequence - 1;
        app.tamper(&format!("delete from audit_entries where sequence > {cut}")).await;
        assert!(matches!(store.verify_audit(vec![], |_, _| {}).await.unwrap(), Err(Broken::End { .. })));
        app.tamper(&format!(
            "update audit_head set sequence = {cut}, hash = (select hash from audit_entries where sequence = {cut})"
        ))
        .await;
        assert!(store.verify_audit(vec![], |_, _| {}).await.unwrap().is_ok());
        assert!(matches!(store.verify_audit(vec![head], |_, _| {}).await.unwrap(), Err(Broken::End { .. })));
    }

    async fn a_text_can_be_deleted_but_not_changed(app: &TestApp) {
        let store = app.service.store.by(Actor::Operator("root".into()));
        let entry = Entry::new(app.service.clock.now(), Action::TrailRead, Object::new("audit", "test")).saying("Parce que.");
        store.note(entry).await.unwrap();
        app.tamper("update audit_texts set text = 'Pour rien.'").await;
        assert!(matches!(store.verify_audit(vec![], |_, _| {}).await.unwrap(), Err(Broken::Text(_))));
        app.tamper("delete from audit_texts").await;
        assert!(store.verify_audit(vec![], |_, _| {}).await.unwrap().is_ok());
    }

    async fn a_forgotten_learner_has_entries_that_name_nobody(app: &TestApp) {
        app.complete(json!({ "id": "892", "name": "Zoé Lefèvre" })).await;
        let store = &app.service.store;
        let id = store.learner_by_external(&"mentor".parse().unwrap(), &"892".parse().unwrap()).await.unwrap().unwrap().id;
        let about = AuditFilter { learner: Some(id), ..AuditFilter::default() };
        assert!(!store.audit_entries(&about, 0, 500).await.unwrap().is_empty());
        assert_eq!(store.forget_in_audit(id, app.service.clock.now()).await.unwrap(), Some(()));
        assert_eq!(store.audit_entries(&about, 0, 500).await.unwrap(), []);
        assert_eq!(store.forget_in_audit(id, app.service.clock.now()).await.unwrap(), None);
        assert!(store.verify_audit(vec![], |_, _| {}).await.unwrap().is_ok());
    }

    async fn many_at_once_make_one_chain(app: &TestApp) {
        let before = app.service.store.audit_head().await.unwrap().sequence;
        let writers = (0..8).map(|writer| {
            let (store, at) = (app.service.store.by(Actor::Operator(format!("operator {}", writer % 3))), app.service.clock.now());
            tokio::spawn(async move {
                for number in 0..10_u64 {
                    let entry = Entry::new(at, Action::TrailRead, Object::new("audit", writer)).with("number", number);
                    store.note(entry).await.expect("noted");
                }
            })
        });
        for writer in writers.collect::<Vec<_>>() {
            writer.await.expect("a writer");
        }
        let head = app.service.store.verify_audit(vec![], |_, _| {}).await.unwrap().unwrap();
        assert_eq!(head.sequence, before + 80);
    }

    async fn officers_read_of_their_own_issuer_alone(app: &TestApp) {
        let other = app.token("autre", &[Scope::AuditRead]).await;
        let call = |token: &str, path: &str| app.call(axum::http::Method::GET, path).bearer(token);
        let reply = call(&other, "/api/v1/audit").send().await.expect(200).json();
        let entries: Vec<Value> = reply["entries"].as_array().unwrap().clone();
        assert!(entries.iter().all(|entry| text(entry, "/issuer") == "autre"), "{entries:?}");
        let without = app.token("dgafp", &[Scope::AwardsRead]).await;
        call(&without, "/api/v1/audit").send().await.expect(403);
        call(&app.officer, "/api/v1/audit?action=nothing").send().await.expect(400);

        let page = call(&app.officer, "/api/v1/audit?limit=2").send().await.expect(200).json();
        let next = page["next"].as_u64().expect("there is more");
        let rest = call(&app.officer, &format!("/api/v1/audit?after={next}&limit=1")).send().await.expect(200).json();
        assert!(rest["entries"][0]["sequence"].as_u64().unwrap() > next);
    }
}
