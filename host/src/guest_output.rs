//! Turns a guest's output into log lines with the id of its component.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};

/// A longer line is logged in pieces.
const MAX_LINE_BYTES: usize = 8192;

/// Bytes a guest may write at once; the usual value in WASI.
const WRITE_BYTES: usize = 64 * 1024;

/// Which of the two streams.
#[derive(Clone, Copy)]
pub(crate) enum Stream {
    /// Logged as information.
    Stdout,
    /// Logged as a warning.
    Stderr,
}

/// Standard output or error of a component.
#[derive(Clone)]
pub(crate) struct GuestOutput {
    /// The component's id.
    pub(crate) component: Arc<str>,
    /// Which stream.
    pub(crate) stream: Stream,
    /// False: thrown away.
    pub(crate) shown: bool,
}

impl GuestOutput {
    fn lines(&self) -> Lines {
        Lines { output: self.clone(), unfinished: Vec::new() }
    }

    fn log(&self, line: &[u8]) {
        if !self.shown {
            return;
        }
        let component = &*self.component;
        let line = String::from_utf8_lossy(line);
        match self.stream {
            Stream::Stdout => tracing::info!(target: "guest", component, "{line}"),
            Stream::Stderr => tracing::warn!(target: "guest", component, "{line}"),
        }
    }
}

impl IsTerminal for GuestOutput {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for GuestOutput {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.lines())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.lines())
    }
}

/// Cuts what is written into lines.
struct Lines {
    output: GuestOutput,
    unfinished: Vec<u8>,
}

impl Lines {
    fn push(&mut self, mut bytes: &[u8]) {
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, rest) = bytes.split_at(end);
            self.unfinished.extend_from_slice(line);
            self.output.log(&std::mem::take(&mut self.unfinished));
            bytes = rest.get(1..).unwrap_or_default();
        }
        self.unfinished.extend_from_slice(bytes);
        if self.unfinished.len() > MAX_LINE_BYTES {
            self.output.log(&std::mem::take(&mut self.unfinished));
        }
    }
}

impl Drop for Lines {
    fn drop(&mut self) {
        if !self.unfinished.is_empty() {
            self.output.log(&self.unfinished);
        }
    }
}

impl OutputStream for Lines {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.push(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_BYTES)
    }
}

#[wasmtime_wasi::async_trait]
impl Pollable for Lines {
    async fn ready(&mut self) {}
}

impl AsyncWrite for Lines {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
