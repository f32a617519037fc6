//! Keeps a payment that a buyer has begun.

use domain::booking::Booking;

use crate::bookings::booking::parameters;
use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.record_payment(\
     $1::text, $2::text::uuid, $3::text::uuid, $4::text, $5::text[], $6::bigint, $7::bigint, \
     $8::text, $9::bigint, $10::bigint, $11::text, $12::bigint, $13::text, $14::boolean)";

/// A payment that was begun at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPayment<'a> {
    /// What the hold says; the booking is stored from it when the journal has not been drained.
    pub booking: &'a Booking,
    /// The provider's id of the payment intent.
    pub payment: &'a str,
    /// What the provider will ask the buyer for, in minor units of `currency`.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: &'a str,
    /// Whether real money will move.
    pub livemode: bool,
}

/// What [`record_payment`] did. A new payment of anything but `Recorded` is kept all the same and
/// cancelled at the provider by its saga.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordPaymentOutcome {
    /// The buyer can pay; the same again when it was recorded before.
    Recorded,
    /// The booking has been confirmed.
    AlreadyConfirmed,
    /// The hold was given back.
    AlreadyReleased,
    /// The hold is past its time, by the clock of the ledger.
    BookingExpired,
    /// The event or the booking is cancelled, or the booking was refunded.
    Cancelled,
    /// The event is over.
    EventEnded,
    /// The payment is or was given back, or cancelled: nobody can pay with it any more. Another one
    /// can be begun, see [`canceled_payments`](crate::canceled_payments).
    PaymentGivenBack,
    /// The amount or the currency is not the price.
    PaymentDiffers,
    /// The payment belongs to another booking. Nothing was changed.
    PaymentTaken,
    /// The stored booking says something else: a defect or a forgery.
    BookingDiffers,
    /// The ledger does not know the event. Nothing was kept.
    EventMissing,
    /// The section or a seat does not exist. Nothing was kept.
    InvalidSeats,
}

/// Keeps a payment that was begun at the provider, with its booking and its saga, in one statement.
/// Call it before the buyer is told how to pay.
///
/// # Errors
///
/// See [`Error`].
pub async fn record_payment<D: Database>(
    database: &D,
    request: &RecordPayment<'_>,
) -> Result<RecordPaymentOutcome, Error> {
    let mut parameters = parameters(request.booking);
    parameters.extend([
        request.payment.into(),
        request.amount.into(),
        request.currency.into(),
        request.livemode.into(),
    ]);
    let mut row = one_row(database, "record_payment", STATEMENT, parameters).await?;
    let outcome = row.text()?;
    match outcome.as_str() {
        "recorded" => Ok(RecordPaymentOutcome::Recorded),
        "payment_given_back" => Ok(RecordPaymentOutcome::PaymentGivenBack),
        "payment_differs" => Ok(RecordPaymentOutcome::PaymentDiffers),
        "payment_taken" => Ok(RecordPaymentOutcome::PaymentTaken),
        other => refusal_of(other).ok_or_else(|| row.unexpected(format!("outcome {other:?}"))),
    }
}

/// Why nothing can be paid for a booking, whatever way it is paid.
pub(crate) fn refusal_of(outcome: &str) -> Option<RecordPaymentOutcome> {
    match outcome {
        "already_confirmed" => Some(RecordPaymentOutcome::AlreadyConfirmed),
        "already_released" => Some(RecordPaymentOutcome::AlreadyReleased),
        "booking_expired" => Some(RecordPaymentOutcome::BookingExpired),
        "cancelled" => Some(RecordPaymentOutcome::Cancelled),
        "event_ended" => Some(RecordPaymentOutcome::EventEnded),
        "booking_differs" => Some(RecordPaymentOutcome::BookingDiffers),
        "event_missing" => Some(RecordPaymentOutcome::EventMissing),
        "invalid_seats" => Some(RecordPaymentOutcome::InvalidSeats),
        _ => None,
    }
}
