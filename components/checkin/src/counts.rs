//! `GET /api/v1/checkin/{event_id}`: how many are in.

use domain::code::Code;
use domain::id::EventId;
use guest::{Call, Problem, Reply, auth, postgres};
use ledger::CheckInCounts;
use serde::Serialize;
use service::door::DoorRight;

#[derive(Serialize)]
struct CountsView {
    event_id: EventId,
    sold: u64,
    admitted: u64,
    cancelled: u64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::door(&call, DoorRight::Read).await?;
    let event_id = call.event_id()?;
    let counts = ledger::checkin_counts(&postgres::database().await?, event_id).await?;
    let CheckInCounts { sold, admitted, cancelled } =
        counts.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    Reply::ok(&CountsView { event_id, sold, admitted, cancelled })
}
