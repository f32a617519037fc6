//! What the routes of a single booking share.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::id::BookingId;
use sale::FoundBooking;

use crate::auth::Caller;
use crate::problem::Problem;
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
