//! Lists holds whose time is over.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{BookingId, EventId};
use domain::time::Instant;

use crate::call::call;
use crate::{Error, registry};

/// Holds listed, and expired, in one call at most.
pub const DUE_HOLDS_MAX: u32 = 100;

/// Holds that are due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueHolds {
    /// When they were read, on the clock of Redis.
    pub now: Instant,
    /// The bookings, the longest overdue first.
    pub bookings: Vec<BookingId>,
}

/// Lists up to `limit` holds, [`DUE_HOLDS_MAX`] at most. An event that is not open has none.
///
/// # Errors
///
/// See [`Error`].
pub async fn list_due_holds<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    limit: u32,
    deadline: Duration,
) -> Result<DueHolds, Error> {
    let script = registry::list_due_holds(event);
    let arguments = vec![i64::from(limit.min(DUE_HOLDS_MAX)).into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    let bookings = reply
        .all()
        .iter()
        .skip(1)
        .map(|booking| booking.text().and_then(|text| text.parse().ok()))
        .collect::<Option<_>>()
        .ok_or_else(|| reply.unexpected())?;
    Ok(DueHolds { now: reply.instant(0)?, bookings })
}
