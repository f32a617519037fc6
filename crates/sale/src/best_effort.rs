//! Writes to Redis that may fail: Postgres has decided, and somebody repeats them.
//!
//! A failed write is not an error for the caller. The operator must see a store that keeps failing:
//! failures are logged, counted, and added up in Redis for metrics.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use cluster::Transport;
use ledger::Database;
use scripts::MarkKind;

use crate::throttled_log::{LOG_INTERVAL, log_failure};
use crate::{Error, Stores};

/// The shortest time between two writes of the counts: as often as there is a line in the log.
const COUNT_INTERVAL: Duration = LOG_INTERVAL;
/// How long adding the counts up may take: it is done while a buyer waits, and the next one does it
/// again.
const COUNT_DEADLINE: Duration = Duration::from_millis(200);

thread_local! {
    static FAILURES: RefCell<Failures> = const { RefCell::new(Failures::none()) };
}

/// Failures of this instance that metrics do not know yet.
struct Failures {
    /// By kind.
    uncounted: [i64; MarkKind::ALL.len()],
    counted_at: Option<Instant>,
}

impl Failures {
    const fn none() -> Self {
        Self { uncounted: [0; MarkKind::ALL.len()], counted_at: None }
    }

    /// Adds `failures` of this kind.
    fn add(&mut self, kind: MarkKind, failures: i64) {
        if let Some(count) = self.uncounted.get_mut(kind.index()) {
            // mutant: failed-marks-are-not-counted
            *count = count.saturating_add(failures);
        }
    }

    /// Takes the counts that are to be added up, if it is time for that.
    fn take(&mut self, now: Instant) -> Vec<(MarkKind, i64)> {
        let is_recent = |at| now.saturating_duration_since(at) < COUNT_INTERVAL;
        if self.counted_at.is_some_and(is_recent) {
            return Vec::new();
        }
        let counts = MarkKind::ALL.into_iter().zip(std::mem::take(&mut self.uncounted));
        let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        if !counts.is_empty() {
            self.counted_at = Some(now);
        }
        counts
    }
}

/// Takes note of how a write of this kind went, and returns what it came to if it succeeded.
/// `result` failed for nobody: the sweeper, the audit or a saga repeats the write.
pub(crate) async fn best_effort<T: Transport, D: Database, V>(
    stores: &Stores<T, D>,
    kind: MarkKind,
    result: Result<V, Error>,
) -> Option<V> {
    let value = match result {
        Ok(value) => Some(value),
        Err(error) => {
            FAILURES.with_borrow_mut(|all| all.add(kind, 1));
            log_failure("marks in redis failed", kind.as_str(), &error);
            None
        }
    };
    for (kind, count) in FAILURES.with_borrow_mut(|all| all.take(Instant::now())) {
        let deadline = COUNT_DEADLINE.min(stores.redis_deadline);
        if scripts::count_failed_marks(&stores.cluster, kind, count, deadline).await.is_err() {
            // The next call counts them.
            FAILURES.with_borrow_mut(|all| all.add(kind, count));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_counted_and_counts_are_written_once_a_second() {
        let (mut failures, begun) = (Failures::none(), Instant::now());
        failures.add(MarkKind::Sale, 1);
        failures.add(MarkKind::Sale, 1);
        failures.add(MarkKind::Settings, 1);
        assert_eq!(failures.take(begun), [(MarkKind::Sale, 2), (MarkKind::Settings, 1)]);
        failures.add(MarkKind::Release, 1);
        assert_eq!(failures.take(begun), []);
        // Those that could not be written.
        failures.add(MarkKind::Sale, 2);
        let later = begun + COUNT_INTERVAL;
        assert_eq!(failures.take(later), [(MarkKind::Sale, 2), (MarkKind::Release, 1)]);
        assert_eq!(failures.take(later + COUNT_INTERVAL), []);
    }
}
