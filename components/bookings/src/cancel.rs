//! `POST /api/v1/bookings/{booking_id}/cancel`: a confirmed booking is given up, or a part of it;
//! its seats are free again and its payment, or its share, goes back. The owner until the event
//! starts or somebody is in with a ticket, the organiser at any time.
//!
//! The answer does not wait for the money: the booking reads `cancelled`, and `refunded` once the
//! provider has said so; what is left of one that gave up a part stays `confirmed`. A booking that
//! is only held is released, as a whole.

use domain::booking::{Booking, BookingStatus};
use domain::code::Code;
use domain::id::BookingId;
use domain::part::{NOT_ITS_SEATS, Part, TOO_MANY};
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::call::{invalid_field, invalid_fields};
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, auth, idempotency, limit, stores};
use sale::{CancelSaleOutcome, GiveUpOutcome};
use serde::Deserialize;
use service::booking;

#[derive(Default, Deserialize)]
struct Body {
    seats: Option<Vec<String>>,
    quantity: Option<i64>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    if let Caller::Buyer(user) = caller {
        limit::user(&call, RouteClass::Pay, &user.to_string()).await?;
    }
    let booking_id = call.booking_id()?;
    // A null is refused: it would give up the whole booking where a part was meant.
    // mutant: a-null-cancels-the-whole
    let body: Body = if call.body.is_empty() { Body::default() } else { call.change()? };
    let part = Part::read(body.seats.as_deref(), body.quantity)
        .map_err(|problem| invalid_fields(&[problem]))?;
    let scope = format!("cancel:{}", caller.scope());
    idempotency::once(&call, &scope, async {
        let stores = stores::open().await?;
        // A caller who may not see it learns nothing of it.
        let booking = booking::visible(&stores, booking_id, caller).await?;
        match part {
            None => cancel(&stores, booking_id, caller).await,
            Some(part) => give_up(&stores, &booking, &part, caller).await,
        }
    })
    .await
}

/// Asks Postgres first: what looks held in Redis may be sold, when a failover has lost the news.
async fn cancel(stores: &SpinStores, booking: BookingId, caller: Caller) -> Result<Reply, Problem> {
    match sale::cancel_booking(stores, booking, matches!(caller, Caller::Buyer(_))).await? {
        CancelSaleOutcome::Cancelled(booking) => Reply::ok(&booking),
        CancelSaleOutcome::OwnerTooLate => Err(owner_too_late()),
        CancelSaleOutcome::NotConfirmed(held @ Booking { status: BookingStatus::Reserved, .. }) => {
            Reply::ok(&booking::release(stores, held, caller).await?)
        }
        CancelSaleOutcome::NotConfirmed(Booking { status, .. }) => {
            Err(booking::resolved(status).into())
        }
        CancelSaleOutcome::Missing => Err(Problem::of(Code::BookingNotFound)),
    }
}

async fn give_up(
    stores: &SpinStores,
    booking: &Booking,
    part: &Part,
    caller: Caller,
) -> Result<Reply, Problem> {
    let by_owner = matches!(caller, Caller::Buyer(_));
    match sale::give_up_part(stores, booking, part, by_owner).await? {
        GiveUpOutcome::GivenUp(booking) => Reply::ok(&booking),
        GiveUpOutcome::OwnerTooLate => Err(owner_too_late()),
        GiveUpOutcome::NotConfirmed(held @ Booking { status: BookingStatus::Reserved, .. }) => {
            match part.of(&held) {
                Ok(quantity) if quantity == held.quantity => {
                    Reply::ok(&booking::release(stores, held, caller).await?)
                }
                Ok(_) => Err(Problem::new(
                    Code::BookingNotConfirmed,
                    "a hold is given back as a whole; a part of it is given up once it is confirmed",
                )),
                Err(problem) => Err(invalid_fields(&[problem])),
            }
        }
        GiveUpOutcome::NotConfirmed(Booking { status, .. }) => {
            Err(booking::resolved(status).into())
        }
        GiveUpOutcome::Missing => Err(Problem::of(Code::BookingNotFound)),
        GiveUpOutcome::OtherKind => Err(invalid_fields(&[part.of_other_kind()])),
        GiveUpOutcome::NotItsSeats => Err(invalid_field("seats", NOT_ITS_SEATS)),
        GiveUpOutcome::TooMany => Err(invalid_field("quantity", TOO_MANY)),
    }
}

fn owner_too_late() -> Problem {
    let detail = "the event has started, or somebody is in with a ticket: only the organiser may";
    Problem::new(Code::Forbidden, detail)
}
