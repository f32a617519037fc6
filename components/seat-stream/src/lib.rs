//! `GET /api/v1/events/{event_id}/seats/stream?section=A`: the map of a section, told as it
//! changes.
//!
//! A component of its own, because its requests live for minutes, and because it needs no key:
//! everybody may look.
//!
//! Each request [`open`]s a stream: it reads the map once and hands it to the instance's [`hub`].
//! There one task drives all streams of the instance: it waits for news on one connection per
//! event, however many look and at however many sections, keeps the maps that somebody looks at up
//! to date and writes to each [`client`] what it has not been told. [`hall`] is one event in an
//! instance.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use guest::routing::get;
use guest::{Router, serve_stream, stream_action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod client;
mod hall;
mod hub;
mod messages;
mod open;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_stream(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/api/v1/events/{event_id}/seats/stream", get(stream_action(open::open)))
}
