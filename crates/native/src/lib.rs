//! Native connections with the habits of Spin's, so that tests see what a guest would see.
//!
//! Redis: the same client as Spin, no timeouts, errors as text, replies without nesting. Postgres:
//! parameters of exactly the type that Postgres infers, and rows of text, bigint and boolean only.
//! HTTP: no redirects, bounded answers.

#![warn(missing_docs)]

mod database;
mod http_transport;
mod transport;

pub use database::NativeDatabase;
pub use http_transport::NativeHttp;
pub use transport::{NativeTransport, connect};
