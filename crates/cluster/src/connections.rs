//! The open connections: one per node for everybody, and a few for ASKING.
//!
//! Only data, no IO. A task that finds no connection becomes its opener; others see that somebody
//! is opening and come back later.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::NodeAddress;

/// Most nodes with connections. A host allows one instance about a thousand connections; a cluster
/// of this many nodes is far beyond what one event sale needs.
const MAX_NODES: usize = 200;

/// Connections for ASKING kept per node between uses. Slots are moved one after the other, so few
/// calls are redirected at once; more than these are opened and closed again.
const MAX_IDLE_ASKING: usize = 2;

/// How long a node that failed is asked for the topology only after all others.
const FAILURE_MEMORY: Duration = Duration::from_secs(3);

/// Tells one opening of a connection from the next one to the same node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Opening(u64);

/// What a task gets that asks for the connection everybody shares.
pub(crate) enum Claim<C> {
    /// It is open.
    Open(Opening, C),
    /// The task is to open it.
    MayOpen(Opening),
    /// Another task is opening it.
    Wait(Opening),
}

/// What became of an opening that another task began.
pub(crate) enum Outcome {
    /// Not decided yet.
    Opening,
    /// It failed, with this text.
    Failed(String),
    /// It is open, or was given up: claim again.
    Over,
}

enum Shared<C> {
    Closed,
    Opening(Opening),
    Open(Opening, C),
}

struct Node<C> {
    shared: Shared<C>,
    idle_asking: Vec<C>,
    last_failure: Option<(Opening, String)>,
    failed_at: Option<Duration>,
}

impl<C> Default for Node<C> {
    fn default() -> Self {
        Self {
            shared: Shared::Closed,
            idle_asking: Vec::new(),
            last_failure: None,
            failed_at: None,
        }
    }
}

/// All connections of one cluster.
pub(crate) struct Connections<C> {
    nodes: BTreeMap<NodeAddress, Node<C>>,
    openings: u64,
}

impl<C: Clone> Connections<C> {
    pub(crate) fn new() -> Self {
        Self { nodes: BTreeMap::new(), openings: 0 }
    }

    /// The shared connection to a node, or what to do for it.
    pub(crate) fn claim(&mut self, address: &NodeAddress) -> Claim<C> {
        let next = Opening(self.openings);
        let node = self.node(address);
        match &node.shared {
            Shared::Open(opening, connection) => Claim::Open(*opening, connection.clone()),
            Shared::Opening(opening) => Claim::Wait(*opening),
            Shared::Closed => {
                node.shared = Shared::Opening(next);
                self.openings = self.openings.wrapping_add(1);
                Claim::MayOpen(next)
            }
        }
    }

    /// The opener has it open.
    pub(crate) fn opened(&mut self, address: &NodeAddress, opening: Opening, connection: C) {
        self.node(address).shared = Shared::Open(opening, connection);
    }

    /// The opener could not open it; those who wait get the same answer.
    pub(crate) fn open_failed(&mut self, address: &NodeAddress, opening: Opening, text: &str) {
        let node = self.node(address);
        node.shared = Shared::Closed;
        node.last_failure = Some((opening, text.to_owned()));
    }

    /// What became of an opening.
    pub(crate) fn outcome(&self, address: &NodeAddress, waited_for: Opening) -> Outcome {
        let Some(node) = self.nodes.get(address) else {
            return Outcome::Over;
        };
        match (&node.shared, &node.last_failure) {
            (Shared::Opening(opening), _) if *opening == waited_for => Outcome::Opening,
            (_, Some((opening, text))) if *opening == waited_for => Outcome::Failed(text.clone()),
            _ => Outcome::Over,
        }
    }

    /// Forgets this opening, whether it is open or under way; a later one to the same node stays.
    pub(crate) fn discard(&mut self, address: &NodeAddress, opening: Opening) {
        if let Some(node) = self.nodes.get_mut(address)
            && let Shared::Opening(current) | Shared::Open(current, _) = &node.shared
            && *current == opening
        {
            node.shared = Shared::Closed;
        }
    }

    /// A connection for ASKING that nobody uses.
    pub(crate) fn take_asking(&mut self, address: &NodeAddress) -> Option<C> {
        self.nodes.get_mut(address)?.idle_asking.pop()
    }

    /// A connection for ASKING is free again. It must owe no reply and have no ASKING pending.
    pub(crate) fn give_asking(&mut self, address: &NodeAddress, connection: C) {
        let node = self.node(address);
        if node.idle_asking.len() < MAX_IDLE_ASKING {
            node.idle_asking.push(connection);
        }
    }

    /// A node could not be reached or was silent; what is idle there is broken too.
    pub(crate) fn note_failure(&mut self, address: &NodeAddress, now: Duration) {
        let node = self.node(address);
        node.failed_at = Some(now);
        node.idle_asking.clear();
    }

    /// A node answered.
    pub(crate) fn note_answer(&mut self, address: &NodeAddress) {
        if let Some(node) = self.nodes.get_mut(address) {
            node.failed_at = None;
        }
    }

