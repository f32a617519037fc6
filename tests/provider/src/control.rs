//! `/_control/…`: everybody but the client of the API.
//!
//! | route | what |
//! |---|---|
//! | `GET ledger` | everything that happened, as JSON |
//! | `POST intents/{id}/pay` | the buyer pays |
//! | `POST intents/{id}/fail` | the buyer's bank refuses |
//! | `POST intents/{id}/process` | the buyer's bank takes its time; `pay` or `fail` ends it |
//! | `POST intents/{id}/cancel` | the authorisation lapses, or staff give the payment up |
//! | `POST intents/{id}/change` | staff change its members, those of `IntentChange` |
//! | `POST events` | an event by hand: `EventByHand`, its `object` merged in |
//! | `POST events/{id}/deliver` | deliver again, lost or not: `{copies?}` |
//! | `POST intents/{id}/deliver` | deliver its events again: `{copies?}` of each |
//! | `GET faults`, `PUT faults` | what goes wrong from now on: [`Faults`](crate::Faults) |
//! | `POST faults` | more that goes wrong: `calls` and `webhooks_about` |
//! | `PUT webhook` | where events go from now on: `{url}` |
//! | `GET letters` | the letters that the mail API took, oldest first |
//! | `PUT mail` | what goes wrong with letters: [`MailFaults`](crate::MailFaults) |
//!
//! A payment in a state that does not allow it: 400, in the provider's own words.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::Method;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::intent::Intent;
use crate::ledger::Ledger;
use crate::reply::Reply;
use crate::server::Shared;
use crate::webhooks;

