//! Records of holds.

use domain::booking::Booking;
use domain::id::{BookingId, EventId};

use crate::Hold;

/// Any event: its id is no part of a record.
const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

/// A record that is accepted has one spelling, and the scripts read it the same way.
pub fn holds(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let event: EventId = EVENT.parse().unwrap();
    let id = BookingId::new(event, event.as_uuid());
    let Ok(hold) = Hold::parse(id, text) else { return };
    assert_eq!(hold.record(), text);
    assert!(scripts_read(text), "{text:?}");
    let Booking { quantity, seats, .. } = hold.booking;
    assert!(quantity > 0, "{text:?}");
    assert!(seats.is_empty() || seats.len() == quantity as usize, "{text:?}");
}

/// The pattern of `parse_hold.lua`:
/// `^(%l+) (%S+) (%S+) (%d+) %d+ %u+ %d+ (%d+) (%S+)$`.
fn scripts_read(record: &str) -> bool {
    let words: Vec<&str> = record.split(' ').collect();
    let [state, user, section, quantity, amount, currency, created_ms, expires_ms, seats] =
        words[..]
    else {
        return false;
    };
    let all =
        |word: &str, fits: fn(&u8) -> bool| !word.is_empty() && word.as_bytes().iter().all(fits);
    let digits = |word| all(word, u8::is_ascii_digit);
    let visible = |word| all(word, |byte| !byte.is_ascii_whitespace());
    all(state, u8::is_ascii_lowercase)
        && [quantity, amount, created_ms, expires_ms].into_iter().all(digits)
        && all(currency, u8::is_ascii_uppercase)
        && [user, section, seats].into_iter().all(visible)
}
