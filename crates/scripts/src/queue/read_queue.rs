//! Reads the length of the queue and what decides its pace.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::event::{EventStatus, SaleState};
use domain::id::EventId;
use domain::time::Instant;
use domain::wait::{Outlook, Wait};

use crate::call::call;
use crate::{Error, registry};

/// The queue of an event at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueState {
    /// Users in the line.
    pub waiting: i64,
    /// Users who went away and whom the line has not passed.
    pub away: i64,
    /// Passes out.
    pub active: i64,
    /// Passes that may be out at once.
    pub max_active: i64,
    /// Users let in per second at most.
    pub release_per_s: i64,
    /// Places available in the event.
    pub available: i64,
    /// Places sold.
    pub sold: i64,
    /// All places.
    pub capacity: i64,
    /// When it was read, on the clock of Redis.
    pub now: Instant,
    /// Where the sale stands.
    pub status: EventStatus,
    /// What those who wait were told last of the time to come.
    pub outlook: Outlook,
    /// Whether a pass is needed to reserve.
    pub queue_enabled: bool,
    /// Users let in per second at most, whatever the settings say; 0 while nobody is.
    pub pace_max: i64,
    /// Whether every pass or place is out.
    pub is_blocked: bool,
}

impl QueueState {
    /// The wait behind so many others, once the sale is open.
    pub fn wait(&self, in_line: i64) -> Wait {
        let is_let_in_at_once = !self.queue_enabled && in_line == 0 && self.pace_max > 0;
        if is_let_in_at_once {
            return Wait { likely_s: 0, spread_s: None };
        }
        self.outlook.wait(in_line, self.pace_max, self.is_blocked)
    }
}

/// What reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum QueueOutcome {
    /// The event is open.
    Found(Box<QueueState>),
    /// The event is not open in Redis.
    EventMissing,
}

/// Reads the queue.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_queue<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<QueueOutcome, Error> {
    let script = registry::read_queue(event);
    let reply = call(cluster, script, Vec::new(), deadline).await?;
    match reply.outcome()? {
        "ok" => {}
        "event_missing" => return Ok(QueueOutcome::EventMissing),
        _ => return Err(reply.unexpected()),
    }
    let (sold, capacity, now) = (reply.integer(6)?, reply.integer(7)?, reply.instant(8)?);
    let sale = SaleState {
        cancelled: reply.integer(9)? == 1,
        paused: reply.integer(10)? == 1,
        sold_out: sold >= capacity,
        on_sale_at: reply.instant(11)?,
        ends_at: reply.instant(12)?,
    };
    Ok(QueueOutcome::Found(Box::new(QueueState {
        waiting: reply.integer(1)?,
        away: reply.integer(14)?,
        active: reply.integer(2)?,
        max_active: reply.integer(3)?,
        release_per_s: reply.integer(4)?,
        available: reply.integer(5)?,
        sold,
        capacity,
        now,
        status: sale.status(now),
        outlook: reply.parse(13)?,
        queue_enabled: reply.integer(15)? == 1,
        pace_max: reply.integer(16)?,
        is_blocked: reply.integer(17)? == 1,
    })))
}
