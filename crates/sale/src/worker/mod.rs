//! The work of every second: the tick, its jobs and the sagas.

mod collect_missed_events;
mod context;
mod end_checkouts;
mod letter;
mod mail_api;
mod notify;
mod report;
mod retire_events;
mod run_sagas;
mod send_letters;
mod tick;
mod undo_cancelled_event;

pub use collect_missed_events::collect_missed_events;
pub use context::{Mail, Post, Sink, WorkerContext};
pub use mail_api::{InvalidMailApi, MailApi};
pub use notify::notify;
pub use report::{FailedJob, Job, TickReport};
pub use run_sagas::run_sagas;
pub use send_letters::send_letters;
pub use tick::tick;
pub use undo_cancelled_event::undo_cancelled_event;
