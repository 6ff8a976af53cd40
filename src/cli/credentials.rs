//! `sceau awards`.

use clap::Subcommand;

use crate::award::AwardState;
use crate::config::{Installation, SystemClock, operator};
use crate::ids::{AwardId, Code};
use crate::issuance::block_reason_text;
use crate::reissue::Reissue;
use crate::store::{AlertFilter, AlertKind, AwardFilter, AwardStateName, Page};
use crate::text::Lang;
use crate::time::Clock as _;

/// Commands of `sceau awards`.
#[derive(Debug, Subcommand)]
pub(super) enum AwardsCommand {
    /// List the awards that wait, and for what.
    Blocked {
        #[command(flatten)]
        installation: Installation,
    },
    /// List what calls for an officer's attention.
    Alerts {
        #[command(flatten)]
        installation: Installation,
        /// Of one session.
        #[arg(long)]
        session: Option<Code>,
    },
    /// Mark the alert of an award as dealt with.
    Settle {
        #[command(flatten)]
        installation: Installation,
        /// The award's id.
        id: AwardId,
        /// Which alert: withdrawal_after_award, duplicate_after_merge or attestation_unsealed.
        #[arg(long, default_value = "withdrawal_after_award", value_parser = parse_alert_kind)]
        kind: AlertKind,
        /// What was done about it; kept in the audit trail.
        #[arg(long, default_value = "")]
        reason: String,
    },
    /// Correct an award with the learner's details as known now: the next version of its credential.
    Reissue {
        #[command(flatten)]
        installation: Installation,
        /// Its id.
        id: AwardId,
    },
}

fn parse_alert_kind(text: &str) -> Result<AlertKind, String> {
    let found = AlertKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    found.ok_or_else(|| format!("there are {}", AlertKind::ALL.map(AlertKind::as_str).join(", ")))
}

/// Runs a command of `sceau awards`.
pub(super) async fn run_awards(command: AwardsCommand) -> anyhow::Result<()> {
    match command {
        AwardsCommand::Blocked { installation } => {
            let store = super::open_store(&installation).await?;
            let filter = AwardFilter { state: Some(AwardStateName::Blocked), ..AwardFilter::default() };
            let mut page = Page { limit: 500, after: None };
            loop {
                let found = store.awards(&filter, &page).await?;
                for award in &found.items {
                    let AwardState::Blocked { reasons } = &award.state else { continue };
                    let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                    println!("{}  {}  {}  {}", award.id, award.session, award.kind.as_str(), reasons.join("; "));
                }
                page.after = found.next;
                if page.after.is_none() {
                    return Ok(());
                }
            }
        }
        AwardsCommand::Alerts { installation, session } => {
            let store = super::open_store(&installation).await?;
            for alert in store.alerts(&AlertFilter { session, ..AlertFilter::default() }).await? {
                println!("{}  {}  {}  {}", alert.raised, alert.award, alert.session, alert.text.en);
            }
            Ok(())
        }
        AwardsCommand::Settle { installation, id, kind, reason } => {
            let store = super::open_store(&installation).await?;
            let settled = store.settle_alert(kind, id, &reason, SystemClock.now()).await?;
            anyhow::ensure!(settled.is_some(), "the award {id} has no open alert");
            println!("settled");
            Ok(())
        }
        AwardsCommand::Reissue { installation, id } => {
            let service = super::open_service(&installation).await?;
            match service.reissue(id, operator()).await? {
                Reissue::Planned(credential) => {
                    println!("{}: a running server signs it", service.url.credential(credential))
                }
                Reissue::NotFound => anyhow::bail!("there is no award {id}"),
                Reissue::Revoked => anyhow::bail!("the award was revoked: a correction would undo that"),
                Reissue::NotIssued => anyhow::bail!("only an issued award can be corrected"),
                Reissue::Blocked(reasons) => {
                    let reasons: Vec<_> = reasons.iter().map(|reason| block_reason_text(reason, Lang::En)).collect();
                    anyhow::bail!("something must be supplied first: {}", reasons.join("; "));
                }
            }
            Ok(())
        }
    }
}
