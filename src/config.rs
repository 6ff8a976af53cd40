//! Settings: the only reader of the environment and of the system's clock and randomness.
//!
//! Each setting is a flag and an environment variable of the same meaning; the flag wins. Secrets come by environment or file,
//! never by flag, since flags show in process lists.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use zeroize::Zeroizing;

use crate::attestation::{TemplateError, TemplateFiles, Templates};
use crate::audit::Actor;
use crate::entropy::Entropy;
use crate::fetch::{self, AllowedHost, AllowedHostError, FetchPolicy, Fetcher, PolicyError};
use crate::ids::{IdError, PublicUrl};
use crate::keyring::{self, KeyringError};
use crate::mailer::{Mailer, MailerError, SmtpUrl};
use crate::seal::{CertificateError, TrustAnchor};
use crate::store::DatabaseUrl;
use crate::text::{Email, TextError};
use crate::time::{Clock, Timestamp};

/// Where this installation keeps its data and keys.
#[derive(Debug, Clone, clap::Args)]
pub struct Installation {
    /// The database: `sqlite:PATH`, or `postgres://USER:PASSWORD@HOST/NAME` (best given by environment).
    #[arg(long, env = "DATABASE_URL", default_value = "sqlite:sceau.db", hide_env_values = true)]
    pub database_url: String,
    /// The folder of private keys.
    #[arg(long, env = "SCEAU_KEYS", default_value = "keys")]
    pub keys: PathBuf,
    /// A file that holds the age identity (AGE-SECRET-KEY-1…) which protects the keys. Or set SCEAU_AGE_IDENTITY.
    #[arg(long, env = "SCEAU_AGE_IDENTITY_FILE")]
    pub age_identity_file: Option<PathBuf>,
    /// The public URL, such as `https://sceau.example.gouv.fr`; recorded at first use, and never changed.
    #[arg(long, env = "SCEAU_PUBLIC_URL", value_parser = parse_public_url)]
    pub public_url: Option<PublicUrl>,
}

/// How the server answers.
#[derive(Debug, Clone, clap::Args)]
pub struct Serving {
    /// The address to listen on; put a TLS proxy before it.
    #[arg(long, env = "SCEAU_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// A folder of page templates that replace the built-in ones of the same name.
    #[arg(long, env = "SCEAU_TEMPLATES")]
    pub templates: Option<PathBuf>,
}

/// What the verifier may fetch from elsewhere.
#[derive(Debug, Clone, clap::Args)]
pub struct Fetching {
    /// Whether the verifier may fetch keys, status lists and credentials from elsewhere, over https.
    #[arg(long, env = "SCEAU_FETCH", value_name = "on|off", default_value = "on", hide_possible_values = true)]
    pub fetch: Switch,
    /// A PEM file of certificate authorities to trust for this, beside the public ones.
    #[arg(long, env = "SCEAU_FETCH_CA_FILE")]
    pub fetch_ca_file: Option<PathBuf>,
    /// Hosts that may have private or loopback addresses, such as `badges.intranet.example,localhost:8443`.
    #[arg(long, env = "SCEAU_FETCH_ALLOW_HOSTS", value_delimiter = ',', value_parser = parse_allowed_host)]
    pub fetch_allow_hosts: Vec<AllowedHost>,
}

/// Whose seals on PDFs the verifier trusts.
#[derive(Debug, Clone, clap::Args)]
pub struct Trusting {
    /// A PEM file of certificates to trust for seals on PDFs: an authority's, or an organisation's own; may be given several times.
    #[arg(long = "trust-seal", env = "SCEAU_SEAL_ANCHORS", value_name = "FILE", value_delimiter = ',')]
    pub trust_seal: Vec<PathBuf>,
}

