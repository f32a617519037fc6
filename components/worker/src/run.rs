//! One run of all jobs.

use std::time::{Duration, Instant};

use guest::{Problem, log, stores, variables};
use sale::TickReport;

/// After this long no new job is begun: the next run is due, and a run must end within the deadline
/// of a request.
const BUDGET: Duration = Duration::from_millis(2_000);

/// Runs all jobs once and logs what failed.
pub(crate) async fn jobs() -> Result<TickReport, Problem> {
    let begun = Instant::now();
    let stores = stores::open().await?;
    let livemode = variables::text("stripe_livemode").await? == "true";
    let report = sale::tick(&stores, livemode, || begun.elapsed() < BUDGET).await;
    for failed in &report.failed {
        log::failed_job(failed.job, &failed.subject, &failed.cause);
    }
    Ok(report)
}
