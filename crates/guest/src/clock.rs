//! The clock of the guest, and deadlines: Spin's clients have none of their own.

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::queue::{LATENESS_MAX_MS, SILENCE_MAX_MS};
use domain::time::Instant;
use futures_util::future::{Either, select};

/// One operation on Redis, retries and redirects included. A healthy call takes under a
/// millisecond; a failover takes 3 to 5 s, which no buyer should wait for in silence.
pub const REDIS_DEADLINE: Duration = Duration::from_millis(2_000);
/// One statement in Postgres, the connection included. Postgres itself gives up a little earlier.
pub const POSTGRES_DEADLINE: Duration = Duration::from_millis(2_500);
/// One request, whatever it does: the promise is 5 s, and the reply has to travel.
pub const REQUEST_DEADLINE: Duration = Duration::from_millis(4_500);

/// The longest that a request may ask to wait for a change, in seconds: nobody is silent for
/// longer. Below the minute in which proxies give up, and an answer that is asked for three times a
/// minute costs little.
pub const WAIT_MAX_S: u64 = SILENCE_MAX_MS / 1_000;

/// A cut-off request ends before its client would be late.
const _: () = assert!(REQUEST_DEADLINE.as_millis() <= LATENESS_MAX_MS as u128);

/// Now, by the wall clock of the host.
pub fn now() -> Instant {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Instant::from_unix_ms(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
}

/// Runs `future`, but not longer than `limit`; `None` when the time is up.
///
/// The future is dropped then. The host may still finish what it had begun, so the outcome of a
/// call that is cut off is unknown.
pub async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    let sleep = pin!(spin_sdk::time::sleep(limit));
    match select(pin!(future), sleep).await {
        Either::Left((output, _)) => Some(output),
        Either::Right(((), _)) => None,
    }
}
