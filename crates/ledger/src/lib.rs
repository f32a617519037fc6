//! The ledger: what Postgres decides, and it decides finally.
//!
//! A *sale* exists when one statement of this crate has committed it. Redis answers faster, but it
//! can lose an acknowledged write in a failover; the primary key on (event, seat) cannot.
//!
//! # One statement per step
//!
//! Each business step is one call of one SQL function of the schema `boxoffice`
//! (`infra/postgres/functions/<area>/<step>.sql`), so it commits or fails as a whole. There is no
//! `BEGIN` anywhere: Spin's connection pool does not roll back, so a guest that stops between
//! `BEGIN` and `COMMIT` would hand its open transaction to the next request.
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
//! [`Database`] is the one thing a caller provides. Then one folder per area, the same areas as in
//! every layer (`events`, `queue`, `bookings`, `tickets`, `payments`, `people`, `audit`, `worker`),
//! and in it one file per step, with its request, its outcome and its statement. [`ping`] belongs
//! to no area.

#![warn(missing_docs)]

mod audit;
mod bookings;
mod database;
mod error;
mod events;
mod payments;
mod people;
mod ping;
mod queue;
mod row;
mod tickets;
mod worker;

pub use audit::*;
pub use bookings::*;
pub use database::{Database, DatabaseError, Value};
pub use error::Error;
pub use events::*;
pub use payments::*;
pub use people::*;
pub use ping::{Ping, ping};
pub use queue::*;
pub use tickets::*;
pub use worker::*;

/// Rows of a page at most, for events and for bookings.
///
/// An event is a few kilobytes (64 sections), so a page stays below half a megabyte.
pub const PAGE_ROWS_MAX: u32 = 100;
