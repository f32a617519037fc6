//! A stream of server-sent events (HTML standard, section 9.2), as far as places need it.

use std::time::Duration;

use domain::queue::Place;
use serde::Deserialize;

/// The server says something every 15 s; a stream that is silent for longer than two of these is
/// lost, whatever the connection says.
const SILENCE_MAX: Duration = Duration::from_secs(35);
/// Bytes that may come before a message is complete: far more than a place with a pass needs.
const UNREAD_MAX: usize = 64 * 1024;

/// Something that a stream says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Said {
    /// A place, perhaps with a pass.
    Place(Box<Place>),
    /// The last word, and why.
    End(String),
}

/// State that is needed to continue after a lost stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Resume {
    /// For `Last-Event-ID`; none before the first event.
    pub(crate) last_id: Option<String>,
    /// When to come back, as the server said.
    pub(crate) retry: Option<Duration>,
}

/// A stream that is being read. Dropping it is leaving.
pub(crate) struct PlaceStream {
    response: reqwest::Response,
    reader: Reader,
}

impl PlaceStream {
    /// The stream that is the body of `response`.
    pub(crate) fn new(response: reqwest::Response) -> Self {
        Self { response, reader: Reader::default() }
    }

    /// The next message; `None` when the stream is lost. `resume` is kept up to date.
    pub(crate) async fn next(&mut self, resume: &mut Resume) -> Option<Said> {
        loop {
            if let Some(said) = self.reader.take(resume) {
                return Some(said);
            }
            if self.reader.unread.len() > UNREAD_MAX {
                return None;
            }
            let chunk = tokio::time::timeout(SILENCE_MAX, self.response.chunk()).await;
            self.reader.unread.extend_from_slice(&chunk.ok()?.ok()??);
        }
    }
}

#[derive(Deserialize)]
struct End {
    reason: String,
}

/// Takes bytes as they come and gives what they say.
#[derive(Default)]
struct Reader {
    unread: Vec<u8>,
}

impl Reader {
    /// The next complete message. Comments and unknown messages are skipped.
    fn take(&mut self, resume: &mut Resume) -> Option<Said> {
        loop {
            let end = self.unread.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.unread.drain(..end + 2).collect();
            if let Some(said) = read_block(&String::from_utf8_lossy(&block), resume) {
                return Some(said);
            }
        }
    }
}

fn read_block(block: &str, resume: &mut Resume) -> Option<Said> {
    let (mut name, mut data) = (String::new(), Vec::new());
    for line in block.lines() {
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut name),
            "data" => data.push(value),
            "id" => resume.last_id = Some(value.to_owned()),
            "retry" => {
                resume.retry = value.parse().ok().map(Duration::from_millis).or(resume.retry);
            }
            _ => {}
        }
    }
    let data = data.join("\n");
    match name.as_str() {
        "place" | "pass" => serde_json::from_str(&data).ok().map(|it| Said::Place(Box::new(it))),
        "end" => serde_json::from_str(&data).ok().map(|End { reason }| Said::End(reason)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    #[test]
    fn what_comes_in_pieces_is_put_together() {
        let place = format!(
            "{{\"event_id\":\"{EVENT}\",\"user_id\":\"{EVENT}\",\"status\":\"waiting\",\"number\":3,\
             \"position\":2,\"poll_after_ms\":1000,\"stream_url\":null}}"
        );
        let text = format!(
            "retry: 2000\n\n:\n\nid: 5-0.1\nevent: place\ndata: {place}\n\nevent: news\ndata: x\n\n\
             id: 5-0.2\nevent: end\ndata: {{\"reason\":\"sold_out\"}}\n\nretry: 700\n\n"
        );
        let (mut reader, mut resume, mut said) = (Reader::default(), Resume::default(), Vec::new());
        for byte in text.bytes() {
            reader.unread.push(byte);
            said.extend(reader.take(&mut resume));
        }
        let [Said::Place(place), Said::End(reason)] = &said[..] else { panic!("{said:?}") };
        assert_eq!((place.number, place.position, reason.as_str()), (3, Some(2), "sold_out"));
        let retry = Some(Duration::from_millis(700));
        assert_eq!(resume, Resume { last_id: Some("5-0.2".to_owned()), retry });
    }
}
