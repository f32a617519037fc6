//! What the routes of a single booking share.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::id::BookingId;

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
    sale::find_booking(stores, booking)
        .await?
        .map(sale::FoundBooking::into_booking)
        .filter(|booking| caller.may_see(booking.user_id))
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
