//! Reads the map of a section, and from where in the news of seats on it has to be followed.

use std::time::Duration;

use cluster::{Cluster, Reply, Transport};
use domain::feed::{EndReason, FeedId};
use domain::id::EventId;
use domain::seat_news::SeatEntry;
use domain::section::{Section, SectionName};

use crate::call::{Fields, call};
use crate::{Error, registry};

/// Where the entries begin in the reply.
const ENTRIES_FROM: usize = 7;

/// A map, and where the news begin that are still to be applied to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedSeats {
    /// The section, a seated one.
    pub section: Section,
    /// Its map as it is stored, see [`free_map`](domain::section::free_map).
    pub map: Vec<u8>,
    /// The newest news at that moment.
    pub version: FeedId,
    /// Their serial number.
    pub serial: i64,
    /// Why the seats change no more.
    pub end: Option<EndReason>,
    /// The news after the version that the caller knew; nothing when it knew none, or one that is
    /// too old.
    pub missed: Option<Vec<SeatEntry>>,
}

/// What reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchSeatsOutcome {
    /// The map. Its changes are published from now on.
    Watched(Box<WatchedSeats>),
    /// The event has no such section.
    UnknownSection,
    /// It is a standing section.
    NotSeated,
    /// Redis has lost the map.
    MapMissing,
    /// The event is not open in Redis.
    EventMissing,
}

/// Reads the map of `section`; `known` is the version that the caller has.
///
/// # Errors
///
/// See [`Error`].
pub async fn watch_seats<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    section: &SectionName,
    known: Option<FeedId>,
    deadline: Duration,
) -> Result<WatchSeatsOutcome, Error> {
    let script = registry::watch_seats(event, section);
    let known = known.map(|version| version.to_string()).unwrap_or_default();
    let arguments = vec![section.as_str().into(), known.into()];
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "watched" => Ok(WatchSeatsOutcome::Watched(Box::new(watched(&reply, section)?))),
        "unknown_section" => Ok(WatchSeatsOutcome::UnknownSection),
        "not_seated" => Ok(WatchSeatsOutcome::NotSeated),
        "map_missing" => Ok(WatchSeatsOutcome::MapMissing),
        "event_missing" => Ok(WatchSeatsOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}

fn watched(reply: &Fields, section: &SectionName) -> Result<WatchedSeats, Error> {
    let section = Section::from_descriptor(section.clone(), reply.text(2)?);
    let Some(Reply::Bytes(map)) = reply.all().get(3) else { return Err(reply.unexpected()) };
    let entries = reply.all().get(ENTRIES_FROM..).unwrap_or_default();
    let entry = |pair: &[Reply]| match pair {
        [id, text] => SeatEntry::parse(id.text()?.parse().ok()?, text.text()?),
        _ => None,
    };
    let missed = match reply.integer(6)? {
        0 => None,
        _ => {
            let missed: Option<Vec<_>> = entries.chunks(2).map(entry).collect();
            Some(missed.ok_or_else(|| reply.unexpected())?)
        }
    };
    Ok(WatchedSeats {
        section: section.ok_or_else(|| reply.unexpected())?,
        map: map.clone(),
        version: reply.parse(4)?,
        serial: reply.integer(5)?,
        end: end_of_sale(reply, 1)?,
        missed,
    })
}

/// Why seats change no more, by where the sale stands.
pub(crate) fn end_of_sale(reply: &Fields, index: usize) -> Result<Option<EndReason>, Error> {
    match reply.text(index)? {
        "cancelled" => Ok(Some(EndReason::Cancelled)),
        "ended" => Ok(Some(EndReason::Ended)),
        "paused" | "scheduled" | "open" => Ok(None),
        _ => Err(reply.unexpected()),
    }
}
