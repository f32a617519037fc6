//! Payments: recorded, settled, continued.

pub(crate) mod continue_payment;
mod note_refusal;
mod record_event;
mod settle_payment;

pub use note_refusal::note_refusal;
pub use record_event::{FOREIGN_PAYMENT, record_event};
pub use settle_payment::{Settled, settle_payment};
