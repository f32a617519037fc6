//! The language of a box office: ids, seats, sections, bookings, the queue, tokens and codes.
//!
//! Pure: no IO, no clock, no randomness, nothing of Spin. Time and random numbers are arguments,
//! so that every rule can be tested natively and replayed.
//!
//! # Layout
//!
//! The areas of the house are folders here as everywhere. Each module has a short path all the
//! same: `domain::seat`, not `domain::events::seat`.
//!
//! - `events`: [`event`] is what an organiser asks for, and the status of a sale. [`seat`] and
//!   [`section`] are what is for sale, and how a seat is found in a section's map.
//! - [`queue`]: places, waits and polling intervals. [`feed`]: news for those who wait. [`wait`]:
//!   how long it takes, and the chance of a ticket, from what was measured. [`draw`]: the order of
//!   those who joined before the sale opened. [`proof`]: proof of work at joining.
//! - `bookings`: [`selection`] is what a buyer asks to reserve, [`booking`] the record of it and
//!   its states, [`journal`] what happened to its hold, [`notification`] signs messages about it,
//!   [`seat_news`] what becomes of seats while somebody looks.
//! - `tickets`: [`ticket`] is one sold unit, its id, and what became of it at the door;
//!   [`door_session`] what a browser at the door keeps.
//! - `payments`: [`payment`] has the states of a payment, and what follows from them; [`stripe`]
//!   has signatures and the few fields that are read from the provider's events.
//! - [`token`]: signed tokens of buyers, queue passes, receipts and tickets of streams; the codes
//!   of tickets.
//! - [`id`]: events, users, bookings. A booking id carries its event. [`code`]: the stable error
//!   codes of the HTTP contract. [`rate`]: how often somebody may ask. [`backoff`]: how
//!   long to wait after a failure. [`time`]: instants in milliseconds and their RFC 3339 form.
//!   [`time_zone`], [`money`]: as people read them.

#![warn(missing_docs)]

pub mod backoff;
mod bookings;
pub mod code;
mod events;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod id;
pub mod money;
mod payments;
pub mod queue;
pub mod rate;
pub mod text;
mod tickets;
pub mod time;
pub mod time_zone;
pub mod token;

pub use bookings::{booking, contact, journal, nearest, notification, part, seat_news, selection};
pub use events::{event, seat, section};
pub use payments::{payment, stripe};
pub use queue::{draw, feed, proof, wait};
pub use tickets::{door_session, ticket};
