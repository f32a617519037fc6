//! Cancels an event for those who want to buy; a saga follows for those who have bought.

use cluster::Transport;
use domain::id::EventId;
use ledger::{Database, StoredEvent};
use scripts::MarkKind;

use crate::best_effort::best_effort;
use crate::events::apply_settings::apply_settings;
use crate::{Error, Stores};

/// Cancels `event` for good, and returns it as it is now; `None` when there is no such event. From
/// then on nothing of it is sold. Its holds and bookings follow by a saga, in batches.
///
/// # Errors
///
/// See [`Error`].
pub async fn cancel_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<StoredEvent>, Error> {
    let cancelled = ledger::cancel_event(&stores.database, event).await?;
    if let Some(cancelled) = &cancelled {
        // The saga does it again, should this fail.
        let applied = apply_settings(stores, cancelled).await;
        best_effort(stores, MarkKind::Settings, applied).await;
    }
    Ok(cancelled)
}
