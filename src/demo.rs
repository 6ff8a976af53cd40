//! (being written)

/// Options.
#[derive(Debug, Clone, clap::Args)]
pub struct DemoOptions {}

/// Runs it.
pub async fn run(_options: &DemoOptions) -> anyhow::Result<()> {
    anyhow::bail!("being written")
}
