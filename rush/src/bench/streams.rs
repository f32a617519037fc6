//! Many streams at once: does every pass arrive, how fast, and at what cost.
//!
//! The clients are as bare as they can be, a socket and a buffer each, so that it is the server
//! that is measured. Delay is from the moment in the pass (the clock of Redis, this machine's) to
//! the moment its bytes are here.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, ensure};
use data_encoding::BASE64URL_NOPAD;
use domain::event::{NewEvent, QueueSettings, SaleSettings};
use domain::id::EventId;
use domain::section::{Section, SectionKind};
use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};

use super::BenchQueueArguments;
use crate::api::Event;
use crate::client::Client;
use crate::command::{now, unique};

/// Fans that join at once while the streams are opened: a ramp, not a wall.
const JOINING_AT_ONCE: usize = 32;
/// Messages of a stream before its pass, at most: ten minutes of places.
const STREAM_BYTES_MAX: usize = 1 << 20;
/// How long we wait for passes after the last fan should have been admitted.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections and memory are measured when everything that was only needed to open is closed.
const SETTLE: Duration = Duration::from_secs(5);
const HOUR_MS: i64 = 3_600_000;

pub(crate) struct Measured {
    streams: usize,
    opening: Duration,
    passes: usize,
    delays_ms: Histogram<u64>,
    instances: usize,
    redis_connections: usize,
    redis_readers: usize,
    bytes_per_stream: Option<u64>,
}

impl Measured {
    /// How many streams were open at once.
    pub(crate) const fn streams(&self) -> usize {
        self.streams
    }

    /// Name and value of each figure.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let share = 100.0 * self.passes as f64 / self.streams.max(1) as f64;
        let delay = |quantile| format!("{} ms", self.delays_ms.value_at_quantile(quantile));
        let memory = self.bytes_per_stream.map_or_else(|| "?".to_owned(), |it| it.to_string());
        vec![
            ("time to join and open them", format!("{:.1} s", self.opening.as_secs_f64())),
            ("passes delivered", format!("{share:.2} %")),
            ("delay of a pass, median", delay(0.5)),
            ("delay of a pass, p99", delay(0.99)),
            ("delay of a pass, longest", format!("{} ms", self.delays_ms.max())),
            ("instances that tell them", self.instances.to_string()),
            ("Redis connections of the application", self.redis_connections.to_string()),
            ("of these, readers of the feed", self.redis_readers.to_string()),
            ("resident bytes per stream", memory),
        ]
    }
}

/// Measures each size of a crowd, from small to large. Memory per stream is counted from before the
/// first crowd, because later ones reuse what an earlier one has left.
pub(crate) async fn measure(arguments: &BenchQueueArguments) -> Result<Vec<Measured>> {
    let before = resident_bytes(arguments.application_pid);
    let mut measured = Vec::new();
    for streams in &arguments.streams {
        measured.push(measure_crowd(arguments, *streams, before).await?);
    }
    Ok(measured)
}

/// Opens the streams of a waiting crowd, admits it and counts the passes.
async fn measure_crowd(
    arguments: &BenchQueueArguments,
    streams: u32,
    before: Option<u64>,
) -> Result<Measured> {
    let client = Arc::new(Client::new(&arguments.base_url, JOINING_AT_ONCE, None)?);
    let event = create_event(&client, arguments, streams).await?;
    let address = arguments.base_url.trim_start_matches("http://").to_owned();

    let (passes, mut received) = mpsc::unbounded_channel();
    let turns = Arc::new(Semaphore::new(JOINING_AT_ONCE));
    let begun = Instant::now();
    let mut opening = Vec::new();
    for _ in 0..streams {
        let (client, turns) = (Arc::clone(&client), Arc::clone(&turns));
        let (address, passes) = (address.clone(), passes.clone());
        opening.push(tokio::spawn(async move {
            let _turn = turns.acquire().await?;
            let guest = client.login().await?;
            let place = client.join(&guest.token, event, &unique(), None).await?;
            let path = place.stream_url.context("a waiting fan has a stream")?;
            let mut stream = Stream::open(&address, &path).await?;
            let instance = stream.instance().await?;
            stream.read_until("event: place").await?;
            tokio::spawn(async move {
                // A stream that breaks is a pass that does not arrive.
                if let Ok(delay_ms) = stream.delay_of_pass().await {
                    let _ = passes.send(delay_ms);
                }
            });
            anyhow::Ok(instance)
        }));
    }
    drop(passes);
    let mut instances = BTreeSet::new();
    for opened in opening {
        instances.insert(opened.await??);
    }
    let opening = begun.elapsed();
    tokio::time::sleep(SETTLE).await;
    let (redis_connections, redis_readers) = connections(&arguments.redis_nodes).await?;
    let after = resident_bytes(arguments.application_pid);

    let release_per_s = arguments.release_per_s;
    let queue = serde_json::json!({ "release_per_s": release_per_s, "max_active": 100_000 });
    let change = serde_json::json!({ "sale": { "queue": queue } });
    client.change_event(&arguments.organiser_key, event, &change).await?;
    let limit = PATIENCE + Duration::from_secs(u64::from(streams / release_per_s));
    let mut delays_ms = Histogram::new(3)?;
    let counting = async {
        while let Some(delay_ms) = received.recv().await {
            delays_ms.saturating_record(delay_ms);
        }
    };
    // Late ones are counted as lost.
    let _ = tokio::time::timeout(limit, counting).await;
    let growth = before.zip(after).map(|(before, after)| after.saturating_sub(before));
    Ok(Measured {
        streams: usize::try_from(streams)?,
        opening,
        passes: usize::try_from(delays_ms.len())?,
        delays_ms,
        instances: instances.len(),
        redis_connections,
        redis_readers,
        bytes_per_stream: growth.map(|bytes| bytes / u64::from(streams)),
    })
}

