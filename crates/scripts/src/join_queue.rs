//! Gives a user a place in the queue.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};
use domain::queue::DRAW_BOUND;

use crate::call::call;
use crate::{Error, QueuePlace, keys, registry};

/// Who joins.
#[derive(Debug, Clone, Copy)]
pub struct JoinQueue {
    /// The event.
    pub event: EventId,
    /// The user.
    pub user: UserId,
    /// Any random number: decides the order of those who join before the sale opens.
    pub random: u64,
}

/// Joins the queue. Joining again gives the place the user has; [`QueuePlace::fresh`] tells whether
/// this call made it. With the queue disabled the user is admitted at once.
///
/// # Errors
///
/// See [`Error`].
pub async fn join_queue<T: Transport>(
    cluster: &Cluster<T>,
    request: &JoinQueue,
    deadline: Duration,
) -> Result<QueuePlace, Error> {
    let event = request.event;
    let key_list = [
        keys::settings(event),
        keys::counts(event),
        keys::queue(event),
        keys::passes(event),
        keys::admissions(event),
    ];
    let draw = i64::try_from(request.random % u64::from(DRAW_BOUND)).unwrap_or(0);
    let arguments = vec![request.user.to_string().into(), draw.into()];
    let reply = call(cluster, &registry::JOIN_QUEUE, &key_list, arguments, deadline).await?;
    QueuePlace::parse(&reply)
}
