//! Redis and Postgres.

use std::sync::OnceLock;

use stack::{RedisOptions, RedisServer};
use tempfile::TempDir;

/// The address of a Redis all tests share; each uses keys of its own.
pub(crate) fn redis_address() -> &'static str {
    static SERVER: OnceLock<(RedisServer, TempDir, String)> = OnceLock::new();
    let (_, _, address) = SERVER.get_or_init(|| {
        let (server, folder) = new_redis();
        let address = format!("redis://{}", server.address());
        (server, folder, address)
    });
    address
}

/// A Redis for one test, and its folder.
pub(crate) fn new_redis() -> (RedisServer, TempDir) {
    let folder = TempDir::new().expect("a folder");
    let options = RedisOptions { append_only: false, ..RedisOptions::default() };
    let server = RedisServer::start(folder.path(), &options).expect("redis-server starts");
    (server, folder)
}

/// The address of a Postgres all tests share; each uses tables of its own.
pub(crate) fn database_url() -> &'static str {
    stack::shared_database()
}
