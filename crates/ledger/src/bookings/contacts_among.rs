//! Tells where the buyers of some bookings can be reached.

use domain::contact::Contact;
use domain::id::BookingId;

use crate::bookings::confirmed_among::CONFIRMED_AMONG_MAX;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::rows;

const STEP: &str = "contacts_among";
const STATEMENT: &str = "SELECT booking_id, contact FROM boxoffice.contacts_among($1::text[])";

/// The contacts of those of `bookings` that have one, for Redis, which keeps them beside the holds.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`CONFIRMED_AMONG_MAX`] bookings; see [`Error`].
pub async fn contacts_among<D: Database>(
    database: &D,
    bookings: &[BookingId],
) -> Result<Vec<(BookingId, Contact)>, Error> {
    if bookings.len() > CONFIRMED_AMONG_MAX {
        return Err(Error::TooMany { step: STEP, limit: CONFIRMED_AMONG_MAX });
    }
    if bookings.is_empty() {
        return Ok(Vec::new());
    }
    let ids = bookings.iter().map(ToString::to_string).collect();
    rows(database, STEP, STATEMENT, vec![Value::Texts(ids)])
        .await?
        .map(|mut row| Ok((row.parsed()?, Contact::from_text(&row.text()?))))
        .collect()
}
