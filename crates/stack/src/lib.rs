//! Starts what Boxoffice runs on: a Redis Cluster, a Postgres, and the whole system on top.
//!
//! `cargo xtask up`, `cargo xtask demo` and the tests use it. Everything listens on 127.0.0.1 on
//! free ports and keeps its data in a folder the caller names; servers that already run on the
//! machine are never touched. The interface is synchronous and may be called from async code.

#![warn(missing_docs)]

mod application;
mod function_set;
mod guardian;
mod http;
mod local_provider;
mod migrate;
mod ports;
mod postgres;
mod process;
mod program;
mod record;
mod redis_cluster;
mod redis_form;
mod redis_node;
mod redis_server;
mod redis_users;
mod resp;
mod runtime;
mod secrets;
mod server;
mod shared;
mod system;
#[cfg(test)]
mod test_support;

pub use application::Application;
pub use function_set::{FUNCTION_AREAS, sha256_hex};
pub use http::get;
pub use local_provider::fake_provider_program;
pub use migrate::{Migrated, migrate, repository, schema_folder};
pub use ports::free_port;
pub use postgres::{Durability, Postgres, application_url, create_database};
pub use process::command_line;
pub use program::{PostgresPrograms, find_postgres, find_program, find_redis_server};
pub use record::{application_is_running, has_record, stop_recorded};
pub use redis_cluster::RedisCluster;
pub use redis_node::RedisOptions;
pub use redis_server::RedisServer;
pub use redis_users::redis_users;
pub use resp::{Connection, Reply};
pub use runtime::{Runtime, beside_this_program};
pub use secrets::{Secrets, verifying_keys, write_private};
pub use shared::{Shared, shared, shared_database, shared_redis, temporary_folder};
pub use system::{System, SystemOptions, WithStores};
