//! Holds: made, pinned, sold and freed; the journal from which the ledger learns of them, and the
//! news for those who look at seats.

mod cancel_booking;
mod confirm_booking;
mod contacts;
mod expire_holds;
mod extend_hold;
mod list_due_holds;
mod own_events;
mod pin_hold;
mod read_booking;
pub(crate) mod read_journal;
mod read_seat_news;
pub(crate) mod record;
mod release_seats;
mod reserve_seats;
mod trim_journal;
mod watch_seats;

pub use cancel_booking::{CancelOutcome, cancel_booking, free_part};
pub use confirm_booking::{ConfirmBooking, ConfirmOutcome, confirm_booking};
pub use contacts::restore_contacts;
pub use expire_holds::{ExpireHolds, ExpireOutcome, expire_holds};
pub use extend_hold::{ExtendOutcome, extend_hold};
pub use list_due_holds::{DUE_HOLDS_MAX, DueHolds, list_due_holds};
pub use own_events::{OWN_EVENTS_MAX, note_own_event, own_events};
pub use pin_hold::{PinHold, PinOutcome, PinnedFor, pin_hold};
pub use read_booking::{BookingOutcome, read_booking};
pub use read_journal::{Journal, read_journal};
pub use read_seat_news::{SeatWatch, read_seat_news, renew_watch};
pub use record::{Hold, HoldState, InvalidHold};
pub use release_seats::{ReleaseOutcome, ReleaseReason, ReleaseSeats, release_seats};
pub use reserve_seats::{Choice, PresentedPass, ReserveOutcome, ReserveSeats, reserve_seats};
pub use trim_journal::trim_journal;
pub use watch_seats::{WatchSeatsOutcome, WatchedSeats, watch_seats};
