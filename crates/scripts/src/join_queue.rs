//! Gives a user a place in the queue.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};
use domain::queue::DRAW_BOUND;
use domain::time::Instant;

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
    /// Numbers that the ledger has handed out for this call, first and last; used when there are
    /// none left.
    pub block: Option<(i64, i64)>,
    /// A receipt of the user.
    pub receipt: ShownReceipt,
}

/// A genuine receipt of the user for a place in this event's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShownReceipt {
    /// None is shown.
    None,
    /// If its owner is unknown to Redis, the answer is
    /// [`UnknownPlace`](crate::PlaceOutcome::UnknownPlace): the ledger knows what it is worth.
    Shown,
    /// The ledger has nothing against it: if its owner is unknown to Redis, the place comes back.
    Honoured {
        /// The order in the line, `draw * 2^32 + number`.
        score: i64,
        /// When the place was made.
        joined_at: Instant,
    },
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
        keys::places(event),
        keys::seen(event),
        keys::away(event),
    ];
    let draw = i64::try_from(request.random % u64::from(DRAW_BOUND)).unwrap_or(0);
    let (first, last) = request.block.unwrap_or_default();
    let (receipt, score, joined_ms) = match request.receipt {
        ShownReceipt::None => ("none", 0, 0),
        ShownReceipt::Shown => ("shown", 0, 0),
        ShownReceipt::Honoured { score, joined_at } => ("honoured", score, joined_at.unix_ms()),
    };
    let arguments = vec![
        request.user.to_string().into(),
        draw.into(),
        first.into(),
        last.into(),
        receipt.into(),
        score.into(),
        joined_ms.into(),
    ];
    let reply = call(cluster, &registry::JOIN_QUEUE, &key_list, arguments, deadline).await?;
    QueuePlace::parse(&reply)
}
