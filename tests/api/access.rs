//! Who may do what: every route of the API asks for a token, its scope and its issuer.

use axum::http::Method;
use sceau::http::{Scope, token_hash};
use serde_json::{Value, json};

use crate::app::{Call, SESSION, TestApp, text, zoe};
use crate::support;

/// Every route of the API that needs a token, with a request that its owner could make, and the scope that it takes.
async fn routes(app: &TestApp) -> Vec<(Method, String, Value, Scope)> {
    app.complete(zoe()).await;
    let award = app.award("892").await;
    let credential = text(&award, "/credential/id").rsplit('/').next().unwrap().to_owned();
    let award = text(&award, "/id");
    let (get, put, post) = (Method::GET, Method::PUT, Method::POST);
    let session = json!(support::session().session);
    let source = json!({ "code": "mentor", "issuer": "dgafp", "name": "Mentor 2", "form": "completion-event" });
    let secrets = json!({ "secrets": [crate::app::written_secret(9)] });
    let table = [
        (put.clone(), "issuers/dgafp", json!(support::issuer()), Scope::CatalogWrite),
        (get.clone(), "issuers/dgafp", Value::Null, Scope::CatalogRead),
        (put.clone(), "trainings/laicite", json!(support::training()), Scope::CatalogWrite),
        (get.clone(), "trainings/laicite", Value::Null, Scope::CatalogRead),
        (put.clone(), "sessions/laicite-2026-03", session, Scope::CatalogWrite),
        (get.clone(), "sessions/laicite-2026-03", Value::Null, Scope::CatalogRead),
        (put.clone(), "sources/mentor", source, Scope::CatalogWrite),
        (get.clone(), "sources/mentor", Value::Null, Scope::CatalogRead),
        (put.clone(), "sources/mentor/secrets", secrets, Scope::CatalogWrite),
        (put, "learners/mentor/892", json!({ "name": "Mallory" }), Scope::LearnersWrite),
        (get, "awards", Value::Null, Scope::AwardsRead),
        (Method::DELETE, &format!("awards/{award}/qr"), Value::Null, Scope::AwardsWrite),
        (
            post.clone(),
            &format!("credentials/{credential}/revoke"),
            json!({ "category": "details_corrected" }),
            Scope::AwardsWrite,
        ),
        // After the revocation, which a correction under way would refuse.
        (post, &format!("awards/{award}/reissue"), json!({}), Scope::AwardsWrite),
    ];
    table.map(|(method, path, body, scope)| (method, format!("/api/v1/{path}"), body, scope)).into()
}

fn ask<'a>(app: &'a TestApp, method: &Method, path: &str, body: &Value) -> Call<'a> {
    let call = app.call(method.clone(), path);
    if body.is_null() { call } else { call.json(body) }
}

/// What a refused request could have changed.
async fn state(app: &TestApp) -> (Value, Vec<Value>, bool) {
    let award = app.award("892").await;
    let mut entries = Vec::new();
    for path in ["issuers/dgafp", "trainings/laicite", "sessions/laicite-2026-03", "sources/mentor"] {
        entries.push(app.read(&format!("/api/v1/{path}")).await.expect(200).json());
    }
    let open = app.get(text(&award, "/links/verification")).await.status == 200;
    (award, entries, open)
}

