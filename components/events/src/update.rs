//! `PUT /api/v1/events/{event_id}`: changes texts, times, the rules of the sale and sections, or
//! pauses it.

use domain::code::Code;
use domain::event::EventChange;
use domain::rate::RouteClass;
use guest::call::{invalid_field, invalid_fields};
use guest::{Call, Problem, Reply, auth, clock, idempotency, limit, stores};
use sale::ChangeOutcome;
use serde_json::json;

use crate::view::EventView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let event_id = call.event_id()?;
    let change: EventChange = call.change()?;
    idempotency::once(&call, "update:organiser", async {
        let stores = stores::open().await?;
        match sale::update_event(&stores, event_id, &change).await? {
            ChangeOutcome::Updated(event) => Reply::ok(&EventView::new(*event, clock::now())),
            ChangeOutcome::EventMissing => Err(Problem::of(Code::EventNotFound)),
            ChangeOutcome::EventCancelled => Err(Problem::of(Code::EventNotOnSale)),
            ChangeOutcome::NotAllowed(problems) => Err(invalid_fields(&problems)),
            ChangeOutcome::CapacityInUse(sections) => {
                Err(Problem::of(Code::CapacityInUse).with("sections", json!(sections)))
            }
            ChangeOutcome::InvalidTimes => {
                Err(invalid_field("ends_at", "must be after starts_at and on_sale_at"))
            }
        }
    })
    .await
}
