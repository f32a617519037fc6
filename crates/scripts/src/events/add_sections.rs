//! Adds sections to an open event.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::section::Section;

use crate::call::call;
use crate::events::open_event::free_map;
use crate::{Error, registry};

/// What adding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddSectionsOutcome {
    /// All sections are there; `new` of them were not before.
    Added {
        /// How many this call added.
        new: i64,
    },
    /// The event is not open in Redis.
    EventMissing,
}

/// Adds the sections that the event does not have yet, every seat free.
///
/// # Errors
///
/// See [`Error`].
pub async fn add_sections<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    sections: &[Section],
    deadline: Duration,
) -> Result<AddSectionsOutcome, Error> {
    let seated = sections.iter().filter(|section| section.is_seated());
    let script = registry::add_sections(event, seated.map(|section| &section.name));
    let mut arguments: Vec<Argument> = Vec::new();
    for section in sections {
        arguments.extend([
            section.name.as_str().into(),
            section.descriptor().into(),
            i64::from(section.capacity()).into(),
            free_map(section),
        ]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "added" => Ok(AddSectionsOutcome::Added { new: reply.integer(1)? }),
        "event_missing" => Ok(AddSectionsOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
