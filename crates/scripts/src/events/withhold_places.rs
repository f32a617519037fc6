//! Takes free standing places off sale, before the ledger makes their section smaller.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::section::{Section, SectionName};

use crate::call::call;
use crate::{Error, registry};

/// What is taken off sale.
#[derive(Debug, Clone, Copy)]
pub struct WithholdPlaces<'a> {
    /// The event.
    pub event: EventId,
    /// The version of the sections that the change begins with.
    pub version: i64,
    /// How long nothing but the change itself gives the places back, in ms.
    pub keep_ms: i64,
    /// The standing sections as they are to be.
    pub sections: &'a [Section],
}

/// What withholding did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WithholdOutcome {
    /// No more places are on sale than the sections are to have.
    Withheld,
    /// In these sections more places are held and sold. Nothing changed.
    CapacityInUse(Vec<SectionName>),
    /// The sections are of another version. Nothing changed.
    OtherVersion,
    /// The event is not open in Redis.
    EventMissing,
}

/// Withholds the places: all or none.
///
/// # Errors
///
/// See [`Error`].
pub async fn withhold_places<T: Transport>(
    cluster: &Cluster<T>,
    request: &WithholdPlaces<'_>,
    deadline: Duration,
) -> Result<WithholdOutcome, Error> {
    let script = registry::withhold_places(request.event);
    let mut arguments: Vec<Argument> = vec![request.version.into(), request.keep_ms.into()];
    for section in request.sections {
        arguments.extend([section.name.as_str().into(), i64::from(section.capacity()).into()]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "withheld" => Ok(WithholdOutcome::Withheld),
        "capacity_in_use" => Ok(WithholdOutcome::CapacityInUse(reply.list(1, ' ')?)),
        "other_version" => Ok(WithholdOutcome::OtherVersion),
        "event_missing" => Ok(WithholdOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
