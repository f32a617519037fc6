//! Faults, set over HTTP.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How long a call without an answer is kept open, in milliseconds, when the fault does not say.
/// Longer than any client waits.
const SILENCE_MS: u64 = 30_000;
/// How long a slow call takes, in milliseconds, when the fault does not say.
const SLOWNESS_MS: u64 = 1_000;

/// Everything that goes wrong from now on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Faults {
    /// Of the API; the first one that applies to a call is taken.
    pub calls: Vec<CallFault>,
    /// Of the deliveries.
    pub webhooks: WebhookFaults,
    /// Of the deliveries about a payment or a booking, by its id; instead of `webhooks`.
    pub webhooks_about: BTreeMap<String, WebhookFaults>,
}

impl Faults {
    /// Adds the faults of others to these. Faults of deliveries in general stay.
    pub(crate) fn add(&mut self, more: Self) {
        self.calls.extend(more.calls);
        self.webhooks_about.extend(more.webhooks_about);
    }
}

/// Something that goes wrong in a call.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallFault {
    /// The faults.
    pub fault: FaultKind,
    /// Only in these calls; in all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// Only for this payment, or for the payments of this booking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How likely, 0 to 1.
    #[serde(default = "always")]
    pub probability: f64,
    /// How often at most; without it, until the faults are set again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How long a slow or silent call takes, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

fn always() -> f64 {
    1.0
}

impl CallFault {
    /// This fault in every call of `operation`.
    pub fn new(operation: Operation, fault: FaultKind) -> Self {
        Self {
            fault,
            operation: Some(operation),
            about: None,
            probability: 1.0,
            times: None,
            delay_ms: None,
        }
    }

    /// Only for this payment, or for the payments of this booking.
    #[must_use]
    pub fn about(self, id: &str) -> Self {
        Self { about: Some(id.to_owned()), ..self }
    }

    /// At most `times` times.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    pub(crate) fn delay_ms(&self) -> u64 {
        let usual = if self.fault == FaultKind::Slow { SLOWNESS_MS } else { SILENCE_MS };
        self.delay_ms.unwrap_or(usual)
    }
}

/// The calls of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /v1/payment_intents`.
    Create,
    /// `GET /v1/payment_intents/{id}`.
    Find,
    /// `POST /v1/payment_intents/{id}/capture`.
    Capture,
    /// `POST /v1/payment_intents/{id}/cancel`.
    Cancel,
    /// `POST /v1/refunds`.
    Refund,
    /// `GET /v1/refunds`.
    Refunds,
    /// `GET /v1/events`.
    Events,
    /// `POST /v1/checkout/sessions`.
    CreateCheckout,
    /// `GET /v1/checkout/sessions/{id}`.
    FindCheckout,
    /// `POST /v1/checkout/sessions/{id}/expire`.
    ExpireCheckout,
}

impl Operation {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Find => "find",
            Self::Capture => "capture",
            Self::Cancel => "cancel",
            Self::Refund => "refund",
            Self::Refunds => "refunds",
            Self::Events => "events",
            Self::CreateCheckout => "create_checkout",
            Self::FindCheckout => "find_checkout",
            Self::ExpireCheckout => "expire_checkout",
        }
    }
}

/// Faults of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// No answer, and nothing has happened.
    TimeoutBefore,
    /// No answer, and it has happened.
    TimeoutAfter,
    /// The connection is closed, and nothing has happened.
    CutBefore,
    /// The connection is closed, and it has happened.
    CutAfter,
    /// It happens after a while; the key is in use meanwhile.
    Slow,
    /// 409: the key is in use. Nothing is saved.
    Conflict,
    /// 429. Nothing is saved.
    RateLimited,
    /// 503 before anything was begun. Nothing is saved.
    Unavailable,
    /// 403 before anything was begun: the account may not do that. Nothing is saved.
    Forbidden,
    /// 500, saved; nothing has happened.
    ErrorSaved,
    /// 500, saved; it has happened.
    ErrorApplied,
    /// The buyer pays just before the call.
    PaidFirst,
    /// The buyer pays just before the call, and the money is taken.
    CapturedFirst,
    /// The payment is given up just before the call.
    CanceledFirst,
    /// A payment that is created asks for one minor unit less.
    WrongAmount,
    /// A payment that is created asks for another currency.
    OtherCurrency,
    /// A payment that is created is of the other mode.
    OtherMode,
}

/// Faults of deliveries. Chances are 0 to 1.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WebhookFaults {
    /// The chance that an event is never delivered, unless it is asked for.
    pub lost: f64,
    /// The chance that an event is delivered `copies` times at once.
    pub doubled: f64,
    /// How many copies that are.
    pub copies: u32,
    /// Every delivery waits for a random time up to this, in milliseconds: so they overtake each
    /// other.
    pub delay_ms: u64,
    /// The chance that an event arrives before the call that causes it is answered.
    pub before_answer: f64,
    /// Nothing is delivered while this is set; everything afterwards, in any order.
    pub held: bool,
    /// The endpoint is switched off: what happens meanwhile is never delivered, unless it is asked
    /// for, and does not count as undelivered either.
    pub disabled: bool,
}

impl Default for WebhookFaults {
    fn default() -> Self {
        Self {
            lost: 0.0,
            doubled: 0.0,
            copies: 2,
            delay_ms: 0,
            before_answer: 0.0,
            held: false,
            disabled: false,
        }
    }
}
