//! Instances that serve many requests, several at once: wasmtime's engine for it with Spin's
//! parameters.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::time::Sleep;
use tokio_util::sync::CancellationToken;
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi_http::WasiHttpView;
use wasmtime_wasi_http::handler::{
    HandlerState, Instance, Proxy, ProxyHandler, ShouldAccept, WorkerExpiration, WorkerState,
    WorkerStatus,
};
use wasmtime_wasi_http::p3::bindings::ServicePre;

use super::shares::{Share, Taken};
use crate::instance::{InstanceState, LoadedComponent};

/// How long and how often an instance is used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReuseOptions {
    /// Requests an instance serves before it is replaced.
    pub(crate) max_requests: usize,
    /// Requests it serves at once, counted until the head of their response.
    pub(crate) max_concurrent_requests: usize,
    /// How long an instance without work is kept.
    pub(crate) idle_timeout: Duration,
    /// Until the head of a response. Also ends what goes on after it (open streams too), that
    /// long after the last response.
    pub(crate) request_timeout: Option<Duration>,
}

/// Serves the requests of one component.
pub(super) type ComponentHandler = ProxyHandler<ComponentInstances>;

/// Makes instances of one component.
pub(super) struct ComponentInstances {
    pre: ServicePre<InstanceState>,
    component: Arc<LoadedComponent>,
    options: ReuseOptions,
    share: Share,
    stop: CancellationToken,
}

/// The component has as many instances as it may, or all have.
#[derive(Debug)]
pub(super) struct NoInstance;

impl std::fmt::Display for NoInstance {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("too many instances are alive")
    }
}

impl std::error::Error for NoInstance {}

impl ComponentInstances {
    /// Fails for a component that does not export the HTTP handler.
    pub(super) fn new(
        component: Arc<LoadedComponent>,
        options: ReuseOptions,
        share: Share,
        stop: CancellationToken,
    ) -> wasmtime::Result<Self> {
        let pre = ServicePre::new(component.pre.clone())?;
        Ok(Self { pre, component, options, share, stop })
    }
}

impl HandlerState for ComponentInstances {
    type StoreData = InstanceState;
    type WorkerExpiration = Expiration;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<InstanceState, Expiration, Worker>> {
        let instance = self.share.try_take().ok_or(NoInstance)?;
        let mut store = self.component.store().map_err(wasmtime::Error::from_anyhow)?;
        let service = self.pre.instantiate_async(&mut store).await?;
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: |state| state.http(),
            expiration: Expiration {
                options: self.options,
                sleep: Box::pin(tokio::time::sleep(Duration::MAX)),
            },
            state: Worker {
                component: Arc::clone(&self.component),
                options: self.options,
                stop: self.stop.clone(),
                _instance: instance,
            },
        })
    }
}

/// Tells when an instance is to go although nothing has failed.
pub(super) struct Expiration {
    options: ReuseOptions,
    sleep: Pin<Box<Sleep>>,
}

impl WorkerExpiration for Expiration {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let timeout = match status {
            WorkerStatus::Idle => Some(self.options.idle_timeout),
            WorkerStatus::Requests | WorkerStatus::PostReturn => self.options.request_timeout,
        };
        let Some(deadline) = timeout.and_then(|timeout| since.checked_add(timeout)) else {
            return Poll::Pending;
        };
        let deadline = deadline.into();
        if self.sleep.deadline() != deadline {
            self.sleep.as_mut().reset(deadline);
        }
        self.sleep.as_mut().poll(context)
    }
}

/// One instance at work.
pub(super) struct Worker {
    component: Arc<LoadedComponent>,
    options: ReuseOptions,
    stop: CancellationToken,
    /// The right to be alive.
    _instance: Taken,
}

impl WorkerState for Worker {
    type StoreData = InstanceState;

    /// The right to be served. Held until the guest answers and not until the client leaves: a
    /// client that gives up does not stop the guest.
    type RequestData = Taken;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        if total >= self.options.max_requests {
            ShouldAccept::Never
        } else if concurrent >= self.options.max_concurrent_requests {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        _: StoreContextMut<'_, InstanceState>,
        turn: Taken,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        let timeout = self.options.request_timeout;
        Box::pin(async move {
            let _held_until_answered = turn;
            match timeout {
                Some(timeout) => tokio::time::sleep(timeout).await,
                None => std::future::pending().await,
            }
        })
    }

    fn drop(&self, store: Store<InstanceState>, result: Result<(), wasmtime::Error>) {
        let component = self.component.id();
        match result {
            Ok(()) => tracing::debug!(component, "instance ended"),
            // It is cut off with the host, and wasmtime takes that for a panic.
            Err(_) if self.stop.is_cancelled() => tracing::debug!(component, "instance cut off"),
            // The whole text: it has the guest's backtrace.
            Err(error) => {
                tracing::error!(component, error = %format!("{error:?}"), "instance failed")
            }
        }
        drop(store);
    }
}