crate::on_both_engines! {
    async fn every_route_needs_a_token_that_holds(app: &TestApp) {
        let routes = routes(app).await;
        let before = state(app).await;
        let expired = app.token("dgafp", &Scope::ALL).await;
        app.clock.advance(24 * 3600);
        let revoked = app.token("dgafp", &Scope::ALL).await;
        let record = app.service.store.token_by_hash(&token_hash(&revoked)).await.unwrap().unwrap();
        app.service.store.revoke_token(record.id, record.created).await.unwrap().unwrap();
        let officer = &app.officer;

        for (method, path, body, _) in &routes {
            let refused = async |header: Option<&str>, says: &str| {
                let call = ask(app, method, path, body);
                let call = match header {
                    Some(value) => call.header("authorization", value),
                    None => call,
                };
                let reply = call.send().await;
                assert_eq!(reply.header("www-authenticate"), "Bearer", "{method} {path}");
                reply.problem(401, "unauthenticated").says(says);
            };
            refused(None, "Authorization").await;
            refused(Some("Bearer sceau_0000"), "not known").await;
            refused(Some(&format!("Basic {officer}")), "Bearer").await;
            refused(Some(officer), "Bearer").await;
            refused(Some(&format!("Bearer {expired}")), "expired").await;
            refused(Some(&format!("Bearer {revoked}")), "revoked").await;
        }
        assert_eq!(state(app).await, before, "nothing changed");
    }

    async fn every_route_needs_its_scope(app: &TestApp) {
        let routes = routes(app).await;
        let before = state(app).await;
        for (method, path, body, scope) in &routes {
            let others: Vec<_> = Scope::ALL.into_iter().filter(|other| other != scope).collect();
            let token = app.token("dgafp", &others).await;
            let reply = ask(app, method, path, body).bearer(&token).send().await;
            reply.problem(403, "forbidden").says(scope.as_str());
        }
        assert_eq!(state(app).await, before, "nothing changed");

        // And no more than its scope: each is let in by that one alone.
        for (method, path, body, scope) in &routes {
            let token = app.token("dgafp", &[*scope]).await;
            let reply = ask(app, method, path, body).bearer(&token).send().await;
            assert!(reply.status.is_success(), "{method} {path}: {}", reply.text());
        }
        app.work().await;
    }

    /// A token of another issuer, with every scope, reads nothing, changes nothing and learns nothing.
    async fn every_route_belongs_to_its_issuer(app: &TestApp) {
        let routes = routes(app).await;
        let before = state(app).await;
        let stranger = app.token("prefecture", &Scope::ALL).await;
        let own = json!({ "code": "prefecture", "name": "Préfecture", "url": "https://prefecture.example" });
        app.call(Method::PUT, "/api/v1/issuers/prefecture").bearer(&stranger).json(&own).send().await.expect(201);

        for (method, path, body, _) in &routes {
            let reply = ask(app, method, path, body).bearer(&stranger).send().await;
            if path == "/api/v1/awards" {
                assert_eq!(reply.expect(200).json(), json!({ "awards": [] }));
                continue;
            }
            let problem = reply.problem(403, "forbidden");
            assert!(!problem.detail.contains("dgafp"), "{method} {path}: {}", problem.detail);
            // Nor by saying that it is the stranger's.
            if *method == Method::PUT && body.get("issuer").is_some() {
                let mut taken = body.clone();
                taken["issuer"] = json!("prefecture");
                ask(app, method, path, &taken).bearer(&stranger).send().await.problem(403, "forbidden");
            }
        }
        let mine = async |path: &str| app.call(Method::GET, path).bearer(&stranger).send().await.expect(200).json();
        assert_eq!(mine(&format!("/api/v1/awards?session={SESSION}")).await, json!({ "awards": [] }));
        assert_eq!(mine("/api/v1/awards?source=mentor&learner=892").await, json!({ "awards": [] }));
        assert_eq!(state(app).await, before, "nothing changed");
    }

    /// Ways round: somebody else's training under a session of one's own, one's own session for somebody else's badge.
    async fn no_token_awards_in_another_issuers_name(app: &TestApp) {
        let stranger = app.token("prefecture", &Scope::ALL).await;
        let put = async |path: &str, body: &Value| {
            app.call(Method::PUT, path).bearer(&stranger).json(body).send().await
        };
        put("/api/v1/issuers/prefecture", &json!({ "code": "prefecture", "name": "P", "url": "https://p.example" })).await.expect(201);
        put("/api/v1/sessions/mine", &json!({ "code": "mine", "training": "laicite", "issuer": "prefecture" })).await.problem(403, "forbidden");
        let mut training = json!(support::training());
        training["code"] = json!("mine");
        put("/api/v1/trainings/mine", &training).await.problem(403, "forbidden");
        training["issuer"] = json!("prefecture");
        put("/api/v1/trainings/mine", &training).await.expect(201);
        put("/api/v1/sessions/mine", &json!({ "code": "mine", "training": "mine", "issuer": "dgafp" })).await.problem(403, "forbidden");
        let shared = json!({ "code": "lms-2", "issuer": "prefecture", "shared_with": ["dgafp"], "name": "L", "form": "completion-event" });
        put("/api/v1/sources/lms-2", &shared).await.problem(403, "forbidden").at("/shared_with");

        // A source of theirs that reports on our session is not believed.
        let source = json!({ "code": "lms-2", "issuer": "prefecture", "name": "L", "form": "completion-event" });
        put("/api/v1/sources/lms-2", &source).await.expect(201);
        let secrets = json!({ "secrets": [crate::app::written_secret(7)] });
        put("/api/v1/sources/lms-2/secrets", &secrets).await.expect(204);
        let body = crate::app::completion(zoe(), &crate::app::ACTIVITIES).to_string();
        let reply = app.signed("m", body.as_bytes()).to("/intake/lms-2").send().await.expect(202).json();
        app.work().await;
        let delivery = app.delivery(text(&reply, "/delivery").parse().unwrap()).await;
        assert_eq!(delivery.state.as_str(), "dead");
        assert!(delivery.reason.unwrap().contains("may not report"));
        let all = app.read("/api/v1/awards").await.expect(200).json();
        assert_eq!(all, json!({ "awards": [] }));
    }
}
