//! The whole service on a database of its own: the real router, storage, keys and workers. Only the clock, which tests move, and
//! the randomness, which repeats itself, are not those of a server.
#![allow(dead_code, reason = "each test binary uses its own part")]

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sceau::http::{self, App, Scope};
use sceau::ids::{Code, DeliveryId, TokenId};
use sceau::intake::standard_webhooks::WebhookSecret;
use sceau::keyring::Keyring;
use sceau::pages::Pages;
use sceau::proof::key::KeyKind;
use sceau::service::{Service, ServiceError};
use sceau::store::{DeliveryRecord, DeliveryState, Store, StoreOptions, TokenRecord};
use sceau::time::{Clock, Timestamp};
use sceau::worker;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::watch;
use tower::ServiceExt as _;
use zeroize::Zeroizing;

use crate::{engines, support};

/// When every test starts.
pub const NOW: &str = "2026-03-27T17:12:09Z";
/// The public URL of the service under test.
pub const URL: &str = "https://sceau.example";
/// The session that tests report on.
pub const SESSION: &str = "laicite-2026-03";
/// The activities of its training, all of which a learner must do.
pub const ACTIVITIES: [&str; 3] = ["video", "cas", "bilan"];

/// Stamps each test on both engines. A test gets the service with its catalog, and leaves it with nothing to do.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident: &$type:ty) $body:block)+) => {
        $($(#[$doc])* async fn $name(app: std::sync::Arc<$type>) { let $app = &*app; $body })+

        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::app::on_sqlite(super::$name).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                $crate::app::on_postgres(super::$name).await;
            })+
        }
    };
}

pub async fn on_sqlite<F: Future<Output = ()>>(test: impl FnOnce(Arc<TestApp>) -> F) {
    engines::on_sqlite(|url| TestApp::lend(url, test)).await;
}

pub async fn on_postgres<F, T>(test: T)
where
    F: Future<Output = ()> + Send + 'static,
    T: FnOnce(Arc<TestApp>) -> F + Send + 'static,
{
    engines::on_postgres(|url| TestApp::lend(url, test)).await;
}

/// A clock that stands still until it is moved.
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// A service under test.
pub struct TestApp {
    pub service: Arc<Service>,
    pub clock: Arc<TestClock>,
    /// A token of the issuer `dgafp` that may do everything, for a year.
    pub officer: String,
    router: Router,
    secret: WebhookSecret,
    count: AtomicU32,
    database: String,
    identity: Zeroizing<String>,
    // Holds the keys; removed with the service.
    folder: Arc<TempDir>,
}

impl TestApp {
    async fn lend<F: Future<Output = ()>>(database: String, test: impl FnOnce(Arc<Self>) -> F) {
        let app = Arc::new(Self::start(&database).await);
        app.furnish().await;
        test(Arc::clone(&app)).await;
        app.assert_nothing_left().await;
    }

    async fn start(database: &str) -> Self {
        let entropy = Arc::new(support::Counter::new(2026));
        let folder = Arc::new(tempfile::tempdir().expect("a folder"));
        let identity = Keyring::new_identity();
        let keyring = Keyring::open(&folder.path().join("keys"), &identity, &*entropy).expect("a keyring");
        let url = database.parse().expect("a database URL");
        let store = Store::open(&url, StoreOptions::new(entropy.clone())).await.expect("the store opens");
        let now: Timestamp = NOW.parse().expect("a moment");
        let clock = Arc::new(TestClock(AtomicI64::new(now.as_micros())));
        let url = URL.parse().expect("a public URL");
        let service = Service::new(store, keyring, url, clock.clone(), entropy).await.expect("the parts fit");
        let service = Arc::new(service.with_templates(Arc::default()));
        let pages = Arc::new(Pages::new(&Default::default()).expect("our own templates"));
        let router = http::router(App::new(Arc::clone(&service), pages));
        let secret = WebhookSecret::parse(&written_secret(7)).expect("a secret");
        let (officer, count, database) = (String::new(), AtomicU32::new(0), database.to_owned());
        let mut app = Self { service, clock, officer, router, secret, count, database, identity, folder };
        app.officer = app.token_for("dgafp", &Scope::ALL, 365).await;
        app
    }

