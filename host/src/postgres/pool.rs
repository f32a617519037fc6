//! Connections to Postgres, pooled per component and address.
//!
//! Exactly Spin's pool, with its edges: it waits without end when all connections are out, and it
//! gives a connection back **without rolling back**. A guest that stops between BEGIN and COMMIT
//! hands its open transaction to the next one; tests must be able to catch code that relies on
//! a rollback.

use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, RecyclingMethod};
use tokio_postgres::config::Host;
use tokio_postgres::{Config, NoTls};

use crate::outbound::AllowedHosts;

/// Connections of one component to one address, as in Spin.
const CONNECTIONS_PER_ADDRESS: usize = 64;

/// Addresses of one component for which a pool is kept, as in Spin.
const ADDRESSES: usize = 16;

/// The pools of one component, the one used last at the end.
#[derive(Default)]
pub(crate) struct Pools {
    pools: Mutex<Vec<(String, Pool)>>,
}

impl Pools {
    /// A connection to the address: one given back, or a new one, or a wait for one.
    pub(crate) async fn connection(&self, address: &str) -> Result<Object> {
        let pool = self.pool(address).context("establishing PostgreSQL connection pool")?;
        Ok(pool.get().await?)
    }

    fn pool(&self, address: &str) -> Result<Pool> {
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        let known = pools.iter().position(|(known, _)| known == address);
        let entry = match known {
            Some(position) => pools.remove(position),
            None => (address.to_owned(), create(address)?),
        };
        let pool = entry.1.clone();
        if pools.len() == ADDRESSES {
            pools.remove(0);
        }
        pools.push(entry);
        Ok(pool)
    }
}

fn create(address: &str) -> Result<Pool> {
    let config: Config = address.parse().context("parsing Postgres connection string")?;
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Clean };
    let manager = Manager::from_config(config, NoTls, recycling);
    Pool::builder(manager)
        .max_size(CONNECTIONS_PER_ADDRESS)
        .build()
        .context("building Postgres connection pool")
}

/// Whether every server of the address may be reached; the error is Spin's text.
pub(crate) fn check_allowed(address: &str, allowed: &AllowedHosts) -> Result<(), String> {
    let config: Config = address.parse().map_err(|e: tokio_postgres::Error| e.to_string())?;
    let ports = config.get_ports();
    for (position, host) in config.get_hosts().iter().enumerate() {
        let Host::Tcp(host) = host else {
            return Err("Unix sockets are not supported on WebAssembly".to_owned());
        };
        // One port for all servers, or one for each.
        let server = match ports {
            [port] => format!("{host}:{port}"),
            _ => match ports.get(position) {
                Some(port) => format!("{host}:{port}"),
                None => host.clone(),
            },
        };
        if !allowed.allow(&server, "postgres") {
            return Err(format!("address postgres://{server} is not permitted"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str) -> Result<(), String> {
        let allowed = AllowedHosts::parse(&["postgres://a:1", "postgres://b:2"]).unwrap();
        check_allowed(address, &allowed)
    }

    #[test]
    fn every_server_of_an_address_must_be_allowed() {
        assert_eq!(check("postgres://u:p@a:1/db"), Ok(()));
        assert_eq!(check("host=a,b port=1,2 user=u"), Ok(()));
        let refused = "address postgres://c:1 is not permitted".to_owned();
        assert_eq!(check("postgres://u@c:1/db"), Err(refused));
        assert!(check("host=a,b port=1").is_err());
        assert!(check("host=/run/postgresql").is_err());
    }

    #[test]
    fn the_number_of_pools_is_bounded() {
        let pools = Pools::default();
        for n in 0..ADDRESSES + 3 {
            pools.pool(&format!("postgres://u@h:{}/db", n + 1)).unwrap();
        }
        assert_eq!(pools.pools.lock().unwrap().len(), ADDRESSES);
    }
}
