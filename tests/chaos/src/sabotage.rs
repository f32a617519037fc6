//! Breaks the system itself: a guard is taken away, and the checker must notice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use anyhow::Result;
use clap::ValueEnum;
use stack::Reply;

use crate::inspect::ledger::execute;
use crate::inspect::redis::RedisReader;
use crate::load::Crowd;
use crate::rig::Rig;

/// What is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Sabotage {
    /// The primary key of tickets: seats can be sold twice.
    TicketsKey,
    /// Holds end before their time.
    EarlyExpiry,
    /// The outbox forgets what it has to tell.
    LostNotices,
}

/// Between two acts of what goes on during the run.
const INTERVAL: Duration = Duration::from_millis(400);

impl Sabotage {
    /// What is done once, before the crowd comes.
    pub async fn begin(self, rig: &Rig) -> Result<()> {
        let statement = match self {
            Self::TicketsKey => "ALTER TABLE boxoffice.tickets DROP CONSTRAINT tickets_pkey",
            Self::LostNotices => {
                "CREATE RULE forget AS ON INSERT TO boxoffice.outbox DO INSTEAD NOTHING"
            }
            Self::EarlyExpiry => return Ok(()),
        };
        execute(rig.database_url(), statement).await
    }

    /// What is done all the time, until `is_over`. Blocks.
    pub fn go_on(self, rig: &Rig, crowd: &Arc<Crowd>, is_over: &AtomicBool) {
        while !is_over.load(Ordering::SeqCst) {
            if self == Self::EarlyExpiry {
                for venue in &crowd.venues {
                    let _ = expire_one(rig, &venue.id);
                }
            }
            sleep(INTERVAL);
        }
    }
}

/// Tells Redis that the time of a hold is over.
fn expire_one(rig: &Rig, event: &str) -> Result<()> {
    let reader = RedisReader::open(&rig.system.redis, event)?;
    if let Reply::List(last) = reader.command("ZRANGE", "expiry", &["-1", "-1"])?
        && let Some(booking) = last.first()
    {
        reader.command("ZADD", "expiry", &["XX", "1", booking.text()])?;
    }
    Ok(())
}
