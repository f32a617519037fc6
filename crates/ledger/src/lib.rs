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
//! - opening an event in Redis: [`active_events`], [`events_to_serve`], [`lease_rebuild`],
//!   [`begin_rebuild`], [`bookings_to_restore`], [`finish_rebuild`]
//! - the queue: [`grant_numbers`], [`checkpoint_queue`], [`leave_queue`], [`place_is_spent`],
//!   [`fix_draw`], [`find_draw`]
//! - bookings: [`drain_journal`], [`confirm_booking`], [`release_booking`], [`cancel_booking`],
//!   [`confirmed_among`], [`find_booking`], [`list_bookings`], [`expire_stale_bookings`]
//! - payments: [`record_payment`], [`record_provider_event`], [`raise_payment`], [`find_payment`],
//!   [`canceled_payments`], [`open_payments_among`], [`give_back_payment`], [`withdraw_sale`],
//!   [`begin_refund`], [`note_refund`]
//! - events that no webhook brought: [`claim_event_lists`], [`note_event_list`],
//!   [`unrecorded_events`]
//! - what is continued later: [`claim_due_sagas`], [`note_saga`], [`list_sagas`], [`retry_saga`];
//!   of a cancelled event [`cancel_event_bookings`], [`event_holds`], [`end_event_holds`]
//! - messages to others: [`claim_due_messages`], [`note_delivered`], [`note_undelivered`]
//! - audits: [`events_to_audit`], [`audit_facts`], [`sold_bookings`], [`compare_holds`],
//!   [`expire_lost_holds`], [`count_audit`], [`read_audit_totals`]
//! - health: [`ping`], [`open_work`]

mod active_events;
mod add_sections;
mod audit_facts;
mod audit_totals;
mod begin_rebuild;
mod booking;
mod bookings_to_restore;
mod cancel_booking;
mod cancel_event;
mod cancel_event_bookings;
mod canceled_payments;
mod checkpoint_queue;
mod claim_due_sagas;
mod compare_holds;
mod confirm_booking;
mod confirmed_among;
mod create_event;
mod database;
mod drain_journal;
mod error;
mod event;
mod events_to_audit;
mod events_to_serve;
mod expire_stale_bookings;
mod find_booking;
mod find_draw;
mod find_event;
mod find_payment;
mod finish_rebuild;
mod fix_draw;
mod give_back_payment;
mod grant_numbers;
mod lease_rebuild;
mod leave_queue;
mod list_bookings;
mod list_events;
mod list_sagas;
mod mark_sold_out;
mod missed_events;
mod note_saga;
mod open_payments_among;
mod open_work;
mod outbox;
mod payment;
mod ping;
mod place_is_spent;
mod raise_payment;
mod record_payment;
mod record_provider_event;
mod refund;
mod release_booking;
mod retry_saga;
mod row;
mod saga;
mod sold_bookings;
mod update_event;
mod withdraw_sale;

pub use active_events::{ACTIVE_EVENTS_MAX, active_events};
pub use add_sections::{AddSectionsOutcome, add_sections};
pub use audit_facts::{AuditFacts, audit_facts};
pub use audit_totals::{AuditCounts, AuditTotals, count_audit, read_audit_totals};
pub use begin_rebuild::{Rebuild, begin_rebuild};
pub use booking::BookingFacts;
pub use bookings_to_restore::{RESTORE_PAGE_MAX, RestoreKind, bookings_to_restore};
pub use cancel_booking::{CancelBookingOutcome, cancel_booking};
pub use cancel_event::cancel_event;
pub use cancel_event_bookings::{
    CANCEL_BATCH_MAX, CancelledBatch, cancel_event_bookings, end_event_holds, event_holds,
};
pub use canceled_payments::canceled_payments;
pub use checkpoint_queue::checkpoint_queue;
pub use claim_due_sagas::{DueSaga, SAGA_LEASE_MS, claim_due_sagas};
pub use compare_holds::{
    HOLDS_COMPARED_MAX, HoldDifferences, KnownHolds, LOST_HOLDS_MAX, compare_holds,
    expire_lost_holds,
};
pub use confirm_booking::{ConfirmBooking, ConfirmOutcome, confirm_booking};
pub use confirmed_among::{CONFIRMED_AMONG_MAX, confirmed_among};
pub use create_event::{CreateEvent, CreateEventOutcome, Idempotency, create_event};
pub use database::{Database, DatabaseError, Value};
pub use drain_journal::{DRAIN_ENTRIES_MAX, DrainEntry, DrainKind, Drained, drain_journal};
pub use error::Error;
pub use event::StoredEvent;
pub use events_to_audit::events_to_audit;
pub use events_to_serve::{EVENTS_SERVED_MAX, events_to_serve};
pub use expire_stale_bookings::{EXPIRE_STALE_MAX, expire_stale_bookings};
pub use find_booking::find_booking;
pub use find_draw::{Drawn, PublishedDraw, find_draw};
pub use find_event::find_event;
pub use find_payment::find_payment;
pub use finish_rebuild::finish_rebuild;
pub use fix_draw::fix_draw;
pub use give_back_payment::give_back_payment;
pub use grant_numbers::{NUMBERS_GRANTED, NumberBlock, grant_numbers};
pub use lease_rebuild::{LeaseOutcome, REBUILD_LEASE_MS, lease_rebuild};
pub use leave_queue::leave_queue;
pub use list_bookings::{BookingPage, ListBookings, list_bookings};
pub use list_events::{EventPage, ListEvents, list_events};
pub use list_sagas::{ListSagas, SagaPage, list_sagas};
pub use mark_sold_out::mark_sold_out;
pub use missed_events::{
    DueEventList, EventList, UNRECORDED_MAX, claim_event_lists, note_event_list, unrecorded_events,
};
pub use note_saga::{SagaProgress, note_saga};
pub use open_payments_among::open_payments_among;
pub use open_work::{OpenWork, open_work};
pub use outbox::{
    DueMessage, MESSAGE_LEASE_MS, claim_due_messages, note_delivered, note_undelivered,
};
pub use payment::StoredPayment;
pub use ping::{Ping, ping};
pub use place_is_spent::place_is_spent;
pub use raise_payment::raise_payment;
pub use record_payment::{RecordPayment, RecordPaymentOutcome, record_payment};
pub use record_provider_event::{
    EventEffect, RecordProviderEvent, RecordedEvent, record_provider_event,
};
pub use refund::{begin_refund, note_refund};
pub use release_booking::{ReleaseBookingOutcome, release_booking};
pub use retry_saga::retry_saga;
pub use saga::{Saga, SagaKind, SagaStatus};
pub use sold_bookings::{SOLD_PAGE_MAX, SoldBooking, sold_bookings};
pub use update_event::{UpdateEventOutcome, update_event};
pub use withdraw_sale::withdraw_sale;

/// Rows of a page at most, for events and for bookings.
///
/// An event is a few kilobytes (64 sections), so a page stays below half a megabyte.
pub const PAGE_ROWS_MAX: u32 = 100;
