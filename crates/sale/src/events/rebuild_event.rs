//! An event that Redis has lost comes back from Postgres.
//!
//! 1. *Lease*: of all instances that notice, one goes on; the others look again in short sleeps.
//! 2. *Generation*: Postgres raises it, and Redis takes nothing from a builder of an older one.
//! 3. *Open*: every place free, not for sale: every script still says that the event is missing.
//! 4. *Drain*: what the journal still says about holds reaches Postgres, if the journal is there.
//! 5. *Restore*: first the sales, then the holds that are not past their time, page by page.
//! 6. *Finish*: settings and numbers in one step, and the event is for sale.
//!
//! A builder that dies, as when its request is cut off, leaves an event that is still missing; the
//! next one goes on where it stopped. The audit marks a sale that commits after its page was read.
//!
//! An event that is over does not come back. One that ends while it is being rebuilt expires.

use std::cell::RefCell;
use std::collections::HashSet;

use cluster::Transport;
use domain::id::{BookingId, EventId};
use domain::queue::RETURN_GRACE_MS;
use ledger::{Database, LeaseOutcome, RESTORE_PAGE_MAX, Rebuild, RestoreKind, StoredEvent};
use scripts::{
    Building, EventOutcome, EventSettings, FinishOpening, FinishOpeningOutcome, OpenEvent,
    OpenOutcome, Opening, RestoreBookings, RestoreOutcome,
};

use crate::events::open_event::settings_of;
use crate::events::restore_contacts::restore_contacts;
use crate::events::retire_event::retire_event;
use crate::{Error, Stores, drain_journal, find_past_event};

/// Pages of one rebuild: ten million places, more than a rebuild could read in its time.
const PAGES_MAX: usize = 10_000;

thread_local! {
    /// Events that this instance rebuilds at the moment. Others of its requests then need not ask
    /// Postgres for the lease.
    static IN_FLIGHT: RefCell<HashSet<EventId>> = RefCell::new(HashSet::new());
}

/// What came of the attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RebuildOutcome {
    /// The event is for sale, by this call or somebody else's.
    Live,
    /// Somebody else is at it: look again in a moment.
    Busy,
    /// The event is over, and Redis does not have it: Postgres answers for it.
    Over,
    /// There is no such event.
    EventMissing,
}

/// Brings `event` back to Redis, unless it is there with the newest generation.
///
/// # Errors
///
/// See [`Error`]. The event is then still missing, and the same call goes on.
pub async fn rebuild_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<RebuildOutcome, Error> {
    rebuild(stores, event, LossCertainty::Noticed).await
}

/// How sure it is that the event is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LossCertainty {
    /// It was missing, or old, a moment ago: whoever had the lease may have brought it back.
    Noticed,
    /// It is there with its newest generation, and damaged beyond repair.
    Proven,
}

pub(crate) async fn rebuild<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    loss: LossCertainty,
) -> Result<RebuildOutcome, Error> {
    let Some(_in_flight) = InFlight::begin(event) else { return Ok(RebuildOutcome::Busy) };
    if live_generation(stores, event).await?.is_none()
        && let Some(past) = find_past_event(stores, event).await?
    {
        retire_half_built(stores, &past.event).await?;
        // mutant: past-events-come-back
        return Ok(RebuildOutcome::Over);
    }
    let generation = match ledger::lease_rebuild(&stores.database, event).await? {
        LeaseOutcome::Leased { generation } => generation,
        LeaseOutcome::Busy => return Ok(RebuildOutcome::Busy),
        LeaseOutcome::EventMissing => return Ok(RebuildOutcome::EventMissing),
    };
    // Only now: whoever had the lease before may have finished since this caller missed the event.
    // mutant: everybody-rebuilds
    if loss == LossCertainty::Noticed
        && live_generation(stores, event).await?.is_some_and(|live| live >= generation)
    {
        ledger::finish_rebuild(&stores.database, event, generation, false).await?;
        return Ok(RebuildOutcome::Live);
    }
    let left = scripts::read_building(&stores.cluster, event, stores.redis_deadline).await?;
    let left = left.filter(|left| left.generation == generation);
    let Some((rebuild, left)) = begin(stores, event, generation, left).await? else {
        return Ok(RebuildOutcome::Busy);
    };
    let settings = settings_of(&rebuild.event);
    let built = build(stores, event, &settings, &rebuild, left).await?;
    if built {
        retire_event(stores, &rebuild.event).await?;
    }
    ledger::finish_rebuild(&stores.database, event, settings.generation, built).await?;
    Ok(if built { RebuildOutcome::Live } else { RebuildOutcome::Busy })
}

