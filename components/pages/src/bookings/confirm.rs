//! `POST /bookings/{booking_id}/confirm`: takes tickets that cost nothing.

use guest::auth::Caller;
use guest::{Call, Problem, Reply, contact, session, stores};
use service::booking;

use crate::frame;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    frame::told(&call, confirm(&call).await)
}

async fn confirm(call: &Call) -> Result<Reply, Problem> {
    let id = call.booking_id()?;
    let (user, _) = session::sender(call).await?;
    let contact = contact::of_form(call)?;
    let stores = stores::open().await?;
    if !contact.is_empty() {
        // It is noted with the hold, which the journal may not have brought to Postgres yet.
        sale::drain_for_user(&stores, user).await?;
        ledger::set_contact(&stores.database, id, user, &contact).await?;
    }
    booking::confirm(&stores, id, Caller::Buyer(user)).await?;
    Ok(frame::see_other(&format!("/bookings/{id}")))
}
