//! `POST /api/v1/bookings/{booking_id}/extend`: an owner who needs more time gets it, once.

use domain::code::Code;
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::{Call, Problem, Reply, auth, idempotency, limit, stores};
use sale::ExtendBookingOutcome;
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Reserve, &user.to_string()).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("extend:{user}");
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        let booking = booking::visible(&stores, booking_id, Caller::Buyer(user)).await?;
        match sale::extend_booking(&stores, &booking).await? {
            ExtendBookingOutcome::Extended(booking) => Reply::ok(&booking),
            ExtendBookingOutcome::AlreadyExtended => Err(Problem::of(Code::AlreadyExtended)),
            ExtendBookingOutcome::Resolved(status) => Err(booking::resolved(status).into()),
            ExtendBookingOutcome::EventNotOnSale => {
                Err(Problem::new(Code::EventNotOnSale, "the event is over or cancelled"))
            }
            ExtendBookingOutcome::Lost => Err(Problem::unavailable("the hold is in doubt")),
        }
    })
    .await
}
