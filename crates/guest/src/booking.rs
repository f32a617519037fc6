//! What the routes of a single booking share.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::id::BookingId;
use sale::{FoundBooking, ReleaseOutcome};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::reply::Reply;
use crate::stores::SpinStores;

/// The booking, if the caller may see it.
///
/// # Errors
///
/// 404 when it does not exist, and the same when it belongs to another buyer.
pub async fn visible(
    stores: &SpinStores,
    booking: BookingId,
    caller: Caller,
) -> Result<Booking, Problem> {
    Ok(found(stores, booking, caller).await?.into_booking())
}

/// The booking and where it was found, if the caller may see it.
///
/// # Errors
///
/// As [`visible`].
pub async fn found(
    stores: &SpinStores,
    booking: BookingId,
    caller: Caller,
) -> Result<FoundBooking, Problem> {
    sale::find_booking(stores, booking)
        .await?
        .filter(|found| caller.may_see(found.booking().user_id))
        .ok_or_else(|| Problem::of(Code::BookingNotFound))
}

/// Releases a hold, as it was found; a hold is resolved once, so a second try is told what already
/// happened.
///
/// # Errors
///
/// 409 when it was resolved otherwise or is over, 503 while it is in doubt.
pub async fn release(
    stores: &SpinStores,
    booking: Booking,
    caller: Caller,
) -> Result<Reply, Problem> {
    match booking.status {
        BookingStatus::Reserved => {}
        BookingStatus::Released => return Reply::ok(&booking),
        status => return Err(resolved(status)),
    }
    match sale::release_booking(stores, &booking).await? {
        ReleaseOutcome::Released => {
            Reply::ok(&Booking { status: BookingStatus::Released, ..booking })
        }
        // Somebody was faster: say what they did.
        ReleaseOutcome::Resolved => {
            let booking = visible(stores, booking.booking_id, caller).await?;
            match booking.status {
                BookingStatus::Released => Reply::ok(&booking),
                BookingStatus::Reserved => Err(Problem::unavailable("the hold is in doubt")),
                status => Err(resolved(status)),
            }
        }
        ReleaseOutcome::Expired => Err(Problem::of(Code::BookingExpired)),
        ReleaseOutcome::Confirming => {
            Err(Problem::new(Code::Unavailable, "a payment of it is being processed"))
        }
    }
}

/// Why a booking in this state cannot be resolved again.
pub fn resolved(status: BookingStatus) -> Problem {
    match status {
        BookingStatus::Confirmed | BookingStatus::Refunded | BookingStatus::Cancelled => {
            Problem::of(Code::AlreadyConfirmed)
        }
        BookingStatus::Released => Problem::of(Code::AlreadyReleased),
        BookingStatus::Expired => Problem::of(Code::BookingExpired),
        BookingStatus::Reserved => {
            Problem::unavailable("an unresolved booking was taken as resolved")
        }
    }
}
