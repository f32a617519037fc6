//! Takes the notifications of the application, and fails at random: refuses, answers late, hangs up
//! after it has taken one. What it has taken must be what the outbox says.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The largest request that is read.
const REQUEST_BYTES_MAX: usize = 64 * 1024;
/// A request that is not whole by then is dropped.
const READ_TIMEOUT: Duration = Duration::from_secs(5);
/// How late a late answer is: longer than any caller should wait.
const LATE: Duration = Duration::from_secs(4);

/// What was notified: the id of the notification, and the body it came with each time.
pub type Notifications = BTreeMap<String, Vec<String>>;

/// A running sink.
#[derive(Debug)]
pub struct Sink {
    address: SocketAddr,
    taken: Mutex<Notifications>,
    is_reliable: std::sync::atomic::AtomicBool,
}

impl Sink {
    /// Listens on a free port.
    pub async fn start(seed: u64) -> Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("no port for the sink")?;
        let sink = Arc::new(Self {
            address: listener.local_addr()?,
            taken: Mutex::default(),
            is_reliable: false.into(),
        });
        let served = Arc::clone(&sink);
        tokio::spawn(async move {
            let mut random = fastrand::Rng::with_seed(seed);
            while let Ok((stream, _)) = listener.accept().await {
                let dice = random.u32(0..100);
                let sink = Arc::clone(&served);
                tokio::spawn(async move {
                    let _ = sink.serve(stream, dice).await;
                });
            }
        });
        Ok(sink)
    }

    /// Where notifications go.
    pub fn url(&self) -> String {
        format!("http://{}/notifications", self.address)
    }

    /// From now on it takes everything at once.
    pub fn heal(&self) {
        self.is_reliable.store(true, std::sync::atomic::Ordering::SeqCst);
    }

    /// Everything it has taken.
    pub fn taken(&self) -> Notifications {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn take(&self, request: Request) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.entry(request.id).or_default().push(request.body);
    }

    async fn serve(&self, mut stream: TcpStream, dice: u32) -> Result<()> {
        let request = tokio::time::timeout(READ_TIMEOUT, read(&mut stream)).await??;
        let is_reliable = self.is_reliable.load(std::sync::atomic::Ordering::SeqCst);
        let dice = if is_reliable { 100 } else { dice };
        if dice < 15 {
            return answer(&mut stream, "503 Service Unavailable").await;
        }
        self.take(request);
        match dice {
            // Taken, and the sender never hears of it.
            15..20 => return Ok(()),
            20..23 => tokio::time::sleep(LATE).await,
            _ => {}
        }
        answer(&mut stream, "204 No Content").await
    }
}

struct Request {
    id: String,
    body: String,
}

async fn read(stream: &mut TcpStream) -> Result<Request> {
    let mut bytes = Vec::new();
    loop {
        if let Some(request) = parse(&bytes) {
            return Ok(request);
        }
        anyhow::ensure!(bytes.len() < REQUEST_BYTES_MAX, "too large");
        anyhow::ensure!(stream.read_buf(&mut bytes).await? > 0, "closed half-way");
    }
}

/// The request, once it is whole.
fn parse(bytes: &[u8]) -> Option<Request> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        let found = lines.find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim().to_owned())
    };
    let body = if header("transfer-encoding").is_some_and(|it| it.contains("chunked")) {
        dechunk(body)?
    } else {
        let length: usize = header("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
        (body.len() >= length).then(|| body.to_owned())?
    };
    Some(Request { id: header("webhook-id").unwrap_or_default(), body })
}

/// The pieces of a chunked body put together, once the last one is there.
fn dechunk(mut rest: &str) -> Option<String> {
    let mut body = String::new();
    loop {
        let (length, after) = rest.split_once("\r\n")?;
        let length = usize::from_str_radix(length.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        body.push_str(after.get(..length)?);
        rest = after.get(length + 2..)?;
    }
}

async fn answer(stream: &mut TcpStream, status: &str) -> Result<()> {
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_read_once_it_is_whole() {
        let head = "POST / HTTP/1.1\r\nWebhook-Id: 7\r\nContent-Length: 2\r\n\r\n";
        assert!(parse(format!("{head}{{").as_bytes()).is_none());
        let request = parse(format!("{head}{{}}").as_bytes()).expect("whole");
        assert_eq!((request.id.as_str(), request.body.as_str()), ("7", "{}"));
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
        assert_eq!(parse(chunked.as_bytes()).expect("whole").body, "{}");
    }
}
