//! The HTTP trigger: accepts connections and answers requests.

mod activity;
mod answer;
mod arrival;
mod headers;
pub(crate) mod outbound;
mod reuse;
mod shares;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use activity::Activity;
pub(crate) use activity::Silence;
pub(crate) use answer::{Application, Backpressure};
pub(crate) use reuse::ReuseOptions;

/// Bytes of the head of a request.
const HEAD_LENGTH_MAX: usize = 64 * 1024;
const HEAD_LENGTH_HTTP2_MAX: u32 = 64 * 1024;

/// Requests at once on one HTTP/2 connection: what a page full of pictures asks for. Who wants more
/// opens another connection.
const HTTP2_STREAMS_MAX: u32 = 100;

/// How often an HTTP/2 client is asked whether it is there, and how long it may take to say so.
const HTTP2_PING_PAUSE: Duration = Duration::from_secs(20);

/// The pause after a failed accept. It fails for want of file descriptors, and at once again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener that has not started to serve.
pub(crate) struct Server {
    listener: TcpListener,
    connections: Arc<Semaphore>,
    silence: Silence,
}

impl Server {
    /// Listens on the address; port 0 takes a free one.
    pub(crate) async fn bind(
        address: SocketAddr,
        max_connections: usize,
        silence: Silence,
    ) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        Ok(Self { listener, connections: Arc::new(Semaphore::new(max_connections)), silence })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// Serves until `stop`, then until the last request under way has its response.
    pub(crate) async fn serve(self, application: Arc<Application>, stop: CancellationToken) {
        let graceful = GracefulShutdown::new();
        loop {
            tokio::select! {
                (stream, client, permit) = self.accept() => {
                    let application = Arc::clone(&application);
                    let silence = self.silence;
                    tokio::spawn(connection(
                        application, stream, client, graceful.watcher(), silence, permit,
                    ));
                }
                () = stop.cancelled() => break,
            }
        }
        drop(self.listener);
        graceful.shutdown().await;
    }

    /// The next connection. While the maximum is open, clients wait in the system's queue.
    async fn accept(&self) -> (TcpStream, SocketAddr, OwnedSemaphorePermit) {
        loop {
            let permit = Arc::clone(&self.connections).acquire_owned().await;
            match (permit, self.listener.accept().await) {
                (Ok(permit), Ok((stream, client))) => return (stream, client, permit),
                (permit, accepted) => {
                    let error = accepted.err();
                    tracing::warn!(?error, closed = permit.is_err(), "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// Serves one connection, HTTP/1.1 or HTTP/2 without TLS.
async fn connection(
    application: Arc<Application>,
    stream: TcpStream,
    client: SocketAddr,
    watcher: Watcher,
    silence: Silence,
    _permit: OwnedSemaphorePermit,
) {
    // Without this a reply in two parts waits for the client's delayed acknowledgement, 40 ms.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let activity = Arc::new(Activity::new());
    let service = service_fn(|request| {
        let application = Arc::clone(&application);
        let work = activity.begin();
        async move {
            let response = application.answer(request, client).await;
            Ok::<_, Infallible>(response.map(|body| work.follow(body)))
        }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(silence.later)
        .max_buf_size(HEAD_LENGTH_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(HEAD_LENGTH_HTTP2_MAX)
        .max_concurrent_streams(HTTP2_STREAMS_MAX)
        .keep_alive_interval(HTTP2_PING_PAUSE)
        .keep_alive_timeout(HTTP2_PING_PAUSE);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        ended = watcher.watch(connection) => if let Err(error) = ended {
            tracing::debug!(%client, error, "connection ended");
        },
        () = activity.silence(silence) => tracing::debug!(%client, "a silent connection is ended"),
    }
}
