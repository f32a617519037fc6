//! `POST /bookings/{booking_id}/give-up`: gives up seats of a confirmed booking, or all of it.
//! Their share of the price goes back.

use domain::booking::Booking;
use domain::code::Code;
use domain::part::Part;
use domain::rate::RouteClass;
use guest::auth::Caller;
use guest::call::invalid_fields;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, limit, session, stores};
use sale::{CancelSaleOutcome, GiveUpOutcome};
use service::booking;

use crate::frame;

/// The field that stands for all of a booking.
const ALL: &str = "all";

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, give_up(&call).await)
}

async fn give_up(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    limit::user(call, RouteClass::Pay, &user.to_string()).await?;
    let seats = call.form_fields("seats")?;
    let is_whole = call.form_field(ALL)?.is_some();
    let stores = stores::open().await?;
    let booking = booking::visible(&stores, id, Caller::Buyer(user)).await?;
    if is_whole {
        cancel(&stores, &booking).await?;
    } else if !seats.is_empty() {
        // Seats are named, and not counted: the same press again gives up nothing more.
        let part = Part::read(Some(&seats), None).map_err(|problem| invalid_fields(&[problem]))?;
        let part = part.ok_or_else(|| Problem::internal("seats are no part"))?;
        give_up_seats(&stores, &booking, &part).await?;
    }
    Ok(frame::see_other(&format!("/bookings/{id}")))
}

async fn cancel(stores: &SpinStores, booking: &Booking) -> Result<(), Problem> {
    match sale::cancel_booking(stores, booking.booking_id, true).await? {
        CancelSaleOutcome::Cancelled(_) => Ok(()),
        CancelSaleOutcome::OwnerTooLate => Err(too_late()),
        CancelSaleOutcome::NotConfirmed(_) => Err(Problem::of(Code::BookingNotConfirmed)),
        CancelSaleOutcome::Missing => Err(Problem::of(Code::BookingNotFound)),
    }
}

async fn give_up_seats(stores: &SpinStores, booking: &Booking, part: &Part) -> Result<(), Problem> {
    match sale::give_up_part(stores, booking, part, true).await? {
        GiveUpOutcome::GivenUp(_) => Ok(()),
        GiveUpOutcome::OwnerTooLate => Err(too_late()),
        GiveUpOutcome::NotConfirmed(_) => Err(Problem::of(Code::BookingNotConfirmed)),
        GiveUpOutcome::Missing => Err(Problem::of(Code::BookingNotFound)),
        GiveUpOutcome::OtherKind | GiveUpOutcome::NotItsSeats | GiveUpOutcome::TooMany => {
            Err(Problem::of(Code::InvalidSeats))
        }
    }
}

fn too_late() -> Problem {
    Problem::new(Code::Forbidden, "the event has started, or somebody is in with a ticket")
}
