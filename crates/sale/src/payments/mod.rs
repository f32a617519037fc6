//! Payments: recorded, settled, continued, and found when no webhook told of them.

mod collect_missed_events;
pub(crate) mod continue_payment;
mod note_refusal;
mod record_event;
mod settle_payment;

pub use collect_missed_events::collect_missed_events;
pub use note_refusal::note_refusal;
pub use record_event::{FOREIGN_PAYMENT, record_event};
pub use settle_payment::{Settled, settle_payment};
