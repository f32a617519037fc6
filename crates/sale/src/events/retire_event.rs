//! Lets Redis forget an event that is over.

use cluster::Transport;
use ledger::{Database, StoredEvent};
use scripts::RetireOutcome;

use crate::events::open_event::settings_of;
use crate::events::past_event::is_over;
use crate::{Error, Stores};

/// How long the keys of an event stay in Redis after its end: as long as the answers that are kept
/// for idempotency keys. Everything else is answered from Postgres then.
const KEEP_MS: i64 = 24 * 60 * 60 * 1_000;

/// Lets everything that Redis has of `event` expire, if it is over by the clock of Redis; returns
/// whether it is. Any number of times.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn retire_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
) -> Result<bool, Error> {
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let is_over = is_over(event, scripts::read_clock(cluster, event.id, deadline).await?);
    let settings = settings_of(event);
    let retired =
        scripts::retire_event(cluster, event.id, &settings, is_over, KEEP_MS, deadline).await?;
    Ok(is_over && retired != RetireOutcome::Kept)
}
