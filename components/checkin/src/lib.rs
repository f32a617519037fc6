//! The door: tickets are shown, once each; by scanners, and by people on a page. Postgres decides
//! alone, so that it goes on while Redis is down.
//!
//! # Layout
//!
//! - [`check_in`], [`counts`], [`manifest`]: for scanners. [`door`]: the page.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod check_in;
mod counts;
mod door;
mod manifest;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/checkin", post(action(check_in::handle)))
        .route("/api/v1/checkin/{event_id}", get(action(counts::handle)))
        .route("/api/v1/checkin/{event_id}/manifest", get(action(manifest::handle)))
        .route("/door", get(action(door::events::handle)).post(action(door::enter::handle)))
        .route("/door/{event_id}", get(action(door::scan::show)).post(action(door::scan::handle)))
}
