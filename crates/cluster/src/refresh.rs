//! Learns the topology from the nodes themselves, rarely and by one task at a time.

use std::time::Duration;

use crate::cluster::Cluster;
use crate::failure::Failure;
use crate::refresh_state::RefreshState;
use crate::reply_error::ServerError;
use crate::timing::Budget;
use crate::topology::Topology;
use crate::{Argument, NodeAddress, Transport};

/// Least time between two refreshes of one cluster. When a cluster is in trouble every call wants
/// to know how it looks now; thousands of instances asking at once have brought clusters down.
const REFRESH_INTERVAL: Duration = Duration::from_secs(1);

/// How many nodes one refresh asks before it leaves it to the next.
const NODES_PER_REFRESH: usize = 3;

/// How often a task looks whether another one has the first topology.
const FIRST_TOPOLOGY_WAIT: Duration = Duration::from_millis(2);

impl<T: Transport> Cluster<T> {
    /// Before the first command: asks for the topology, or waits for the task that does. Returns
    /// without one when none can be had; any node will then tell the owner of a slot by MOVED.
    pub(crate) async fn ensure_topology(&self, budget: Budget) {
        if !self.state.borrow().slots.is_empty() {
            return;
        }
        self.refresh(self.known_nodes(None), budget).await;
        while self.is_refreshing() && !budget.left(self.transport.elapsed()).is_zero() {
            self.transport.sleep(FIRST_TOPOLOGY_WAIT).await;
        }
    }

    /// Asks `candidates`, one after the other, for the topology and takes over the first answer.
    /// Does nothing if a refresh runs or has begun less than [`REFRESH_INTERVAL`] ago.
    pub(crate) async fn refresh(&self, candidates: Vec<NodeAddress>, budget: Budget) {
        let Some(_running) = self.begin_refresh() else {
            return;
        };
        for node in candidates.into_iter().take(NODES_PER_REFRESH) {
            let limit = budget.attempt(self.transport.elapsed());
            if limit.is_zero() {
                return;
            }
            if let Some(topology) = self.ask_topology(&node, limit).await {
                self.install(topology);
                return;
            }
        }
    }

    /// All nodes worth asking: in random order, those that failed lately at the end. The node to
    /// `avoid` comes last of all.
    pub(crate) fn known_nodes(&self, avoid: Option<&NodeAddress>) -> Vec<NodeAddress> {
        let now = self.transport.elapsed();
        let state = self.state.borrow();
        let mut nodes = state.nodes.clone();
        for address in self.seeds.iter().chain(state.slots.masters()) {
            if !nodes.contains(address) {
                nodes.push(address.clone());
            }
        }
        if let Some(start) = self.transport.random().checked_rem(nodes.len() as u64) {
            nodes.rotate_left(start as usize);
        }
        nodes.sort_by_key(|node| (Some(node) == avoid, state.connections.failed_lately(node, now)));
        nodes
    }

    async fn ask_topology(&self, node: &NodeAddress, limit: Duration) -> Option<Topology> {
        match self.attempt(node, "CLUSTER", &[Argument::from("NODES")], limit).await {
            Ok(replies) => {
                let text = replies.first()?.text()?;
                Topology::parse(text, node, &self.address_map)
            }
            Err(Failure::Said { error: ServerError::ClusterDisabled, .. }) => {
                Some(Topology::single(node.clone()))
            }
            Err(_) => None,
        }
    }

    fn install(&self, topology: Topology) {
        let mut state = self.state.borrow_mut();
        let state = &mut *state;
        state.nodes = topology.nodes;
        state.slots = topology.slots;
        state.connections.retain(|address| {
            state.nodes.contains(address)
                || state.slots.masters().contains(address)
                || self.seeds.contains(address)
        });
    }

    fn begin_refresh(&self) -> Option<RunningRefresh<'_, T>> {
        let now = self.transport.elapsed();
        let refresh = &mut self.state.borrow_mut().refresh;
        let is_due = refresh
            .began_at
            .is_none_or(|began_at| now.saturating_sub(began_at) >= REFRESH_INTERVAL);
        if refresh.is_running || !is_due {
            return None;
        }
        *refresh = RefreshState { began_at: Some(now), is_running: true };
        Some(RunningRefresh { cluster: self })
    }

    fn is_refreshing(&self) -> bool {
        self.state.borrow().refresh.is_running
    }
}

/// Ends the refresh also when its future is dropped half-way.
struct RunningRefresh<'a, T: Transport> {
    cluster: &'a Cluster<T>,
}

impl<T: Transport> Drop for RunningRefresh<'_, T> {
    fn drop(&mut self) {
        self.cluster.state.borrow_mut().refresh.is_running = false;
    }
}
