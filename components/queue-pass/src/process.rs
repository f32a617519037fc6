//! `POST /api/v1/queue/process/{event_id}`: the organiser lets fans in by hand.

use domain::code::Code;
use guest::call::invalid_field;
use guest::{Call, Problem, Reply, auth, idempotency, stores};
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers};
use serde::Deserialize;
use serde_json::json;

/// Fans let in by one call at most; the script takes no more.
const COUNT_MAX: u32 = 1_000;

#[derive(Deserialize)]
struct Body {
    count: i64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    let event = call.event_id()?;
    let Body { count } = call.json()?;
    let limit = u32::try_from(count)
        .ok()
        .filter(|count| (1..=COUNT_MAX).contains(count))
        .ok_or_else(|| invalid_field("count", &format!("must be 1 to {COUNT_MAX}")))?;
    idempotency::once(&call, event, "process:organiser", async {
        let stores = stores::open().await?;
        let request = AdmitUsers { event, mode: AdmitMode::Manual, limit };
        let outcome = sale::opened(&stores, event, async || {
            scripts::admit_users(&stores.cluster, &request, stores.redis_deadline).await
        })
        .await?;
        match outcome {
            AdmitOutcome::Admitted { admitted, .. } => Reply::ok(&json!({ "admitted": admitted })),
            AdmitOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
        }
    })
    .await
}
