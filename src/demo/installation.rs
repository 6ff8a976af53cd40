//! The demo's own installation: a folder with its database, its keys, the identity that protects them and what it recorded at its
//! first run; and the real server and worker on it.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write as _};
use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zeroize::Zeroizing;

use super::authority;
use super::catalog::{self, Calendar, SEALED_ISSUER};
use crate::catalog::{Issuer, Source};
use crate::config::{SystemClock, SystemEntropy, read_identity};
use crate::http::{self, App, Scope};
use crate::ids::{Code, PublicUrl, TokenId};
use crate::keyring::Keyring;
use crate::pages::Pages;
use crate::proof::key::KeyKind;
use crate::service::{Service, token_kind};
use crate::store::{DatabaseUrl, ImportSummary, Store, StoreOptions, TokenRecord};
use crate::time::{Clock as _, Timestamp};
use crate::worker;

/// The port of a first run, where it is free and no other is asked for.
const DEFAULT_PORT: u16 = 8087;
/// How long the demo's tokens hold, in seconds.
const TOKEN_SECONDS: i64 = 3600;
/// How many workers issue awards.
const WORKERS: usize = 2;

/// Whether the folder held a demo before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Run {
    /// No: everything is made now.
    First,
    /// Yes: what was issued stays as it was.
    Again,
}

/// What must stay the same from run to run.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Recorded {
    /// The port, since the public URL stands in every badge.
    port: u16,
    /// The first run, from which the demo's dates are counted.
    begun: Timestamp,
}

/// An installation whose server and worker run.
pub(super) struct Installation {
    /// The flow behind the server.
    pub(super) service: Arc<Service>,
    /// Whether this is the first run on this folder.
    pub(super) run: Run,
    /// The demo's days.
    pub(super) calendar: Calendar,
    /// What the import did.
    pub(super) imported: ImportSummary,
    /// The issuers.
    pub(super) issuers: Vec<Issuer>,
    /// The certificate of the authority that speaks for the sealing issuer, in PEM; none in a demo from before there were seals.
    pub(super) seal_authority: Option<Vec<u8>>,
    /// Each source's webhook secret, as its operator would type it into the LMS.
    pub(super) secrets: BTreeMap<&'static str, String>,
    /// A token for each issuer.
    pub(super) tokens: BTreeMap<Code, Zeroizing<String>>,
    token_ids: Vec<TokenId>,
    stop: watch::Sender<bool>,
    tasks: [JoinHandle<()>; 2],
}

impl Installation {
    /// Opens the folder, making what is missing, and starts the server.
    pub(super) async fn start(folder: &Path, port: Option<u16>) -> anyhow::Result<Self> {
        let (run, recorded, listener) = claim(folder, port).await?;
        let service = Arc::new(open(folder, recorded.port).await?);
        let calendar = Calendar::of(recorded.begun);
        let batch = catalog::catalog(calendar)?;
        let imported = service.import(&batch).await.context("importing the catalog")?;
        let mut tokens = BTreeMap::new();
        let mut token_ids = Vec::new();
        for issuer in &batch.issuers {
            for kind in [Some(KeyKind::Ed25519), issuer.jwt.map(token_kind)].into_iter().flatten() {
                if service.store.active_key(&issuer.code, kind).await?.is_none() {
                    service.new_signing_key(&issuer.code, kind).await?;
                }
            }
            let (id, token) = make_token(&service, &issuer.code).await?;
            tokens.insert(issuer.code.clone(), token);
            token_ids.push(id);
        }
        let seal_authority = seal(&service, folder, &batch.issuers, recorded.begun).await?;
        let secrets = make_secrets(&service, &batch.sources).await?;
        let (stop, stopped) = watch::channel(false);
        let tasks = serve(&service, listener, &stopped)?;
        let issuers = batch.issuers;
        Ok(Self { service, run, calendar, imported, issuers, seal_authority, secrets, tokens, token_ids, stop, tasks })
    }

    /// The token of an issuer.
    pub(super) fn token(&self, issuer: &str) -> anyhow::Result<&str> {
        let token = self.tokens.iter().find(|(code, _)| code.as_str() == issuer);
        token.map(|(_, token)| token.as_str()).with_context(|| format!("no token for {issuer}"))
    }

    /// Ends the tokens, the server and the worker, each after what it is doing.
    pub(super) async fn stop(self) -> anyhow::Result<()> {
        for id in &self.token_ids {
            self.service.store.revoke_token(*id, self.service.clock.now()).await?;
        }
        self.stop.send_replace(true);
        for task in self.tasks {
            task.await?;
        }
        self.service.store.close().await;
        Ok(())
    }
}

