//! Reads an event's settings and counts in one atomic view.

use std::collections::HashMap;
use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::event::{EventStatus, SaleState};
use domain::id::EventId;
use domain::time::Instant;

use crate::call::{Fields, call};
use crate::{Error, EventSettings, registry};

/// Seats by state: `available + held + sold` is the capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SeatCounts {
    /// Free to reserve.
    pub available: i64,
    /// Held for a buyer.
    pub held: i64,
    /// Paid.
    pub sold: i64,
}

/// An open event at one instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventState {
    /// When it was read, on the clock of Redis.
    pub now: Instant,
    /// What the scripts decide by.
    pub settings: EventSettings,
    /// Seats of the whole event.
    pub total: SeatCounts,
    /// Seats of each section, in the order of `settings.sections`.
    pub sections: Vec<SeatCounts>,
    /// Users let in so far.
    pub admitted: i64,
}

impl EventState {
    /// Where the sale stands.
    pub fn status(&self) -> EventStatus {
        let state = SaleState {
            cancelled: self.settings.cancelled,
            paused: self.settings.paused,
            sold_out: self.total.sold >= self.settings.capacity(),
            on_sale_at: self.settings.on_sale_at,
            ends_at: self.settings.ends_at,
        };
        state.status(self.now)
    }
}

/// What reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventOutcome {
    /// The event is open.
    Found(Box<EventState>),
    /// The event is not open in Redis.
    EventMissing,
}

/// Reads settings and counts.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_event<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<EventOutcome, Error> {
    let script = registry::read_event(event);
    let reply = call(cluster, script, Vec::new(), deadline).await?;
    match reply.outcome()? {
        "ok" => {
            let state = parse_state(&reply, reply.instant(1)?).ok_or_else(|| reply.unexpected())?;
            Ok(EventOutcome::Found(Box::new(state)))
        }
        "event_missing" => Ok(EventOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}

/// Reads the fields after the outcome and the time: settings, the word `counts`, counts.
fn parse_state(reply: &Fields, now: Instant) -> Option<EventState> {
    let mut words = reply.all().iter().skip(2).map(Reply::text);
    let mut settings: HashMap<&str, &str> = HashMap::new();
    loop {
        match words.next()?? {
            "counts" => break,
            field => settings.insert(field, words.next()??),
        };
    }
    let mut counts: HashMap<&str, i64> = HashMap::new();
    while let Some(field) = words.next() {
        counts.insert(field?, words.next()??.parse().ok()?);
    }
    let settings = EventSettings::from_fields(&settings)?;
    let count = |field: &str| counts.get(field).copied();
    let seats = |suffix: &str| {
        Some(SeatCounts {
            available: count(&format!("available{suffix}"))?,
            held: count(&format!("held{suffix}"))?,
            sold: count(&format!("sold{suffix}"))?,
        })
    };
    Some(EventState {
        now,
        total: seats("")?,
        sections: settings
            .sections
            .iter()
            .map(|section| seats(&format!(":{}", section.name)))
            .collect::<Option<_>>()?,
        admitted: count("admitted")?,
        settings,
    })
}
