//! Tickets, and the door where they are shown. Redis has no part in it.

mod booking_tickets;
mod check_in;
mod checkin_counts;
mod checkin_manifest;
mod find_ticket;
mod name_ticket_holder;
mod ticket;

pub use booking_tickets::{BookingTickets, booking_tickets};
pub use check_in::{CheckIn, CheckInOutcome, ScanRequest, check_in};
pub use checkin_counts::{CheckInCounts, checkin_counts};
pub use checkin_manifest::{Manifest, checkin_manifest};
pub use find_ticket::{OwnedTicket, find_ticket};
pub use name_ticket_holder::{NameHolderOutcome, name_ticket_holder};
