//! What anyone may fetch: documents with their media types, caching and policies, pages in both languages, problems.

use axum::http::Method;
use sceau::proof::key::PublicKey;
use sceau::time::Clock as _;
use serde_json::{Value, json};

use crate::app::{SESSION, TestApp, text, zoe};

/// A browser asks for the style sheet's hash and nothing else.
fn assert_page(reply: &crate::app::Reply) {
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    let policy = reply.header("content-security-policy");
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    let vary = reply.header("vary");
    assert!(vary.contains("accept") && vary.contains("accept-language"), "{vary}");
    let html = reply.text();
    assert!(html.starts_with("<!doctype html>") && !html.contains("<script"), "{html}");
}

fn assert_protected(reply: &crate::app::Reply) {
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
    assert_eq!(reply.header("x-robots-tag"), "noindex");
    assert_eq!(reply.header("x-frame-options"), "DENY");
}

crate::on_both_engines! {
    /// Each public document: its media type, how long it may be kept, that any origin may fetch it, and that it names itself.
    async fn documents_are_typed_cached_and_open_to_any_origin(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.expect(200).json();
        let achievement = text(&credential, "/credentialSubject/achievement/id").to_owned();
        let status = text(&credential, "/credentialStatus/statusListCredential").to_owned();
        let image = format!("{achievement}/image.png");
        let (five_minutes, forever) = ("public, max-age=300", "public, max-age=31536000, immutable");
        let criteria = format!("/sessions/{SESSION}/criteria");
        for (address, media_type, cache) in [
            (text(&credential, "/id"), "application/vc", five_minutes),
            ("/issuers/dgafp", "application/ld+json", five_minutes),
            ("/issuers/dgafp/did.json", "application/did+json", five_minutes),
            (&achievement, "application/ld+json", forever),
            (&image, "image/png", forever),
            (&status, "application/vc", five_minutes),
            (&criteria, "application/json", "public, max-age=60"),
            ("/schemas/training.schema.json", "application/schema+json", "public, max-age=3600"),
        ] {
            let reply = app.get(address).await.expect(200);
            assert_eq!((reply.header("content-type"), reply.header("cache-control")), (media_type, cache), "{address}");
            assert_eq!(reply.header("access-control-allow-origin"), "*", "{address}");
            assert_protected(&reply);
            let head = app.call(Method::HEAD, address).send().await.expect(200);
            assert!(head.body.is_empty() && head.header("content-type") == media_type, "{address}");
            if address.starts_with("https://") && (media_type.ends_with("json") || media_type == "application/vc") {
                assert_eq!(reply.json()["id"], address);
            }
        }
        // What the credential says of the issuer and the achievement is what stands at their addresses.
        let without_context = |mut document: Value| {
            document.as_object_mut().unwrap().remove("@context");
            document
        };
        assert_eq!(without_context(app.get("/issuers/dgafp").await.json()), credential["issuer"]);
        // There, with every result that a learner may have; here, with those that this one has.
        let (mut public, stated) = (app.get(&achievement).await.json(), &credential["credentialSubject"]["achievement"]);
        let has = |one: &Value| stated["resultDescription"].as_array().unwrap().contains(one);
        public["resultDescription"].as_array_mut().unwrap().retain(has);
        assert_eq!(without_context(public), *stated);
        assert!(app.get(&image).await.body.starts_with(b"\x89PNG"));
        let reply = app.get(text(&credential, "/id")).await;
        assert!(reply.header("etag").len() > 60 && reply.header("vary") == "accept");
    }

    async fn an_issuers_keys_stand_in_its_did_document(app: &TestApp) {
        let document = app.get("/issuers/dgafp/did.json").await.expect(200).json();
        assert_eq!(document["id"], "did:web:sceau.example:issuers:dgafp");
        let method = &document["verificationMethod"][0];
        let key = PublicKey::from_multikey(text(method, "/publicKeyMultibase")).unwrap();
        assert_eq!(method["id"], format!("did:web:sceau.example:issuers:dgafp#{}", key.thumbprint()));
        assert_eq!((&method["type"], &method["controller"]), (&json!("Multikey"), &document["id"]));
        let by_address = &document["verificationMethod"][1];
        assert_eq!(by_address["publicKeyJwk"], key.to_jwk());
        assert_eq!(document["assertionMethod"], json!([method["id"], by_address["id"]]));
    }

    async fn a_status_list_is_signed_anew_before_it_ends(app: &TestApp) {
        app.complete(zoe()).await;
        let credential = app.get(text(&app.award("892").await, "/credential/id")).await.json();
        let address = text(&credential, "/credentialStatus/statusListCredential");
        let first = app.get(address).await.expect(200);
        app.clock.advance(3600);
        assert_eq!(app.get(address).await.body, first.body, "an unchanged list is not signed again");
        app.clock.advance(12 * 3600);
        let later = app.get(address).await.expect(200);
        assert_ne!(later.body, first.body);
        for list in [&first, &later] {
            let until: sceau::time::Timestamp = text(&list.json(), "/validUntil").parse().unwrap();
            assert!(until > app.clock.now());
        }
        assert_eq!(later.json()["credentialSubject"]["ttl"], 300_000);
    }

    async fn learners_know_the_criteria_before_they_enrol(app: &TestApp) {
        let address = format!("/sessions/{SESSION}/criteria");
        let page = app.page(&address, "fr-FR,fr;q=0.9").await.expect(200);
        assert_page(&page);
        for words in ["Les fondamentaux de la laïcité", "attestation de participation", "3\u{a0}h"] {
            assert!(page.text().contains(words), "{words}: {}", page.text());
        }
        assert!(app.page(&address, "en").await.text().contains("To obtain the"));
        let document = app.get(&address).await.expect(200).json();
        assert_eq!(document["criteria"][0]["rule"], json!(crate::support::training())["criteria"]["participation"]["rule"]);
        assert!(!text(&document, "/criteria/0/narrative/fr").is_empty() && !text(&document, "/criteria/0/narrative/en").is_empty());
        // The link on the page, whatever the browser prefers.
        let reply = app.page(&format!("{address}?format=json"), "fr").await.expect(200);
        assert_eq!(reply.json(), document);
    }

    async fn people_get_pages_in_their_language_and_machines_get_documents(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let address = text(&award, "/credential/id");
        for (accept, page) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("application/vc, text/html;q=0.5", false),
            ("application/vc+ld+json, text/html;q=0.5", false),
            ("application/json", false),
            ("*/*", false),
        ] {
            let reply = app.call(Method::GET, address).header("accept", accept).send().await.expect(200);
            assert_eq!(reply.header("content-type").starts_with("text/html"), page, "{accept}");
        }
        // The name from before the Recommendation, for whoever asks by no other.
        for (accept, media_type) in [
            ("application/vc+ld+json", "application/vc+ld+json"),
            ("application/vc+ld+json, application/vc", "application/vc"),
            ("application/ld+json", "application/vc"),
        ] {
            let reply = app.call(Method::GET, address).header("accept", accept).send().await.expect(200);
            assert_eq!(reply.header("content-type"), media_type, "{accept}");
        }
        for (query, language, words) in [
            ("", "fr", "Attestation authentique"),
            ("", "en-GB,en;q=0.9,fr;q=0.8", "Authentic attestation"),
            ("", "de", "Attestation authentique"),
            ("?lang=en", "fr", "Authentic attestation"),
            ("?lang=fr", "en", "Attestation authentique"),
        ] {
            for link in ["/credential/id", "/links/verification"] {
                let page = app.page(&format!("{}{query}", text(&award, link)), language).await.expect(200);
                assert_page(&page);
                assert!(page.text().contains(words), "{query} {language} {link}");
                assert_eq!(page.header("cache-control"), "no-store");
            }
        }
        for language in ["fr", "en"] {
            let home = app.page("/", language).await.expect(200);
            assert_page(&home);
            assert!(home.text().contains(&format!("<html lang=\"{language}\"")), "{}", home.text());
        }
    }

    async fn whatever_is_not_there_is_a_problem_or_a_page(app: &TestApp) {
        let uuid = "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e";
        for path in [
            "/nothing",
            "/api/v1/nothing",
            "/credentials/nonsense",
            &format!("/credentials/{uuid}"),
            &format!("/credentials/{}", uuid.to_uppercase()),
            "/issuers/nobody",
            "/issuers/NOBODY",
            "/issuers/nobody/did.json",
            "/achievements/abc",
            &format!("/achievements/{}", "0".repeat(64)),
            &format!("/achievements/{}/image.png", "0".repeat(64)),
            &format!("/status/{uuid}"),
            "/sessions/none/criteria",
            "/schemas/none.json",
            "/schemas/..%2fCargo.toml",
        ] {
            let reply = app.get(path).await;
            assert_protected(&reply);
            reply.problem(404, "not-found");
            let page = app.page(path, "fr").await.expect(404);
            if path.starts_with("/api/") {
                page.problem(404, "not-found");
            } else {
                assert_page(&page);
                let credential = path.starts_with("/credentials/");
                let (fr, en) = if credential { ("Badge inconnu", "Unknown badge") } else { ("Page introuvable", "Page not found") };
                assert!(page.text().contains(fr), "{path}");
                assert!(app.page(path, "en").await.text().contains(en), "{path}");
            }
        }
        for path in ["/issuers/%FF", "/credentials/%C3%28", "/v/%FF", "/a/%FF/badge.png", "/intake/%FF"] {
            let call = app.call(if path == "/intake/%FF" { Method::POST } else { Method::GET }, path);
            call.send().await.problem(400, "bad-request").says("UTF-8");
        }
        for path in ["/v/AAAAAAAAAAAAAAAAAAAAAA", "/v/short", "/v/%2e%2e", "/a/AAAAAAAAAAAAAAAAAAAAAA/attestation.pdf"] {
            app.get(path).await.problem(404, "unknown-link");
            let page = app.page(path, "en").await.expect(404);
            assert_page(&page);
            assert!(page.text().contains("Unknown link"), "{path}");
        }
        let award = {
            app.complete(zoe()).await;
            app.award("892").await
        };
        let other = text(&award, "/links/attestation").replace("attestation.pdf", "other.pdf");
        app.get(&other).await.problem(404, "not-found");
        // The two links are not interchangeable.
        let qr = text(&award, "/links/verification").replace("/v/", "/a/") + "/attestation.pdf";
        app.get(&qr).await.problem(404, "unknown-link");
        let download = text(&award, "/links/attestation").replace("/a/", "/v/").replace("/attestation.pdf", "");
        app.get(&download).await.problem(404, "unknown-link");
    }

    /// In the API too, what stands in a path is part of what is refused in clear.
    async fn a_malformed_path_of_the_api_is_a_problem(app: &TestApp) {
        let long = "a".repeat(65);
        for (method, path) in [
            (Method::GET, "/api/v1/issuers/NOT-A-CODE"),
            (Method::GET, &*format!("/api/v1/trainings/{long}")),
            (Method::GET, "/api/v1/sessions/a%20b"),
            (Method::GET, "/api/v1/sources/%FF"),
            (Method::PUT, "/api/v1/sources/NOPE/secrets"),
            (Method::PUT, "/api/v1/learners/NOPE/1"),
            (Method::PUT, "/api/v1/learners/mentor/%00"),
            (Method::POST, "/api/v1/awards/17/reissue"),
            (Method::DELETE, "/api/v1/awards/17/qr"),
            (Method::POST, "/api/v1/credentials/17/revoke"),
        ] {
            let call = app.call(method.clone(), path).bearer(&app.officer);
            let call = if method == Method::GET { call } else { call.json(&json!({})) };
            let reply = call.send().await;
            assert!([400, 404].contains(&reply.status.as_u16()), "{path}: {}", reply.status);
            let status = reply.status.as_u16();
            reply.problem(status, if status == 400 { "bad-request" } else { "not-found" });
        }
        for query in ["limit=many", "state=lost", "session=NOPE", "source=mentor", "after=x", "what=ever", "limit=1&limit=2"] {
            app.read(&format!("/api/v1/awards?{query}")).await.problem(400, "bad-request");
        }
        let uuid = "0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e";
        app.post(&format!("/api/v1/awards/{uuid}/reissue"), &json!({})).await.problem(404, "not-found");
        let why = json!({ "category": "learner_request" });
        app.post(&format!("/api/v1/credentials/{uuid}/revoke"), &why).await.problem(404, "not-found");
        app.read("/api/v1/issuers/nobody").await.problem(403, "forbidden");
        app.read("/api/v1/trainings/none").await.problem(404, "not-found");
    }

    async fn other_methods_are_told_which_ones_a_path_takes(app: &TestApp) {
        for (method, path, allowed) in [
            (Method::GET, "/intake/mentor", "POST"),
            (Method::HEAD, "/intake/mentor", "POST"),
            (Method::DELETE, "/api/v1/issuers/dgafp", "GET"),
            (Method::POST, "/api/v1/sessions/laicite-2026-03", "PUT"),
            (Method::PUT, "/v/AAAAAAAAAAAAAAAAAAAAAA", "GET"),
            (Method::GET, "/api/v1/verify", "POST"),
            (Method::from_bytes(b"BREW").unwrap(), "/", "GET"),
        ] {
            let reply = app.call(method.clone(), path).send().await;
            assert!(reply.header("allow").contains(allowed), "{method} {path}: {:?}", reply.header("allow"));
            if method == Method::HEAD {
                assert!(reply.expect(405).body.is_empty());
            } else {
                reply.problem(405, "method-not-allowed");
            }
        }
    }

    async fn schemas_problems_and_health_are_published(app: &TestApp) {
        for (name, text) in sceau::schemas::published() {
            let reply = app.get(&format!("/schemas/{name}")).await.expect(200);
            assert_eq!(reply.text(), text);
            assert!(jsonschema::meta::is_valid(&reply.json()), "{name}");
        }
        let problems = app.get("/problems").await.expect(200).json();
        let known: Vec<_> = problems.as_array().unwrap().iter().map(|problem| text(problem, "/id").to_owned()).collect();
        assert_eq!(known, sceau::http::Kind::ALL.map(|kind| format!("#{}", kind.slug())));
        assert_eq!(app.get("/robots.txt").await.expect(200).text(), "User-agent: *\nDisallow: /\n");
        assert_eq!(app.get("/health").await.expect(200).json(), json!({ "status": "ok" }));
        assert_eq!(app.verify(b"nonsense").await["verdict"], "invalid");
        app.call(Method::POST, "/api/v1/verify").send().await.problem(400, "bad-request");
    }
}
