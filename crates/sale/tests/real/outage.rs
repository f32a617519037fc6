//! A part of Redis that refuses or does not answer, while the process and all else go on.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use cluster::{AddressMap, Argument, Cluster, NodeAddress, Reply, Transport};
use domain::id::EventId;
use ledger::{Database, DatabaseError, Value};
use native::{NativeDatabase, NativeTransport};
use sale::Stores;
use tokio::sync::Notify;

use crate::stage::{DEADLINE, Stage};

/// What Redis does with commands about the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Answers,
    /// They fail at once.
    Refuses,
    /// They, and the deadlines of calls, wait until the outage is over.
    IsSilent,
}

/// An outage of one event's part of Redis. It begins by itself behind a statement of Postgres, or
/// when it is told to.
pub(crate) struct Outage {
    event: EventId,
    mode: Cell<Mode>,
    begins_after: Cell<Option<&'static str>>,
    is_over: Notify,
    /// What was counted as failed meanwhile, by kind.
    counted: RefCell<Vec<String>>,
}

impl Outage {
    /// Redis refuses everything about the event of `stage` once Postgres has answered `statement`.
    pub(crate) async fn after(statement: &'static str, stage: &Stage) -> (Rc<Self>, OutageStores) {
        let outage = Self::of(stage, Mode::Answers, Some(statement));
        let stores = outage.stores(stage).await;
        (outage, stores)
    }

    /// Redis says nothing about the event of `stage`.
    pub(crate) async fn silence(stage: &Stage) -> (Rc<Self>, OutageStores) {
        let outage = Self::of(stage, Mode::IsSilent, None);
        let stores = outage.stores(stage).await;
        (outage, stores)
    }

    fn of(stage: &Stage, mode: Mode, begins_after: Option<&'static str>) -> Rc<Self> {
        Rc::new(Self {
            event: stage.event,
            mode: Cell::new(mode),
            begins_after: Cell::new(begins_after),
            is_over: Notify::new(),
            counted: RefCell::default(),
        })
    }

    async fn stores(self: &Rc<Self>, stage: &Stage) -> OutageStores {
        let nodes = stack::shared_redis().iter().map(|node| node.parse().unwrap()).collect();
        let inner = NativeTransport::default();
        let transport = Affected { inner, outage: Rc::clone(self) };
        let cluster = Rc::new(Cluster::new(transport, nodes, AddressMap::default()));
        let inner = NativeDatabase::connect(stage.database_url()).await;
        let database = Affected { inner, outage: Rc::clone(self) };
        Stores { cluster, database, redis_deadline: DEADLINE }
    }

    /// Redis answers again.
    pub(crate) fn end(&self) {
        self.mode.set(Mode::Answers);
        self.is_over.notify_waiters();
    }

    /// The kinds of failures that were counted.
    pub(crate) fn counted(&self) -> Vec<String> {
        self.counted.borrow().clone()
    }
}

/// A store that knows of the outage.
pub(crate) struct Affected<S> {
    inner: S,
    outage: Rc<Outage>,
}

pub(crate) type OutageStores = Stores<Affected<NativeTransport>, Affected<NativeDatabase>>;

impl Affected<NativeTransport> {
    /// Waits as long as the outage is silent.
    async fn while_silent(&self) {
        let is_over = self.outage.is_over.notified();
        if self.outage.mode.get() == Mode::IsSilent {
            is_over.await;
        }
    }
}

impl Transport for Affected<NativeTransport> {
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
        let words: Vec<String> = arguments.iter().map(text).collect();
        let event = self.outage.event.to_string();
        if words.iter().any(|word| word.contains(&event)) {
            match self.outage.mode.get() {
                Mode::Answers => {}
                Mode::Refuses => return Err("OOM command not allowed".to_owned()),
                Mode::IsSilent => self.while_silent().await,
            }
        }
        if command == "HINCRBY" && words[0].contains("failed_marks") {
            self.outage.counted.borrow_mut().push(words[1].clone());
        }
        self.inner.execute(connection, command, arguments).await
    }

    async fn sleep(&self, duration: Duration) {
        // A deadline. Shorter ones are of those who wait for one another.
        if duration > DEADLINE / 2 {
            self.while_silent().await;
        }
        self.inner.sleep(duration).await;
    }

    fn elapsed(&self) -> Duration {
        self.inner.elapsed()
    }

    fn random(&self) -> u64 {
        self.inner.random()
    }
}

fn text(argument: &Argument) -> String {
    match argument {
        Argument::Integer(number) => number.to_string(),
        Argument::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
    }
}

impl Database for Affected<NativeDatabase> {
    async fn query(
        &self,
        statement: &str,
        parameters: Vec<Value>,
    ) -> Result<Vec<Vec<Value>>, DatabaseError> {
        let answer = self.inner.query(statement, parameters).await;
        let begins = self.outage.begins_after.get().is_some_and(|after| statement.contains(after));
        if begins {
            self.outage.begins_after.set(None);
            self.outage.mode.set(Mode::Refuses);
        }
        answer
    }
}
