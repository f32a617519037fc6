//! Changes an event: Postgres decides, Redis follows.
//!
//! Whether a section can be smaller, both must know: Redis what is held, Postgres what is sold. So
//! free places are withheld in Redis first; then Postgres decides; then Redis follows it. A crash
//! in between leaves places withheld, or Redis with older sections: the audit finds both.

use cluster::Transport;
use domain::event::{EventChange, FieldProblem, changed_sections};
use domain::id::EventId;
use domain::section::{Section, SectionName};
use ledger::{ChangedSections, Database, StoredEvent};
use scripts::{WithholdOutcome, WithholdPlaces};

use crate::events::apply_sections::apply_sections;
use crate::events::apply_settings::apply_settings;
use crate::{Error, Stores, with_open_event};

/// Looks of one call: other changes of the sections can come in between, and Redis can be behind.
const ATTEMPTS_MAX: usize = 4;
/// How long withheld places stay so without a decision, in ms: twice what a request may take, so
/// that the audit never gives back what is being decided.
const WITHHELD_MS: i64 = 10_000;

/// What became of the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeOutcome {
    /// Changed in both stores: the event as it is now.
    Updated(Box<StoredEvent>),
    /// There is no such event.
    EventMissing,
    /// A cancelled event does not change any more.
    EventCancelled,
    /// Together with what is stored, the change is not allowed. Nothing was changed.
    NotAllowed(Vec<FieldProblem>),
    /// Of these sections more places are held or sold than they are to have. Nothing was changed.
    CapacityInUse(Vec<SectionName>),
    /// The event would end before it starts: another change was faster. Nothing was changed.
    InvalidTimes,
}

/// Changes what `change` names: all of it or nothing.
///
/// # Errors
///
/// See [`Error`]. The change may have been made after an error; the same call again completes it.
pub async fn update_event<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: EventId,
    change: &EventChange,
) -> Result<ChangeOutcome, Error> {
    for _ in 0..ATTEMPTS_MAX {
        let Some(stored) = ledger::find_event(&stores.database, event).await? else {
            return Ok(ChangeOutcome::EventMissing);
        };
        if stored.cancelled {
            return Ok(ChangeOutcome::EventCancelled);
        }
        let mut problems = change.problems(stored.starts_at, stored.ends_at, stored.on_sale_at);
        let wanted = change.sections.as_deref();
        let changed = match wanted.map(|wanted| changed_sections(&stored.sections, wanted)) {
            Some(Ok(changed)) => {
                problems.extend(provider::charge_problems(&stored.currency, &changed));
                Some(changed)
            }
            Some(Err(of_sections)) => {
                problems.extend(of_sections);
                None
            }
            None => None,
        };
        if !problems.is_empty() {
            return Ok(ChangeOutcome::NotAllowed(problems));
        }
        let smaller = smaller_sections(&stored, changed.as_deref().unwrap_or_default());
        if !smaller.is_empty() {
            match withhold(stores, &stored, &smaller).await? {
                // An event that is over is decided by Postgres alone.
                WithholdOutcome::Withheld | WithholdOutcome::EventMissing => {}
                WithholdOutcome::CapacityInUse(names) => {
                    return Ok(ChangeOutcome::CapacityInUse(names));
                }
                WithholdOutcome::OtherVersion => {
                    apply_sections(stores, &stored).await?;
                    continue;
                }
            }
        }
        let version = stored.sections_version;
        let sections = changed.as_deref().map(|sections| ChangedSections { version, sections });
        let outcome = ledger::update_event(&stores.database, event, change, sections).await?;
        return Ok(match outcome {
            ledger::UpdateEventOutcome::Updated(event) => {
                apply_settings(stores, &event).await?;
                if wanted.is_some() {
                    apply_sections(stores, &event).await?;
                }
                ChangeOutcome::Updated(event)
            }
            ledger::UpdateEventOutcome::SectionsChanged => continue,
            // Redis has not heard of a sale yet; what it withholds, the audit gives back.
            ledger::UpdateEventOutcome::CapacityInUse => {
                let names = smaller.into_iter().map(|section| section.name);
                ChangeOutcome::CapacityInUse(names.collect())
            }
            ledger::UpdateEventOutcome::EventMissing => ChangeOutcome::EventMissing,
            ledger::UpdateEventOutcome::EventCancelled => ChangeOutcome::EventCancelled,
            ledger::UpdateEventOutcome::InvalidTimes => ChangeOutcome::InvalidTimes,
        });
    }
    Err(Error::Contention("changing the sections of an event"))
}

/// Those of `changed` that have fewer places than stored: only standing sections can.
fn smaller_sections(stored: &StoredEvent, changed: &[Section]) -> Vec<Section> {
    let is_smaller = |section: &&Section| {
        let before = stored.sections.iter().find(|before| before.name == section.name);
        before.is_some_and(|before| section.capacity() < before.capacity())
    };
    changed.iter().filter(is_smaller).cloned().collect()
}

async fn withhold<T: Transport, D: Database>(
    stores: &Stores<T, D>,
    event: &StoredEvent,
    sections: &[Section],
) -> Result<WithholdOutcome, Error> {
    let version = event.sections_version;
    let request = WithholdPlaces { event: event.id, version, keep_ms: WITHHELD_MS, sections };
    with_open_event(stores, event.id, async || {
        scripts::withhold_places(&stores.cluster, &request, stores.redis_deadline).await
    })
    .await
}
