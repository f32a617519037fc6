//! `POST /api/v1/bookings/{booking_id}/confirm`: the organiser confirms any booking, an owner one
//! that costs nothing.

use domain::booking::{Booking, BookingStatus, SoldBy};
use domain::code::Code;
use guest::auth::Caller;
use guest::{Call, Problem, Reply, auth, idempotency, stores};
use sale::ConfirmSaleOutcome;
use service::booking;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let booking_id = call.booking_id()?;
    let scope = format!("confirm:{}", caller.scope());
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        let found = booking::found(&stores, booking_id, caller).await?;
        let booking = found.booking().clone();
        if matches!(caller, Caller::Buyer(_)) && booking.amount > 0 {
            return Err(Problem::of(Code::PaymentRequired));
        }
        let by = match caller {
            Caller::Buyer(_) => SoldBy::Owner,
            Caller::Organiser => SoldBy::Organiser,
        };
        let outcome = sale::confirm_sale(&stores, found, by).await?;
        match outcome {
            ConfirmSaleOutcome::Confirmed => {
                Reply::ok(&Booking { status: BookingStatus::Confirmed, ..booking })
            }
            ConfirmSaleOutcome::Released => Err(Problem::of(Code::AlreadyReleased)),
            ConfirmSaleOutcome::SeatsTaken => Err(Problem::of(Code::BookingExpired)),
            ConfirmSaleOutcome::EventNotOnSale => {
                Err(Problem::new(Code::EventNotOnSale, "its time is over, and nothing is on sale"))
            }
            ConfirmSaleOutcome::BuyerLimitExceeded => Err(Problem::of(Code::BuyerLimitExceeded)),
            ConfirmSaleOutcome::Cancelled => {
                Err(Problem::new(Code::EventNotOnSale, "the event or the booking is cancelled"))
            }
            ConfirmSaleOutcome::AlreadyPaid
            | ConfirmSaleOutcome::EventEnded
            | ConfirmSaleOutcome::Refunded
            | ConfirmSaleOutcome::PaymentDiffers
            | ConfirmSaleOutcome::PaymentGivenBack
            | ConfirmSaleOutcome::NotPaid => {
                Err(Problem::internal("a sale without a payment was refused for its payment"))
            }
        }
    })
    .await
}
