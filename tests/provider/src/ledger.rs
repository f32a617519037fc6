//! What happened, for the tests that check it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::state::State;

/// Everything the provider knows, as `GET /_control/ledger` answers it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Every payment, oldest first.
    pub intents: Vec<LedgerIntent>,
    /// Every event, oldest first.
    pub events: Vec<LedgerEvent>,
    /// Sums, by currency in upper case.
    pub totals: BTreeMap<String, LedgerTotal>,
    /// Calls of the API by operation, refused and repeated ones included.
    pub calls: BTreeMap<String, u64>,
    /// Changing calls without an idempotency key. A client of ours never makes one.
    pub posts_without_key: u64,
    /// Calls with a wrong API key.
    pub unauthenticated: u64,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerIntent {
    /// `pi_…`.
    pub id: String,
    /// `metadata.booking_id`.
    pub booking_id: Option<String>,
    /// Minor units.
    pub amount: i64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Real money?
    pub livemode: bool,
    /// As the API names it.
    pub status: String,
    /// Authorised and neither captured nor voided, in minor units.
    pub authorised: i64,
    /// Taken, in minor units.
    pub captured: i64,
    /// Given back, in minor units.
    pub refunded: i64,
    /// Given up.
    pub canceled: bool,
    /// How often money was taken. More than once is a defect of this program.
    pub captures: u32,
    /// How often money was given back.
    pub refunds: u32,
    /// Those of them that name a part of the payment (`metadata.part`), with their amounts.
    pub parts: Vec<(String, i64)>,
    /// Requests that reached the payment and were decided by its state, by operation.
    pub attempts: BTreeMap<String, u32>,
    /// Seconds since the epoch.
    pub created_s: i64,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEvent {
    /// `evt_…`.
    pub id: String,
    /// `payment_intent.succeeded`, ….
    #[serde(rename = "type")]
    pub kind: String,
    /// The payment it is about.
    pub payment_id: String,
    /// Deliveries that were tried.
    pub deliveries: u32,
    /// Deliveries that were answered with 2xx.
    pub accepted: u32,
    /// The last status, 0 for no answer.
    pub last_status: u16,
    /// Chosen never to arrive.
    pub lost: bool,
}

/// Sums of one currency, in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerTotal {
    /// Authorised and neither captured nor voided.
    pub authorised: i64,
    /// Taken.
    pub captured: i64,
    /// Given back.
    pub refunded: i64,
}

impl Ledger {
    pub(crate) fn of(state: &State) -> Self {
        let intents: Vec<LedgerIntent> = state.intents().map(LedgerIntent::of).collect();
        let mut totals = BTreeMap::<String, LedgerTotal>::new();
        for intent in &intents {
            let total = totals.entry(intent.currency.clone()).or_default();
            total.authorised += intent.authorised;
            total.captured += intent.captured;
            total.refunded += intent.refunded;
        }
        Self {
            intents,
            events: state.events().map(LedgerEvent::of).collect(),
            totals,
            calls: state.calls.clone(),
            posts_without_key: state.posts_without_key,
            unauthenticated: state.unauthenticated,
        }
    }

    /// The payment with this id.
    pub fn intent(&self, id: &str) -> Option<&LedgerIntent> {
        self.intents.iter().find(|intent| intent.id == id)
    }

    /// The payments of a booking.
    pub fn of_booking<'a>(&'a self, booking: &'a str) -> impl Iterator<Item = &'a LedgerIntent> {
        self.intents.iter().filter(move |intent| intent.booking_id.as_deref() == Some(booking))
    }

    /// How often the API was called for `operation`.
    pub fn calls(&self, operation: &str) -> u64 {
        self.calls.get(operation).copied().unwrap_or_default()
    }
}

impl LedgerIntent {
    fn of(intent: &crate::intent::Intent) -> Self {
        use crate::intent::Status;
        let status = serde_json::json!(intent.status);
        let authorised = if intent.status == Status::RequiresCapture { intent.amount } else { 0 };
        Self {
            id: intent.id.clone(),
            booking_id: intent.metadata.get("booking_id").cloned(),
            amount: intent.amount,
            currency: intent.currency.to_ascii_uppercase(),
            livemode: intent.livemode,
            status: status.as_str().unwrap_or_default().to_owned(),
            authorised,
            captured: intent.captured,
            refunded: intent.refunded,
            canceled: intent.status == Status::Canceled,
            captures: intent.captures,
            refunds: u32::try_from(intent.refunds.len()).unwrap_or(u32::MAX),
            parts: intent
                .refunds
                .iter()
                .filter_map(|refund| Some((refund.metadata.get("part")?.clone(), refund.amount)))
                .collect(),
            attempts: intent.attempts.clone(),
            created_s: intent.created_s,
        }
    }
}

impl LedgerEvent {
    fn of(event: &crate::state::Event) -> Self {
        Self {
            id: event.id.clone(),
            kind: event.kind.clone(),
            payment_id: event.payment_id.clone(),
            deliveries: event.deliveries,
            accepted: event.accepted,
            last_status: event.last_status,
            lost: event.lost,
        }
    }
}
