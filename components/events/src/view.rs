//! An event as clients see it.

use domain::event::{EventStatus, SaleSettings};
use domain::id::EventId;
use domain::section::Section;
use domain::time::Instant;
use ledger::StoredEvent;
use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct EventView {
    id: EventId,
    name: String,
    description: String,
    venue: String,
    time_zone: String,
    starts_at: Instant,
    ends_at: Instant,
    on_sale_at: Instant,
    currency: String,
    sections: Vec<Section>,
    sale: SaleSettings,
    status: EventStatus,
    capacity: u64,
    /// What the seed of the draw is bound to.
    draw_commitment: String,
    created_at: Instant,
}

impl EventView {
    pub(crate) fn new(event: StoredEvent, now: Instant) -> Self {
        Self {
            status: event.sale_state().status(now),
            id: event.id,
            name: event.name,
            description: event.description,
            venue: event.venue,
            time_zone: event.time_zone,
            starts_at: event.starts_at,
            ends_at: event.ends_at,
            on_sale_at: event.on_sale_at,
            currency: event.currency,
            sections: event.sections,
            sale: event.sale,
            capacity: event.capacity,
            draw_commitment: event.draw_commitment,
            created_at: event.created_at,
        }
    }
}
