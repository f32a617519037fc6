//! What operators look at and set going again.

use guest::routing::{get, post};
use guest::{Router, action};
use spin_sdk::http::{IntoResponse, Request};
use spin_sdk::http_service;

mod list_sagas;
mod retry_saga;
mod view;

#[http_service]
async fn handle(request: Request) -> impl IntoResponse {
    guest::serve(routes, request).await
}

fn routes() -> Router {
    Router::new()
        .route("/api/v1/sagas", get(action(list_sagas::handle)))
        .route("/api/v1/sagas/{saga_id}/retry", post(action(retry_saga::handle)))
}
