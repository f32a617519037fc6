//! `GET /api/v1/bookings/{booking_id}`.

use guest::{Call, Problem, Reply, auth, stores};
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let stores = stores::open().await?;
    Reply::ok(&booking::visible(&stores, call.booking_id()?, caller).await?)
}
