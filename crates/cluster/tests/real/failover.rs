//! A master dies, and a master freezes, while writers run.

use std::rc::Rc;
use std::time::{Duration, Instant};

use cluster::Cluster;
use stack::{Connection, RedisCluster, Reply};
use tokio::task::{LocalSet, spawn_blocking};

use crate::OwnCluster;
use crate::ledger::{DEADLINE, Load, Summary, WRITERS};
use crate::native::Native;

/// A failover takes 3 to 5 s with a node timeout of 2 s; a small busy machine gets more.
const FAILOVER_LIMIT: Duration = Duration::from_secs(20);

/// How long an attempt at a frozen node takes: a call that waited for one took as long.
const ATTEMPT: Duration = Duration::from_secs(1);

/// Between two looks at the topology.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// One tag per master at least.
const TAGS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

#[tokio::test]
async fn a_killed_master_is_replaced_under_load_and_every_write_counts_once() {
    let own = OwnCluster::start();
    let transport = Native::new();
    let cluster = transport.cluster(&own.redis.nodes());
    let summary = LocalSet::new()
        .run_until(async {
            let load = start(&cluster).await;
            own.redis.kill(0).unwrap();
            wait_for_failover(&own.redis, 0).await;
            load.wait_for_answers(500).await;
            load.balance(&cluster).await
        })
        .await;
    judge(&summary, &transport);
}

#[tokio::test]
async fn a_frozen_master_is_replaced_under_load_and_every_write_counts_once() {
    let own = OwnCluster::start();
    let transport = Native::new();
    let cluster = transport.cluster(&own.redis.nodes());
    let summary = LocalSet::new()
        .run_until(async {
            let load = start(&cluster).await;
            own.redis.pause(1).unwrap();
            wait_for_failover(&own.redis, 1).await;
            load.wait_for_answers(500).await;
            // It wakes up as the master it was, until the others tell it.
            own.redis.resume(1).unwrap();
            load.wait_for_answers(1_000).await;
            load.balance(&cluster).await
        })
        .await;
    judge(&summary, &transport);
}

#[tokio::test]
async fn a_frozen_master_does_not_slow_down_the_others() {
    let own = OwnCluster::start();
    let transport = Native::new();
    let cluster = transport.cluster(&own.redis.nodes());
    let others: Vec<_> = TAGS
        .map(str::to_owned)
        .into_iter()
        .filter(|tag| own.redis.master_of(slot_of(&own.redis, tag)).unwrap() != 2)
        .collect();
    assert!(others.len() >= 2, "{others:?}");
    let summary = LocalSet::new()
        .run_until(async {
            let load = Load::start(&cluster, &others);
            load.wait_for_answers(100).await;
            own.redis.pause(2).unwrap();
            load.wait_for_answers(500).await;
            let summary = load.balance(&cluster).await;
            own.redis.resume(2).unwrap();
            summary
        })
        .await;
    assert_eq!(summary.failures, []);
    assert!(summary.slowest < ATTEMPT, "{:?}", summary.slowest);
}

async fn start(cluster: &Rc<Cluster<Native>>) -> Load {
    let load = Load::start(cluster, &TAGS.map(str::to_owned));
    load.wait_for_answers(200).await;
    load
}

/// Waits until a slot that `lost` owned belongs to another node.
async fn wait_for_failover(redis: &RedisCluster, lost: usize) {
    // The first slots of the three masters.
    let slot = [0, 5_461, 10_923][lost];
    let addresses = redis.nodes();
    // Asks a node that runs.
    let (_, port) = addresses[(lost + 1) % 3].rsplit_once(':').unwrap();
    let port: u16 = port.parse().unwrap();
    let began = Instant::now();
    loop {
        // On another thread: the call blocks, and the writers have only this one.
        let look = move || Connection::open(port)?.command(&["CLUSTER", "NODES"]);
        let nodes = spawn_blocking(look).await.unwrap().unwrap();
        let owner = nodes.text().lines().find(|line| owns(line, slot)).unwrap_or_default();
        if !owner.contains(&addresses[lost]) {
            return;
        }
        assert!(began.elapsed() < FAILOVER_LIMIT, "no failover: {}", nodes.text());
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

fn owns(line: &str, slot: u16) -> bool {
    line.split(' ').skip(8).any(|range| range.starts_with(&format!("{slot}-")))
}

fn slot_of(redis: &RedisCluster, tag: &str) -> u16 {
    match redis.command(0, &["CLUSTER", "KEYSLOT", tag]).unwrap() {
        Reply::Integer(slot) => u16::try_from(slot).unwrap(),
        other => panic!("no slot: {other:?}"),
    }
}

/// While nobody owns the slots a call may run out of time, one after the other per writer; most
/// wait for the failover and are served.
fn judge(summary: &Summary, transport: &Native) {
    println!(
        "{} answers, {} failures, slowest {:?}, errors {:?}",
        summary.answers,
        summary.failures.len(),
        summary.slowest,
        transport.errors()
    );
    let deadlines = FAILOVER_LIMIT.div_duration_f64(DEADLINE) as usize;
    assert!(summary.failures.len() <= WRITERS * deadlines, "{:?}", summary.failures);
}
