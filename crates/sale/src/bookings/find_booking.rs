//! Finds a booking: in Redis while it is unresolved, in Postgres after that.
//!
//! Where a booking stands has one rule, `boxoffice.booking_state`. Of a hold in time Redis knows
//! all there is to know; of one past its time Postgres is asked, because a payment may keep it.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::contact::Contact;
use domain::id::BookingId;
use domain::time::Instant;
use ledger::Database;
use scripts::{BookingOutcome, Hold, HoldState, read_booking};

use crate::{Error, Stores, log_failure, with_open_event};

/// Where a booking was found, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBooking {
    /// Redis has it: it is unresolved. Its status is `expired` when its time is over and the
    /// sweeper has not come yet: expiry is a fact about time. While a payment keeps it, it is
    /// `reserved`, and ends when it always did.
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
    let ended = match read {
        BookingOutcome::Found { hold, expires_at, now } => {
            return Ok(Some(held(stores, hold, expires_at, now).await));
        }
        BookingOutcome::Released(hold) => Some((hold, BookingStatus::Released)),
        BookingOutcome::Expired(hold) => Some((hold, BookingStatus::Expired)),
        BookingOutcome::Absent { .. } => None,
        // The event is over, and Redis has let it go; or there is no such event.
        BookingOutcome::EventMissing => None,
    };
    // Whatever Postgres has decided is how it ended; else Redis tells.
    let recorded = ledger::find_booking(&stores.database, booking).await?;
    let found = match (ended, recorded) {
        (Some((hold, status)), None) => Some(Booking { status, ..hold.booking }),
        (Some((hold, status)), Some(found)) if found.status == BookingStatus::Reserved => {
            Some(reachable(Booking { status, ..found }, hold.booking.contact))
        }
        (Some((hold, _)), Some(found)) => Some(reachable(found, hold.booking.contact)),
        (None, found) => found,
    };
    Ok(found.map(FoundBooking::Recorded))
}

/// How a hold stands that Redis has until `kept_until`: later than its own end while it is pinned.
async fn held<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    hold: Hold,
    kept_until: Instant,
    now: Instant,
) -> FoundBooking {
    let Hold { state, booking: mut held, .. } = hold;
    let is_in_time = now < held.expires_at.min(kept_until);
    let in_time =
        |held| FoundBooking::Unresolved(Booking { status: BookingStatus::Reserved, ..held });
    if is_in_time && state == HoldState::Held {
        return in_time(held);
    }
    let recorded = ledger::find_booking(&stores.database, held.booking_id).await;
    let status = match recorded {
        // Postgres may have made the sale, and Redis not know of it.
        Ok(Some(sold)) if sold.status == BookingStatus::Confirmed => {
            return FoundBooking::Unmarked(sold);
        }
        Ok(Some(recorded)) => {
            // Redis forgets the contact of a hold that ends; this one may have come back.
            held = reachable(held, recorded.contact);
            recorded.status
        }
        Ok(None) => status_at(BookingStatus::Reserved, held.expires_at.min(kept_until), now),
        // While Postgres does not answer, the booking is what Redis knows: a hold while it is kept.
        Err(error) => {
            log_failure("a hold was read without postgres", "find_booking", &error);
            status_at(BookingStatus::Reserved, kept_until, now)
        }
    };
    match status {
        BookingStatus::Reserved | BookingStatus::Confirmed => in_time(held),
        BookingStatus::Expired => FoundBooking::Unresolved(Booking { status, ..held }),
        BookingStatus::Released | BookingStatus::Refunded | BookingStatus::Cancelled => {
            FoundBooking::Recorded(Booking { status, ..held })
        }
    }
}

/// The booking with a contact that the other store knows, if its own has none.
fn reachable(booking: Booking, contact: Contact) -> Booking {
    if booking.contact.is_empty() { Booking { contact, ..booking } } else { booking }
}

/// Expiry is a fact about time: a booking past its own reads as expired, swept or not.
fn status_at(status: BookingStatus, expires_at: Instant, now: Instant) -> BookingStatus {
    match status {
        BookingStatus::Reserved if now >= expires_at => BookingStatus::Expired,
        status => status,
    }
}
