//! A payment provider for tests and for newcomers: it takes no money, keeps a ledger of all it was
//! asked, and follows Stripe's rules where a client can stumble over them.
//!
//! - [`FakeProvider`] runs one inside a test; `fake-provider` is the same as a program.
//! - `/v1/…` is the API of the provider: payment intents, refunds, events, checkout sessions.
//!   `/pay/…` is the page of a checkout session, where a person pays.
//! - `/mail/…` plays a mail API; `/letters` is a page with the letters it took.
//! - `/_control/…` plays everybody else: buyers who pay, banks that refuse, staff who change a
//!   payment, networks that fail. [`Controls`] is the client for it. [`Ledger`] is what happened.
//!
//! True to the original: answers are saved under their idempotency key, failures too;
//! another request under the same key is refused, one at the same time conflicts; a payment moves
//! only along its states, is captured at most once and refunded at most once; every change makes
//! a signed event, which is delivered again until an endpoint answers 2xx, and can be listed.
//!
//! Chance comes from one seed. The order in which requests arrive is the tester's business.

mod api;
mod checkout;
mod control;
mod controls;
mod events;
mod faults;
mod form;
mod idempotency;
mod intent;
mod ledger;
mod mail;
mod money;
mod operations;
mod reply;
mod server;
mod state;
mod webhooks;

pub use controls::Controls;
pub use faults::{CallFault, FaultKind, Faults, Operation, WebhookFaults};
pub use ledger::{Ledger, LedgerEvent, LedgerIntent, LedgerTotal};
pub use mail::{MailFaults, TakenLetter};
pub use server::{FakeOptions, FakeProvider};
pub use webhooks::signature_header;
