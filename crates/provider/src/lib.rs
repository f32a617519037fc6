//! The payment provider as a client sees it: Stripe's API, as far as a box office needs it.
//!
//! One function per operation, each in its own file. Requests are forms and answers JSON, as the
//! provider wants it. How a request travels is the business of an [`HttpTransport`], so the same
//! client runs in a component and in a test.
//!
//! Rules that hold for every operation:
//!
//! - Every POST carries an `Idempotency-Key` made of what it is about (`capture:<payment>`), never
//!   of the attempt: a repetition is the same request, whoever repeats it.
//! - One operation ends within [`OPERATION_DEADLINE`], repetitions included.
//! - A lost connection, a 409 and a 5xx are repeated once at once, under the same key. Everything
//!   after that is the caller's, who has time.
//! - The provider saves the first answer of a key, failures included. A *saved* failure would be
//!   repeated for ever, so the operation goes on to the next key (`capture:<payment>:1`), after it
//!   has looked at the payment and found that nothing has happened.
//! - Amounts are minor units of ISO 4217 for the caller; the provider's own units, and what it
//!   cannot charge, are known in the module `currency` alone.
//! - Each answer is judged in one place, [`ProviderError`]'s own module.

#![warn(missing_docs)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::string_slice
    )
)]

mod cancel_intent;
mod capture_intent;
mod checkout;
mod client;
mod create_intent;
mod currency;
mod error;
mod find_intent;
mod form;
mod intent;
mod list_events;
mod payment_news;
mod refund_part;
mod refund_payment;
mod saved_failure;
mod transport;

pub use checkout::{CheckoutPage, CreateCheckout};
pub use client::{OPERATION_DEADLINE, Provider, ProviderSettings};
pub use create_intent::CreateIntent;
pub use currency::{Currency, NotChargeable, charge_max, charge_multiple, charge_problems};
pub use error::ProviderError;
pub use intent::{Intent, IntentStatus};
pub use list_events::{EventPage, ListEvents, ListedEvent};
pub use payment_news::payment_news;
pub use refund_part::RefundPart;
pub use refund_payment::{Refund, RefundStatus};
pub use transport::{HttpTransport, TransportError};
