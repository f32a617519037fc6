//! The ledger: what Postgres decides, and it decides finally.
//!
//! A *sale* exists when one statement of this crate has committed it. Redis answers faster, but it
//! can lose an acknowledged write in a failover; the primary key on (event, seat) cannot.
//!
//! # One statement per step
//!
//! Each business step is one call of one SQL function of the schema `boxoffice`
//! (`infra/postgres/migrations`), so it commits or fails as a whole. There is no `BEGIN` anywhere:
//! Spin's connection pool does not roll back, so a guest that stops between `BEGIN` and `COMMIT`
//! would hand its open transaction to the next request.
//!
//! Every step may be repeated when its outcome is unknown (a lost reply, a deadline): a second call
//! with the same arguments changes nothing and says what already happened. The loser of a race
//! gets an outcome, never an error.
//!
//! # Types
//!
//! Spin's client binds parameters with exactly the type that Postgres infers and cannot read
//! `timestamptz`, `uuid` or `json`. So statements cast every parameter (`$1::text::uuid`), rows
//! carry only text, bigint and boolean, and documents travel as JSON text.
//!
//! # Layout
//!
//! [`Database`] is the one thing a caller provides. Then one file per step, each with its request,
//! its outcome and its statement:
//!
//! - events: [`create_event`], [`find_event`], [`list_events`], [`update_event`],
//!   [`add_sections`], [`cancel_event`], [`mark_sold_out`]
//! - opening an event in Redis: [`active_events`], [`event_to_open`], [`next_generation`]
//! - bookings: [`drain_journal`], [`confirm_booking`], [`confirmed_among`], [`find_booking`],
//!   [`list_bookings`], [`expire_stale_bookings`]
//! - payments: [`record_provider_event`], [`finish_provider_event`], [`pending_provider_events`]
//! - health: [`ping`]

mod active_events;
mod add_sections;
mod booking;
mod cancel_event;
mod confirm_booking;
mod confirmed_among;
mod create_event;
mod database;
mod drain_journal;
mod error;
mod event;
mod event_to_open;
mod expire_stale_bookings;
mod find_booking;
mod find_event;
mod finish_provider_event;
mod list_bookings;
mod list_events;
mod mark_sold_out;
mod next_generation;
mod pending_provider_events;
mod ping;
mod record_provider_event;
mod row;
mod update_event;

pub use active_events::{ACTIVE_EVENTS_MAX, active_events};
pub use add_sections::{AddSectionsOutcome, add_sections};
pub use booking::BookingFacts;
pub use cancel_event::cancel_event;
pub use confirm_booking::{ConfirmBooking, ConfirmOutcome, confirm_booking};
pub use confirmed_among::{CONFIRMED_AMONG_MAX, confirmed_among};
pub use create_event::{CreateEvent, CreateEventOutcome, Idempotency, create_event};
pub use database::{Database, DatabaseError, Value};
pub use drain_journal::{DRAIN_ENTRIES_MAX, DrainEntry, DrainKind, Drained, drain_journal};
pub use error::Error;
pub use event::StoredEvent;
pub use event_to_open::{EventToOpen, SoldPlaces, event_to_open};
pub use expire_stale_bookings::{EXPIRE_STALE_MAX, expire_stale_bookings};
pub use find_booking::find_booking;
pub use find_event::find_event;
pub use finish_provider_event::finish_provider_event;
pub use list_bookings::{BookingPage, ListBookings, list_bookings};
pub use list_events::{EventPage, ListEvents, list_events};
pub use mark_sold_out::mark_sold_out;
pub use next_generation::next_generation;
pub use pending_provider_events::{
    PENDING_PROVIDER_EVENTS_MAX, PendingProviderEvent, pending_provider_events,
};
pub use ping::{Ping, ping};
pub use record_provider_event::{ProviderEventState, RecordProviderEvent, record_provider_event};
pub use update_event::{UpdateEventOutcome, update_event};

/// Rows of a page at most, for events and for bookings.
///
/// An event is a few kilobytes (64 sections), so a page stays below half a megabyte.
pub const PAGE_ROWS_MAX: u32 = 100;
