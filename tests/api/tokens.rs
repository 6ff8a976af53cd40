//! Credentials as VC-JWT: beside the embedded proof, for issuers that want them.

use sceau::audit::Actor;
use sceau::json::Limits;
use sceau::proof::jwt;
use sceau::proof::key::{KeyKind, PublicKey};
use sceau::reissue::SweptOutcome;
use sceau::service::Compromise;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, code, text, zoe};
use crate::support;

/// Lets the issuer want tokens.
async fn want(app: &TestApp, algorithm: &str) {
    let mut issuer = json!(support::issuer());
    issuer["jwt"] = json!(algorithm);
    app.put("/api/v1/issuers/dgafp", &issuer).await.expect(200);
    app.work().await;
}

/// Verifies a token with the key to which its `kid` leads, as one does who knows nothing else; its document.
async fn read(app: &TestApp, token: &Reply) -> Value {
    let token = jwt::parse(token.text(), &Limits::default()).unwrap();
    assert_eq!(token.kind.as_deref(), Some("vc+jwt"));
    token.check_claims().unwrap();
    let key = app.get(token.key_id.as_deref().unwrap()).await.expect(200).json();
    assert_eq!((&key["alg"], key["kid"].as_str()), (&json!(token.algorithm), token.key_id.as_deref()));
    token.verify(&PublicKey::from_jwk(&key).unwrap()).unwrap();
    for claim in ["iss", "jti", "sub", "nbf"] {
        assert!(token.payload.contains_key(claim), "{claim}");
    }
    token.document()
}

crate::on_both_engines! {
    async fn an_issuer_that_wants_tokens_gets_one_with_each_credential(app: &TestApp) {
        for (learner, algorithm, kind) in [("1", "ES256", KeyKind::P256), ("2", "RS256", KeyKind::Rsa)] {
            let key_id = app.add_key_of("dgafp", kind).await;
            want(app, algorithm).await;
            app.complete(json!({ "id": learner, "name": "Ada Martin" })).await;
            let award = app.award(learner).await;
            let address = text(&award, "/credential/id");
            let file = app.get(text(&award, "/links/jwt")).await.expect(200);
            assert_eq!(file.header("content-type"), "application/vc+jwt");
            assert!(file.header("content-disposition").contains("participation.jwt"));
            let accept = app.call(axum::http::Method::GET, address).header("accept", "application/vc+jwt");
            for reply in [
                app.page(&format!("{address}?format=jwt"), "fr").await,
                accept.send().await,
                app.call(axum::http::Method::GET, address).header("accept", "application/jwt, */*;q=0.1").send().await,
            ] {
                let reply = reply.expect(200);
                assert_eq!((reply.header("content-type"), &reply.body), ("application/vc+jwt", &file.body));
                assert!(reply.header("etag").len() > 60 && reply.header("vary") == "accept");
            }

            // The token says what the document says, under a key that the DID document lists, too.
            let mut credential = app.get(address).await.expect(200).json();
            credential.as_object_mut().unwrap().remove("proof");
            assert_eq!(read(app, &file).await, credential);
            assert_eq!(app.verify(&file.body).await["verdict"], "valid");
            let document = app.get("/issuers/dgafp/did.json").await.expect(200).json();
            let kid = format!("/issuers/dgafp/keys/{}", key_id.split_once('#').unwrap().1);
            let asserting = document["assertionMethod"].to_string();
            assert!(asserting.contains(&key_id) && asserting.contains(&kid), "{asserting}");
            let id = address.rsplit('/').next().unwrap().parse().unwrap();
            let record = app.service.store.credential(id).await.unwrap().unwrap();
            let token = record.jwt.unwrap();
            assert_eq!((token.text.as_bytes(), record.jwt_key_id.as_ref()), (&file.body[..], Some(&key_id)));
            assert!(app.service.store.signing_log_contains(&token.sha256, &key_id).await.unwrap());
        }
    }

    async fn without_such_a_key_the_award_waits_for_it(app: &TestApp) {
        want(app, "ES256").await;
        app.add_key_of("dgafp", KeyKind::Rsa).await;
        app.complete(zoe()).await;
        let award = app.award("892").await;
        assert_eq!(award["reasons"]["codes"], json!([{ "reason": "issuer_key_missing" }]));
        app.add_key_of("dgafp", KeyKind::P256).await;
        app.work().await;
        let award = app.award("892").await;
        read(app, &app.get(text(&award, "/links/jwt")).await.expect(200)).await;
    }

    /// What was signed without a token stays without: nothing is made later.
    async fn without_the_setting_there_is_no_token(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        app.add_key_of("dgafp", KeyKind::P256).await;
        want(app, "ES256").await;
        assert!(app.award("892").await["links"].get("jwt").is_none());
        let address = text(&award, "/credential/id");
        app.get(&format!("{address}?format=jwt")).await.problem(404, "not-found");
        app.get(&text(&award, "/links/credential").replace(".json", ".jwt")).await.problem(404, "not-found");
        let reply = app.call(axum::http::Method::GET, address).header("accept", "application/vc+jwt").send().await;
        assert_eq!(reply.expect(200).header("content-type"), "application/vc", "another form will do");
    }

    /// The key of the tokens alone is stolen: that is reason enough.
    async fn a_compromised_token_key_has_its_credentials_made_anew(app: &TestApp) {
        let key_id = app.add_key_of("dgafp", KeyKind::P256).await;
        want(app, "ES256").await;
        app.complete(zoe()).await;
        let first = app.get(text(&app.award("892").await, "/links/jwt")).await.expect(200);
        let thumbprint = key_id.split_once('#').unwrap().1;
        let dgafp = code("dgafp");
        let Compromise::Replaced(successor) = app.service.compromise_key(&dgafp, thumbprint).await.unwrap() else {
            panic!("it signed")
        };
        assert_eq!(successor.kind(), KeyKind::P256);
        let kid = jwt::parse(first.text(), &Limits::default()).unwrap().key_id.unwrap();
        app.get(&kid).await.problem(410, "gone");
        let mut told = Vec::new();
        app.service.reissue_compromised(&dgafp, &Actor::System, |swept| told.push(swept.outcome.clone())).await.unwrap();
        assert_eq!(told, [SweptOutcome::Planned]);
        app.work().await;
        let award = app.award("892").await;
        assert_eq!(award["credential"]["version"], 2);
        let second = app.get(text(&award, "/links/jwt")).await.expect(200);
        let document = read(app, &second).await;
        assert_eq!(document["awardedDate"], award["awarded"]);
    }
}
