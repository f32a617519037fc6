//! Opens an event in Redis with every seat free.

use std::time::Duration;

use cluster::{Argument, Cluster, Transport};
use domain::id::EventId;
use domain::section::{self, Section, SectionKind};

use crate::call::call;
use crate::{Error, EventSettings, registry};

/// What to open.
#[derive(Debug, Clone, Copy)]
pub struct OpenEvent<'a> {
    /// The event.
    pub event: EventId,
    /// Its settings, with the generation to open it under.
    pub settings: &'a EventSettings,
    /// What follows.
    pub opening: Opening,
    /// How many numbers the ledger says are drawn for, if that is decided. For a new event; one
    /// that was lost learns it in the end.
    pub draw_count: Option<u32>,
}

/// What follows on the opening of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// Nothing: it is new, and for sale at once.
    New,
    /// What is sold and held comes back; it is for sale after
    /// [`finish_opening`](crate::finish_opening).
    Rebuilt,
}

/// What opening did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenOutcome {
    /// As asked.
    Opened,
    /// It is open, or being opened, with this or a newer generation; nothing changed.
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
    let sections = &request.settings.sections;
    let seated = sections.iter().filter(|section| section.is_seated());
    let script = registry::open_event(request.event, seated.map(|section| &section.name));
    let (state, draw_count, fields) = match request.opening {
        Opening::New => ("live", request.draw_count, request.settings.fields()),
        Opening::Rebuilt => ("building", None, Vec::new()),
    };
    let fields_count = i64::try_from(fields.len()).unwrap_or(i64::MAX);
    let mut arguments: Vec<Argument> =
        vec![request.settings.generation.into(), state.into(), draw_count_text(draw_count).into()];
    arguments.extend([request.settings.sections_version.into(), fields_count.into()]);
    for (field, value) in fields {
        arguments.extend([field.into(), value.into()]);
    }
    for section in sections {
        arguments.extend([
            section.name.as_str().into(),
            i64::from(section.capacity()).into(),
            free_map(section),
        ]);
    }
    let reply = call(cluster, script, arguments, deadline).await?;
    match reply.outcome()? {
        "opened" => Ok(OpenOutcome::Opened),
        "exists" => Ok(OpenOutcome::Exists),
        _ => Err(reply.unexpected()),
    }
}

/// The count of a draw as scripts take it: empty before it is decided.
pub(crate) fn draw_count_text(count: Option<u32>) -> String {
    count.map_or_else(String::new, |count| count.to_string())
}

/// The map of a section of which nothing is taken; empty for a standing one.
fn free_map(section: &Section) -> Argument {
    match section.kind {
        SectionKind::Seated { rows, seats_per_row } => {
            section::free_map(rows, seats_per_row).into()
        }
        SectionKind::Standing { .. } => "".into(),
    }
}
