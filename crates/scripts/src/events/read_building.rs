//! Reads how far the opening of a lost event has come.

use std::time::Duration;

use cluster::{Cluster, Transport};
use domain::id::{BookingId, EventId};

use crate::call::Fields;
use crate::{Error, keys};

/// An event that is being opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Building {
    /// The generation it is being opened under.
    pub generation: i64,
    /// The version of the sections that it was begun with.
    pub sections_version: i64,
    /// The last booking that is back, and whether it is sold; else it is a hold. `None` before the
    /// first.
    pub restored: Option<(bool, BookingId)>,
}

/// Reads it; `None` unless the event is being opened.
///
/// # Errors
///
/// See [`Error`].
pub async fn read_building<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    deadline: Duration,
) -> Result<Option<Building>, Error> {
    let key = keys::settings(event);
    let fields = ["building", "sections_version_built", "restored"];
    let mut arguments = vec![key.as_str().into()];
    arguments.extend(fields.map(Into::into));
    let replies = cluster.execute(&key, "HMGET", arguments, deadline).await?;
    let [generation, sections_version, restored] = &replies[..] else {
        return Err(Fields::new("HMGET", replies).unexpected());
    };
    let Some(generation) = generation.integer() else { return Ok(None) };
    // An older release does not note it.
    let sections_version = sections_version.integer().unwrap_or(0);
    let restored = restored.text().and_then(parse_restored);
    Ok(Some(Building { generation, sections_version, restored }))
}

fn parse_restored(text: &str) -> Option<(bool, BookingId)> {
    let (word, booking) = text.split_once(' ')?;
    Some((word == "sold", booking.parse().ok()?))
}
