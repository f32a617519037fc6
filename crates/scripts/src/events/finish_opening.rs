//! Puts an event that was rebuilt up for sale.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::events::open_event::draw_count_text;
use crate::{Error, EventSettings, registry};

/// What goes up for sale.
#[derive(Debug, Clone, Copy)]
pub struct FinishOpening<'a> {
    /// The event.
    pub event: EventId,
    /// Its settings, with the generation it was opened under.
    pub settings: &'a EventSettings,
    /// The last queue number that was handed out.
    pub number: i64,
    /// The highest place that was let in, as `draw * 2^32 + number`.
    pub served: i64,
    /// How long nobody is let in, in ms: from now on, or from the opening if that is within.
    pub grace_ms: i64,
    /// How many numbers were drawn for, if that is decided.
    pub draw_count: Option<u32>,
}

/// What finishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FinishOpeningOutcome {
    /// The event is for sale, by this call or an earlier one.
    Live,
    /// Somebody else is opening it with a newer generation.
    Superseded,
}

/// Puts the event up for sale, all at once.
///
/// # Errors
///
/// See [`Error`].
pub async fn finish_opening<T: Transport>(
    cluster: &Cluster<T>,
    request: &FinishOpening<'_>,
    deadline: Duration,
) -> Result<FinishOpeningOutcome, Error> {
    let script = registry::finish_opening(request.event);
    let mut arguments: Vec<Argument> = vec![
        request.settings.generation.into(),
        request.number.into(),
        request.served.into(),
        request.grace_ms.into(),
        draw_count_text(request.draw_count).into(),
    ];
    for (field, value) in request.settings.fields() {
        arguments.extend([field.into(), value.into()]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "live" => Ok(FinishOpeningOutcome::Live),
        "superseded" => Ok(FinishOpeningOutcome::Superseded),
        _ => Err(reply.unexpected()),
    }
}
