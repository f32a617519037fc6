//! The language of a box office: ids, seats, sections, bookings, the queue, tokens and codes.
//!
//! Pure: no IO, no clock, no randomness, nothing of Spin. Time and random numbers are arguments,
//! so that every rule can be tested natively and replayed.
//!
//! # Layout
//!
//! - [`id`]: events, users, bookings. A booking id carries its event.
//! - [`seat`] and [`section`]: what is for sale, and how a seat is found in a section's map.
//! - [`selection`]: what a buyer asks to reserve.
//! - [`event`]: what an organiser asks for, and the status of a sale.
//! - [`booking`]: the record of a hold and the states of a booking.
//! - [`notification`]: signing what we tell others.
//! - [`payment`]: the states of a payment, and what follows from them.
//! - [`queue`]: places, waits and polling intervals. [`feed`]: news for those who wait.
//! - [`rate`]: how often somebody may ask.
//! - [`wait`]: how long it takes, and the chance of a ticket, from what was measured.
//! - [`draw`]: the order of those who joined before the sale opened.
//! - [`proof`]: proof of work at joining.
//! - [`token`]: signed tokens of buyers, queue passes and receipts.
//! - [`stripe`]: signatures and the few fields that are read from the provider's events.
//! - [`code`]: the stable error codes of the HTTP contract.
//! - [`time`]: instants in milliseconds and their RFC 3339 form.

#![warn(missing_docs)]

pub mod booking;
pub mod code;
pub mod draw;
pub mod event;
pub mod feed;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod id;
pub mod notification;
pub mod payment;
pub mod proof;
pub mod queue;
pub mod rate;
pub mod seat;
pub mod section;
pub mod selection;
pub mod stripe;
pub mod time;
pub mod token;
pub mod wait;
