//! Bookings: from the journal of holds to the sale, and what ends them.

pub(crate) mod booking;
mod bookings_of_mailbox;
mod cancel_booking;
mod confirm_booking;
pub(crate) mod confirmed_among;
mod contacts_among;
mod drain_journal;
mod event_bookings;
mod expire_stale_bookings;
mod find_booking;
mod give_up_part;
mod list_bookings;
mod release_booking;
mod request_lookup;
mod set_contact;
mod sold_places;

pub use bookings_of_mailbox::{MailboxBooking, bookings_of_mailbox};
pub use cancel_booking::{CancelBookingOutcome, cancel_booking};
pub use confirm_booking::{ConfirmBooking, ConfirmOutcome, confirm_booking};
pub use confirmed_among::{CONFIRMED_AMONG_MAX, confirmed_among};
pub use contacts_among::contacts_among;
pub use drain_journal::{DRAIN_ENTRIES_MAX, drain_journal};
pub use event_bookings::{
    BookingFilter, EVENT_BOOKINGS_MAX, EventBooking, EventBookingPage, ListEventBookings,
    event_bookings,
};
pub use expire_stale_bookings::{EXPIRE_STALE_MAX, expire_stale_bookings};
pub use find_booking::find_booking;
pub use give_up_part::{GiveUpPart, GiveUpPartOutcome, give_up_part};
pub use list_bookings::{BookingPage, ListBookings, list_bookings};
pub use release_booking::{ReleaseBookingOutcome, release_booking};
pub use request_lookup::request_lookup;
pub use set_contact::set_contact;
pub use sold_places::{SoldPlaces, sold_places};
