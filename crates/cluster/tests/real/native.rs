//! The transport of the other tests, which counts its errors and can lose replies.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use native::NativeTransport;

/// How often each error text came, without its details.
type Errors = Rc<RefCell<BTreeMap<String, u64>>>;

#[derive(Clone)]
pub(crate) struct Native {
    inner: Rc<NativeTransport>,
    errors: Errors,
    /// Every n-th reply is lost on its way back; 0 loses none.
    loses_every: u64,
    replies: Rc<Cell<u64>>,
}

impl Native {
    pub(crate) fn new() -> Self {
        Self::losing_every(0)
    }

    /// Breaks the connection after the server has applied a command and before its reply arrives.
    pub(crate) fn losing_every(loses_every: u64) -> Self {
        let (inner, errors, replies) = (Rc::default(), Errors::default(), Rc::default());
        Self { inner, errors, loses_every, replies }
    }

    pub(crate) fn cluster(&self, seeds: &[String]) -> Rc<Cluster<Self>> {
        let seeds = seeds.iter().map(|seed| seed.parse().unwrap()).collect();
        Rc::new(Cluster::new(self.clone(), seeds, AddressMap::default()))
    }

    /// How many errors had `part` in their text.
    pub(crate) fn errors_with(&self, part: &str) -> u64 {
        let errors = self.errors.borrow();
        errors.iter().filter(|(text, _)| text.contains(part)).map(|(_, count)| count).sum()
    }

    pub(crate) fn errors(&self) -> BTreeMap<String, u64> {
        self.errors.borrow().clone()
    }

    fn note(&self, error: String) -> String {
        // The first two parts name the kind: `An error was … - Moved: 7638 127.0.0.1:7002`.
        let kind = error.split(':').next().unwrap_or_default().to_owned();
        *self.errors.borrow_mut().entry(kind).or_default() += 1;
        error
    }
}

impl Transport for Native {
    type Connection = <NativeTransport as Transport>::Connection;

    async fn open(&self, address: &NodeAddress) -> Result<Self::Connection, String> {
        self.inner.open(address).await.map_err(|error| self.note(error))
    }

    async fn execute(
        &self,
        connection: &Self::Connection,
        command: &str,
        arguments: &[Argument],
    ) -> Result<Vec<Reply>, String> {
        let reply = self.inner.execute(connection, command, arguments).await;
        self.replies.set(self.replies.get() + 1);
        if self.loses_every != 0 && self.replies.get().is_multiple_of(self.loses_every) {
            return Err("broken pipe".to_owned());
        }
        reply.map_err(|error| self.note(error))
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
