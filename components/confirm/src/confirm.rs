//! `POST /api/v1/bookings/{booking_id}/confirm`: the organiser confirms any booking, an owner one
//! that costs nothing.

use guest::{Call, Problem, Reply, auth, idempotency, stores};
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("confirm:{}", caller.scope());
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        Reply::ok(&booking::confirm(&stores, booking_id, caller).await?)
    })
    .await
}
