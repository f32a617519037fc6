//! A place in the queue as clients see it, signed with the keys of the manifest.

use domain::id::{EventId, UserId};
use domain::queue::Place;
use scripts::QueuePlace;

use crate::problem::Problem;
use crate::variables;

/// The place of `user`, see [`service::place::describe`].
///
/// # Errors
///
/// The refusal that the outcome stands for; 503 without signing keys.
pub async fn describe(event: EventId, user: UserId, place: &QueuePlace) -> Result<Place, Problem> {
    let keys = variables::signing_keys().await?;
    Ok(service::place::describe(&keys, event, user, place)?)
}
