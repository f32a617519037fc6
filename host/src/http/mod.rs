//! The HTTP trigger: accepts connections and answers requests.

mod answer;
mod headers;
pub(crate) mod outbound;
mod reuse;

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

pub(crate) use answer::{Application, Backpressure};
pub(crate) use reuse::ReuseOptions;

/// Until the head of a request must be there, also the next one on a kept connection. Without it
/// clients that send nothing could hold all connections.
const HEAD_TIMEOUT: Duration = Duration::from_secs(60);

/// The pause after a failed accept. It fails for want of file descriptors, and at once again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A listener that has not started to serve.
pub(crate) struct Server {
    listener: TcpListener,
    connections: Arc<Semaphore>,
}

impl Server {
    /// Listens on the address; port 0 takes a free one.
    pub(crate) async fn bind(address: SocketAddr, max_connections: usize) -> Result<Self> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot listen on {address}"))?;
        Ok(Self { listener, connections: Arc::new(Semaphore::new(max_connections)) })
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
                    tokio::spawn(connection(
                        application, stream, client, graceful.watcher(), permit,
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
    _permit: OwnedSemaphorePermit,
) {
    // Without this a reply in two parts waits for the client's delayed acknowledgement, 40 ms.
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let service = service_fn(move |request| {
        let application = Arc::clone(&application);
        async move { Ok::<_, Infallible>(application.answer(request, client).await) }
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT);
    builder.http2().timer(TokioTimer::new());
    let connection = builder.serve_connection(TokioIo::new(stream), service).into_owned();
    if let Err(error) = watcher.watch(connection).await {
        tracing::debug!(%client, error, "connection ended");
    }
}
