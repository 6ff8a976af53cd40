//! The installation that is tormented: its database, keys and settings, its server as a child process, and a client.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sceau::catalog::JwtAlgorithm;
use sceau::config::{SystemClock, SystemEntropy};
use sceau::http::{self, Scope};
use sceau::ids::TokenId;
use sceau::intake::standard_webhooks::WebhookSecret;
use sceau::keyring::Keyring;
use sceau::proof::key::KeyKind;
use sceau::service::Service;
use sceau::store::{Store, StoreOptions, TokenRecord};
use sceau::time::Clock as _;
use serde_json::{Value, json};
use sqlx::Connection as _;

use crate::support;

/// A database, its keys and its settings.
pub struct Installation {
    folder: tempfile::TempDir,
    database: String,
    port: u16,
    identity: String,
    token: String,
    secret: String,
}

impl Installation {
    /// Sets everything up: keys, a catalog, a source with its secret, an officer's token.
    pub async fn prepare(database: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let identity = Keyring::new_identity().to_string();
        let file = folder.path().join("identity.txt");
        fs::write(&file, &identity).expect("writes");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect("sets the mode");
        // Free a moment ago; the server takes it again after each kill.
        let port =
            std::net::TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a port").port();
        let token = http::new_token(&SystemEntropy).to_string();
        let secret = format!("whsec_{}", STANDARD.encode([7; 32]));
        let installation = Self { folder, database: database.to_owned(), port, identity, token, secret };

        let service = installation.service().await;
        let (store, now) = (&service.store, service.clock.now());
        let mut issuer = support::issuer();
        issuer.jwt = Some(JwtAlgorithm::Es256);
        store.put_issuer(&issuer, now).await.expect("kept");
        store.put_training(&support::training(), now).await.expect("kept");
        store.put_session(&support::session().session, now).await.expect("kept");
        let source = json!({ "code": "mentor", "issuer": "dgafp", "name": "Mentor", "form": "completion-event" });
        let source: sceau::catalog::Source = serde_json::from_value(source).expect("a source");
        store.put_source(&source, now).await.expect("kept");
        let sealed = service.seal_source_secret(&source.code, &installation.secret);
        store.put_source_secrets(&source.code, &[sealed], now).await.expect("kept");
        for kind in [KeyKind::Ed25519, KeyKind::P256] {
            service.new_signing_key(&issuer.code, kind).await.expect("a key");
        }
        let token = TokenRecord {
            id: TokenId::random(&SystemEntropy),
            label: "officer".into(),
            issuer: issuer.code,
            scopes: Scope::ALL.map(|scope| scope.to_string()).into(),
            created: now,
            expires: now.plus_seconds(24 * 3600),
            revoked: None,
        };
        store.put_token(&token, &http::token_hash(&installation.token)).await.expect("kept");
        // Nothing of this process holds the database open while the server is killed: it must recover by itself.
        store.close().await;
        installation
    }

    /// The flow in this process, on the same database and keys.
    pub async fn service(&self) -> Service {
        let database = self.database.parse().expect("a database URL");
        let store = Store::open(&database, StoreOptions::new(Arc::new(SystemEntropy))).await.expect("the store opens");
        let keyring = Keyring::open(&self.keys(), &self.identity, &SystemEntropy).expect("a keyring");
        let url = self.public_url().parse().expect("a public URL");
        let service = Service::new(store, keyring, url, Arc::new(SystemClock), Arc::new(SystemEntropy)).await;
        service.expect("the parts fit")
    }

    /// Starts the server, as an operator would.
    pub fn start(&self) -> Server {
        let log = self.folder.path().join("server.log");
        let output = File::options().create(true).append(true).open(&log).expect("a log file");
        let child = Command::new(env!("CARGO_BIN_EXE_sceau"))
            .args(["serve", "--listen", &format!("127.0.0.1:{}", self.port)])
            .env("DATABASE_URL", &self.database)
            .env("SCEAU_KEYS", self.keys())
            .env("SCEAU_AGE_IDENTITY_FILE", self.folder.path().join("identity.txt"))
            .env("SCEAU_PUBLIC_URL", self.public_url())
            .env_remove("SCEAU_AGE_IDENTITY")
            .env_remove("SCEAU_LOG")
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("the same file"))
            .stderr(output)
            .spawn();
        Server { child: child.expect("the server starts"), log }
    }

    pub fn client(&self) -> Client {
        let config =
            ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(10)));
        Client {
            agent: config.build().into(),
            address: format!("http://127.0.0.1:{}", self.port),
            token: self.token.clone(),
            secret: WebhookSecret::parse(&self.secret).expect("a secret"),
        }
    }

    /// The file that was killed over and over is whole.
    pub async fn check_database(&self) {
        if self.database.starts_with("sqlite:") {
            let mut connection = sqlx::SqliteConnection::connect(&self.database).await.expect("connects");
            let found: String =
                sqlx::query_scalar("pragma integrity_check").fetch_one(&mut connection).await.expect("checks");
            assert_eq!(found, "ok");
        }
    }

    fn keys(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    fn public_url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }
}

/// A server that runs; dropping it kills it with SIGKILL.
pub struct Server {
    child: Child,
    log: PathBuf,
}

impl Drop for Server {
    fn drop(&mut self) {
        // `Child::kill` is SIGKILL on Unix: the process can neither flush nor say goodbye.
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if std::thread::panicking() {
            let log = fs::read_to_string(&self.log).unwrap_or_default();
            let lines: Vec<_> = log.lines().rev().take(40).collect();
            eprintln!("{ended:?}; the end of the server's log:");
            lines.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}

/// An LMS, an officer and a verifier in one. None means that no answer came.
pub struct Client {
    agent: ureq::Agent,
    address: String,
    token: String,
    secret: WebhookSecret,
}

type Answer = Option<(u16, Value)>;

impl Client {
    pub fn deliver(&self, id: &str, body: &[u8]) -> Answer {
        let seconds = SystemClock.now().as_unix_seconds();
        let request = self
            .agent
            .post(format!("{}/intake/mentor", self.address))
            .header("webhook-id", id)
            .header("webhook-timestamp", seconds.to_string())
            .header("webhook-signature", self.secret.sign(id, seconds, body));
        answer(request.send(body))
    }

    pub fn get(&self, path: &str) -> Answer {
        answer(self.agent.get(format!("{}{path}", self.address)).header("authorization", self.bearer()).call())
    }

    pub fn post(&self, path: &str) -> Answer {
        answer(self.agent.post(format!("{}{path}", self.address)).header("authorization", self.bearer()).send_empty())
    }

    /// The bytes of a credential by its public address.
    pub fn credential(&self, address: &str) -> Option<Vec<u8>> {
        let (_, path) = address.split_once("/credentials/").expect("an address of ours");
        let mut response = self.agent.get(format!("{}/credentials/{path}", self.address)).call().ok()?;
        let bytes = response.body_mut().read_to_vec().ok()?;
        (response.status() == 200).then_some(bytes)
    }

    pub fn wait_until_healthy(&self, server: &Server) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !matches!(self.get("/health"), Some((200, _))) {
            assert!(Instant::now() < deadline, "the server {} does not come up", server.child.id());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.ok()?;
    // The status without the whole body is no answer: the server was killed in between.
    let body = response.body_mut().read_to_vec().ok()?;
    let document = if body.is_empty() { Some(Value::Null) } else { serde_json::from_slice(&body).ok() };
    Some((response.status().as_u16(), document?))
}

/// Randomness from a seed (SplitMix64).
pub struct Rng(u64);

impl Rng {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `bound`, which is at least 1. The bias is of no matter here.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}
