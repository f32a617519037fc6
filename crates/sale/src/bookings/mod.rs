//! A booking: its seats held, confirmed, released, expired, cancelled, given up in part.

pub(crate) mod cancel_booking;
pub(crate) mod confirm_sale;
mod expire_due_holds;
mod extend_booking;
pub(crate) mod find_booking;
mod give_up_part;
pub(crate) mod marks;
mod release_booking;
mod reserve_seats;
mod seated_sections;
mod watch_seats;

pub use cancel_booking::{CancelSaleOutcome, cancel_booking};
pub use confirm_sale::{ConfirmSaleOutcome, confirm_sale};
pub use expire_due_holds::expire_due_holds;
pub use extend_booking::{ExtendBookingOutcome, extend_booking};
pub use find_booking::{FoundBooking, find_booking};
pub use give_up_part::{GiveUpOutcome, give_up_part};
pub use release_booking::{ReleaseOutcome, release_booking};
pub use reserve_seats::{ReserveSeats, reserve_seats};
pub use watch_seats::{SeatsToFollow, watch_seats};
