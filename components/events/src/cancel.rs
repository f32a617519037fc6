//! `DELETE /api/v1/events/{event_id}`: the event does not take place. From now on nothing of it is
//! sold; its holds are freed and its bookings refunded by the worker, batch by batch.

use domain::code::Code;
use guest::{Call, Problem, Reply, auth, clock, stores};

use crate::view::EventView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    let event_id = call.event_id()?;
    let stores = stores::open().await?;
    let event = sale::cancel_event(&stores, event_id).await?;
    let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    Reply::ok(&EventView::new(event, clock::now()))
}
