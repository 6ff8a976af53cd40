//! How a source fares: what became of its deliveries, and what its clock seems to say. Every question reads a bounded number of rows.

use super::Store;
use super::db::Result;
use super::deliveries::DeliveryState;
use super::values::args;
use crate::ids::Code;
use crate::time::Timestamp;

/// How a source fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// When its last delivery arrived; none where it never sent one.
    pub last_delivery: Option<Timestamp>,
    /// How many deliveries stand in each state; counted up to 100 000. Old processed ones may have been purged.
    pub deliveries: Vec<(DeliveryState, u32)>,
    /// The most frequent reasons among the latest deliveries that wait or are dead, with how often each stands there.
    pub reasons: Vec<(DeliveryState, String, u32)>,
    /// What its clock seems to say; none where no delivery with evidence is left.
    pub clock: Option<ClockReading>,
}

/// How the moments that a source reports lie to their arrival, over its latest deliveries that brought evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Over how many deliveries.
    pub deliveries: u32,
    /// By how many seconds the latest moment of a delivery lies after its arrival, at the most: above zero the source's clock is
    /// ahead by as much at least; below zero it is behind, or everything was late, by as much.
    pub lead: i64,
    /// The same of the delivery in the middle.
    pub median_lead: i64,
}

impl ClockReading {
    /// What it seems to say: a minute ahead is more than clocks should differ; an hour late is more than a queue takes.
    pub const fn verdict(&self) -> &'static str {
        match self.lead {
            61.. => "ahead",
            -3600..=60 => "plausible",
            _ => "behind_or_late",
        }
    }
}

/// How many deliveries are counted in each state at the most.
const COUNTED: u32 = 100_000;
/// How many deliveries a reading looks at.
const SAMPLE: u32 = 500;

impl Store {
    /// How a source fares.
    pub async fn source_health(&self, source: &Code) -> Result<SourceHealth> {
        let mut tx = self.db.snapshot().await?;
        let last = "select received_at from deliveries where source = $1 order by received_at desc limit 1";
        let last = tx.row(last, args![source]).await?.map(|row| row.moment("received_at")).transpose()?;
        let mut deliveries = Vec::new();
        for state in DeliveryState::ALL {
            let count = "select count(*) as count from \
                         (select id from deliveries where source = $1 and state = $2 limit $3) counted";
            let row = tx.row(count, args![source, state.as_str(), COUNTED]).await?;
            deliveries.push((state, row.map_or(Ok(0), |row| row.count("count"))?));
        }
        deliveries.retain(|(_, count)| *count > 0);
        let mut reasons = Vec::new();
        for state in [DeliveryState::Parked, DeliveryState::Dead] {
            let sql = "select reason, count(*) as count from (select reason from deliveries \
                       where source = $1 and state = $2 order by received_at desc, id desc limit $3) latest \
                       where reason is not null group by reason order by count desc, reason limit 10";
            for row in tx.rows(sql, args![source, state.as_str(), SAMPLE]).await? {
                reasons.push((state, row.text("reason")?, row.count("count")?));
            }
        }
        let leads = "select (select max(e.at) from evidence e where e.delivery = d.id) as at, received_at from \
                     (select id, received_at from deliveries where source = $1 \
                      order by received_at desc, id desc limit $2) d";
        let mut seconds = Vec::new();
        for row in tx.rows(leads, args![source, SAMPLE]).await? {
            if let Some(at) = row.moment_or_null("at")? {
                seconds.push((at.as_micros() - row.moment("received_at")?.as_micros()) / 1_000_000);
            }
        }
        seconds.sort_unstable();
        let clock = seconds.last().map(|most| ClockReading {
            deliveries: u32::try_from(seconds.len()).unwrap_or(u32::MAX),
            lead: *most,
            median_lead: seconds[seconds.len() / 2],
        });
        Ok(SourceHealth { last_delivery: last, deliveries, reasons, clock })
    }
}
