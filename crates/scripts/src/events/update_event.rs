//! Changes settings of an open event.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::time::Instant;

use crate::call::call;
use crate::{Error, SaleRules, registry};

/// What changes; `None` stays as it is.
#[derive(Debug, Clone, Default)]
pub struct EventUpdate {
    /// The version of the settings after the change, which the ledger raises.
    pub version: i64,
    /// Called off.
    pub cancelled: Option<bool>,
    /// Interrupted, or taken up again.
    pub paused: Option<bool>,
    /// When the sale opens.
    pub on_sale_at: Option<Instant>,
    /// When the event and its sale end.
    pub ends_at: Option<Instant>,
    /// The rules of the sale.
    pub rules: Option<SaleRules>,
}

/// What the update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpdateOutcome {
    /// The settings are as asked.
    Updated,
    /// A newer version is there; nothing changed.
    Outdated,
    /// The event is not open in Redis.
    EventMissing,
}

impl EventUpdate {
    fn arguments(&self) -> Vec<Argument> {
        let integers = [
            ("cancelled", self.cancelled.map(i64::from)),
            ("paused", self.paused.map(i64::from)),
            ("on_sale_at_ms", self.on_sale_at.map(Instant::unix_ms)),
            ("ends_at_ms", self.ends_at.map(Instant::unix_ms)),
        ];
        let mut arguments: Vec<Argument> = vec![self.version.into()];
        for (field, value) in integers {
            if let Some(value) = value {
                arguments.extend([field.into(), value.into()]);
            }
        }
        for (field, value) in self.rules.iter().flat_map(SaleRules::fields) {
            arguments.extend([field.into(), value.into()]);
        }
        arguments
    }
}

/// Changes the settings that are given, unless a newer version is there.
///
/// # Errors
///
/// See [`Error`].
pub async fn update_event<T: Transport>(
    cluster: &Cluster<T>,
    event: EventId,
    update: &EventUpdate,
    deadline: Duration,
) -> Result<UpdateOutcome, Error> {
    let script = registry::update_event(event);
    let arguments = update.arguments();
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "updated" => Ok(UpdateOutcome::Updated),
        "outdated" => Ok(UpdateOutcome::Outdated),
        "event_missing" => Ok(UpdateOutcome::EventMissing),
        _ => Err(reply.unexpected()),
    }
}
