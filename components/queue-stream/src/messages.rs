//! Server-sent events as they go over the line (HTML standard, section 9.2).

use domain::feed::{EndReason, FeedId};
use domain::queue::Place;
use guest::Problem;
use serde_json::json;

/// When a client that lost its stream without a word comes back, in ms.
const RETRY_MS: u32 = 2_000;

/// The id of one message: the news it takes into account, and a number that tells messages of the
/// same news apart. Grows within a stream, and from a stream to the one that resumes it. The last
/// one of a place says which place has ended: a client that comes back with it is told to stay
/// away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MessageId {
    cursor: FeedId,
    number: u64,
    ended_place: Option<i64>,
}

impl MessageId {
    /// Reads `<feed id>.<number>` or `<feed id>.<number>.<number of the place>`; anything else
    /// resumes nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (cursor, number) = text.split_once('.')?;
        let (number, ended_place) = match number.split_once('.') {
            Some((number, place)) => (number, Some(place.parse().ok()?)),
            None => (number, None),
        };
        Some(Self { cursor: cursor.parse().ok()?, number: number.parse().ok()?, ended_place })
    }

    /// Whether the client was told that there is nothing more to tell of the place with this
    /// number;
    /// 0 stands for a place that is not known any more.
    pub(crate) fn has_ended(self, place: i64) -> bool {
        self.ended_place.is_some_and(|ended| ended == place || place == 0)
    }

    /// The id of the next message, which takes news up to `cursor` into account.
    fn next(self, cursor: FeedId) -> Self {
        if cursor > self.cursor {
            Self { cursor, number: 0, ended_place: None }
        } else {
            let number = self.number.saturating_add(1);
            Self { number, ended_place: None, ..self }
        }
    }
}

/// What is to be written to one client.
#[derive(Default)]
pub(crate) struct MessageWriter {
    text: String,
    last: MessageId,
}

impl MessageWriter {
    /// A stream that goes on where another one ended, or begins.
    pub(crate) fn beginning(resumed_from: Option<MessageId>) -> Self {
        let text = format!("retry: {RETRY_MS}\n\n");
        Self { text, last: resumed_from.unwrap_or_default() }
    }

    /// A place, in the event `place` or `pass`.
    pub(crate) fn place(
        &mut self,
        name: &str,
        place: &Place,
        cursor: FeedId,
    ) -> Result<(), Problem> {
        let data = serde_json::to_string(place);
        let data = data.map_err(|error| Problem::internal(error.to_string()))?;
        self.event(name, &data, cursor, None);
        Ok(())
    }

    /// The end of a stream that has lived long enough; whoever comes back is told more.
    pub(crate) fn pause(&mut self, event: domain::id::EventId, cursor: FeedId) {
        self.event("end", &end_data(event, EndReason::Deadline), cursor, None);
    }

    /// The end of all that there is to tell of `place`, a number.
    pub(crate) fn end(
        &mut self,
        event: domain::id::EventId,
        reason: EndReason,
        cursor: FeedId,
        place: i64,
    ) {
        self.event("end", &end_data(event, reason), cursor, Some(place));
    }

    /// When to come back, other than told before.
    pub(crate) fn retry(&mut self, retry_ms: u64) {
        self.text.push_str(&format!("retry: {retry_ms}\n\n"));
    }

    /// A line without a meaning: keeps what lies between awake, and shows whether anybody listens.
    pub(crate) fn beat(&mut self) {
        self.text.push_str(":\n\n");
    }

    /// What has to be written, once.
    pub(crate) fn take(&mut self) -> Option<Vec<u8>> {
        (!self.text.is_empty()).then(|| std::mem::take(&mut self.text).into_bytes())
    }

    fn event(&mut self, name: &str, data: &str, cursor: FeedId, ended_place: Option<i64>) {
        self.last = self.last.next(cursor);
        let MessageId { cursor, number, .. } = self.last;
        let end = ended_place.map(|place| format!(".{place}")).unwrap_or_default();
        self.text.push_str(&format!("id: {cursor}.{number}{end}\nevent: {name}\ndata: {data}\n\n"));
    }
}

fn end_data(event: domain::id::EventId, reason: EndReason) -> String {
    json!({ "event_id": event, "reason": reason.as_str() }).to_string()
}
