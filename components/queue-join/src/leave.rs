//! `DELETE /api/v1/queue/{event_id}`: gives the place up, and a pass that was not used.

use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, auth, limit, stores};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Join, &user.to_string()).await?;
    let event = call.event_id()?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    // Left, not in the queue, no such queue: in every case the user has no place afterwards.
    sale::leave_queue(&stores::open().await?, event, user, receipt).await?;
    Ok(Reply::no_content())
}
