//! One run of all jobs.

use std::time::{Duration, Instant};

use guest::{Problem, log, provider, stores, variables};
use sale::{Jobs, TickReport};

/// After this long no new job is begun: the next run is due, and a run must end within the deadline
/// of a request.
const BUDGET: Duration = Duration::from_millis(2_000);

/// One call of Redis in a job. Nobody waits for it, and the next run is a second away.
const JOB_REDIS_DEADLINE: Duration = Duration::from_millis(1_000);

/// Runs all jobs once and logs what failed.
pub(crate) async fn jobs() -> Result<TickReport, Problem> {
    let begun = Instant::now();
    let mut stores = stores::open().await?;
    stores.redis_deadline = JOB_REDIS_DEADLINE;
    let livemode = variables::text("stripe_livemode").await? == "true";
    let provider = provider::provider().await?;
    let random = || uuid::Uuid::new_v4().as_u64_pair().0;
    let jobs = Jobs { provider: &provider, livemode, random };
    let report = sale::tick(&stores, &jobs, || begun.elapsed() < BUDGET).await;
    for failed in &report.failed {
        log::failed_job(failed.job, &failed.subject, &failed.cause);
    }
    if report.failed.iter().any(|failed| failed.job == "active_events") {
        return Err(Problem::unavailable("the active events cannot be listed"));
    }
    Ok(report)
}
