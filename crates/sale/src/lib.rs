//! The steps that need both stores: Redis, which decides fast, and Postgres, which decides finally.
//!
//! Generic over the two: the components bring Spin's connections, tests bring native ones. There is
//! no clock here; times come from the stores.
//!
//! # Layout
//!
//! - [`Stores`]: the two stores, and how long a call of Redis may take.
//! - [`open_event()`], [`opened`], [`rebuild_event()`], [`apply_settings`], [`add_sections`]: an
//!   event in Redis, built from Postgres when it is not there.
//! - [`join_queue`], [`find_place`], [`watch_place`], [`leave_queue`]: a place in the queue, with
//!   its receipt. [`draw_line`], [`admit_users`]: the order of the line, and who is let in.
//! - [`find_booking`], [`release_booking`], [`confirm_sale`], [`settle_payment`],
//!   [`cancel_booking`]: the life of a booking after the seats are held. [`booking_facts`]: what
//!   Postgres is told of it.
//! - [`cancel_event`]: an event that does not take place.
//! - [`drain_journal`], [`drain_for_user`]: what Redis did reaches Postgres.
//! - [`audit_event()`], [`audit_totals`]: Redis and Postgres compared, and Redis mended.
//! - [`record_event()`]: what the provider tells; [`collect_missed_events()`]: what it told in
//!   vain.
//! - [`expire_due_holds`], [`run_sagas`], [`notify()`], [`tick()`]: the work of every second.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

mod add_sections;
mod admit_users;
mod apply_settings;
mod audit_event;
mod backoff;
mod booking_facts;
mod cancel_booking;
mod cancel_event;
mod collect_missed_events;
mod confirm_sale;
mod continue_payment;
mod drain_journal;
mod draw_line;
mod expire_due_holds;
mod find_booking;
mod notify;
mod open_event;
mod opened;
mod queue_place;
mod rebuild_event;
mod record_event;
mod release_booking;
mod run_sagas;
mod settle_payment;
mod stores;
mod tick;

pub use add_sections::add_sections;
pub use admit_users::admit_users;
pub use apply_settings::apply_settings;
pub use audit_event::{AuditMode, AuditReport, Difference, audit_event, audit_totals};
pub use booking_facts::booking_facts;
pub use cancel_booking::{CancelSaleOutcome, cancel_booking};
pub use cancel_event::{cancel_event, undo_cancelled_event};
pub use collect_missed_events::collect_missed_events;
pub use confirm_sale::{ConfirmSaleOutcome, confirm_sale};
pub use drain_journal::{Drained, drain_for_user, drain_journal};
pub use draw_line::{DrawOutcome, draw_line};
pub use expire_due_holds::expire_due_holds;
pub use find_booking::{FoundBooking, find_booking};
pub use notify::{Sink, notify};
pub use open_event::open_event;
pub use opened::{EventOutcome, opened};
pub use queue_place::{Receipt, find_place, join_queue, leave_queue, watch_place};
pub use rebuild_event::{RebuildOutcome, rebuild_event};
pub use record_event::record_event;
pub use release_booking::{ReleaseOutcome, release_booking};
pub use run_sagas::{Jobs, run_sagas};
pub use settle_payment::{SettleOutcome, settle_payment};
pub use stores::{Error, Stores};
pub use tick::{FailedJob, TickReport, tick};
