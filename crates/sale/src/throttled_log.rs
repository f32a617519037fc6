//! Lines in the log about failures that are no error for the caller. An outage brings them many
//! times a second: one line a second is enough to see them, and does not fill the disk.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

/// The shortest time between two lines about the same.
pub(crate) const LOG_INTERVAL: Duration = Duration::from_secs(1);
/// The longest cause, in bytes: a line with it is written in one call, of 4,096 bytes at most.
const CAUSE_LENGTH_MAX: usize = 2_048;

/// What fails, and of which kind.
type Subject = (&'static str, &'static str);

thread_local! {
    /// By what fails: there are as many as calls of [`log_failure`] in the code.
    static THROTTLES: RefCell<BTreeMap<Subject, Throttle>> = const { RefCell::new(BTreeMap::new()) };
}

/// Failures of one kind in this instance.
#[derive(Default)]
struct Throttle {
    /// Those since the last line.
    unlogged: u64,
    logged_at: Option<Instant>,
}

impl Throttle {
    /// Notes a failure; returns how many the line stands for, if it is time for one.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.unlogged = self.unlogged.saturating_add(1);
        let is_due =
            self.logged_at.is_none_or(|at| now.saturating_duration_since(at) >= LOG_INTERVAL);
        is_due.then(|| {
            self.logged_at = Some(now);
            std::mem::take(&mut self.unlogged)
        })
    }
}

/// Logs that `what` has failed, of this `kind`, unless a line has just said so. The caller goes on
/// without it.
pub fn log_failure(what: &'static str, kind: &'static str, cause: &dyn Display) {
    let failures =
        THROTTLES.with_borrow_mut(|all| all.entry((what, kind)).or_default().note(Instant::now()));
    let Some(failures) = failures else { return };
    let mut cause = cause.to_string();
    cause.truncate(cause.floor_char_boundary(CAUSE_LENGTH_MAX));
    let line = json!({
        "level": "warn",
        "message": what,
        "kind": kind,
        "failures": failures,
        "cause": cause,
    });
    // In one call, because instances share the stream. A line that cannot be written is lost.
    let _ = std::io::stderr().write_all(format!("{line}\n").as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_a_second_stands_for_all_failures() {
        let (mut throttle, begun) = (Throttle::default(), Instant::now());
        assert_eq!(throttle.note(begun), Some(1));
        assert_eq!(throttle.note(begun), None);
        assert_eq!(throttle.note(begun), None);
        let later = begun + LOG_INTERVAL;
        assert_eq!(throttle.note(later), Some(3));
        assert_eq!(throttle.note(later), None);
    }
}
