//! Calls of Redis that need their event there.

use std::time::Duration;

use cluster::Transport;
use domain::id::EventId;
use ledger::Database;

use crate::events::rebuild_event::{RebuildOutcome, rebuild_event};
use crate::{Error, Stores};

/// How often the others look again while one caller rebuilds an event: a small one is back within
/// the first interval.
const LOOK_INTERVAL: Duration = Duration::from_millis(60);
/// Looks of one call: 3.6 s of waiting, less than a request may take.
const LOOKS_MAX: usize = 60;

/// An outcome of a script that can say that its event is not in Redis.
pub trait OpenEventOutcome {
    /// Whether it says so.
    fn is_event_missing(&self) -> bool;
}

macro_rules! event_outcomes {
    ($($outcome:ident),+ $(,)?) => {
        $(impl OpenEventOutcome for scripts::$outcome {
            fn is_event_missing(&self) -> bool {
                matches!(self, Self::EventMissing)
            }
        })+
    };
}

event_outcomes!(
    AdmitOutcome,
    ApplySectionsOutcome,
    BeginDrawOutcome,
    BookingOutcome,
    EventOutcome,
    ExpireOutcome,
    ExtendOutcome,
    LeaveOutcome,
    PinOutcome,
    QueueOutcome,
    ReserveOutcome,
    UpdateOutcome,
    WatchSeatsOutcome,
    WithholdOutcome,
);

impl OpenEventOutcome for scripts::QueuePlace {
    fn is_event_missing(&self) -> bool {
        matches!(self.outcome, scripts::PlaceOutcome::EventMissing)
    }
}

impl OpenEventOutcome for scripts::JoinOutcome {
    fn is_event_missing(&self) -> bool {
        match self {
            Self::Place(place) => place.is_event_missing(),
            Self::NumbersUsedUp { .. } => false,
        }
    }
}

impl OpenEventOutcome for scripts::WatchedPlace {
    fn is_event_missing(&self) -> bool {
        self.place.is_event_missing()
    }
}

/// Runs `call`. When Redis does not have the event, this caller or another one rebuilds it from
/// Postgres, and `call` runs again. An event that is over is not rebuilt: Postgres alone answers
/// for it. So the outcome says that the event is missing when there is no such event, or when it
/// is over; [`find_past_event`](crate::find_past_event) tells which.
///
/// # Errors
///
/// See [`Error`]; [`Error::Contention`] when the event does not come back in time.
pub async fn with_open_event<T, D, O, F>(
    stores: &Stores<T, D>,
    event: EventId,
    call: F,
) -> Result<O, Error>
where
    T: Transport,
    D: Database,
    O: OpenEventOutcome,
    F: AsyncFn() -> Result<O, scripts::Error>,
{
    for _ in 0..LOOKS_MAX {
        let outcome = call().await?;
        if !outcome.is_event_missing() {
            return Ok(outcome);
        }
        // Boxed: it is rare and large, and every call of a script would carry it.
        match Box::pin(rebuild_event(stores, event)).await? {
            RebuildOutcome::Live => {}
            RebuildOutcome::Busy => stores.cluster.sleep(LOOK_INTERVAL).await,
            RebuildOutcome::Over | RebuildOutcome::EventMissing => return Ok(outcome),
        }
    }
    Err(Error::Contention("waiting for an event that is being rebuilt"))
}
