//! Reads a user's place in the queue.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};

use crate::call::call;
use crate::{Error, QueuePlace, registry};

/// Reads the place; [`Absent`](crate::PlaceOutcome::Absent) when there is none.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_place<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    user: UserId,
    deadline: Duration,
) -> Result<QueuePlace, Error> {
    let script = registry::read_place(event);
    let arguments = vec![user.to_string().into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    QueuePlace::parse(&reply)
}
