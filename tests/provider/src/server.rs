//! The server: one port for the API and the controls, on a thread of its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use crate::reply::Reply;
use crate::state::State;
use crate::{api, checkout, control, mail};

/// The longest body that is read, in bytes: far more than any request has.
const BODY_LENGTH_MAX: usize = 1024 * 1024;
/// How long to wait after a failed `accept`, such as when no file descriptor is left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How a fake provider is run.
#[derive(Debug, Clone, Default)]
pub struct FakeOptions {
    /// The port on the loopback address; without one, any that is free.
    pub port: Option<u16>,
    /// Where events are delivered; empty for nowhere yet.
    pub webhook_url: String,
    /// Signs the events.
    pub webhook_secret: String,
    /// The key a client must show.
    pub api_key: String,
    /// Every choice of chance follows from it.
    pub seed: u64,
}

/// A running fake provider. It ends when this is dropped.
#[derive(Debug)]
pub struct FakeProvider {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FakeProvider {
    /// Starts one. It serves as soon as this returns.
    ///
    /// # Errors
    ///
    /// When the port is taken.
    pub fn start(options: FakeOptions) -> Result<Self> {
        let port = options.port.unwrap_or(0);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .with_context(|| format!("cannot listen on port {port}"))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stopped) = oneshot::channel();
        let base_url = format!("http://{address}");
        let thread =
            std::thread::Builder::new().name("fake-provider".to_owned()).spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = serve(listener, &options, &base_url) => {}
                        _ = stopped => {}
                    }
                });
                // Answers that are held back for half a minute are not waited for.
                runtime.shutdown_background();
            })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// `http://127.0.0.1:<port>`: the variable `stripe_api_base`.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for FakeProvider {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // Fails only if the thread has already ended.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The state that all requests share.
pub(crate) struct Shared {
    pub(crate) http: reqwest::Client,
    state: Mutex<State>,
}

impl Shared {
    /// The memory. Held for a moment, never over an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection is closed without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl std::fmt::Display for Cut {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("cut off on purpose")
    }
}

impl std::error::Error for Cut {}

async fn serve(listener: TcpListener, options: &FakeOptions, base_url: &str) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let http = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap_or_default();
    let shared = Arc::new(Shared { http, state: Mutex::new(State::new(options, base_url)) });
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            tokio::time::sleep(ACCEPT_PAUSE).await;
            continue;
        };
        let _ = connection.set_nodelay(true);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(Arc::clone(&shared), request));
            // A connection that breaks is the client's business, or cut off on purpose.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(connection), service).await;
        });
    }
}

async fn answer(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Cut> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, BODY_LENGTH_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => return Err(Cut),
    };
    let body = String::from_utf8_lossy(&body);
    if let Some(session) = head.uri.path().strip_prefix("/pay/") {
        return Ok(checkout::page(&shared, &head.method, session, &body));
    }
    if let Some(letter) = head.uri.path().strip_prefix("/letters") {
        return Ok(mail::page(&shared, &head.method, letter.trim_start_matches('/')));
    }
    if let Some(path) = head.uri.path().strip_prefix("/mail") {
        return mail::take(&shared, &head, path, &body).map(Reply::into_response);
    }
    let reply: Result<Reply, Cut> = if head.uri.path().starts_with("/_control/") {
        Ok(control::handle(&shared, &head.method, head.uri.path(), &body))
    } else {
        api::handle(&shared, &head, &body).await
    };
    reply.map(Reply::into_response)
}
