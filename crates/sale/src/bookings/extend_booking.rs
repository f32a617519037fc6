//! Gives a buyer more time to pay.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use ledger::Database;
use scripts::ExtendOutcome;

use crate::{Error, Stores, drain_journal, with_open_event};

/// What became of the hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExtendBookingOutcome {
    /// It ends later, by this call or an earlier attempt of it.
    Extended(Box<Booking>),
    /// It was extended before: that happens once.
    AlreadyExtended,
    /// It is no hold any more: this is how it stands.
    Resolved(BookingStatus),
    /// Its event is over or cancelled.
    EventNotOnSale,
    /// Postgres knows of a hold that Redis has lost: the audit brings it back, or ends it.
    Lost,
}

/// Extends the hold of `booking`, as it was found: once, by what a new hold gets, 15 minutes at
/// most.
///
/// Redis decides, as it does of every hold. Postgres is asked before whether it has decided about
/// the booking already, and told after, because the payment of a hold that is over is given up.
///
/// # Errors
///
/// See [`Error`]. The hold may be extended after an error; the same call with the booking as it was
/// found before says so.
pub async fn extend_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<ExtendBookingOutcome, Error> {
    if booking.status != BookingStatus::Reserved {
        return Ok(ExtendBookingOutcome::Resolved(booking.status));
    }
    // mutant: what-is-sold-is-extended
    let recorded = ledger::find_booking(&stores.database, booking.booking_id).await?;
    match recorded.map(|recorded| recorded.status) {
        // Redis may know of an extension that Postgres does not.
        None | Some(BookingStatus::Reserved | BookingStatus::Expired) => {}
        Some(status) => return Ok(ExtendBookingOutcome::Resolved(status)),
    }
    let extended = with_open_event(stores, booking.event_id, async || {
        scripts::extend_hold(&stores.cluster, booking, stores.redis_deadline).await
    });
    match extended.await? {
        ExtendOutcome::Extended(hold) => {
            drain_journal(stores, booking.event_id).await?;
            Ok(ExtendBookingOutcome::Extended(Box::new(hold.booking)))
        }
        ExtendOutcome::AlreadyExtended => Ok(ExtendBookingOutcome::AlreadyExtended),
        ExtendOutcome::BookingExpired => Ok(ExtendBookingOutcome::Resolved(BookingStatus::Expired)),
        ExtendOutcome::EventNotOnSale | ExtendOutcome::EventMissing => {
            Ok(ExtendBookingOutcome::EventNotOnSale)
        }
        ExtendOutcome::Absent => Ok(ExtendBookingOutcome::Lost),
    }
}
