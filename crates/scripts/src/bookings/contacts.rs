//! Where buyers can be reached, beside their holds.

use std::time::Duration;

use cluster::{Argument, Cluster, Reply, Transport};
use domain::contact::Contact;
use domain::id::{BookingId, EventId};

use crate::{Error, keys};

/// The contacts of bookings, in their order; an empty one where none was given.
pub(crate) async fn read_contacts<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    bookings: &[BookingId],
    deadline: Duration,
) -> Result<Vec<Contact>, Error> {
    if bookings.is_empty() {
        return Ok(Vec::new());
    }
    let key = keys::contacts(event);
    let mut arguments: Vec<Argument> = vec![key.as_str().into()];
    arguments.extend(bookings.iter().map(|booking| Argument::from(booking.to_string())));
    let replies = cluster.execute(&key, "HMGET", arguments, deadline).await?;
    if replies.len() != bookings.len() {
        // Without the reply: it is about people.
        let reply = format!("{} contacts", replies.len());
        return Err(Error::Protocol { script: "HMGET", reply });
    }
    let contact = |reply: &Reply| reply.text().map(Contact::from_text).unwrap_or_default();
    Ok(replies.iter().map(contact).collect())
}

/// Keeps the contacts of bookings of `event` beside their holds, as the ledger knows them.
///
/// # Errors
///
/// See [`Error`].
pub async fn restore_contacts<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    contacts: &[(BookingId, Contact)],
    deadline: Duration,
) -> Result<(), Error> {
    if contacts.is_empty() {
        return Ok(());
    }
    let key = keys::contacts(event);
    let mut arguments: Vec<Argument> = vec![key.as_str().into()];
    for (booking, contact) in contacts {
        arguments.extend([booking.to_string().into(), contact.to_text().into()]);
    }
    cluster.execute(&key, "HSET", arguments, deadline).await?;
    Ok(())
}
