//! Events on their way: signed, and delivered again until they are accepted.

use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::task::JoinHandle;

use crate::server::Shared;
use crate::state::now_s;

/// The first pause after a delivery that was not accepted; each further one is twice as long.
const PAUSE_FIRST: Duration = Duration::from_millis(250);
/// The longest pause. The original waits for hours; a test does not.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// How long one delivery may take, as in the original.
const DELIVERY_DEADLINE: Duration = Duration::from_secs(20);
/// How often a delivery that is held back looks whether it may go.
const HELD_INTERVAL: Duration = Duration::from_millis(25);

/// The value of `Stripe-Signature` for `body`, signed at `at_s` (seconds since the epoch).
///
/// Written after the provider's documentation, apart from the verification in `crates/domain`. Both
/// are held against a signature of Stripe's own Node library, the same vector in both places.
pub fn signature_header(secret: &str, body: &[u8], at_s: i64) -> String {
    // HMAC takes a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else {
        return String::new();
    };
    mac.update(format!("{at_s}.").as_bytes());
    mac.update(body);
    format!("t={at_s},v1={}", HEXLOWER.encode(&mac.finalize().into_bytes()))
}

/// Sends out every event whose delivery has not begun. The handles end when an event is
/// accepted.
pub(crate) fn dispatch(shared: &Arc<Shared>) -> Vec<JoinHandle<()>> {
    let mut deliveries = Vec::new();
    let mut guard = shared.state();
    let state = &mut *guard;
    for position in state.take_fresh() {
        let payment = state.event(position).map(|event| event.payment_id.clone());
        let faults = state.webhook_faults(&payment.unwrap_or_default());
        let is_lost = state.random.f64() < faults.lost;
        let is_doubled = state.random.f64() < faults.doubled;
        let copies = if is_doubled { faults.copies } else { 1 };
        let delays: Vec<u64> = (0..copies).map(|_| state.random.u64(0..=faults.delay_ms)).collect();
        if is_lost || faults.disabled {
            if let Some(event) = state.event(position) {
                event.lost = true;
                event.unaddressed = faults.disabled;
            }
            continue;
        }
        for delay_ms in delays {
            let shared = Arc::clone(shared);
            deliveries.push(tokio::spawn(deliver(shared, position, delay_ms)));
        }
    }
    deliveries
}

/// Delivers one event until it is accepted.
pub(crate) async fn deliver(shared: Arc<Shared>, position: usize, delay_ms: u64) {
    tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    let mut pause = PAUSE_FIRST;
    loop {
        while is_held(&shared, position) {
            tokio::time::sleep(HELD_INTERVAL).await;
        }
        let status = try_once(&shared, position).await;
        if let Some(event) = shared.state().event(position) {
            event.deliveries += 1;
            event.last_status = status;
            if (200..300).contains(&status) {
                event.accepted += 1;
                return;
            }
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(PAUSE_MAX);
    }
}

fn is_held(shared: &Shared, position: usize) -> bool {
    let mut state = shared.state();
    let payment = state.event(position).map(|event| event.payment_id.clone());
    state.webhook_faults(&payment.unwrap_or_default()).held
}

/// One delivery; its status, or 0 without an answer.
async fn try_once(shared: &Shared, position: usize) -> u16 {
    let (url, secret, body) = {
        let mut state = shared.state();
        let body = state.event(position).map(|event| event.body.clone());
        (state.webhook_url.clone(), state.webhook_secret.clone(), body.unwrap_or_default())
    };
    if url.is_empty() {
        return 0;
    }
    // Signed anew each time, as in the original: the time must be that of the delivery.
    let signature = signature_header(&secret, body.as_bytes(), now_s());
    let request = shared
        .http
        .post(url)
        .header("stripe-signature", signature)
        .header(http::header::CONTENT_TYPE, "application/json; charset=utf-8")
        .timeout(DELIVERY_DEADLINE)
        .body(body);
    match request.send().await {
        Ok(answer) => answer.status().as_u16(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made with Stripe's Node library, `stripe` 23.1.0 from npm:
    /// `stripe.webhooks.generateTestHeaderString({payload, secret, timestamp})`. The other way
    /// round, events of this program were delivered to a small Node server, whose
    /// `stripe.webhooks.constructEvent(rawBody, request.headers["stripe-signature"], secret)`
    /// accepted each and refused each under another secret.
    #[test]
    fn signatures_are_those_of_the_providers_own_library() {
        let body = concat!(
            r#"{"id":"evt_vector","object":"event","type":"payment_intent.succeeded","#,
            r#""livemode":false,"data":{"object":{"id":"pi_vector","amount":5000,"#,
            r#""amount_received":5000,"currency":"eur","metadata":{"booking_id":"bk_é"}}}}"#,
        );
        let secret = "whsec_0123456789abcdef0123456789abcdef";
        let header = "t=1800000000,\
            v1=508e993bca0b4896ce00e4e854e7b69063ca1aa69e51bfe8c4c500bb0fb9464c";
        assert_eq!(signature_header(secret, body.as_bytes(), 1_800_000_000), header);
    }
}
