//! A process that dies between any two calls of its stores and of the provider, or waits there
//! while somebody else does something.

use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use ledger::{Database, DatabaseError, Value};
use native::{NativeDatabase, NativeHttp, NativeTransport};
use provider::{HttpTransport, TransportError};
use sale::Stores;
use tokio::sync::Notify;

use crate::stage::DEADLINE;

/// Counts the moments before and after each call, and lets the process die at one of them: the call
/// goes no further, and [`Fuse::run`] drops everything that was under way.
#[derive(Default)]
pub(crate) struct Fuse {
    left: Cell<Option<u32>>,
    blown: Notify,
    resumed: Notify,
}

impl Fuse {
    /// Runs `work` up to the moment number `dies_at`, if there are so many; `None` when it died.
    pub(crate) async fn run<V>(
        &self,
        dies_at: Option<u32>,
        work: impl Future<Output = V>,
    ) -> Option<V> {
        self.left.set(dies_at);
        let done = tokio::select! {
            biased;
            () = self.blown.notified() => None,
            value = work => Some(value),
        };
        self.left.set(None);
        done
    }

    /// Runs `work`, and all of `other` at its moment number `at`; returns whether there are so
    /// many. If not, `other` comes after it.
    pub(crate) async fn interleave(
        &self,
        at: u32,
        work: impl Future<Output = ()>,
        other: impl Future<Output = ()>,
    ) -> bool {
        let mut work = pin!(work);
        self.left.set(Some(at));
        let is_interrupted = tokio::select! {
            biased;
            () = self.blown.notified() => true,
            () = &mut work => false,
        };
        self.left.set(None);
        other.await;
        if is_interrupted {
            self.resumed.notify_one();
            work.await;
        }
        is_interrupted
    }

    async fn moment(&self) {
        match self.left.get() {
            Some(0) => {
                self.left.set(None);
                self.blown.notify_one();
                self.resumed.notified().await;
            }
            Some(left) => self.left.set(Some(left - 1)),
            None => {}
        }
    }

    async fn around<V>(&self, call: impl Future<Output = V>) -> V {
        self.moment().await;
        let value = call.await;
        self.moment().await;
        value
    }
}

/// A store or provider whose every call is two moments.
pub(crate) struct Fused<S> {
    inner: S,
    fuse: Rc<Fuse>,
}

impl<S> Fused<S> {
    pub(crate) fn new(inner: S, fuse: &Rc<Fuse>) -> Self {
        Self { inner, fuse: Rc::clone(fuse) }
    }
}

/// The stores of a process that dies or waits.
pub(crate) type FusedStores = Stores<Fused<NativeTransport>, Fused<NativeDatabase>>;

/// New connections, as a process has that was just started.
pub(crate) async fn fused_stores(database_url: &str, fuse: &Rc<Fuse>) -> FusedStores {
    let nodes = stack::shared_redis().iter().map(|node| node.parse().unwrap()).collect();
    let transport = Fused::new(NativeTransport::default(), fuse);
    let cluster = Rc::new(Cluster::new(transport, nodes, AddressMap::default()));
    let database = Fused::new(NativeDatabase::connect(database_url).await, fuse);
    Stores { cluster, database, redis_deadline: DEADLINE }
}

impl Transport for Fused<NativeTransport> {
    type Connection = <NativeTransport as Transport>::Connection;

    async fn open(&self, address: &NodeAddress) -> Result<Self::Connection, String> {
        self.inner.open(address).await
    }

    async fn execute(
        &self,
        connection: &Self::Connection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        self.fuse.around(self.inner.execute(connection, command, arguments)).await
    }

    async fn sleep(&self, duration: Duration) {
        self.inner.sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

impl Database for Fused<NativeDatabase> {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        self.fuse.around(self.inner.query(statement, parameters)).await
    }
}

impl HttpTransport for Fused<NativeHttp> {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        deadline: Duration,
    ) -> Result<http::Response<Bytes>, TransportError> {
        self.fuse.around(self.inner.send(request, deadline)).await
    }
}
