//! The operations that change payments, as the API offers them.
//!
//! Checked first, then done: what [`check`] refuses was never begun, so its answer is not saved.

use std::collections::BTreeMap;

use crate::checkout;
use crate::faults::{FaultKind, Operation};
use crate::form::Form;
use crate::intent::{Intent, Status};
use crate::money;
use crate::reply::Reply;
use crate::state::{State, new_id, now_s};

/// A changing call.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) operation: Operation,
    /// The payment it is about; none for a creation.
    pub(crate) payment: Option<String>,
    pub(crate) form: Form,
}

/// Refuses what is wrong by itself, whatever the payment's state.
pub(crate) fn check(change: &Change) -> Result<(), Reply> {
    let known: &[&str] = match change.operation {
        Operation::Create => &["amount", "currency", "capture_method"],
        Operation::Capture => &["amount_to_capture"],
        Operation::Cancel => &["cancellation_reason"],
        Operation::Refund => &["payment_intent", "amount", "reason"],
        Operation::CreateCheckout => {
            &["mode", "success_url", "cancel_url", "expires_at", "customer_email", "locale"]
        }
        Operation::ExpireCheckout => &[],
        Operation::Find | Operation::FindCheckout | Operation::Refunds | Operation::Events => &[],
    };
    let is_open = |name: &str| {
        name.starts_with("metadata[")
            || change.operation == Operation::CreateCheckout
                && (name.starts_with("line_items[") || name.starts_with("payment_intent_data["))
            || name.starts_with("expand[")
            || name.starts_with("automatic_payment_methods[")
            || name.starts_with("payment_method_types[")
    };
    if let Some(name) =
        change.form.keys().find(|name| !known.contains(&name.as_str()) && !is_open(name))
    {
        return Err(Reply::error(
            400,
            "invalid_request_error",
            "parameter_unknown",
            &format!("Received unknown parameter: {name}"),
        ));
    }
    for name in ["amount", "amount_to_capture"] {
        if change.form.contains_key(name) && positive(&change.form, name).is_none() {
            return Err(Reply::invalid(&format!("Invalid positive integer: {name}")));
        }
    }
    match change.operation {
        Operation::Create => check_creation(&change.form),
        Operation::CreateCheckout => checkout::check(&change.form),
        Operation::Refund if change.payment.is_none() => {
            Err(Reply::invalid("One of the following params should be provided: payment_intent"))
        }
        _ => Ok(()),
    }
}

fn check_creation(form: &Form) -> Result<(), Reply> {
    let Some(amount) = positive(form, "amount") else {
        return Err(Reply::invalid("Missing required param: amount"));
    };
    let currency = form.get("currency").map_or("", String::as_str);
    money::check_currency(currency)?;
    money::check_charge(currency, amount)?;
    match form.get("capture_method").map(String::as_str) {
        None | Some("automatic" | "automatic_async" | "manual") => Ok(()),
        Some(_) => Err(Reply::invalid("Invalid capture_method")),
    }
}

fn positive(form: &Form, name: &str) -> Option<i64> {
    form.get(name)?.parse().ok().filter(|amount| *amount > 0)
}

/// Acts of others just before the call.
pub(crate) fn overtake(state: &mut State, payment: &str, fault: FaultKind) {
    let Ok(intent) = state.intent(payment) else { return };
    let mut kinds = Vec::new();
    match fault {
        FaultKind::PaidFirst => kinds.extend(intent.pay().ok()),
        FaultKind::CapturedFirst => {
            kinds.extend(intent.pay().ok());
            kinds.extend(intent.capture(intent.amount).ok());
        }
        FaultKind::CanceledFirst => kinds.extend(intent.cancel().ok()),
        _ => {}
    }
    for kind in kinds {
        state.emit(kind, payment);
    }
}

/// Does what the call asks for, as far as the payment's state allows it.
pub(crate) fn perform(state: &mut State, change: &Change, fault: Option<FaultKind>) -> Reply {
    let result = match change.operation {
        Operation::Create => Ok(create(state, &change.form, fault)),
        Operation::CreateCheckout => Ok(checkout::create(state, &change.form)),
        Operation::ExpireCheckout => {
            Ok(checkout::expire(state, change.payment.as_deref().unwrap_or_default()))
        }
        Operation::Find | Operation::FindCheckout | Operation::Refunds | Operation::Events => {
            Err(Reply::invalid("not a change"))
        }
        Operation::Capture | Operation::Cancel | Operation::Refund => {
            change_payment(state, change, change.payment.as_deref().unwrap_or_default())
        }
    };
    result.unwrap_or_else(|refusal| refusal)
}

fn change_payment(state: &mut State, change: &Change, payment: &str) -> Result<Reply, Reply> {
    let form = &change.form;
    let intent = state.intent(payment)?;
    intent.count(change.operation.as_str());
    let (kind, reply) = match change.operation {
        Operation::Capture => {
            let amount = positive(form, "amount_to_capture").unwrap_or(intent.amount);
            money::check_amount(&intent.currency, amount)?;
            (intent.capture(amount)?, Reply::ok(intent.to_json()))
        }
        Operation::Cancel => (intent.cancel()?, Reply::ok(intent.to_json())),
        _ => {
            let amount = positive(form, "amount");
            amount.map_or(Ok(()), |amount| money::check_amount(&intent.currency, amount))?;
            let refund = intent.refund(amount, metadata_of(form))?;
            ("charge.refunded", Reply::ok(intent.refund_to_json(&refund)))
        }
    };
    state.emit(kind, payment);
    Ok(reply)
}

fn metadata_of(form: &Form) -> BTreeMap<String, String> {
    let named = form.iter().filter_map(|(name, value)| {
        let name = name.strip_prefix("metadata[")?.strip_suffix(']')?;
        Some((name.to_owned(), value.clone()))
    });
    named.collect()
}

fn create(state: &mut State, form: &Form, fault: Option<FaultKind>) -> Reply {
    let id = new_id("pi");
    let is = |kind| fault == Some(kind);
    let currency = form.get("currency").cloned().unwrap_or_default();
    let other = if currency == "usd" { "eur" } else { "usd" };
    let intent = Intent {
        client_secret: format!("{id}_secret_{}", new_id("s")),
        charge_id: new_id("ch"),
        created_s: now_s(),
        amount: positive(form, "amount").unwrap_or_default()
            - i64::from(is(FaultKind::WrongAmount)),
        currency: if is(FaultKind::OtherCurrency) { other.to_owned() } else { currency },
        livemode: is(FaultKind::OtherMode),
        manual_capture: form.get("capture_method").is_some_and(|method| method == "manual"),
        metadata: metadata_of(form),
        status: Status::RequiresPaymentMethod,
        captured: 0,
        refunded: 0,
        captures: 0,
        refunds: Vec::new(),
        attempts: BTreeMap::new(),
        id: id.clone(),
    };
    let reply = Reply::ok(intent.to_json());
    state.insert(intent);
    state.emit("payment_intent.created", &id);
    reply
}
