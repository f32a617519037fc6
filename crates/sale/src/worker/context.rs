//! What the jobs of the worker need beside the stores.

use domain::backoff::Backoff;
use domain::notification::NotificationKey;
use domain::time::Instant;
use provider::Provider;

/// What sagas and notifications need beside the stores.
pub struct WorkerContext<'a, H> {
    /// The payment provider.
    pub provider: &'a Provider<H>,
    /// The mode we are in.
    pub livemode: bool,
    /// The receiver of notifications, if there is one.
    pub sink: Option<&'a Sink<H>>,
    /// A random number, for waits that differ.
    pub random: fn() -> u64,
    /// The time of a notification.
    pub now: fn() -> Instant,
}

/// The receiver of notifications.
#[derive(Debug)]
pub struct Sink<H> {
    /// How requests travel.
    pub transport: H,
    /// Where they go.
    pub url: String,
    /// What signs them.
    pub key: NotificationKey,
}

/// Waits after failures of sagas and notifications: when the other side is well again, everything
/// goes on within half a minute.
pub(crate) const BACKOFF: Backoff = Backoff { first_ms: 1_000, longest_ms: 30_000 };
