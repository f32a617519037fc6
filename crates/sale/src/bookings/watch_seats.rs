//! The map of a section for somebody who follows it: from Redis as long as the event is there, from
//! Postgres once it is over and gone.

use cluster::Transport;
use domain::event::EventStatus;
use domain::feed::{EndReason, FeedId};
use domain::id::EventId;
use domain::section::SectionName;
use ledger::Database;
use scripts::{WatchSeatsOutcome, WatchedSeats};

use crate::events::past_event::past_map;
use crate::{Error, PastEvent, Stores, find_past_event, with_open_event};

/// What there is to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeatsToFollow {
    /// The map; of an event that is over it changes no more.
    Found(Box<WatchedSeats>),
    /// The event has no such section.
    UnknownSection,
    /// A standing section has no seats.
    NotSeated,
    /// There is no such event.
    EventMissing,
}

/// Reads the map of `section` of `event`; `known` is the version that its reader has.
///
/// # Errors
///
/// See [`Error`].
pub async fn watch_seats<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    section: &SectionName,
    known: Option<FeedId>,
) -> Result<SeatsToFollow, Error> {
    let watched = with_open_event(stores, event, async || {
        scripts::watch_seats(&stores.cluster, event, section, known, stores.redis_deadline).await
    });
    match watched.await? {
        WatchSeatsOutcome::Watched(seats) => Ok(SeatsToFollow::Found(seats)),
        WatchSeatsOutcome::UnknownSection => Ok(SeatsToFollow::UnknownSection),
        WatchSeatsOutcome::NotSeated => Ok(SeatsToFollow::NotSeated),
        // The audit is on its way to build the event anew.
        WatchSeatsOutcome::MapMissing => {
            Err(Error::Contention("reading the map of a section that Redis has lost"))
        }
        WatchSeatsOutcome::EventMissing => match find_past_event(stores, event).await? {
            Some(past) => past_seats(stores, &past, section).await,
            None => Ok(SeatsToFollow::EventMissing),
        },
    }
}

/// The map of an event that is over, as Postgres knows it.
async fn past_seats<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    past: &PastEvent,
    name: &SectionName,
) -> Result<SeatsToFollow, Error> {
    let Some(section) = past.event.sections.iter().find(|section| section.name == *name) else {
        return Ok(SeatsToFollow::UnknownSection);
    };
    let Some(map) = past_map(stores, past.event.id, section).await? else {
        return Ok(SeatsToFollow::NotSeated);
    };
    let is_cancelled = matches!(past.status(), EventStatus::Cancelled);
    Ok(SeatsToFollow::Found(Box::new(WatchedSeats {
        section: section.clone(),
        map,
        // Nothing is told of it any more.
        version: FeedId::default(),
        serial: 0,
        end: Some(if is_cancelled { EndReason::Cancelled } else { EndReason::Ended }),
        missed: None,
    })))
}
