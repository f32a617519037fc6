//! Rate limits: bursts, the even rate, and clocks that jump.

use std::time::{SystemTime, UNIX_EPOCH};

use cluster::{Argument, Cluster};
use native::NativeTransport;
use scripts::{LimitRate, RateVerdict, keys, limit_rate};
use uuid::Uuid;

use crate::servers;
use crate::stage::DEADLINE;

/// One request a minute, three at once: nothing refills while a test runs.
const INTERVAL_US: i64 = 60_000_000;
const BURST: i64 = 3;

/// One subject on one kind of server.
struct Subject {
    server: &'static str,
    cluster: Cluster<NativeTransport>,
    name: String,
}

impl Subject {
    /// A new one on each kind of server.
    fn all() -> [Self; 2] {
        servers::all().map(|(server, cluster)| Self {
            server,
            cluster,
            name: Uuid::now_v7().simple().to_string(),
        })
    }

    async fn ask(&self) -> RateVerdict {
        let request = LimitRate { subject: &self.name, interval_us: INTERVAL_US, burst: BURST };
        limit_rate(&self.cluster, &request, DEADLINE).await.unwrap()
    }

    async fn command(&self, command: &str, arguments: &[&str]) -> cluster::Reply {
        let key = keys::limit(&self.name);
        let arguments: Vec<Argument> = std::iter::once(key.as_str())
            .chain(arguments.iter().copied())
            .map(Argument::from)
            .collect();
        let replies = self.cluster.execute(&key, command, arguments, DEADLINE).await.unwrap();
        replies.into_iter().next().unwrap()
    }

    /// The stored arrival time, in µs; an integer without an exponent.
    async fn arrival_us(&self) -> i64 {
        self.command("GET", &[]).await.text().unwrap().parse().unwrap()
    }

    /// So much time passes: the stored arrival is so much longer ago.
    async fn pass_time(&self, ms: i64) {
        self.command("DECRBY", &[&(1_000 * ms).to_string()]).await;
    }

    /// The state as a clock would have left it that was `ahead_us` ahead of now.
    async fn jump(&self, ahead_us: i64) {
        let now_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
        let arrival_us = i64::try_from(now_us).unwrap() + ahead_us;
        self.command("SET", &[&arrival_us.to_string()]).await;
    }
}

#[tokio::test]
async fn a_burst_is_allowed_and_then_the_even_rate() {
    for subject in Subject::all() {
        let mut before_us = 0;
        for remaining in [2, 1, 0] {
            let verdict = subject.ask().await;
            assert_eq!(
                (verdict.allowed, verdict.remaining),
                (true, remaining),
                "{}",
                subject.server
            );
            let arrival_us = subject.arrival_us().await;
            assert!(arrival_us > before_us, "it only rises");
            before_us = arrival_us;
        }
        for _ in 0..5 {
            let refused = subject.ask().await;
            assert!(!refused.allowed && refused.remaining == 0, "{}: {refused:?}", subject.server);
            assert!((1..=60_000).contains(&refused.wait_ms), "{refused:?}");
            assert_eq!(subject.arrival_us().await, before_us, "a refusal costs nothing");
        }
        // The key goes when the burst is full again.
        let ttl_ms = subject.command("PTTL", &[]).await.integer().unwrap();
        assert!((120_001..=180_000).contains(&ttl_ms), "{ttl_ms}");
    }
}

#[tokio::test]
async fn what_was_used_comes_back_evenly() {
    for subject in Subject::all() {
        for _ in 0..BURST {
            assert!(subject.ask().await.allowed);
        }
        let wait_ms = subject.ask().await.wait_ms;
        subject.pass_time(wait_ms / 2).await;
        assert!(!subject.ask().await.allowed, "{}: half of the time", subject.server);
        subject.pass_time(wait_ms - wait_ms / 2).await;
        assert!(subject.ask().await.allowed, "{}: all of the time", subject.server);
        assert!(!subject.ask().await.allowed, "{}: one came back, not two", subject.server);
    }
}

/// A clock that jumps back by an hour leaves an arrival time an hour ahead. It grants nothing, and
/// nobody waits that hour.
#[tokio::test]
async fn a_clock_that_jumps_back_neither_grants_nor_locks_out() {
    for subject in Subject::all() {
        subject.jump(3_600_000_000).await;
        let refused = subject.ask().await;
        assert!(!refused.allowed, "{}: a burst out of nothing", subject.server);
        assert!(refused.wait_ms <= 60_000, "{}: {refused:?}", subject.server);
        // The key goes when the burst is full again.
        let ttl_ms = subject.command("PTTL", &[]).await.integer().unwrap();
        assert!(ttl_ms <= 180_000, "{}: {ttl_ms}", subject.server);
    }
}

#[tokio::test]
async fn a_clock_that_jumps_ahead_refills_the_burst_once() {
    for subject in Subject::all() {
        subject.jump(-3_600_000_000).await;
        let mut allowed = 0;
        for _ in 0..10 {
            allowed += i64::from(subject.ask().await.allowed);
        }
        assert_eq!(allowed, BURST, "{}", subject.server);
    }
}

#[tokio::test]
async fn subjects_do_not_share_a_rate() {
    for (first, second) in Subject::all().into_iter().zip(Subject::all()) {
        while first.ask().await.allowed {}
        assert!(second.ask().await.allowed, "{}", first.server);
    }
}

/// Any number at once: exactly the burst is allowed.
#[tokio::test]
async fn a_crowd_at_once_gets_no_more() {
    for subject in Subject::all() {
        let asked = (0..50).map(|_| subject.ask());
        let verdicts = futures_util::future::join_all(asked).await;
        let allowed = verdicts.iter().filter(|verdict| verdict.allowed).count();
        assert_eq!(i64::try_from(allowed).unwrap(), BURST, "{}", subject.server);
    }
}
