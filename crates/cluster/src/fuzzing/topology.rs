//! The text of `CLUSTER NODES`.

use std::fmt::Write as _;

use crate::slot::{SLOT_COUNT, Slot};
use crate::topology::Topology;
use crate::{AddressMap, NodeAddress};

/// What is read of a text, written down again in the plainest form, reads the same: the same nodes,
/// and for each slot the same owner.
pub fn topology(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let asked = NodeAddress { host: "127.0.0.1".to_owned(), port: 7001 };
    let Some(read) = Topology::parse(text, &asked, &AddressMap::default()) else { return };
    assert!(!read.nodes.is_empty() && read.nodes.len() <= text.lines().count());
    for (index, node) in read.nodes.iter().enumerate() {
        assert_ne!(node.port, 0, "{node}");
        assert!(!read.nodes[..index].contains(node), "{node} twice");
    }
    let again = Topology::parse(&written(&read), &asked, &AddressMap::default());
    let again = again.unwrap_or_else(|| panic!("cannot be read again: {text:?}"));
    let nodes = |topology: &Topology| {
        let mut nodes = topology.nodes.clone();
        nodes.sort();
        nodes
    };
    assert_eq!(nodes(&again), nodes(&read));
    for slot in (0..SLOT_COUNT).filter_map(Slot::new) {
        assert_eq!(again.slots.owner(slot), read.slots.owner(slot), "{slot:?} of {text:?}");
    }
}

fn written(topology: &Topology) -> String {
    let mut text = String::new();
    for node in &topology.nodes {
        let _ = writeln!(text, "a1 {node}@0 slave - 0 0 0 connected");
    }
    for master in topology.slots.masters() {
        // Whether it can be asked is said above.
        let _ = write!(text, "a1 {master}@0 master,fail - 0 0 0 connected");
        for slot in (0..SLOT_COUNT).filter_map(Slot::new) {
            if topology.slots.owner(slot) == Some(master) {
                let _ = write!(text, " {}", slot.number());
            }
        }
        text.push('\n');
    }
    text
}
