//! `POST /tickets/{ticket_id}/holder`: says who will come with a ticket.

use domain::code::Code;
use domain::rate::RouteClass;
use domain::ticket::check_name;
use guest::call::invalid_fields;
use guest::{Call, Problem, Reply, limit, postgres, session};
use ledger::NameHolderOutcome;

use crate::frame;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, name_holder(&call).await)
}

async fn name_holder(call: &Call) -> Result<Reply, Problem> {
    let ticket = call.ticket_id()?;
    let (user, _) = session::sender(call).await?;
    limit::user(call, RouteClass::Reserve, &user.to_string()).await?;
    let holder = call.form_field("holder")?.unwrap_or_default();
    let holder = holder.trim();
    check_name("holder", holder).map_err(|problem| invalid_fields(&[problem]))?;
    let database = postgres::database().await?;
    match ledger::name_ticket_holder(&database, &ticket, user, holder).await? {
        NameHolderOutcome::Named(ticket) => {
            Ok(frame::see_other(&format!("/bookings/{}/tickets", ticket.booking_id)))
        }
        NameHolderOutcome::Cancelled => Err(Problem::of(Code::TicketCancelled)),
        NameHolderOutcome::Missing => Err(Problem::of(Code::TicketNotFound)),
    }
}
