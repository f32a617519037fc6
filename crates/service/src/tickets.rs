//! Tickets, as those who may see them do.
//!
//! Postgres alone decides. Redis is asked for one thing: whether a booking that Postgres does not
//! have yet is a hold. So tickets can be shown while Redis is down.

use cluster::Transport;
use domain::booking::BookingStatus;
use domain::code::Code;
use domain::id::BookingId;
use domain::ticket::{Ticket, TicketId};
use domain::token::{SigningKeys, TicketCode};
use ledger::{BookingTickets, Database, OwnedTicket};
use sale::Stores;
use serde::Serialize;

use crate::booking::{self, Caller};
use crate::refusal::Refusal;

/// A ticket with its code, which is all that the door needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SignedTicket {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// Its signed code.
    pub code: String,
}

impl SignedTicket {
    /// Signs the code of a ticket. The same ticket and key give the same code. That of a cancelled
    /// ticket is told too: it is no secret any more, and no door takes it.
    ///
    /// # Errors
    ///
    /// `internal` when it cannot be signed.
    pub fn of(keys: &SigningKeys, ticket: Ticket) -> Result<Self, Refusal> {
        let code = TicketCode {
            ticket: ticket.ticket_id.clone(),
            event: ticket.event_id,
            unit: ticket.unit(),
        };
        let code = code.sign(keys).map_err(|error| Refusal::internal(error.to_string()))?;
        Ok(Self { ticket, code })
    }
}

/// The tickets of a booking that the caller may see, cancelled ones among them.
///
/// # Errors
///
/// `booking_not_found` when it does not exist, and the same when it belongs to another buyer;
/// `booking_not_confirmed` before its sale, and when it came to none.
pub async fn of_booking<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    booking: BookingId,
    caller: Caller,
) -> Result<Vec<Ticket>, Refusal> {
    let Some(found) = ledger::booking_tickets(&stores.database, booking).await? else {
        // A hold that the journal has not brought to Postgres yet, or nothing at all.
        booking::visible(stores, booking, caller).await?;
        return Err(Refusal::of(Code::BookingNotConfirmed));
    };
    let BookingTickets { user, status, tickets } = found;
    if !caller.may_see(user) {
        return Err(Refusal::of(Code::BookingNotFound));
    }
    match status {
        BookingStatus::Confirmed | BookingStatus::Refunded | BookingStatus::Cancelled => {
            Ok(tickets)
        }
        BookingStatus::Reserved | BookingStatus::Released | BookingStatus::Expired => {
            Err(Refusal::of(Code::BookingNotConfirmed))
        }
    }
}

/// The ticket, if the caller may see it.
///
/// # Errors
///
/// `ticket_not_found` when it does not exist, and the same when it belongs to another buyer.
pub async fn visible<D: Database>(
    database: &D,
    ticket: &TicketId,
    caller: Caller,
) -> Result<Ticket, Refusal> {
    match ledger::find_ticket(database, ticket).await? {
        Some(OwnedTicket { user, ticket }) if caller.may_see(user) => Ok(ticket),
        _ => Err(Refusal::of(Code::TicketNotFound)),
    }
}