    /// The catalog that tests start from, put there as its owner would: over HTTP.
    async fn furnish(&self) {
        let source = json!({ "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "completion-event" });
        let session = support::session().session;
        for (path, entry) in [
            ("/api/v1/issuers/dgafp", json!(support::issuer())),
            ("/api/v1/trainings/laicite", json!(support::training())),
            ("/api/v1/sessions/laicite-2026-03", json!(session)),
            ("/api/v1/sources/mentor", source),
        ] {
            self.put(path, &entry).await.expect(201);
        }
        let secrets = json!({ "secrets": [written_secret(7)] });
        self.put("/api/v1/sources/mentor/secrets", &secrets).await.expect(204);
        self.add_key("dgafp").await;
    }

    /// Every job was done, and none was given up.
    async fn assert_nothing_left(&self) {
        assert_eq!(self.service.store.dead_jobs().await.expect("reads"), [], "jobs were given up");
        assert_eq!(self.service.store.jobs_pending().await.expect("reads"), 0, "jobs are left in the queue");
    }

    /// A new token of an issuer, for a day.
    pub async fn token(&self, issuer: &str, scopes: &[Scope]) -> String {
        self.token_for(issuer, scopes, 1).await
    }

    async fn token_for(&self, issuer: &str, scopes: &[Scope], days: i64) -> String {
        let token = http::new_token(&*self.service.entropy);
        let now = self.clock.now();
        let record = TokenRecord {
            id: TokenId::random(&*self.service.entropy),
            label: "tests".into(),
            issuer: code(issuer),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            created: now,
            expires: now.plus_seconds(days * 24 * 3600),
            revoked: None,
        };
        self.service.store.put_token(&record, &http::token_hash(&token)).await.expect("a token");
        token.to_string()
    }

    /// A key for an issuer, as the command line would make it; the one before is retired.
    pub async fn add_key(&self, issuer: &str) -> String {
        self.add_key_of(issuer, KeyKind::Ed25519).await
    }

    /// The same of any kind.
    pub async fn add_key_of(&self, issuer: &str, kind: KeyKind) -> String {
        self.service.new_signing_key(&code(issuer), kind).await.expect("a key").key_id
    }

    /// The same installation with other means, such as a fetcher.
    pub async fn with(&self, change: impl FnOnce(Service) -> Service) -> Self {
        let service = Arc::new(change(self.another_instance(|_| {}).await));
        let pages = Arc::new(Pages::new(&Default::default()).expect("our own templates"));
        Self {
            router: http::router(App::new(Arc::clone(&service), pages)),
            service,
            clock: Arc::clone(&self.clock),
            officer: self.officer.clone(),
            secret: self.secret.clone(),
            count: AtomicU32::new(self.count.fetch_add(1000, Ordering::Relaxed) + 1000),
            database: self.database.clone(),
            identity: self.identity.clone(),
            folder: Arc::clone(&self.folder),
        }
    }

    /// Another instance of the same installation, on the same database and keys.
    pub async fn another_instance(&self, change: impl FnOnce(&mut StoreOptions)) -> Service {
        let keyring = self.open_keyring(&self.folder.path().join("keys"));
        self.instance_with(keyring, change).await.expect("the parts fit")
    }

    /// An instance on the same database that holds none of its keys.
    pub async fn instance_without_keys(&self) -> Result<Service, ServiceError> {
        let keyring = self.open_keyring(&self.folder.path().join("other-keys"));
        self.instance_with(keyring, |_| {}).await
    }

    fn open_keyring(&self, folder: &Path) -> Keyring {
        Keyring::open(folder, &self.identity, &*self.service.entropy).expect("a keyring")
    }

    async fn instance_with(
        &self,
        keyring: Keyring,
        change: impl FnOnce(&mut StoreOptions),
    ) -> Result<Service, ServiceError> {
        let entropy = Arc::clone(&self.service.entropy);
        let mut options = StoreOptions::new(Arc::clone(&entropy));
        change(&mut options);
        let url = self.database.parse().expect("a database URL");
        let store = Store::open(&url, options).await.expect("the store opens");
        Service::new(store, keyring, self.service.url.clone(), self.clock.clone(), entropy).await
    }

    /// The command line on this installation, as an operator called `agathe` would type it. Its clock is the system's.
    pub fn sceau(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_sceau"));
        command.args(arguments).current_dir(self.folder.path()).stdin(std::process::Stdio::null());
        for unset in ["SUDO_USER", "SCEAU_LOG", "SCEAU_AGE_IDENTITY_FILE", "SCEAU_PUBLIC_URL"] {
            command.env_remove(unset);
        }
        command.env("DATABASE_URL", &self.database).env("SCEAU_KEYS", self.folder.path().join("keys"));
        command.env("SCEAU_AGE_IDENTITY", self.identity.as_str()).env("USER", "agathe");
        command
    }

    /// Where the keyring keeps its files.
    pub fn keys(&self) -> std::path::PathBuf {
        self.folder.path().join("keys")
    }

    /// Runs a statement that the store would never run.
    pub async fn tamper(&self, sql: &str) {
        engines::tamper(&self.database, sql).await;
    }

    /// How many signatures of one sort the signing log holds.
    pub async fn signatures(&self, what: &str) -> i64 {
        self.count(&format!("select count(*) from signing_log where what = '{what}'")).await
    }

    /// The number that a query of the database itself gives.
    pub async fn count(&self, sql: &str) -> i64 {
        engines::count(&self.database, sql).await
    }

    /// Asks for the same thing many times at once.
    pub async fn get_at_once(&self, address: &str, times: usize) -> Vec<Reply> {
        let path = address.strip_prefix(URL).unwrap_or(address).to_owned();
        let asked = (0..times).map(|_| {
            let (router, path) = (self.router.clone(), path.clone());
            tokio::spawn(async move {
                let request = Request::get(&path).body(Body::empty()).expect("a request");
                let response = router.oneshot(request).await.expect("the router answers");
                let (parts, body) = response.into_parts();
                let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
                Reply { asked: path, status: parts.status, headers: parts.headers, body }
            })
        });
        let mut replies = Vec::new();
        for reply in asked.collect::<Vec<_>>() {
            replies.push(reply.await.expect("an answer"));
        }
        replies
    }

    pub fn call(&self, method: Method, path: &str) -> Call<'_> {
        Call { app: self, method, path: path.to_owned(), headers: HeaderMap::new(), body: Vec::new() }
    }

    /// An anonymous request for whatever stands at an address, of ours or relative.
    pub async fn get(&self, address: &str) -> Reply {
        self.call(Method::GET, address).send().await
    }

    /// The same by a person with a browser.
    pub async fn page(&self, address: &str, language: &str) -> Reply {
        let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
        self.call(Method::GET, address).header("accept", accept).header("accept-language", language).send().await
    }

    /// The officer reads.
    pub async fn read(&self, path: &str) -> Reply {
        self.call(Method::GET, path).bearer(&self.officer).send().await
    }

    /// The officer writes.
    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PUT, path).bearer(&self.officer).json(body).send().await
    }

    /// The officer acts.
    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path).bearer(&self.officer).json(body).send().await
    }

    /// A webhook as the source `mentor` signs it now.
    pub fn signed(&self, id: &str, body: &[u8]) -> Call<'_> {
        self.signed_by("mentor", id, body)
    }

    /// The same of another source with the same secret.
    fn signed_by(&self, source: &str, id: &str, body: &[u8]) -> Call<'_> {
        let seconds = self.clock.now().as_unix_seconds();
        let signature = self.secret.sign(id, seconds, body);
        self.call(Method::POST, &format!("/intake/{source}"))
            .header("content-type", "application/json")
            .header("webhook-id", id)
            .header("webhook-timestamp", &seconds.to_string())
            .header("webhook-signature", &signature)
            .body(body.to_vec())
    }

    /// A webhook that the door lets in: the delivery it became.
    pub async fn deliver_bytes(&self, body: &[u8]) -> DeliveryId {
        let id = format!("msg_{}", self.count.fetch_add(1, Ordering::Relaxed));
        let reply = self.signed(&id, body).send().await.expect(202).json();
        assert_eq!(reply["status"], "accepted");
        reply["delivery"].as_str().and_then(|id| id.parse().ok()).expect("a delivery id")
    }

    /// The same, of a document.
    pub async fn deliver(&self, body: &Value) -> DeliveryId {
        self.deliver_bytes(body.to_string().as_bytes()).await
    }

    /// The same from another source, which gets the secret that `mentor` has.
    pub async fn deliver_from(&self, source: &str, body: &Value) -> DeliveryId {
        let secrets = json!({ "secrets": [written_secret(7)] });
        self.put(&format!("/api/v1/sources/{source}/secrets"), &secrets).await.expect(204);
        let id = format!("msg_{}", self.count.fetch_add(1, Ordering::Relaxed));
        let reply = self.signed_by(source, &id, body.to_string().as_bytes()).send().await.expect(202).json();
        reply["delivery"].as_str().and_then(|id| id.parse().ok()).expect("a delivery id")
    }

    /// Reports every activity of the session as completed, and works until nothing is due.
    pub async fn complete(&self, learner: Value) -> DeliveryId {
        let id = self.deliver(&completion(learner, &ACTIVITIES)).await;
        self.work().await;
        id
    }

    /// Works until nothing is due.
    pub async fn work(&self) -> u32 {
        worker::drain(&self.service).await.expect("storage answers")
    }

    pub async fn delivery(&self, id: DeliveryId) -> DeliveryRecord {
        self.service.store.delivery(id).await.expect("reads").expect("a delivery").record
    }

    pub async fn delivery_state(&self, id: DeliveryId) -> DeliveryState {
        self.delivery(id).await.state
    }

    /// The awards of a learner, as the LMS reads them.
    pub async fn awards(&self, learner: &str) -> Vec<Value> {
        let reply = self.read(&format!("/api/v1/awards?source=mentor&learner={learner}")).await.expect(200);
        reply.json()["awards"].as_array().expect("a list").clone()
    }

    /// The one award of a learner.
    pub async fn award(&self, learner: &str) -> Value {
        let mut awards = self.awards(learner).await;
        assert_eq!(awards.len(), 1, "{learner} has one award");
        awards.remove(0)
    }

    /// Corrects an award, and works until the next version is made.
    pub async fn reissue(&self, award: &Value) -> Value {
        let path = format!("/api/v1/awards/{}/reissue", text(award, "/id"));
        let reply = self.call(Method::POST, &path).bearer(&self.officer).send().await.expect(202).json();
        self.work().await;
        reply
    }

    /// A credential handed to the public endpoint: its report.
    pub async fn verify(&self, bytes: &[u8]) -> Value {
        let call = self.call(Method::POST, "/api/v1/verify").body(bytes.to_vec());
        call.header("content-type", "application/octet-stream").send().await.expect(200).json()
    }

    /// Serves on a port of its own until the test ends.
    pub async fn listen(&self) -> SocketAddr {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (router, (never, stopped)) = (self.router.clone(), watch::channel(false));
        tokio::spawn(async move {
            http::serve(listener, router, stopped).await;
            drop(never);
        });
        address
    }
}