/// What a builder has left of an event that is over by now expires.
async fn retire_half_built<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
) -> Result<(), Error> {
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    if scripts::read_building(cluster, event.id, deadline).await?.is_some() {
        retire_event(stores, event).await?;
    }
    Ok(())
}

/// Goes on with what a builder has left behind, or begins anew with the next generation. `None`
/// when somebody else has begun.
async fn begin<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    generation: i64,
    left: Option<Building>,
) -> Result<Option<(Rebuild, Option<Building>)>, Error> {
    let database = &stores.database;
    if let Some(left) = left {
        let Some(rebuild) = ledger::begin_rebuild(database, event, generation, generation).await?
        else {
            return Ok(None);
        };
        // Sections may have changed since.
        // mutant: half-built-sections-are-kept
        if rebuild.event.sections_version == left.sections_version {
            return Ok(Some((rebuild, Some(left))));
        }
    }
    let next = generation.saturating_add(1);
    let rebuild = ledger::begin_rebuild(database, event, generation, next).await?;
    Ok(rebuild.map(|rebuild| (rebuild, None)))
}

/// The generation under which the event is for sale in Redis.
async fn live_generation<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<i64>, Error> {
    match scripts::read_event(&stores.cluster, event, stores.redis_deadline).await? {
        EventOutcome::Found(state) => Ok(Some(state.settings.generation)),
        EventOutcome::EventMissing => Ok(None),
    }
}

/// Returns whether the event is live; if not, a newer builder is at it.
async fn build<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    settings: &EventSettings,
    rebuild: &Rebuild,
    left: Option<Building>,
) -> Result<bool, Error> {
    if left.is_none() {
        let open = OpenEvent { event, settings, opening: Opening::Rebuilt, draw_count: None };
        let opened = scripts::open_event(&stores.cluster, &open, stores.redis_deadline).await?;
        if opened == OpenOutcome::Exists {
            return Ok(false);
        }
    }
    // Nothing is added to it any more: no script finds the event.
    if !drain_journal(stores, event).await?.complete {
        return Err(Error::Contention("draining the journal of a lost event"));
    }
    let parts = match left.and_then(|left| left.restored) {
        None => vec![(RestoreKind::Sold, None), (RestoreKind::Held, None)],
        Some((true, last)) => vec![(RestoreKind::Sold, Some(last)), (RestoreKind::Held, None)],
        Some((false, last)) => vec![(RestoreKind::Held, Some(last))],
    };
    for (kind, after) in parts {
        if !restore(stores, event, settings, kind, after).await? {
            return Ok(false);
        }
    }
    let finish = FinishOpening {
        event,
        settings,
        number: rebuild.queue_ceiling,
        served: rebuild.queue_served,
        // Nobody comes back to a queue that nobody has joined.
        grace_ms: if rebuild.queue_ceiling > 0 { RETURN_GRACE_MS.cast_signed() } else { 0 },
        draw_count: rebuild.event.draw_count,
    };
    let finished = scripts::finish_opening(&stores.cluster, &finish, stores.redis_deadline).await?;
    Ok(finished == FinishOpeningOutcome::Live)
}

/// Returns whether all of it came back; if not, a newer builder is at it.
async fn restore<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    settings: &EventSettings,
    kind: RestoreKind,
    mut after: Option<BookingId>,
) -> Result<bool, Error> {
    for _ in 0..PAGES_MAX {
        let generation = settings.generation;
        let page = ledger::restore_page(&stores.database, event, generation, kind, after);
        let Some(page) = page.await? else { return Ok(false) };
        let request =
            RestoreBookings { event, settings, sold: kind == RestoreKind::Sold, bookings: &page };
        let restored =
            scripts::restore_bookings(&stores.cluster, &request, stores.redis_deadline).await?;
        if restored == RestoreOutcome::Superseded {
            return Ok(false);
        }
        if kind == RestoreKind::Held {
            restore_contacts(stores, event, &page).await?;
        }
        after = page.last().map(|stored| stored.booking.booking_id);
        if page.len() < RESTORE_PAGE_MAX as usize {
            return Ok(true);
        }
    }
    Err(Error::Contention("restoring a very large event"))
}

/// Marks an event as being rebuilt by this instance, until it is dropped: also when the request is
/// cut off.
struct InFlight(EventId);

impl InFlight {
    fn begin(event: EventId) -> Option<Self> {
        IN_FLIGHT.with_borrow_mut(|events| events.insert(event)).then_some(Self(event))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        IN_FLIGHT.with_borrow_mut(|events| events.remove(&self.0));
    }
}
