//! `POST /api/v1/bookings/{booking_id}/extend`: an owner who needs more time gets it, once.

use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::{Call, Problem, Reply, auth, idempotency, limit, stores};
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Reserve, &user.to_string()).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("extend:{user}");
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        Reply::ok(&booking::extend(&stores, booking_id, Caller::Buyer(user)).await?)
    })
    .await
}
