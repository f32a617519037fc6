//! Reads a user's place in the queue.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};

use crate::call::call;
use crate::{Error, QueuePlace, keys, registry};

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
    let key_list = [
        keys::settings(event),
        keys::counts(event),
        keys::queue(event),
        keys::passes(event),
        keys::admissions(event),
        keys::places(event),
        keys::seen(event),
        keys::away(event),
    ];
    let arguments = vec![user.to_string().into()];
    let reply = call(cluster, &registry::READ_PLACE, &key_list, arguments, deadline).await?;
    QueuePlace::parse(&reply)
}
