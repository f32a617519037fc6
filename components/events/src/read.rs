//! `GET /api/v1/events/{event_id}`.

use domain::code::Code;
use guest::{Call, Problem, Reply, clock, postgres};

use crate::view::EventView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event = call.event_id()?;
    let database = postgres::database().await?;
    let event = ledger::find_event(&database, event)
        .await?
        .ok_or_else(|| Problem::of(Code::EventNotFound))?;
    Reply::ok(&EventView::new(event, clock::now()))
}
