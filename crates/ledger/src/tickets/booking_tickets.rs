//! Reads the tickets of a booking.

use domain::booking::BookingStatus;
use domain::id::{BookingId, UserId};
use domain::ticket::Ticket;

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;
use crate::tickets::ticket::TicketDocument;

const STATEMENT: &str = "SELECT user_id, status, ticket FROM boxoffice.booking_tickets($1::text)";

/// A booking, as far as its tickets are concerned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookingTickets {
    /// Its owner.
    pub user: UserId,
    /// Where it stands.
    pub status: BookingStatus,
    /// Its tickets in the order of the hall, cancelled ones among them. None before its sale.
    pub tickets: Vec<Ticket>,
}

/// Reads the tickets of a booking; `None` when the ledger does not have it. A hold appears there
/// once the journal is drained.
///
/// # Errors
///
/// See [`Error`].
pub async fn booking_tickets<D: Database>(
    database: &D,
    booking: BookingId,
) -> Result<Option<BookingTickets>, Error> {
    let parameters = vec![booking.to_string().into()];
    let mut found: Option<BookingTickets> = None;
    for mut row in rows(database, "booking_tickets", STATEMENT, parameters).await? {
        let (user, status) = (row.parsed()?, row.parsed()?);
        let ticket: Option<TicketDocument> = row.optional_document()?;
        let found = found.get_or_insert(BookingTickets { user, status, tickets: Vec::new() });
        found.tickets.extend(ticket.map(Ticket::from));
    }
    if let Some(found) = &mut found {
        // The order of the hall (2 before 12), and of what was cancelled last of a unit.
        found.tickets.sort_by(|one, other| one.seat.cmp(&other.seat));
    }
    Ok(found)
}
