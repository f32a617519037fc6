//! Reads one ticket.

use domain::id::UserId;
use domain::ticket::{Ticket, TicketId};

use crate::database::Database;
use crate::error::Error;
use crate::row::rows;
use crate::tickets::ticket::TicketDocument;

const STATEMENT: &str = "SELECT user_id, ticket FROM boxoffice.find_ticket($1::text)";

/// A ticket and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedTicket {
    /// The owner of its booking.
    pub user: UserId,
    /// The ticket.
    pub ticket: Ticket,
}

/// Reads one ticket; `None` when there is none. A cancelled one is found.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_ticket<D: Database>(
    database: &D,
    ticket: &TicketId,
) -> Result<Option<OwnedTicket>, Error> {
    let mut found = rows(database, "find_ticket", STATEMENT, vec![ticket.as_str().into()]).await?;
    let Some(mut row) = found.next() else { return Ok(None) };
    let user = row.parsed()?;
    let ticket: TicketDocument = row.document()?;
    Ok(Some(OwnedTicket { user, ticket: ticket.into() }))
}
