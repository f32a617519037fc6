//! Tells Redis the settings that Postgres has accepted.
//!
//! A change can move the end of an event, into the past or out of it: with the settings, its keys
//! get an end or lose it.

use cluster::Transport;
use ledger::{Database, StoredEvent};
use scripts::{EventUpdate, SaleRules};

use crate::events::retire_event::retire_event;
use crate::{Error, Stores, with_open_event};

/// Applies the settings of `event` in Redis, unless newer ones are there. Returns whether the event
/// is over, so that what Redis has of it expires.
///
/// # Errors
///
/// See [`Error`].
pub async fn apply_settings<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
) -> Result<bool, Error> {
    let update = EventUpdate {
        version: event.settings_version,
        cancelled: Some(event.cancelled),
        paused: Some(event.paused),
        on_sale_at: Some(event.on_sale_at),
        ends_at: Some(event.ends_at),
        rules: Some(SaleRules::from(&event.sale)),
    };
    with_open_event(stores, event.id, async || {
        scripts::update_event(&stores.cluster, event.id, &update, stores.redis_deadline).await
    })
    .await?;
    // mutant: a-moved-end-moves-no-expiry
    retire_event(stores, event).await
}
