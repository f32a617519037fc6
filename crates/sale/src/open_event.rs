//! Builds an event in Redis from Postgres: when it is created, and when Redis has lost it.

use cluster::Transport;
use domain::id::EventId;
use domain::section::Section;
use ledger::{Database, EventToOpen, StoredEvent};
use scripts::{EventSettings, OpenEvent, SaleRules, SectionStock};

use crate::{Error, Stores};

/// Opens `event` in Redis with every seat that is sold marked as sold. Does nothing when Redis has
/// it already. Returns whether there is such an event.
///
/// # Errors
///
/// See [`Error`].
pub async fn open_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<bool, Error> {
    let Some(to_open) = ledger::event_to_open(&stores.database, event).await? else {
        return Ok(false);
    };
    let settings = settings_of(&to_open.event);
    let stock: Vec<_> =
        to_open.event.sections.iter().map(|section| stock_of(&to_open, section)).collect();
    let request = OpenEvent { event, settings: &settings, stock: &stock };
    scripts::open_event(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(true)
}

fn settings_of(event: &StoredEvent) -> EventSettings {
    EventSettings {
        generation: event.generation,
        cancelled: event.cancelled,
        paused: event.paused,
        on_sale_at: event.on_sale_at,
        ends_at: event.ends_at,
        currency: event.currency.clone(),
        rules: SaleRules::from(&event.sale),
        sections: event.sections.clone(),
    }
}

fn stock_of(to_open: &EventToOpen, section: &Section) -> SectionStock {
    let Some(sold) = to_open.sold.iter().find(|sold| sold.section == section.name) else {
        return SectionStock::free(section.clone());
    };
    if section.is_seated() {
        let seats: Vec<_> = sold.seats.iter().map(|seat| (seat.row, seat.number)).collect();
        SectionStock::with_sold_seats(section.clone(), &seats)
    } else {
        SectionStock::with_sold_places(section.clone(), sold.standing_sold)
    }
}
