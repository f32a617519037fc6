//! The steps that need both stores, on a real Redis Cluster and a real Postgres.

mod confirming;
mod draining;
mod losing_redis;
mod paying;
mod stage;
mod ticking;
mod till;
