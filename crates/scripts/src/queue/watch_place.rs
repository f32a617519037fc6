//! Reads a user's place in the queue, and from where in the feed on news concern it.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::feed::{FeedId, LineState};
use domain::id::{EventId, UserId};

use crate::call::call;
use crate::queue::place::PLACE_FIELDS;
use crate::{Error, PlaceOutcome, QueuePlace, registry};

/// A place, and where the news begin that are still to be applied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedPlace {
    /// The place.
    pub place: QueuePlace,
    /// Where the place stands in the order of the line; 0 unless waiting.
    pub order: u64,
    /// The newest news at that moment.
    pub cursor: FeedId,
    /// Its serial number.
    pub serial: i64,
    /// What the line was doing; nothing when the event is not open in Redis.
    pub state: Option<LineState>,
}

/// Reads the place; [`Absent`](PlaceOutcome::Absent) when there is none.
///
/// # Errors
///
/// See [`Error`].
pub async fn watch_place<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    user: UserId,
    deadline: Duration,
) -> Result<WatchedPlace, Error> {
    let script = registry::watch_place(event);
    let arguments = vec![user.to_string().into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    let place = QueuePlace::parse(&reply)?;
    let is_waiting = place.outcome == PlaceOutcome::Waiting;
    let is_known = place.outcome != PlaceOutcome::EventMissing;
    Ok(WatchedPlace {
        order: if is_waiting { reply.parse(PLACE_FIELDS)? } else { 0 },
        cursor: reply.parse(PLACE_FIELDS + 1)?,
        serial: reply.integer(PLACE_FIELDS + 2)?,
        state: if is_known { Some(reply.parse(PLACE_FIELDS + 3)?) } else { None },
        place,
    })
}
