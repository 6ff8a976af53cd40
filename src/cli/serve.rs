//! `sceau serve`.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::audit::Actor;
use crate::config::{Fetching, Installation, Serving, SystemClock};
use crate::http::{self, App};
use crate::pages::Pages;
use crate::worker;

/// Options of `sceau serve`.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct ServeOptions {
    #[command(flatten)]
    installation: Installation,
    #[command(flatten)]
    serving: Serving,
    #[command(flatten)]
    fetching: Fetching,
    /// How many workers issue awards; 0 for an instance that only answers.
    #[arg(long, env = "SCEAU_WORKERS", default_value_t = 2)]
    workers: usize,
}

/// Serves until told to stop (Ctrl-C or SIGTERM), then finishes the requests and jobs under way.
pub(super) async fn run(options: &ServeOptions) -> anyhow::Result<()> {
    let fetcher = options.fetching.fetcher(Arc::new(SystemClock))?;
    let mut service = super::open_service(&options.installation).await?.with_fetcher(fetcher);
    service.store = service.store.by(Actor::System);
    let service = Arc::new(service);
    let pages = Arc::new(Pages::new(&options.serving.template_overrides()?)?);
    let address = options.serving.listen;
    let listener = TcpListener::bind(address).await.with_context(|| format!("listening on {address}"))?;
    tracing::info!(http.address = %address, public.url = %service.url, "serve.started");

    let stopped = stop_signal();
    let workers = match options.workers {
        0 => None,
        count => Some(tokio::spawn(worker::run(Arc::clone(&service), count, stopped.clone()))),
    };
    let router = http::router(App::new(Arc::clone(&service), pages));
    http::serve(listener, router, stopped).await;
    if let Some(workers) = workers {
        workers.await.context("workers")?;
    }
    service.store.close().await;
    Ok(())
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
