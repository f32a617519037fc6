//! Who a buyer is: guest tokens, accounts, and the public keys that verify every token.

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod issue_guest_token;
mod logout;
mod me;
mod public_keys;
mod refresh;
mod sign_in;
mod verify;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/auth/guest", post(action(issue_guest_token::handle)))
        .route("/api/v1/auth/login", post(action(sign_in::handle)))
        .route("/api/v1/auth/logout", post(action(logout::handle)))
        .route(
            "/api/v1/auth/me",
            get(action(me::read)).put(action(me::change)).delete(action(me::erase)),
        )
        .route("/api/v1/auth/refresh", post(action(refresh::handle)))
        .route("/api/v1/auth/register", post(action(sign_in::handle)))
        .route("/api/v1/auth/verify", post(action(verify::handle)))
        .route("/.well-known/jwks.json", get(action(public_keys::handle)))
}
