//! `DELETE /api/v1/queue/{event_id}`: gives the place up, and a pass that was not used.

use guest::{Call, Problem, Reply, auth, stores};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    let event = call.event_id()?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    // Left, not in the queue, no such queue: in every case the user has no place afterwards.
    sale::leave_queue(&stores::open().await?, event, user, receipt).await?;
    Ok(Reply::no_content())
}
