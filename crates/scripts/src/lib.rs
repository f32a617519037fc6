//! Typed calls of the Lua scripts, the only code that touches an event's keys in Redis.
//!
//! One script is one atomic step (`lua/verb_noun.lua`), one file here calls it: a request, the
//! outcomes, the call. Words and positions of replies are read here and nowhere else. Every script
//! is idempotent for its booking, user or entry, so a call whose outcome is unknown can be made
//! again.
//!
//! # Layout
//!
//! - [`keys`]: the names of all keys. [`Hold`]: the record of a hold. [`EventSettings`]: what an
//!   event's scripts decide by.
//! - The event: [`open_event`], [`read_building`], [`restore_bookings`], [`finish_opening`] (a
//!   lost one comes back),
//!   [`retire_event`], [`update_event`], [`add_sections`], [`read_event`], [`read_map`].
//! - The queue: [`join_queue`], [`read_place`], [`leave_queue`], [`read_queue`], [`admit_users`].
//! - The draw among those who joined before the opening: [`begin_draw`], [`draw_places`].
//! - Watching the queue: [`watch_place`], [`read_feed`], [`peek_feed`],
//!   [`newest_serial`].
//! - Bookings: [`reserve_seats`], [`read_booking`], [`pin_hold`], [`confirm_booking`],
//!   [`release_seats`], [`cancel_booking`], [`list_due_holds`], [`expire_holds`],
//!   [`holds_a_ticket`].
//! - The journal, from which the ledger learns of holds: [`read_journal`], [`trim_journal`].
//! - Audits: [`scan_holders`] and its sisters, [`Repair`].
//! - Idempotency: [`begin_request`], [`finish_request`], [`sweep_answers`].
//! - [`limit_rate`]: how often somebody may ask; the only key that belongs to no event.
//! - `call`: keys are counted against the script's header, replies are read by index.
//!   [`registry`]: generated from `lua/` by the build script.

#![cfg_attr(
    not(any(test, fuzzing)),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod add_sections;
mod admit_users;
mod begin_draw;
mod begin_request;
mod call;
mod cancel_booking;
mod confirm_booking;
mod draw_places;
mod error;
mod expire_holds;
mod finish_opening;
mod finish_request;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod holds_a_ticket;
mod idempotency;
mod join_queue;
pub mod keys;
mod leave_queue;
mod limit_rate;
mod list_due_holds;
mod open_event;
mod pin_hold;
mod place;
mod read_booking;
mod read_building;
mod read_event;
mod read_feed;
mod read_journal;
mod read_map;
mod read_place;
mod read_queue;
mod record;
pub mod registry;
mod release_seats;
mod repair;
mod reserve_seats;
mod restore_bookings;
mod retire_event;
mod scan;
mod see_users;
mod settings;
mod sweep_absent;
mod sweep_answers;
mod trim_journal;
mod update_event;
mod watch_place;

pub use add_sections::{AddSectionsOutcome, add_sections};
pub use admit_users::{AdmitMode, AdmitOutcome, AdmitUsers, admit_users};
pub use begin_draw::{BeginDrawOutcome, begin_draw};
pub use begin_request::{BeginOutcome, BeginRequest, begin_request};
pub use cancel_booking::{CancelOutcome, cancel_booking};
pub use confirm_booking::{ConfirmBooking, ConfirmOutcome, confirm_booking};
pub use draw_places::{DrawPlacesOutcome, DrawnPlace, draw_places};
pub use error::Error;
pub use expire_holds::{ExpireHolds, ExpireOutcome, expire_holds};
pub use finish_opening::{FinishOpening, FinishOpeningOutcome, finish_opening};
pub use finish_request::{Answer, FinishOutcome, FinishRequest, finish_request};
pub use holds_a_ticket::holds_a_ticket;
pub use idempotency::Idempotency;
pub use join_queue::{
    AddressCap, JoinOutcome, JoinQueue, NumberBlock, ShownProof, ShownReceipt, join_queue,
    join_queue_words,
};
pub use leave_queue::{LeaveOutcome, leave_queue};
pub use limit_rate::{LimitRate, RateVerdict, limit_rate};
pub use list_due_holds::{DUE_HOLDS_MAX, DueHolds, list_due_holds};
pub use open_event::{OpenEvent, OpenOutcome, Opening, open_event};
pub use pin_hold::{PinHold, PinOutcome, pin_hold};
pub use place::{Pass, PlaceOutcome, QueuePlace};
pub use read_booking::{BookingOutcome, read_booking};
pub use read_building::{Building, read_building};
pub use read_event::{EventOutcome, EventState, PlaceCounts, read_event};
pub use read_feed::{newest_serial, peek_feed, read_feed};
pub use read_journal::{JournalEntry, JournalKind, read_journal};
pub use read_map::read_map;
pub use read_place::read_place;
pub use read_queue::{QueueOutcome, QueueState, read_queue};
pub use record::{Hold, HoldState, InvalidHold};
pub use release_seats::{ReleaseOutcome, ReleaseReason, ReleaseSeats, release_seats};
pub use repair::{
    ENTRIES_REPAIRED_MAX, HOLDS_REPAIRED_MAX, PLACES_REPAIRED_MAX, PlaceRepair, Repair,
    RepairedHolds,
};
pub use reserve_seats::{Choice, PresentedPass, ReserveOutcome, ReserveSeats, reserve_seats};
pub use restore_bookings::{RESTORED_MAX, RestoreBookings, RestoreOutcome, restore_bookings};
pub use retire_event::{RetireOutcome, retire_event};
pub use scan::{scan_bookings, scan_buyers, scan_expiry, scan_holders, scan_resolved};
pub use see_users::{SEEN_AT_ONCE_MAX, see_users, see_users_alone};
pub use settings::{EventSettings, SaleRules};
pub use sweep_absent::{SWEPT_AT_ONCE_MAX, sweep_absent};
pub use sweep_answers::sweep_answers;
pub use trim_journal::trim_journal;
pub use update_event::{EventUpdate, UpdateOutcome, update_event};
pub use watch_place::{WatchedPlace, watch_place};
