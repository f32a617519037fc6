//! Finds a booking: in Redis while it is unresolved, in Postgres after that.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::id::BookingId;
use domain::time::Instant;
use ledger::Database;
use scripts::{BookingOutcome, HoldState, read_booking};

use crate::bookings::confirm_sale::mark_sold;
use crate::{Error, Stores, opened};

/// Where a booking was found, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBooking {
    /// Redis has it: it is unresolved. Its status is `expired` when its time is over and the
    /// sweeper has not come yet: expiry is a fact about time.
    Unresolved(Booking),
    /// Only Postgres has it.
    Recorded(Booking),
}

impl FoundBooking {
    /// The booking, wherever it was found.
    pub const fn booking(&self) -> &Booking {
        match self {
            Self::Unresolved(booking) | Self::Recorded(booking) => booking,
        }
    }

    /// The booking, wherever it was found.
    pub fn into_booking(self) -> Booking {
        match self {
            Self::Unresolved(booking) | Self::Recorded(booking) => booking,
        }
    }
}

/// Finds a booking.
///
/// A booking that Redis has just resolved is in the journal first and in Postgres a moment later;
/// until then Redis tells how it ended.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<Option<FoundBooking>, Error> {
    let read = opened(stores, booking.event(), async || {
        read_booking(&stores.cluster, booking, stores.redis_deadline).await
    })
    .await?;
    let (ended, now) = match read {
        BookingOutcome::Found { hold, expires_at, now } => {
            // The sale may be made, and its news have got lost on the way here. While Postgres does
            // not answer, it is what Redis knows: a hold.
            if hold.state == HoldState::Confirming
                && let Ok(Some(sold)) = mark_if_sold(stores, booking).await
            {
                return Ok(Some(FoundBooking::Recorded(sold)));
            }
            let status = status_at(BookingStatus::Reserved, expires_at, now);
            let found = Booking { status, expires_at, ..hold.booking };
            return Ok(Some(FoundBooking::Unresolved(found)));
        }
        BookingOutcome::Released(hold) => (Some((hold, BookingStatus::Released)), None),
        BookingOutcome::Expired(hold) => (Some((hold, BookingStatus::Expired)), None),
        BookingOutcome::Absent { now } => (None, Some(now)),
        // No such event, so no such booking.
        BookingOutcome::EventMissing => return Ok(None),
    };
    // Whatever Postgres has decided is how it ended; else Redis tells.
    let recorded = ledger::find_booking(&stores.database, booking).await?;
    let found = match (ended, recorded) {
        (Some((hold, status)), None) => Some(Booking { status, ..hold.booking }),
        (Some((_, status)), Some(found)) if found.status == BookingStatus::Reserved => {
            Some(Booking { status, ..found })
        }
        (_, Some(found)) => {
            let status =
                now.map_or(found.status, |now| status_at(found.status, found.expires_at, now));
            Some(Booking { status, ..found })
        }
        (None, None) => None,
    };
    Ok(found.map(FoundBooking::Recorded))
}

/// Marks a booking as sold in Redis if Postgres has sold it; returns it then.
///
/// # Errors
///
/// See [`Error`]. Redis may fail to be told: the sale is returned all the same.
pub(crate) async fn mark_if_sold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<Option<Booking>, Error> {
    let sold = find_sale(stores, booking).await?;
    if let Some(booking) = &sold {
        let _ = mark_sold(stores, booking).await;
    }
    Ok(sold)
}

/// The booking, if Postgres has sold it.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn find_sale<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<Option<Booking>, Error> {
    let recorded = ledger::find_booking(&stores.database, booking).await?;
    Ok(recorded.filter(|booking| booking.status == BookingStatus::Confirmed))
}

/// Expiry is a fact about time: a booking past its own reads as expired, swept or not.
fn status_at(status: BookingStatus, expires_at: Instant, now: Instant) -> BookingStatus {
    match status {
        BookingStatus::Reserved if now >= expires_at => BookingStatus::Expired,
        status => status,
    }
}
