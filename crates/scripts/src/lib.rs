//! Typed calls of the Lua scripts, the only code that touches an event's keys in Redis.
//!
//! One script is one atomic step (`lua/verb_noun.lua`), one file here calls it: a request, the
//! outcomes, the call. Words and positions of replies are read here and nowhere else. Every script
//! is idempotent for its booking, user or entry, so a call whose outcome is unknown can be made
//! again.
//!
//! # Layout
//!
//! One folder per area, the same areas as in every layer (`events`, `queue`, `bookings`, `audit`),
//! and `requests` for what belongs to no event: idempotency keys and rates. Beside them:
//!
//! - [`keys`]: the names of all keys.
//! - [`registry`]: generated from `lua/` by the build script: each script with its keys.
//! - `call`: runs a script and reads its reply by index.

#![warn(missing_docs)]
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

mod audit;
mod bookings;
mod call;
mod error;
mod events;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod keys;
mod queue;
pub mod registry;
mod requests;

pub use audit::*;
pub use bookings::*;
pub use error::Error;
pub use events::*;
pub use queue::*;
pub use requests::*;
