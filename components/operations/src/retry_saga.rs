//! `POST /api/v1/sagas/{saga_id}/retry`: sets a saga going again, from its first attempt, now.
//!
//! Setting going what already goes changes nothing, and a saga that is done stays done.

use domain::code::Code;
use guest::{Call, Problem, Reply, auth, idempotency, postgres};

use crate::view::SagaView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    // Postgres takes no text with a NUL.
    if call.path_parameter("saga_id").contains('\0') {
        return Err(not_found());
    }
    idempotency::once(&call, "retry:organiser", async {
        let database = postgres::database().await?;
        let saga = ledger::retry_saga(&database, call.path_parameter("saga_id")).await?;
        let saga = saga.ok_or_else(not_found)?;
        Reply::ok(&SagaView::from(saga))
    })
    .await
}

fn not_found() -> Problem {
    Problem::new(Code::NotFound, "there is no such saga")
}
