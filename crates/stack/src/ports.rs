//! Free ports on 127.0.0.1.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::sync::{Mutex, PoisonError};

use anyhow::{Result, bail};

/// Where ports are looked for: above the well-known services, and low enough that the port of the
/// cluster bus (10,000 higher) stays below 32,768, where Linux hands out ports to clients.
const LOWEST_PORT: u16 = 10_240;
const HIGHEST_PORT: u16 = 22_000;

/// A node of a Redis Cluster talks to the others on its port plus this.
const CLUSTER_BUS_OFFSET: u16 = 10_000;

/// Tries before the search gives up: with thousands of ports taken on a machine, a random one is
/// still free more often than not, so this many failures in a row mean something else is wrong.
const MAX_ATTEMPTS: u32 = 200;

/// What this process has handed out. A server listens seconds after its port was chosen, and until
/// then the port looks free.
static HANDED_OUT: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());

/// A port on 127.0.0.1 that nothing listens on now and that this process has not handed out before.
/// Another program may take it before the caller does, so who starts a server on it must be ready
/// to try another.
pub fn free_port() -> Result<u16> {
    find_port(&[0])
}

/// A port that is free together with the port of its cluster bus.
pub(crate) fn free_cluster_port() -> Result<u16> {
    find_port(&[0, CLUSTER_BUS_OFFSET])
}

/// Whether nothing listens on this port of 127.0.0.1.
pub(crate) fn is_free(port: u16) -> bool {
    TcpListener::bind(("127.0.0.1", port)).is_ok()
}

/// A port that is free with those so much higher.
fn find_port(offsets: &[u16]) -> Result<u16> {
    let mut handed_out = HANDED_OUT.lock().unwrap_or_else(PoisonError::into_inner);
    for _ in 0..MAX_ATTEMPTS {
        let port = fastrand::u16(LOWEST_PORT..HIGHEST_PORT);
        let needed = offsets.iter().map(|offset| port + offset);
        if needed.clone().all(|port| !handed_out.contains(&port) && is_free(port)) {
            handed_out.extend(needed);
            return Ok(port);
        }
    }
    bail!("no free port found on 127.0.0.1 between {LOWEST_PORT} and {HIGHEST_PORT}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_is_listened_on_is_not_free() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let port = listener.local_addr().expect("has an address").port();
        assert!(!is_free(port));
        drop(listener);
        assert!(is_free(port));
    }

    #[test]
    fn no_port_is_handed_out_twice() {
        let mut ports = BTreeSet::new();
        for _ in 0..100 {
            assert!(ports.insert(free_port().expect("a port")));
            let port = free_cluster_port().expect("a port");
            assert!(ports.insert(port) && ports.insert(port + CLUSTER_BUS_OFFSET));
        }
    }
}
