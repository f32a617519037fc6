//! An event as the waiting room shows it, and words for the state of a sale.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use domain::code::Code;
use domain::event::{EventStatus, SaleState};
use domain::id::EventId;
use domain::time;
use guest::{Problem, clock, postgres};

/// How old that may be: a hall full of refreshing pages must not read Postgres for each.
const AGE_MAX: Duration = Duration::from_secs(5);
/// Events that an instance remembers.
const KNOWN_MAX: usize = 64;

thread_local! {
    static KNOWN: RefCell<BTreeMap<EventId, (Instant, Event)>> =
        const { RefCell::new(BTreeMap::new()) };
}

/// An event as pages show it.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) name: String,
    pub(crate) venue: String,
    pub(crate) time_zone: String,
    pub(crate) starts_at: time::Instant,
    pub(crate) on_sale_at: time::Instant,
    /// What decides the status.
    pub(crate) sale: SaleState,
    /// Whether newcomers may join.
    pub(crate) joining: bool,
    /// Whether it is decided who takes part in the draw: whoever comes now does not.
    pub(crate) is_drawn: bool,
    /// What the organiser has to say to those who wait.
    pub(crate) message: String,
}

impl Event {
    /// Where the sale stands now, as the interface tells it.
    pub(crate) fn status(&self) -> EventStatus {
        self.sale.status(clock::now())
    }

    /// Whether nobody else is let in, for good.
    pub(crate) fn is_over(&self) -> bool {
        match self.status() {
            EventStatus::Cancelled | EventStatus::Ended | EventStatus::SoldOut => true,
            EventStatus::Paused | EventStatus::Scheduled | EventStatus::OnSale => false,
        }
    }

    /// Whether the page has a way in.
    pub(crate) fn can_be_joined(&self) -> bool {
        !self.is_over() && self.joining
    }
}

/// The event, as it was a few seconds ago.
pub(crate) async fn find(id: EventId) -> Result<Event, Problem> {
    let known = KNOWN.with_borrow(|known| {
        known.get(&id).filter(|(at, _)| at.elapsed() <= AGE_MAX).map(|(_, event)| event.clone())
    });
    match known {
        Some(event) => Ok(event),
        None => read(id).await,
    }
}

/// The event as it is now.
pub(crate) async fn read(id: EventId) -> Result<Event, Problem> {
    let database = postgres::database().await?;
    let found = ledger::find_event(&database, id).await?;
    let found = found.ok_or_else(|| Problem::of(Code::EventNotFound))?;
    let event = Event {
        id,
        sale: found.sale_state(),
        name: found.name,
        venue: found.venue,
        time_zone: found.time_zone,
        starts_at: found.starts_at,
        on_sale_at: found.on_sale_at,
        joining: found.sale.queue.joining,
        is_drawn: found.draw_count.is_some(),
        message: found.sale.queue.message,
    };
    KNOWN.with_borrow_mut(|known| {
        known.retain(|_, (at, _)| at.elapsed() <= AGE_MAX);
        if known.len() < KNOWN_MAX {
            known.insert(id, (Instant::now(), event.clone()));
        }
    });
    Ok(event)
}

/// Where the sale of a stored event stands now.
pub(crate) fn status_of(event: &ledger::StoredEvent) -> EventStatus {
    event.sale_state().status(clock::now())
}

/// The message that tells it.
pub(crate) const fn status_words(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Scheduled => "status-scheduled",
        EventStatus::OnSale => "status-on-sale",
        EventStatus::Paused => "status-paused",
        EventStatus::SoldOut => "status-sold-out",
        EventStatus::Ended => "status-ended",
        EventStatus::Cancelled => "status-cancelled",
    }
}
