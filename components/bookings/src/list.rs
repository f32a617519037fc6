//! `GET /api/v1/bookings`: the caller's bookings, newest first, page by page.

use domain::booking::Booking;
use guest::{Call, Problem, Reply, auth, log, stores};
use ledger::ListBookings;
use serde::Serialize;

#[derive(Serialize)]
struct BookingList {
    bookings: Vec<Booking>,
    next_cursor: Option<String>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    let cursor = call.query("cursor");
    let request = ListBookings { user, limit: call.page_limit()?, cursor: cursor.as_deref() };
    let stores = stores::open().await?;
    // So that buyers see what they did a moment ago. Without Redis the list is a second old.
    if let Err(error) = sale::drain_for_user(&stores, user).await {
        log::failed_job("drain_for_user", &call.request_id, &error.to_string());
    }
    let page = ledger::list_bookings(&stores.database, &request).await?;
    Reply::ok(&BookingList { bookings: page.bookings, next_cursor: page.next_cursor })
}
