//! Addresses of nodes, and the map of announced addresses.

use crate::{AddressMap, NodeAddress};

/// An address that is accepted can be written and read back; an entry of a map that is accepted
/// leads where it says.
pub fn addresses(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(address) = text.parse::<NodeAddress>() {
        assert_ne!(address.port, 0);
        assert_eq!(address.to_string().parse(), Ok(address.clone()));
    }
    let Ok(map) = text.parse::<AddressMap>() else { return };
    let mut entries = text.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    // Of two entries for one address the last one counts.
    if let Some((announced, reachable)) =
        entries.next_back().and_then(|entry| entry.split_once('='))
    {
        let announced: NodeAddress = announced.parse().unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(Ok(map.reachable(announced)), reachable.parse());
    }
}
