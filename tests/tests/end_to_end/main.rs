//! Everything through HTTP, against one running system that all tests share. Each test makes its
//! own events, buyers and keys.

mod absence;
mod admit_kills;
mod bad_inputs;
mod bad_transport;
mod bookings;
mod canary;
mod cancelling;
mod charging;
mod crowds;
mod description;
mod draw;
mod estimates;
mod events;
mod idempotency;
mod identity;
mod limits;
mod lost_redis;
mod meanings;
mod outages;
mod passes;
mod paying;
mod payments;
mod proofs;
mod queue;
mod queueless;
mod replies;
mod reservations;
mod rigged;
mod sagas;
mod secrets;
mod slow_stores;
mod streams;
mod waiting_page;
