//! `POST /api/v1/events/{event_id}/seats`: adds sections to an event.

use domain::code::Code;
use domain::event::section_problems;
use domain::rate::RouteClass;
use domain::section::Section;
use guest::call::{invalid_field, invalid_fields};
use guest::{Call, Problem, Reply, auth, clock, idempotency, limit, stores};
use ledger::AddSectionsOutcome;
use serde::Deserialize;
use serde_json::json;

use crate::charging::charge_problems;
use crate::view::EventView;

#[derive(Deserialize)]
struct NewSections {
    sections: Vec<Section>,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    auth::organiser(&call).await?;
    limit::user(&call, RouteClass::Organiser, "organiser").await?;
    let event_id = call.event_id()?;
    let NewSections { sections } = call.json()?;
    let problems = section_problems(&sections);
    if !problems.is_empty() {
        return Err(invalid_fields(&problems));
    }
    idempotency::once(&call, "sections:organiser", async {
        let stores = stores::open().await?;
        let event = ledger::find_event(&stores.database, event_id).await?;
        let event = event.ok_or_else(|| Problem::of(Code::EventNotFound))?;
        let problems = charge_problems(&event.currency, &sections, &[]);
        if !problems.is_empty() {
            return Err(invalid_fields(&problems));
        }
        let outcome = ledger::add_sections(&stores.database, event_id, &sections).await?;
        let event = match outcome {
            AddSectionsOutcome::Added(event) | AddSectionsOutcome::AlreadyAdded(event) => event,
            AddSectionsOutcome::SectionExists(names) => {
                return Err(Problem::of(Code::SectionExists).with("sections", json!(names)));
            }
            AddSectionsOutcome::TooManySections => {
                return Err(invalid_field("sections", "would be too many for one event"));
            }
            AddSectionsOutcome::EventMissing => return Err(Problem::of(Code::EventNotFound)),
            AddSectionsOutcome::EventCancelled => return Err(Problem::of(Code::EventNotOnSale)),
        };
        sale::apply_sections(&stores, &event).await?;
        Reply::created(&EventView::new(*event, clock::now()))
    })
    .await
}
