//! `GET /api/v1/queue/status/{event_id}`: the queue as a whole.

use domain::code::Code;
use domain::event::EventStatus;
use domain::id::EventId;
use guest::{Call, Problem, Reply, stores};
use scripts::QueueOutcome;
use serde::Serialize;

#[derive(Serialize)]
struct QueueStatus {
    event_id: EventId,
    status: EventStatus,
    waiting: i64,
    active: i64,
    max_active: i64,
    release_per_s: i64,
    /// What somebody who joins now would wait.
    estimated_wait_s: i64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event_id = call.event_id()?;
    let stores = stores::open().await?;
    let outcome = sale::opened(&stores, event_id, async || {
        scripts::read_queue(&stores.cluster, event_id, stores.redis_deadline).await
    })
    .await?;
    match outcome {
        QueueOutcome::Found(queue) => Reply::ok(&QueueStatus {
            event_id,
            status: queue.status,
            waiting: queue.waiting,
            active: queue.active,
            max_active: queue.max_active,
            release_per_s: queue.release_per_s,
            estimated_wait_s: queue
                .outlook
                .wait(queue.waiting.saturating_add(queue.away), queue.release_per_s)
                .likely_s,
        }),
        QueueOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
    }
}
