//! Payments on a page of the provider: the page and its life.
//!
//! `POST /v1/checkout/sessions` makes one, `…/{id}/expire` ends it, and `/pay/{id}` is where a
//! buyer pays, is declined, or turns back. As in the original, the payment is made when the buyer
//! pays, with the metadata that the page was made with; a page lives for 30 minutes at least.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::form::{self, Form};
use crate::intent::{Intent, Status};
use crate::money;
use crate::reply::Reply;
use crate::server::Shared;
use crate::state::{State, new_id, now_s};
use crate::webhooks;

/// The shortest and the longest life of a page, in seconds.
const LIFE_MIN_S: i64 = 30 * 60;
const LIFE_MAX_S: i64 = 24 * 60 * 60;

/// A page.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    id: String,
    description: String,
    amount: i64,
    currency: String,
    manual_capture: bool,
    metadata: BTreeMap<String, String>,
    payment_metadata: BTreeMap<String, String>,
    success_url: String,
    cancel_url: String,
    expires_at_s: i64,
    /// The payment, once the buyer has paid.
    payment: Option<String>,
    is_expired: bool,
}

impl Session {
    fn status(&self) -> &'static str {
        if self.payment.is_some() {
            "complete"
        } else if self.is_expired || self.expires_at_s <= now_s() {
            "expired"
        } else {
            "open"
        }
    }

    fn to_json(&self, base_url: &str) -> Value {
        let is_open = self.status() == "open";
        json!({
            "id": self.id,
            "object": "checkout.session",
            "amount_total": self.amount,
            "currency": self.currency,
            "cancel_url": self.cancel_url,
            "expires_at": self.expires_at_s,
            "livemode": false,
            "metadata": self.metadata,
            "mode": "payment",
            "payment_intent": self.payment,
            "payment_status": "unpaid",
            "status": self.status(),
            "success_url": self.success_url,
            "url": is_open.then(|| format!("{base_url}/pay/{}", self.id)),
        })
    }
}

/// Refuses what is wrong by itself.
pub(crate) fn check(form: &Form) -> Result<(), Reply> {
    let required = |name: &str| match form.get(name) {
        Some(value) if !value.is_empty() => Ok(value.as_str()),
        _ => Err(Reply::invalid(&format!("Missing required param: {name}"))),
    };
    if required("mode")? != "payment" {
        return Err(Reply::invalid("Invalid mode"));
    }
    for name in ["success_url", "cancel_url"] {
        if !required(name)?.starts_with("http") {
            return Err(Reply::invalid(&format!("Not a valid URL: {name}")));
        }
    }
    required("line_items[0][price_data][product_data][name]")?;
    let currency = required("line_items[0][price_data][currency]")?;
    let amount = amount(form).ok_or_else(|| Reply::invalid("Invalid positive integer"))?;
    money::check_currency(currency)?;
    money::check_charge(currency, amount)?;
    if let Some(expires_at) = form.get("expires_at") {
        let expires_at_s: i64 =
            expires_at.parse().map_err(|_| Reply::invalid("Invalid integer: expires_at"))?;
        let life_s = expires_at_s - now_s();
        if !(LIFE_MIN_S..=LIFE_MAX_S).contains(&life_s) {
            let message = "The `expires_at` timestamp must be at least 30 minutes and less than 24 \
                           hours from Checkout Session creation.";
            return Err(Reply::invalid(message));
        }
    }
    Ok(())
}

fn amount(form: &Form) -> Option<i64> {
    let unit: i64 = form.get("line_items[0][price_data][unit_amount]")?.parse().ok()?;
    let quantity: i64 = form.get("line_items[0][quantity]")?.parse().ok()?;
    (unit > 0 && quantity > 0).then_some(unit * quantity)
}

/// Makes a page.
pub(crate) fn create(state: &mut State, form: &Form) -> Reply {
    let text = |name: &str| form.get(name).cloned().unwrap_or_default();
    let marks = |prefix: &str| {
        form.iter()
            .filter_map(|(name, value)| {
                let name = name.strip_prefix(prefix)?.strip_suffix(']')?;
                Some((name.to_owned(), value.clone()))
            })
            .collect()
    };
    let session = Session {
        id: new_id("cs_test"),
        description: text("line_items[0][price_data][product_data][name]"),
        amount: amount(form).unwrap_or_default(),
        currency: text("line_items[0][price_data][currency]"),
        manual_capture: text("payment_intent_data[capture_method]") == "manual",
        metadata: marks("metadata["),
        payment_metadata: marks("payment_intent_data[metadata]["),
        success_url: text("success_url"),
        cancel_url: text("cancel_url"),
        expires_at_s: text("expires_at").parse().unwrap_or(now_s() + LIFE_MAX_S),
        payment: None,
        is_expired: false,
    };
    let reply = Reply::ok(session.to_json(&state.base_url));
    state.sessions.insert(session.id.clone(), session);
    reply
}

