//! Lets the keys of an event that is over expire.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, EventSettings, registry};

/// What retiring did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetireOutcome {
    /// The keys expire.
    Retired,
    /// The event is not over; they do not.
    Kept,
    /// The event is not open in Redis.
    EventMissing,
}

/// Lets all keys of an event that is over expire, `keep_ms` after its end. `is_over` is what the
/// ledger says: what was left of a rebuild that never came to its end then expires too.
///
/// # Errors
///
/// See [`Error`].
pub async fn retire_event<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    settings: &EventSettings,
    is_over: bool,
    keep_ms: i64,
    deadline: Duration,
) -> Result<RetireOutcome, Error> {
    let script = registry::retire_event(event, &settings.seated_sections());
    let arguments = vec![keep_ms.into(), i64::from(is_over).into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "retired" => Ok(RetireOutcome::Retired),
        "kept" => Ok(RetireOutcome::Kept),
        "event_missing" => Ok(RetireOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
