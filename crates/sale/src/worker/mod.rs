//! The work of every second: the tick, its jobs and the sagas.

mod context;
mod end_checkouts;
mod notify;
mod report;
mod retire_events;
mod run_sagas;
mod tick;

pub use context::{Sink, WorkerContext};
pub use notify::notify;
pub use report::{FailedJob, Job, TickReport};
pub use run_sagas::run_sagas;
pub use tick::tick;
