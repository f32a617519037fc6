//! The waiting room as a page: for fans, also without JavaScript.
//!
//! A form joins, a refresh at the pace of the place shows how far it is, cookies remember who and
//! where. Where there is JavaScript, [`files`] adds the stream and proofs of work.

#![deny(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]

use guest::routing::get;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod cookies;
mod event;
mod files;
mod join;
mod page;
mod show;
mod visitor;
mod words;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/waiting-room/script.js", get(action(files::script)))
        .route("/waiting-room/style.css", get(action(files::style)))
        .route("/waiting-room/{event_id}", get(action(show::handle)).post(action(join::handle)))
}
