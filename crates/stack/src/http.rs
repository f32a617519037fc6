//! A GET of a local server, for the wait until it is ready.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};

/// Readiness asks Redis and Postgres, each with its own deadline below this.
const TIMEOUT: Duration = Duration::from_secs(6);

/// More than any answer this is used for.
const MAX_RESPONSE_BYTES: u64 = 64 * 1024;

/// Gets a path from a port of 127.0.0.1. Returns the status and the whole response as text.
pub fn get(port: u16, path: &str) -> Result<(u16, String)> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut stream = TcpStream::connect_timeout(&address, TIMEOUT)?;
    stream.set_read_timeout(Some(TIMEOUT))?;
    stream.set_write_timeout(Some(TIMEOUT))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut response = Vec::new();
    stream.take(MAX_RESPONSE_BYTES).read_to_end(&mut response)?;
    let response = String::from_utf8_lossy(&response).into_owned();
    let status = response.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.context("not an HTTP response")?, response))
}
