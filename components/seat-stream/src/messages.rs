//! What streams of seats say.

use domain::feed::{EndReason, FeedId};
use domain::id::EventId;
use domain::seat_news::{FollowedMap, Offsets};
use guest::event_text::EventText;
use serde_json::{Map, Value, json};

/// The data of `map`: the section as a whole.
pub(crate) fn map_data(map: &FollowedMap) -> String {
    json!({
        "section": map.section(),
        "version": map.version().to_string(),
        "rows": map.rows(),
        "seats_per_row": map.seats_per_row(),
        "map": map.for_clients(),
    })
    .to_string()
}

/// The data of `seats`: these places, as they stand now.
pub(crate) fn seats_data(map: &FollowedMap, offsets: &Offsets) -> String {
    let seats = map.seats_at(offsets);
    let changes: Map<String, Value> =
        seats.map(|(seat, state)| (seat.to_string(), state.to_string().into())).collect();
    json!({ "version": map.version().to_string(), "changes": changes }).to_string()
}

/// The end of a stream that has lived long enough; whoever comes back is told more.
pub(crate) fn pause(text: &mut EventText, event: EventId, cursor: FeedId) {
    text.event("end", &end_data(event, EndReason::Deadline), cursor, None);
}

/// The end of all that there is to tell of the seats of an event.
pub(crate) fn end(text: &mut EventText, event: EventId, reason: EndReason, cursor: FeedId) {
    text.event("end", &end_data(event, reason), cursor, Some(0));
}

fn end_data(event: EventId, reason: EndReason) -> String {
    json!({ "event_id": event, "reason": reason.as_str() }).to_string()
}
