//! Says who will come with a ticket.

use domain::id::UserId;
use domain::ticket::{Ticket, TicketId};

use crate::database::Database;
use crate::error::Error;
use crate::row::one_row;
use crate::tickets::ticket::TicketDocument;

const STATEMENT: &str = "SELECT outcome, ticket \
     FROM boxoffice.name_ticket_holder($1::text, $2::text::uuid, $3::text)";

/// What [`name_ticket_holder`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameHolderOutcome {
    /// The ticket with its holder.
    Named(Box<Ticket>),
    /// The ticket is cancelled; nothing was changed.
    Cancelled,
    /// There is no such ticket, or it is another buyer's.
    Missing,
}

/// Says who will come with a ticket, on behalf of its owner.
///
/// # Errors
///
/// See [`Error`].
pub async fn name_ticket_holder<D: Database>(
    database: &D,
    ticket: &TicketId,
    owner: UserId,
    holder: &str,
) -> Result<NameHolderOutcome, Error> {
    let parameters = vec![ticket.as_str().into(), owner.to_string().into(), holder.into()];
    let mut row = one_row(database, "name_ticket_holder", STATEMENT, parameters).await?;
    let outcome = row.text()?;
    match outcome.as_str() {
        "named" => {
            let ticket: TicketDocument = row.document()?;
            Ok(NameHolderOutcome::Named(Box::new(ticket.into())))
        }
        "cancelled" => Ok(NameHolderOutcome::Cancelled),
        "missing" => Ok(NameHolderOutcome::Missing),
        other => Err(row.unexpected(format!("outcome {other:?}"))),
    }
}
