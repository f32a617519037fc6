//! `GET /api/v1/queue/status/{event_id}`: the queue as a whole.

use domain::code::Code;
use domain::event::EventStatus;
use domain::id::EventId;
use guest::{Call, Problem, Reply, stores};
use serde::Serialize;

#[derive(Serialize)]
struct QueueStatus {
    event_id: EventId,
    status: EventStatus,
    waiting: i64,
    active: i64,
    max_active: i64,
    release_per_s: i64,
    /// Whether a pass is needed to reserve.
    queue_enabled: bool,
    /// The wait of a fan who joins now.
    estimated_wait_s: i64,
    /// Its quick and its slow end, when they are far apart or nobody can know.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_wait_range_s: Option<(i64, Option<i64>)>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event_id = call.event_id()?;
    let stores = stores::open().await?;
    let queue = sale::queue_status(&stores, event_id)
        .await?
        .ok_or_else(|| Problem::of(Code::EventNotFound))?;
    Reply::ok(&QueueStatus {
        event_id,
        status: queue.status,
        waiting: queue.waiting,
        active: queue.active,
        max_active: queue.max_active,
        release_per_s: queue.release_per_s,
        queue_enabled: queue.queue_enabled,
        estimated_wait_s: queue.wait.likely_s,
        estimated_wait_range_s: queue.wait.spread_s,
    })
}
