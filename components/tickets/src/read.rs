//! `GET /api/v1/tickets/{ticket_id}`, also with an ending: a ticket in one of its forms. The same
//! at `/tickets/{ticket_id}` for the browser of its owner.

use guest::auth::Caller;
use guest::{Call, Problem, Reply, auth, postgres, variables};
use service::tickets::{self, SignedTicket};

use crate::form::Form;
use crate::render;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let caller = auth::caller(&call).await?;
    read(&call, caller).await
}

pub(crate) async fn handle_own(call: Call) -> Result<Reply, Problem> {
    let caller = auth::browser(&call).await?;
    read(&call, caller).await
}

async fn read(call: &Call, caller: Caller) -> Result<Reply, Problem> {
    let form = Form::of_ticket(call)?;
    let database = postgres::database().await?;
    let ticket = tickets::visible(&database, &call.ticket_id()?, caller).await?;
    let signed = SignedTicket::of(&*variables::signing_keys().await?, ticket)?;
    match form {
        Form::Json => Ok(render::varying(Reply::ok(&signed)?)),
        Form::Svg => render::code(&signed),
        Form::Pdf => {
            render::check_admits(&signed)?;
            render::pages(&database, signed.ticket.event_id, std::slice::from_ref(&signed)).await
        }
        Form::Calendar => render::calendar(&database, &signed).await,
    }
}
