//! The work of every second: the tick, its jobs and the sagas.

mod backoff;
mod notify;
pub(crate) mod run_sagas;
pub(crate) mod tick;

pub use notify::{Sink, notify};
pub use run_sagas::{Jobs, run_sagas};
pub use tick::{FailedJob, TickReport, tick};
