//! Mends what an audit found.

use std::collections::{BTreeMap, BTreeSet};

use cluster::Transport;
use domain::section::SectionName;
use ledger::{AuditCounts, Database};
use scripts::{ConfirmBooking, ENTRIES_REPAIRED_MAX, PLACES_REPAIRED_MAX, PlaceRepair, Repair};

use super::compare::Difference;
use super::look::{Look, RedisLook};
use crate::{Error, Stores, add_sections, apply_settings};

/// Mends every difference, and counts what was mended.
pub(super) async fn mend<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    seen: &Look,
    redis: &RedisLook,
    differences: &BTreeSet<Difference>,
    mended: &mut AuditCounts,
) -> Result<(), Error> {
    let event = &seen.postgres.event;
    let (cluster, deadline) = (&stores.cluster, stores.redis_deadline);
    let repair = Repair { event: event.id, generation: redis.state.settings.generation };
    let mut places: BTreeMap<&SectionName, Vec<PlaceRepair>> = BTreeMap::new();
    let (mut buyers, mut ends, mut sections_missing) = (Vec::new(), Vec::new(), false);
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
            Difference::Settings { .. } => apply_settings(stores, event).await?,
            Difference::Section(_) => sections_missing = true,
            Difference::Unmarked { booking, section } => {
                let Ok(booking) = booking.parse() else { continue };
                let request = ConfirmBooking { booking, section, lost: None };
                scripts::confirm_booking(cluster, &request, deadline).await?;
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
    if sections_missing {
        add_sections(stores, event.id, &event.sections).await?;
    }
    for (section, places) in places {
        for batch in places.chunks(PLACES_REPAIRED_MAX) {
            mended.places += repair.places(cluster, section, batch, deadline).await?;
        }
    }
    for batch in buyers.chunks(ENTRIES_REPAIRED_MAX) {
        mended.buyers += repair.buyers(cluster, batch, deadline).await?;
    }
    for batch in ends.chunks(ENTRIES_REPAIRED_MAX) {
        mended.holds += repair.expiry(cluster, batch, deadline).await?;
    }
    Ok(())
}
