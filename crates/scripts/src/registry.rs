//! The scripts with their digests and numbers of keys, generated from `lua/`.

use cluster::Script;

/// A script and what its header says about KEYS.
#[derive(Debug, Clone, Copy)]
pub struct Registered {
    /// Name, expanded source, digest.
    pub script: Script,
    /// Keys that each have a line in the header.
    pub keys_fixed: usize,
    /// Whether any number of keys may follow.
    pub keys_variadic: bool,
}

impl Registered {
    /// Whether a call with `given` keys is one that the header documents.
    pub const fn takes_keys(&self, given: usize) -> bool {
        given == self.keys_fixed || (self.keys_variadic && given > self.keys_fixed)
    }
}

include!(concat!(env!("OUT_DIR"), "/registry.rs"));

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_script_is_found_and_its_keys_are_counted() {
        assert_eq!(ALL.len(), 35);
        assert_eq!((RESERVE_SEATS.keys_fixed, RESERVE_SEATS.keys_variadic), (11, true));
        assert_eq!((READ_PLACE.keys_fixed, READ_PLACE.keys_variadic), (8, false));
        assert!(RESERVE_SEATS.takes_keys(11) && RESERVE_SEATS.takes_keys(12));
        assert!(!RESERVE_SEATS.takes_keys(10) && !READ_PLACE.takes_keys(9));
    }

    #[test]
    fn includes_are_part_of_the_source() {
        assert!(RESERVE_SEATS.script.source.contains("local function best_block("));
        assert!(ALL.iter().all(|each| !each.script.source.contains("@include")));
    }
}
