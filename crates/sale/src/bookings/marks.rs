//! What Redis is told of a booking after Postgres has decided.

use cluster::Transport;
use domain::booking::{Booking, BookingStatus};
use domain::id::BookingId;
use ledger::Database;
use scripts::{MarkKind, ReleaseReason};

use crate::best_effort::best_effort;
use crate::bookings::cancel_booking::free_given_up;
use crate::{Error, Stores};

/// Marks a sale in Redis. The sweeper does the same for a sale that Redis was not told of.
///
/// Without a hold the mark may come late: the sale may be undone, its places free or another's. So
/// Postgres is asked before such places are taken, and after that once more.
pub(crate) async fn mark_sold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) -> Result<(), Error> {
    let mut marked = mark(stores, booking, None).await?;
    if !matches!(marked, scripts::ConfirmOutcome::Confirmed { .. }) {
        // What is sold by now: `booking` may be older than a part that was given up.
        // mutant: late-marks-sell-what-was-undone
        let sold = find_sale(&stores.database, booking.booking_id).await?;
        if let Some(sold) = &sold {
            marked = mark(stores, booking, Some(sold)).await?;
        }
        if sold.is_some() && sold != find_sale(&stores.database, booking.booking_id).await? {
            return free_given_up(stores, booking.booking_id).await;
        }
    }
    match marked {
        scripts::ConfirmOutcome::Confirmed { sold, capacity }
        | scripts::ConfirmOutcome::Absent { sold, capacity } => {
            // What Redis says may be old by now: Postgres counts.
            if sold >= capacity {
                ledger::mark_sold_out(&stores.database, booking.event_id, true).await?;
            }
        }
        // Redis has just lost the event, or let it go after its end. Where it is rebuilt, this sale
        // is in it.
        scripts::ConfirmOutcome::EventMissing => {}
    }
    Ok(())
}

async fn mark<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    lost: Option<&Booking>,
) -> Result<scripts::ConfirmOutcome, Error> {
    let request =
        scripts::ConfirmBooking { booking: booking.booking_id, section: &booking.section, lost };
    Ok(scripts::confirm_booking(&stores.cluster, &request, stores.redis_deadline).await?)
}

/// Marks a sale in Redis if Redis answers now: Postgres has made the sale, whatever Redis says.
/// The sweeper marks what is not marked, because it asks Postgres before it frees a hold.
pub(crate) async fn try_mark_sold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
) {
    let marked = mark_sold(stores, booking).await;
    best_effort(stores, MarkKind::Sale, marked).await;
}

/// Frees the seats of a hold that Postgres has refused or resolved; without a hold, nothing.
pub(crate) async fn unpin<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: &Booking,
    reason: ReleaseReason,
) -> Result<(), Error> {
    let request =
        scripts::ReleaseSeats { booking: booking.booking_id, section: &booking.section, reason };
    scripts::release_seats(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(())
}

/// Marks a booking as sold in Redis, if Postgres has sold it and Redis can be told now.
///
/// # Errors
///
/// See [`Error`]; an unreachable Redis is not an error.
pub(crate) async fn mark_if_sold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
) -> Result<(), Error> {
    if let Some(sold) = find_sale(&stores.database, booking).await? {
        try_mark_sold(stores, &sold).await;
    }
    Ok(())
}

/// Finds the booking in Postgres, if Postgres has sold it.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn find_sale<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<Option<Booking>, Error> {
    let recorded = ledger::find_booking(database, booking).await?;
    Ok(recorded.filter(|booking| booking.status == BookingStatus::Confirmed))
}
