//! Payments: what the provider said, what we decided, and what follows from both.

mod canceled_payments;
mod checkout;
mod find_payment;
mod give_back_payment;
mod missed_events;
mod open_payments_among;
pub(crate) mod payment;
mod provider_refusals;
mod raise_payment;
mod record_payment;
mod record_provider_event;
mod refund;
mod withdraw_sale;

pub use canceled_payments::canceled_payments;
pub use checkout::{
    BeginCheckoutOutcome, Checkout, DueCheckout, begin_checkout, begin_checkout_payment,
    claim_due_checkouts, end_checkout, note_checkout,
};
pub use find_payment::find_payment;
pub use give_back_payment::give_back_payment;
pub use missed_events::{
    DueEventList, EventList, UNRECORDED_MAX, claim_event_lists, note_event_list, unrecorded_events,
};
pub use open_payments_among::open_payments_among;
pub use payment::{OwedPart, StoredPayment};
pub use provider_refusals::{ProviderRefusals, note_provider_refusal, provider_refusals};
pub use raise_payment::raise_payment;
pub use record_payment::{RecordPayment, RecordPaymentOutcome, record_payment};
pub use record_provider_event::{
    EventEffect, RecordProviderEvent, RecordedEvent, record_provider_event,
};
pub use refund::{begin_refund, note_part_refund, note_refund};
pub use withdraw_sale::withdraw_sale;
