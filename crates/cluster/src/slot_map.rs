//! Who owns which slot, as far as is known. Only ever a cache: every node corrects it by MOVED.

use std::ops::RangeInclusive;

use crate::NodeAddress;
use crate::slot::{SLOT_COUNT, Slot};

/// Most owners kept. The Redis documentation advises at most 1000 nodes to a cluster; anything
/// beyond is a server that sends us around, and the map starts afresh.
const MAX_OWNERS: usize = 1_000;

/// Marks a slot whose owner is not known.
const NOBODY: u16 = u16::MAX;

/// Slot to master. 32 KiB, whatever the number of nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SlotMap {
    masters: Vec<NodeAddress>,
    /// For each slot a position in `masters`, or [`NOBODY`].
    owners: Vec<u16>,
}

impl SlotMap {
    /// Nothing is known.
    pub(crate) fn empty() -> Self {
        Self { masters: Vec::new(), owners: vec![NOBODY; usize::from(SLOT_COUNT)] }
    }

    /// One node owns everything: a plain Redis.
    pub(crate) fn single(node: NodeAddress) -> Self {
        Self { masters: vec![node], owners: vec![0; usize::from(SLOT_COUNT)] }
    }

    /// Whether no slot has a known owner.
    pub(crate) fn is_empty(&self) -> bool {
        self.masters.is_empty()
    }

    /// The master of a slot.
    pub(crate) fn owner(&self, slot: Slot) -> Option<&NodeAddress> {
        let position = self.owners.get(usize::from(slot.number()))?;
        self.masters.get(usize::from(*position))
    }

    /// Everyone who owns, or has owned, a slot.
    pub(crate) fn masters(&self) -> &[NodeAddress] {
        &self.masters
    }

    /// One slot has a new owner.
    pub(crate) fn learn(&mut self, slot: Slot, owner: &NodeAddress) {
        self.assign(slot.number()..=slot.number(), owner);
    }

    /// A range of slots belongs to `owner`. Numbers that are no slots are ignored.
    pub(crate) fn assign(&mut self, slots: RangeInclusive<u16>, owner: &NodeAddress) {
        let position = self.position(owner);
        for slot in slots.filter_map(Slot::new) {
            if let Some(entry) = self.owners.get_mut(usize::from(slot.number())) {
                *entry = position;
            }
        }
    }

    fn position(&mut self, owner: &NodeAddress) -> u16 {
        if let Some(position) = self.masters.iter().position(|master| master == owner) {
            return u16::try_from(position).unwrap_or(NOBODY);
        }
        if self.masters.len() >= MAX_OWNERS {
            *self = Self::empty();
        }
        self.masters.push(owner.clone());
        u16::try_from(self.masters.len() - 1).unwrap_or(NOBODY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(port: u16) -> NodeAddress {
        NodeAddress { host: "10.0.0.1".to_owned(), port }
    }

    fn slot(number: u16) -> Slot {
        Slot::new(number).unwrap()
    }

    #[test]
    fn a_lookup_in_a_gap_finds_nobody() {
        let mut map = SlotMap::empty();
        map.assign(0..=99, &node(1));
        map.assign(200..=16_383, &node(2));
        assert_eq!(map.owner(slot(99)), Some(&node(1)));
        assert_eq!(map.owner(slot(100)), None);
        assert_eq!(map.owner(slot(199)), None);
        assert_eq!(map.owner(slot(16_383)), Some(&node(2)));
    }

    #[test]
    fn learning_one_slot_leaves_its_neighbours_alone() {
        let mut map = SlotMap::single(node(1));
        map.learn(slot(7), &node(2));
        assert_eq!(map.owner(slot(6)), Some(&node(1)));
        assert_eq!(map.owner(slot(7)), Some(&node(2)));
        assert_eq!(map.owner(slot(8)), Some(&node(1)));
    }

    #[test]
    fn numbers_beyond_the_last_slot_are_ignored() {
        let mut map = SlotMap::empty();
        map.assign(16_380..=u16::MAX, &node(1));
        assert_eq!(map.owner(slot(16_383)), Some(&node(1)));
    }

    #[test]
    fn the_number_of_owners_is_bounded() {
        let mut map = SlotMap::empty();
        for port in 1..=3_000 {
            map.learn(slot(port), &node(port));
            assert!(map.masters().len() <= MAX_OWNERS);
            assert_eq!(map.owner(slot(port)), Some(&node(port)));
        }
    }
}