/// Makes the folder this demo's own, and listens on its port.
async fn claim(folder: &Path, port: Option<u16>) -> anyhow::Result<(Run, Recorded, TcpListener)> {
    let file = folder.join("demo.json");
    let shown = folder.display();
    match std::fs::read(&file) {
        Ok(text) => {
            let recorded: Recorded = serde_json::from_slice(&text).with_context(|| file.display().to_string())?;
            ensure!(
                port.is_none_or(|port| port == recorded.port),
                "{shown} belongs to port {} for ever, since its badges carry it; leave --port out, or choose another --data",
                recorded.port
            );
            let listener = listen(recorded.port).await.with_context(|| {
                format!("port {} is taken; is another demo still running? Else choose another --data", recorded.port)
            })?;
            Ok((Run::Again, recorded, listener))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let empty = std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none());
            ensure!(empty, "{shown} holds something else than a demo; choose another --data");
            let listener = match (port, listen(port.unwrap_or(DEFAULT_PORT)).await) {
                (_, Ok(listener)) => listener,
                (None, Err(_)) => listen(0).await?,
                (Some(port), Err(error)) => bail!("port {port}: {error}"),
            };
            let recorded = Recorded { port: listener.local_addr()?.port(), begun: SystemClock.now().to_whole_second() };
            make_private_folder(folder).with_context(|| shown.to_string())?;
            write_private(&file, &serde_json::to_vec_pretty(&recorded)?).with_context(|| file.display().to_string())?;
            Ok((Run::First, recorded, listener))
        }
        Err(error) => Err(error).with_context(|| file.display().to_string()),
    }
}

async fn listen(port: u16) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// The flow on this folder's database and keys.
async fn open(folder: &Path, port: u16) -> anyhow::Result<Service> {
    let identity_file = folder.join("identity.txt");
    if !identity_file.exists() {
        let text = Zeroizing::new(format!(
            "# The identity that protects the keys of this demo.\n{}\n",
            *Keyring::new_identity()
        ));
        write_private(&identity_file, text.as_bytes()).with_context(|| identity_file.display().to_string())?;
    }
    let identity = read_identity(&identity_file)?;
    let url: PublicUrl = format!("http://localhost:{port}").parse()?;
    let store =
        Store::open(&DatabaseUrl::Sqlite(folder.join("sceau.db")), StoreOptions::new(Arc::new(SystemEntropy))).await?;
    let keyring = Keyring::open(&folder.join("keys"), &identity, &SystemEntropy)?;
    Ok(Service::new(store, keyring, url, Arc::new(SystemClock), Arc::new(SystemEntropy))
        .await?
        .with_templates(Arc::default()))
}

/// Gives one issuer a seal at the first run, and keeps the certificate that verifiers are to trust.
async fn seal(
    service: &Service,
    folder: &Path,
    issuers: &[Issuer],
    begun: Timestamp,
) -> anyhow::Result<Option<Vec<u8>>> {
    let path = folder.join("seal-ca.pem");
    let issuer = issuers.iter().find(|issuer| issuer.code.as_str() == SEALED_ISSUER);
    let issuer = issuer.context("the issuer that seals")?;
    if service.store.seals(&issuer.code).await?.is_empty() {
        let kit = authority::seal_kit(issuer.name.as_str(), begun)?;
        // First what others are to trust: a seal that nobody can judge would be for ever.
        write_private(&path, kit.authority.as_bytes()).with_context(|| path.display().to_string())?;
        service.import_seal(&issuer.code, Some(kit.key.as_str()), &kit.certificate).await.context("the seal")?;
    }
    Ok(std::fs::read(&path).ok())
}

/// New webhook secrets for every run, which nobody has to keep.
async fn make_secrets(service: &Service, sources: &[Source]) -> anyhow::Result<BTreeMap<&'static str, String>> {
    let mut secrets = BTreeMap::new();
    for source in sources {
        let known = super::cast::CAST.iter().find(|learner| learner.source == source.code.as_str());
        let name = known.context("a source that reports on nobody")?.source;
        let secret = format!("whsec_{}", STANDARD.encode(service.entropy.bytes::<32>()));
        let sealed = service.seal_source_secret(&source.code, &secret);
        service.store.put_source_secrets(&source.code, &[sealed], service.clock.now()).await?;
        secrets.insert(name, secret);
    }
    Ok(secrets)
}

async fn make_token(service: &Service, issuer: &Code) -> anyhow::Result<(TokenId, Zeroizing<String>)> {
    let token = http::new_token(&*service.entropy);
    let now = service.clock.now();
    let record = TokenRecord {
        id: TokenId::random(&*service.entropy),
        label: "demo".into(),
        issuer: issuer.clone(),
        scopes: Scope::ALL.iter().map(ToString::to_string).collect(),
        created: now,
        expires: now.plus_seconds(TOKEN_SECONDS),
        revoked: None,
    };
    service.store.put_token(&record, &http::token_hash(&token)).await?;
    Ok((record.id, token))
}

/// The server and the worker, until they are told to stop.
fn serve(
    service: &Arc<Service>,
    listener: TcpListener,
    stopped: &watch::Receiver<bool>,
) -> anyhow::Result<[JoinHandle<()>; 2]> {
    let pages = Arc::new(Pages::new(&BTreeMap::new())?);
    let router = http::router(App::new(Arc::clone(service), pages));
    let server = tokio::spawn(http::serve(listener, router, stopped.clone()));
    Ok([server, tokio::spawn(worker::run(Arc::clone(service), WORKERS, stopped.clone()))])
}

fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Writes a new file that only its owner may read, complete or not at all.
fn write_private(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let draft = path.with_extension("new");
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(content)?;
    file.sync_all()?;
    std::fs::rename(&draft, path)
}
