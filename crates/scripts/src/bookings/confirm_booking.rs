//! Turns a hold into a sale.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::booking::Booking;
use domain::id::BookingId;
use domain::section::SectionName;

use crate::bookings::record::{HELD, record};
use crate::call::call;
use crate::{Error, registry};

/// What to confirm.
#[derive(Debug, Clone, Copy)]
pub struct ConfirmBooking<'a> {
    /// The booking.
    pub booking: BookingId,
    /// The section of the booking; another one is answered with [`Error::Protocol`].
    pub section: &'a SectionName,
    /// The booking, to sell its seats even when Redis has lost its hold.
    pub lost: Option<&'a Booking>,
}

/// What confirming did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfirmOutcome {
    /// The seats are sold.
    Confirmed {
        /// Seats sold in the whole event.
        sold: i64,
        /// Seats of the whole event.
        capacity: i64,
    },
    /// There is no hold: it was confirmed before, lost, or resolved otherwise.
    Absent {
        /// Seats sold in the whole event.
        sold: i64,
        /// Seats of the whole event.
        capacity: i64,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Marks the seats of the hold as sold. To be called when the ledger has committed the sale.
///
/// # Errors
///
/// See [`Error`].
pub async fn confirm_booking<T: Transport>(
    cluster: &Cluster<T>,
    request: &ConfirmBooking<'_>,
    deadline: Duration,
) -> Result<ConfirmOutcome, Error> {
    let event = request.booking.event();
    let script = registry::confirm_booking(event, request.section);
    let arguments = vec![
        request.booking.to_string().into(),
        request.section.as_str().into(),
        request.lost.map(|lost| record(HELD, lost, false)).unwrap_or_default().into(),
    ];
    let reply = call(cluster, script, arguments, deadline).await?;
    let (sold, capacity) = (reply.integer(1)?, reply.integer(2)?);
    match reply.outcome()? {
        "confirmed" => Ok(ConfirmOutcome::Confirmed { sold, capacity }),
        "absent" => Ok(ConfirmOutcome::Absent { sold, capacity }),
        "event_missing" => Ok(ConfirmOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
