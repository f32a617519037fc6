//! `GET /api/v1/sagas?status=running|done|dead`: what is under way, and what was given up.

use guest::call::invalid_field;
use guest::{Call, Problem, Reply, auth, postgres};
use ledger::{ListSagas, SagaStatus};
use serde::Serialize;

use crate::view::SagaView;

#[derive(Serialize)]
struct SagaList {
    sagas: Vec<SagaView>,
    next_cursor: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    let status = call.query("status").unwrap_or(SagaStatus::Dead.as_str().into());
    let status =
        status.parse().map_err(|_| invalid_field("status", "must be running, done or dead"))?;
    let cursor = call.query("cursor");
    let request = ListSagas { status, limit: call.page_limit()?, cursor: cursor.as_deref() };
    let database = postgres::database().await?;
    let page = ledger::list_sagas(&database, &request).await?;
    let sagas = page.sagas.into_iter().map(SagaView::from).collect();
    Reply::ok(&SagaList { sagas, next_cursor: page.next_cursor })
}
