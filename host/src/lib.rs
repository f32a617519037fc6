//! Runs the project's `spin.toml` on wasmtime where no Spin is installed: for development, tests
//! and a single machine.
//!
//! It behaves like Spin in what components can notice, the unpleasant parts included (no timeouts,
//! leaked Postgres transactions, overlapping cron runs, spoofable headers), and refuses at start
//! what it does not implement. Beyond Spin it bounds the requests served at once, and stops
//! without cutting requests off.
//!
//! Not implemented: TLS of its own (a proxy's business), TLS to Redis and Postgres (HTTP has it),
//! service chaining, other triggers and stores, components of WASI 0.2 HTTP.

#![warn(missing_docs)]

mod bindings;
mod cron;
mod engine;
mod guest_output;
mod http;
mod instance;
mod linker;
mod manifest;
pub mod options;
mod outbound;
mod postgres;
mod redis;
mod routes;
mod run;
mod start;
mod template;
mod variables;

pub use run::run;
