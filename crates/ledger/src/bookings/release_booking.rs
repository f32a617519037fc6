//! Gives a hold back.

use domain::booking::Booking;

use crate::bookings::booking::parameters;
use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.release_booking(\
     $1::text, $2::text::uuid, $3::text::uuid, $4::text, $5::text[], $6::bigint, $7::bigint, \
     $8::text, $9::bigint, $10::bigint)";

/// What [`release_booking`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReleaseBookingOutcome {
    /// Released, by this call or an earlier one.
    Released,
    /// Sold before.
    AlreadyConfirmed,
    /// Past its time.
    BookingExpired,
    /// Cancelled or refunded.
    Cancelled,
    /// It was paid, and the payment is being settled: wait for its end.
    PaymentUnderWay,
    /// The stored booking has another owner: a defect or a forgery.
    BookingDiffers,
}

/// Releases a hold for good, also one that the journal has not told of yet: whoever comes first
/// here, a release or a sale, wins.
///
/// # Errors
///
/// See [`Error`].
pub async fn release_booking<D: Database>(
    database: &D,
    booking: &Booking,
) -> Result<ReleaseBookingOutcome, Error> {
    let mut row = one_row(database, "release_booking", STATEMENT, parameters(booking)).await?;
    match row.text()?.as_str() {
        "released" | "already_released" => Ok(ReleaseBookingOutcome::Released),
        "already_confirmed" => Ok(ReleaseBookingOutcome::AlreadyConfirmed),
        "booking_expired" => Ok(ReleaseBookingOutcome::BookingExpired),
        "cancelled" => Ok(ReleaseBookingOutcome::Cancelled),
        "payment_under_way" => Ok(ReleaseBookingOutcome::PaymentUnderWay),
        "booking_differs" => Ok(ReleaseBookingOutcome::BookingDiffers),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
