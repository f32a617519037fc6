//! Makes the sections of an open event those of the ledger.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::section::Section;

use crate::call::call;
use crate::{Error, registry};

/// What applying did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplySectionsOutcome {
    /// The sections are as given; `added` of them were not there before.
    Applied {
        /// How many this call added.
        added: i64,
    },
    /// A newer version is there; nothing changed.
    Outdated,
    /// A change of this version is under way, see [`withhold_places`](crate::withhold_places);
    /// nothing changed.
    Withheld,
    /// The event is not open in Redis.
    EventMissing,
}

/// Applies all `sections` of an event, in order, as of `version`, unless a newer one is there. The
/// same version again mends what differs.
///
/// # Errors
///
/// See [`Error`].
pub async fn apply_sections<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    version: i64,
    sections: &[Section],
    deadline: Duration,
) -> Result<ApplySectionsOutcome, Error> {
    let seated = sections.iter().filter(|section| section.is_seated());
    let script = registry::apply_sections(event, seated.map(|section| &section.name));
    let mut arguments: Vec<Argument> = vec![version.into()];
    for section in sections {
        arguments.extend([section.name.as_str().into(), section.descriptor().into()]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "applied" => Ok(ApplySectionsOutcome::Applied { added: reply.integer(1)? }),
        "outdated" => Ok(ApplySectionsOutcome::Outdated),
        "withheld" => Ok(ApplySectionsOutcome::Withheld),
        "event_missing" => Ok(ApplySectionsOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
