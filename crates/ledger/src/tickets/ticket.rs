//! A ticket as the functions of the ledger give it.

use domain::id::{BookingId, EventId};
use domain::seat::Seat;
use domain::section::SectionName;
use domain::ticket::{Ticket, TicketId, TicketStatus};
use domain::time::Instant;
use serde::Deserialize;

/// A ticket in a document: instants are milliseconds there.
#[derive(Deserialize)]
pub(crate) struct TicketDocument {
    ticket_id: TicketId,
    booking_id: BookingId,
    event_id: EventId,
    section: SectionName,
    seat: Option<Seat>,
    status: TicketStatus,
    holder: Option<String>,
    price: i64,
    currency: String,
    used_at_ms: Option<i64>,
    used_gate: Option<String>,
}

impl From<TicketDocument> for Ticket {
    fn from(document: TicketDocument) -> Self {
        let TicketDocument { ticket_id, booking_id, event_id, section, seat, status, .. } =
            document;
        let TicketDocument { holder, price, currency, used_at_ms, used_gate, .. } = document;
        let used_at = used_at_ms.map(Instant::from_unix_ms);
        Self {
            ticket_id,
            booking_id,
            event_id,
            section,
            seat,
            status,
            holder,
            price,
            currency,
            used_at,
            used_gate,
        }
    }
}
