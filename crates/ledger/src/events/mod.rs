//! Events: stored once, changed by their organiser, and built anew in Redis from what is here.

mod active_events;
mod add_sections;
mod begin_rebuild;
mod cancel_event;
mod cancel_event_bookings;
mod create_event;
pub(crate) mod event;
mod find_event;
mod finish_rebuild;
mod lease_rebuild;
mod list_events;
mod mark_sold_out;
pub(crate) mod restore_page;
mod retiring;
mod update_event;

pub use active_events::{ACTIVE_EVENTS_MAX, active_events};
pub use add_sections::{AddSectionsOutcome, add_sections};
pub use begin_rebuild::{Rebuild, begin_rebuild};
pub use cancel_event::cancel_event;
pub use cancel_event_bookings::{
    CANCEL_BATCH_MAX, CancelledBatch, cancel_event_bookings, end_event_holds, event_holds,
};
pub use create_event::{CreateEvent, CreateEventOutcome, Idempotency, create_event};
pub use event::StoredEvent;
pub use find_event::find_event;
pub use finish_rebuild::finish_rebuild;
pub use lease_rebuild::{LeaseOutcome, REBUILD_LEASE_MS, lease_rebuild};
pub use list_events::{EventPage, ListEvents, list_events};
pub use mark_sold_out::mark_sold_out;
pub use restore_page::{RESTORE_PAGE_MAX, RestoreKind, restore_page};
pub use retiring::{
    EVENTS_RETIRED_MAX, EventToRetire, RETIRE_AFTER_MS, events_to_retire, note_retired,
};
pub use update_event::{ChangedSections, UpdateEventOutcome, update_event};
