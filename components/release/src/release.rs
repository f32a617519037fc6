//! `POST /api/v1/bookings/{booking_id}/release`: a hold is resolved once; a second try is told what
//! already happened.

use guest::{Call, Problem, Reply, auth, idempotency, stores};
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("release:{}", caller.scope());
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        let booking = booking::visible(&stores, booking_id, caller).await?;
        Reply::ok(&booking::release(&stores, booking, caller).await?)
    })
    .await
}
