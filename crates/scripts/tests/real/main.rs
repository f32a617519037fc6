//! The scripts on real servers: the same scenes on a single Redis and on a cluster of six nodes.
//!
//! - [`servers`] are the two kinds of server.
//! - A [`stage`] is one open event with named users and bookings; [`scene`] plays a table of
//!   `command -> outcome` rows on it, and after each row [`audit`] checks that counts, maps,
//!   holders, holds and buyers agree. No scene waits for time to pass: `later` moves what is
//!   stored.
//! - `properties` plays random scenes against a model, `parallel` plays the same step many times at
//!   once, `half_moved_slot` plays while a slot moves from node to node.

mod absence;
mod admitting;
mod answers;
mod audit;
mod best_block;
mod draw;
mod event;
mod feed;
mod half_moved_slot;
mod holds;
mod later;
mod pace;
mod parallel;
mod pausing;
mod properties;
mod proving;
mod queue;
mod queueless;
mod rates;
mod reserving;
mod retiring;
mod reviving;
mod scene;
mod seat_news;
mod sections;
mod servers;
mod stage;
mod word;
