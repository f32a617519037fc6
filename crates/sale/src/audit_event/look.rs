//! What both stores say about an event.

use std::collections::HashMap;

use cluster::Transport;
use domain::id::EventId;
use domain::section::SectionName;
use ledger::{AuditFacts, Database, SOLD_PAGE_MAX, SoldBooking};
use scripts::{EventOutcome, EventState, Hold};

use crate::{Error, Stores};

/// Pages of one look: five million sold places.
const PAGES_MAX: usize = 1_000;

/// What both stores said, Redis a moment before Postgres.
pub(crate) struct Look {
    /// `None` when the event is not there.
    pub(crate) redis: Option<RedisLook>,
    pub(crate) postgres: AuditFacts,
    /// Everything that is sold.
    pub(crate) sales: Vec<SoldBooking>,
}

/// What Redis said, read piece by piece.
pub(crate) struct RedisLook {
    pub(crate) state: EventState,
    pub(crate) maps: HashMap<SectionName, Vec<u8>>,
    pub(crate) holders: HashMap<String, String>,
    pub(crate) holds: HashMap<String, Hold>,
    pub(crate) expiry: HashMap<String, String>,
    pub(crate) buyers: HashMap<String, String>,
}

/// Looks at the event; `None` when Postgres does not know it.
pub(crate) async fn look<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<Look>, Error> {
    let redis = look_at_redis(stores, event).await?;
    let Some(postgres) = ledger::audit_facts(&stores.database, event).await? else {
        return Ok(None);
    };
    let mut sales: Vec<SoldBooking> = Vec::new();
    for _ in 0..PAGES_MAX {
        let after = sales.last().map(|sale| sale.booking);
        let page = ledger::sold_bookings(&stores.database, event, after).await?;
        let is_last = page.len() < SOLD_PAGE_MAX as usize;
        sales.extend(page);
        if is_last {
            return Ok(Some(Look { redis, postgres, sales }));
        }
    }
    Err(Error::Contention("looking at a very large event"))
}

async fn look_at_redis<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<RedisLook>, Error> {
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let EventOutcome::Found(state) = scripts::read_event(cluster, event, deadline).await? else {
        return Ok(None);
    };
    let mut maps = HashMap::new();
    for section in state.settings.seated_sections() {
        let map = scripts::read_map(cluster, event, &section, deadline).await?;
        maps.insert(section, map.unwrap_or_default());
    }
    Ok(Some(RedisLook {
        maps,
        holders: scripts::scan_holders(cluster, event, deadline).await?,
        holds: scripts::scan_bookings(cluster, event, deadline).await?,
        expiry: scripts::scan_expiry(cluster, event, deadline).await?,
        buyers: scripts::scan_buyers(cluster, event, deadline).await?,
        state: *state,
    }))
}
