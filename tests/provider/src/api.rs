//! `/v1/…`: the API of the provider.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use http::request::Parts;

use crate::checkout;
use crate::events;
use crate::faults::{CallFault, FaultKind, Operation};
use crate::form::{self, Form};
use crate::idempotency::{Fingerprint, SavedAnswers};
use crate::operations::{self, Change};
use crate::reply::Reply;
use crate::server::{Cut, Shared};
use crate::state::State;
use crate::webhooks;

/// How long an answer waits for the event that is to arrive before it.
const BEFORE_ANSWER_PATIENCE: Duration = Duration::from_secs(2);

/// A call whose address is known.
struct Route {
    operation: Operation,
    payment: Option<String>,
}

impl Route {
    fn of(method: &Method, path: &str, form: &Form) -> Option<Self> {
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let (operation, payment) = match (method.as_str(), parts.as_slice()) {
            ("POST", ["v1", "payment_intents"]) => (Operation::Create, None),
            ("GET", ["v1", "payment_intents", id]) => (Operation::Find, Some(*id)),
            ("POST", ["v1", "payment_intents", id, "capture"]) => (Operation::Capture, Some(*id)),
            ("POST", ["v1", "payment_intents", id, "cancel"]) => (Operation::Cancel, Some(*id)),
            ("POST", ["v1", "refunds"]) => {
                (Operation::Refund, form.get("payment_intent").map(String::as_str))
            }
            ("GET", ["v1", "refunds"]) => {
                (Operation::Refunds, form.get("payment_intent").map(String::as_str))
            }
            ("GET", ["v1", "events"]) => (Operation::Events, None),
            ("POST", ["v1", "checkout", "sessions"]) => (Operation::CreateCheckout, None),
            ("GET", ["v1", "checkout", "sessions", id]) => (Operation::FindCheckout, Some(*id)),
            ("POST", ["v1", "checkout", "sessions", id, "expire"]) => {
                (Operation::ExpireCheckout, Some(*id))
            }
            _ => return None,
        };
        Some(Self { operation, payment: payment.map(str::to_owned) })
    }
}

/// Answers one call of the API, or cuts it off.
pub(crate) async fn handle(shared: &Arc<Shared>, head: &Parts, body: &str) -> Result<Reply, Cut> {
    let path = head.uri.path();
    let text = if head.method == Method::GET { head.uri.query().unwrap_or_default() } else { body };
    let form = match form::parse(text) {
        Ok(form) => form,
        Err(problem) => return Ok(Reply::invalid(&problem)),
    };
    let Some(route) = Route::of(&head.method, path, &form) else {
        return Ok(Reply::missing("address"));
    };
    let fault = {
        let mut state = shared.state();
        *state.calls.entry(route.operation.as_str().to_owned()).or_default() += 1;
        if !is_authenticated(&state, head) {
            state.unauthenticated += 1;
            return Ok(Reply::error(401, "invalid_request_error", "", "Invalid API Key provided"));
        }
        let booking = match &route.payment {
            Some(payment) => state.booking_of(payment),
            None => form.get("metadata[booking_id]").cloned(),
        };
        state.next_fault(route.operation, [route.payment.as_deref(), booking.as_deref()])
    };
    if let Some(refusal) = before(fault.as_ref()).await? {
        return Ok(refusal);
    }
    let reply = match route.operation {
        Operation::Find => shared.state().find(route.payment.as_deref().unwrap_or_default(), &form),
        Operation::Refunds => shared.state().refunds(&form),
        Operation::Events => events::list(&shared.state(), &form).unwrap_or_else(|refusal| refusal),
        Operation::FindCheckout => {
            checkout::find(&shared.state(), route.payment.as_deref().unwrap_or_default())
        }
        Operation::Create
        | Operation::Capture
        | Operation::Cancel
        | Operation::Refund
        | Operation::CreateCheckout
        | Operation::ExpireCheckout => {
            let change = Change { operation: route.operation, payment: route.payment, form };
            let key = head.headers.get("idempotency-key").and_then(|key| key.to_str().ok());
            change_once(shared, path, change, key.map(str::to_owned), fault.clone()).await
        }
    };
    after(fault.as_ref()).await?;
    Ok(reply)
}

fn is_authenticated(state: &State, head: &Parts) -> bool {
    let given = head.headers.get(http::header::AUTHORIZATION);
    given.is_some_and(|given| given.as_bytes() == format!("Bearer {}", state.api_key).as_bytes())
}