/// How learners are written to.
#[derive(Debug, Clone, clap::Args)]
pub struct Mailing {
    /// The mail server: `smtps://USER:PASSWORD@HOST:PORT`, `smtp://…` with STARTTLS, or `smtp://HOST:PORT?tls=none` (best given by
    /// environment).
    #[arg(long, env = "SCEAU_SMTP_URL", hide_env_values = true, value_parser = parse_smtp_url)]
    pub smtp_url: Option<SmtpUrl>,
    /// The address that letters come from.
    #[arg(long, env = "SCEAU_SMTP_FROM", value_parser = parse_email, requires = "smtp_url")]
    pub smtp_from: Option<Email>,
    /// A PEM file of certificate authorities to trust for this, beside the public ones.
    #[arg(long, env = "SCEAU_SMTP_CA_FILE")]
    pub smtp_ca_file: Option<PathBuf>,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// How to log.
#[derive(Debug, Clone, clap::Args)]
pub struct Logging {
    /// What to log, such as `info` or `sceau=debug`.
    #[arg(long, env = "SCEAU_LOG", default_value = "info", global = true)]
    pub log: String,
    /// One JSON object a line, for machines.
    #[arg(long, env = "SCEAU_LOG_JSON", global = true)]
    pub log_json: bool,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A template of attestations that does not work.
    #[error("attestation/{0}")]
    Template(#[from] TemplateError),
    /// A folder of templates that is no issuer's.
    #[error("{path}: a folder of attestation templates is named by an issuer's code", path = .0.display())]
    IssuerFolder(PathBuf),
    /// The database URL is of no known form.
    #[error("DATABASE_URL: {0}")]
    Database(crate::store::StoreError),
    /// No age identity was given.
    #[error(
        "no age identity: set SCEAU_AGE_IDENTITY_FILE to a file made by `sceau keys identity --output FILE`, or SCEAU_AGE_IDENTITY to its content"
    )]
    NoIdentity,
    /// The identity's file can't be read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which one.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The certificate authorities for fetching can't be used.
    #[error("{path}: {source}", path = path.display())]
    Authorities {
        /// In which file.
        path: PathBuf,
        /// Why not.
        source: PolicyError,
    },
    /// The certificates for seals can't be used.
    #[error("{path}: {source}", path = path.display())]
    Certificates {
        /// In which file.
        path: PathBuf,
        /// Why not.
        source: CertificateError,
    },
    /// The settings of mail can't be used.
    #[error("mail: {0}")]
    Mail(#[from] MailerError),
    /// A mail server without a sender.
    #[error("SCEAU_SMTP_URL goes with SCEAU_SMTP_FROM, the address that letters come from")]
    NoSender,
    /// The identity's file may be read by others.
    #[error(transparent)]
    Identity(#[from] KeyringError),
}

fn parse_public_url(text: &str) -> Result<PublicUrl, IdError> {
    text.parse()
}

fn parse_allowed_host(text: &str) -> Result<AllowedHost, AllowedHostError> {
    text.trim().parse()
}

fn parse_smtp_url(text: &str) -> Result<SmtpUrl, MailerError> {
    text.parse()
}

fn parse_email(text: &str) -> Result<Email, TextError> {
    Email::new(text)
}

impl Installation {
    /// The database.
    pub fn database(&self) -> Result<DatabaseUrl, ConfigError> {
        self.database_url.parse().map_err(ConfigError::Database)
    }

    /// The age identity that protects the keys, from the environment or from its file, whose mode is checked.
    pub fn age_identity(&self) -> Result<Zeroizing<String>, ConfigError> {
        if let Ok(text) = std::env::var("SCEAU_AGE_IDENTITY") {
            return Ok(Zeroizing::new(text));
        }
        let path = self.age_identity_file.as_deref().ok_or(ConfigError::NoIdentity)?;
        read_identity(path)
    }
}

/// Reads an age identity file: comments and one identity, as `age-keygen` writes it.
pub fn read_identity(path: &Path) -> Result<Zeroizing<String>, ConfigError> {
    let read = std::fs::read_to_string(path).map(Zeroizing::new);
    let text = read.map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
    keyring::check_mode(path)?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
    line.map(|line| Zeroizing::new(line.to_owned())).ok_or(ConfigError::Identity(KeyringError::Identity))
}

impl Serving {
    /// The templates that replace built-in ones: file name to source.
    pub fn template_overrides(&self) -> Result<BTreeMap<String, String>, ConfigError> {
        self.templates.as_deref().map_or_else(|| Ok(BTreeMap::new()), texts_in)
    }

    /// The templates of attestations.
    pub fn attestation_templates(&self) -> Result<Templates, ConfigError> {
        attestation_templates(self.templates.as_deref())
    }

    /// The same for letters: those of its folder `mail`.
    pub fn mail_overrides(&self) -> Result<BTreeMap<String, String>, ConfigError> {
        mail_overrides(self.templates.as_deref())
    }
}

/// The templates of letters that replace built-in ones, in the folder `mail` of this one: file name to source.
pub fn mail_overrides(templates: Option<&Path>) -> Result<BTreeMap<String, String>, ConfigError> {
    let folder = templates.map(|folder| folder.join("mail")).filter(|folder| folder.is_dir());
    folder.as_deref().map_or_else(|| Ok(BTreeMap::new()), texts_in)
}

/// The largest file of an attestation's template, in bytes: a font.
const MAX_TEMPLATE_FILE: u64 = 4 * 1024 * 1024;

/// The templates of attestations: those of the folder `attestation` of this one for all issuers, those of its folders for the issuer
/// of that code, ours for the rest.
pub fn attestation_templates(templates: Option<&Path>) -> Result<Templates, ConfigError> {
    let folder = templates.map(|folder| folder.join("attestation")).filter(|folder| folder.is_dir());
    let Some(folder) = folder else { return Ok(Templates::default()) };
    let mut own = BTreeMap::new();
    for entry in std::fs::read_dir(&folder).map_err(|source| ConfigError::File { path: folder.clone(), source })? {
        let path = entry.map_err(|source| ConfigError::File { path: folder.clone(), source })?.path();
        if path.is_dir() {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let code = name.parse().map_err(|_| ConfigError::IssuerFolder(path.clone()))?;
            own.insert(code, template_files_in(&path)?);
        }
    }
    Ok(Templates::new(&template_files_in(&folder)?, &own)?)
}

/// The files of a folder, whatever they hold: name to content.
fn template_files_in(folder: &Path) -> Result<TemplateFiles, ConfigError> {
    files_in(folder, |path| match path.metadata()?.len() {
        0..=MAX_TEMPLATE_FILE => std::fs::read(path),
        _ => Err(std::io::Error::other("a file of a template has 4 MiB at most")),
    })
}

/// The texts of a folder: file name to content.
fn texts_in(folder: &Path) -> Result<BTreeMap<String, String>, ConfigError> {
    files_in(folder, |path| std::fs::read_to_string(path))
}

/// The files of a folder: name to what is read of each.
fn files_in<T>(folder: &Path, read: impl Fn(&Path) -> std::io::Result<T>) -> Result<BTreeMap<String, T>, ConfigError> {
    let failed = |path: &Path, source| ConfigError::File { path: path.to_owned(), source };
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(|error| failed(folder, error))? {
        let path = entry.map_err(|error| failed(folder, error))?.path();
        if let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|_| path.is_file()) {
            files.insert(name.to_owned(), read(&path).map_err(|error| failed(&path, error))?);
        }
    }
    Ok(files)
}

impl Mailing {
    /// Who hands letters to the mail server; none where there is none. `host` is what this side calls itself.
    pub fn mailer(&self, host: &str) -> Result<Option<Mailer>, ConfigError> {
        let Some(url) = &self.smtp_url else { return Ok(None) };
        let from = self.smtp_from.as_ref().ok_or(ConfigError::NoSender)?;
        let read =
            |path: &PathBuf| std::fs::read(path).map_err(|source| ConfigError::File { path: path.clone(), source });
        let authorities = self.smtp_ca_file.as_ref().map(read).transpose()?;
        Ok(Some(Mailer::new(url.clone(), from, authorities.as_deref(), host)?))
    }
}

impl Fetching {
    /// The verifier's fetcher. The clock is its cache's.
    pub fn fetcher(&self, clock: Arc<dyn Clock>) -> Result<Fetcher, ConfigError> {
        if self.fetch == Switch::Off {
            return Ok(Fetcher::off());
        }
        let path = self.fetch_ca_file.as_deref().unwrap_or(Path::new(""));
        let unusable = |source| ConfigError::Authorities { path: path.to_owned(), source };
        let extra_roots = if self.fetch_ca_file.is_some() {
            let pem = std::fs::read(path).map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
            fetch::roots_from_pem(&pem).map_err(unusable)?
        } else {
            Vec::new()
        };
        let policy =
            FetchPolicy { extra_roots, allowed_private: self.fetch_allow_hosts.clone(), ..FetchPolicy::default() };
        Fetcher::new(policy, clock).map_err(unusable)
    }
}

impl Trusting {
    /// The certificates.
    pub fn anchors(&self) -> Result<Vec<TrustAnchor>, ConfigError> {
        let mut anchors = Vec::new();
        for path in &self.trust_seal {
            let pem =
                std::fs::read_to_string(path).map_err(|source| ConfigError::File { path: path.clone(), source })?;
            let read = TrustAnchor::from_pem(&pem);
            anchors.extend(read.map_err(|source| ConfigError::Certificates { path: path.clone(), source })?);
        }
        Ok(anchors)
    }
}

/// Whoever is at the command line, by the name of their account: the one who became another by `sudo`, where somebody did.
pub fn operator() -> Actor {
    let named = |variable| std::env::var(variable).ok().filter(|name| !name.is_empty());
    Actor::Operator(named("SUDO_USER").or_else(|| named("USER")).or_else(|| named("LOGNAME")).unwrap_or_default())
}

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, buffer: &mut [u8]) {
        // Without randomness nothing here can be done safely; there is no fallback to fall back on.
        getrandom::fill(buffer).expect("the operating system provides randomness");
    }
}
