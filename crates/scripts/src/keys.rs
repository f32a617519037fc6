//! The names of all keys in Redis, built here and nowhere else.
//!
//! Every key of an event carries the hash tag `{<event id>}`, so one event is one slot and a script
//! may use all of them. The set of keys is fixed: none is made per user or per booking. What is of
//! no event has a tag of its own.

use domain::id::{EventId, UserId};
use domain::section::SectionName;

use crate::registry;

fn key(event: EventId, name: &str) -> String {
    format!("box:{{{event}}}:{name}")
}

/// Hash: what the scripts decide by, see [`EventSettings`](crate::EventSettings); and
/// `told_state`, what the waiting were told last of the line, `pace`, how fast it moved (see
/// `line_pace.lua`), `outlook` and `told_pace`, what they were told of that (see `tell_pace.lua`),
/// `abandon_from_ms` (see `sweep_absent.lua`), `watched_until_ms` (until when changes of maps are
/// published, see `watch_maps.lua`).
pub fn settings(event: EventId) -> String {
    key(event, "settings")
}

/// Hash of integers: `available`, `held`, `sold` of the event and `available:<section>` … of each
/// section; `number` (last queue number given), `number_ceiling` (last one of the block),
/// `admitted` (users let in), `served` (highest place let in), `allowance_us` (state of the release
/// rate, see `admit_users.lua`), `admit_from_ms` (nobody is let in before, see
/// `finish_opening.lua`), `told` (serial number of the newest news in the feed), `passes_used` and
/// `passes_unused` (how the last passes ended, see `admit_users.lua`), `swept_ms` (see
/// `sweep_absent.lua`), `draw_count` (how many numbers are drawn for, once that is decided),
/// `drawn` (1 once every place is drawn), `seats_told` (serial number of the newest news of
/// seats).
pub fn counts(event: EventId) -> String {
    key(event, "counts")
}

/// Sorted set: user → `draw * 2^32 + number`, the order of the line. The draw is 0 until it is
/// done, then the place that was drawn; for who came after the opening it is
/// [`DRAW_AFTER_OPENING`](domain::queue::DRAW_AFTER_OPENING).
pub fn queue(event: EventId) -> String {
    key(event, "queue")
}

/// Sorted set: user in the queue → time in ms at which the user was seen last: joined, polled, or
/// held a stream open.
pub fn seen(event: EventId) -> String {
    key(event, "seen")
}

/// Sorted set: user who was not seen for long → place in the order, as in the queue. The line does
/// not wait for them; until it has passed them they may come back.
pub fn away(event: EventId) -> String {
    key(event, "away")
}

/// Sorted set: user → time in ms at which the pass ends. Only unused passes.
pub fn passes(event: EventId) -> String {
    key(event, "passes")
}

/// Hash: user → `<pass_id> <issued_ms> <expires_ms> <live|used> <number>`, the last admission.
pub fn admissions(event: EventId) -> String {
    key(event, "admissions")
}

/// Hash: user → `<draw * 2^32 + number> <joined_ms> <joined|left>`, the last place in the line.
/// Stays when the user is let in: receipts are derived from it.
pub fn places(event: EventId) -> String {
    key(event, "places")
}

