//! Lists the bookings of a user, newest first.

use domain::booking::Booking;
use domain::id::{BookingId, UserId};

use crate::PAGE_ROWS_MAX;
use crate::bookings::booking::Document;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT document FROM boxoffice.own_bookings(\
     $1::text::uuid, $2::bigint, $3::bigint, $4::text)";

/// Whose bookings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListBookings<'a> {
    /// The owner.
    pub user: UserId,
    /// Rows of the page: 1 to [`PAGE_ROWS_MAX`]; anything else is brought into that range.
    pub limit: u32,
    /// [`BookingPage::next_cursor`] of the page before; `None` for the first page.
    pub cursor: Option<&'a str>,
}

/// A page of bookings, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingPage {
    /// The bookings.
    pub bookings: Vec<Booking>,
    /// Where the next page begins; `None` on the last page.
    pub next_cursor: Option<String>,
}

/// Lists the bookings of a user, newest first. A hold appears here once the journal is drained.
///
/// # Errors
///
/// [`Error::InvalidCursor`] when the cursor is not ours; see [`Error`].
pub async fn list_bookings<D: Database>(
    database: &D,
    request: &ListBookings<'_>,
) -> Result<BookingPage, Error> {
    let before = request.cursor.map(read_cursor).transpose()?;
    let limit = request.limit.clamp(1, PAGE_ROWS_MAX);
    let parameters = vec![
        request.user.to_string().into(),
        // One row more than the page tells whether there is a next one.
        limit.saturating_add(1).into(),
        Value::from(before.map(|(created_at_ms, _)| created_at_ms)),
        Value::from(before.map(|(_, booking)| booking.to_string())),
    ];
    let mut bookings = rows(database, "own_bookings", STATEMENT, parameters)
        .await?
        .map(|mut row| row.document().map(Document::into_booking))
        .collect::<Result<Vec<_>, _>>()?;
    let more = bookings.len() > limit as usize;
    bookings.truncate(limit as usize);
    let next_cursor = bookings.last().filter(|_| more).map(cursor_after);
    Ok(BookingPage { bookings, next_cursor })
}

/// `<created ms>.<booking>`: the place of a booking in its owner's list.
fn cursor_after(booking: &Booking) -> String {
    format!("{}.{}", booking.created_at.unix_ms(), booking.booking_id)
}

fn read_cursor(cursor: &str) -> Result<(i64, BookingId), Error> {
    let (created_at_ms, booking) = cursor.split_once('.').ok_or(Error::InvalidCursor)?;
    let booking = booking.parse().map_err(|_| Error::InvalidCursor)?;
    let created_at_ms: i64 = created_at_ms.parse().map_err(|_| Error::InvalidCursor)?;
    // Out of this range Postgres has no timestamp for it.
    let in_range = domain::time::Instant::from_unix_ms(created_at_ms).unix_ms() == created_at_ms;
    if in_range { Ok((created_at_ms, booking)) } else { Err(Error::InvalidCursor) }
}
