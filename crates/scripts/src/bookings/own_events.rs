//! In which events a buyer has reserved lately.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::event::HOLD_TTL_MAX_S;
use domain::id::{EventId, UserId};

use crate::bookings::extend_hold::EXTENSION_MAX_MS;
use crate::call::{Fields, call};
use crate::{Error, keys, registry};

/// Events of one buyer that are noted: what a list looks at, whatever is on sale. A buyer who
/// reserves in more of them within a moment finds the earliest when the worker has come.
pub const OWN_EVENTS_MAX: i64 = 20;
/// An hour beyond the longest hold: what happens to it is known to the ledger long before.
const LIFE_MS: i64 = HOLD_TTL_MAX_S * 1_000 + EXTENSION_MAX_MS + 3_600_000;

/// Notes that `user` has reserved in `event`.
///
/// # Errors
///
/// See [`Error`].
pub async fn note_own_event<T: Transport>(
    cluster: &Cluster<T>,
    user: UserId,
    event: EventId,
    deadline: Duration,
) -> Result<(), Error> {
    let script = registry::note_own_event(user);
    let arguments = vec![event.to_string().into(), OWN_EVENTS_MAX.into(), LIFE_MS.into()];
    call(cluster, script, arguments, deadline).await?.integer(0)?;
    Ok(())
}

/// The events in which `user` has reserved lately, the latest first; at most [`OWN_EVENTS_MAX`].
///
/// # Errors
///
/// See [`Error`].
pub async fn own_events<T: Transport>(
    cluster: &Cluster<T>,
    user: UserId,
    deadline: Duration,
) -> Result<Vec<EventId>, Error> {
    let key = keys::own_events(user);
    let last = OWN_EVENTS_MAX.saturating_sub(1);
    let arguments = vec![key.as_str().into(), 0_i64.into(), last.into(), "REV".into()];
    let replies = cluster.execute(&key, "ZRANGE", arguments, deadline).await?;
    let events: Option<Vec<EventId>> =
        replies.iter().map(|event| event.text()?.parse().ok()).collect();
    events.ok_or_else(|| Fields::new("ZRANGE", replies).unexpected())
}
