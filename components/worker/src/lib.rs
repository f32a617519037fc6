//! The work of every second, from Spin's cron trigger or through an authenticated route.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod run;
mod schedule;
mod tick;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/internal/tick", post(action(tick::handle)))
}
