//! Deadlines, and how long to wait before another try.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};

use crate::Transport;

/// The first wait before a command is sent again.
const FIRST_PAUSE: Duration = Duration::from_millis(20);

/// The longest such wait: a failover takes seconds, and its end should be noticed soon after.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Doublings after which the wait has reached its longest (20 ms * 2^4 > 200 ms).
const MAX_DOUBLINGS: u32 = 4;

/// How long one node may take for one attempt, connecting included. A healthy node needs less than
/// a millisecond; a frozen one must leave time to find its successor within a deadline of 5 s.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(1);

/// The least number of attempts a deadline has room for: one at a frozen node, one at a successor
/// that is frozen or unknown to its neighbours, one that succeeds.
const ATTEMPTS_PER_DEADLINE: u32 = 3;

/// The time a call has, and the time one attempt of it may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    ends_at: Duration,
    attempt_timeout: Duration,
}

impl Budget {
    /// A call that begins `now` and must be over after `deadline`.
    pub(crate) fn new(now: Duration, deadline: Duration) -> Self {
        Self {
            ends_at: now.saturating_add(deadline),
            attempt_timeout: ATTEMPT_TIMEOUT.min(deadline / ATTEMPTS_PER_DEADLINE),
        }
    }

    /// What is left of the call; zero when it is over.
    pub(crate) fn left(self, now: Duration) -> Duration {
        self.ends_at.saturating_sub(now)
    }

    /// What an attempt that begins `now` may take; zero when the call is over.
    pub(crate) fn attempt(self, now: Duration) -> Duration {
        self.attempt_timeout.min(self.left(now))
    }
}

/// Runs `future` for at most `limit`; none when it was not done by then.
pub(crate) async fn within<T: Transport, F: Future>(
    transport: &T,
    limit: Duration,
    future: F,
) -> Option<F::Output> {
    match select(pin!(future), pin!(transport.sleep(limit))).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(_) => None,
    }
}

/// The wait before retry number `retry`, counted from 0: doubling, and between half of that and
/// all of it by chance, so that callers who failed together do not come back together.
pub(crate) fn pause(retry: u32, random: u64) -> Duration {
    let longest = (FIRST_PAUSE * (1 << retry.min(MAX_DOUBLINGS))).min(LONGEST_PAUSE);
    let half = longest / 2;
    // Below 200, so nothing is lost.
    let half_ms = half.as_millis() as u64;
    half + Duration::from_millis(random % (half_ms + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_attempt_never_takes_the_whole_deadline() {
        let now = Duration::from_secs(100);
        for (deadline_ms, attempt_ms) in [(5_000, 1_000), (3_000, 1_000), (300, 100), (0, 0)] {
            let budget = Budget::new(now, Duration::from_millis(deadline_ms));
            assert_eq!(budget.attempt(now), Duration::from_millis(attempt_ms));
        }
        let budget = Budget::new(now, Duration::from_secs(5));
        let late = now + Duration::from_millis(4_900);
        assert_eq!(budget.attempt(late), Duration::from_millis(100));
        assert_eq!(budget.left(now + Duration::from_secs(9)), Duration::ZERO);
    }

    #[test]
    fn pauses_grow_and_stay_between_half_and_all_of_their_limit() {
        let bounds = |retry| (pause(retry, 0).as_millis(), pause(retry, 10 * 20 * 40 * 80 - 1));
        assert_eq!(bounds(0).0, 10);
        assert_eq!(bounds(1).0, 20);
        assert_eq!(bounds(9).0, 100);
        for retry in [0, 1, 4, 40, u32::MAX] {
            for random in [0, 1, 7, 99, 100, u64::MAX] {
                let pause = pause(retry, random);
                assert!(pause >= FIRST_PAUSE / 2 && pause <= LONGEST_PAUSE, "{pause:?}");
            }
        }
    }
}
