//! What the tests share: the guest, hosts, an HTTP client, servers.

mod application;
mod client;
mod guests;
mod servers;

use std::thread;
use std::time::{Duration, Instant};

pub(crate) use application::{Application, Host};
pub(crate) use client::Client;
pub(crate) use servers::{database_url, new_redis, redis_address};

/// Asks again and again until it is so.
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so() {
        assert!(Instant::now() < deadline, "not within 10 s: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}
