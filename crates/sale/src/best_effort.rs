//! Writes to Redis that may fail: Postgres has decided, and somebody repeats them.
//!
//! One that fails is no error for whoever called. A store that fails all day is one for the
//! operator: failures are counted, logged, and added up in Redis for metrics.

use std::cell::RefCell;
use std::io::Write as _;
use std::time::{Duration, Instant};

use cluster::Transport;
use ledger::Database;
use scripts::MarkKind;
use serde_json::json;

use crate::{Error, Stores};

/// The shortest time between two lines in the log, and between two writes of the counts: enough to
/// see a failure, and an outage does not fill the disk.
const REPORT_INTERVAL: Duration = Duration::from_secs(1);
/// How long adding the counts up may take: it is done while a buyer waits, and the next one does it
/// again.
const COUNT_DEADLINE: Duration = Duration::from_millis(200);

thread_local! {
    static FAILURES: RefCell<Failures> = const { RefCell::new(Failures::none()) };
}

/// Failures of this instance.
struct Failures {
    /// Those that metrics do not know yet, by kind.
    uncounted: [i64; MarkKind::ALL.len()],
    /// Those since the last line in the log.
    unlogged: u64,
    logged_at: Option<Instant>,
    counted_at: Option<Instant>,
}

impl Failures {
    const fn none() -> Self {
        Self { uncounted: [0; MarkKind::ALL.len()], unlogged: 0, logged_at: None, counted_at: None }
    }

    /// Notes a failure; returns how many the line for the log stands for, if it is time for one.
    fn note(&mut self, kind: MarkKind, now: Instant) -> Option<u64> {
        if let Some(count) = self.uncounted.get_mut(kind.index()) {
            *count = count.saturating_add(1);
        }
        self.unlogged = self.unlogged.saturating_add(1);
        if !is_due(self.logged_at, now) {
            return None;
        }
        self.logged_at = Some(now);
        Some(std::mem::take(&mut self.unlogged))
    }

    /// Takes the counts that are to be added up, if it is time for that.
    fn take(&mut self, now: Instant) -> Vec<(MarkKind, i64)> {
        if !is_due(self.counted_at, now) {
            return Vec::new();
        }
        let counts = MarkKind::ALL.into_iter().zip(std::mem::take(&mut self.uncounted));
        let counts: Vec<_> = counts.filter(|(_, count)| *count > 0).collect();
        if !counts.is_empty() {
            self.counted_at = Some(now);
        }
        counts
    }

    fn put_back(&mut self, kind: MarkKind, count: i64) {
        if let Some(uncounted) = self.uncounted.get_mut(kind.index()) {
            *uncounted = uncounted.saturating_add(count);
        }
    }
}

fn is_due(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now.saturating_duration_since(last) >= REPORT_INTERVAL)
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
            let failures = FAILURES.with_borrow_mut(|all| all.note(kind, Instant::now()));
            if let Some(failures) = failures {
                log(kind, failures, &error);
            }
            None
        }
    };
    for (kind, count) in FAILURES.with_borrow_mut(|all| all.take(Instant::now())) {
        let deadline = COUNT_DEADLINE.min(stores.redis_deadline);
        if scripts::count_failed_marks(&stores.cluster, kind, count, deadline).await.is_err() {
            FAILURES.with_borrow_mut(|all| all.put_back(kind, count));
        }
    }
    value
}

/// A line that cannot be written is lost; `eprintln!` would panic.
fn log(kind: MarkKind, failures: u64, error: &Error) {
    let line = json!({
        "level": "warn",
        "message": "marks in redis failed",
        "kind": kind.as_str(),
        "failures": failures,
        "cause": error.to_string(),
    });
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_failure_is_counted_and_one_line_a_second_is_logged() {
        let (mut failures, begun) = (Failures::none(), Instant::now());
        assert_eq!(failures.note(MarkKind::Sale, begun), Some(1));
        assert_eq!(failures.note(MarkKind::Sale, begun), None);
        assert_eq!(failures.note(MarkKind::Settings, begun), None);
        assert_eq!(failures.take(begun), [(MarkKind::Sale, 2), (MarkKind::Settings, 1)]);
        assert_eq!(failures.note(MarkKind::Release, begun), None);
        assert_eq!(failures.take(begun), []);
        failures.put_back(MarkKind::Sale, 2);
        let later = begun + REPORT_INTERVAL;
        assert_eq!(failures.note(MarkKind::Sale, later), Some(4));
        assert_eq!(failures.take(later), [(MarkKind::Sale, 3), (MarkKind::Release, 1)]);
        assert_eq!(failures.take(later + REPORT_INTERVAL), []);
    }
}
