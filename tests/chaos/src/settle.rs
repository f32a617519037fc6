//! After the last fault: waits until the stores agree and all money is settled, or time is up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Result;
use fake_provider::Ledger;

use crate::checker::money;
use crate::inspect::books::differences;
use crate::inspect::ledger::{self, Tables};
use crate::inspect::redis::{RedisEvent, RedisReader};
use crate::load::Crowd;
use crate::rig::Rig;

/// Within this after the last fault everything is consistent, as promised.
pub const SETTLE_LIMIT: Duration = Duration::from_secs(60);
/// Looks at the provider until nothing happens there meanwhile.
const LOOKS_MAX: u32 = 8;
/// Between two looks.
const INTERVAL: Duration = Duration::from_millis(1_500);

/// The end of a run.
#[derive(Debug, Clone, Default)]
pub struct Settled {
    /// How long it took until everything agreed; none when it did not within the limit.
    pub after: Option<Duration>,
    /// What still differed between the stores at the last look.
    pub differences: Vec<String>,
    /// What the last look found in Postgres.
    pub ledger: Tables,
    /// The provider's own ledger.
    pub provider: Ledger,
    /// What the last look found in Redis.
    pub redis: BTreeMap<String, RedisEvent>,
}

/// Looks until everything agrees.
pub async fn settle(rig: &Rig, crowd: &Crowd) -> Result<Settled> {
    let begun = Instant::now();
    loop {
        let mut settled = look(rig, crowd).await?;
        let unsettled = money::unsettled(&settled.ledger, &settled.provider);
        if settled.differences.is_empty() && unsettled.is_empty() {
            settled.after = Some(begun.elapsed());
            return Ok(settled);
        }
        if begun.elapsed() > SETTLE_LIMIT {
            return Ok(settled);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

async fn look(rig: &Rig, crowd: &Crowd) -> Result<Settled> {
    let mut settled = Settled::default();
    for venue in &crowd.venues {
        let seated: Vec<&str> = venue.seated.iter().map(|(name, ..)| *name).collect();
        let state =
            RedisReader::open(&rig.system.redis, &venue.id).and_then(|reader| reader.read(&seated));
        match state {
            Ok(state) => drop(settled.redis.insert(venue.id.clone(), state)),
            Err(error) => settled.differences.push(format!("{}: {error:#}", venue.name)),
        }
    }
    // Read after Redis: what is on its way from there to Postgres has not arrived twice. And
    // between two equal looks at the provider: what was told in between would be known to one only.
    for _ in 0..LOOKS_MAX {
        let before = rig.provider_ledger().await?;
        settled.ledger = ledger::read(rig.database_url()).await?;
        let is_quiet = rig.provider_ledger().await? == before;
        settled.provider = before;
        if is_quiet {
            break;
        }
    }
    for venue in &crowd.venues {
        if let Some(state) = settled.redis.get(&venue.id) {
            settled.differences.extend(differences(venue, state, &settled.ledger));
        }
    }
    Ok(settled)
}
