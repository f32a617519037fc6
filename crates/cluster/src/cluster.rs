//! The cluster as its callers see it.

use std::cell::RefCell;
use std::time::Duration;

use crate::connections::Connections;
use crate::refresh_state::RefreshState;
use crate::request::Request;
use crate::slot::Slot;
use crate::slot_map::SlotMap;
use crate::{AddressMap, Argument, Error, NodeAddress, Reply, Script, Transport};

/// A Redis Cluster, or one plain Redis, behind one interface.
///
/// Many tasks may use it at once. What it remembers (slots, connections) is a cache and can be lost
/// at any time. A command whose outcome is unknown is sent again within the deadline, so every
/// command given to it must be harmless when it is applied twice.
pub struct Cluster<T: Transport> {
    pub(crate) transport: T,
    /// Where to begin, in addresses the client can reach.
    pub(crate) seeds: Vec<NodeAddress>,
    pub(crate) address_map: AddressMap,
    /// Borrowed for a moment at a time, never across an await.
    pub(crate) state: RefCell<State<T::Connection>>,
}

/// What has been learned so far.
pub(crate) struct State<C> {
    pub(crate) slots: SlotMap,
    /// All nodes of the last topology, replicas too.
    pub(crate) nodes: Vec<NodeAddress>,
    pub(crate) connections: Connections<C>,
    pub(crate) refresh: RefreshState,
}

impl<T: Transport> Cluster<T> {
    /// A cluster that is reached first through `seeds`. No connection is opened yet.
    pub fn new(transport: T, seeds: Vec<NodeAddress>, address_map: AddressMap) -> Self {
        let seeds = seeds.into_iter().map(|seed| address_map.reachable(seed)).collect();
        let state = RefCell::new(State {
            slots: SlotMap::empty(),
            nodes: Vec::new(),
            connections: Connections::new(),
            refresh: RefreshState::default(),
        });
        Self { transport, seeds, address_map, state }
    }

    /// One command on the master that owns the slot of `key`. `arguments` are sent as given, the
    /// key among them. `deadline` counts from now.
    ///
    /// # Errors
    /// See [`Error`]; never later than the deadline.
    pub async fn execute(
        &self,
        key: &str,
        command: &str,
        arguments: Vec<Argument>,
        deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        self.call(Slot::of(key), Request::command(command, arguments), deadline).await
    }

    /// A script: EVALSHA, and EVAL with the source where the node does not know it. `arguments` are
    /// those after the keys. `deadline` counts from now.
    ///
    /// # Errors
    /// [`Error::CrossSlot`] before anything is sent unless all `keys` share one slot and there is
    /// at least one; else see [`Error`]; never later than the deadline.
    pub async fn evaluate(
        &self,
        script: &Script,
        keys: &[String],
        arguments: Vec<Argument>,
        deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        let slot = keys.first().map(|key| Slot::of(key)).ok_or(Error::CrossSlot)?;
        if keys.iter().any(|key| Slot::of(key) != slot) {
            return Err(Error::CrossSlot);
        }
        self.call(slot, Request::script(script, keys, arguments), deadline).await
    }

    /// Waits. For steps that look again until another instance has done its part.
    pub async fn sleep(&self, duration: Duration) {
        self.transport.sleep(duration).await;
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        self.state.borrow().connections.count()
    }
}
