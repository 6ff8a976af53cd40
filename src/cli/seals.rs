//! `sceau keys seal`: the certificate with which an issuer's attestations are sealed.

use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Subcommand;

use super::keys::OfIssuer;
use crate::config::{Installation, SystemClock};
use crate::ids::{Code, ExternalId};
use crate::service::{days_until, seal_certificates};
use crate::store::{SealRecord, SealState};
use crate::time::Clock as _;

/// The largest file of a key or of certificates that is read, in bytes.
const MAX_PEM_BYTES: usize = 256 * 1024;

/// Commands of `sceau keys seal`.
#[derive(Debug, Subcommand)]
pub(super) enum SealCommand {
    /// Seal an issuer's attestations with this certificate from now on; the one before it seals no more.
    #[command(
        after_help = "Examples:\n  sceau keys seal import dgafp --key key.pem --certificates chain.pem\n  sceau keys seal import dgafp --certificates chain.pem      for a key made by `sceau keys seal request`\nBoth are PEM: the key as PKCS#8 (-----BEGIN PRIVATE KEY-----), P-256 or RSA of 2048 to 4096 bits; the certificates in order, the seal's own first, then its\nissuer's, and so on. From a PKCS#12 file:\n  openssl pkcs12 -in seal.p12 -nocerts -nodes -out key.pem\n  openssl pkcs12 -in seal.p12 -clcerts -nokeys -out own.pem\n  openssl pkcs12 -in seal.p12 -cacerts -nokeys -out others.pem\n  cat own.pem others.pem > chain.pem\nDelete the key's file afterwards: what seals is the encrypted copy in the folder of keys."
    )]
    Import {
        #[command(flatten)]
        of: OfIssuer,
        /// The private key, in PEM; left out where this keyring made it.
        #[arg(long)]
        key: Option<PathBuf>,
        /// The certificate and those above it, in PEM.
        #[arg(long)]
        certificates: PathBuf,
    },
    /// Make a P-256 key for an issuer's seal, kept in the keyring, and print a request (PKCS#10) for its certificate.
    #[command(
        after_help = "Example:\n  sceau keys seal request dgafp --organisation \"Direction générale …\" --name \"Cachet de la DGAFP\" > request.pem\nThen, with the authority's answer:\n  sceau keys seal import dgafp --certificates chain.pem"
    )]
    Request {
        #[command(flatten)]
        of: OfIssuer,
        /// The organisation's name, as the certificate is to say it.
        #[arg(long)]
        organisation: String,
        /// The seal's own name (CN).
        #[arg(long)]
        name: String,
    },
    /// List the certificates of an issuer's seals, and until when they are valid.
    List(OfIssuer),
    /// Show the certificate that seals for an issuer, or another of its own, with those above it in PEM.
    Show {
        #[command(flatten)]
        of: OfIssuer,
        /// The beginning of another certificate's fingerprint.
        fingerprint: Option<String>,
    },
    /// Seal no more. What was sealed stays; the key stays in the keyring.
    Off(OfIssuer),
    /// Forget a certificate that seals no more, and destroy its private key.
    Remove {
        #[command(flatten)]
        of: OfIssuer,
        /// The beginning of its fingerprint, as `sceau keys seal list` shows it.
        fingerprint: String,
    },
    /// Delete the sealed attestations of a learner, for an erasure. What was handed out is out of reach; asked for again, one is made anew.
    Forget {
        #[command(flatten)]
        installation: Installation,
        /// The source that knows the learner.
        source: Code,
        /// The learner's id there.
        id: ExternalId,
    },
}

