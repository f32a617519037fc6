//! `GET /api/v1/queue/position/{event_id}`: the caller's place, with the pass once let in.

use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, auth, limit, place, stores};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Poll, &user.to_string()).await?;
    let event = call.event_id()?;
    let receipt = auth::queue_receipt(&call, None, event, user).await?;
    let stores = stores::open().await?;
    let place = sale::find_place(&stores, event, user, receipt).await?;
    Reply::ok(&place::describe(event, user, &place).await?)
}
