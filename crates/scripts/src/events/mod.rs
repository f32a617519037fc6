//! An event in Redis: opened, restored, changed and retired.

mod apply_sections;
mod finish_opening;
mod open_event;
mod read_building;
mod read_clock;
mod read_event;
mod read_map;
mod restore_bookings;
mod retire_event;
mod settings;
mod update_event;
mod withhold_places;

pub use apply_sections::{ApplySectionsOutcome, apply_sections};
pub use finish_opening::{FinishOpening, FinishOpeningOutcome, finish_opening};
pub use open_event::{OpenEvent, OpenOutcome, Opening, open_event};
pub use read_building::{Building, read_building};
pub use read_clock::read_clock;
pub use read_event::{EventOutcome, EventState, SeatCounts, read_event};
pub use read_map::read_map;
pub use restore_bookings::{RESTORED_MAX, RestoreBookings, RestoreOutcome, restore_bookings};
pub use retire_event::{RetireOutcome, retire_event};
pub use settings::{EventSettings, SaleRules};
pub use update_event::{EventUpdate, UpdateOutcome, update_event};
pub use withhold_places::{WithholdOutcome, WithholdPlaces, withhold_places};
