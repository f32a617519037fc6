//! Opens an event in Redis: a new one, or one that was lost.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;

use crate::call::call;
use crate::{Error, EventSettings, SectionStock, keys, registry};

/// What to open.
#[derive(Debug, Clone, Copy)]
pub struct OpenEvent<'a> {
    /// The event.
    pub event: EventId,
    /// Its settings. Their sections are those of `stock`, in the same order.
    pub settings: &'a EventSettings,
    /// What each section has to sell.
    pub stock: &'a [SectionStock],
}

/// What opening did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// The event is open as asked.
    Opened,
    /// It was open with this or a newer generation; nothing changed.
    Exists,
}

/// Opens the event, unless it is open with the same or a newer generation.
///
/// # Errors
///
/// See [`Error`].
pub async fn open_event<T: Transport>(
    cluster: &Cluster<T>,
    request: &OpenEvent<'_>,
    deadline: Duration,
) -> Result<OpenOutcome, Error> {
    let event = request.event;
    let mut key_list = vec![
        keys::settings(event),
        keys::counts(event),
        keys::queue(event),
        keys::passes(event),
        keys::admissions(event),
        keys::holders(event),
        keys::bookings(event),
        keys::expiry(event),
        keys::buyers(event),
        keys::answers(event),
        keys::answer_times(event),
        keys::journal(event),
    ];
    let fields = request.settings.fields();
    let fields_count = i64::try_from(fields.len()).unwrap_or(i64::MAX);
    let mut arguments: Vec<Argument> =
        vec![request.settings.generation.into(), fields_count.into()];
    for (field, value) in fields {
        arguments.extend([field.into(), value.into()]);
    }
    for stock in request.stock {
        let section = stock.section();
        if section.is_seated() {
            key_list.push(keys::map(event, &section.name));
        }
        arguments.extend([
            section.name.as_str().into(),
            stock.available().into(),
            stock.sold().into(),
            stock.map_argument(),
        ]);
    }
    let reply = call(cluster, &registry::OPEN_EVENT, &key_list, arguments, deadline).await?;
    match reply.outcome()? {
        "opened" => Ok(OpenOutcome::Opened),
        "exists" => Ok(OpenOutcome::Exists),
        _ => Err(reply.unexpected()),
    }
}
