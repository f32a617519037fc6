//! `POST /bookings/{booking_id}/extend`: more time to pay, once.

use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::{Call, Problem, Reply, limit, session, stores};
use service::booking;

use crate::frame;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, extend(&call).await)
}

async fn extend(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    limit::user(call, RouteClass::Reserve, &user.to_string()).await?;
    let stores = stores::open().await?;
    booking::extend(&stores, id, Caller::Buyer(user)).await?;
    Ok(frame::see_other(&format!("/bookings/{id}")))
}
