//! `GET /api/v1/queue/position/{event_id}/stream`: a fan's place, told as it changes.
//!
//! A component of its own, because its requests live for minutes: what happens to its instances
//! touches no purchase.
//!
//! Each request [`open`]s a stream: it reads the place once and hands it to the instance's [`hub`].
//! There one task drives all streams of the instance, whichever requests they came with: it waits
//! for news on one connection per event, moves each [`client`] by arithmetic and writes. So a
//! stadium that waits costs Redis one reader per instance, and no request ever wakes another,
//! which the runtime under Spin's SDK does not allow. [`line`] is one event in an instance.

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
mod hub;
mod line;
mod messages;
mod open;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    serve_stream(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/api/v1/queue/position/{event_id}/stream", get(stream_action(open::open)))
}
