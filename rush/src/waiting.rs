//! Waiting for a pass: on the stream; where that does not hold, by polls that wait for a change.
//!
//! The receipt goes along with everything, so that the place comes back when Redis has forgotten
//! it. Whatever is lost, the wait goes on, within a patience.

use std::time::{Duration, Instant};

use domain::id::EventId;
use domain::queue::{Place, PlaceStatus};

use crate::client::Client;
use crate::command::unique;
use crate::problem::Failure;
use crate::stream::{Resume, Said};

/// Silent streams in a row after which we poll: something in between blocks them.
const SILENT_STREAMS_MAX: u32 = 3;
/// Pause before a lost stream is opened again, if the server named none.
const RETRY: Duration = Duration::from_millis(2_000);
/// The longest pause that a server may ask for, so that it cannot park us. Shortly before a sale
/// opens it asks for some more than the usual 20 s.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// The shortest pause between two polls: never a busy loop.
const POLL_MIN: Duration = Duration::from_millis(200);
/// How long a poll waits for a change; what the server takes at most.
const WAIT_S: u64 = 20;

/// One fan in the line.
pub(crate) struct Waiting<'a> {
    client: &'a Client,
    token: &'a str,
    event_id: EventId,
    /// The place as last received.
    pub(crate) place: Place,
    /// Streams that were lost and gone on with.
    pub(crate) streams_lost: u64,
    pub(crate) polls: u64,
    receipt: Option<String>,
    resume: Resume,
    silent_streams: u32,
}

impl<'a> Waiting<'a> {
    /// A fan who has just joined.
    pub(crate) fn new(client: &'a Client, token: &'a str, event_id: EventId, place: Place) -> Self {
        let receipt = place.receipt.clone();
        Self {
            client,
            token,
            event_id,
            place,
            streams_lost: 0,
            polls: 0,
            receipt,
            resume: Resume::default(),
            silent_streams: 0,
        }
    }

    /// Waits until the place is no longer waiting, or patience has run out. `told` receives each
    /// new place.
    ///
    /// # Errors
    ///
    /// A refusal that will not change, or no answer after all attempts.
    pub(crate) async fn run(
        &mut self,
        patience: Duration,
        mut told: impl FnMut(&Place),
    ) -> Result<(), Failure> {
        let until = Instant::now() + patience;
        while self.place.status == PlaceStatus::Waiting && Instant::now() < until {
            if self.silent_streams < SILENT_STREAMS_MAX {
                self.follow(until, &mut told).await?;
            } else {
                self.poll().await?;
                told(&self.place);
            }
        }
        Ok(())
    }

    /// One stream, from its beginning to its end.
    async fn follow(
        &mut self,
        until: Instant,
        told: &mut impl FnMut(&Place),
    ) -> Result<(), Failure> {
        let last_id = self.resume.last_id.as_deref();
        let receipt = self.receipt.as_deref();
        let opened = self.client.follow(self.token, self.event_id, last_id, receipt).await;
        self.silent_streams += 1;
        let Ok(mut stream) = opened else { return self.poll().await };
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(said) = tokio::time::timeout(left, stream.next(&mut self.resume)).await else {
                return Ok(());
            };
            match said {
                Some(Said::Place(place)) => {
                    self.silent_streams = 0;
                    self.take(*place);
                    told(&self.place);
                    if self.place.status != PlaceStatus::Waiting {
                        return Ok(());
                    }
                }
                Some(Said::End(reason)) => match reason.as_str() {
                    "sold_out" | "ended" | "cancelled" => {
                        self.place.status = PlaceStatus::Closed;
                        return Ok(());
                    }
                    // A stream that has lived long enough says when to come back.
                    "deadline" => {
                        let _ = stream.next(&mut self.resume).await;
                        tokio::time::sleep(self.retry()).await;
                        return Ok(());
                    }
                    _ => return self.poll().await,
                },
                None => {
                    self.streams_lost += 1;
                    tokio::time::sleep(self.retry()).await;
                    return Ok(());
                }
            }
        }
    }

    /// Asks once; a place that is still the same is asked for again when the server says.
    async fn poll(&mut self) -> Result<(), Failure> {
        self.polls += 1;
        let begun = Instant::now();
        let receipt = self.receipt.as_deref();
        let wait_s = if self.silent_streams < SILENT_STREAMS_MAX { 0 } else { WAIT_S };
        let answer = self.client.position(self.token, self.event_id, receipt, wait_s).await;
        let place = match answer {
            Err(failure) if failure.code() == Some("not_in_queue") => {
                self.client.join(self.token, self.event_id, &unique(), receipt).await?
            }
            answer => answer?,
        };
        self.take(place);
        if self.place.status == PlaceStatus::Waiting {
            let told = Duration::from_millis(self.place.poll_after_ms).clamp(POLL_MIN, PAUSE_MAX);
            let pause = jittered(told).saturating_sub(begun.elapsed());
            tokio::time::sleep(pause).await;
        }
        Ok(())
    }

    fn take(&mut self, place: Place) {
        self.receipt = place.receipt.clone().or(self.receipt.take());
        self.place = place;
    }

    fn retry(&self) -> Duration {
        jittered(self.resume.retry.unwrap_or(RETRY).min(PAUSE_MAX))
    }
}

