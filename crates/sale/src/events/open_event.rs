//! Opens a new event in Redis.

use cluster::Transport;
use ledger::{Database, StoredEvent};
use scripts::{EventSettings, OpenEvent, Opening, SaleRules};

use crate::{Error, Stores};

/// Opens `event`, which has just been created, with every place free. Does nothing when Redis has
/// it already. Only
/// [`with_open_event`](crate::with_open_event) opens an event that may have been sold from.
///
/// # Errors
///
/// See [`Error`].
pub async fn open_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
) -> Result<(), Error> {
    let settings = settings_of(event);
    let request = OpenEvent {
        event: event.id,
        settings: &settings,
        opening: Opening::New,
        draw_count: event.draw_count,
    };
    scripts::open_event(&stores.cluster, &request, stores.redis_deadline).await?;
    Ok(())
}

/// The settings of an event as its scripts read them.
pub(crate) fn settings_of(event: &StoredEvent) -> EventSettings {
    EventSettings {
        generation: event.generation,
        version: event.settings_version,
        sections_version: event.sections_version,
        cancelled: event.cancelled,
        paused: event.paused,
        on_sale_at: event.on_sale_at,
        ends_at: event.ends_at,
        currency: event.currency.clone(),
        amount_max: provider::charge_max(&event.currency),
        rules: SaleRules::from(&event.sale),
        sections: event.sections.clone(),
    }
}
