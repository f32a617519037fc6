//! `GET /api/v1/queue/position/{event_id}`: the caller's place, with the pass once let in.

use guest::{Call, Problem, Reply, auth, place, stores};

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    let event = call.event_id()?;
    let stores = stores::open().await?;
    let place = sale::opened(&stores, event, async || {
        scripts::read_place(&stores.cluster, event, user, stores.redis_deadline).await
    })
    .await?;
    Reply::ok(&place::describe(event, user, &place).await?)
}