/// A request being put together.
pub struct Call<'a> {
    app: &'a TestApp,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Call<'_> {
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(name, value.parse().expect("a header's value"));
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.headers.remove(name);
        self
    }

    /// The same request to another address.
    pub fn to(mut self, path: &str) -> Self {
        self.path = path.to_owned();
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    pub fn body(mut self, body: Vec<u8>) -> Self {
        self.body = body;
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string().into_bytes())
    }

    pub async fn send(self) -> Reply {
        let path = self.path.strip_prefix(URL).unwrap_or(&self.path);
        let mut request =
            Request::builder().method(self.method).uri(path).body(Body::from(self.body)).expect("a request");
        *request.headers_mut() = self.headers;
        let response = self.app.router.clone().oneshot(request).await.expect("the router answers");
        let (parts, body) = response.into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.expect("a whole body").to_vec();
        Reply { asked: self.path, status: parts.status, headers: parts.headers, body }
    }
}

/// An answer.
pub struct Reply {
    asked: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The same, if it has this status.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}: {}", self.asked, String::from_utf8_lossy(&self.body));
        self
    }

    #[track_caller]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{}: {error} in {}", self.asked, self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or("")
    }

    /// The problem document (RFC 9457) that this must be, of this kind and status.
    #[track_caller]
    pub fn problem(self, status: u16, kind: &str) -> Problem {
        let reply = self.expect(status);
        assert_eq!(reply.header(header::CONTENT_TYPE.as_str()), "application/problem+json", "{}", reply.asked);
        let document = reply.json();
        assert_eq!(document["type"], format!("/problems#{kind}"), "{}: {document}", reply.asked);
        assert_eq!(document["status"], status, "{}: {document}", reply.asked);
        assert!(document["title"].is_string(), "{document}");
        let detail = document["detail"].as_str().expect("a detail").to_owned();
        Problem { pointer: document.pointer("/errors/0/pointer").and_then(Value::as_str).map(str::to_owned), detail }
    }
}

