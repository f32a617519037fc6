//! Finds a booking: in Redis while it is unresolved, in Postgres after that.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::id::BookingId;
use domain::time::Instant;
use ledger::Database;
use scripts::{BookingOutcome, HoldState, read_booking};

use crate::bookings::marks::find_sale;
use crate::{Error, Stores, with_open_event};

/// Where a booking was found, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBooking {
    /// Redis has it: it is unresolved. Its status is `expired` when its time is over and the
    /// sweeper has not come yet: expiry is a fact about time.
    Unresolved(Booking),
    /// Only Postgres has it.
    Recorded(Booking),
    /// Postgres has sold it, and Redis was not told: a caller that writes marks it there.
    Unmarked(Booking),
}

impl FoundBooking {
    /// The booking, wherever it was found.
    pub const fn booking(&self) -> &Booking {
        match self {
            Self::Unresolved(booking) | Self::Recorded(booking) | Self::Unmarked(booking) => {
                booking
            }
        }
    }

    /// The booking, wherever it was found.
    pub fn into_booking(self) -> Booking {
        match self {
            Self::Unresolved(booking) | Self::Recorded(booking) | Self::Unmarked(booking) => {
                booking
            }
        }
    }
}

/// Finds a booking. Changes nothing.
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
    let read = with_open_event(stores, booking.event(), async || {
        read_booking(&stores.cluster, booking, stores.redis_deadline).await
    })
    .await?;
    let (ended, now) = match read {
        BookingOutcome::Found { hold, expires_at, now } => {
            // Postgres may have made the sale, and Redis not know of it. While Postgres does not
            // answer, the booking is what Redis knows: a hold.
            if hold.state == HoldState::Confirming
                && let Ok(Some(sold)) = find_sale(&stores.database, booking).await
            {
                return Ok(Some(FoundBooking::Unmarked(sold)));
            }
            let status = status_at(BookingStatus::Reserved, expires_at, now);
            let found = Booking { status, expires_at, ..hold.booking };
            return Ok(Some(FoundBooking::Unresolved(found)));
        }
        BookingOutcome::Released(hold) => (Some((hold, BookingStatus::Released)), None),
        BookingOutcome::Expired(hold) => (Some((hold, BookingStatus::Expired)), None),
        BookingOutcome::Absent { now } => (None, Some(now)),
        // The event is over, and Redis has let it go; or there is no such event.
        BookingOutcome::EventMissing => {
            return find_past_booking(stores, booking).await;
        }
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

/// Finds a booking that only Postgres can know.
async fn find_past_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<Option<FoundBooking>, Error> {
    let Some(found) = ledger::find_booking(&stores.database, booking).await? else {
        return Ok(None);
    };
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let now = scripts::read_clock(cluster, booking.event(), deadline).await?;
    let status = status_at(found.status, found.expires_at, now);
    Ok(Some(FoundBooking::Recorded(Booking { status, ..found })))
}

/// Expiry is a fact about time: a booking past its own reads as expired, swept or not.
fn status_at(status: BookingStatus, expires_at: Instant, now: Instant) -> BookingStatus {
    match status {
        BookingStatus::Reserved if now >= expires_at => BookingStatus::Expired,
        status => status,
    }
}
