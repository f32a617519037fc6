//! Events of the payment provider.

use serde_json::Value;

use crate::payment::ProviderState;
use crate::stripe::{ProviderEvent, is_word};

/// Whatever is read as an event says the same when it is read as plain JSON: the same payment,
/// booking, amount, currency and mode; and it says that money moved only if it is of a kind that
/// says so.
pub fn provider_events(input: &[u8]) {
    let Ok(event) = serde_json::from_slice::<ProviderEvent>(input) else { return };
    let Ok(plain) = serde_json::from_slice::<Value>(input) else { panic!("read, but not JSON") };
    let object = &plain["data"]["object"];
    // Lists of the members' values are read as well. The provider, who signs, writes none.
    let has_lists =
        [&plain, &plain["data"], object, &object["metadata"]].iter().any(|it| it.is_array());
    if has_lists {
        return;
    }
    assert_eq!(plain["id"].as_str(), Some(event.id.as_str()));
    assert_eq!(plain["type"].as_str(), Some(event.kind.as_str()));
    assert_eq!(plain["livemode"].as_bool().unwrap_or_default(), event.livemode);

    let Some(news) = event.payment_news() else { return };
    let is_charge = event.kind == "charge.refunded";
    let payment = if is_charge { &object["payment_intent"] } else { &object["id"] };
    assert_eq!(payment.as_str(), Some(news.payment.as_str()));
    assert!(is_word(&news.payment));
    let booking = object["metadata"]["booking_id"].as_str();
    assert_eq!(booking.map(|id| if is_word(id) { id } else { "-" }), news.booking.as_deref());
    assert_eq!(object["amount"].as_i64().unwrap_or_default(), news.amount);
    let currency = object["currency"].as_str().filter(|it| is_word(it)).unwrap_or_default();
    assert_eq!(currency.to_uppercase(), news.currency);
    assert!(news.amount_refunded >= 0);
    let moved = match (event.kind.as_str(), news.state) {
        ("payment_intent.succeeded", ProviderState::Captured) => &object["amount_received"],
        ("payment_intent.amount_capturable_updated", ProviderState::Authorised) => {
            &object["amount_capturable"]
        }
        ("payment_intent.payment_failed", ProviderState::Failed)
        | ("payment_intent.canceled", ProviderState::Canceled)
        | ("charge.refunded", ProviderState::Captured | ProviderState::Canceled) => &Value::Null,
        ("charge.refunded", ProviderState::Refunded) => {
            // All of it, and not merely something.
            assert!(object["amount"].as_i64().is_some_and(|all| news.amount_refunded >= all));
            assert_ne!(object["captured"], false);
            &Value::Null
        }
        said => panic!("{said:?} from {plain}"),
    };
    assert_eq!(news.whole, moved.is_null() || *moved == object["amount"], "{plain}");
}
