//! Ids: one spelling, and nothing in it that would need quoting anywhere.

use crate::id::{BookingId, EventId, UserId};

/// A text that is accepted as an id is its one spelling and can stand in a key, a log line and a
/// record as it is.
pub fn booking_and_other_ids(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(event) = text.parse::<EventId>() {
        assert_eq!(event.to_string(), text);
        assert_plain(text);
    }
    if let Ok(user) = text.parse::<UserId>() {
        assert_eq!(user.to_string(), text);
        assert_plain(text);
    }
    if let Ok(booking) = text.parse::<BookingId>() {
        assert_eq!(booking.to_string(), text);
        assert_plain(text);
        let event = booking.event().to_string();
        assert_eq!(event.parse::<EventId>().map(|event| event.to_string()), Ok(event));
    }
    // JSON says the same of the same text.
    let json = serde_json::Value::from(text);
    let read = serde_json::from_value::<BookingId>(json).ok();
    assert_eq!(read, text.parse::<BookingId>().ok());
}

fn assert_plain(text: &str) {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
    assert!(text.bytes().all(plain), "{text:?}");
}
