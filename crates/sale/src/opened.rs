//! Calls of Redis that find their event.

use cluster::Transport;
use domain::id::EventId;
use ledger::Database;

use crate::open_event::open_event;
use crate::{Error, Stores};

/// An outcome of a script that can say that its event is not in Redis.
pub trait EventOutcome {
    /// Whether it says so.
    fn is_event_missing(&self) -> bool;
}

macro_rules! event_outcomes {
    ($($outcome:ident),+ $(,)?) => {
        $(impl EventOutcome for scripts::$outcome {
            fn is_event_missing(&self) -> bool {
                matches!(self, Self::EventMissing)
            }
        })+
    };
}

event_outcomes!(
    AddSectionsOutcome,
    AdmitOutcome,
    EventOutcome,
    ExpireOutcome,
    LeaveOutcome,
    PinOutcome,
    QueueOutcome,
    ReserveOutcome,
    UpdateOutcome,
);

impl EventOutcome for scripts::QueuePlace {
    fn is_event_missing(&self) -> bool {
        matches!(self.outcome, scripts::PlaceOutcome::EventMissing)
    }
}

/// Runs `call`. When Redis does not know the event, it is opened from Postgres and `call` runs once
/// more; so the outcome says that the event is missing only when there is no such event.
///
/// # Errors
///
/// See [`Error`].
pub async fn opened<T, D, O, F>(stores: &Stores<T, D>, event: EventId, call: F) -> Result<O, Error>
where
    T: Transport,
    D: Database,
    O: EventOutcome,
    F: AsyncFn() -> Result<O, scripts::Error>,
{
    let outcome = call().await?;
    if outcome.is_event_missing() && open_event(stores, event).await? {
        return Ok(call().await?);
    }
    Ok(outcome)
}
