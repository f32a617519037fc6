//! Reads the text of `CLUSTER NODES`.
//!
//! One line per node:
//! `<id> <ip:port@bus[,hostname[,aux…]]> <flags> <master> <ping> <pong> <epoch> <link> <slot>…`.
//! It is a bulk string and so survives a host that flattens arrays; `CLUSTER SLOTS` does not.

use std::ops::RangeInclusive;

use crate::slot::Slot;
use crate::slot_map::SlotMap;
use crate::{AddressMap, NodeAddress};

/// Most lines read; the Redis documentation advises at most 1000 nodes to a cluster.
const MAX_NODES: usize = 1_000;

/// What one node knows about the cluster, in addresses the client can reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Topology {
    /// Every node that can be talked to, replicas too.
    pub(crate) nodes: Vec<NodeAddress>,
    /// The masters by slot.
    pub(crate) slots: SlotMap,
}

impl Topology {
    /// A plain Redis that owns all slots.
    pub(crate) fn single(node: NodeAddress) -> Self {
        Self { nodes: vec![node.clone()], slots: SlotMap::single(node) }
    }

    /// Reads what `asked` answered. Lines that make no sense are left out; a text without a
    /// single usable node is no topology.
    pub(crate) fn parse(text: &str, asked: &NodeAddress, map: &AddressMap) -> Option<Self> {
        let mut topology = Self { nodes: Vec::new(), slots: SlotMap::empty() };
        for line in text.lines().take(MAX_NODES) {
            if let Some(node) = Line::parse(line) {
                topology.add(&node, asked, map);
            }
        }
        (!topology.nodes.is_empty()).then_some(topology)
    }

    fn add(&mut self, line: &Line<'_>, asked: &NodeAddress, map: &AddressMap) {
        // The node that answers is reachable where it was asked, whatever it announces.
        let address = if line.has_flag("myself") {
            asked.clone()
        } else {
            let host = if line.host.is_empty() { asked.host.as_str() } else { line.host };
            map.reachable(NodeAddress { host: host.to_owned(), port: line.port })
        };
        // A failed master keeps its slots until a replica has taken them: nobody else owns them.
        if line.has_flag("master") {
            for range in line.ranges() {
                self.slots.assign(range, &address);
            }
        }
        if !line.has_flag("fail") && !self.nodes.contains(&address) {
            self.nodes.push(address);
        }
    }
}

/// One line of the text.
struct Line<'a> {
    /// Empty when the node does not know its own address.
    host: &'a str,
    port: u16,
    flags: &'a str,
    slots: &'a str,
}

