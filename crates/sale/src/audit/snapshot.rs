//! What both stores say about an event.

use std::collections::{BTreeMap, HashMap};

use cluster::Transport;
use domain::id::EventId;
use domain::section::SectionName;
use ledger::{
    AuditFacts, Database, HOLDS_COMPARED_MAX, HoldDifferences, KnownHolds, SOLD_PAGE_MAX,
    SoldBooking,
};
use scripts::{EventOutcome, EventState, Hold, HoldState};

use crate::events::past_event::is_over;
use crate::{Error, Stores};

/// Pages of one snapshot: five million sold places.
const PAGES_MAX: usize = 1_000;

/// What both stores said, Redis a moment before Postgres.
pub(crate) struct Snapshot {
    /// `None` when the event is not there.
    pub(crate) redis: Option<RedisSnapshot>,
    pub(crate) postgres: AuditFacts,
    /// Whether Redis should have the event: it lets one go that is over.
    pub(crate) is_expected: bool,
    /// Everything that is sold.
    pub(crate) sales: Vec<SoldBooking>,
    /// Holds of which the two tell different things.
    pub(crate) holds: HoldDifferences,
}

/// What Redis said, read piece by piece.
pub(crate) struct RedisSnapshot {
    pub(crate) state: EventState,
    pub(crate) maps: HashMap<SectionName, Vec<u8>>,
    pub(crate) holders: HashMap<String, String>,
    pub(crate) holds: HashMap<String, Hold>,
    /// Bookings that were resolved, as far as Postgres may not know it yet.
    pub(crate) resolved: HashMap<String, String>,
    pub(crate) expiry: HashMap<String, String>,
    pub(crate) buyers: HashMap<String, String>,
}

/// Reads the event from both stores; `None` when Postgres does not know it.
pub(crate) async fn snapshot<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<Snapshot>, Error> {
    let redis = redis_snapshot(stores, event).await?;
    let Some(postgres) = ledger::audit_facts(&stores.database, event).await? else {
        return Ok(None);
    };
    let is_expected = match &redis {
        Some(_) => true,
        None => {
            let now = scripts::read_clock(&stores.cluster, event, stores.redis_deadline).await?;
            !is_over(&postgres.event, now)
        }
    };
    let sales = sales(stores, event).await?;
    let mut holds = HoldDifferences::default();
    for seen in redis.as_ref().map(known_holds).unwrap_or_default() {
        let found = ledger::compare_reserved(&stores.database, event, seen).await?;
        holds.lost.extend(found.lost);
        holds.ended.extend(found.ended);
    }
    Ok(Some(Snapshot { redis, postgres, is_expected, sales, holds }))
}

async fn sales<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Vec<SoldBooking>, Error> {
    let mut sales: Vec<SoldBooking> = Vec::new();
    for _ in 0..PAGES_MAX {
        let after = sales.last().map(|sale| sale.booking);
        let page = ledger::sold_bookings(&stores.database, event, after).await?;
        let is_last = page.len() < SOLD_PAGE_MAX as usize;
        sales.extend(page);
        if is_last {
            return Ok(sales);
        }
    }
    Err(Error::Contention("reading a very large event"))
}

/// What Redis knows of bookings, in ranges of their ids that one statement compares. Together the
/// ranges cover all ids.
fn known_holds(redis: &RedisSnapshot) -> Vec<KnownHolds> {
    // A hold that is resolved between the two scans is in both; that it was held says more.
    let resolved = redis.resolved.keys().map(|booking| (booking, false));
    let holds = redis.holds.iter().map(|(booking, hold)| (booking, hold.state == HoldState::Held));
    let all: BTreeMap<&String, bool> = resolved.chain(holds).collect();
    let all: Vec<_> = all.into_iter().collect();
    let (mut ranges, mut after) = (Vec::new(), None);
    for range in all.chunks(HOLDS_COMPARED_MAX) {
        let ids = |wanted| {
            let ids = range.iter().filter(|(_, is_held)| *is_held == wanted);
            ids.map(|(booking, _)| (*booking).clone()).collect()
        };
        let until = range.last().map(|(booking, _)| (*booking).clone());
        let (held, known) = (ids(true), ids(false));
        ranges.push(KnownHolds { after, until: until.clone(), held, known });
        after = until;
    }
    match ranges.last_mut() {
        Some(last) => last.until = None,
        None => ranges.push(KnownHolds::default()),
    }
    ranges
}

async fn redis_snapshot<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<RedisSnapshot>, Error> {
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let EventOutcome::Found(state) = scripts::read_event(cluster, event, deadline).await? else {
        return Ok(None);
    };
    let mut maps = HashMap::new();
    for section in state.settings.seated_sections() {
        let map = scripts::read_map(cluster, event, &section, deadline).await?;
        maps.insert(section, map.unwrap_or_default());
    }
    Ok(Some(RedisSnapshot {
        maps,
        holders: scripts::scan_holders(cluster, event, deadline).await?,
        holds: scripts::scan_bookings(cluster, event, deadline).await?,
        // After the holds: one that is resolved in between is in one of the two at least.
        resolved: scripts::scan_resolved(cluster, event, deadline).await?,
        expiry: scripts::scan_expiry(cluster, event, deadline).await?,
        buyers: scripts::scan_buyers(cluster, event, deadline).await?,
        state: *state,
    }))
}
