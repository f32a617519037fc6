//! The names of all keys in Redis, built here and nowhere else.
//!
//! Every key of an event carries the hash tag `{<event id>}`, so one event is one slot and a script
//! may use all of them. The set of keys is fixed: none is made per user or per booking.

use domain::id::EventId;
use domain::section::SectionName;

fn key(event: EventId, name: &str) -> String {
    format!("box:{{{event}}}:{name}")
}

/// Hash: what the scripts decide by, see [`EventSettings`](crate::EventSettings).
pub fn settings(event: EventId) -> String {
    key(event, "settings")
}

/// Hash of integers: `available`, `held`, `sold` of the event and `available:<section>` … of each
/// section; `number` (last queue number given), `admitted` (users let in), `allowance_us` (state
/// of the release rate, see `admit_users.lua`).
pub fn counts(event: EventId) -> String {
    key(event, "counts")
}

/// Sorted set: user → `draw * 2^32 + number`, the order of the line.
pub fn queue(event: EventId) -> String {
    key(event, "queue")
}

/// Sorted set: user → time in ms at which the pass ends. Only unused passes.
pub fn passes(event: EventId) -> String {
    key(event, "passes")
}

/// Hash: user → `<pass_id> <issued_ms> <expires_ms> <live|used> <number>`, the last admission.
pub fn admissions(event: EventId) -> String {
    key(event, "admissions")
}

/// Hash: `<section>-<row>-<number>` → booking that holds or owns the seat; for standing places
/// `<section>-<booking>` → booking, one field for all of them.
pub fn holders(event: EventId) -> String {
    key(event, "holders")
}

/// Hash: booking → [`Hold`](crate::Hold). Only unresolved ones.
pub fn bookings(event: EventId) -> String {
    key(event, "bookings")
}

/// Sorted set: booking → time in ms at which its hold ends. Only unresolved ones.
pub fn expiry(event: EventId) -> String {
    key(event, "expiry")
}

/// Hash: user → tickets held and bought. A 0 stays.
pub fn buyers(event: EventId) -> String {
    key(event, "buyers")
}

/// Hash: idempotency entry → `<fingerprint> <created_ms> <status> <body>`.
pub fn answers(event: EventId) -> String {
    key(event, "answers")
}

/// Sorted set: idempotency entry → time in ms at which it was made.
pub fn answer_times(event: EventId) -> String {
    key(event, "answer_times")
}

/// Stream: what happened to holds, for the ledger. One field `e`:
/// `<reserved|released|expired> <booking> <hold>`.
pub fn journal(event: EventId) -> String {
    key(event, "journal")
}

/// String: the map of a seated section, see [`SeatMap`](domain::section::SeatMap).
pub fn map(event: EventId, section: &SectionName) -> String {
    key(event, &format!("map:{section}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_an_event_share_its_tag() {
        let event: EventId = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap();
        assert_eq!(settings(event), "box:{0192f0c1-2a3b-7c4d-8e5f-60718293a4b5}:settings");
        let section = "A".parse().unwrap();
        assert_eq!(map(event, &section), "box:{0192f0c1-2a3b-7c4d-8e5f-60718293a4b5}:map:A");
    }
}