/// An event with a seat for everybody that admits nobody yet.
pub(super) async fn create_event(
    client: &Client,
    arguments: &BenchQueueArguments,
    capacity: u32,
) -> Result<EventId> {
    let queue = QueueSettings {
        enabled: true,
        max_active: 0,
        release_per_s: 0,
        ..QueueSettings::default()
    };
    let event = NewEvent {
        name: "Bench of the waiting room".to_owned(),
        description: String::new(),
        venue: String::new(),
        time_zone: "UTC".to_owned(),
        starts_at: now().plus_ms(HOUR_MS),
        ends_at: now().plus_ms(2 * HOUR_MS),
        on_sale_at: None,
        currency: "EUR".to_owned(),
        sections: vec![Section {
            name: "FLOOR".parse()?,
            kind: SectionKind::Standing { capacity: capacity.max(1) },
            price: 100,
        }],
        sale: SaleSettings { queue, ..SaleSettings::default() },
    };
    let body = serde_json::to_value(&event)?;
    let created = client.create_event(&arguments.organiser_key, &unique(), &body).await?;
    Ok(created.parse::<Event>()?.id)
}

/// One stream on a socket of its own.
struct Stream {
    socket: TcpStream,
    text: Vec<u8>,
}

impl Stream {
    async fn open(address: &str, path: &str) -> Result<Self> {
        let mut socket = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        socket.write_all(request.as_bytes()).await?;
        Ok(Self { socket, text: Vec::new() })
    }

    /// Reads until the words have come, and forgets everything before them.
    async fn read_until(&mut self, words: &str) -> Result<()> {
        loop {
            let found = self.text.windows(words.len()).position(|it| it == words.as_bytes());
            if let Some(at) = found {
                self.text.drain(..at);
                return Ok(());
            }
            let read = self.socket.read_buf(&mut self.text).await?;
            ensure!(read > 0, "the stream has ended");
            ensure!(self.text.len() < STREAM_BYTES_MAX, "the stream says too much");
        }
    }

    /// The instance that serves it, from the head of the reply.
    async fn instance(&mut self) -> Result<Vec<u8>> {
        const HEADER: &str = "boxoffice-instance: ";
        self.read_until(HEADER).await?;
        self.text.drain(..HEADER.len());
        self.word_before(b'\r').await
    }

    /// The text before `end`.
    async fn word_before(&mut self, end: u8) -> Result<Vec<u8>> {
        let mut word = Vec::new();
        loop {
            let found = self.text.iter().position(|byte| *byte == end);
            word.extend(self.text.drain(..found.unwrap_or(self.text.len())));
            if found.is_some() {
                return Ok(word);
            }
            ensure!(self.socket.read_buf(&mut self.text).await? > 0, "the stream has ended");
        }
    }

    /// Waits for the pass; the ms from its issue until it was here.
    async fn delay_of_pass(&mut self) -> Result<u64> {
        const BEFORE: &str = "\"queue_pass\":\"";
        self.read_until("event: pass").await?;
        let here_ms = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        self.read_until(BEFORE).await?;
        self.text.drain(..BEFORE.len());
        let pass = self.word_before(b'"').await?;
        let issued_ms = issued_ms(std::str::from_utf8(&pass)?).context("not a pass")?;
        Ok(here_ms.saturating_sub(issued_ms))
    }
}

/// When a pass was issued, in ms: its id is `<number>.<issued_ms>`.
fn issued_ms(pass: &str) -> Option<u64> {
    let claims = BASE64URL_NOPAD.decode(pass.split('.').nth(1)?.as_bytes()).ok()?;
    let claims: serde_json::Value = serde_json::from_slice(&claims).ok()?;
    claims["jti"].as_str()?.split_once('.')?.1.parse().ok()
}

/// Connections of the application to all nodes, and how many of them wait for news.
async fn connections(nodes: &[String]) -> Result<(usize, usize)> {
    let (mut all, mut readers) = (0, 0);
    for node in nodes {
        let client = redis::Client::open(format!("redis://{node}"))?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        let list: String = redis::cmd("CLIENT").arg("LIST").query_async(&mut connection).await?;
        let of_application = list.lines().filter(|line| line.contains(" user=app "));
        for line in of_application {
            all += 1;
            readers += usize::from(line.contains(" cmd=xread "));
        }
    }
    Ok((all, readers))
}

/// The resident memory of a process, where there is /proc.
fn resident_bytes(pid: Option<u32>) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{}/status", pid?)).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    Some(kibibytes * 1_024)
}
