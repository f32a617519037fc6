//! `DELETE /api/v1/queue/{event_id}`: gives the place up, and a pass that was not used.

use guest::clock::REDIS_DEADLINE;
use guest::{Call, Problem, Reply, auth, redis};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    let event = call.event_id()?;
    let cluster = redis::cluster().await?;
    // Left, not in the queue, no such queue: in every case the user has no place afterwards.
    scripts::leave_queue(&cluster, event, user, REDIS_DEADLINE).await?;
    Ok(Reply::no_content())
}
