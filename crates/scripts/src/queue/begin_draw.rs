//! Decides how many numbers are drawn for.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, registry};

/// Where the draw of an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeginDrawOutcome {
    /// The sale opens later.
    Scheduled,
    /// So many numbers are drawn for, by this call or an earlier one, unless the ledger has decided
    /// otherwise before.
    Fixed {
        /// How many.
        count: u32,
    },
    /// It is done.
    Drawn,
    /// The event is not open in Redis.
    EventMissing,
}

/// Decides how many numbers are drawn for, unless the sale opens later.
///
/// # Errors
///
/// See [`Error`].
pub async fn begin_draw<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<BeginDrawOutcome, Error> {
    let script = registry::begin_draw(event);
    let reply = call(cluster, script, Vec::new(), deadline).await?;
    match reply.outcome()? {
        "scheduled" => Ok(BeginDrawOutcome::Scheduled),
        "fixed" => {
            let count = u32::try_from(reply.integer(1)?).map_err(|_| reply.unexpected())?;
            Ok(BeginDrawOutcome::Fixed { count })
        }
        "drawn" => Ok(BeginDrawOutcome::Drawn),
        "event_missing" => Ok(BeginDrawOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
