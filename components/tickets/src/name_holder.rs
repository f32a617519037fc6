//! `PUT /api/v1/tickets/{ticket_id}`: its owner says who will come with it.

use domain::code::Code;
use domain::rate::RouteClass;
use domain::ticket::check_name;
use guest::call::invalid_fields;
use guest::{Call, Problem, Reply, auth, limit, postgres, variables};
use ledger::NameHolderOutcome;
use serde::Deserialize;
use service::tickets::SignedTicket;

#[derive(Deserialize)]
struct HolderChange {
    holder: String,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let user = auth::buyer(&call).await?;
    limit::user(&call, RouteClass::Reserve, &user.to_string()).await?;
    let ticket = call.ticket_id()?;
    let HolderChange { holder } = call.change()?;
    check_name("holder", &holder).map_err(|problem| invalid_fields(&[problem]))?;
    let database = postgres::database().await?;
    match ledger::name_ticket_holder(&database, &ticket, user, &holder).await? {
        NameHolderOutcome::Named(ticket) => {
            Reply::ok(&SignedTicket::of(&*variables::signing_keys().await?, *ticket)?)
        }
        NameHolderOutcome::Cancelled => Err(Problem::of(Code::TicketCancelled)),
        NameHolderOutcome::Missing => Err(Problem::of(Code::TicketNotFound)),
    }
}