/// Faults before anything is begun.
async fn before(fault: Option<&CallFault>) -> Result<Option<Reply>, Cut> {
    let Some(fault) = fault else { return Ok(None) };
    match fault.fault {
        FaultKind::TimeoutBefore => {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms())).await;
            Err(Cut)
        }
        FaultKind::CutBefore => Err(Cut),
        FaultKind::Conflict => Ok(Some(SavedAnswers::conflict())),
        FaultKind::RateLimited => Ok(Some(Reply::error(
            429,
            "invalid_request_error",
            "rate_limit",
            "Too many requests hit the API too quickly",
        ))),
        FaultKind::Forbidden => {
            let message = "This account cannot currently make live charges";
            Ok(Some(Reply::error(403, "invalid_request_error", "account_invalid", message)))
        }
        FaultKind::Unavailable => {
            Ok(Some(Reply::error(503, "api_error", "", "The service is unavailable")))
        }
        _ => Ok(None),
    }
}

/// Faults after everything is done.
async fn after(fault: Option<&CallFault>) -> Result<(), Cut> {
    match fault {
        Some(fault) if fault.fault == FaultKind::TimeoutAfter => {
            tokio::time::sleep(Duration::from_millis(fault.delay_ms())).await;
            Err(Cut)
        }
        Some(fault) if fault.fault == FaultKind::CutAfter => Err(Cut),
        _ => Ok(()),
    }
}

/// A changing call: once for each key.
async fn change_once(
    shared: &Arc<Shared>,
    path: &str,
    change: Change,
    key: Option<String>,
    fault: Option<CallFault>,
) -> Reply {
    let request = Fingerprint { path: path.to_owned(), form: change.form.clone() };
    {
        let mut state = shared.state();
        match &key {
            Some(key) => {
                if let Some(reply) = state.saved.answer(key, &request) {
                    return reply;
                }
            }
            None => state.posts_without_key += 1,
        }
        if let Err(refusal) = operations::check(&change) {
            return refusal;
        }
        if let Some(key) = &key {
            state.saved.begin(key, request);
        }
    }
    // A task of its own: a client that goes away does not stop what was begun.
    let work = tokio::spawn(perform(Arc::clone(shared), change, key, fault));
    work.await.unwrap_or_else(|_| Reply::error(500, "api_error", "", "the fake provider failed"))
}

async fn perform(
    shared: Arc<Shared>,
    change: Change,
    key: Option<String>,
    fault: Option<CallFault>,
) -> Reply {
    let kind = fault.as_ref().map(|fault| fault.fault);
    if let (Some(FaultKind::Slow), Some(fault)) = (kind, &fault) {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms())).await;
    }
    let failure = || Reply::error(500, "api_error", "", "An error occurred on our end");
    let (reply, is_early) = {
        let mut state = shared.state();
        if let (Some(kind), Some(payment)) = (kind, &change.payment) {
            operations::overtake(&mut state, payment, kind);
        }
        let reply = match kind {
            Some(FaultKind::ErrorSaved) => failure(),
            Some(FaultKind::ErrorApplied) => {
                operations::perform(&mut state, &change, kind);
                failure()
            }
            _ => operations::perform(&mut state, &change, kind),
        };
        if let Some(key) = &key {
            state.saved.save(key, &reply);
        }
        let payment =
            change.payment.clone().or_else(|| Some(reply.body["id"].as_str()?.to_owned()));
        let chance = state.webhook_faults(&payment.unwrap_or_default()).before_answer;
        (reply, state.random.f64() < chance)
    };
    let deliveries = webhooks::dispatch(&shared);
    if is_early {
        for delivery in deliveries {
            let _ = tokio::time::timeout(BEFORE_ANSWER_PATIENCE, delivery).await;
        }
    }
    reply
}

/// Refunds of a list at most, as the provider has it.
const REFUNDS_MAX: usize = 100;

impl State {
    /// The refunds of a payment, the newest first.
    fn refunds(&mut self, form: &Form) -> Reply {
        let known = ["payment_intent", "limit"];
        if let Some(name) = form.keys().find(|name| !known.contains(&name.as_str())) {
            return Reply::invalid(&format!("Received unknown parameter: {name}"));
        }
        let limit = form.get("limit").and_then(|limit| limit.parse().ok()).unwrap_or(10);
        if !(1..=REFUNDS_MAX).contains(&limit) {
            return Reply::invalid("limit must be 1 to 100");
        }
        match self.intent(form.get("payment_intent").map_or("", String::as_str)) {
            Ok(intent) => {
                let newest = intent.refunds.iter().rev().take(limit);
                let refunds: Vec<_> = newest.map(|refund| intent.refund_to_json(refund)).collect();
                Reply::ok(serde_json::json!({
                    "object": "list", "data": refunds, "has_more": intent.refunds.len() > limit,
                }))
            }
            Err(missing) => missing,
        }
    }

    fn find(&mut self, payment: &str, form: &Form) -> Reply {
        let expands = form.get("expand[]").is_some_and(|field| field == "latest_charge");
        match self.intent(payment) {
            Ok(intent) => {
                let mut body = intent.to_json();
                if expands && !body["latest_charge"].is_null() {
                    body["latest_charge"] = intent.charge_to_json();
                }
                Reply::ok(body)
            }
            Err(missing) => missing,
        }
    }
}
