//! `POST /internal/tick`: runs the jobs once, for platforms without a cron trigger.

use guest::{Call, Problem, Reply, auth};
use serde::Serialize;

use crate::run;

#[derive(Serialize)]
struct Counts {
    admitted: u64,
    expired: u64,
    drained: u64,
    sagas: u64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::scheduler(&call).await?;
    let report = run::jobs().await?;
    Reply::ok(&Counts {
        admitted: report.admitted,
        expired: report.expired,
        drained: report.drained,
        sagas: report.sagas,
    })
}
