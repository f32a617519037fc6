//! Gives up a part of a confirmed booking.

use domain::id::BookingId;
use domain::part::Part;

use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::one_row;

const STATEMENT: &str = "SELECT outcome FROM boxoffice.give_up_part($1::text, $2::boolean, \
     $3::text[], $4::bigint, $5::bigint)";

/// What is given up, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct GiveUpPart<'a> {
    /// The booking.
    pub booking: BookingId,
    /// Whether its owner gives it up, who may until the event starts; else the organiser.
    pub by_owner: bool,
    /// The places.
    pub part: &'a Part,
    /// What a refund must be a multiple of, in minor units; 1 or more.
    pub multiple_of: i64,
}

/// What [`give_up_part`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GiveUpPartOutcome {
    /// Given up by this call: the places are for sale, their share goes back, the rest is sold.
    GivenUp,
    /// All these seats were given up before.
    AlreadyGivenUp,
    /// It was the whole booking, which is cancelled by this call.
    Cancelled,
    /// The whole booking was cancelled or refunded before.
    AlreadyCancelled,
    /// There was no sale: it is held, released or expired.
    NotConfirmed,
    /// The event has begun, or somebody is in with it: the owner may no longer give it up.
    OwnerTooLate,
    /// The ledger does not have the booking: it was never confirmed.
    BookingMissing,
    /// Seats were named of a standing booking, or a quantity of a seated one.
    OtherKind,
    /// A seat was never the booking's.
    NotItsSeats,
    /// More places than it has.
    TooMany,
}

/// Gives up a part in one statement: its tickets go, the booking becomes smaller, its share is
/// given back by the saga of the payment, another frees its places in Redis, a message tells of it.
///
/// # Errors
///
/// See [`Error`].
pub async fn give_up_part<D: Database>(
    database: &D,
    request: &GiveUpPart<'_>,
) -> Result<GiveUpPartOutcome, Error> {
    let (seats, quantity) = match request.part {
        Part::Seats(seats) => (seats.iter().map(ToString::to_string).collect(), Value::Null),
        Part::Quantity(quantity) => (Vec::new(), (*quantity).into()),
    };
    let parameters = vec![
        request.booking.to_string().into(),
        request.by_owner.into(),
        Value::Texts(seats),
        quantity,
        request.multiple_of.max(1).into(),
    ];
    let mut row = one_row(database, "give_up_part", STATEMENT, parameters).await?;
    match row.text()?.as_str() {
        "given_up" => Ok(GiveUpPartOutcome::GivenUp),
        "already_given_up" => Ok(GiveUpPartOutcome::AlreadyGivenUp),
        "cancelled" => Ok(GiveUpPartOutcome::Cancelled),
        "already_cancelled" => Ok(GiveUpPartOutcome::AlreadyCancelled),
        "not_confirmed" => Ok(GiveUpPartOutcome::NotConfirmed),
        "event_started" => Ok(GiveUpPartOutcome::OwnerTooLate),
        "booking_missing" => Ok(GiveUpPartOutcome::BookingMissing),
        "other_kind" => Ok(GiveUpPartOutcome::OtherKind),
        "not_its_seats" => Ok(GiveUpPartOutcome::NotItsSeats),
        "too_many" => Ok(GiveUpPartOutcome::TooMany),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
