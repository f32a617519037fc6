//! Answers of the provider.

use http::StatusCode;
use serde_json::Value;

use crate::ProviderError;
use crate::intent::{Intent, IntentStatus};

/// The longest description of a failure that is made of an answer.
const TEXT_LENGTH_MAX: usize = 160;

/// The first line is a status, the rest a body. A payment intent that is read says the same when it
/// is read as plain JSON; of a failure, only a definite refusal is definite, and nothing that it
/// says in free words is repeated.
pub fn provider_answers(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let (status, body) = text.split_once('\n').unwrap_or(("200", text));
    if let Ok(intent) = Intent::parse(body.as_bytes()) {
        check_intent(&intent, body);
    }
    let Ok(status) = StatusCode::from_bytes(status.as_bytes()) else { return };
    match ProviderError::of(status, body.as_bytes()) {
        ProviderError::Unavailable(text) => {
            assert!(matches!(status.as_u16(), 409 | 429 | 500..=599), "{status}");
            check_text(&text);
        }
        ProviderError::Refused(text) => {
            assert!(!matches!(status.as_u16(), 404 | 409 | 429 | 500..=599), "{status}");
            check_text(&text);
        }
        ProviderError::UnexpectedState
        | ProviderError::AlreadyRefunded
        | ProviderError::NotFound => assert!(status.is_client_error(), "{status}"),
    }
}

fn check_intent(intent: &Intent, body: &str) {
    let Ok(plain) = serde_json::from_str::<Value>(body) else { return };
    // Lists of the members' values are read as well. The provider writes none.
    if !plain.is_object() {
        return;
    }
    assert_eq!(plain["id"].as_str(), Some(intent.id.as_str()));
    assert_eq!(plain["amount"].as_i64(), Some(intent.amount));
    assert_eq!(plain["amount_received"].as_i64().unwrap_or_default(), intent.amount_received);
    assert_eq!(plain["livemode"].as_bool(), Some(intent.livemode));
    assert_eq!(plain["metadata"]["booking_id"].as_str(), intent.booking_id.as_deref());
    let currency = plain["currency"].as_str().unwrap_or_default();
    assert_eq!(currency.to_ascii_uppercase(), intent.currency);
    if matches!(intent.status, IntentStatus::Succeeded | IntentStatus::RequiresCapture) {
        assert!(matches!(plain["status"].as_str(), Some("succeeded" | "requires_capture")));
        assert!(intent.status == IntentStatus::RequiresCapture || !intent.status.can_be_canceled());
    }
}

fn check_text(text: &str) {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b' ';
    assert!(text.len() <= TEXT_LENGTH_MAX && text.bytes().all(is_plain), "{text:?}");
}
