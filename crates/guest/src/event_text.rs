//! Server-sent events as they go over the line (HTML standard, section 9.2).

use domain::feed::FeedId;

/// When a client that lost its stream without a word comes back, in ms.
const RETRY_MS: u32 = 2_000;

/// The id of one message: the news it takes into account, and a number that tells messages of the
/// same news apart. Grows within a stream, and from a stream to the one that resumes it. The last
/// one of a subject, such as a place in a line, says which one has ended: a client that comes back
/// with it is told to stay away.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageId {
    cursor: FeedId,
    number: u64,
    ended: Option<i64>,
}

impl MessageId {
    /// Reads `<feed id>.<number>` or `<feed id>.<number>.<number of the subject>`; anything else
    /// resumes nothing.
    pub fn parse(text: &str) -> Option<Self> {
        let (cursor, number) = text.split_once('.')?;
        let (number, ended) = match number.split_once('.') {
            Some((number, subject)) => (number, Some(subject.parse().ok()?)),
            None => (number, None),
        };
        Some(Self { cursor: cursor.parse().ok()?, number: number.parse().ok()?, ended })
    }

    /// The news that the message takes into account.
    pub const fn cursor(self) -> FeedId {
        self.cursor
    }

    /// Whether the client was told that there is nothing more to tell of the subject with this
    /// number; 0 stands for one that is not known any more.
    pub fn has_ended(self, subject: i64) -> bool {
        self.ended.is_some_and(|ended| ended == subject || subject == 0)
    }

    /// The id of the next message, which takes news up to `cursor` into account.
    fn next(self, cursor: FeedId) -> Self {
        if cursor > self.cursor {
            Self { cursor, number: 0, ended: None }
        } else {
            let number = self.number.saturating_add(1);
            Self { number, ended: None, ..self }
        }
    }
}

/// What is to be written to one client.
#[derive(Default)]
pub struct EventText {
    text: String,
    last: MessageId,
}

impl EventText {
    /// A stream that goes on where another one ended, or begins.
    pub fn beginning(resumed_from: Option<MessageId>) -> Self {
        let text = format!("retry: {RETRY_MS}\n\n");
        Self { text, last: resumed_from.unwrap_or_default() }
    }

    /// An event whose `data`, one line, takes news up to `cursor` into account; the last one of a
    /// subject names it as `ended`.
    pub fn event(&mut self, name: &str, data: &str, cursor: FeedId, ended: Option<i64>) {
        self.last = self.last.next(cursor);
        let MessageId { cursor, number, .. } = self.last;
        let end = ended.map(|subject| format!(".{subject}")).unwrap_or_default();
        self.text.push_str(&format!("id: {cursor}.{number}{end}\nevent: {name}\ndata: {data}\n\n"));
    }

    /// When to come back, other than told before.
    pub fn retry(&mut self, retry_ms: u64) {
        self.text.push_str(&format!("retry: {retry_ms}\n\n"));
    }

    /// A line without a meaning: keeps what lies between awake, and shows whether anybody listens.
    pub fn beat(&mut self) {
        self.text.push_str(":\n\n");
    }

    /// What has to be written, once.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        (!self.text.is_empty()).then(|| std::mem::take(&mut self.text).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_never_given_twice_and_the_last_one_says_so() {
        let cursor = |text: &str| text.parse::<FeedId>().unwrap();
        let resumed_from = MessageId::parse("5-1.3");
        let mut text = EventText::beginning(resumed_from);
        text.event("seats", "{}", cursor("5-1"), None);
        text.event("seats", "{}", cursor("5-2"), None);
        text.event("end", "{}", cursor("5-2"), Some(0));
        let written = String::from_utf8(text.take().unwrap()).unwrap();
        let ids: Vec<_> = written.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
        assert_eq!(ids, ["5-1.4", "5-2.0", "5-2.1.0"]);
        assert_eq!(text.take(), None);

        let last = MessageId::parse("5-2.1.7").unwrap();
        assert_eq!(last.cursor(), cursor("5-2"));
        assert_eq!([7, 8, 0].map(|subject| last.has_ended(subject)), [true, false, true]);
        assert!(!MessageId::parse("5-2.1").unwrap().has_ended(0));
        for nonsense in ["", "7", "x-y.z", "1-1.-1", "1-1.1.x"] {
            assert_eq!(MessageId::parse(nonsense), None, "{nonsense}");
        }
    }
}
