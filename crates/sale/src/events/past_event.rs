//! An event that is over, as Postgres alone knows it.
//!
//! Redis lets an event go after its end, and it never comes back: whoever asks for it is answered
//! from here. Nothing is held any more then, so a unit is sold or it is not.

use cluster::Transport;
use domain::event::EventStatus;
use domain::id::EventId;
use domain::section::{SEAT_SOLD, Section, SectionKind, free_map};
use domain::time::Instant;
use ledger::{Database, SOLD_PAGE_MAX, StoredEvent};
use scripts::{EventState, SeatCounts};

use crate::events::open_event::settings_of;
use crate::{Error, Stores};

/// Pages of one map: five million sold seats.
const PAGES_MAX: usize = 1_000;

/// An event that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastEvent {
    /// As Postgres has it.
    pub event: StoredEvent,
    /// When that was found out, on the clock of Redis.
    pub now: Instant,
}

impl PastEvent {
    /// Where its sale stands: ended or cancelled.
    pub fn status(&self) -> EventStatus {
        self.event.sale_state().status(self.now)
    }
}

/// Finds an event that is over; `None` when there is no such event, or it is not over.
///
/// # Errors
///
/// See [`Error`].
pub async fn find_past_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
) -> Result<Option<PastEvent>, Error> {
    let Some(stored) = ledger::find_event(&stores.database, event).await? else { return Ok(None) };
    let now = scripts::read_clock(&stores.cluster, event, stores.redis_deadline).await?;
    Ok(is_over(&stored, now).then_some(PastEvent { event: stored, now }))
}

/// Whether `event` has ended or is cancelled.
pub(crate) fn is_over(event: &StoredEvent, now: Instant) -> bool {
    matches!(event.sale_state().status(now), EventStatus::Ended | EventStatus::Cancelled)
}

/// Settings and counts of an event that is over.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn past_state<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    past: PastEvent,
) -> Result<Option<EventState>, Error> {
    let Some(facts) = ledger::audit_facts(&stores.database, past.event.id).await? else {
        return Ok(None);
    };
    let settings = settings_of(&facts.event);
    let sections: Vec<SeatCounts> = settings
        .sections
        .iter()
        .map(|section| {
            let sold = facts.sold.iter().find(|(name, _)| *name == section.name);
            let sold = sold.map_or(0, |(_, sold)| *sold);
            SeatCounts { available: i64::from(section.capacity()) - sold, held: 0, sold }
        })
        .collect();
    let sold: i64 = sections.iter().map(|counts| counts.sold).sum();
    let total = SeatCounts { available: settings.capacity() - sold, held: 0, sold };
    Ok(Some(EventState { now: past.now, settings, total, sections, admitted: 0 }))
}

/// The map of a section as Postgres knows it: every seat is sold or free. `None` when the section
/// is a standing one.
///
/// # Errors
///
/// See [`Error`].
pub(crate) async fn past_map<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    section: &Section,
) -> Result<Option<Vec<u8>>, Error> {
    let SectionKind::Seated { rows, seats_per_row } = section.kind else { return Ok(None) };
    let mut map = free_map(rows, seats_per_row);
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = ledger::sold_bookings(&stores.database, event, after).await?;
        let seats = page.iter().flat_map(|sale| &sale.seats);
        for seat in seats.filter(|seat| seat.section == section.name) {
            // Both begin with 1, and a separator stands between two rows.
            let row_offset = seat.row.saturating_sub(1).saturating_mul(seats_per_row + 1);
            let offset = row_offset.saturating_add(seat.number.saturating_sub(1));
            if let Some(place) = map.get_mut(offset as usize) {
                *place = SEAT_SOLD;
            }
        }
        after = page.last().map(|sale| sale.booking);
        if page.len() < SOLD_PAGE_MAX as usize {
            return Ok(Some(map));
        }
    }
    Err(Error::Contention("reading the map of a very large event"))
}
