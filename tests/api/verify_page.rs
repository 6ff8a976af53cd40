//! The verification page: what a suspicious manager, or another ministry, gets for a badge in any form, in both languages.

use axum::http::Method;
use sceau::ids::Code;
use sceau::proof::data_integrity::{self, ProofOptions, Suite};
use sceau::proof::jwt;
use sceau::proof::key::{KeyKind, Signer};
use sceau::service::Compromise;
use serde_json::{Value, json};

use crate::app::{Reply, TestApp, code, text, zoe};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// One field of a form: its name, the name of a file, the bytes.
type Field<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A form as a browser writes it (RFC 7578).
fn form(fields: &[Field<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, bytes) in fields {
        body.extend_from_slice(b"--seam\r\nContent-Disposition: form-data; name=\"");
        body.extend_from_slice(name.as_bytes());
        body.push(b'"');
        if let Some(file) = file {
            body.extend_from_slice(
                format!("; filename=\"{file}\"\r\nContent-Type: application/octet-stream").as_bytes(),
            );
        }
        body.extend_from_slice(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--seam--\r\n");
    body
}

async fn post(app: &TestApp, body: Vec<u8>, language: &str) -> Reply {
    let call = app.call(Method::POST, "/verify").header("accept", BROWSER).header("accept-language", language);
    call.header("content-type", "multipart/form-data; boundary=seam").body(body).send().await
}

/// What the page says of a file, with the fields that the browser sends empty.
async fn file(app: &TestApp, bytes: &[u8], email: &str, language: &str) -> String {
    let body = form(&[("file", Some("badge"), bytes), ("text", None, b""), ("email", None, email.as_bytes())]);
    let reply = post(app, body, language).await.expect(200);
    assert_result(&reply);
    reply.text().to_owned()
}

/// The same of a text.
async fn pasted(app: &TestApp, pasted: &str, language: &str) -> String {
    let body = form(&[("file", Some(""), b""), ("text", None, pasted.as_bytes()), ("email", None, b" ")]);
    let reply = post(app, body, language).await.expect(200);
    assert_result(&reply);
    reply.text().to_owned()
}

/// A page that nobody keeps and that sends nothing anywhere.
fn assert_result(reply: &Reply) {
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(reply.header("cache-control"), "no-store");
    assert!(reply.header("content-security-policy").contains("form-action 'none'"));
    assert_eq!(reply.header("referrer-policy"), "no-referrer");
    assert!(!reply.text().contains("<script") && !reply.text().contains("Lefèvre"));
    assert!(reply.text().contains("href=\"/verify\""), "it leads to another verification");
}

#[track_caller]
fn assert_says(html: &str, words: &[&str]) {
    let text = html.split_once("</style>").unwrap().1.replace(['\u{a0}', '\u{202f}'], " ");
    for words in words {
        assert!(text.contains(words), "{words:?} is not in {text}");
    }
}

/// The files of an award.
async fn files(app: &TestApp, award: &Value) -> [Vec<u8>; 4] {
    let mut files = Vec::new();
    for link in ["/links/credential", "/links/badge_png", "/links/badge_svg", "/links/attestation"] {
        files.push(app.get(text(award, link)).await.expect(200).body);
    }
    files.try_into().unwrap()
}

/// A `did:key` issuer and its copy of a credential.
fn self_asserted(credential: &Value) -> Value {
    let seed = ed25519(7);
    let did = format!("did:key:{}", seed.public_key().to_multikey().unwrap());
    let mut document = credential.clone();
    let members = document.as_object_mut().unwrap();
    for member in ["proof", "credentialStatus", "refreshService"] {
        members.remove(member);
    }
    document["id"] = json!("urn:uuid:6f2c8f4e-5d0d-4b56-9a4f-3c1b2a9d8e7f");
    document["issuer"]["id"] = json!(did);
    sign(&document, &format!("{did}#{}", did.strip_prefix("did:key:").unwrap()), &seed)
}

/// A key that tests hold.
fn ed25519(byte: u8) -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[byte; 32])
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

fn sign(document: &Value, key_id: &str, signer: &dyn Signer) -> Value {
    let options = ProofOptions::assertion(Suite::EddsaRdfc2022, "2026-03-27T17:00:00Z", key_id);
    data_integrity::sign(document, &options, signer).unwrap()
}

crate::on_both_engines! {
    async fn the_form_stands_in_both_languages_and_may_be_sent_to_us_only(app: &TestApp) {
        for (language, words) in [("fr", "Vérifier un badge"), ("en", "Verify a badge")] {
            let page = app.page("/verify", language).await.expect(200);
            assert_eq!(page.header("cache-control"), "no-store");
            let policy = page.header("content-security-policy");
            assert!(policy.contains("form-action 'self'") && policy.contains("default-src 'none'"), "{policy}");
            assert!(page.text().contains(words) && page.text().contains(&format!("action=\"/verify?lang={language}\"")));
            assert!(app.page("/", language).await.text().contains("href=\"/verify\""), "the home page leads there");
        }
        assert!(app.page("/", "fr").await.header("content-security-policy").contains("form-action 'none'"));
    }

    /// Every form that a badge has, with the words for a person.
    async fn a_badge_of_ours_in_any_form_is_shown_as_what_was_signed(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let [json, png, svg, pdf] = files(app, &award).await;
        for bytes in [&json, &png, &svg, &pdf] {
            assert_says(&file(app, bytes, "", "fr").await, &[
                "class=\"verdict valid\"", ">Attestation authentique</h1>", "Les fondamentaux de la laïcité",
                "Émetteur connu de ce service", "Cette page ne dit pas à qui", "Vérifier un autre document",
            ]);
        }
        assert_says(&file(app, &pdf, "", "fr").await, &["à l’octet près"]);
        assert_says(&file(app, &json, "", "en").await, &[
            ">Authentic attestation</h1>", "Issuer known to this service", "Electronic signature", "does not say whom",
        ]);
        assert_says(&pasted(app, std::str::from_utf8(&json).unwrap(), "en").await, &[">Authentic attestation</h1>"]);
        assert_says(&pasted(app, &format!("  {}\r\n", text(&award, "/credential/id")), "fr").await, &[">Attestation authentique</h1>"]);
        // Both pages of the credential say how far its issuer is known, too.
        for link in ["/credential/id", "/links/verification"] {
            assert_says(app.page(text(&award, link), "en").await.text(), &["Issuer known to this service", "href=\"/verify\""]);
        }
    }

    async fn a_token_is_read_too(app: &TestApp) {
        let mut issuer = json!(crate::support::issuer());
        issuer["jwt"] = json!("ES256");
        app.put("/api/v1/issuers/dgafp", &issuer).await.expect(200);
        app.add_key_of("dgafp", KeyKind::P256).await;
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let token = app.get(&text(&award, "/links/credential").replace("credential.json", "credential.jwt")).await.expect(200);
        assert_says(&file(app, &token.body, "", "fr").await, &[">Attestation authentique</h1>"]);
        assert_says(&pasted(app, token.text(), "en").await, &[">Authentic attestation</h1>"]);
        let (head, _) = token.text().rsplit_once('.').unwrap();
        let none = format!("{}.{}.", base64_url(br#"{"alg":"none"}"#), head.split_once('.').unwrap().1);
        assert_says(&pasted(app, &none, "en").await, &["Nobody signed this document"]);
    }

    async fn it_tells_whether_a_badge_is_this_persons(app: &TestApp) {
        app.complete(zoe()).await;
        let [json, png, ..] = files(app, &app.award("892").await).await;
        assert_says(&file(app, &png, " Zoe.Lefevre@agents.example ", "fr").await, &[
            "class=\"verdict valid\"", "La personne dont vous avez donné l’adresse", "est celle du bénéficiaire",
        ]);
        let other = file(app, &json, "zoe@elsewhere.example", "fr").await;
        assert_says(&other, &[
            "class=\"verdict invalid\"", ">Attestation d’une autre personne</h1>", "Ce document est authentique, mais",
            "En vigueur", "Émetteur connu de ce service",
        ]);
        assert!(!other.contains("modifié, fabriqué") && !other.contains("elsewhere.example"));
        assert_says(&file(app, &json, "zoe@elsewhere.example", "en").await, &[">Somebody else’s attestation</h1>"]);
        // A learner without an address has none in the badge.
        app.complete(json!({ "id": "17", "name": "Agent 17" })).await;
        let [nobodys, ..] = files(app, &app.award("17").await).await;
        assert_says(&file(app, &nobodys, "zoe.lefevre@agents.example", "en").await, &[
            "class=\"verdict unverifiable\"", ">Recipient not confirmed</h1>",
        ]);
    }

    /// Each of these is `invalid` or `unverifiable`; a person must be told which.
    async fn what_is_wrong_is_named_for_what_it_is(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let [json, png, _, pdf] = files(app, &award).await;
        let credential: Value = serde_json::from_slice(&json).unwrap();
        let altered = credential.to_string().replace("PT3H30M", "PT9H30M");
        let html = file(app, altered.as_bytes(), "", "fr").await;
        assert_says(&html, &["class=\"verdict invalid\"", ">Document non authentique</h1>", "modifié, fabriqué ou abîmé", "Que faire"]);
        assert!(!html.contains("Les fondamentaux de la laïcité"), "what no signature covers is not shown");
        let mut unsigned = credential.clone();
        unsigned.as_object_mut().unwrap().remove("proof");
        assert_says(&file(app, unsigned.to_string().as_bytes(), "", "en").await, &[">Document not signed</h1>"]);
        let mut picture = png[..33].to_vec();
        picture.extend_from_slice(&png[png.len() - 12..]);
        assert_says(&file(app, &picture, "", "fr").await, &[">Aucun badge dans ce fichier</h1>", "capture d’écran"]);
        assert_says(&file(app, b"\xff\xd8\xff\xe0 a photograph", "", "en").await, &[">Document not readable</h1>", "screenshot"]);
        // A PDF of ours whose pages somebody changed, however little.
        let mut other_pages = pdf.clone();
        other_pages.extend_from_slice(b"\n");
        assert_says(&file(app, &other_pages, "", "fr").await, &[
            "class=\"verdict doubt\"", ">PDF à comparer</h1>", "aucune signature ne porte sur les pages", "ligne par ligne",
            "Les fondamentaux de la laïcité",
        ]);
        assert_says(&file(app, self_asserted(&credential).to_string().as_bytes(), "", "fr").await, &[
            "class=\"verdict unverifiable\"", ">Émetteur non identifié</h1>", "rien n’atteste le nom qu’il se donne", "Les fondamentaux",
        ]);
        // An issuer elsewhere, and an address: nothing is fetched in tests.
        let mut foreign = credential.clone();
        foreign.as_object_mut().unwrap().remove("proof");
        foreign["issuer"]["id"] = json!("did:web:badges.elsewhere.example");
        let foreign = sign(&foreign, "did:web:badges.elsewhere.example#key", &ed25519(7));
        assert_says(&file(app, foreign.to_string().as_bytes(), "", "en").await, &[
            "class=\"verdict unverifiable\"", ">Issuer out of reach</h1>", "class=\"detail\" lang=\"en\"",
        ]);
        assert_says(&pasted(app, "https://badges.elsewhere.example/1", "fr").await, &[">Document non obtenu</h1>"]);
        // A presentation: each credential in it has its say.
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
            "verifiableCredential": [credential, self_asserted(&credential)],
        });
        assert_says(&file(app, presentation.to_string().as_bytes(), "", "en").await, &[
            ">Presentation not signed</h1>", "Credential 1 / 2</span> Authentic attestation", "Credential 2 / 2</span> Issuer not identified",
        ]);
        // Another kind of credential has a signature and no badge to show.
        let seed = ed25519(9);
        let did = format!("did:key:{}", seed.public_key().to_multikey().unwrap());
        let other = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
            "issuer": did, "credentialSubject": { "id": "urn:uuid:6f2c8f4e-5d0d-4b56-9a4f-3c1b2a9d8e7f" },
        });
        let key_id = format!("{did}#{}", did.strip_prefix("did:key:").unwrap());
        assert_says(&file(app, sign(&other, &key_id, &seed).to_string().as_bytes(), "", "fr").await, &[
            ">Émetteur non identifié</h1>", "mais pas un badge Open Badges 3.0", "Connu par sa seule clé",
        ]);
    }

    /// Ours, once its key was stolen: what the log knows is valid, what it does not know is not called altered.
    async fn a_compromised_key_is_explained(app: &TestApp) {
        let key_id = text(&app.get("/issuers/dgafp/did.json").await.json(), "/verificationMethod/0/id").to_owned();
        let thumbprint = key_id.split_once('#').unwrap().1;
        let dgafp: Code = code("dgafp");
        let thief = app.service.keyring.key(&dgafp, thumbprint).unwrap().unwrap();
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let [json, ..] = files(app, &award).await;
        let mut forged: Value = serde_json::from_slice(&json).unwrap();
        forged.as_object_mut().unwrap().remove("proof");
        let forged = jwt::sign(&forged, jwt::CREDENTIAL_TYPE, &key_id, &*thief).unwrap();
        assert!(matches!(app.service.compromise_key(&dgafp, thumbprint).await.unwrap(), Compromise::Replaced(_)));
        assert_says(&file(app, &json, "", "fr").await, &["class=\"verdict valid\"", "journal de tout ce qu’il a signé"]);
        assert_says(app.page(text(&award, "/links/verification"), "en").await.text(), &["keeps a log of all that it signed"]);
        let html = pasted(app, &forged, "en").await;
        assert_says(&html, &["class=\"verdict revoked\"", ">Signing key revoked</h1>", "Ask the issuer for the re-issued document"]);
        assert!(!html.contains("altered, forged"), "{html}");
    }

    async fn a_revoked_badge_leads_to_what_replaces_it(app: &TestApp) {
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let [json, ..] = files(app, &award).await;
        app.reissue(&award).await;
        let current = app.award("892").await;
        assert_says(&file(app, &json, "", "fr").await, &[">Attestation révoquée</h1>", "informations corrigées", "Voir le document qui le remplace"]);
        // The address beside the QR code is a page of its own.
        let link = text(&current, "/links/verification");
        let reply = post(app, form(&[("text", None, format!(" {link} ").as_bytes())]), "en").await.expect(303);
        assert_eq!(reply.header("location"), format!("{}?lang=en", link.strip_prefix(crate::app::URL).unwrap()));
        assert_says(app.page(reply.header("location"), "fr").await.expect(200).text(), &["Zoé Lefèvre-Nguyễn", "Authentic"]);
    }

    /// Each mistake is said in the form, in the language of the page, and as a problem to programs.
    async fn what_the_form_cannot_take_is_said_in_it(app: &TestApp) {
        let (a, b): (Field<'_>, Field<'_>) = (("file", Some("a.json"), b"{}"), ("file", Some("b.json"), b"{}"));
        let large = vec![b' '; 5 * 1024 * 1024 + 65 * 1024];
        let cut = form(&[a]);
        for (body, status, kind, fr, en) in [
            (form(&[]), 400, "bad-request", "Choisissez un fichier", "Choose a file"),
            (form(&[("file", Some(""), b""), ("text", None, b" \r\n")]), 400, "bad-request", "Choisissez un fichier", "Choose a file"),
            (form(&[a, b]), 400, "bad-request", "Donnez un seul fichier", "Give a single file"),
            (form(&[a, ("text", None, b"{}")]), 400, "bad-request", "pas les deux", "not both"),
            (form(&[a, ("next", None, b"x")]), 400, "bad-request", "un champ inconnu", "an unknown field"),
            (form(&[a, ("email", None, b"zoe")]), 422, "invalid", "L’adresse électronique n’est pas complète", "e-mail address is not complete"),
            (form(&[a, ("email", None, b"\xff@x.example")]), 422, "invalid", "L’adresse électronique", "The e-mail address"),
            (form(&[("text", None, b"http://badges.example/1")]), 422, "invalid", "doit commencer par https", "must start with https"),
            (cut[..cut.len() - 9].to_vec(), 400, "bad-request", "arrivé entier", "did not arrive whole"),
            (b"no form at all".to_vec(), 400, "bad-request", "arrivé entier", "did not arrive whole"),
            (form(&[("file", Some("large"), &large)]), 413, "too-large", "trop volumineux", "too large"),
        ] {
            for (language, words) in [("fr", fr), ("en", en)] {
                let page = post(app, body.clone(), language).await.expect(status);
                assert!(page.header("content-security-policy").contains("form-action 'self'"));
                assert_eq!(page.header("cache-control"), "no-store");
                assert_says(page.text(), &["role=\"alert\"", words]);
                assert!(!page.text().contains("badges.example"), "nothing that was sent is shown again");
            }
            let by_program = app.call(Method::POST, "/verify").header("content-type", "multipart/form-data; boundary=seam");
            by_program.body(body).send().await.problem(status, kind).says(en);
        }
        let other_type = app.call(Method::POST, "/verify").header("accept", BROWSER).header("accept-language", "en").json(&json!({}));
        assert_says(other_type.send().await.expect(400).text(), &["did not arrive whole"]);
    }
}
