//! `POST /api/v1/queue/join`: one place per user, however often they join.

use domain::id::EventId;
use guest::{Call, Problem, Reply, auth, idempotency, place, stores, variables};
use http::StatusCode;
use scripts::JoinQueue;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    event_id: EventId,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    let Body { event_id } = call.json()?;
    let scope = format!("join:{user}");
    idempotency::once(&call, event_id, &scope, async {
        let stores = stores::open().await?;
        let random = variables::signing_keys().await?.draw(event_id, user);
        let request = JoinQueue { event: event_id, user, random };
        let joined = sale::opened(&stores, event_id, async || {
            scripts::join_queue(&stores.cluster, &request, stores.redis_deadline).await
        })
        .await?;
        let status = if joined.fresh { StatusCode::CREATED } else { StatusCode::OK };
        Reply::json(status, &place::describe(event_id, user, &joined).await?)
    })
    .await
}
