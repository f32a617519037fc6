//! `GET /api/v1/bookings/{booking_id}/tickets`: the tickets of a booking, cancelled ones among
//! them; as pages to print, without those.

use domain::code::Code;
use domain::ticket::TicketStatus;
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
    let tickets = tickets::of_booking(&stores, booking, caller).await?;
    let keys = variables::signing_keys().await?;
    let signed = tickets.into_iter().map(|ticket| SignedTicket::of(&keys, ticket));
    let tickets = signed.collect::<Result<Vec<_>, _>>()?;
    if Form::of_booking(&call) != Form::Pdf {
        return Ok(render::varying(Reply::ok(&TicketList { tickets })?));
    }
    let admits = |it: &SignedTicket| it.ticket.status != TicketStatus::Cancelled;
    let tickets: Vec<_> = tickets.into_iter().filter(admits).collect();
    if tickets.is_empty() {
        return Err(Problem::of(Code::TicketCancelled));
    }
    render::pages(&stores.database, booking.event(), &tickets).await
}
