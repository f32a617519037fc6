//! An event in both stores: opened, rebuilt after a loss, changed, cancelled.

mod add_sections;
mod apply_settings;
pub(crate) mod cancel_event;
mod open_event;
mod opened;
pub(crate) mod rebuild_event;

pub use add_sections::add_sections;
pub use apply_settings::apply_settings;
pub use cancel_event::{cancel_event, undo_cancelled_event};
pub use open_event::open_event;
pub use opened::{EventOutcome, opened};
pub use rebuild_event::{RebuildOutcome, rebuild_event};
