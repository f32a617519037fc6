//! `POST /api/v1/queue/process/{event_id}`: the organiser lets fans in by hand.

use domain::code::Code;
use domain::id::EventId;
use domain::rate::RouteClass;
use guest::call::invalid_field;
use guest::idempotency::{self, Claim};
use guest::{Call, Problem, Reply, auth, limit, stores};
use scripts::{AdmitMode, AdmitOutcome, AdmitUsers};
use serde::Deserialize;
use serde_json::json;

/// Fans let in by one call at most; the script takes no more.
const COUNT_MAX: u32 = 1_000;

/// Who asks for what, in the names of idempotency keys.
const SCOPE: &str = "process:organiser";

#[derive(Deserialize)]
struct Body {
    count: i64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let event = call.event_id()?;
    let Body { count } = call.json()?;
    let limit = u32::try_from(count)
        .ok()
        .filter(|count| (1..=COUNT_MAX).contains(count))
        .ok_or_else(|| invalid_field("count", &format!("must be 1 to {COUNT_MAX}")))?;
    idempotency::once_in_event(&call, event, SCOPE, async |claim| {
        // Without a key of the client's each request is one of its own.
        let claim = claim.cloned().unwrap_or_else(|| Claim::of_its_own(&call, SCOPE));
        admit(event, limit, &claim).await
    })
    .await
}

/// The script keeps its answer itself, so a lost reply lets nobody else in.
async fn admit(event: EventId, limit: u32, claim: &Claim) -> Result<Reply, Problem> {
    let stores = stores::open().await?;
    let request = AdmitUsers {
        event,
        mode: AdmitMode::Manual,
        limit,
        idempotency: Some(claim.as_idempotency()),
    };
    match sale::admit_users(&stores, &request).await? {
        AdmitOutcome::Admitted { admitted, .. } => Reply::ok(&json!({ "admitted": admitted })),
        AdmitOutcome::Replayed { admitted, .. } => {
            Ok(Reply::ok(&json!({ "admitted": admitted }))?
                .with_header(idempotency::REPLAYED, "true"))
        }
        AdmitOutcome::Undrawn => Err(Problem::unavailable("the draw is not done yet")),
        AdmitOutcome::IdempotencyKeyReused => Err(Problem::of(Code::IdempotencyKeyReused)),
        AdmitOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
    }
}
