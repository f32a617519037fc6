//! Events on their way to somebody who listens.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant as Clock};

use domain::stripe::{ProviderEvent, verify_signature};
use domain::time::Instant;
use fake_provider::{Faults, WebhookFaults};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::stage::{SECRET, Stage};

/// What has arrived: the header of the signature, and the body.
#[derive(Clone, Default)]
struct Sink {
    arrived: Arc<Mutex<Vec<(String, String)>>>,
}

impl Sink {
    /// Answers 503 to the first `refusals` deliveries, and 200 to all others.
    async fn listen(stage: &Stage, refusals: usize) -> Self {
        let sink = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/", listener.local_addr().expect("an address"));
        stage.controls.set_webhook_url(&url).await.expect("is set");
        let listening = sink.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(listening.clone().answer(stream, refusals));
            }
        });
        sink
    }

    async fn answer(self, mut stream: TcpStream, refusals: usize) {
        let mut text = String::new();
        let mut chunk = [0; 4096];
        let (head, body) = loop {
            let length = stream.read(&mut chunk).await.expect("is read");
            assert!(length > 0, "cut off: {text}");
            text.push_str(std::str::from_utf8(&chunk[..length]).expect("ASCII"));
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            if header(head, "content-length").parse() == Ok(body.len()) {
                break (head.to_owned(), body.to_owned());
            }
        };
        let number = {
            let mut arrived = self.arrived.lock().expect("is not poisoned");
            arrived.push((header(&head, "stripe-signature").to_owned(), body));
            arrived.len()
        };
        let status = if number <= refusals { "503 Unavailable" } else { "200 OK" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).await.expect("is written");
    }

    fn arrived(&self) -> Vec<(String, String)> {
        self.arrived.lock().expect("is not poisoned").clone()
    }

    async fn when_arrived(&self, count: usize) -> Vec<(String, String)> {
        let begun = Clock::now();
        loop {
            let arrived = self.arrived();
            if arrived.len() >= count {
                return arrived;
            }
            assert!(begun.elapsed() < Duration::from_secs(20), "{count}: {arrived:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> &'a str {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(other, _)| other.eq_ignore_ascii_case(name)).map_or("", |(_, it)| it.trim())
}

fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since_ms = since.expect("after 1970").as_millis();
    Instant::from_unix_ms(i64::try_from(since_ms).expect("before the end of time"))
}

async fn set(stage: &Stage, webhooks: WebhookFaults) {
    let faults = Faults { webhooks, ..Faults::default() };
    stage.controls.set_faults(&faults).await.expect("are set");
}

#[tokio::test]
async fn an_event_is_signed_and_delivered_until_it_is_accepted() {
    let stage = Stage::new();
    let sink = Sink::listen(&stage, 2).await;
    let intent = stage.create().await;
    let arrived = sink.when_arrived(3).await;
    for (signature, body) in &arrived {
        assert_eq!(body, &arrived[0].1, "the same bytes each time");
        verify_signature(signature, body.as_bytes(), [SECRET], now()).expect("is signed now");
        let event: ProviderEvent = serde_json::from_str(body).expect("an event");
        assert_eq!(event.kind, "payment_intent.created");
        assert_eq!(event.data.object.id.as_deref(), Some(intent.id.as_str()));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(sink.arrived().len(), 3, "an accepted event does not come again");
}

#[tokio::test]
async fn events_get_lost_are_doubled_or_held_back() {
    let stage = Stage::new();
    let sink = Sink::listen(&stage, 0).await;
    set(&stage, WebhookFaults { lost: 1.0, ..WebhookFaults::default() }).await;
    let id = stage.create().await.id;
    set(&stage, WebhookFaults { doubled: 1.0, copies: 5, ..WebhookFaults::default() }).await;
    stage.controls.pay(&id).await.expect("pays");
    let arrived = sink.when_arrived(5).await;
    assert!(arrived.iter().all(|(_, body)| body.contains("amount_capturable_updated")));

    set(&stage, WebhookFaults { held: true, ..WebhookFaults::default() }).await;
    stage.client.capture_intent(&id).await.expect("is captured");
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(sink.arrived().len(), 5);
    stage.controls.heal().await.expect("is healed");
    assert!(sink.when_arrived(6).await[5].1.contains("payment_intent.succeeded"));

    let ledger = stage.ledger().await;
    assert!(ledger.events[0].lost && ledger.events[0].deliveries == 0);
    stage.controls.deliver(&ledger.events[0].id, 1).await.expect("is delivered");
    assert!(sink.when_arrived(7).await[6].1.contains("payment_intent.created"));
}

#[tokio::test]
async fn an_event_can_arrive_before_the_answer() {
    let stage = Stage::new();
    let sink = Sink::listen(&stage, 0).await;
    let early = WebhookFaults { before_answer: 1.0, ..WebhookFaults::default() };
    set(&stage, early).await;
    stage.create().await;
    assert_eq!(sink.arrived().len(), 1);
}
