//! What streams of the queue say.

use domain::feed::{EndReason, FeedId};
use domain::id::EventId;
use domain::queue::Place;
use guest::Problem;
use guest::event_text::EventText;
use serde_json::json;

/// A place, in the event `place` or `pass`.
pub(crate) fn place(
    text: &mut EventText,
    name: &str,
    place: &Place,
    cursor: FeedId,
) -> Result<(), Problem> {
    let data = serde_json::to_string(place);
    let data = data.map_err(|error| Problem::internal(error.to_string()))?;
    text.event(name, &data, cursor, None);
    Ok(())
}

/// The end of a stream that has lived long enough; whoever comes back is told more.
pub(crate) fn pause(text: &mut EventText, event: EventId, cursor: FeedId) {
    text.event("end", &end_data(event, EndReason::Deadline), cursor, None);
}

/// The end of all that there is to tell of the place with this number.
pub(crate) fn end(
    text: &mut EventText,
    event: EventId,
    reason: EndReason,
    cursor: FeedId,
    number: i64,
) {
    text.event("end", &end_data(event, reason), cursor, Some(number));
}

fn end_data(event: EventId, reason: EndReason) -> String {
    json!({ "event_id": event, "reason": reason.as_str() }).to_string()
}
