//! `GET /api/v1/events/{event_id}/availability`: one atomic view of what is free, held and sold.

use domain::code::Code;
use domain::event::EventStatus;
use domain::id::EventId;
use domain::section::Section;
use guest::stores::SpinStores;
use guest::{Call, Problem, Reply, stores};
use scripts::{EventState, SeatCounts};
use serde::Serialize;

#[derive(Serialize)]
struct Availability {
    event_id: EventId,
    status: EventStatus,
    capacity: i64,
    #[serde(flatten)]
    total: Counts,
    sections: Vec<SectionAvailability>,
}

#[derive(Serialize)]
struct SectionAvailability {
    name: String,
    kind: &'static str,
    price: i64,
    capacity: u32,
    #[serde(flatten)]
    counts: Counts,
}

/// Always `available + held + sold = capacity`.
#[derive(Serialize)]
struct Counts {
    available: i64,
    held: i64,
    sold: i64,
}

pub(crate) async fn handle(call: Call) -> Result<Reply, Problem> {
    let event_id = call.event_id()?;
    let state = event_state(&stores::open().await?, event_id).await?;
    let sections = state.settings.sections.iter().zip(&state.sections);
    Reply::ok(&Availability {
        event_id,
        status: state.status(),
        capacity: state.settings.capacity(),
        total: counts(state.total),
        sections: sections.map(|(section, counts)| of_section(section, *counts)).collect(),
    })
}

/// The event as it is now.
pub(crate) async fn event_state(
    stores: &SpinStores,
    event: EventId,
) -> Result<EventState, Problem> {
    sale::read_event(stores, event).await?.ok_or_else(|| Problem::of(Code::EventNotFound))
}

fn of_section(section: &Section, section_counts: SeatCounts) -> SectionAvailability {
    SectionAvailability {
        name: section.name.to_string(),
        kind: if section.is_seated() { "seated" } else { "standing" },
        price: section.price,
        capacity: section.capacity(),
        counts: counts(section_counts),
    }
}

fn counts(SeatCounts { available, held, sold }: SeatCounts) -> Counts {
    Counts { available, held, sold }
}
