//! An event in both stores: opened, rebuilt after a loss, changed, cancelled, forgotten by Redis.
//! Its journal is drained here too, because a rebuild begins with that.

mod apply_sections;
mod apply_settings;
mod cancel_event;
mod drain_journal;
pub(crate) mod open_event;
pub(crate) mod past_event;
mod read_event;
pub(crate) mod rebuild_event;
pub(crate) mod restore_contacts;
pub(crate) mod retire_event;
mod update_event;
mod with_open_event;

pub use apply_sections::apply_sections;
pub use apply_settings::apply_settings;
pub use cancel_event::cancel_event;
pub use drain_journal::{Drained, drain_for_user, drain_journal};
pub use open_event::open_event;
pub use past_event::{PastEvent, find_past_event};
pub use read_event::{read_event, read_map};
pub use rebuild_event::{RebuildOutcome, rebuild_event};
pub use update_event::{ChangeOutcome, update_event};
pub use with_open_event::{OpenEventOutcome, with_open_event};
