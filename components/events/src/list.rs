//! `GET /api/v1/events` and `GET /api/v1/events/active`: newest first, page by page.

use guest::{Call, Problem, Reply, clock, postgres};
use ledger::ListEvents;
use serde::Serialize;

use crate::view::EventView;

#[derive(Serialize)]
struct EventList {
    events: Vec<EventView>,
    next_cursor: Option<String>,
}

pub(crate) async fn all(call: Call) -> Result<Reply, Problem> {
    list(&call, false).await
}

pub(crate) async fn active(call: Call) -> Result<Reply, Problem> {
    list(&call, true).await
}

async fn list(call: &Call, active_only: bool) -> Result<Reply, Problem> {
    let cursor = call.query("cursor");
    let request = ListEvents { limit: call.page_limit()?, cursor: cursor.as_deref(), active_only };
    let database = postgres::database().await?;
    let page = ledger::list_events(&database, &request).await?;
    let now = clock::now();
    let events = page.events.into_iter().map(|event| EventView::new(event, now)).collect();
    Reply::ok(&EventList { events, next_cursor: page.next_cursor })
}
