//! `POST /api/v1/bookings/{booking_id}/release`: a hold is resolved once; a second try is told what
//! already happened.

use domain::booking::BookingStatus;
use domain::code::Code;
use guest::{Call, Problem, Reply, auth, booking, idempotency, stores};
use sale::ReleaseOutcome;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("release:{}", caller.scope());
    idempotency::once(&call, booking_id.event(), &scope, async {
        let stores = stores::open().await?;
        let booking = booking::visible(&stores, booking_id, caller).await?;
        match booking.status {
            BookingStatus::Reserved => {}
            BookingStatus::Released => return Reply::ok(&booking),
            status => return Err(booking::resolved(status)),
        }
        match sale::release_booking(&stores, &booking).await? {
            ReleaseOutcome::Released => {
                let status = BookingStatus::Released;
                Reply::ok(&domain::booking::Booking { status, ..booking })
            }
            // Somebody was faster: say what they did.
            ReleaseOutcome::Resolved => {
                let booking = booking::visible(&stores, booking_id, caller).await?;
                match booking.status {
                    BookingStatus::Released => Reply::ok(&booking),
                    BookingStatus::Reserved => Err(Problem::unavailable("the hold is in doubt")),
                    status => Err(booking::resolved(status)),
                }
            }
            ReleaseOutcome::Expired => Err(Problem::of(Code::BookingExpired)),
            ReleaseOutcome::Confirming => {
                Err(Problem::new(Code::Unavailable, "a payment of it is being processed"))
            }
        }
    })
    .await
}
