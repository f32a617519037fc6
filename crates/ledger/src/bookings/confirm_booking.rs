//! Sells the seats of a booking. The only place where a sale comes into being.

use domain::booking::{Booking, SoldBy};

use crate::bookings::booking::parameters;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.confirm_booking(\
     $1::text, $2::text::uuid, $3::text::uuid, $4::text, $5::text[], $6::bigint, $7::bigint, \
     $8::text, $9::bigint, $10::bigint, $11::text, $12::boolean, $13::text)";

/// A booking to confirm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfirmBooking<'a> {
    /// What the hold says. The booking is stored from it when the journal has not been drained;
    /// otherwise it must agree with the stored booking.
    pub booking: &'a Booking,
    /// Who sells. The booking, amount and currency of a payment must agree.
    pub by: SoldBy<'a>,
}

/// What [`confirm_booking`] did. Only `Confirmed` changes anything that was sold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConfirmOutcome {
    /// Sold, by this call.
    Confirmed,
    /// Sold to this booking before, by this payment if there is one.
    AlreadyConfirmed,
    /// Sold to this booking before, and not by this payment: it is given back.
    AlreadyPaid,
    /// The hold was given back; it cannot be sold any more.
    AlreadyReleased,
    /// At least one seat belongs to another booking. The booking is expired now.
    SeatSold,
    /// The standing section has not enough places left. The booking is expired now.
    SoldOut,
    /// The event or the booking is cancelled, or the booking was refunded.
    Cancelled,
    /// The event is over: too late for a payment. Without one it is sold all the same.
    EventEnded,
    /// Its time was over, and nothing of the event can be reserved now: cancelled, over, paused,
    /// not yet open. The booking is expired now.
    EventNotOnSale,
    /// Its buyer would own more than the event allows. The booking is expired now.
    BuyerLimitExceeded,
    /// The ledger does not know the event.
    EventMissing,
    /// The section or a seat does not exist, or the quantity is not the number of seats.
    InvalidSeats,
    /// The stored booking says something else: a defect or a forgery. Nothing was changed.
    BookingDiffers,
    /// The payment is unknown, of another booking, or of another amount or currency.
    PaymentDiffers,
    /// It was decided before to give the payment back.
    PaymentGivenBack,
    /// The provider has no money of the payment. Nothing is decided.
    NotPaid,
    /// The payment was refunded before it could become a sale, and so is the booking now.
    Refunded,
}

/// Sells the seats of a booking: all of them, or none. A late one too: an expired booking is
/// confirmed while everything that reserving asks still holds.
///
/// Nothing else decides. Two bookings that want the same seat meet at the primary key of
/// `tickets`, two that want the last standing place at the counter of its section.
///
/// The same statement decides about the payment: it is kept when it made the sale, and given back
/// after every other outcome but `NotPaid`.
///
/// # Errors
///
/// See [`Error`]. After [`crate::DatabaseError::Unavailable`] the sale may exist: call again.
pub async fn confirm_booking<D: Database>(
    database: &D,
    request: &ConfirmBooking<'_>,
) -> Result<ConfirmOutcome, Error> {
    let mut parameters = parameters(request.booking);
    parameters.push(Value::from(request.by.payment()));
    parameters.push(request.by.is_organiser().into());
    // The journal may come later, or never.
    parameters.push(request.booking.contact.to_text().into());
    let mut row = one_row(database, "confirm_booking", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "confirmed" => Ok(ConfirmOutcome::Confirmed),
        "already_confirmed" => Ok(ConfirmOutcome::AlreadyConfirmed),
        "already_paid" => Ok(ConfirmOutcome::AlreadyPaid),
        "already_released" => Ok(ConfirmOutcome::AlreadyReleased),
        "seat_sold" => Ok(ConfirmOutcome::SeatSold),
        "sold_out" => Ok(ConfirmOutcome::SoldOut),
        "cancelled" => Ok(ConfirmOutcome::Cancelled),
        "event_ended" => Ok(ConfirmOutcome::EventEnded),
        "event_not_on_sale" => Ok(ConfirmOutcome::EventNotOnSale),
        "buyer_limit_exceeded" => Ok(ConfirmOutcome::BuyerLimitExceeded),
        "event_missing" => Ok(ConfirmOutcome::EventMissing),
        "invalid_seats" => Ok(ConfirmOutcome::InvalidSeats),
        "booking_differs" => Ok(ConfirmOutcome::BookingDiffers),
        "payment_differs" => Ok(ConfirmOutcome::PaymentDiffers),
        "payment_given_back" => Ok(ConfirmOutcome::PaymentGivenBack),
        "not_paid" => Ok(ConfirmOutcome::NotPaid),
        "refunded" => Ok(ConfirmOutcome::Refunded),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
