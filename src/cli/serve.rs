//! `sceau serve`.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::audit::Actor;
use crate::config::{Fetching, Installation, Mailing, Serving, SystemClock, Trusting};
use crate::http::{self, App};
use crate::letters::Letters;
use crate::mailer::PostOffice;
use crate::pages::Pages;
use crate::service::Service;
use crate::worker;

const ONE_DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

/// Options of `sceau serve`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServeOptions {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    fetching: Fetching,
    #[command(flatten)]
    trusting: Trusting,
    #[command(flatten)]
    mailing: Mailing,
    /// How many workers issue awards; 0 for an instance that only answers.
    #[arg(long, env = "SCEAU_WORKERS", default_value_t = 2)]
    workers: usize,
}

/// Serves until told to stop (Ctrl-C or SIGTERM), then finishes the requests and jobs under way.
pub(super) async fn run(options: &ServeOptions) -> anyhow::Result<()> {
    let fetcher = options.fetching.fetcher(Arc::new(SystemClock))?;
    let service = super::open_service(&options.installation).await?.with_fetcher(fetcher);
    let service = service.with_seal_anchors(options.trusting.anchors()?);
    // Tried even where there is no mail server, so that a template that does not work is found now.
    let letters = Letters::new(&options.serving.mail_overrides()?).context("mail")?;
    let templates = Arc::new(options.serving.attestation_templates()?);
    let service = service.with_templates(templates);
    let mailer = options.mailing.mailer(service.url.host())?;
    let mut service = service.with_post_office(mailer.map(|mailer| PostOffice { letters, mailer }));
    if service.post_office.is_none() {
        for issuer in service.store.issuers().await?.iter().filter(|issuer| issuer.mail.is_some()) {
            tracing::warn!(issuer.code = %issuer.code, "mail.not_configured: the issuer's letters wait for SCEAU_SMTP_URL");
        }
    }
    service.store = service.store.by(Actor::System);
    let service = Arc::new(service);
    let pages = Arc::new(Pages::new(&options.serving.template_overrides()?)?);
    let address = options.serving.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    tracing::info!(http.address = %address, public.url = %service.url, "serve.started");

    let stopped = stop_signal();
    let seals = tokio::spawn(watch_seals(Arc::clone(&service), stopped.clone()));
    let workers = match options.workers {
        0 => None,
        count => Some(tokio::spawn(worker::run(Arc::clone(&service), count, stopped.clone()))),
    };
    let router = http::router(App::new(Arc::clone(&service), pages));
    http::serve(listener, router, stopped).await;
    if let Some(workers) = workers {
        workers.await.context("workers")?;
    }
    seals.await.context("seals")?;
    service.store.close().await;
    Ok(())
}

/// Says now, and then once a day, which certificates of seals end soon.
async fn watch_seals(service: Arc<Service>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if let Err(error) = service.log_ending_seals().await {
            tracing::warn!(error = %error, "seal.not_looked_at");
        }
        tokio::select! {
            () = tokio::time::sleep(ONE_DAY) => {}
            _ = stopped.changed() => {}
        }
    }
}

/// Becomes true on Ctrl-C or SIGTERM.
pub(super) fn stop_signal() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(async move {
        told_to_stop().await;
        tracing::info!("serve.stopping");
        let _ = stop.send(true);
    });
    stopped
}

async fn told_to_stop() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        if let Ok(mut terminated) = terminated {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}
