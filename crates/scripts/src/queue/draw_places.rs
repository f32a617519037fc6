//! Moves those who joined before the opening to the places they have drawn.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::{EventId, UserId};

use crate::call::call;
use crate::{Error, registry};

/// A place that moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawnPlace {
    /// Whose.
    pub user: UserId,
    /// Its number, which is its order until it moves.
    pub number: u32,
    /// Its order from then on.
    pub order: i64,
}

/// What is still to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawPlacesOutcome {
    /// These are next, 1,000 at most.
    More(Vec<(UserId, u32)>),
    /// Nothing: the draw is done.
    Drawn,
    /// The event is not open in Redis.
    EventMissing,
}

/// Moves the `places`, at most 1,000, that have not moved; the draw among `count` numbers is done
/// when nobody is left. `count` is what the ledger has decided for ever.
///
/// # Errors
///
/// See [`Error`].
pub async fn draw_places<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    count: u32,
    places: &[DrawnPlace],
    deadline: Duration,
) -> Result<DrawPlacesOutcome, Error> {
    let script = registry::draw_places(event);
    let mut arguments: Vec<Argument> = vec![i64::from(count).into()];
    for place in places {
        arguments.extend([
            place.user.to_string().into(),
            i64::from(place.number).into(),
            place.order.into(),
        ]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "more" => {
            let pairs = (1..reply.all().len()).step_by(2);
            let next = pairs.map(|index| Ok((reply.parse(index)?, reply.parse(index + 1)?)));
            Ok(DrawPlacesOutcome::More(next.collect::<Result<_, Error>>()?))
        }
        "drawn" => Ok(DrawPlacesOutcome::Drawn),
        "event_missing" => Ok(DrawPlacesOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
