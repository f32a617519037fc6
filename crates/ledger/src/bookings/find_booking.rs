//! Reads one booking.

use domain::booking::Booking;
use domain::id::BookingId;

use crate::bookings::booking::Document;
use crate::database::Database;
use crate::error::Error;
use crate::row::rows;

const STATEMENT: &str = "SELECT document FROM boxoffice.read_booking($1::text)";

/// Reads one booking; `None` when there is none. A hold appears here once the journal is drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_booking<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<Option<Booking>, Error> {
    let mut found =
        rows(database, "read_booking", STATEMENT, vec![booking.to_string().into()]).await?;
    let document: Option<Document> = found.next().map(|mut row| row.document()).transpose()?;
    Ok(document.map(Document::into_booking))
}
