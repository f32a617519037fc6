//! `POST /api/v1/bookings/{booking_id}/cancel`: a confirmed booking is given up, its seats are free
//! again and its payment goes back. The owner until the event starts, the organiser at any time.
//!
//! The answer does not wait for the money: the booking reads `cancelled`, and `refunded` once the
//! provider has said so. A booking that is only held is released.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::id::BookingId;
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, auth, idempotency, limit, stores};
use sale::CancelSaleOutcome;
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    if let Caller::Buyer(user) = caller {
        limit::user(&call, RouteClass::Pay, &user.to_string()).await?;
    }
    let booking_id = call.booking_id()?;
    let scope = format!("cancel:{}", caller.scope());
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        // A caller who may not see it learns nothing of it.
        booking::visible(&stores, booking_id, caller).await?;
        cancel(&stores, booking_id, caller).await
    })
    .await
}

/// Asks Postgres first: what looks held in Redis may be sold, when a failover has lost the news.
async fn cancel(stores: &SpinStores, booking: BookingId, caller: Caller) -> Result<Reply, Problem> {
    match sale::cancel_booking(stores, booking, matches!(caller, Caller::Buyer(_))).await? {
        CancelSaleOutcome::Cancelled(booking) => Reply::ok(&booking),
        CancelSaleOutcome::EventStarted => {
            Err(Problem::new(Code::Forbidden, "the event has started: only the organiser may"))
        }
        CancelSaleOutcome::NotConfirmed(held @ Booking { status: BookingStatus::Reserved, .. }) => {
            Reply::ok(&booking::release(stores, held, caller).await?)
        }
        CancelSaleOutcome::NotConfirmed(Booking { status, .. }) => {
            Err(booking::resolved(status).into())
        }
        CancelSaleOutcome::Missing => Err(Problem::of(Code::BookingNotFound)),
    }
}
