//! `POST /api/v1/queue/join`: one place per user, however often they join.

use domain::id::EventId;
use domain::rate::RouteClass;
use guest::{Call, Problem, Reply, auth, idempotency, joining, limit, place, stores};
use http::StatusCode;
use serde::Deserialize;

#[derive(Deserialize)]
struct Body {
    event_id: EventId,
    /// The receipt of an earlier answer: the place comes back if the queue was lost.
    receipt: Option<String>,
    /// The solution of a challenge, where joining asks for one.
    proof: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let (user, is_registered) = auth::buyer_or_account(&call).await?;
    limit::user(&call, RouteClass::Join, &user.to_string()).await?;
    let Body { event_id, receipt, proof } = call.json()?;
    let scope = format!("join:{user}");
    idempotency::once(&call, &scope, async {
        let receipt = auth::queue_receipt(&call, receipt.as_deref(), event_id, user).await?;
        let stores = stores::open().await?;
        let proof = proof.as_deref();
        let joined = joining::join(&call, &stores, event_id, user, receipt, proof, is_registered);
        let joined = joined.await?;
        let status = if joined.fresh { StatusCode::CREATED } else { StatusCode::OK };
        Reply::json(status, &place::describe(event_id, user, &joined).await?)
    })
    .await
}
