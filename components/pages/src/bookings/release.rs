//! `POST /bookings/{booking_id}/release`: gives the seats of a hold back.

use guest::auth::Caller;
use guest::{Call, Problem, Reply, session, stores};
use service::booking;

use crate::frame;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, release(&call).await)
}

async fn release(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    let caller = Caller::Buyer(user);
    let stores = stores::open().await?;
    let booking = booking::visible(&stores, id, caller).await?;
    booking::release(&stores, booking, caller).await?;
    Ok(frame::see_other(&format!("/bookings/{id}")))
}
