//! Servers that all tests of a process share.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::{env, fs, thread};

use anyhow::{Context, Result};

use crate::guardian;
use crate::migrate::{migrate, schema_folder};
use crate::postgres::{Durability, Postgres};
use crate::redis_cluster::RedisCluster;
use crate::redis_node::RedisOptions;

/// Names of the variables with which `cargo xtask test` passes its servers to the tests.
const REDIS_VARIABLE: &str = "BOXOFFICE_TEST_REDIS_NODES";
const DATABASE_VARIABLE: &str = "BOXOFFICE_TEST_DATABASE_URL";

/// A Redis Cluster and a migrated Postgres. Tests that break servers start their own instead.
#[derive(Debug)]
pub struct Shared {
    /// `127.0.0.1:<port>` of each node; the first three are the masters.
    pub redis_nodes: Vec<String>,
    /// The connection string of a database with the newest schema.
    pub database_url: String,
}

/// The servers of this test run: those `cargo xtask test` has started, else ones of this process,
/// started on the first call and ended with the process.
///
/// # Panics
///
/// When a server cannot be started: no test that needs it can go on.
pub fn shared() -> &'static Shared {
    static SHARED: OnceLock<Shared> = OnceLock::new();
    SHARED.get_or_init(|| {
        // Both take seconds to start, so they start together.
        let redis = thread::spawn(shared_redis);
        let database_url = shared_database().to_owned();
        let redis_nodes = redis.join().expect("the Redis Cluster of the tests starts").to_vec();
        Shared { redis_nodes, database_url }
    })
}

/// The nodes of the shared Redis Cluster alone.
///
/// # Panics
///
/// When it cannot be started.
pub fn shared_redis() -> &'static [String] {
    static CLUSTER: OnceLock<(Vec<String>, Option<RedisCluster>)> = OnceLock::new();
    let (nodes, _) = CLUSTER.get_or_init(|| {
        if let Ok(nodes) = env::var(REDIS_VARIABLE) {
            return (nodes.split(',').map(str::to_owned).collect(), None);
        }
        let start =
            || RedisCluster::start(&temporary_folder()?.join("redis"), &RedisOptions::default());
        let cluster = start().unwrap_or_else(|error| panic!("no Redis for the tests: {error:#}"));
        (cluster.nodes(), Some(cluster))
    });
    nodes
}

/// The connection string of the shared, migrated database alone.
///
/// # Panics
///
/// When it cannot be started or migrated.
pub fn shared_database() -> &'static str {
    static POSTGRES: OnceLock<(String, Option<Postgres>)> = OnceLock::new();
    let (url, _) = POSTGRES.get_or_init(|| {
        if let Ok(url) = env::var(DATABASE_VARIABLE) {
            return (url, None);
        }
        let start = || {
            let folder = temporary_folder()?.join("postgres");
            let postgres = Postgres::start(&folder, Durability::Process)?;
            migrate(&postgres.url(), &schema_folder())?;
            anyhow::Ok(postgres)
        };
        let postgres =
            start().unwrap_or_else(|error| panic!("no Postgres for the tests: {error:#}"));
        (postgres.url(), Some(postgres))
    });
    url
}

/// A new folder that is removed when this program ends, whichever way. Servers that run as another
/// user must pass through it, so anybody may; the files inside decide who may read them.
pub fn temporary_folder() -> Result<PathBuf> {
    let folder = tempfile::Builder::new().prefix("boxoffice-").tempdir()?.keep();
    guardian::remove_at_end(&folder);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot open {}", folder.display()))?;
    Ok(folder)
}