/// The most copies of one event that are sent at once.
const COPIES_MAX: u32 = 50;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IntentChange {
    amount: Option<i64>,
    currency: Option<String>,
    livemode: Option<bool>,
    booking_id: Option<String>,
    manual_capture: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EventByHand {
    #[serde(rename = "type")]
    kind: String,
    payment_id: String,
    #[serde(default)]
    object: Value,
    livemode: Option<bool>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RefundByHand {
    amount: Option<i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    #[serde(default = "once")]
    copies: u32,
}

fn once() -> u32 {
    1
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WebhookAddress {
    url: String,
}

/// Answers one request for the controls.
pub(crate) fn handle(shared: &Arc<Shared>, method: &Method, path: &str, body: &str) -> Reply {
    let parts: Vec<&str> = path.trim_start_matches("/_control/").split('/').collect();
    let result = match (method.as_str(), parts.as_slice()) {
        ("GET", ["ledger"]) => Ok(Reply::ok(json!(Ledger::of(&shared.state())))),
        ("POST", ["intents", id, "pay"]) => act(shared, id, Intent::pay),
        ("POST", ["intents", id, "fail"]) => act(shared, id, Intent::fail),
        ("POST", ["intents", id, "process"]) => act(shared, id, Intent::process),
        ("POST", ["intents", id, "cancel"]) => act(shared, id, Intent::cancel),
        ("POST", ["intents", id, "refund"]) => read::<RefundByHand>(body).and_then(|by_hand| {
            act(shared, id, |intent| {
                let refund = intent.refund(by_hand.amount, BTreeMap::new());
                refund.map(|_| "charge.refunded")
            })
        }),
        ("POST", ["intents", id, "change"]) => change(shared, id, body),
        ("POST", ["intents", id, "deliver"]) => deliver_all(shared, id, body),
        ("POST", ["events"]) => emit(shared, body),
        ("POST", ["events", id, "deliver"]) => deliver(shared, id, body),
        ("GET", ["faults"]) => Ok(Reply::ok(json!(shared.state().faults))),
        ("PUT", ["faults"]) => read(body).map(|faults| {
            shared.state().faults = faults;
            Reply::ok(json!({}))
        }),
        ("POST", ["faults"]) => read(body).map(|faults| {
            shared.state().faults.add(faults);
            Reply::ok(json!({}))
        }),
        ("GET", ["letters"]) => Ok(Reply::ok(json!(shared.state().letters))),
        ("PUT", ["mail"]) => read(body).map(|faults| {
            shared.state().mail_faults = faults;
            Reply::ok(json!({}))
        }),
        ("PUT", ["webhook"]) => read::<WebhookAddress>(body).map(|address| {
            shared.state().webhook_url = address.url;
            Reply::ok(json!({}))
        }),
        _ => Err(Reply::missing("control")),
    };
    webhooks::dispatch(shared);
    result.unwrap_or_else(|refusal| refusal)
}

/// The body as JSON; an empty one is an empty object.
fn read<T: DeserializeOwned>(body: &str) -> Result<T, Reply> {
    let text = if body.trim().is_empty() { "{}" } else { body };
    serde_json::from_str(text).map_err(|error| Reply::invalid(&error.to_string()))
}

fn act(
    shared: &Shared,
    payment: &str,
    act: impl FnOnce(&mut Intent) -> Result<&'static str, Reply>,
) -> Result<Reply, Reply> {
    let mut state = shared.state();
    let intent = state.intent(payment)?;
    let kind = act(intent)?;
    let body = intent.to_json();
    state.emit(kind, payment);
    Ok(Reply::ok(body))
}

fn change(shared: &Shared, payment: &str, body: &str) -> Result<Reply, Reply> {
    let change: IntentChange = read(body)?;
    let mut state = shared.state();
    let intent = state.intent(payment)?;
    if let Some(amount) = change.amount {
        intent.amount = amount;
    }
    if let Some(currency) = change.currency {
        intent.currency = currency.to_ascii_lowercase();
    }
    if let Some(livemode) = change.livemode {
        intent.livemode = livemode;
    }
    if let Some(booking_id) = change.booking_id {
        intent.metadata.insert("booking_id".to_owned(), booking_id);
    }
    if let Some(manual_capture) = change.manual_capture {
        intent.manual_capture = manual_capture;
    }
    Ok(Reply::ok(intent.to_json()))
}

fn emit(shared: &Shared, body: &str) -> Result<Reply, Reply> {
    let event: EventByHand = read(body)?;
    let mut state = shared.state();
    // Also of a payment that does not exist: a stranger's, or one of another account.
    let (mut object, livemode) = match state.intent(&event.payment_id) {
        Ok(intent) if event.kind.starts_with("charge.") => {
            (intent.charge_to_json(), intent.livemode)
        }
        Ok(intent) => (intent.to_json(), intent.livemode),
        Err(_) => (json!({ "id": event.payment_id, "object": "payment_intent" }), false),
    };
    merge(&mut object, event.object);
    let livemode = event.livemode.unwrap_or(livemode);
    let id = state.emit_object(&event.kind, &event.payment_id, livemode, &object);
    Ok(Reply::ok(json!({ "id": id })))
}

fn deliver(shared: &Arc<Shared>, id: &str, body: &str) -> Result<Reply, Reply> {
    let position = shared.state().position_of_event(id).ok_or_else(|| Reply::missing("event"))?;
    deliver_copies(shared, &[position], body)
}

fn deliver_all(shared: &Arc<Shared>, payment: &str, body: &str) -> Result<Reply, Reply> {
    let positions: Vec<usize> = {
        let state = shared.state();
        let events = state.events().enumerate();
        events.filter(|(_, event)| event.payment_id == payment).map(|(it, _)| it).collect()
    };
    deliver_copies(shared, &positions, body)
}

fn deliver_copies(shared: &Arc<Shared>, positions: &[usize], body: &str) -> Result<Reply, Reply> {
    let delivery: Delivery = read(body)?;
    if delivery.copies > COPIES_MAX {
        return Err(Reply::invalid("too many copies"));
    }
    for position in positions.iter().copied() {
        for _ in 0..delivery.copies {
            tokio::spawn(webhooks::deliver(Arc::clone(shared), position, 0));
        }
    }
    Ok(Reply::ok(json!({})))
}

/// `change` over `target`, member by member (RFC 7396, without removals).
fn merge(target: &mut Value, change: Value) {
    match (target, change) {
        (Value::Object(target), Value::Object(change)) => {
            for (name, value) in change {
                merge(target.entry(name).or_insert(Value::Null), value);
            }
        }
        (_, Value::Null) => {}
        (target, change) => *target = change,
    }
}
