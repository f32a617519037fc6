//! Requests that no well-behaved client would send.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// An answer that takes longer counts as none.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What came back over the wire.
#[derive(Debug)]
pub struct RawAnswer {
    /// The status; `None` when the connection was closed without an answer.
    pub status: Option<u16>,
    /// Everything as text.
    pub text: String,
}

/// Sends bytes to the server at `base_url` and reads until it closes the connection. The request
/// should ask for that (`Connection: close`).
pub fn raw_exchange(base_url: &str, request: &[u8]) -> RawAnswer {
    let address = base_url.strip_prefix("http://").expect("a plain address");
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.set_read_timeout(Some(TIMEOUT)).expect("a time limit");
    stream.set_write_timeout(Some(TIMEOUT)).expect("a time limit");
    // A server may refuse before it has read everything.
    let _ = stream.write_all(request);
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    if let Err(error) = read {
        let timed_out =
            matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut);
        assert!(!timed_out, "no answer within {TIMEOUT:?}: {text}");
    }
    RawAnswer { status, text }
}
