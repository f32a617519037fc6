//! Puts sales and holds back into an event that is being opened.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::booking::StoredBooking;
use domain::id::EventId;
use domain::section::{Section, SectionKind};

use crate::bookings::record::{HELD, SOLD, record};
use crate::call::{call, join_names};
use crate::{Error, EventSettings, registry};

/// Bookings of one call at most.
pub const RESTORED_MAX: usize = 1000;

/// What comes back.
#[derive(Debug, Clone, Copy)]
pub struct RestoreBookings<'a> {
    /// The event.
    pub event: EventId,
    /// Its settings, with the generation it is being opened under.
    pub settings: &'a EventSettings,
    /// Whether the bookings are sold; else they are holds.
    pub sold: bool,
    /// The bookings, at most [`RESTORED_MAX`].
    pub bookings: &'a [StoredBooking],
}

/// What restoring did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestoreOutcome {
    /// Done.
    Restored {
        /// Bookings whose seats are theirs, by this call.
        restored: i64,
        /// Bookings of which a seat was another's already, and holds beyond the limit per buyer.
        refused: i64,
    },
    /// Somebody else is opening the event, or it is open.
    Superseded,
}

/// Restores the bookings; those before them in time first.
///
/// # Errors
///
/// See [`Error`].
pub async fn restore_bookings<T: Transport>(
    cluster: &Cluster<T>,
    request: &RestoreBookings<'_>,
    deadline: Duration,
) -> Result<RestoreOutcome, Error> {
    let (event, settings) = (request.event, request.settings);
    let seated = settings.seated_sections();
    let script = registry::restore_bookings(event, &seated);
    let state = if request.sold { SOLD } else { HELD };
    let mut arguments: Vec<Argument> =
        vec![settings.generation.into(), join_names(&seated).into(), state.into()];
    arguments.push(settings.rules.max_per_buyer.into());
    for StoredBooking { booking, extended } in request.bookings.iter().take(RESTORED_MAX) {
        let section = settings.sections.iter().find(|section| section.name == booking.section);
        // A section that the event does not have has no seat to give.
        let Some(section) = section else { continue };
        arguments.extend([
            booking.booking_id.to_string().into(),
            i64::from(seats_per_row(section)).into(),
            record(state, booking, *extended).into(),
        ]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "restored" => {
            Ok(RestoreOutcome::Restored { restored: reply.integer(1)?, refused: reply.integer(2)? })
        }
        "superseded" => Ok(RestoreOutcome::Superseded),
        _ => Err(reply.unexpected()),
    }
}

const fn seats_per_row(section: &Section) -> u32 {
    match section.kind {
        SectionKind::Seated { seats_per_row, .. } => seats_per_row,
        SectionKind::Standing { .. } => 0,
    }
}