/// Hash: digest of an address → places it has taken and not left; `user <user>` → digest of the
/// address that the user's place counts for. Empty unless addresses count.
pub fn addresses(event: EventId) -> String {
    key(event, "addresses")
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

/// Hash: booking → [`Contact`](domain::contact::Contact) of its buyer, if one was given. Stays
/// until the hold is sold, or the ledger knows that it has ended. A key of its own, so that records
/// and journal entries are the same without it.
pub fn contacts(event: EventId) -> String {
    key(event, "contacts")
}

/// Sorted set: booking → time in ms at which its hold ends. Only unresolved ones.
pub fn expiry(event: EventId) -> String {
    key(event, "expiry")
}

/// Hash: booking → its standing places that are counted as sold. Only bookings that gave up a part,
/// and those that were restored: of all others it is what they reserved.
pub fn units_left(event: EventId) -> String {
    key(event, "units_left")
}

/// Hash: user → tickets held and bought. A 0 stays.
pub fn buyers(event: EventId) -> String {
    key(event, "buyers")
}

/// Hash: booking → `<released|expired> <hold>`, until the journal entry is drained.
pub fn resolved(event: EventId) -> String {
    key(event, "resolved")
}

/// Hash: idempotency entry → `<fingerprint> <created_ms> <status> <body>`, of the scripts that keep
/// their answer in the step that does the work. See [`request`] for all others.
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

/// Stream, capped: news for those who wait. One field `e`, see
/// [`FeedEntry`](domain::feed::FeedEntry).
pub fn feed(event: EventId) -> String {
    key(event, "feed")
}

/// Stream, capped: what becomes of seats, for those who look at them; written while somebody does,
/// see `watch_maps.lua`. One field `e`, see [`SeatEntry`](domain::seat_news::SeatEntry).
pub fn seat_news(event: EventId) -> String {
    key(event, "seat_news")
}

/// String: the map of a seated section, see [`free_map`](domain::section::free_map).
pub fn map(event: EventId, section: &SectionName) -> String {
    key(event, &format!("map:{section}"))
}

/// All keys of an event with these seated sections: what expires when it is retired.
pub fn all<'a>(event: EventId, seated: impl IntoIterator<Item = &'a SectionName>) -> Vec<String> {
    registry::retire_event(event, seated).keys
}

/// The keys that rebuilding an event with these seated sections replaces: all but the journal,
/// which is still to be drained with the contacts, and the feed, whose readers notice the gap.
pub fn rebuilt<'a>(
    event: EventId,
    seated: impl IntoIterator<Item = &'a SectionName>,
) -> Vec<String> {
    registry::open_event(event, seated).keys
}

/// String: when the next request of this subject would come evenly, see `limit_rate.lua`. It has a
/// tag of its own, so that the limits of a crowd spread over all masters.
pub fn limit(subject: &str) -> String {
    format!("box:{{limit:{subject}}}")
}

/// String: what a request with an idempotency key came to, or who is about to do its work, see
/// `begin_request.lua`; it ends by itself. It has a tag of its own: the key has to be found
/// whatever event a body names, and keys of a crowd spread over all masters.
pub fn request(entry: &str) -> String {
    format!("box:{{request:{entry}}}:answer")
}

/// Sorted set: event in which a buyer has reserved lately → time in ms at which it was; capped, and
/// it ends by itself, see `note_own_event.lua`. It has a tag of its own, because a buyer's events
/// are anywhere.
pub fn own_events(user: UserId) -> String {
    format!("box:{{buyer:{user}}}:events")
}

/// String: held for a moment by the worker that works, so that others skip. Its tag is its own.
pub fn worker_lease() -> String {
    "box:{worker}:lease".to_owned()
}

/// Never set: asked for to learn whether a shard answers. Those of different numbers are in
/// different slots.
pub fn probe(number: u32) -> String {
    format!("box:{{ready-{number}}}:probe")
}

/// Hash: kind of a write → how many of them failed after the ledger had decided, of all events.
/// A tag of its own: the shard of the event is the one that does not answer.
pub fn failed_marks() -> String {
    "box:{failed_marks}:counts".to_owned()
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

    /// A new key is one or the other: replaced by a rebuild, or named here with its reason above.
    #[test]
    fn rebuilding_replaces_all_keys_but_three() {
        let event: EventId = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap();
        let seated = ["A".parse().unwrap(), "B".parse().unwrap()];
        let mut kept = all(event, &seated);
        let replaced = rebuilt(event, &seated);
        assert!(replaced.iter().all(|key| kept.contains(key)));
        kept.retain(|key| !replaced.contains(key));
        assert_eq!(kept, [contacts(event), journal(event), feed(event)]);
    }
}
