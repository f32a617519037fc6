//! Puts right what the audit found wrong, if it is still as the audit saw it.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::booking::StoredBooking;
use domain::id::{BookingId, EventId};
use domain::section::SectionName;

use crate::bookings::record::{HELD, record};
use crate::call::{Fields, call, join_names};
use crate::{Error, SeatCounts, registry};

/// Seats of one call of [`Repair::seats`] at most.
pub const SEATS_REPAIRED_MAX: usize = 500;
/// Entries of one call of [`Repair::buyers`] or [`Repair::expiry`] at most.
pub const ENTRIES_REPAIRED_MAX: usize = 1_000;

/// Holds of one call of [`Repair::holds`] at most.
pub const HOLDS_REPAIRED_MAX: usize = 500;

/// What became of holds that were lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepairedHolds {
    /// How many have their seats again.
    pub repaired: i64,
    /// Those of which a seat is another's, or whose buyer has reached the limit without them.
    pub refused: Vec<BookingId>,
}

/// A seat as it is and as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeatRepair {
    /// Its field in [`keys::holders`](crate::keys::holders).
    pub field: String,
    /// Its offset in the map of its section; `None` when standing.
    pub offset: Option<u32>,
    /// Its state and its holder as they were seen; a standing ticket has no state of its own.
    pub seen: (u8, Option<String>),
    /// Its state and its holder as they should be.
    pub wanted: (u8, Option<String>),
}

/// Whom and what to repair.
#[derive(Debug, Clone, Copy)]
pub struct Repair {
    /// The event.
    pub event: EventId,
    /// The generation that was audited; no other one is touched.
    pub generation: i64,
}

impl Repair {
    /// Repairs seats of a section; returns how many.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn seats<T: Transport>(
        &self,
        cluster: &Cluster<T>,
        section: &SectionName,
        seats: &[SeatRepair],
        deadline: Duration,
    ) -> Result<i64, Error> {
        let script = registry::repair_seats(self.event, section);
        let mut arguments: Vec<Argument> = vec![self.generation.into(), section.as_str().into()];
        for seat in seats.iter().take(SEATS_REPAIRED_MAX) {
            let offset = seat.offset.map(|offset| offset.to_string()).unwrap_or_default();
            arguments.extend([seat.field.as_str().into(), offset.into()]);
            for (state, holder) in [&seat.seen, &seat.wanted] {
                arguments
                    .extend([vec![*state].into(), holder.as_deref().unwrap_or_default().into()]);
            }
        }
        let reply = call(cluster, script, arguments, deadline).await?;
        repaired(&reply)
    }

    /// Repairs the counts of a section; returns 1, or 0 when they have changed since.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn counts<T: Transport>(
        &self,
        cluster: &Cluster<T>,
        section: &SectionName,
        seen: SeatCounts,
        wanted: SeatCounts,
        deadline: Duration,
    ) -> Result<i64, Error> {
        let script = registry::repair_counts(self.event);
        let mut arguments: Vec<Argument> = vec![self.generation.into(), section.as_str().into()];
        for SeatCounts { available, held, sold } in [seen, wanted] {
            arguments.extend([available.into(), held.into(), sold.into()]);
        }
        let reply = call(cluster, script, arguments, deadline).await?;
        repaired(&reply)
    }

    /// Repairs counts of buyers, given as user, tickets as seen and as wanted; returns how many.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn buyers<T: Transport>(
        &self,
        cluster: &Cluster<T>,
        buyers: &[(String, String, i64)],
        deadline: Duration,
    ) -> Result<i64, Error> {
        let script = registry::repair_buyers(self.event);
        let mut arguments: Vec<Argument> = vec![self.generation.into()];
        for (user, seen, wanted) in buyers.iter().take(ENTRIES_REPAIRED_MAX) {
            arguments.extend([user.as_str().into(), seen.as_str().into(), (*wanted).into()]);
        }
        let reply = call(cluster, script, arguments, deadline).await?;
        repaired(&reply)
    }

    /// Gives every hold among `bookings` an end, and takes the ends of those that are none; returns
    /// how many.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn expiry<T: Transport>(
        &self,
        cluster: &Cluster<T>,
        bookings: &[String],
        deadline: Duration,
    ) -> Result<i64, Error> {
        let script = registry::repair_expiry(self.event);
        let mut arguments: Vec<Argument> = vec![self.generation.into()];
        let bookings = bookings.iter().take(ENTRIES_REPAIRED_MAX);
        arguments.extend(bookings.map(|booking| Argument::from(booking.as_str())));
        let reply = call(cluster, script, arguments, deadline).await?;
        repaired(&reply)
    }

    /// Takes the seats of lost holds again, as far as they are free. `seated` are the seated
    /// sections of the event.
    ///
    /// # Errors
    ///
    /// See [`Error`].
    pub async fn holds<T: Transport>(
        &self,
        cluster: &Cluster<T>,
        seated: &[SectionName],
        holds: &[StoredBooking],
        deadline: Duration,
    ) -> Result<RepairedHolds, Error> {
        let script = registry::repair_holds(self.event, seated);
        let mut arguments: Vec<Argument> = vec![self.generation.into(), join_names(seated).into()];
        for StoredBooking { booking, extended } in holds.iter().take(HOLDS_REPAIRED_MAX) {
            let record = record(HELD, booking, *extended);
            arguments.extend([booking.booking_id.to_string().into(), record.into()]);
        }
        let reply = call(cluster, script, arguments, deadline).await?;
        let repaired = repaired(&reply)?;
        let refused = reply.all().iter().skip(2);
        let refused = refused
            .map(|booking| booking.text().and_then(|text| text.parse().ok()))
            .collect::<Option<_>>()
            .ok_or_else(|| reply.unexpected())?;
        Ok(RepairedHolds { repaired, refused })
    }
}

fn repaired(reply: &Fields) -> Result<i64, Error> {
    match reply.outcome()? {
        "repaired" => reply.integer(1),
        "superseded" => Ok(0),
        _ => Err(reply.unexpected()),
    }
}
