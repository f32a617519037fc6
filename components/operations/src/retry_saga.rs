//! `POST /api/v1/sagas/{saga_id}/retry`: sets a saga going again, from its first attempt, now.
//!
//! It needs no record of its idempotency key: setting going what already goes changes nothing, and
//! a saga that is done stays done.

use domain::code::Code;
use guest::{Call, Problem, Reply, auth, postgres};

use crate::view::SagaView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    // Refused when it is malformed, like everywhere.
    call.idempotency_key()?;
    let database = postgres::database().await?;
    let saga = ledger::retry_saga(&database, call.path_parameter("saga_id")).await?;
    let saga = saga.ok_or_else(|| Problem::new(Code::NotFound, "there is no such saga"))?;
    Reply::ok(&SagaView::from(saga))
}
