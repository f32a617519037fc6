//! The scripts with their digests and keys, generated from `lua/`.
//!
//! For each script there is a function of its name, which gives the script with its keys in the
//! order of its header. Nothing else puts keys in an order.

use cluster::Script;
use domain::id::{EventId, UserId};
use domain::section::SectionName;

use crate::keys;

/// A script and the keys of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyedScript {
    /// Name, expanded source, digest.
    pub(crate) script: &'static Script,
    /// In the order of the script's header.
    pub(crate) keys: Vec<String>,
}

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> EventId {
        "0192f0c1-2a3b-7c4d-8e5f-60718293a4b5".parse().unwrap()
    }

    #[test]
    fn script_and_call_take_their_keys_from_the_header() {
        let sections: Vec<SectionName> = vec!["A".parse().unwrap(), "B".parse().unwrap()];
        let KeyedScript { script, keys } = reserve_seats(event(), &sections);
        let header = script.source.lines().filter_map(|line| line.strip_prefix("-- KEYS["));
        let header: Vec<_> = header.filter_map(|line| line.split_once("] ")).collect();
        for (index, description) in &header[..header.len() - 1] {
            let name = description.split(' ').next().unwrap();
            assert!(script.source.contains(&format!("  {name} = KEYS[{index}],\n")), "{name}");
            let place: usize = index.parse().unwrap();
            assert!(keys[place - 1].ends_with(&format!(":{name}")), "{name}");
        }
        assert!(script.source.contains(&format!("  maps = {{ unpack(KEYS, {}) }},", header.len())));
        let maps: Vec<_> = sections.iter().map(|section| keys::map(event(), section)).collect();
        assert_eq!(keys[header.len() - 1..], maps);
    }

    #[test]
    fn nothing_is_left_to_be_replaced() {
        assert!(RESERVE_SEATS.source.contains("local function best_block("));
        for mark in ["-- @include", "-- @keys"] {
            assert!(ALL.iter().all(|each| !each.source.contains(mark)), "{mark}");
        }
    }
}
