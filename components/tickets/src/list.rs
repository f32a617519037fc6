//! `GET /api/v1/bookings/{booking_id}/tickets`: the tickets of a booking, cancelled ones among
//! them; as pages to print, without those.

use domain::code::Code;
use domain::id::BookingId;
use domain::ticket::TicketStatus;
use guest::auth::Caller;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, auth, stores, variables};
use serde::Serialize;
use service::tickets::{self, SignedTicket};

use crate::form::Form;
use crate::render;

#[derive(Serialize)]
struct TicketList {
    tickets: Vec<SignedTicket>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    let stores = stores::open().await?;
    let booking = call.booking_id()?;
    let tickets = signed(&stores, booking, caller).await?;
    if Form::of_booking(&call) != Form::Pdf {
        return Ok(render::varying(Reply::ok(&TicketList { tickets })?));
    }
    pages(&stores, booking, tickets).await
}

/// `GET /bookings/{booking_id}/tickets.pdf`: the pages, for the browser of their owner.
pub(crate) async fn handle_own(call: Call) -> Result<Reply, Problem> {
    let caller = auth::browser(&call).await?;
    let stores = stores::open().await?;
    let booking = call.booking_id()?;
    let tickets = signed(&stores, booking, caller).await?;
    pages(&stores, booking, tickets).await
}

async fn signed(
    stores: &SpinStores,
    booking: BookingId,
    caller: Caller,
) -> Result<Vec<SignedTicket>, Problem> {
    let tickets = tickets::of_booking(stores, booking, caller).await?;
    let keys = variables::signing_keys().await?;
    let signed = tickets.into_iter().map(|ticket| SignedTicket::of(&keys, ticket));
    Ok(signed.collect::<Result<Vec<_>, _>>()?)
}

async fn pages(
    stores: &SpinStores,
    booking: BookingId,
    tickets: Vec<SignedTicket>,
) -> Result<Reply, Problem> {
    let admits = |it: &SignedTicket| it.ticket.status != TicketStatus::Cancelled;
    let tickets: Vec<_> = tickets.into_iter().filter(admits).collect();
    if tickets.is_empty() {
        return Err(Problem::of(Code::TicketCancelled));
    }
    render::pages(&stores.database, booking.event(), &tickets).await
}
