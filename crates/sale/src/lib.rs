//! The steps that need both stores: Redis, which decides fast, and Postgres, which decides finally.
//!
//! Generic over the two: the components bring Spin's connections, tests bring native ones. Times
//! come from the stores; the clock here only spaces out lines in the log.
//!
//! Areas import one another in one direction: `events`, `queue`, `bookings`, `payments`, `audit`,
//! `worker`, each from those before it. `cargo xtask tidy` checks it.
//!
//! # Layout
//!
//! [`Stores`] are the two stores, and how long a call of Redis may take. Then one folder per area,
//! the same areas as in every layer (`events`, `queue`, `bookings`, `payments`, `audit`, `worker`),
//! and in it one file per step.

#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod audit;
mod best_effort;
mod bookings;
mod events;
mod payments;
mod queue;
mod stores;
mod throttled_log;
mod worker;

pub use audit::*;
pub use bookings::*;
pub use events::*;
pub use payments::*;
pub use queue::*;
pub use stores::{Error, Stores};
pub use throttled_log::log_failure;
pub use worker::*;