/// Shows a page to its maker.
pub(crate) fn find(state: &State, id: &str) -> Reply {
    state
        .sessions
        .get(id)
        .map_or_else(missing, |session| Reply::ok(session.to_json(&state.base_url)))
}

/// Ends a page.
pub(crate) fn expire(state: &mut State, id: &str) -> Reply {
    let base_url = state.base_url.clone();
    let Some(session) = state.sessions.get_mut(id) else { return missing() };
    if session.status() != "open" {
        return Reply::invalid(
            "Only Checkout Sessions with a status in [\"open\"] can be expired.",
        );
    }
    session.is_expired = true;
    let body = session.to_json(&base_url);
    state.emit_object("checkout.session.expired", "", false, &body);
    Reply::ok(body)
}

fn missing() -> Reply {
    Reply::missing("checkout.session")
}

/// What a buyer sees and does at `/pay/{id}`.
pub(crate) fn page(
    shared: &Arc<Shared>,
    method: &Method,
    id: &str,
    body: &str,
) -> Response<Full<Bytes>> {
    let answer = {
        let mut state = shared.state();
        let Some(session) = state.sessions.get(id).cloned() else {
            return html(StatusCode::NOT_FOUND, "There is no such page.");
        };
        let action = form::parse(body).ok().and_then(|form| form.get("action").cloned());
        match (session.status(), method.as_str(), action.as_deref()) {
            ("complete", ..) => redirect(&session.success_url),
            ("expired", ..) => html(
                StatusCode::GONE,
                &format!(
                    "<p>This page has ended. Nothing was charged.</p><p><a href=\"{}\">Back to the \
                     shop</a></p>",
                    escaped(&session.cancel_url)
                ),
            ),
            (_, "POST", Some("pay")) => {
                pay(&mut state, &session);
                redirect(&session.success_url)
            }
            (_, "POST", Some("decline")) => {
                html(StatusCode::PAYMENT_REQUIRED, &offer(&session, "Your card was declined."))
            }
            _ => html(StatusCode::OK, &offer(&session, "")),
        }
    };
    webhooks::dispatch(shared);
    answer
}

/// The buyer pays: the payment is made, with what the page was made with.
fn pay(state: &mut State, session: &Session) {
    let id = new_id("pi");
    let mut intent = Intent {
        client_secret: format!("{id}_secret_{}", new_id("s")),
        charge_id: new_id("ch"),
        created_s: now_s(),
        amount: session.amount,
        currency: session.currency.clone(),
        livemode: false,
        manual_capture: session.manual_capture,
        metadata: session.payment_metadata.clone(),
        status: Status::RequiresPaymentMethod,
        captured: 0,
        refunded: 0,
        captures: 0,
        refunds: Vec::new(),
        attempts: BTreeMap::new(),
        id: id.clone(),
    };
    let kind = intent.pay();
    state.insert(intent);
    if let Ok(kind) = kind {
        state.emit(kind, &id);
    }
    let base_url = state.base_url.clone();
    if let Some(session) = state.sessions.get_mut(&session.id) {
        session.payment = Some(id.clone());
        let body = session.to_json(&base_url);
        state.emit_object("checkout.session.completed", &id, false, &body);
    }
}

/// The page on which a buyer pays.
fn offer(session: &Session, problem: &str) -> String {
    let problem =
        if problem.is_empty() { String::new() } else { format!("<p role=\"alert\">{problem}</p>") };
    format!(
        "{problem}<p>{}</p><p><strong>{} {}</strong> (in the smallest unit)</p>\
         <form method=\"post\"><button name=\"action\" value=\"pay\">Pay</button> \
         <button name=\"action\" value=\"decline\">Pay with a card that is declined</button></form>\
         <p><a href=\"{}\">Back to the shop</a></p>",
        escaped(&session.description),
        session.amount,
        session.currency.to_uppercase(),
        escaped(&session.cancel_url),
    )
}

pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

pub(crate) fn html(status: StatusCode, content: &str) -> Response<Full<Bytes>> {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Test payment</title>\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"></head><body><main>\
         <h1>Test payment</h1><p>No money moves here.</p>{content}</main></body></html>\n"
    );
    let mut response = Response::new(Full::new(Bytes::from(page)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn redirect(url: &str) -> Response<Full<Bytes>> {
    let mut response = html(StatusCode::SEE_OTHER, "");
    if let Ok(url) = HeaderValue::from_str(url) {
        response.headers_mut().insert(header::LOCATION, url);
    }
    response
}
