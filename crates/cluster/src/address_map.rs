//! Announced addresses to reachable ones.

use std::collections::BTreeMap;
use std::str::FromStr;

use crate::{InvalidAddress, NodeAddress};

/// Translates the addresses that nodes announce to those the client can reach.
///
/// Nodes in containers announce an inner address while the client comes in through a published
/// port. Its text form is `announced=reachable,announced=reachable`, for example
/// `172.30.0.11:6379=127.0.0.1:7001`. An empty text is an empty map; an address that is not in
/// the map is reachable as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AddressMap {
    reachable: BTreeMap<NodeAddress, NodeAddress>,
}

/// A text is not an address map.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddressMap {
    /// An entry has no `=`.
    #[error("not announced=reachable: {entry:?}")]
    Entry {
        /// The entry as given.
        entry: String,
    },
    /// One side of an entry is no address.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
}

impl AddressMap {
    /// The address under which the client reaches the node that announces `announced`.
    pub fn reachable(&self, announced: NodeAddress) -> NodeAddress {
        self.reachable.get(&announced).cloned().unwrap_or(announced)
    }
}

impl FromStr for AddressMap {
    type Err = InvalidAddressMap;

    fn from_str(text: &str) -> Result<Self, InvalidAddressMap> {
        let mut reachable = BTreeMap::new();
        for entry in text.split(',').map(str::trim).filter(|entry| !entry.is_empty()) {
            let (announced, target) = entry
                .split_once('=')
                .ok_or_else(|| InvalidAddressMap::Entry { entry: entry.to_owned() })?;
            reachable.insert(announced.parse()?, target.parse()?);
        }
        Ok(Self { reachable })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_announced_address_becomes_the_reachable_one() {
        let map: AddressMap =
            "172.30.0.11:6379=127.0.0.1:7001, [fd00::2]:6379=127.0.0.1:7002,".parse().unwrap();
        let reachable = |text: &str| map.reachable(text.parse().unwrap()).to_string();
        assert_eq!(reachable("172.30.0.11:6379"), "127.0.0.1:7001");
        assert_eq!(reachable("[fd00::2]:6379"), "127.0.0.1:7002");
        assert_eq!(reachable("172.30.0.12:6379"), "172.30.0.12:6379");
    }

    #[test]
    fn an_empty_text_is_an_empty_map() {
        assert_eq!("".parse(), Ok(AddressMap::default()));
    }

    #[test]
    fn a_malformed_entry_is_refused() {
        assert!("172.30.0.11:6379".parse::<AddressMap>().is_err());
        assert!("172.30.0.11:6379=nowhere".parse::<AddressMap>().is_err());
    }
}
