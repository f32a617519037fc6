//! Cron triggers: a fresh instance for each firing, in UTC, with seconds.
//!
//! As with Spin's cron plugin nothing keeps runs apart: a run that takes longer than its interval
//! overlaps the next. A run that fails is logged and not repeated, and what would have fired while
//! the host was down is lost.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Timelike, Utc};
use croner::Cron;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::bindings::{SpinCronPre, cron_types};
use crate::instance::{InstanceState, LoadedComponent};

/// The longest sleep. A clock that was set is noticed within it.
const MAX_SLEEP: Duration = Duration::from_secs(30);

/// A component and when it is run.
pub(crate) struct Schedule {
    cron: Cron,
    pre: SpinCronPre<InstanceState>,
    component: Arc<LoadedComponent>,
}

impl Schedule {
    /// Checks that the component exports the handler, and that the expression is one.
    pub(crate) fn new(component: Arc<LoadedComponent>, expression: &str) -> Result<Self> {
        let pre = SpinCronPre::new(component.pre.clone())
            .map_err(anyhow::Error::from)
            .context("it has a cron trigger but does not export handle-cron-event")?;
        Ok(Self { cron: parse(expression)?, pre, component })
    }

    /// Fires until `stop`; runs that have begun are left to `runs`.
    pub(crate) async fn run(self, stop: CancellationToken, runs: TaskTracker) {
        let schedule = Arc::new(self);
        let mut now = Utc::now();
        while let Some(next) = schedule.next(now) {
            let wait = (next - now).to_std().unwrap_or_default();
            tokio::select! {
                () = tokio::time::sleep(wait.min(MAX_SLEEP)) => {}
                () = stop.cancelled() => return,
            }
            // The next time is counted from the clock as it is now: it may have been set, and
            // what was slept through is not caught up with.
            now = Utc::now();
            if now >= next {
                runs.spawn(Arc::clone(&schedule).fire());
            }
        }
        tracing::warn!(component = schedule.component.id(), "the schedule has no further time");
    }

    fn next(&self, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&after.with_nanosecond(0)?, false).ok()
    }

    async fn fire(self: Arc<Self>) {
        if let Err(error) = self.call().await {
            let component = self.component.id();
            tracing::error!(component, error = %format!("{error:#}"), "a cron run failed");
        }
    }

    async fn call(&self) -> Result<()> {
        let mut store = self.component.store()?;
        let instance = self.pre.instantiate_async(&mut store).await?;
        let timestamp = u64::try_from(Utc::now().timestamp())?;
        let metadata = cron_types::Metadata { timestamp };
        let outcome = store
            .run_concurrent(async |accessor| {
                instance.call_handle_cron_event(accessor, metadata).await
            })
            .await??;
        outcome.map_err(|cron_types::Error::Other(text)| anyhow::Error::msg(text))
    }
}

/// Six fields with the seconds first; day of month and day of week must both fit. The options and
/// the parser are those of Spin's cron plugin.
fn parse(expression: &str) -> Result<Cron> {
    Cron::new(expression)
        .with_seconds_required()
        .with_dom_and_dow()
        .parse()
        .with_context(|| format!("{expression:?} is not a cron expression of six fields"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, after: &str, expected: &str) {
        let after: DateTime<Utc> = after.parse().unwrap();
        let next = parse(expression).unwrap().find_next_occurrence(&after, false).unwrap();
        assert_eq!(next, expected.parse::<DateTime<Utc>>().unwrap(), "{expression} after {after}");
    }

    #[test]
    fn the_first_field_is_the_seconds() {
        check("*/2 * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:02Z");
        check("30 5 * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:05:30Z");
    }

    #[test]
    fn monday_is_day_one_of_the_week() {
        check("0 0 0 * * 1", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z");
    }

    #[test]
    fn an_expression_without_seconds_is_refused() {
        assert!(parse("* * * * *").is_err());
        assert!(parse("nonsense").is_err());
    }
}
