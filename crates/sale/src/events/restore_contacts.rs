//! Redis learns again where the buyers of restored holds can be reached.

use cluster::Transport;
use domain::booking::StoredBooking;
use domain::id::EventId;
use ledger::Database;

use crate::{Error, Stores};

/// Puts the contacts of `holds` of `event`, as Postgres knows them, beside the holds in Redis.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn restore_contacts<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    holds: &[StoredBooking],
) -> Result<(), Error> {
    let bookings: Vec<_> = holds.iter().map(|stored| stored.booking.booking_id).collect();
    let contacts = ledger::contacts_among(&stores.database, &bookings).await?;
    let deadline = stores.redis_deadline;
    Ok(scripts::restore_contacts(&stores.cluster, event, &contacts, deadline).await?)
}
