//! What the payment provider tells.

use guest::routing::post;
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod stripe;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new().route("/webhooks/stripe", post(action(stripe::handle)))
}