/// Runs a command.
pub(super) async fn run(command: SealCommand) -> anyhow::Result<()> {
    match command {
        SealCommand::Import { of, key, certificates } => {
            let service = super::open_service(&of.installation).await?;
            let key = key.map(|path| read_pem(&path)).transpose()?;
            let chain = read_pem(&certificates)?;
            let record = service.import_seal(&of.issuer, key.as_deref().map(String::as_str), &chain).await?;
            println!("{}", line(&record)?);
        }
        SealCommand::Request { of, organisation, name } => {
            let service = super::open_service(&of.installation).await?;
            print!("{}", service.request_seal(&of.issuer, &organisation, &name).await?);
        }
        SealCommand::List(of) => {
            for record in super::open_store(&of.installation).await?.seals(&of.issuer).await? {
                println!("{}", line(&record)?);
            }
        }
        SealCommand::Show { of, fingerprint } => {
            let seals = super::open_store(&of.installation).await?.seals(&of.issuer).await?;
            let record = match &fingerprint {
                Some(start) => one(&seals, start)?,
                None => seals
                    .iter()
                    .find(|seal| seal.state == SealState::Active)
                    .context("nothing seals for this issuer")?,
            };
            show(record)?;
        }
        SealCommand::Off(of) => {
            let store = super::open_store(&of.installation).await?;
            let ended =
                store.retire_seal(&of.issuer, SystemClock.now()).await?.context("nothing seals for this issuer")?;
            println!("{ended} seals no more; what it sealed stays");
        }
        SealCommand::Remove { of, fingerprint } => {
            let service = super::open_service(&of.installation).await?;
            let seals = service.store.seals(&of.issuer).await?;
            let record = one(&seals, &fingerprint)?;
            let issuer = &of.issuer;
            ensure!(record.state == SealState::Retired, "this certificate seals; first: sceau keys seal off {issuer}");
            service.remove_seal(issuer, &record.fingerprint).await?.context("it was just removed, or seals again")?;
            println!("forgotten; what it sealed stays");
        }
        SealCommand::Forget { installation, source, id } => {
            let store = super::open_store(&installation).await?;
            let learner = store.learner_by_external(&source, &id).await?;
            let learner = learner.with_context(|| format!("the source {source} knows no learner of this id"))?;
            println!("{} deleted", store.forget_sealed_attestations(learner.id, SystemClock.now()).await?);
        }
    }
    Ok(())
}

fn read_pem(path: &std::path::Path) -> anyhow::Result<zeroize::Zeroizing<String>> {
    let bytes = super::read_input(path, MAX_PEM_BYTES)?;
    let text = String::from_utf8(bytes).ok().with_context(|| format!("{}: it is not PEM", path.display()))?;
    Ok(zeroize::Zeroizing::new(text))
}

/// The one whose fingerprint begins so.
fn one<'a>(seals: &'a [SealRecord], start: &str) -> anyhow::Result<&'a SealRecord> {
    let mut found = seals.iter().filter(|seal| seal.fingerprint.starts_with(&start.to_ascii_lowercase()));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => bail!("the issuer has no such certificate"),
        (Some(_), Some(_)) => bail!("several begin so; give more of the fingerprint"),
    }
}

/// Fingerprint, standing and subject of a certificate.
fn line(record: &SealRecord) -> anyhow::Result<String> {
    let own = seal_certificates(record)?.into_iter().next().context("a seal without a certificate")?;
    Ok(format!("{}  {}  {}", &record.fingerprint[..16], standing(record), own.subject()))
}

fn standing(record: &SealRecord) -> String {
    if let (SealState::Retired, Some(since)) = (record.state, record.retired) {
        return format!("seals no more since {since}");
    }
    match days_until(record.not_after, SystemClock.now()) {
        ..0 => format!("EXPIRED at {}: attestations go out without a seal", record.not_after),
        days if days <= crate::service::WARN_DAYS => format!("seals; EXPIRES IN {days} DAYS, at {}", record.not_after),
        _ => format!("seals until {}", record.not_after),
    }
}

fn show(record: &SealRecord) -> anyhow::Result<()> {
    println!("{}", standing(record));
    println!("known since   {}", record.created);
    println!("key           {}", record.thumbprint);
    for certificate in seal_certificates(record)? {
        println!("\nsubject       {}", certificate.subject());
        println!("issuer        {}", certificate.issuer());
        println!("valid         {} to {}", certificate.not_before(), certificate.not_after());
        println!("fingerprint   {}", certificate.fingerprint());
        print!("{}", certificate.to_pem());
    }
    Ok(())
}
