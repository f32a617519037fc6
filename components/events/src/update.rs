//! `PUT /api/v1/events/{event_id}`: changes texts, times, the rules of the sale, or pauses it.

use domain::code::Code;
use domain::event::EventChange;
use domain::rate::RouteClass;
use guest::call::{invalid_field, invalid_fields};
use guest::{Call, Problem, Reply, auth, clock, idempotency, limit, stores};
use ledger::UpdateEventOutcome;

use crate::view::EventView;

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let event_id = call.event_id()?;
    let change: EventChange = call.change()?;
    idempotency::once(&call, "update:organiser", async {
        let stores = stores::open().await?;
        let not_found = || Problem::of(Code::EventNotFound);
        let event = ledger::find_event(&stores.database, event_id).await?.ok_or_else(not_found)?;
        let problems = change.problems(event.starts_at, event.ends_at, event.on_sale_at);
        if !problems.is_empty() {
            return Err(invalid_fields(&problems));
        }
        let outcome = ledger::update_event(&stores.database, event_id, &change).await?;
        let event = match outcome {
            UpdateEventOutcome::Updated(event) => event,
            UpdateEventOutcome::EventMissing => return Err(not_found()),
            UpdateEventOutcome::EventCancelled => return Err(Problem::of(Code::EventNotOnSale)),
            UpdateEventOutcome::InvalidTimes => {
                return Err(invalid_field("ends_at", "must be after starts_at and on_sale_at"));
            }
        };
        sale::apply_settings(&stores, &event).await?;
        Reply::ok(&EventView::new(*event, clock::now()))
    })
    .await
}
