//! `sceau conformance`: an issuer and verifier that lives in memory, for running public test suites against this implementation.
//!
//! It speaks VC-API on loopback: `POST /vc/credentials/issue`, `/vc/credentials/verify` and `/vc/presentations/verify`. Its issuer is a
//! `did:key` made at start and gone at the end; its status list is served over https under a certificate of its own making. The lint,
//! proof and verification underneath are those of the service.
//!
//! Not here, on purpose: storage, real issuers, fetching. Nothing that this instance signs is known to anybody.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::config::{SystemClock, SystemEntropy};
use crate::credential::VC_CONTEXT;
use crate::entropy::Entropy;
use crate::http::vc_api::{self, Asked, Refusal};
use crate::http::{self, Body, harden};
use crate::jsonld::contexts::DATA_INTEGRITY_V2;
use crate::keyring::KeyHandle;
use crate::lint;
use crate::proof::data_integrity::{self, ProofOptions, Suite};
use crate::proof::jwt;
use crate::proof::key::{KeyKind, Signer as _};
use crate::status_list::{self, Bitstring};
use crate::time::Clock as _;
use crate::verify::{self, Materials, Question, Trust};

/// Options of `sceau conformance`.
#[derive(Debug, clap::Args)]
pub struct ConformanceOptions {
    /// The loopback address to listen on; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

/// The issuer.
struct Instance {
    key: KeyHandle,
    did: String,
    method: String,
    list: String,
}

/// Serves until told to stop. The first line printed is JSON: the issuer's id and the addresses of the three endpoints.
///
/// # Errors
/// An address that is not loopback or is taken; TLS that cannot be set up.
pub async fn run(options: &ConformanceOptions, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    anyhow::ensure!(options.listen.ip().is_loopback(), "the conformance instance listens on loopback only");
    let listener =
        TcpListener::bind(options.listen).await.with_context(|| format!("listening on {}", options.listen))?;
    let statuses = TcpListener::bind((options.listen.ip(), 0)).await.context("listening for status lists")?;
    let key = KeyHandle::ephemeral(KeyKind::Ed25519, &SystemEntropy).context("a key could not be made")?;
    let public = key.public_key();
    let (did, method) = public.to_did_key().zip(public.did_key_method()).context("an Ed25519 key has a did:key")?;
    let list = format!("https://localhost:{}/status/1", statuses.local_addr()?.port());
    let instance = Arc::new(Instance { key, did, method, list });

    let base = format!("http://{}", listener.local_addr()?);
    println!("{}", announcement(&instance.did, &base));
    let lists = Router::new().route("/status/1", get(status_list)).with_state(Arc::clone(&instance));
    tokio::spawn(serve_tls(statuses, acceptor()?, lists));
    http::serve(listener, router(instance), stop).await;
    Ok(())
}

fn announcement(did: &str, base: &str) -> Value {
    json!({
        "issuer": did,
        "issue": format!("{base}/vc/credentials/issue"),
        "verify_credential": format!("{base}/vc/credentials/verify"),
        "verify_presentation": format!("{base}/vc/presentations/verify"),
    })
}

fn router(instance: Arc<Instance>) -> Router {
    let routes = Router::new()
        .route("/vc/credentials/issue", post(issue))
        .route("/vc/credentials/verify", post(verify_credential))
        .route("/vc/presentations/verify", post(verify_presentation))
        .layer(DefaultBodyLimit::max(vc_api::MAX_BYTES));
    harden(routes).with_state(instance)
}

async fn issue(State(instance): State<Arc<Instance>>, Body(body): Body) -> Response {
    blocking(move || match instance.issue(&body) {
        Ok(issued) => (StatusCode::CREATED, Json(issued)).into_response(),
        Err(refusal) => refusal.answer(),
    })
    .await
}

async fn verify_credential(State(instance): State<Arc<Instance>>, Body(body): Body) -> Response {
    blocking(move || instance.verify(&body, Asked::Credential)).await
}

async fn verify_presentation(State(instance): State<Arc<Instance>>, Body(body): Body) -> Response {
    blocking(move || instance.verify(&body, Asked::Presentation)).await
}

async fn status_list(State(instance): State<Arc<Instance>>) -> Response {
    blocking(move || match instance.signed_list() {
        Ok(list) => ([(header::CONTENT_TYPE, "application/vc")], list.to_string()).into_response(),
        Err(refusal) => refusal.answer(),
    })
    .await
}

/// Signing and verifying keep a processor busy.
async fn blocking(work: impl FnOnce() -> Response + Send + 'static) -> Response {
    let done = tokio::task::spawn_blocking(work).await;
    done.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

impl Instance {
    /// What VC-API's "issue" asks for: lint, then sign in the form that the options name.
    fn issue(&self, body: &[u8]) -> Result<Value, Refusal> {
        let mut request = vc_api::object(body)?;
        let Some(Value::Object(mut credential)) = request.shift_remove("credential") else {
            return Err(Refusal::malformed("credential must be an object"));
        };
        let options = Options::read(&vc_api::options(&request)?)?;
        let issuer = credential.get("issuer").map(|issuer| issuer.get("id").unwrap_or(issuer));
        if issuer.is_some_and(|issuer| issuer != self.did.as_str()) {
            return Err(Refusal::malformed(format!(
                "issuer must be {}, the only one that this instance signs for",
                self.did
            )));
        }
        check_asked(&credential, &options)?;
        if options.status {
            self.add_status(&mut credential);
        }
        define_proofs(&mut credential, options.envelope);
        let linted = lint::any(Value::Object(credential));
        let linted = linted.map_err(|findings| {
            Refusal::malformed(findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        if options.envelope {
            let token = jwt::sign(linted.document(), jwt::CREDENTIAL_TYPE, &self.method, &self.key);
            let token = token.map_err(|error| Refusal::malformed(error.to_string()))?;
            return Ok(json!({
                "@context": VC_CONTEXT,
                "id": format!("data:application/vc+jwt,{token}"),
                "type": "EnvelopedVerifiableCredential",
            }));
        }
        self.sign(&linted, options.suite)
    }

    fn sign(&self, linted: &lint::Linted, suite: Suite) -> Result<Value, Refusal> {
        let created = SystemClock.now().to_whole_second().to_string();
        let options = ProofOptions::assertion(suite, &created, &self.method);
        data_integrity::sign(linted.document(), &options, &self.key)
            .map_err(|error| Refusal::malformed(error.to_string()))
    }

    /// A place in the one list, drawn at random as everywhere.
    fn add_status(&self, credential: &mut Map<String, Value>) {
        let index = (&SystemEntropy as &dyn Entropy).below(status_list::ENTRIES);
        let entry = json!({
            "id": format!("{}#{index}", self.list),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": index.to_string(),
            "statusListCredential": self.list,
        });
        let entries = match credential.shift_remove("credentialStatus") {
            None => entry,
            Some(Value::Array(several)) => several.into_iter().chain([entry]).collect(),
            Some(one) => json!([one, entry]),
        };
        credential.insert("credentialStatus".to_owned(), entries);
    }

    /// The list: nothing is ever revoked here.
    fn signed_list(&self) -> Result<Value, Refusal> {
        let list = status_list::compose(&self.list, &self.did, &Bitstring::new(&[]), SystemClock.now());
        let linted =
            lint::lint_status_list(list).map_err(|_| Refusal::malformed("the status list breaks our own rules"))?;
        self.sign(&linted, Suite::EddsaRdfc2022)
    }

    /// What VC-API's "verify" asks for, with what is known here and nothing fetched.
    fn verify(&self, body: &[u8], asked: Asked) -> Response {
        let (document, question) = match vc_api::read(body, asked, SystemClock.now()) {
            Ok(read) => read,
            Err(refusal) => return refusal.answer(),
        };
        vc_api::answer(&self.judge(&document, question), asked)
    }

    fn judge(&self, document: &[u8], question: Question) -> verify::Report {
        const ROUNDS: usize = 3;
        let mut prepared = verify::prepare(document);
        let mut materials = Materials::new();
        for _ in 0..ROUNDS {
            for need in prepared.needs(&materials, &question) {
                let list = if need.id == self.list { self.signed_list().ok() } else { None };
                match list {
                    Some(list) => {
                        materials.insert(&need.id, list.to_string().as_bytes(), Trust::KnownHere);
                    }
                    None => materials.insert_missing(&need.id, "this instance fetches nothing"),
                }
            }
        }
        prepared.conclude(&materials, question)
    }
}

/// What an issuer may be asked for.
struct Options {
    suite: Suite,
    status: bool,
    envelope: bool,
}

impl Options {
    fn read(options: &Map<String, Value>) -> Result<Self, Refusal> {
        let flag = |name: &str| match options.get(name) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(_) => Err(Refusal::malformed(format!("options.{name} must be true or false"))),
        };
        let suite = match options.get("cryptosuite") {
            None | Some(Value::Null) => Suite::EddsaRdfc2022,
            Some(name) => {
                let suite = name.as_str().and_then(Suite::named);
                suite.ok_or_else(|| Refusal::malformed(format!("options.cryptosuite {name} is not one of ours")))?
            }
        };
        Ok(Self { suite, status: flag("status")?, envelope: flag("envelope")? })
    }
}

/// A proof that the credential brings along stays beside ours: it must have its form. A token holds a document without proofs, of the
/// data model 2.0 (Securing VCs using JOSE and COSE §3.1); only its context defines a status entry, and no document may do so itself.
fn check_asked(credential: &Map<String, Value>, options: &Options) -> Result<(), Refusal> {
    let modern = mentions(credential, VC_CONTEXT);
    if options.envelope && (credential.contains_key("proof") || !modern) {
        return Err(Refusal::malformed("an envelope takes a credential of the data model 2.0 without a proof"));
    }
    if options.status && !modern {
        return Err(Refusal::malformed("a status is for credentials of the data model 2.0"));
    }
    match lint::check_proofs(&Value::Object(credential.clone())).first() {
        Some(finding) => Err(Refusal::malformed(finding.to_string())),
        None => Ok(()),
    }
}

fn mentions(credential: &Map<String, Value>, context: &str) -> bool {
    match credential.get("@context") {
        Some(Value::Array(list)) => list.iter().any(|one| one == context),
        Some(one) => one == context,
        None => false,
    }
}

/// A VCDM 1.1 document gets the context that defines its proof (VC Data Integrity 1.0 §2.4.1).
fn define_proofs(credential: &mut Map<String, Value>, envelope: bool) {
    if envelope || mentions(credential, VC_CONTEXT) || mentions(credential, DATA_INTEGRITY_V2) {
        return;
    }
    if let Some(contexts) = credential.get_mut("@context") {
        let list = match contexts.take() {
            Value::Array(list) => list,
            one => vec![one],
        };
        *contexts = list.into_iter().chain([json!(DATA_INTEGRITY_V2)]).collect();
    }
}

/// TLS under a certificate made for this run, for `localhost`.
fn acceptor() -> anyhow::Result<TlsAcceptor> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    let key =
        rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).map_err(anyhow::Error::msg)?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve_tls(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    const HANDSHAKE: Duration = Duration::from_secs(5);
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, service) = (acceptor.clone(), TowerToHyperService::new(router.clone()));
        tokio::spawn(async move {
            let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await else { return };
            let mut builder = hyper::server::conn::http1::Builder::new();
            builder.timer(TokioTimer::new()).header_read_timeout(HANDSHAKE);
            if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
                tracing::debug!(error = %error, "conformance.connection_ended");
            }
        });
    }
}
