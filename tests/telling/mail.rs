//! Letters to learners: off unless an issuer wants them, at least once, under one Message-ID, to the address that is known.

use std::collections::BTreeMap;

use sceau::letters::Letters;
use sceau::mailer::{Mailer, PostOffice};
use sceau::text::Email;
use serde_json::{Value, json};

use crate::app::{TestApp, text, zoe};
use crate::on_both_engines;
use crate::post::{Letter, Mood, PostServer};
use crate::support;
use crate::webhooks::{messages, until_all_is_told};

async fn open(app: &TestApp, server: &PostServer) -> TestApp {
    let sender = Email::new("sceau@ministere.example").unwrap();
    let mailer = Mailer::new(server.url().parse().unwrap(), &sender, None, "sceau.example").unwrap();
    let letters = Letters::new(&BTreeMap::new()).unwrap();
    app.with(|service| service.with_post_office(Some(PostOffice { letters, mailer }))).await
}

/// Lets the issuer write to its learners.
async fn writes(app: &TestApp, mail: Value) {
    let mut issuer = json!(support::issuer());
    issuer["mail"] = mail;
    app.put("/api/v1/issuers/dgafp", &issuer).await.expect(200);
}

fn agent(number: u32) -> Value {
    json!({ "id": number.to_string(), "name": format!("Agent {number}"), "email": format!("agent{number}@agents.example") })
}

fn once_each(letters: &[Letter]) -> BTreeMap<String, Letter> {
    letters.iter().map(|letter| (letter.header("message-id"), letter.clone())).collect()
}

