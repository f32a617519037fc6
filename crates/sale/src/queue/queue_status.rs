//! The queue of an event as a whole.

use cluster::Transport;
use domain::event::EventStatus;
use domain::id::EventId;
use domain::wait::Wait;
use ledger::Database;
use scripts::QueueOutcome;

use crate::{Error, Stores, find_past_event, with_open_event};

/// The queue of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueStatus {
    /// Where the sale stands.
    pub status: EventStatus,
    /// Users in the line.
    pub waiting: i64,
    /// Passes out.
    pub active: i64,
    /// Passes that may be out at once.
    pub max_active: i64,
    /// Users let in per second at most.
    pub release_per_s: i64,
    /// Whether a pass is needed to reserve. Without a queue whoever joins an open sale is let in at
    /// once, whatever the two settings above say.
    pub queue_enabled: bool,
    /// The wait of a user who joins now.
    pub wait: Wait,
}

/// Reads the queue of `event`; `None` when there is no such event. The queue of an event that is
/// over is empty.
///
/// # Errors
///
/// See [`Error`].
pub async fn queue_status<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<QueueStatus>, Error> {
    let read = with_open_event(stores, event, async || {
        scripts::read_queue(&stores.cluster, event, stores.redis_deadline).await
    });
    if let QueueOutcome::Found(queue) = read.await? {
        let in_line = queue.waiting.saturating_add(queue.away);
        return Ok(Some(QueueStatus {
            queue_enabled: queue.queue_enabled,
            wait: queue.wait(in_line),
            status: queue.status,
            waiting: queue.waiting,
            active: queue.active,
            max_active: queue.max_active,
            release_per_s: queue.release_per_s,
        }));
    }
    Ok(find_past_event(stores, event).await?.map(|past| QueueStatus {
        status: past.status(),
        waiting: 0,
        active: 0,
        max_active: past.event.sale.queue.max_active,
        release_per_s: past.event.sale.queue.release_per_s,
        queue_enabled: past.event.sale.queue.enabled,
        wait: Wait { likely_s: 0, spread_s: None },
    }))
}
