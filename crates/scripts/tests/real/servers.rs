//! What the scenes are played on.

use std::sync::OnceLock;

use stack::{RedisOptions, RedisServer};

use native::{NativeTransport, connect};

/// A single Redis, cluster mode off; one for all tests of the process.
fn single() -> &'static RedisServer {
    static SINGLE: OnceLock<RedisServer> = OnceLock::new();
    SINGLE.get_or_init(|| {
        let name = format!("single-{}", std::process::id());
        let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let options = RedisOptions { append_only: false, ..RedisOptions::default() };
        RedisServer::start(&folder, &options).unwrap()
    })
}

/// Both kinds of server by name: each scene must read the same on each.
pub(crate) fn all() -> [(&'static str, cluster::Cluster<NativeTransport>); 2] {
    [("single", connect(&[single().address()])), ("cluster", connect(stack::shared_redis()))]
}
