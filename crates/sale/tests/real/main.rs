//! The steps that need both stores, on a real Redis Cluster and a real Postgres.

// The futures of eight workers at once are deep.
#![recursion_limit = "256"]

mod any_history;
mod auditing;
mod cancelling;
mod changing;
mod confirming;
mod contacts;
mod crashing;
mod draining;
mod drawing;
mod failing_marks;
mod failing_over;
mod fuse;
mod giving_up;
mod interleaving;
mod losing_holds;
mod losing_redis;
mod missing_events;
mod notifying;
mod outage;
mod own_list;
mod paying;
mod queueing;
mod refusing;
mod retiring;
mod reviving;
mod stage;
mod ticking;
mod till;
mod writing;