on_both_engines! {
    async fn a_learner_is_written_to_where_the_issuer_wants_it(app: &TestApp) {
        let server = PostServer::start();
        let app = open(app, &server).await;
        app.complete(agent(1)).await;
        assert!(server.letters().is_empty(), "nobody is written to by default");

        writes(&app, json!({ "on": ["issued", "revoked"], "reply_to": "formation@dgafp.example", "language": "fr" })).await;
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let [issued] = server.letters().try_into().unwrap();
        assert_eq!(issued.to, "zoe.lefevre@agents.example");
        assert!(issued.header("from").ends_with("<sceau@ministere.example>"));
        assert_eq!(issued.header("reply-to"), "formation@dgafp.example");
        assert_eq!((issued.header("auto-submitted"), issued.header("content-language")), ("auto-generated".into(), "fr".into()));
        assert_eq!(issued.header("date"), "Fri, 27 Mar 2026 17:12:09 +0000");
        let id = text(&messages(&app, "channel=mail").await[0], "/id").to_owned();
        assert_eq!(issued.header("message-id"), format!("<{id}@sceau.example>"));
        let plain = issued.data.replace("=\r\n", "");
        assert!(plain.contains(text(&award, "/links/attestation")) && plain.contains(text(&award, "/links/verification")));
        assert!(issued.data.contains("multipart/alternative") && issued.data.contains("text/html"));
        assert!(issued.data.is_ascii(), "names are encoded");

        let id = text(&award, "/credential/id").rsplit_once('/').unwrap().1.to_owned();
        app.post(&format!("/api/v1/credentials/{id}/revoke"), &json!({ "category": "awarded_in_error" })).await.expect(200);
        app.work().await;
        assert_eq!(server.letters().len(), 2);
        assert!(!server.letters()[1].data.contains("attestation.pdf"));
    }

    /// Must show 6: the mail server is killed and comes back, takes a letter and dies before it says so, puts off, hangs up.
    async fn each_letter_arrives_once_after_deduplication(app: &TestApp) {
        let server = PostServer::start();
        let app = open(app, &server).await;
        writes(&app, json!({ "on": ["issued", "replaced"] })).await;
        server.meets([Mood::DiesAfterData, Mood::DiesAtOnce, Mood::Rcpt("451 greylisted"), Mood::DiesAfterData]);
        for number in 0..6 {
            app.complete(agent(number)).await;
        }
        let killed = server.kill();
        for number in 6..12 {
            app.complete(agent(number)).await;
        }
        let server = killed.restart();
        until_all_is_told(&app).await;
        let letters = server.letters();
        let told = once_each(&letters);
        assert_eq!(told.len(), 12);
        assert!(letters.len() > told.len(), "some came twice, under one Message-ID");
        let mut readers: Vec<_> = told.values().map(|letter| letter.to.as_str()).collect();
        readers.sort_unstable();
        readers.dedup();
        assert_eq!(readers.len(), 12);
        assert_eq!(messages(&app, "state=sent&channel=mail&limit=500").await.len(), 12);
    }

    async fn a_letter_that_is_refused_for_good_is_dead_at_once_and_goes_to_the_mended_address(app: &TestApp) {
        let server = PostServer::start();
        let app = open(app, &server).await;
        writes(&app, json!({ "on": ["issued"] })).await;
        server.meets([Mood::Rcpt("550 no such user")]);
        app.complete(agent(1)).await;
        let [dead] = messages(&app, "state=dead").await.try_into().unwrap();
        assert_eq!((&dead["error"], &dead["attempts"], &dead["channel"]), (&json!("smtp 550"), &json!(1), &json!("mail")));
        assert!(!dead.to_string().contains("agents.example"), "no address in the outbox");
        app.put("/api/v1/learners/mentor/1", &json!({ "name": "Agent 1", "email": "new@agents.example" })).await.expect(200);
        app.post(&format!("/api/v1/messages/{}/replay", text(&dead, "/id")), &json!({})).await.expect(202);
        app.work().await;
        assert_eq!(server.letters()[0].to, "new@agents.example");
    }

    async fn who_has_no_address_is_not_written_to_and_that_is_noted(app: &TestApp) {
        let server = PostServer::start();
        let app = open(app, &server).await;
        writes(&app, json!({ "on": ["issued"] })).await;
        app.complete(json!({ "id": "1", "name": "Ada" })).await;
        let [skipped] = messages(&app, "").await.try_into().unwrap();
        assert_eq!((&skipped["state"], &skipped["error"]), (&json!("skipped"), &json!("no_address")));
        assert!(server.letters().is_empty());
    }

    /// A letter that waited must not announce what was withdrawn meanwhile.
    async fn what_was_withdrawn_meanwhile_is_not_announced(app: &TestApp) {
        let server = PostServer::start();
        let app = open(app, &server).await;
        writes(&app, json!({ "on": ["issued"] })).await;
        server.meets([Mood::Rcpt("451 later")]);
        app.complete(zoe()).await;
        let id = text(&app.award("892").await, "/credential/id").rsplit_once('/').unwrap().1.to_owned();
        app.post(&format!("/api/v1/credentials/{id}/revoke"), &json!({ "category": "awarded_in_error" })).await.expect(200);
        until_all_is_told(&app).await;
        assert!(server.letters().is_empty());
        assert_eq!(messages(&app, "state=skipped").await[0]["error"], "revoked_since");
    }

    async fn without_a_mail_server_letters_wait(app: &TestApp) {
        let server = PostServer::start();
        writes(app, json!({ "on": ["issued"] })).await;
        app.complete(zoe()).await;
        assert_eq!(messages(app, "state=pending").await[0]["error"], "smtp_not_configured");
        let app = open(app, &server).await;
        until_all_is_told(&app).await;
        assert_eq!(server.letters().len(), 1);
    }

    async fn settings_of_mail_are_read_strictly(app: &TestApp) {
        let mut issuer = json!(support::issuer());
        for (mail, pointer) in [
            (json!({ "on": ["published"] }), "/mail/on/0"),
            (json!({ "on": [], "reply_to": "nobody" }), "/mail/reply_to"),
            (json!({ "on": ["issued"], "from_name": "a\nBcc: x@y" }), "/mail/from_name"),
        ] {
            issuer["mail"] = mail;
            app.put("/api/v1/issuers/dgafp", &issuer).await.problem(422, "invalid").at(pointer);
        }
    }
}
