//! Whether a buyer ever had a ticket.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{EventId, UserId};

use crate::call::Fields;
use crate::{Error, keys};

/// Whether the user holds or has held a ticket of the event: a buyer whose tickets all came back
/// stays on record. A user without one has no bookings in this event.
///
/// # Errors
///
/// See [`Error`].
pub async fn holds_a_ticket<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    user: UserId,
    deadline: Duration,
) -> Result<bool, Error> {
    let key = keys::buyers(event);
    let arguments = vec![key.clone().into(), user.to_string().into()];
    let replies = cluster.execute(&key, "HEXISTS", arguments, deadline).await?;
    Ok(Fields::new("HEXISTS", replies).integer(0)? == 1)
}
