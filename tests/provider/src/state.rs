//! Everything the provider remembers.

use std::collections::{BTreeMap, HashMap};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::checkout::Session;
use crate::faults::{CallFault, Faults, Operation, WebhookFaults};
use crate::idempotency::SavedAnswers;
use crate::intent::Intent;
use crate::mail::{MailFaults, TakenLetter};
use crate::reply::Reply;
use crate::server::FakeOptions;

/// The provider's memory.
pub(crate) struct State {
    pub(crate) api_key: String,
    pub(crate) webhook_url: String,
    pub(crate) webhook_secret: String,
    pub(crate) faults: Faults,
    pub(crate) saved: SavedAnswers,
    pub(crate) random: fastrand::Rng,
    pub(crate) calls: BTreeMap<String, u64>,
    pub(crate) posts_without_key: u64,
    pub(crate) unauthenticated: u64,
    /// `http://127.0.0.1:<port>`, for the addresses of pages.
    pub(crate) base_url: String,
    pub(crate) sessions: HashMap<String, Session>,
    /// Letters that were taken, oldest first.
    pub(crate) letters: Vec<TakenLetter>,
    pub(crate) mail_faults: MailFaults,
    intents: HashMap<String, Intent>,
    /// Ids of the intents, oldest first.
    order: Vec<String>,
    events: Vec<Event>,
    /// Events whose delivery has not begun, by their position.
    fresh: Vec<usize>,
}

/// Something that happened to a payment.
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) payment_id: String,
    /// The event as it is sent, the same bytes in every delivery.
    pub(crate) body: String,
    pub(crate) deliveries: u32,
    pub(crate) accepted: u32,
    pub(crate) last_status: u16,
    pub(crate) lost: bool,
    /// The endpoint was switched off: there is no receiver.
    pub(crate) unaddressed: bool,
    /// Seconds since the epoch.
    pub(crate) created_s: i64,
}

impl State {
    pub(crate) fn new(options: &FakeOptions, base_url: &str) -> Self {
        Self {
            api_key: options.api_key.clone(),
            webhook_url: options.webhook_url.clone(),
            webhook_secret: options.webhook_secret.clone(),
            faults: Faults::default(),
            saved: SavedAnswers::default(),
            random: fastrand::Rng::with_seed(options.seed),
            calls: BTreeMap::new(),
            posts_without_key: 0,
            unauthenticated: 0,
            base_url: base_url.to_owned(),
            sessions: HashMap::new(),
            letters: Vec::new(),
            mail_faults: MailFaults::default(),
            intents: HashMap::new(),
            order: Vec::new(),
            events: Vec::new(),
            fresh: Vec::new(),
        }
    }

    /// The payments, oldest first.
    pub(crate) fn intents(&self) -> impl Iterator<Item = &Intent> {
        self.order.iter().filter_map(|id| self.intents.get(id))
    }

    /// A payment.
    ///
    /// # Errors
    ///
    /// 404.
    pub(crate) fn intent(&mut self, id: &str) -> Result<&mut Intent, Reply> {
        self.intents.get_mut(id).ok_or_else(|| Reply::missing("payment_intent"))
    }

    pub(crate) fn insert(&mut self, intent: Intent) {
        self.order.push(intent.id.clone());
        self.intents.insert(intent.id.clone(), intent);
    }

    /// The events, oldest first.
    pub(crate) fn events(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Event> + ExactSizeIterator<Item = &Event> {
        self.events.iter()
    }

    /// The event at a position.
    pub(crate) fn event(&mut self, position: usize) -> Option<&mut Event> {
        self.events.get_mut(position)
    }

    /// Where the event with this id is.
    pub(crate) fn position_of_event(&self, id: &str) -> Option<usize> {
        self.events.iter().position(|event| event.id == id)
    }

    /// The events whose delivery has not begun.
    pub(crate) fn take_fresh(&mut self) -> Vec<usize> {
        std::mem::take(&mut self.fresh)
    }

    /// Writes down that `kind` happened to a payment.
    pub(crate) fn emit(&mut self, kind: &str, payment: &str) {
        let Some(intent) = self.intents.get(payment) else { return };
        let is_charge = kind.starts_with("charge.");
        let object = if is_charge { intent.charge_to_json() } else { intent.to_json() };
        let livemode = intent.livemode;
        self.emit_object(kind, payment, livemode, &object);
    }

    /// The same with an object of one's own. Returns the event's id.
    pub(crate) fn emit_object(
        &mut self,
        kind: &str,
        payment: &str,
        livemode: bool,
        object: &Value,
    ) -> String {
        let (id, created_s) = (new_id("evt"), now_s());
        let body = json!({
            "id": id,
            "object": "event",
            "api_version": "2024-06-20",
            "created": created_s,
            "livemode": livemode,
            "pending_webhooks": 1,
            "request": { "id": null, "idempotency_key": null },
            "type": kind,
            "data": { "object": object },
        });
        self.fresh.push(self.events.len());
        self.events.push(Event {
            id: id.clone(),
            kind: kind.to_owned(),
            payment_id: payment.to_owned(),
            body: body.to_string(),
            deliveries: 0,
            accepted: 0,
            last_status: 0,
            lost: false,
            unaddressed: false,
            created_s,
        });
        id
    }

    /// The fault of this call, if any. `about` is the payment and its booking.
    pub(crate) fn next_fault(
        &mut self,
        operation: Operation,
        about: [Option<&str>; 2],
    ) -> Option<CallFault> {
        let random = &mut self.random;
        let fault = self.faults.calls.iter_mut().find(|fault| {
            fault.operation.is_none_or(|only| only == operation)
                && fault.about.as_deref().is_none_or(|only| about.contains(&Some(only)))
                && fault.times != Some(0)
                && random.f64() < fault.probability
        })?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.clone())
    }

    /// The faults of deliveries about a payment.
    pub(crate) fn webhook_faults(&self, payment: &str) -> WebhookFaults {
        let about = &self.faults.webhooks_about;
        let of_booking = || about.get(&self.booking_of(payment)?);
        about.get(payment).or_else(of_booking).unwrap_or(&self.faults.webhooks).clone()
    }

    /// The booking of a payment.
    pub(crate) fn booking_of(&self, payment: &str) -> Option<String> {
        self.intents.get(payment)?.metadata.get("booking_id").cloned()
    }
}

/// A new id, such as `pi_…`. Not from the seed: ids must differ between runs too.
pub(crate) fn new_id(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::new_v4().simple())
}

/// Now, in seconds since the epoch.
pub(crate) fn now_s() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
