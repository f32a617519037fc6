//! The routing on real servers: a cluster of six nodes that is resharded, loses a master and has
//! one frozen while writers run, and a plain Redis.

mod commands;
mod failover;
mod ledger;
mod native;
mod resharding;

use std::sync::{Mutex, MutexGuard, PoisonError};

use stack::{RedisCluster, RedisOptions};
use tempfile::TempDir;

/// After this long without an answer a node counts as failing. Short, to keep the tests short.
const NODE_TIMEOUT_MS: u64 = 2_000;

/// A cluster of one test's own, that may be broken.
struct OwnCluster {
    redis: RedisCluster,
    _folder: TempDir,
    /// Clusters that fail over on time need the processor for themselves.
    _turn: MutexGuard<'static, ()>,
}

impl OwnCluster {
    fn start() -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = tempfile::tempdir().unwrap();
        let options = RedisOptions {
            node_timeout_ms: NODE_TIMEOUT_MS,
            append_only: false,
            ..RedisOptions::default()
        };
        let redis = RedisCluster::start(folder.path(), &options).unwrap();
        Self { redis, _folder: folder, _turn: turn }
    }
}
