//! Takes a user out of the queue.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};

use crate::call::call;
use crate::{Error, registry};

/// What leaving did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeaveOutcome {
    /// The place, or the unused pass, is gone.
    Left {
        /// The number of the place.
        number: i64,
    },
    /// There is none, perhaps because it was left before.
    Absent {
        /// The number of the place that was left before; 0 for none.
        number: i64,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Leaves the queue and gives an unused pass back.
///
/// # Errors
///
/// See [`Error`].
pub async fn leave_queue<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    user: UserId,
    deadline: Duration,
) -> Result<LeaveOutcome, Error> {
    let script = registry::leave_queue(event);
    let arguments = vec![user.to_string().into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "left" => Ok(LeaveOutcome::Left { number: reply.integer(1)? }),
        "absent" => Ok(LeaveOutcome::Absent { number: reply.integer(1)? }),
        "event_missing" => Ok(LeaveOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
