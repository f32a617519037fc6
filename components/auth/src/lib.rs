//! Who a buyer is: guest tokens, and the public keys that verify every token.

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod issue_guest_token;
mod public_keys;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/auth/guest", post(action(issue_guest_token::handle)))
        .route("/.well-known/jwks.json", get(action(public_keys::handle)))
}
