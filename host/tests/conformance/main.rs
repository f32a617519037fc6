//! The host behaves like Spin in what components can notice, and as promised in the rest.
//!
//! Each test starts the `host` program with a manifest of its own and the component of
//! `tests/guests/probe`, and talks to it over HTTP. Redis and Postgres are real ones.

mod bounds;
mod cron;
mod http;
mod isolation;
mod manifest;
mod postgres;
mod redis;
mod reuse;
mod routes;
mod stop;
mod support;
mod variables;
