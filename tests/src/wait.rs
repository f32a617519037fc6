//! Waiting, with an end.

use std::time::{Duration, Instant};

/// The worker runs each second; on a busy machine a few of its runs come late.
const LIMIT: Duration = Duration::from_secs(20);
/// Often enough that a test is not longer than what it waits for.
const INTERVAL: Duration = Duration::from_millis(100);

/// Looks until there is something to see.
///
/// # Panics
///
/// When there is nothing in time; `what` says what was waited for.
pub async fn eventually<T>(what: &str, look: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(seen) = look().await {
            return seen;
        }
        assert!(begun.elapsed() < LIMIT, "waited {LIMIT:?} in vain: {what}");
        tokio::time::sleep(INTERVAL).await;
    }
}
