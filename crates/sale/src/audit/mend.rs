//! Mends what an audit found.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cluster::Transport;
use domain::booking::StoredBooking;
use domain::section::SectionName;
use ledger::{AuditCounts, Database};
use scripts::{
    ENTRIES_REPAIRED_MAX, HOLDS_REPAIRED_MAX, ReleaseReason, ReleaseSeats, Repair,
    SEATS_REPAIRED_MAX, SeatRepair,
};

use crate::audit::difference::Difference;
use crate::audit::snapshot::{RedisSnapshot, Snapshot};
use crate::bookings::marks::{find_sale, mark_sold};
use crate::events::restore_contacts::restore_contacts;
use crate::{Error, Stores, apply_sections, apply_settings};

/// Mends every difference, and counts what was mended.
pub(super) async fn mend<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    seen: &Snapshot,
    redis: &RedisSnapshot,
    differences: &BTreeSet<Difference>,
    mended: &mut AuditCounts,
) -> Result<(), Error> {
    let event = &seen.postgres.event;
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let repair = Repair { event: event.id, generation: redis.state.settings.generation };
    let mut places: BTreeMap<&SectionName, Vec<SeatRepair>> = BTreeMap::new();
    let (mut buyers, mut ends) = (Vec::new(), Vec::new());
    // Counts first: they are mended to what the maps said, and everything after moves both.
    for difference in differences {
        if let Difference::Counts { section, seen, wanted } = difference {
            mended.counts += repair.counts(cluster, section, *seen, *wanted, deadline).await?;
        }
    }
    for difference in differences {
        match difference {
            // A lost event is rebuilt instead; the counts are mended.
            Difference::Missing
            | Difference::Generation { .. }
            | Difference::Map(_)
            | Difference::Counts { .. } => {}
            // When the places are right.
            Difference::Lost { .. } | Difference::Ended { .. } | Difference::Beaten { .. } => {}
            Difference::Settings { .. } => {
                apply_settings(stores, event).await?;
            }
            Difference::Sections { .. } => apply_sections(stores, event).await?,
            Difference::SoldOut { wanted } => {
                let noted = ledger::mark_sold_out(&stores.database, event.id, *wanted).await?;
                mended.counts += i64::from(noted);
            }
            Difference::Unmarked { booking } => {
                let Ok(booking) = booking.parse() else { continue };
                let Some(sold) = find_sale(&stores.database, booking).await? else { continue };
                mark_sold(stores, &sold).await?;
                mended.holds += 1;
            }
            Difference::Place { section, repair } => {
                places.entry(section).or_default().push(repair.clone());
            }
            Difference::Buyer { user, seen, wanted } => {
                buyers.push((user.clone(), seen.clone(), *wanted));
            }
            Difference::Expiry { booking } => ends.push(booking.clone()),
        }
    }
    for (section, places) in places {
        for batch in places.chunks(SEATS_REPAIRED_MAX) {
            mended.places += repair.seats(cluster, section, batch, deadline).await?;
        }
    }
    for batch in buyers.chunks(ENTRIES_REPAIRED_MAX) {
        mended.buyers += repair.buyers(cluster, batch, deadline).await?;
    }
    for batch in ends.chunks(ENTRIES_REPAIRED_MAX) {
        mended.holds += repair.expiry(cluster, batch, deadline).await?;
    }
    mended.holds += end_holds(stores, redis, differences).await?;
    mended.holds += take_lost_holds(stores, seen, redis, differences).await?;
    Ok(())
}

/// Ends holds in Redis; returns how many. Of one that is over in Postgres, and that somebody pays
/// meanwhile, what Postgres says will change: it is left alone.
async fn end_holds<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    redis: &RedisSnapshot,
    differences: &BTreeSet<Difference>,
) -> Result<i64, Error> {
    let mut ended = 0;
    for difference in differences {
        let (booking, reason) = match difference {
            Difference::Ended { booking } => (booking, ReleaseReason::Released),
            Difference::Beaten { booking } => (booking, ReleaseReason::Refused),
            _ => continue,
        };
        let Some(hold) = redis.holds.get(booking) else { continue };
        let Ok(booking) = booking.parse() else { continue };
        let section = &hold.booking.section;
        let request = ReleaseSeats { booking, section, reason };
        let released =
            scripts::release_seats(&stores.cluster, &request, stores.redis_deadline).await?;
        ended += i64::from(matches!(released, scripts::ReleaseOutcome::Released(_)));
    }
    Ok(ended)
}

/// Takes the places of lost holds again, and ends in Postgres those that have lost them to others;
/// returns how many there were.
async fn take_lost_holds<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    seen: &Snapshot,
    redis: &RedisSnapshot,
    differences: &BTreeSet<Difference>,
) -> Result<i64, Error> {
    let settings = &redis.state.settings;
    let repair = Repair { event: seen.postgres.event.id, generation: settings.generation };
    let seated = settings.seated_sections();
    let lost: HashSet<&str> = differences
        .iter()
        .filter_map(|difference| match difference {
            Difference::Lost { booking } => Some(booking.as_str()),
            _ => None,
        })
        .collect();
    let holds: Vec<StoredBooking> = seen
        .holds
        .lost
        .iter()
        .filter(|stored| lost.contains(stored.booking.booking_id.to_string().as_str()))
        .cloned()
        .collect();
    let mut mended = 0;
    for batch in holds.chunks(HOLDS_REPAIRED_MAX) {
        let taken = repair.holds(&stores.cluster, &seated, batch, stores.redis_deadline).await?;
        restore_contacts(stores, repair.event, batch).await?;
        // mutant: lost-holds-live-on-in-postgres
        let expired = ledger::expire_lost_holds(&stores.database, &taken.refused).await?;
        mended += taken.repaired + i64::try_from(expired).unwrap_or(i64::MAX);
    }
    Ok(mended)
}