    /// Whether a node failed a short time ago.
    pub(crate) fn failed_lately(&self, address: &NodeAddress, now: Duration) -> bool {
        let failed_at = self.nodes.get(address).and_then(|node| node.failed_at);
        failed_at.is_some_and(|failed_at| now.saturating_sub(failed_at) < FAILURE_MEMORY)
    }

    /// Closes the connections to nodes that are no longer part of the cluster.
    pub(crate) fn retain(&mut self, is_known: impl Fn(&NodeAddress) -> bool) {
        self.nodes.retain(|address, _| is_known(address));
    }

    /// Lets go of every connection that is open; openings under way go on.
    pub(crate) fn close_shared(&mut self) {
        for node in self.nodes.values_mut() {
            if matches!(node.shared, Shared::Open(..)) {
                node.shared = Shared::Closed;
            }
            node.idle_asking.clear();
        }
    }

    /// How many connections are open.
    pub(crate) fn count(&self) -> usize {
        let of_node = |node: &Node<C>| {
            usize::from(matches!(node.shared, Shared::Open(..))) + node.idle_asking.len()
        };
        self.nodes.values().map(of_node).sum()
    }

    fn node(&mut self, address: &NodeAddress) -> &mut Node<C> {
        // Full only if servers name ever new nodes; then all connections start afresh.
        if self.nodes.len() >= MAX_NODES && !self.nodes.contains_key(address) {
            self.nodes.clear();
        }
        self.nodes.entry(address.clone()).or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(port: u16) -> NodeAddress {
        NodeAddress { host: "10.0.0.1".to_owned(), port }
    }

    fn opener(connections: &mut Connections<u8>, address: &NodeAddress) -> Opening {
        match connections.claim(address) {
            Claim::MayOpen(opening) => opening,
            Claim::Open(..) | Claim::Wait(_) => panic!("somebody else is the opener"),
        }
    }

    #[test]
    fn only_one_task_becomes_the_opener() {
        let mut connections = Connections::new();
        let opening = opener(&mut connections, &node(1));
        assert!(matches!(connections.claim(&node(1)), Claim::Wait(same) if same == opening));
        connections.opened(&node(1), opening, 7);
        assert!(matches!(connections.claim(&node(1)), Claim::Open(_, 7)));
        assert_eq!(connections.count(), 1);
    }

    #[test]
    fn those_who_wait_learn_that_the_opening_failed() {
        let mut connections = Connections::new();
        let opening = opener(&mut connections, &node(1));
        assert!(matches!(connections.outcome(&node(1), opening), Outcome::Opening));
        connections.open_failed(&node(1), opening, "refused");
        let outcome = connections.outcome(&node(1), opening);
        assert!(matches!(outcome, Outcome::Failed(text) if text == "refused"));
        opener(&mut connections, &node(1));
    }

    #[test]
    fn an_abandoned_opening_makes_room_for_another_opener() {
        let mut connections = Connections::new();
        let opening = opener(&mut connections, &node(1));
        connections.discard(&node(1), opening);
        assert!(matches!(connections.outcome(&node(1), opening), Outcome::Over));
        opener(&mut connections, &node(1));
    }

    #[test]
    fn a_late_complaint_does_not_close_the_new_connection() {
        let mut connections = Connections::new();
        let first = opener(&mut connections, &node(1));
        connections.opened(&node(1), first, 1);
        connections.discard(&node(1), first);
        let second = opener(&mut connections, &node(1));
        connections.opened(&node(1), second, 2);
        connections.discard(&node(1), first);
        assert!(matches!(connections.claim(&node(1)), Claim::Open(_, 2)));
    }

    #[test]
    fn a_failure_is_remembered_for_a_while_and_forgotten_on_an_answer() {
        let mut connections = Connections::<u8>::new();
        connections.note_failure(&node(1), Duration::from_secs(10));
        assert!(connections.failed_lately(&node(1), Duration::from_secs(12)));
        assert!(!connections.failed_lately(&node(1), Duration::from_secs(14)));
        connections.note_answer(&node(1));
        assert!(!connections.failed_lately(&node(1), Duration::from_secs(12)));
    }

    #[test]
    fn a_failure_closes_the_idle_connections_for_asking() {
        let mut connections = Connections::new();
        connections.give_asking(&node(1), 7);
        connections.note_failure(&node(1), Duration::ZERO);
        assert_eq!(connections.take_asking(&node(1)), None);
    }

    #[test]
    fn connections_are_bounded_in_nodes_and_in_asking() {
        let mut connections = Connections::new();
        for port in 1..=1_000 {
            let opening = opener(&mut connections, &node(port));
            connections.opened(&node(port), opening, 0);
            assert!(connections.count() <= MAX_NODES);
        }
        for _ in 0..10 {
            connections.give_asking(&node(1_000), 0);
        }
        connections.retain(|address| *address == node(1_000));
        assert_eq!(connections.count(), 1 + MAX_IDLE_ASKING);
    }
}
