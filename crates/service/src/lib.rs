//! The use cases that routes and pages share: without Spin, without requests and replies.
//!
//! Each takes the stores, the settings and the time as arguments, and returns a value or a
//! [`Refusal`]: a code of the contract with what a client needs to know.
//!
//! # Layout
//!
//! - [`joining`]: into the queue of an event. [`place`]: what its fan is told of a place.
//! - [`booking`]: one booking as its owner and the organiser see it, and its ends.
//!   [`reserving`]: why seats are not held.
//! - [`bookings_csv`]: the bookings of an event for a spreadsheet.
//! - [`tickets`]: those of a booking, or one, with its signed code. [`door`]: who may let in, and
//!   which ticket is shown.
//! - [`identity`]: guests and their tokens.
//! - [`refusal`]: why a use case has no result.

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

pub mod booking;
pub mod bookings_csv;
pub mod door;
pub mod identity;
pub mod joining;
pub mod place;
pub mod refusal;
pub mod reserving;
pub mod tickets;

pub use booking::Caller;
pub use refusal::Refusal;
