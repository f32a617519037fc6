//! A client that shows what is on the wire: the headers in order, and whether the end was one.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// No answer takes that long; a test that waits longer has failed.
const READ_TIMEOUT: Duration = Duration::from_secs(20);

/// One request to be written.
pub(crate) struct Client {
    address: SocketAddr,
    head: String,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(address: SocketAddr, method: &str, path: &str) -> Self {
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
        Self { address, head, body: Vec::new() }
    }

    /// A request whose head is all of `head`.
    pub(crate) fn raw(address: SocketAddr, head: &str) -> Self {
        Self { address, head: head.to_owned(), body: Vec::new() }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.head.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        let length = self.body.len().to_string();
        self.header("content-length", &length)
    }

    /// Sends it and leaves the connection to the caller.
    pub(crate) fn begin(&self) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).expect("the host accepts");
        stream.set_read_timeout(Some(READ_TIMEOUT)).expect("a timeout");
        stream.write_all(self.head.as_bytes()).expect("sent");
        stream.write_all(b"\r\n").expect("sent");
        stream.write_all(&self.body).expect("sent");
        stream
    }

    /// Sends it and reads the answer; none if the host closed the connection without one.
    pub(crate) fn send(&self) -> Option<Response> {
        let mut bytes = Vec::new();
        self.begin().read_to_end(&mut bytes).ok()?;
        Response::parse(&bytes)
    }
}

impl Response {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.lines();
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut response = Self { status, headers, body: body.to_owned() };
        if response.header("transfer-encoding") == Some("chunked") {
            response.body = unchunk(body);
        }
        Some(response)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }
}

fn unchunk(mut rest: &str) -> String {
    let mut body = String::new();
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("the size of a chunk");
        body.push_str(&after[..size]);
        rest = after[size..].trim_start_matches("\r\n");
    }
    body
}
