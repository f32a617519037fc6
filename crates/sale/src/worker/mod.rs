//! The work of every second: the tick, its jobs and the sagas.

mod collect_missed_events;
mod context;
mod end_checkouts;
mod notify;
mod report;
mod retire_events;
mod run_sagas;
mod tick;
mod undo_cancelled_event;

pub use collect_missed_events::collect_missed_events;
pub use context::{Sink, WorkerContext};
pub use notify::notify;
pub use report::{FailedJob, Job, TickReport};
pub use run_sagas::run_sagas;
pub use tick::tick;
pub use undo_cancelled_event::undo_cancelled_event;
