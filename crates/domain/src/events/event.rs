//! Events: what an organiser asks for, what is checked, and the status of the sale.

mod checks;
mod details;
mod section_changes;
mod settings;
mod status;
#[cfg(test)]
mod tests;

pub use checks::{
    ABANDON_AFTER_MAX_S, ABANDON_AFTER_MIN_S, DESCRIPTION_LENGTH_MAX, FieldProblem, HOLD_TTL_MAX_S,
    MAX_ACTIVE_MAX, MAX_PER_BUYER_MAX, MESSAGE_LENGTH_MAX, NAME_LENGTH_MAX, PASS_TTL_MAX_S,
    PRICE_MAX, RELEASE_PER_S_MAX, SECTIONS_MAX, section_problems,
};
pub use details::{EventChange, NewEvent, SectionChange};
pub use section_changes::changed_sections;
pub use settings::{Buyers, QueueChange, QueueSettings, SaleChange, SaleSettings, Setting};
pub use status::{EventStatus, SaleState};
