//! What a cancelled event still has to undo, in batches.

use domain::booking::Booking;
use domain::id::{BookingId, EventId};

use crate::bookings::booking::{BOOKING_COLUMNS, read_booking};
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::{one_row, rows};

/// Bookings cancelled, or holds ended, by one statement: each takes about a millisecond, and the
/// locks of a batch are held until its end.
pub const CANCEL_BATCH_MAX: u32 = 100;

const CANCEL: &str =
    "SELECT cancelled, remaining FROM boxoffice.cancel_event_bookings($1::text::uuid, $2::bigint)";
const END: &str = "SELECT ended FROM boxoffice.end_event_holds($1::text[])";

/// What a batch did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CancelledBatch {
    /// Bookings cancelled by this call.
    pub cancelled: u64,
    /// Whether confirmed bookings are left.
    pub more: bool,
}

/// Cancels up to [`CANCEL_BATCH_MAX`] confirmed bookings of a cancelled event, each as
/// [`crate::cancel_booking`] does. Of an event that is not cancelled, none.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_event_bookings<D: Database>(
    database: &D,
    event: EventId,
) -> Result<CancelledBatch, Error> {
    let parameters = vec![event.to_string().into(), CANCEL_BATCH_MAX.into()];
    let mut row = one_row(database, "cancel_event_bookings", CANCEL, parameters).await?;
    Ok(CancelledBatch { cancelled: row.count()?, more: row.integer()? > 0 })
}

/// Holds of `event` that nobody has resolved, up to [`CANCEL_BATCH_MAX`], as far as the journal was
/// drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn event_holds<D: Database>(database: &D, event: EventId) -> Result<Vec<Booking>, Error> {
    let statement =
        format!("SELECT {BOOKING_COLUMNS} FROM boxoffice.event_holds($1::text::uuid, $2::bigint)");
    let parameters = vec![event.to_string().into(), CANCEL_BATCH_MAX.into()];
    rows(database, "event_holds", &statement, parameters)
        .await?
        .map(|mut row| read_booking(&mut row))
        .collect()
}

/// Ends holds for good: they read as released. Those that were resolved meanwhile stay as they
/// are. Returns how many this call ended.
///
/// # Errors
///
/// [`Error::TooMany`] for more than [`CANCEL_BATCH_MAX`]; see [`Error`].
pub async fn end_event_holds<D: Database>(
    database: &D,
    bookings: &[BookingId],
) -> Result<u64, Error> {
    const STEP: &str = "end_event_holds";
    if bookings.len() > CANCEL_BATCH_MAX as usize {
        return Err(Error::TooMany { step: STEP, limit: CANCEL_BATCH_MAX as usize });
    }
    let ids = bookings.iter().map(ToString::to_string).collect();
    one_row(database, STEP, END, vec![Value::Texts(ids)]).await?.count()
}