impl<'a> Line<'a> {
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.trim().splitn(9, ' ');
        let _id = fields.next()?;
        let endpoint = fields.next()?;
        let flags = fields.next()?;
        let _link = fields.nth(4)?;
        let slots = fields.next().unwrap_or_default();
        let (address, names) = endpoint.split_once(',').unwrap_or((endpoint, ""));
        let (address, _bus_port) = address.split_once('@').unwrap_or((address, ""));
        let (ip, port) = NodeAddress::split(address)?;
        // After the address: the hostname, then fields of the form key=value.
        let name = names.split(',').next().filter(|name| !name.contains('=')).unwrap_or_default();
        let host = if ip.is_empty() { name } else { ip };
        let line = Self { host, port, flags, slots };
        (!line.has_flag("noaddr") && !line.has_flag("handshake")).then_some(line)
    }

    fn has_flag(&self, flag: &str) -> bool {
        self.flags.split(',').any(|candidate| candidate == flag)
    }

    /// The slots served. `[93-<-id]` and `[77->-id]` mark slots on their way in or out: one that
    /// leaves is also listed plainly, one that comes is not served yet.
    fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u16>> {
        self.slots.split(' ').filter_map(|token| {
            let (first, last) = token.split_once('-').unwrap_or((token, token));
            let first = Slot::new(first.parse().ok()?)?;
            let last = Slot::new(last.parse().ok()?)?;
            Some(first.number()..=last.number())
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(text: &str) -> NodeAddress {
        text.parse().unwrap()
    }

    fn parse(text: &str) -> Option<Topology> {
        Topology::parse(text, &address("127.0.0.1:7001"), &AddressMap::default())
    }

    fn owner(topology: &Topology, slot: u16) -> Option<String> {
        topology.slots.owner(Slot::new(slot).unwrap()).map(ToString::to_string)
    }

    /// The shape of Redis 7.0 with a slot under way, of 7.2 with auxiliary fields, a replica, a
    /// node without address, one in handshake, one that failed.
    const MIXED: &str = "\
a1 127.0.0.1:7001@17001 myself,master - 0 0 1 connected 0-99 101 [100->-b2] [93-<-b2]
b2 10.0.0.2:7002@17002,redis-b,shard-id=9f master - 0 1 2 connected 100 200-300
c3 10.0.0.3:7003@17003,redis-c slave a1 0 1 1 connected
d4 :0@0 master,noaddr - 0 0 3 disconnected 400-410
e5 10.0.0.5:7005@17005 handshake - 0 0 0 connected
f6 10.0.0.6:7006@17006 master,fail - 1 1 6 disconnected 500-16383
g7 10.0.0.7:7007@17007 master,fail? - 1 1 6 connected 420
";

    #[test]
    fn masters_get_their_slots_and_migration_markers_do_not_count() {
        let topology = parse(MIXED).unwrap();
        let owned = |slot| owner(&topology, slot);
        assert_eq!(owned(0).as_deref(), Some("127.0.0.1:7001"));
        assert_eq!(owned(101).as_deref(), Some("127.0.0.1:7001"));
        assert_eq!(owned(100).as_deref(), Some("10.0.0.2:7002"));
        assert_eq!(owned(93).as_deref(), Some("127.0.0.1:7001"));
        assert_eq!(owned(420).as_deref(), Some("10.0.0.7:7007"));
        assert_eq!(owned(16_383).as_deref(), Some("10.0.0.6:7006"));
    }

    #[test]
    fn partial_coverage_leaves_gaps() {
        let topology = parse(MIXED).unwrap();
        for slot in [150, 301, 405, 419] {
            assert_eq!(owner(&topology, slot), None, "{slot}");
        }
    }

    #[test]
    fn only_nodes_that_can_be_asked_are_listed() {
        let nodes: Vec<_> = parse(MIXED).unwrap().nodes.iter().map(ToString::to_string).collect();
        assert_eq!(nodes, ["127.0.0.1:7001", "10.0.0.2:7002", "10.0.0.3:7003", "10.0.0.7:7007"]);
    }

    #[test]
    fn a_node_that_does_not_know_its_address_is_where_it_was_asked() {
        let topology = parse("a1 :6379@16379 myself,master - 0 0 0 connected 0-16383").unwrap();
        assert_eq!(owner(&topology, 5).as_deref(), Some("127.0.0.1:7001"));
    }

    #[test]
    fn a_hostname_stands_in_for_a_missing_ip() {
        let topology = parse("a1 :6379@16379,redis-a,shard-id=1 master - 0 0 0 connected 5");
        assert_eq!(owner(&topology.unwrap(), 5).as_deref(), Some("redis-a:6379"));
    }

    #[test]
    fn ipv6_nodes_are_read() {
        let topology = parse("a1 2001:db8::5:6379@16379 master - 0 0 0 connected 5").unwrap();
        assert_eq!(owner(&topology, 5).as_deref(), Some("[2001:db8::5]:6379"));
    }

    #[test]
    fn the_address_map_is_applied() {
        let map = "10.0.0.2:7002=127.0.0.1:9002".parse().unwrap();
        let topology = Topology::parse(MIXED, &address("127.0.0.1:7001"), &map).unwrap();
        assert_eq!(owner(&topology, 100).as_deref(), Some("127.0.0.1:9002"));
    }

    #[test]
    fn odd_lines_are_left_out_and_nothing_usable_is_no_topology() {
        for text in ["", "\n\n", "OK", "a1 nowhere master - 0 0 0 connected 0-1", "a b c d"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
        let topology =
            parse("garbage\na1 10.0.0.1:1@2 master - 0 0 0 connected 9-5 7-99999 x-3 [5->- 12 \n");
        let topology = topology.unwrap();
        assert_eq!(owner(&topology, 12).as_deref(), Some("10.0.0.1:1"));
        assert_eq!(owner(&topology, 7), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            parse(&text);
        }

        #[test]
        fn no_line_of_plausible_parts_makes_the_parser_panic(
            lines in prop::collection::vec(
                "[a-f0-9]{0,3} ?[0-9.:a-z]{0,12}(:[0-9]{0,6})?(@[0-9]{0,6})?(,[a-z=-]{0,5}){0,2} \
                 (myself,)?(master|slave|noaddr|fail|fail\\?)? (-|a1)? 0 0 0 (connected)?\
                 ( [0-9\\[<>-]{0,12}){0,4}",
                0..8,
            )
        ) {
            if let Some(topology) = parse(&lines.join("\n")) {
                prop_assert!(topology.nodes.len() <= lines.len());
            }
        }

        #[test]
        fn any_ranges_of_one_master_are_owned_by_it(
            first in 0_u16..16_384, length in 0_u16..500, probe in 0_u16..16_384,
        ) {
            let last = first.saturating_add(length).min(16_383);
            let line = format!("a1 h:1@2 master - 0 0 0 connected {first}-{last}");
            let topology = parse(&line).unwrap();
            let inside = (first..=last).contains(&probe);
            prop_assert_eq!(owner(&topology, probe).is_some(), inside);
        }
    }
}
