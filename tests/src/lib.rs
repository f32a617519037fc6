//! The harness of the end-to-end tests: one running system, and people who use it over HTTP.
//!
//! A test opens the [`BoxOffice`], creates events and buyers of its own and talks in verbs.
//! Whatever the contract promises of every reply (request id, length, the form of a problem) is
//! checked for each reply that arrives, so no test has to. Behind the counter only [`Inside`]
//! looks.

mod answer;
mod box_office;
mod buyer;
mod contract;
mod inside;
mod limits;
mod organiser;
mod payment;
mod proof;
mod raw;
mod request;
mod stream;
mod token;
mod wait;

pub use answer::Answer;
pub use box_office::{BoxOffice, PaidSystem, merged, start_paid_system, start_system};
pub use buyer::Buyer;
pub use contract::operations;
pub use inside::Inside;
pub use limits::{Candidate, candidates};
pub use organiser::Organiser;
pub use payment::{Payment, now_s, sign};
pub use proof::solve;
pub use raw::{RawAnswer, raw_exchange};
pub use request::Request;
pub use stream::{Event, EventStream, Said};
pub use token::{Minter, altered, claims_of, malleated};
pub use wait::eventually;
