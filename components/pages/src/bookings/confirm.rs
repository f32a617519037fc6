//! `POST /bookings/{booking_id}/confirm`: takes tickets that cost nothing.

use guest::auth::Caller;
use guest::{Call, Problem, Reply, session, stores};
use service::booking;

use crate::frame;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, confirm(&call).await)
}

async fn confirm(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    let stores = stores::open().await?;
    booking::confirm(&stores, id, Caller::Buyer(user)).await?;
    Ok(frame::see_other(&format!("/bookings/{id}")))
}
