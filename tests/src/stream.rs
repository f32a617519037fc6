//! A stream of server-sent events, as a browser reads it.

use std::time::Duration;

use serde_json::Value;

/// A stream says something every 15 s; the rest is for a busy machine.
const SILENCE_MAX: Duration = Duration::from_secs(25);

/// Something that a stream says.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// An event.
    Event(Event),
    /// A comment line.
    Comment,
    /// How long to wait before coming back, in ms.
    Retry(u64),
}

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its data, as JSON.
    pub data: Value,
}

/// A stream that is being read. Dropping it is leaving.
pub struct EventStream {
    response: reqwest::Response,
    text: String,
    last_id: Option<String>,
}

impl EventStream {
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, text: String::new(), last_id: None }
    }

    /// The id of the last event, for `Last-Event-ID`; empty before the first.
    pub fn last_id(&self) -> &str {
        self.last_id.as_deref().unwrap_or_default()
    }

    /// What comes next; nothing at the end, which must be a clean one.
    pub async fn said(&mut self) -> Option<Said> {
        self.said_unless_cut().await.expect("the stream ends cleanly")
    }

    /// What comes next; nothing at the end, and the reason when the stream is cut off.
    async fn said_unless_cut(&mut self) -> Result<Option<Said>, reqwest::Error> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let said = parse(block);
                self.text = rest.to_owned();
                if let Said::Event(event) = &said {
                    self.check_id(&event.id);
                }
                return Ok(Some(said));
            }
            let chunk = tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await;
            match chunk.expect("the stream says something every 15 s")? {
                Some(bytes) => self.text.push_str(std::str::from_utf8(&bytes).expect("UTF-8")),
                None => {
                    assert_eq!(self.text, "", "half an event at the end");
                    return Ok(None);
                }
            }
        }
    }

    /// Reads until the pass is there; nothing when the stream is over before.
    pub async fn pass_unless_cut(&mut self) -> Option<Value> {
        loop {
            match self.said_unless_cut().await {
                Ok(Some(Said::Event(event))) if event.name == "pass" => return Some(event.data),
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next event.
    pub async fn event(&mut self) -> Event {
        loop {
            match self.said().await.expect("another event") {
                Said::Event(event) => return event,
                Said::Comment | Said::Retry(_) => {}
            }
        }
    }

    /// The next event, which has this name; its data.
    pub async fn expect(&mut self, name: &str) -> Value {
        let event = self.event().await;
        assert_eq!(event.name, name, "{event:?}");
        event.data
    }

    /// The end: the event that says why, and nothing after it.
    pub async fn expect_end(&mut self, reason: &str) {
        let end = self.expect("end").await;
        assert_eq!(end["reason"], reason, "{end}");
        while let Some(said) = self.said().await {
            assert!(matches!(said, Said::Retry(_)), "{said:?} after the end");
        }
    }

    /// Ids are never repeated and grow.
    fn check_id(&mut self, id: &str) {
        if let Some(last_id) = self.last_id.replace(id.to_owned()) {
            assert!(parts(id) > parts(&last_id), "{id} after {last_id}");
        }
    }
}

/// `<ms>-<sequence>.<number>`
fn parts(id: &str) -> Vec<u64> {
    id.split(['-', '.']).map(|part| part.parse().expect("a number in an id")).collect()
}

fn parse(block: &str) -> Said {
    if block.starts_with(':') {
        return Said::Comment;
    }
    if let Some(retry_ms) = block.strip_prefix("retry: ") {
        return Said::Retry(retry_ms.parse().expect("a number of ms"));
    }
    let field = |name: &str| {
        let mut lines = block.lines().filter_map(|line| line.strip_prefix(name));
        let value = lines.next().unwrap_or_else(|| panic!("no {name} in {block}"));
        value.trim_start().to_owned()
    };
    let data = serde_json::from_str(&field("data:")).expect("JSON");
    Said::Event(Event { id: field("id:"), name: field("event:"), data })
}
