//! Frees the seats of holds whose time is over.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::{BookingId, EventId};
use domain::section::SectionName;

use crate::call::{call, join_names};
use crate::{Error, registry};

/// What to expire.
#[derive(Debug, Clone, Copy)]
pub struct ExpireHolds<'a> {
    /// The event.
    pub event: EventId,
    /// All seated sections of the event in order, see
    /// [`EventSettings::seated_sections`](crate::EventSettings::seated_sections).
    pub sections: &'a [SectionName],
    /// Bookings from [`list_due_holds`](crate::list_due_holds); what is not due stays.
    pub bookings: &'a [BookingId],
}

/// What expiring did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpireOutcome {
    /// Every given hold that was due is gone.
    Expired {
        /// How many this call ended.
        count: i64,
    },
    /// The request does not name the seated sections of the event; nothing changed.
    SectionsChanged {
        /// Those it should name.
        sections: Vec<SectionName>,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Frees the seats of the holds that are due.
///
/// # Errors
///
/// See [`Error`].
pub async fn expire_holds<T: Transport>(
    cluster: &Cluster<T>,
    request: &ExpireHolds<'_>,
    deadline: Duration,
) -> Result<ExpireOutcome, Error> {
    let event = request.event;
    let script = registry::expire_holds(event, request.sections);
    let mut arguments: Vec<Argument> = vec![join_names(request.sections).into()];
    arguments.extend(request.bookings.iter().map(|booking| booking.to_string().into()));
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "ok" => Ok(ExpireOutcome::Expired { count: reply.integer(1)? }),
        "sections_changed" => Ok(ExpireOutcome::SectionsChanged { sections: reply.list(2, ' ')? }),
        "event_missing" => Ok(ExpireOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
