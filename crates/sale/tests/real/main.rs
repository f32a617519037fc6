//! The steps that need both stores, on a real Redis Cluster and a real Postgres.

mod cancelling;
mod confirming;
mod crashing;
mod draining;
mod losing_redis;
mod notifying;
mod paying;
mod stage;
mod ticking;
mod till;
