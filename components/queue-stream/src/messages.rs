//! Server-sent events as they go over the line (HTML standard, section 9.2).

use domain::feed::{EndReason, FeedId};
use domain::queue::Place;
use guest::Problem;
use serde_json::json;

/// When a client that lost its stream without a word comes back, in ms.
const RETRY_MS: u32 = 2_000;

/// The id of one message: the news it takes into account, and a number that tells messages of the
/// same news apart. Grows within a stream, and from a stream to the one that resumes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MessageId {
    cursor: FeedId,
    number: u64,
}

impl MessageId {
    /// Reads `<feed id>.<number>`; anything else resumes nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (cursor, number) = text.split_once('.')?;
        Some(Self { cursor: cursor.parse().ok()?, number: number.parse().ok()? })
    }

    /// The id of the next message, which takes news up to `cursor` into account.
    fn next(self, cursor: FeedId) -> Self {
        if cursor > self.cursor {
            Self { cursor, number: 0 }
        } else {
            Self { number: self.number.saturating_add(1), ..self }
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
        self.event(name, &data, cursor);
        Ok(())
    }

    /// The end, and when to come back after it.
    pub(crate) fn end(&mut self, event: domain::id::EventId, reason: EndReason, cursor: FeedId) {
        let data = json!({ "event_id": event, "reason": reason.as_str() });
        self.event("end", &data.to_string(), cursor);
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

    fn event(&mut self, name: &str, data: &str, cursor: FeedId) {
        self.last = self.last.next(cursor);
        let MessageId { cursor, number } = self.last;
        self.text.push_str(&format!("id: {cursor}.{number}\nevent: {name}\ndata: {data}\n\n"));
    }
}