/// Up to a tenth more, so that fans with equal pauses spread out; never less, which could be just
/// before the sale opens.
fn jittered(pause: Duration) -> Duration {
    pause.mul_f64(1.0 + fastrand::f64() / 10.0)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::TcpListener;

    use super::*;

    const EVENT: &str = "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5";

    fn place(status: &str, receipt: &str) -> String {
        format!(
            "{{\"event_id\":\"{EVENT}\",\"user_id\":\"{EVENT}\",\"status\":\"{status}\",\
             \"number\":3,\"poll_after_ms\":1,\"stream_url\":null,\"receipt\":\"{receipt}\"}}"
        )
    }

    fn stream(text: &str) -> String {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n";
        format!("{head}\r\n{text}")
    }

    fn told(name: &str, id: &str, data: &str) -> String {
        format!("id: {id}\nevent: {name}\ndata: {data}\n\n")
    }

    fn json(status: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    /// Gives these answers in turn, one connection each, and returns the requests.
    async fn serve(answers: Vec<String>) -> (String, mpsc::Receiver<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, asked) = mpsc::channel();
        tokio::spawn(async move {
            for answer in answers {
                let (mut socket, _) = listener.accept().await.unwrap();
                let (read, mut write) = socket.split();
                let (mut lines, mut request) = (BufReader::new(read).lines(), String::new());
                while let Some(line) = lines.next_line().await.unwrap() {
                    if line.is_empty() {
                        break;
                    }
                    request = format!("{request}{}\n", line.to_lowercase());
                }
                requests.send(request).unwrap();
                write.write_all(answer.as_bytes()).await.unwrap();
            }
        });
        (format!("http://{address}"), asked)
    }

    async fn wait(answers: Vec<String>) -> (Vec<String>, PlaceStatus, u64, u64) {
        let (url, asked) = serve(answers).await;
        let client = Client::new(&url, 1, None).unwrap();
        let joined = serde_json::from_str(&place("waiting", "r1")).unwrap();
        let mut waiting = Waiting::new(&client, "token", EVENT.parse().unwrap(), joined);
        waiting.run(Duration::from_secs(60), |_| {}).await.unwrap();
        let Waiting { place, streams_lost, polls, .. } = waiting;
        (asked.try_iter().collect(), place.status, streams_lost, polls)
    }

    #[tokio::test]
    async fn a_lost_stream_goes_on_where_it_was() {
        let waiting = told("place", "7-0.0", &place("waiting", "r2"));
        let (asked, status, lost, polls) = wait(vec![
            stream(&format!("retry: 1\n\n{waiting}")),
            stream(&told("pass", "8-0.0", &place("admitted", "r2"))),
        ])
        .await;
        assert_eq!((status, lost, polls), (PlaceStatus::Admitted, 1, 0));
        assert!(!asked[0].contains("last-event-id"), "{}", asked[0]);
        assert!(asked[0].contains("x-queue-receipt: r1"), "{}", asked[0]);
        assert!(asked[1].contains("last-event-id: 7-0.0"), "{}", asked[1]);
        assert!(asked[1].contains("x-queue-receipt: r2"), "{}", asked[1]);
    }

    #[tokio::test]
    async fn a_line_that_has_ended_is_not_asked_again() {
        let end = told("end", "7-0.1", r#"{"reason":"sold_out"}"#);
        let (asked, status, lost, polls) = wait(vec![stream(&end)]).await;
        assert_eq!((asked.len(), status, lost, polls), (1, PlaceStatus::Closed, 0, 0));
    }

    #[tokio::test]
    async fn where_streams_do_not_get_through_polls_wait_for_a_change() {
        let refused = || json("404 Not Found", "<html>");
        let unchanged = || json("200 OK", &place("waiting", "r1"));
        let gone = json("404 Not Found", r#"{"code":"not_in_queue"}"#);
        let (asked, status, _, polls) = wait(vec![
            refused(),
            unchanged(),
            refused(),
            unchanged(),
            stream(""),
            gone,
            unchanged(),
            json("200 OK", &place("closed", "r1")),
        ])
        .await;
        assert_eq!((status, polls), (PlaceStatus::Closed, 4));
        let first_lines: Vec<_> = asked.iter().filter_map(|it| it.lines().next()).collect();
        assert!(first_lines[4].contains("/stream"), "{first_lines:?}");
        assert!(first_lines[5].contains("wait_s=20"), "{first_lines:?}");
        assert!(first_lines[6].starts_with("post /api/v1/queue/join"), "{first_lines:?}");
        assert!(asked[6].contains("x-queue-receipt: r1"), "{}", asked[6]);
    }
}