/// What a problem says.
#[derive(Debug, PartialEq)]
pub struct Problem {
    pub pointer: Option<String>,
    pub detail: String,
}

impl Problem {
    /// The field it blames.
    #[track_caller]
    pub fn at(&self, pointer: &str) -> &Self {
        assert_eq!(self.pointer.as_deref(), Some(pointer), "{}", self.detail);
        self
    }

    /// What it says of it.
    #[track_caller]
    pub fn says(&self, words: &str) -> &Self {
        assert!(self.detail.contains(words), "{:?} does not say {words:?}", self.detail);
        self
    }
}

/// A webhook secret, as written.
pub fn written_secret(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 32]))
}

/// A password or token of a source, as written.
pub fn written_password(byte: u8) -> String {
    format!("intake_{}", URL_SAFE_NO_PAD.encode([byte; 32]))
}

pub fn code(text: &str) -> Code {
    text.parse().expect("a code")
}

/// The text at a place of a document.
#[track_caller]
pub fn text<'a>(document: &'a Value, pointer: &str) -> &'a str {
    document.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("no text at {pointer} in {document}"))
}

/// A learner with a name.
pub fn zoe() -> Value {
    json!({ "id": "892", "name": "Zoé Lefèvre-Nguyễn", "email": "zoe.lefevre@agents.example" })
}

/// One fact: an activity in a state, at a moment.
pub fn activity(code: &str, state: &str, at: &str) -> Value {
    json!({ "at": at, "activity": { "code": code, "state": state } })
}

/// A delivery of evidence about one learner in the session.
pub fn event(learner: Value, evidence: Vec<Value>) -> Value {
    json!({ "version": 1, "record": { "session": SESSION, "learner": learner, "evidence": evidence } })
}

/// A delivery that reports activities as completed, one an hour.
pub fn completion(learner: Value, activities: &[&str]) -> Value {
    let facts = activities
        .iter()
        .enumerate()
        .map(|(hour, code)| activity(code, "completed", &format!("2026-03-20T{:02}:00:00+01:00", 9 + hour)));
    event(learner, facts.collect())
}
