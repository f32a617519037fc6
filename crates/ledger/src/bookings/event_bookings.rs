//! Lists the bookings of an event, newest first.

use domain::booking::{Booking, BookingStatus};
use domain::id::{BookingId, EventId};
use domain::section::SectionName;
use domain::time::Instant;
use serde::{Deserialize, Serialize};

use crate::bookings::booking::Document;
use crate::database::{Database, Value};
use crate::error::Error;
use crate::row::rows;

/// Rows of a page at most: some 400 KB of JSON, read in a few milliseconds.
pub const EVENT_BOOKINGS_MAX: u32 = 1000;
/// Bookings that one page looks at: a filter that fits few of them costs no more than 50 ms at a
/// time. The page then has fewer rows than asked for, and the next one goes on.
const EXAMINED_MAX: u32 = 10_000;

const STATEMENT: &str = "SELECT page FROM boxoffice.event_bookings(\
     $1::text::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::bigint, \
     $9::bigint)";

/// Which bookings of an event; an empty filter fits all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingFilter {
    /// How they stand.
    pub status: Option<BookingStatus>,
    /// Their section.
    pub section: Option<SectionName>,
    /// The mailbox of their buyer, in any letter case.
    pub email: Option<String>,
    /// A part of id, name or mailbox, in any letter case.
    pub part: Option<String>,
}

/// What to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListEventBookings<'a> {
    /// The event.
    pub event: EventId,
    /// Which of its bookings.
    pub filter: &'a BookingFilter,
    /// Rows of the page: 1 to [`EVENT_BOOKINGS_MAX`]; anything else is brought into that range.
    pub limit: u32,
    /// [`EventBookingPage::next_cursor`] of the page before; `None` for the first page.
    pub cursor: Option<&'a str>,
}

/// A booking as an organiser sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventBooking {
    /// The booking.
    #[serde(flatten)]
    pub booking: Booking,
    /// When it was sold, by the clock of the ledger; also of one that was given up since.
    pub confirmed_at: Option<Instant>,
}

/// A page of bookings, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventBookingPage {
    /// The bookings; perhaps fewer than asked for, also on a page that is not the last.
    pub bookings: Vec<EventBooking>,
    /// Where the next page begins; `None` on the last page.
    pub next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct Page {
    bookings: Vec<Document>,
    /// The last booking that was looked at, when there may be more behind it.
    examined_to: Option<BookingId>,
}

/// Lists the bookings of an event, newest first; `None` without such an event. A hold appears here
/// once the journal is drained.
///
/// # Errors
///
/// [`Error::InvalidCursor`] when the cursor is not one of this event; see [`Error`].
pub async fn event_bookings<D: Database>(
    database: &D,
    request: &ListEventBookings<'_>,
) -> Result<Option<EventBookingPage>, Error> {
    let ListEventBookings { event, filter, .. } = *request;
    let (first, last) = BookingId::bounds(event);
    let before = match request.cursor {
        Some(cursor) => read_cursor(event, cursor)?,
        None => last,
    };
    let limit = request.limit.clamp(1, EVENT_BOOKINGS_MAX);
    let parameters = vec![
        event.to_string().into(),
        first.to_string().into(),
        before.to_string().into(),
        Value::from(filter.status.map(BookingStatus::as_str)),
        Value::from(filter.section.as_ref().map(SectionName::as_str)),
        Value::from(filter.email.as_deref()),
        Value::from(filter.part.as_deref()),
        // One row more than the page tells whether there is a next one.
        limit.saturating_add(1).into(),
        EXAMINED_MAX.into(),
    ];
    let mut found = rows(database, "event_bookings", STATEMENT, parameters).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    let Page { bookings, examined_to } = row.document()?;
    let mut bookings: Vec<EventBooking> = bookings.into_iter().map(event_booking).collect();
    let more = bookings.len() > limit as usize;
    bookings.truncate(limit as usize);
    let last = bookings.last().filter(|_| more).map(|last| last.booking.booking_id);
    let next_cursor = last.or(examined_to).map(|booking| booking.to_string());
    Ok(Some(EventBookingPage { bookings, next_cursor }))
}

fn event_booking(document: Document) -> EventBooking {
    let confirmed_at = document.confirmed_at();
    EventBooking { booking: document.into_booking(), confirmed_at }
}

/// A cursor is the last booking of the page before.
fn read_cursor(event: EventId, cursor: &str) -> Result<BookingId, Error> {
    let booking: BookingId = cursor.parse().map_err(|_| Error::InvalidCursor)?;
    if booking.event() == event { Ok(booking) } else { Err(Error::InvalidCursor) }
}
