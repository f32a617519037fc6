//! The steps of the ledger against a real Postgres, each test in a database of its own.

mod accounts;
mod bookings;
mod checkouts;
mod confirm;
mod door;
mod drain;
mod draw;
mod event_bookings;
mod event_changes;
mod events;
mod letters;
mod losing_holds;
mod missed_events;
mod opening;
mod parts;
mod payments;
mod provider_events;
mod races;
mod release_before;
mod retiring;
mod roles;
mod sagas;
mod schema;
mod support;
mod tickets;
mod upgrade;
