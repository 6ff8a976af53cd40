//! What must not get out: names where nobody holds a link, tokens and links in logs.

use std::io::Write;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use sceau::http::Scope;
use serde_json::{Value, json};

use crate::app::{SESSION, TestApp, activity, event, text, zoe};

/// Everything that this process logs, at the most talkative level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no writer panics").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The log of this process; the first caller has it written.
fn log() -> Log {
    static LOG: std::sync::LazyLock<Log> = std::sync::LazyLock::new(|| {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
        subscriber.with_writer(move || writer.clone()).init();
        log
    });
    LOG.clone()
}

/// One request over a real connection: the status line and the rest.
fn request(server: std::net::SocketAddr, head: &str) -> String {
    use std::io::Read as _;
    let mut stream = TcpStream::connect(server).expect("connects");
    write!(stream, "{head}\r\nHost: sceau.example\r\nConnection: close\r\n\r\n").expect("writes");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("reads");
    String::from_utf8_lossy(&answer).into_owned()
}

crate::on_both_engines! {
    /// Over a real connection, since servers and drivers log too; also requests that are refused.
    async fn neither_tokens_nor_links_nor_names_reach_a_log(app: &TestApp) {
        let log = log();
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let spare = app.token("dgafp", &Scope::ALL).await;
        let server = app.listen().await;
        let path = |link: &str| text(&award, link).strip_prefix(crate::app::URL).unwrap().to_owned();
        let (page, pdf) = (path("/links/verification"), path("/links/attestation"));
        let officer = app.officer.clone();
        let requests = vec![
            format!("GET {page} HTTP/1.1\r\nAccept: text/html"),
            format!("GET {page}?lang=en HTTP/1.1"),
            format!("DELETE {page} HTTP/1.1"),
            format!("GET {page}/more HTTP/1.1"),
            format!("GET {pdf} HTTP/1.1"),
            format!("GET {} HTTP/1.1", pdf.replace("attestation.pdf", "nothing.pdf")),
            format!("GET /api/v1/awards HTTP/1.1\r\nAuthorization: Bearer {officer}"),
            format!("GET /api/v1/nothing HTTP/1.1\r\nAuthorization: Bearer {spare}"),
            format!("GET /api/v1/awards HTTP/1.1\r\nAuthorization: Bearer {spare}x"),
            format!("GET /api/v1/awards?session={SESSION} HTTP/1.1\r\nAuthorization: Token {spare}"),
        ];
        let answers = tokio::task::spawn_blocking(move || {
            requests.iter().map(|head| request(server, head)).collect::<Vec<_>>()
        });
        let statuses = answers.await.unwrap().iter().map(|answer| answer[9..12].to_owned()).collect::<Vec<_>>();
        assert_eq!(statuses, ["200", "200", "405", "404", "200", "404", "200", "404", "401", "401"]);
        // What is handed in to be verified, with the address of the person that it is about, in a form that holds and one that does not.
        for address in ["zoe.lefevre@agents.example", "zoe.lefevre@"] {
            let fields = [("text", text(&award, "/links/verification")), ("text", "{\"Lefèvre\": 1}"), ("file", "Lefèvre")];
            for (name, value) in fields {
                let fields = [(name, value), ("email", address)].map(|(name, value)| {
                    format!("--seam\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                });
                let call = app.call(axum::http::Method::POST, "/verify");
                let call = call.header("accept", "text/html").header("content-type", "multipart/form-data; boundary=seam");
                let reply = call.body(format!("{}--seam--\r\n", fields.concat()).into_bytes()).send().await;
                assert!([200, 303, 422].contains(&reply.status.as_u16()), "{}", reply.status);
            }
        }
        // Errors are logged with what went wrong, and that must not be what was said.
        let named = json!({ "id": "893", "name": "Zoé \u{202e}Lefèvre-Nguyễn", "email": "zoe.lefevre@agents.example" });
        app.deliver_bytes(b"{\"Lef\xc3\xa8vre\": {}}").await;
        app.deliver(&event(named, vec![activity("none", "completed", "2026-03-20T09:00:00+01:00")])).await;
        app.work().await;

        let logged = log.0.lock().unwrap().clone();
        let logged = String::from_utf8_lossy(&logged);
        assert!(logged.contains("http.request") && logged.contains("credential.issued"), "the log is written");
        let token = |path: &str| path.split('/').nth(2).unwrap().to_owned();
        for secret in [token(&page), token(&pdf), app.officer.clone(), spare, crate::app::written_secret(7)] {
            assert!(!logged.contains(&secret), "a secret is in the log");
        }
        for personal in ["Lefèvre", "zoe.lefevre@agents.example"] {
            let line = logged.lines().find(|line| line.contains(personal));
            assert_eq!(line, None, "personal data is in the log");
        }
    }

    /// Without the token of the printed code, nothing shows a name or an address; and nothing at all a result.
    async fn what_anyone_may_fetch_names_nobody(app: &TestApp) {
        let mut facts = Vec::new();
        for (code, score) in [("video", 0.271_828), ("cas", -0.314_159), ("bilan", 0.577_215)] {
            let mut fact = activity(code, "completed", "2026-03-20T09:00:00+01:00");
            fact["activity"]["score"] = json!(score);
            facts.push(fact);
        }
        app.deliver(&event(zoe(), facts)).await;
        app.work().await;
        let award = app.award("892").await;
        let id = text(&award, "/credential/id");
        let credential = app.get(id).await.expect(200).json();
        let achievement = text(&credential, "/credentialSubject/achievement/id").to_owned();
        let status = text(&credential, "/credentialStatus/statusListCredential").to_owned();
        let criteria = format!("/sessions/{SESSION}/criteria");

        let mut shown: Vec<String> = Vec::new();
        for address in [id, "/issuers/dgafp", "/issuers/dgafp/did.json", &achievement, &status, &criteria, "/"] {
            shown.push(app.get(address).await.expect(200).text().to_owned());
            shown.push(app.page(address, "fr").await.expect(200).text().to_owned());
        }
        shown.push(app.verify(credential.to_string().as_bytes()).await.to_string());
        shown.push(app.read("/api/v1/awards").await.expect(200).text().to_owned());
        for image in ["/links/badge_svg", "/links/credential"] {
            shown.push(app.get(text(&award, image)).await.expect(200).text().to_owned());
        }
        for text in &shown {
            for personal in ["Lefèvre", "Lef\\u00e8vre", "zoe.lefevre", "agents.example"] {
                assert!(!text.contains(personal), "{personal} in {text}");
            }
        }
        // A result belongs to the learner alone: it stays in the ledger.
        shown.push(app.page(text(&award, "/links/verification"), "fr").await.expect(200).text().to_owned());
        let pdf = app.get(text(&award, "/links/attestation")).await.expect(200).body;
        shown.push(String::from_utf8_lossy(&pdf).into_owned());
        for text in &shown {
            for score in ["0.271828", "0.314159", "0.577215"] {
                assert!(!text.contains(score));
            }
        }
    }

    /// An issuer that names its learners does so in the badge; the page still names nobody.
    async fn an_issuer_may_opt_for_a_plain_name_in_the_badge(app: &TestApp) {
        let mut issuer = json!(crate::support::issuer());
        issuer["recipient_name"] = json!("plain");
        app.put("/api/v1/issuers/dgafp", &issuer).await.expect(200);
        app.complete(zoe()).await;
        let award = app.award("892").await;
        let credential = app.get(text(&award, "/credential/id")).await.expect(200).json();
        let identifiers = credential["credentialSubject"]["identifier"].as_array().unwrap();
        let name = identifiers.iter().find(|identifier| identifier["identityType"] == "name").unwrap();
        assert_eq!((&name["hashed"], &name["identityHash"]), (&Value::Bool(false), &json!("Zoé Lefèvre-Nguyễn")));
        assert!(identifiers.iter().all(|identifier| identifier["identityType"] != "ext:CommittedName"));
        assert!(!app.page(text(&award, "/credential/id"), "fr").await.expect(200).text().contains("Lefèvre"));
        let page = app.page(text(&award, "/links/verification"), "fr").await.expect(200);
        assert!(page.text().contains("Zoé Lefèvre-Nguyễn"));
        assert!(!app.verify(credential.to_string().as_bytes()).await.to_string().contains("Lefèvre"));
    }
}
